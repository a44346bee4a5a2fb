"""The sample newsroom over real sockets: what a polite client gets, and what the script changes."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from monitor.demo.newsroom import Newsroom, Tally
from monitor.demo.script import STEPS, Step
from monitor.demo.stories import outlets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.demo.stories import Outlet

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GAZETTE = "/feeds/gazette-du-matin.atom"
ATOM = "{http://www.w3.org/2005/Atom}"


class Answer:
    """One answer, read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


async def get(
    room: Newsroom, path: str, method: str = "GET", host: str = "127.0.0.1", **headers: str
) -> Answer:
    """Ask the newsroom in a thread, as a stranger would; `If_None_Match` is the header If-None-Match."""

    def ask() -> Answer:
        connection = http.client.HTTPConnection(host, urlsplit(room.base_url).port, timeout=30)
        try:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


def in_newsroom(test: Callable[[Newsroom], Awaitable[None]], pace: float = 0.0) -> None:
    """Run the test in a newsroom whose clock stands at noon."""

    async def run() -> None:
        async with Newsroom(pace, clock=lambda: NOON) as room:
            await test(room)

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("outlet", [o for o in outlets() if o.answers], ids=lambda o: o.slug)
def test_each_feed_is_well_formed_and_holds_its_old_items(outlet: Outlet) -> None:
    """A strict parser reads every feed, with as many items as the data has and links on this server."""

    async def test(room: Newsroom) -> None:
        answer = await get(room, outlet.feed_path)
        assert answer.status == 200
        if outlet.format == "json":
            document = json.loads(answer.body)
            links = [item["url"] for item in document["items"]]
        else:
            root = ET.fromstring(answer.body)
            entries = [e for e in root.iter() if e.tag.endswith(("item", "entry"))]
            links = [
                str(e.get("href") or e.text) for entry in entries for e in entry if e.tag.endswith("link")
            ]
        assert links == [room.base_url + story.path for story in outlet.old]

    in_newsroom(test)


def test_validators_are_honoured_and_change_with_the_feed() -> None:
    """ETag and date give 304 while nothing happened, and 200 after a publication within the same second."""

    async def test(room: Newsroom) -> None:
        first = await get(room, GAZETTE)
        by_tag = {"If_None_Match": first.headers["ETag"]}
        by_date = {"If_Modified_Since": first.headers["Last-Modified"]}
        for validators in (by_tag, by_date):
            unchanged = await get(room, GAZETTE, **validators)
            assert (unchanged.status, unchanged.body) == (304, b"")
        room.act(Step(0, "gazette-du-matin", "pneus-hiver"))
        assert (await get(room, GAZETTE, **by_tag)).status == 200
        second = await get(room, GAZETTE, **by_date)
        assert second.status == 200
        room.act(Step(0, "gazette-du-matin", "pourparlers-a-doha"))
        assert (await get(room, GAZETTE, If_Modified_Since=second.headers["Last-Modified"])).status == 200

    in_newsroom(test)


def test_gzip_is_for_those_who_ask() -> None:
    """The body comes packed only where the client accepts that, and is the same."""

    async def test(room: Newsroom) -> None:
        plain = await get(room, GAZETTE, Accept_Encoding="identity")
        packed = await get(room, GAZETTE, Accept_Encoding="gzip")
        assert plain.headers["Content-Encoding"] is None
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body

    in_newsroom(test)


def test_the_odd_outlets_are_odd() -> None:
    """One sends no validators, one moved for good, one is out of service and says until when."""

    async def test(room: Newsroom) -> None:
        careless = await get(
            room, "/feeds/sante-demain.rss", If_Modified_Since="Tue, 24 Nov 2026 11:00:00 GMT"
        )
        assert careless.status == 200
        assert careless.headers["ETag"] is None
        assert careless.headers["Last-Modified"] is None
        moved = await get(room, "/old/feeds/radio-des-iles.rdf")
        assert moved.status == 301
        assert moved.headers["Location"] == f"{room.base_url}/feeds/radio-des-iles.rdf"
        broken = await get(room, "/feeds/quay-telegraph.json", host="127.0.0.2")
        assert broken.status == 503
        assert int(broken.headers["Retry-After"]) > 0
        assert room.tally() == Tally(polls=3, full=1, not_modified=0, moved=1, unavailable=1)

    in_newsroom(test)


