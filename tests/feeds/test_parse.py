"""Parsing in the killable process: values come back, and no document takes the daemon with it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.parse import Parser, ParserWorker, parsed_feed
from monitor.model import ParsedFeed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

URL = "https://example.org/feeds/desk.xml"
# Not well-formed, so that nothing is said about its depth before feedparser gets it.
SLOW = b'<rss version="2.0"><channel>&nbsp;' + b"<a>" * 300_000 + b"</a>" * 300_000 + b"</channel></rss>"

# The same, and small enough to be taken for an ordinary document.
POISON = b'<rss version="2.0"><channel>&nbsp;' + b"<a>" * 200_000 + b"</channel></rss>"


def document(*titles: str) -> bytes:
    """A feed with one item for each title."""
    items = "".join(
        f"<item><title>{title}</title><link>https://example.org/{n}</link>"
        "<pubDate>Mon, 23 Nov 2026 12:00:00 GMT</pubDate></item>"
        for n, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>desk</title>{items}</channel></rss>'.encode()


def run(
    story: Callable[[ParserWorker], Awaitable[None]], cpu_seconds: float = 5.0, wall_seconds: float = 60.0
) -> None:
    """Run a story with a worker that is closed at its end."""

    async def told() -> None:
        worker = ParserWorker(cpu_seconds, wall_seconds)
        try:
            await story(worker)
        finally:
            await worker.close()

    asyncio.run(told())


async def parse(worker: ParserWorker, body: bytes) -> ParsedFeed:
    """Parse a document as XML from the usual address."""
    return await worker.parse(body, content_type="application/xml", url=URL)


def test_a_document_becomes_values() -> None:
    """Entries, times and facts about the feed arrive as the model's types."""

    async def story(worker: ParserWorker) -> None:
        feed = await parse(worker, document("Talks in Doha à l'été"))
        assert (feed.error, feed.warnings, feed.complete, feed.killed) == ("", (), True, False)
        assert (feed.info.title, feed.info.format, feed.parser) == ("desk", "rss20", "fast")
        (entry,) = feed.entries
        assert entry.title == "Talks in Doha à l'été"
        assert entry.link == "https://example.org/0"
        assert entry.published == datetime(2026, 11, 23, 12, tzinfo=UTC)

    run(story)


def test_nothing_starts_before_the_first_need() -> None:
    """A worker that never parsed has no process, and closing it is harmless."""

    async def story(worker: ParserWorker) -> None:
        assert worker._process is None
        await worker.close()

    run(story)


def test_concurrent_parses_keep_their_answers() -> None:
    """Ten documents at once: each caller gets its own."""

    async def story(worker: ParserWorker) -> None:
        feeds = await asyncio.gather(*(parse(worker, document(f"title {n}")) for n in range(10)))
        assert [feed.entries[0].title for feed in feeds] == [f"title {n}" for n in range(10)]

    run(story)


def test_a_document_that_takes_too_long_is_given_up() -> None:
    """The process is ended by its budget of processor time, and the next document is parsed by a new one."""

    async def story(worker: ParserWorker) -> None:
        feed = await parse(worker, SLOW)
        assert feed.error == "parsing took more than 0.1 s of processor time"
        assert feed.killed
        assert (await parse(worker, document("next"))).entries[0].title == "next"

    run(story, cpu_seconds=0.1)


def test_a_process_that_does_not_answer_is_killed() -> None:
    """Waiting has its own bound, for a process that is stopped instead of busy."""

    async def story(worker: ParserWorker) -> None:
        await parse(worker, document("first"))
        assert worker._process is not None
        stopped = worker._process
        os.kill(stopped.pid, signal.SIGSTOP)
        worker.wall_seconds = 0.1
        feed = await parse(worker, document("never read"))
        assert feed.error == "parsing took longer than 0.1 s"
        assert feed.killed
        assert stopped.returncode == -signal.SIGKILL
        worker.wall_seconds = 60.0
        assert (await parse(worker, document("next"))).entries[0].title == "next"

    run(story)


def test_a_process_that_died_meanwhile_is_replaced() -> None:
    """The death of an idle process is nobody's fault: the next document does not notice."""

    async def story(worker: ParserWorker) -> None:
        await parse(worker, document("first"))
        assert worker._process is not None
        worker._process.kill()
        await worker._process.wait()
        feed = await parse(worker, document("next"))
        assert (feed.error, feed.killed) == ("", False)

    run(story)


