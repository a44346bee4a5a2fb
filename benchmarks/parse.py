"""
What parsing costs: the fast path beside feedparser, raw (as our worker calls it) and with its defaults.

`python benchmarks/parse.py`: CPU milliseconds a document, and ratios, side by side in one run: the parsers
take turns, the best of the rounds counts. "worker" is all that the worker does from the bytes on: decoding,
looking for the root, parsing, feedparser included where the fast path declines, cutting what is too long;
"hashes" the same with the hash of each item; "again" the same when all items are known. The last columns
are the medians, over the documents, of how many times longer feedparser takes. The documents are made up
here, about 50 KB each; where ../shared/corpus is at hand, its well-formed feeds of 10 to 300 KB follow, and
what was promised of these.
"""

from __future__ import annotations

import functools
import gc
import io
import math
import random
import statistics
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import feedparser

from monitor.feeds.document import decode, prepare
from monitor.feeds.jsonfeed import looks_like_json
from monitor.feeds.worker import parse_document, parse_with_feedparser

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://example.org/feed"
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "feeds" / "real"
ROUNDS = 3
ITEMS = 25
NOON = 1_795_435_200  # a day in November 2026

SCRIPTS = {
    "English": "the government announced a new agreement in Geneva while residents fear another drought",
    "French": "le gouvernement a annoncé à Genève un accord après des années d'échecs répétés où l'été",
    "Arabic": "أعلنت الحكومة عن اتفاق جديد في جنيف بينما يخشى السكان من موسم جفاف آخر هذا العام",
    "Chinese": "政府 宣布 在 日内瓦 达成 新的 协议 居民 担心 今年 夏天 再次 出现 干旱 天气",
}


def paragraphs(words: list[str], dice: random.Random, count: int) -> str:
    """Some HTML with links, as feeds carry it."""
    texts = (" ".join(dice.choices(words, k=40)) for _ in range(count))
    return "".join(
        f'<p>{text} <a href="https://example.org/{dice.random()}">{words[0]}</a>.</p>\n' for text in texts
    )


def rss_item(number: int, words: list[str], dice: random.Random, *, cdata: bool) -> str:
    """An item as WordPress writes it."""
    lead, text = paragraphs(words, dice, 1), paragraphs(words, dice, 4)
    lead, text = (f"<![CDATA[{part}]]>" if cdata else escape(part) for part in (lead, text))
    return (
        f"<item><title>{' '.join(dice.choices(words, k=9))}</title><link>https://example.org/{number}/</link>"
        f"<guid isPermaLink='false'>https://example.org/?p={number}</guid><dc:creator>Ann Lee</dc:creator>"
        f"<pubDate>{formatdate(NOON - number * 3_600)}</pubDate><category>World</category>"
        f"<category>Asia</category><description>{lead}</description><content:encoded>{text}</content:encoded>"
        f"<slash:comments>{number}</slash:comments></item>\n"
    )


def rss(words: list[str], dice: random.Random, *, cdata: bool) -> str:
    """An RSS 2.0 document."""
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/">'
        "<channel><title>desk</title><link>https://example.org/</link><language>en</language>"
        + "".join(rss_item(number, words, dice, cdata=cdata) for number in range(ITEMS))
        + "</channel></rss>"
    )


def atom_entry(number: int, words: list[str], dice: random.Random, *, xhtml: bool) -> str:
    """An entry of Atom with HTML or XHTML content."""
    text = paragraphs(words, dice, 4)
    body = f"<div xmlns='http://www.w3.org/1999/xhtml'>{text}</div>" if xhtml else escape(text)
    moment = f"2026-11-{1 + number:02}T12:00:00+01:00"
    return (
        f"<entry><id>tag:example.org,2026:{number}</id><title>{' '.join(dice.choices(words, k=9))}</title>"
        f"<link rel='alternate' type='text/html' href='https://example.org/{number}'/>"
        f"<published>{moment}</published><updated>{moment}</updated><author><name>Ann Lee</name></author>"
        f"<category term='world'/><summary>{' '.join(dice.choices(words, k=40))}</summary>"
        f"<content type='{'xhtml' if xhtml else 'html'}'>{body}</content></entry>\n"
    )


def atom(words: list[str], dice: random.Random, *, xhtml: bool) -> str:
    """An Atom document."""
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>desk</title><id>urn:desk</id>'
        "<link href='https://example.org/'/><updated>2026-11-24T12:00:00Z</updated>"
        + "".join(atom_entry(number, words, dice, xhtml=xhtml) for number in range(ITEMS))
        + "</feed>"
    )