def test_pages_open_and_carry_furniture() -> None:
    """Newsstand, front page and article answer; the article stands among what must not ring."""

    async def test(room: Newsroom) -> None:
        assert (await get(room, "/")).status == 200
        assert (await get(room, "/site/gazette-du-matin/")).status == 200
        tyres = "/story/gazette-du-matin/pneus-hiver"
        assert (await get(room, tyres)).status == 404
        room.act(Step(0, "gazette-du-matin", "pneus-hiver"))
        page = (await get(room, tyres)).body.decode()
        for words in ("<h1>Pneus hiver", "Lire aussi", "Les plus lus", "Covid-19", "talibans", "cookies"):
            assert words in page
        assert (await get(room, tyres + "?utm_source=rss")).status == 200

    in_newsroom(test)


def test_other_requests_are_declined() -> None:
    """Nothing but reading is offered, HEAD has no body, and unknown paths are not found."""

    async def test(room: Newsroom) -> None:
        assert (await get(room, GAZETTE, method="POST")).status == 405
        head = await get(room, GAZETTE, method="HEAD")
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["Content-Length"]) > 0
        assert (await get(room, "/robots.txt")).status == 404

    in_newsroom(test)


def test_a_client_that_speaks_no_http_costs_only_itself() -> None:
    """Garbage closes its own connection, and the next client is served."""

    async def test(room: Newsroom) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(room.base_url).port)
        writer.write(b"hello\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert (await get(room, "/")).status == 200

    in_newsroom(test)


def test_a_connection_is_kept_for_more_than_one_request() -> None:
    """Two requests on one connection get two answers."""

    async def test(room: Newsroom) -> None:
        def ask_twice() -> list[int]:
            connection = http.client.HTTPConnection("127.0.0.1", urlsplit(room.base_url).port, timeout=30)
            try:
                answers = []
                for _ in range(2):
                    connection.request("GET", GAZETTE)
                    answers.append(Answer(connection.getresponse()).status)
                return answers
            finally:
                connection.close()

        assert await asyncio.to_thread(ask_twice) == [200, 200]

    in_newsroom(test)


def test_copies_and_edits_dress_the_link_and_keep_the_text() -> None:
    """A copy has its own query or scheme; an edit has another guid, link and date, and the same text."""

    async def test(room: Newsroom) -> None:
        story = "pourparlers-a-doha"
        carry, *_, edit = [s for s in STEPS if (s.outlet, s.story) == ("gazette-du-matin", story)]
        before = await _newest_entry(room, carry)
        after = await _newest_entry(room, edit)
        assert before["link"] == f"{room.base_url}/story/fil-meridien/{story}?utm_source=rss&utm_medium=feed"
        assert after["link"] == f"{room.base_url}/story/fil-meridien/{story}?utm_source=atom"
        assert before["id"] != after["id"]
        assert (before["title"], before["summary"]) == (after["title"], after["summary"])
        room.act(next(s for s in STEPS if s.scheme == "https"))
        lighthouse = (await get(room, "/feeds/phare-de-louest.rdf")).body.decode()
        assert f"https{room.base_url.removeprefix('http')}/story/fil-meridien/{story}<" in lighthouse

    in_newsroom(test)


async def _newest_entry(room: Newsroom, step: Step) -> dict[str, str]:
    room.act(step)
    root = ET.fromstring((await get(room, GAZETTE)).body)
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    texts = {child.tag.removeprefix(ATOM): child.text or "" for child in entry}
    link = entry.find(f"{ATOM}link")
    assert link is not None
    return texts | {"link": str(link.get("href"))}


def test_polled_waits_for_every_feed_and_finished_for_every_change() -> None:
    """The demo's runner can wait for the baseline, and at the end for everything to have been fetched."""

    async def test(room: Newsroom) -> None:
        polled = asyncio.create_task(room.polled())
        for outlet in outlets():
            assert not polled.done()
            await get(room, outlet.feed_path)
        await polled
        room.begin()
        finished = asyncio.create_task(room.finished())
        while not finished.done():
            for outlet in outlets():
                await get(room, outlet.feed_path)
        await finished
        everything = (await get(room, "/feeds/le-carrefour.json")).body
        assert len(json.loads(everything)["items"]) == 7 + 3

    in_newsroom(test)


def test_leaving_early_stops_the_script() -> None:
    """A newsroom that is left in the middle of its script ends at once, connections included."""

    async def test(room: Newsroom) -> None:
        room.begin()
        _, idle = await asyncio.open_connection("127.0.0.1", urlsplit(room.base_url).port)
        idle.close()

    in_newsroom(test, pace=1000.0)