def test_a_document_that_takes_too_much_memory_is_given_up() -> None:
    """The process ends itself, and the sentence says why."""

    async def story(worker: ParserWorker) -> None:
        body = (
            b'<rss version="2.0"><channel><item><title>'
            + b"word\xe9 " * 9_000_000
            + b"</title></item></channel></rss>"
        )
        feed = await parse(worker, body)
        assert feed.error == "parsing needed more memory than a feed may take"
        assert feed.killed

    run(story)


def test_a_cancelled_parse_leaves_no_answer_behind() -> None:
    """After a cancelled wait the next caller gets its own answer, not the forgotten one."""

    async def story(worker: ParserWorker) -> None:
        await parse(worker, document("first"))
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGSTOP)
        waiting = asyncio.create_task(parse(worker, document("forgotten")))
        for _ in range(3):
            await asyncio.sleep(0)  # lets the task reach its wait for the answer
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await parse(worker, document("next"))).entries[0].title == "next"

    run(story)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<" * 1_000_000, "application/xml"),
        (b'<rss version="2.0"><channel><item><title>' + b"<" * 20_000, "application/xml"),
        (b"{" * 100_000, "application/json"),
        (bytes(range(256)) * 200, ""),
        (b"\xff\xfe" + b"<\x00" * 1000, "text/xml; charset=idna"),
        (b'<?xml version="1.0" encoding="unicode_escape"?><rss><channel></channel></rss>', "x" * 5000),
        (b"<rss><channel><item>" + b"<div>" * 3_000 + b"</item></channel></rss>", "text/html"),
    ],
)
def test_hostile_documents_are_answered(body: bytes, content_type: str) -> None:
    """Whatever comes in, an answer comes back and the same process goes on."""

    async def story(worker: ParserWorker) -> None:
        feed = await worker.parse(body, content_type=content_type, url=URL)
        assert isinstance(feed, ParsedFeed)
        assert not feed.killed
        assert (await parse(worker, document("next"))).entries[0].title == "next"

    run(story)


def test_bytes_that_name_a_local_file_open_nothing(tmp_path: Path) -> None:
    """A body that is a path is a body: the file's items do not appear."""
    secret = tmp_path / "secret.xml"
    secret.write_bytes(document("from the file"))

    async def story(worker: ParserWorker) -> None:
        for body in (str(secret).encode(), f"file://{secret}".encode()):
            feed = await parse(worker, body)
            assert (feed.error, feed.entries) == ("this is not a feed", ())

    run(story)


def test_external_entities_read_no_file(tmp_path: Path) -> None:
    """A file that a document points to never becomes part of it."""
    secret = tmp_path / "secret.txt"
    secret.write_text("confidential")
    place = f'SYSTEM "file://{secret}"'
    dtd = f"<!DOCTYPE rss [\n<!ENTITY x {place}>\n<!ENTITY % p {place}> %p;]>\n"

    async def story(worker: ParserWorker) -> None:
        feed = await parse(worker, dtd.encode() + document("&x;"))
        assert len(feed.entries) == 1
        assert "confidential" not in repr(feed)

    run(story)


def test_the_worker_inherits_nothing() -> None:
    """The process has no environment: no secret of ours can be read in it."""

    async def story(worker: ParserWorker) -> None:
        await parse(worker, document("first"))
        assert worker._process is not None
        with open(f"/proc/{worker._process.pid}/environ", "rb") as environment:  # noqa: ASYNC230, PTH123  procfs
            assert environment.read() == b""

    run(story)


def test_a_suspect_document_does_not_delay_the_others() -> None:
    """While the suspect lane is held up, an ordinary document is parsed."""

    async def story() -> None:
        parser = Parser(cpu_seconds=1.0, wall_seconds=60.0)
        try:
            held_up = asyncio.create_task(parser.parse(SLOW, content_type="", url=URL, suspect=True))
            feed = await parser.parse(document("ordinary"), content_type="", url=URL)
            assert feed.entries[0].title == "ordinary"
            assert not held_up.done()
            assert (await held_up).killed
        finally:
            await parser.close()

    asyncio.run(story())


def test_lanes() -> None:
    """Large documents and suspects go to the lane whose process ends with each document."""

    async def story() -> None:
        parser = Parser()
        try:
            large = document(*["word " * 100] * 2_500)
            assert len(large) > 1_000_000
            assert len((await parser.parse(large, content_type="", url=URL)).entries) == 2_500
            suspect = await parser.parse(document("one"), content_type="", url=URL, suspect=True)
            assert suspect.entries[0].title == "one"
            assert parser.normal._process is None
            assert parser.suspect._process is None
        finally:
            await parser.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"info": {}},
        {"info": None, "entries": []},
        {"error": "", "entries": [{}]},
        {"entries": 3, "info": {}},
    ],
)
def test_garbage_is_no_feed(answer: dict[str, object]) -> None:
    """An answer of another shape is refused with one of the errors that the worker's keeper expects."""
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        parsed_feed(answer)