def made_up() -> dict[str, list[bytes]]:
    """Documents of every kind, in four scripts."""
    dice = random.Random(1)
    made: dict[str, list[bytes]] = {}
    for line in SCRIPTS.values():
        words = line.split()
        for name, text in [
            ("RSS, escaped HTML", rss(words, dice, cdata=False)),
            ("RSS, CDATA", rss(words, dice, cdata=True)),
            ("Atom, HTML", atom(words, dice, xhtml=False)),
            ("Atom, XHTML", atom(words, dice, xhtml=True)),
        ]:
            made.setdefault(name, []).append(text.encode())
    return made


def corpus() -> list[bytes]:
    """Real documents of 10 to 300 KB that are well-formed."""
    bodies = [path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.is_file()]
    usual = [body for body in bodies if 10_000 <= len(body) <= 300_000 and not looks_like_json(body, "")]
    return [body for body in usual if is_well_formed(body)]


def is_well_formed(body: bytes) -> bool:
    """Whether a document is a feed and feedparser has nothing to complain of."""
    ready = prepare(decode(body, "")[0])
    return not ready.error and not parse_with_feedparser(ready, [], URL).get("warnings")


def by_worker(body: bytes) -> object:
    """All that the worker does."""
    return parse_document(body, "", URL)


def with_hashes(body: bytes) -> object:
    """The same with hashes of all items, as each poll asks for them."""
    return parse_document(body, "", URL, frozenset())


def again(known: frozenset[int], body: bytes) -> object:
    """The same when nothing in the document is new."""
    return parse_document(body, "", URL, known)


def by_feedparser_raw(body: bytes) -> object:
    """The other parser without its two slowest steps, sanitising and resolving."""
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def by_feedparser(body: bytes) -> object:
    """The other parser as it comes."""
    return feedparser.parse(io.BytesIO(body))


def seconds(parse: Callable[[bytes], object], body: bytes, times: int) -> float:
    """CPU seconds for one document, the best of some."""
    best = math.inf
    for _ in range(times):
        start = time.process_time()
        parse(body)
        best = min(best, time.process_time() - start)
    return best


def row(name: str, documents: list[bytes]) -> tuple[float, float]:
    """Measure one set and print its line; the median ratio to feedparser, and the share it had to read."""
    costs: list[list[float]] = []
    declined = 0
    for body in documents:
        first = parse_document(body, "", URL, frozenset())
        declined += first.get("parser") == "feedparser"
        known = frozenset(first.get("items", ()))
        parsers: list[Callable[[bytes], object]] = [by_worker, with_hashes, functools.partial(again, known)]
        others = [by_feedparser_raw, by_feedparser]
        rounds = [
            [*(seconds(p, body, 4) for p in parsers), *(seconds(p, body, 1) for p in others)]
            for _ in range(ROUNDS)
        ]
        costs.append([min(times) for times in zip(*rounds, strict=True)])
        gc.collect()
    size = sum(map(len, documents)) / len(documents) / 1_000
    share = declined / len(documents)
    medians = "".join(f"{1_000 * statistics.median(times):9.3f}" for times in zip(*costs, strict=True))
    raw, ratio = (statistics.median(cost[other] / cost[0] for cost in costs) for other in (3, 4))
    print(f"{name:20}{len(documents):5}{size:7.0f}{share:7.1%}{medians}{raw:8.1f}{ratio:8.1f}", flush=True)
    return ratio, share


def main() -> None:
    """Print a table, and the promise beside what was measured."""
    gc.disable()  # as in the worker
    print(
        f"{'median CPU ms':20}{'docs':>5}{'KB':>7}{'fall':>7}" + "".join(f"{head:>9}" for head in HEADS),
        end="",
    )
    print(f"{'x raw':>8}{'x feedp.':>8}")
    for name, documents in made_up().items():
        row(name, documents)
    if CORPUS.is_dir():
        ratio, share = row("real feeds", corpus())
        print(f"real feeds: {ratio:.1f} x feedparser (promised: {PROMISED_RATIO} x); ", end="")
        print(f"{share:.1%} left to feedparser (promised: under {PROMISED_SHARE:.0%})")


PROMISED_RATIO = 45
PROMISED_SHARE = 0.05
HEADS = ("worker", "hashes", "again", "raw", "feedp.")

if __name__ == "__main__":
    main()
