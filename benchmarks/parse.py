"""
What parsing costs: the fast path beside feedparser, raw (as our worker calls it) and with its defaults.

`python benchmarks/parse.py`: CPU milliseconds a document, and ratios, side by side in one run: the parsers
take turns, the best of the rounds counts. "fast" is the fast path alone, with all fields read; "both" is what
the worker does, feedparser included where the fast path declines. The ratios are of "both" to feedparser
alone. The documents are made up here, about 50 KB each; where ../shared/corpus is at hand, its well-formed
feeds of 10 to 300 KB follow.
"""

from __future__ import annotations

import gc
import io
import random
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import feedparser

from monitor.feeds.document import Prepared, decode, prepare
from monitor.feeds.fast import parse_fast
from monitor.feeds.worker import parse_with_feedparser

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://example.org/feed"
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "feeds" / "real"
ROUNDS = 5
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


def made_up() -> dict[str, list[Prepared]]:
    """Documents of every kind, in four scripts."""
    dice = random.Random(1)
    made: dict[str, list[Prepared]] = {}
    for line in SCRIPTS.values():
        words = line.split()
        for name, text in [
            ("RSS, escaped HTML", rss(words, dice, cdata=False)),
            ("RSS, CDATA", rss(words, dice, cdata=True)),
            ("Atom, HTML", atom(words, dice, xhtml=False)),
            ("Atom, XHTML", atom(words, dice, xhtml=True)),
        ]:
            made.setdefault(name, []).append(prepare(text))
    return made


def corpus() -> list[Prepared]:
    """Real documents of 10 to 300 KB that are well-formed."""
    bodies = [path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.is_file()]
    ready = [prepare(decode(body, "")[0]) for body in bodies if 10_000 <= len(body) <= 300_000]
    return [one for one in ready if not one.error and not parse_with_feedparser(one, [], URL).get("warnings")]


def by_fast_path(one: Prepared) -> bool:
    """Our parser alone; whether it accepts the document."""
    return parse_fast(one.text.encode(), URL) is not None


def as_worker(one: Prepared) -> bool:
    """The fast path, and feedparser if that declines."""
    return by_fast_path(one) or bool(parse_with_feedparser(one, [], URL))


def by_feedparser_raw(one: Prepared) -> bool:
    """The other parser without its two slowest steps, sanitising and resolving."""
    headers = {"content-type": "application/xml; charset=utf-8"}
    body = io.BytesIO(one.text.encode())
    found = feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    return bool(found)


def by_feedparser(one: Prepared) -> bool:
    """The other parser as it comes."""
    return bool(feedparser.parse(io.BytesIO(one.text.encode())))


def seconds(parse: Callable[[Prepared], bool], documents: list[Prepared]) -> float:
    """CPU seconds for all documents, once."""
    gc.collect()
    start = time.process_time()
    for one in documents:
        parse(one)
    return time.process_time() - start


def row(name: str, documents: list[Prepared]) -> None:
    """Measure one set and print its line."""
    parsers = [by_fast_path, as_worker, by_feedparser_raw, by_feedparser]
    best = [min(times) for times in zip(*([seconds(p, documents) for p in parsers] for _ in range(ROUNDS)))]  # noqa: B905  equal by construction
    count = len(documents)
    size = sum(len(one.text.encode()) for one in documents) / count / 1_000
    declined = sum(not by_fast_path(one) for one in documents)
    figures = "".join(f"{1_000 * cost / count:9.2f}" for cost in best)
    print(
        f"{name:20}{count:5}{size:7.0f}{declined:5}{figures}{best[2] / best[1]:9.1f}{best[3] / best[1]:9.1f}"
    )


def main() -> None:
    """Print a table."""
    gc.disable()  # as in the worker
    print(f"{'':20}{'docs':>5}{'KB':>7}{'decl':>5}" + "".join(f"{head:>9}" for head in HEADS))
    for name, documents in made_up().items():
        row(name, documents)
    if CORPUS.is_dir():
        real = corpus()
        row("real feeds", real)
        row("real, accepted", [one for one in real if by_fast_path(one)])


HEADS = ("fast ms", "both ms", "raw ms", "feedp. ms", "x raw", "x feedp.")

if __name__ == "__main__":
    main()