def test_the_parent_never_imports_feedparser() -> None:
    """The daemon's own process pays neither for feedparser nor for its bugs."""
    code = "import sys, monitor.feeds.parse; sys.exit('feedparser' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_worker_loads_no_openssl() -> None:
    """A hash is no reason to: it would be a fifth of the memory of a process that parses."""
    code = "import sys, monitor.feeds.worker; sys.exit('_hashlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def items_of(*numbers: int, head: str = "", base: str = "https://example.org/") -> bytes:
    """A feed with one item for each number; `head` is what the channel says beside its link."""
    items = "".join(
        f"<item><title>title {n}</title><guid isPermaLink='false'>id-{n}</guid><link>/{n}</link></item>"
        for n in numbers
    )
    return f'<rss version="2.0"><channel>{head}<link>{base}</link>\n{items}</channel></rss>'.encode()


def test_items_that_are_known_are_not_read_again() -> None:
    """Of an item whose bytes are the same as before only the identifiers come back, in its old place."""

    async def story(worker: ParserWorker) -> None:
        first = await parse(worker, items_of(1, 2, 3))
        assert [entry.raw for entry in first.entries] == list(first.items)
        assert (len(set(first.items)), first.skipped) == (3, 0)
        moved = items_of(4, 3, 2, 1, head="<lastBuildDate>Mon, 23 Nov 2026 12:00:00 GMT</lastBuildDate>")
        again = await worker.parse(moved, content_type="", url=URL, known=first.items)
        assert again.items[1:] == (*reversed(first.items),)
        assert again.skipped == 3
        assert [(entry.title, entry.known) for entry in again.entries] == [
            ("title 4", False),
            ("", True),
            ("", True),
            ("", True),
        ]
        assert [(entry.guid, entry.link) for entry in again.entries] == [
            (f"id-{n}", f"https://example.org/{n}") for n in (4, 3, 2, 1)
        ]

    run(story)


@pytest.mark.parametrize(
    "changed",
    [
        items_of(1, base="https://elsewhere.example/"),
        items_of(1).replace(b'"2.0">', b'"2.0" xml:lang="fr">'),
        items_of(1).replace(b"<channel>", b"<channel xml:lang='fr'>"),
        items_of(1).replace(b"title 1", b"title  1"),
        items_of(1).replace(b'"2.0">', b"\"2.0\" xmlns='urn:other'>"),
    ],
    ids=["base", "language", "language of the channel", "a space", "a namespace"],
)
def test_what_gives_items_another_meaning_makes_them_new(changed: bytes) -> None:
    """The same bytes in a document with another base, language or namespace are another item."""

    async def story(worker: ParserWorker) -> None:
        first = await parse(worker, items_of(1))
        again = await worker.parse(changed, content_type="", url=URL, known=first.items)
        assert again.skipped == 0
        assert again.entries[0].title.split() == ["title", "1"]

    run(story)


@pytest.mark.parametrize(
    "document",
    [
        items_of(1, 2).replace(b"title 1", b"A &amp; B &nbsp;"),
        items_of(1, 2).replace(b"<title>title 1</title>", b"<title><![CDATA[</item>]]></title>"),
        items_of(1, 2).replace(b"</channel>", b"<item/></channel>"),
        items_of(1, 2).replace(b"<title>title 1</title>", b"<!-- </item> --><title>x</title>"),
        items_of(1, 2).replace(b"<channel>", b"<!-- --><channel>"),
        items_of(),
    ],
    ids=["not well-formed", "a quoted end", "an empty item", "an end in a comment", "a comment", "no items"],
)
def test_doubtful_borders_make_no_item_known(document: bytes) -> None:
    """Where it cannot be said which bytes are an item's, there are no hashes, and all is read each time."""

    async def story(worker: ParserWorker) -> None:
        first = await parse(worker, document)
        assert (first.error, first.items, first.skipped) == ("", (), 0)
        assert all(entry.raw == 0 and not entry.known for entry in first.entries)

    run(story)


def test_a_date_that_only_feedparser_reads_hinders_nothing() -> None:
    """Items have their hashes whichever parser reads them, and are stubs the next time."""

    async def story(worker: ParserWorker) -> None:
        body = items_of(1, 2).replace(b"<guid", b"<pubDate>23.11.2026 around noon</pubDate><guid", 1)
        first = await parse(worker, body)
        assert (first.parser, len(first.items)) == ("feedparser", 2)
        again = await worker.parse(body, content_type="", url=URL, known=first.items)
        assert again.skipped == 2
        assert [(e.guid, e.link, e.raw) for e in again.entries] == [
            (e.guid, e.link, e.raw) for e in first.entries
        ]

    run(story)


