"""No document makes the parser open a file, a connection, or a gigabyte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.feeds.worker import parse_document

URL = "https://example.org/feed"
ROOT = str(Path(__file__).resolve().parents[2])


def rss(declarations: str, text: str) -> bytes:
    """A feed with declarations before it and one item."""
    item = f"<item><title>{text}</title><link>https://example.org/1</link><description>{text}</description></item>"
    return f'{declarations}<rss version="2.0"><channel><title>x</title>{item}</channel></rss>'.encode()


def chain(depth: int, times: int) -> str:
    """Entities of which each stands for so many of the one before."""
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * times}">' for n in range(1, depth))
    return f'<!DOCTYPE rss [<!ENTITY a0 "ha">{levels}]>'


BOMBS = {
    "a billion laughs": rss(chain(10, 10), "&a9;"),
    "one long entity many times": rss(f'<!DOCTYPE rss [<!ENTITY a "{"x" * 5_000}">]>', "&a;" * 5_000),
    "an entity of itself": rss('<!DOCTYPE rss [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
    "a file": rss('<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname">]>', "&a;"),
    "a service": rss('<!DOCTYPE rss [<!ENTITY a SYSTEM "http://127.0.0.1:9/">]>', "&a;"),
    "a foreign declaration": rss('<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">', "&a;"),
    "parameters": rss('<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>', "x"),
    "a style sheet": rss('<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>', "x"),
    "an inclusion": rss("", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/hostname"/>'),
    "a declaration that is never closed": rss('<!DOCTYPE rss [<!ENTITY a "', "&a;"),
    "declarations inside": rss("", '<!DOCTYPE x [<!ENTITY a "b">]>&a;'),
}

STORY = """
import sys, json
from monitor.feeds.worker import parse_document, parse_with_feedparser
from monitor.feeds.document import prepare
import feedparser, encodings.idna
parse_document(b"<rss><channel>&nbsp;<item><title>x</title></item></channel></rss>", "", "u")
seen = []
def hook(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "urllib.")) or event == "open":
        if not str(arguments[0]).endswith((".py", ".pyc")):
            seen.append((event, str(arguments[:1])))
sys.addaudithook(hook)
for line in sys.stdin:
    parse_document(json.loads(line).encode(), "", "https://example.org/feed")
print(json.dumps(seen))
"""


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS.keys())
def test_no_document_grows(body: bytes) -> None:
    """What comes out is less than ten times what came in, and nothing of a file is in it."""
    answer = json.dumps(parse_document(body, "application/xml", URL))
    assert len(answer) < max(2_000, 10 * len(body))
    assert Path("/etc/hostname").read_text("utf-8").strip() not in answer


def test_nothing_is_opened() -> None:
    """The interpreter itself sees neither a file nor a connection, whichever parser reads the document."""
    lines = "\n".join(json.dumps(body.decode()) for body in BOMBS.values())
    ran = subprocess.run(
        [sys.executable, "-c", STORY], input=lines, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert json.loads(ran.stdout) == []


def test_a_feed_s_word_about_its_own_address_is_only_shown() -> None:
    """A self link gives no item and no feed an address: who calls himself somebody else is not believed."""
    body = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='https://other.example/feed'/>"
        b"<entry><id>urn:1</id><link rel='self' href='https://other.example/1'/></entry></feed>"
    )
    answer = parse_document(body, "", URL)
    assert answer["info"]["self_url"] == "https://other.example/feed"
    assert (answer["info"]["link"], answer["entries"][0]["link"]) == (None, None)