def test_what_a_publisher_wishes_arrives() -> None:
    """Hours and days to skip and the feed's own address are values of the model."""

    async def story(worker: ParserWorker) -> None:
        wishes = "<skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
        info = (await parse(worker, items_of(1, head=wishes))).info
        assert (info.skip_hours, info.skip_days, info.self_url) == (frozenset({3}), frozenset({6}), None)

    run(story)


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_fifty_poisoned_documents_hold_nobody_for_long(count: int) -> None:
    """
    Each of fifty small documents would burn five seconds; an ordinary one behind them waits for a few.

    The first budget is short, a second process overtakes, and only a few of the fifty get their whole budget.
    """
    budget = 0.04

    async def story() -> None:
        parser = Parser(
            cpu_seconds=100 * budget, wall_seconds=60.0, quick_seconds=budget, patience=0.05, crowd=1
        )
        loop = asyncio.get_running_loop()
        start = loop.time()
        bad = [asyncio.create_task(parser.parse(POISON, content_type="", url=URL)) for _ in range(count)]
        try:
            await asyncio.sleep(0)  # all of them queue before it
            async with asyncio.timeout(60):
                good = await parser.parse(document("good"), content_type="", url=URL)
            assert good.entries[0].title == "good"
            # One after another with the whole budget it would be 200 s.
            print(f"{loop.time() - start:.1f} s")  # noqa: T201  with -s
            assert sum(task.done() for task in bad) <= 4  # small documents go first
            async with asyncio.timeout(60):
                await parser.parse(document(*["word " * 100] * 1_500), content_type="", url=URL)
            assert sum(task.done() and task.result().killed for task in bad) >= count - 6
        finally:
            for task in bad:
                task.cancel()
            await asyncio.gather(*bad, return_exceptions=True)
            await parser.close()

    asyncio.run(story())


def test_a_slow_document_gets_its_whole_budget_elsewhere() -> None:
    """What the short budget was too short for is parsed again where it delays nobody."""

    async def story() -> None:
        parser = Parser(quick_seconds=0.001)
        try:
            feed = await parser.parse(document(*["word " * 50] * 2_000), content_type="", url=URL)
            assert (feed.error, len(feed.entries)) == ("", 2_000)
            parser.crowd = 0
            feed = await parser.parse(document(*["word " * 50] * 2_000), content_type="", url=URL)
            assert (feed.error, feed.killed) == ("parsing took more than 0.001 s of processor time", True)
        finally:
            await parser.close()

    asyncio.run(story())


def test_who_gives_up_waiting_leaves_the_way_free() -> None:
    """When the first in the queue is cancelled, the next one does not wait for another event."""

    async def story() -> None:
        parser = Parser()
        try:
            await parser.parse(document("first"), content_type="", url=URL)
            assert parser.normal._process is not None
            os.kill(parser.normal._process.pid, signal.SIGSTOP)
            start = [
                parser.parse(document(title), content_type="", url=URL) for title in ("held", "a", "longer")
            ]
            held, small, large = map(asyncio.create_task, start)
            for _ in range(5):
                await asyncio.sleep(0)
            small.cancel()
            os.kill(parser.normal._process.pid, signal.SIGCONT)
            async with asyncio.timeout(30):
                assert (await large).entries[0].title == "longer"
                assert (await held).entries[0].title == "held"
        finally:
            await parser.close()

    asyncio.run(story())


def test_the_second_process_lives_only_while_it_is_needed() -> None:
    """A document that holds the first lane up is overtaken; then there is one process again."""

    async def story() -> None:
        parser = Parser(patience=0.01)
        try:
            await parser.parse(document("first"), content_type="", url=URL)
            assert parser.normal._process is not None
            os.kill(parser.normal._process.pid, signal.SIGSTOP)
            held_up = asyncio.create_task(parser.parse(document("held up"), content_type="", url=URL))
            await asyncio.sleep(0)
            feed = await parser.parse(document("overtakes"), content_type="", url=URL)
            assert feed.entries[0].title == "overtakes"
            assert not held_up.done()
            assert parser.second._process is None
            os.kill(parser.normal._process.pid, signal.SIGCONT)
            assert (await held_up).entries[0].title == "held up"
        finally:
            await parser.close()

    asyncio.run(story())
