"""What a poll says about its feed is looked at where the poll is recorded, kept, and told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor import recording
from monitor.feeds.rhythm import Rhythm, learn, write_rhythm
from monitor.model import FetchResult, FetchStatus
from monitor.settings import FeedConfig, Secret
from monitor.store import episodes, sql
from monitor.store.clock import OFFLINE
from monitor.store.rows import to_db
from monitor.telling import DIGEST_SENT
from monitor.watching import Lookout
from tests.support.documents import NOON, Item
from tests.support.newsdesk import Desk
from tests.support.watching import look, notices

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.plan import Plan
    from monitor.polled import Poll
    from monitor.store.rows import FeedState
    from monitor.store.tx import Tx


def test_every_recorded_poll_is_looked_at_with_the_rows_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good or bad, once each, and the row of one poll's end is that of the next one's beginning."""
    seen: list[tuple[FeedState, FeedState, FetchStatus]] = []

    def look(_tx: Tx, before: FeedState, after: FeedState, poll: Poll, plan: Plan) -> None:
        assert before.name in plan.feeds
        seen.append((before, after, poll.result.status))

    monkeypatch.setattr(recording, "observe", look)
    with Desk(tmp_path) as desk:
        desk.publish("a", Item("Old talks", guid="old"))
        desk.poll()
        desk.answer("a", FetchResult(FetchStatus.HTTP_ERROR, 500))
        desk.poll()
        assert seen[-1][1] == desk.state("a")
    assert [(before.polls, after.polls, after.failures) for before, after, _ in seen] == [
        (0, 1, 0),
        (1, 2, 1),
    ]
    assert [status for *_, status in seen] == [FetchStatus.NEW, FetchStatus.HTTP_ERROR]
    assert seen[0][1] == seen[1][0]


# --- troubles


HTTP_500 = FetchResult(FetchStatus.HTTP_ERROR, 500, message="HTTP 500")
NOT_FOUND = FetchResult(FetchStatus.HTTP_ERROR, 404, message="HTTP 404")
NO_WAY = FetchResult(FetchStatus.NETWORK, message="DNS: no such name", unreachable=True)
PAGE = FetchResult(
    FetchStatus.NEW,
    200,
    body=b"<!DOCTYPE html><html><body>Welcome</body></html>",
    final_url="http://a.example/",
)


def started(folder: Path, *feeds: str, **config: Any) -> Desk:
    """A desk whose feeds have been read once, and whose first digest hour has passed."""
    desk = Desk(folder, feeds=feeds or ("a",), **config)
    for feed in desk.config.feeds:
        desk.publish(feed.name, Item("Old talks", guid=f"old {feed.name}"))
    desk.poll()
    look(desk)
    return desk


def later(desk: Desk, **span: float) -> None:
    """Time passes; all feeds are polled, and somebody looks."""
    desk.now += timedelta(**span)
    desk.poll()
    look(desk)


def troubles(desk: Desk, feed: str = "a") -> list[str]:
    """The troubles that a feed is in."""
    return [e.kind for e in episodes.open_of(desk.database.reader, desk.state(feed).id)]


AT_ONCE: dict[str, Any] = {"notices": ("desk",)}


def test_a_plain_failure_waits_a_day_and_for_the_digest(tmp_path: Path) -> None:
    """Even where notices have a channel: at eight, once, with the rules that are blind. So does its end."""
    with started(tmp_path, **AT_ONCE) as desk:
        desk.answer("a", HTTP_500)
        for hours in (0.5, 6, 12, 2):
            later(desk, hours=hours)
        assert desk.now.day == NOON.day + 1  # the first digest hour passed: it had not lasted for a day
        assert (notices(desk), troubles(desk)) == ([], ["failing"])
        later(desk, hours=6)
        later(desk, hours=4)
        assert notices(desk) == []  # it has, but it is evening
        later(desk, hours=14)
        later(desk, hours=1)
        ((title, body),) = notices(desk)
        assert title == "feed a is failing: HTTP 500 (for 1 d 20 h)"
        assert body.splitlines() == [
            "tocsin fetch a shows what its server answers; rules that are blind for it: watch",
            "the rule does not hear all of its feeds",
            "rule watch hears 0 of its 1 feeds (1 failing); nothing came for over 2 h from 1: a",
        ]
        desk.answer("a", None)
        later(desk, hours=1)
        assert (len(notices(desk)), troubles(desk)) == (1, [])
        later(desk, hours=24)
        assert notices(desk)[1][0] == "feed a is well again: it was failing for 1 d 22 h"
        later(desk, hours=48)
        assert len(notices(desk)) == 2


def test_what_failed_for_an_hour_is_never_told(tmp_path: Path) -> None:
    """Nor is anything of it kept."""
    with started(tmp_path) as desk:
        desk.answer("a", HTTP_500)
        later(desk, hours=1)
        desk.answer("a", None)
        later(desk, hours=1)
        later(desk, hours=30)
        assert notices(desk) == []
        assert episodes.all_of(desk.database.reader, desk.state("a").id) == ()


def test_a_web_page_is_told_at_once_where_notices_have_a_channel(tmp_path: Path) -> None:
    """When it begins and when it ends; a feed that is not read has forgotten nothing."""
    with started(tmp_path, **AT_ONCE) as desk:
        desk.answer("a", PAGE)
        later(desk, minutes=1)
        assert notices(desk) == []
        later(desk, minutes=15)
        later(desk, minutes=15)
        ((title, body),) = notices(desk)
        assert title.startswith("feed a is a web page instead of a feed (for ")
        assert "a parked domain" in body
        desk.answer("a", None)
        later(desk, minutes=15)
        assert notices(desk)[1][0].startswith("feed a is well again: it was a web page")
        assert notices(desk)[1][1] == "rules that hear it again: watch"
        assert desk.told() == []


def test_without_notices_in_the_file_all_wait_for_the_digest_and_go_to_all(tmp_path: Path) -> None:
    """As the design has it: all channels, in the digest."""
    with started(tmp_path, channels=("desk", "mail")) as desk:
        desk.answer("a", FetchResult(FetchStatus.GONE, 410))
        later(desk, hours=1)
        assert notices(desk) == []
        desk.now += timedelta(hours=19)
        look(desk)
        assert [title for title, _ in notices(desk)] == ["feed a is gone for good (410) (for 19 h)"] * 2


def test_the_digest_hour_is_that_of_the_zone(tmp_path: Path) -> None:
    """Eight in the morning where the desk is, on each day once, also where the clocks are set that night."""
    with Desk(tmp_path) as desk:
        desk.change(timezone="Europe/Paris")
        desk.now = datetime(2026, 3, 28, 12, tzinfo=UTC)
        hours = []
        for _ in range(24 * 3 * 2):
            desk.now += timedelta(minutes=30)
            before = _sent(desk)
            look(desk)
            if before is not None and _sent(desk) != before:
                hours.append(desk.now.astimezone(ZoneInfo("Europe/Paris")).isoformat())
        assert hours == [
            "2026-03-29T08:00:00+02:00",
            "2026-03-30T08:00:00+02:00",
            "2026-03-31T08:00:00+02:00",
        ]


def _sent(desk: Desk) -> str | None:
    row = desk.database.reader.row(sql.FACT, name=DIGEST_SENT)
    return row["value"] if row else None


def test_twenty_feeds_of_one_host_make_one_notice(tmp_path: Path) -> None:
    """One line for those of one host with one trouble, one message for all there is to tell."""
    many = [FeedConfig(f"n{n:02}", Secret(f"http://news.example/{n}")) for n in range(20)]
    with started(tmp_path, *many, Desk.feed("b"), **AT_ONCE) as desk:  # type: ignore[arg-type]
        for feed in many:
            desk.answer(feed.name, NOT_FOUND)
        desk.answer("b", FetchResult(FetchStatus.GONE, 410))
        later(desk, hours=1)
        assert [title for title, _ in notices(desk)] == ["feed b is gone for good (410)"]
        later(desk, hours=48)
        _, (title, _body) = notices(desk)
        assert title.startswith("20 feeds of news.example are not found (404) (for up to 2 d): n00, n01, ")
        assert title.endswith("and 10 more")
        for feed in many:
            desk.answer(feed.name, None)
        later(desk, hours=1)
        later(desk, hours=1)
        assert len(notices(desk)) == 3
        rows = desk.database.reader.rows(sql.NOTICES_SINCE, since="2000")
        assert [(r["kind"], r["subject"]) for r in rows] == [
            ("feed_gone", "b"),
            ("feed_missing", "news.example"),
            ("feed_missing_over", "news.example"),
        ]


def test_feeds_of_a_host_are_told_together_as_their_polls_find_it(tmp_path: Path) -> None:
    """Each is asked at another time: people hear of them when no more are found, and never one by one."""
    many = [FeedConfig(f"n{n:02}", Secret(f"http://news.example/{n}")) for n in range(20)]
    with started(tmp_path, *many, **AT_ONCE) as desk:  # type: ignore[arg-type]
        for feed in many[:19]:
            desk.answer(feed.name, FetchResult(FetchStatus.GONE, 410))
            desk.now += timedelta(minutes=6)
            desk.poll(feed.name)
            look(desk)
            assert notices(desk) == []
        desk.now += timedelta(hours=2)
        look(desk)
        ((title, _),) = notices(desk)
        assert title.startswith("19 feeds of news.example are gone for good (410)")
        for feed in many:
            desk.answer(feed.name, NOT_FOUND)
        desk.change(feeds=tuple(replace(f, url=Secret(f.url.reveal() + "?2")) for f in many))
        for feed in desk.config.feeds:
            desk.answer(feed.name, NOT_FOUND)
            desk.now += timedelta(hours=1)
            desk.poll(feed.name)
            look(desk)
        for feed in desk.config.feeds * 2:
            desk.now += timedelta(hours=2)
            desk.poll(feed.name)
            look(desk)
        told = [title for title, _ in notices(desk)[1:] if "not found" in title]
        assert [title.partition(" are ")[0] for title in told] == ["20 feeds of news.example"]


def test_what_befalls_many_hosts_is_one_line_and_at_most_one_notice_an_hour(tmp_path: Path) -> None:
    """As behind the login page of a hotel: every feed turns to the same page, one after the other."""
    many = [FeedConfig(f"n{n:02}", Secret(f"http://h{n}.example/feed")) for n in range(30)]
    with started(tmp_path, *many, **AT_ONCE) as desk:  # type: ignore[arg-type]
        for feed in many:
            desk.answer(feed.name, replace(PAGE, final_url=feed.url.reveal()))
        for _ in range(3):
            for at in range(0, 30, 6):
                desk.now += timedelta(minutes=2)
                desk.poll(*(feed.name for feed in many[at : at + 6]))
                look(desk)
        later(desk, hours=1)
        first, second = notices(desk)
        assert first[0].startswith("6 feeds of 6 hosts are a web page instead of a feed (for up to ")
        assert second[0].startswith("24 feeds of 24 hosts are a web page instead of a feed (for up to ")
        assert second[0].endswith("n06, n07, n08, n09, n10, n11, n12, n13, n14, n15 and 14 more")


def test_an_outage_of_our_own_opens_no_trouble(tmp_path: Path) -> None:
    """What failed before we knew that it was we is excused, and nothing is told while it lasts."""
    with started(tmp_path, **AT_ONCE) as desk:
        desk.answer("a", NO_WAY)
        later(desk, hours=0.1)
        assert troubles(desk) == ["failing"]
        with_offline = {"name": OFFLINE, "value": "", "at": to_db(desk.now)}
        desk.database.writer.submit(lambda tx: tx.run(sql.FACT_UPSERT, **with_offline)).result()
        excuse = {"feed": "a", "now": to_db(desk.now)}
        desk.database.writer.submit(lambda tx: tx.run_many(sql.FEED_EXCUSE, [excuse])).result()
        desk.now += timedelta(hours=40)
        look(desk)
        assert notices(desk) == []
        desk.database.writer.submit(lambda tx: tx.run(sql.FACT_DELETE, name=OFFLINE)).result()
        look(desk)
        assert (notices(desk), troubles(desk)) == ([], [])


def test_time_in_which_nobody_polled_is_not_held_against_a_feed(tmp_path: Path) -> None:
    """A failure is as old as the last poll that saw it, however long we were away since."""
    with started(tmp_path, **AT_ONCE) as desk:
        desk.answer("a", NOT_FOUND)
        later(desk, hours=1)
        desk.now += timedelta(days=3)
        look(desk)
        assert notices(desk) == []
        later(desk, minutes=1)
        assert len(notices(desk)) == 1


def test_another_domain_is_told_until_the_configuration_has_it(tmp_path: Path) -> None:
    """From the first answer on, with what to do; nothing is said of one that the file names itself."""
    with started(tmp_path, **AT_ONCE) as desk:
        assert desk.state("a").final_domain == "a.example"
        body = desk.documents.bodies["http://a.example/feed"]
        there = FetchResult(
            FetchStatus.NEW, 200, body=body + b" ", final_url="https://rss.squat.example/feed"
        )
        desk.answer("a", there)
        later(desk, hours=1)
        later(desk, hours=1)
        ((title, more),) = notices(desk)
        assert title.startswith("feed a is answered by another domain: squat.example instead of a.example")
        assert "give the feed its new url" in more
        moved = FeedConfig("a", Secret("https://rss.squat.example/feed"))
        desk.change(feeds=(moved,))
        desk.documents.bodies[moved.url.reveal()] = body
        later(desk, hours=1)
        assert notices(desk)[1][0].startswith("feed a is well again: it was answered by another domain")
        assert desk.state("a").final_domain == "squat.example"


FRENCH = "Les ministres se sont réunis dans la capitale pour discuter de la situation et des suites"
ENGLISH = "The ministers have met in the capital to talk about the state of the country and more"


def test_another_language_is_told(tmp_path: Path) -> None:
    """When three looks in a row found it, and again when the old one is back."""
    with started(tmp_path, **AT_ONCE) as desk:
        number = 0

        def shows(text: str, times: int) -> None:
            nonlocal number
            for _ in range(times):
                number += 1
                desk.publish("a", Item(f"{text} {number}", guid=f"g{number}", text=text))
                later(desk, hours=1)

        shows(FRENCH, 8)
        assert desk.state("a").language == "fr"
        shows(ENGLISH, 8)
        ((title, more),) = notices(desk)
        assert title.startswith("feed a is in another language: en instead of fr")
        assert "rules with lang" in more
        shows(FRENCH, 4)
        assert notices(desk)[1][0].startswith("feed a is well again: it was in another language")
        assert desk.state("a").language == "fr"


def test_a_feed_of_two_languages_is_left_in_peace(tmp_path: Path) -> None:
    """Once it went to and fro it is known to speak several."""
    with started(tmp_path, **AT_ONCE) as desk:
        for number in range(40):
            text = ENGLISH if number // 8 % 2 and number % 8 < 5 else FRENCH
            text = text if number < 24 else (ENGLISH if number % 3 == 2 else FRENCH)
            desk.publish("a", Item(f"{text} {number}", guid=f"g{number}", text=text))
            later(desk, hours=1)
        assert desk.state("a").language in ("fr", "mul")


def test_a_feed_that_is_taken_away_ends_its_troubles_in_silence(tmp_path: Path) -> None:
    """Whoever removed or disabled it knows."""
    with started(tmp_path, "a", "b", **AT_ONCE) as desk:
        desk.answer("a", FetchResult(FetchStatus.GONE, 410))
        later(desk, hours=1)
        assert len(notices(desk)) == 1
        desk.change(feeds=(Desk.feed("b"),))
        look(desk)
        assert (len(notices(desk)), troubles(desk)) == (1, [])


def test_a_feed_that_is_disabled_keeps_its_troubles_to_itself(tmp_path: Path) -> None:
    """Nothing is told of it meanwhile; enabled again it is in the same trouble, and told once in all."""
    with started(tmp_path, "a", "b", **AT_ONCE) as desk:
        feeds = desk.config.feeds
        desk.answer("a", FetchResult(FetchStatus.GONE, 410))
        desk.poll()
        desk.change(feeds=(replace(feeds[0], enabled=False), feeds[1]))
        look(desk)
        assert notices(desk) == []
        desk.change(feeds=feeds)
        for _ in range(3):
            look(desk)
        assert [title.partition(" (for")[0] for title, _ in notices(desk)] == [
            "feed a is gone for good (410)"
        ]
        assert troubles(desk) == ["gone"]


# --- silence


def rhythmic(desk: Desk, last: datetime, *, days: int = 40, per_day: int = 24) -> None:
    """Let the feed `a` have had news evenly for so long, the last at that time."""
    step = timedelta(days=1) / per_day
    times = [last - step * n for n in range(days * per_day)][::-1]
    rhythm = Rhythm(at=times[0].timestamp(), since=times[0].timestamp(), ref=times[0].timestamp())
    for day in range(days):
        chosen = times[day * per_day : (day + 1) * per_day]
        rhythm = learn(rhythm, chosen, chosen[-1])
    values = {"rhythm": write_rhythm(rhythm), "last": to_db(last)}
    statement = "UPDATE feeds SET rhythm = :rhythm, last_item_at = :last WHERE name = 'a'"
    desk.database.writer.submit(lambda tx: tx.run(statement, **values)).result()


def watch(desk: Desk, lookout: Lookout) -> None:
    """Look for silence, as the daemon does."""
    suspects = [feed for batch in lookout.suspects(desk.database.reader, desk.now) for feed in batch]
    look(desk, *suspects)


def test_silence_is_told_by_the_feed_s_own_rhythm(tmp_path: Path) -> None:
    """An hourly feed whose answers stay the same is frozen within three of its hours; news end it."""
    with started(tmp_path, **AT_ONCE) as desk:
        began = desk.now
        rhythmic(desk, began)
        lookout = Lookout()
        while not notices(desk) and desk.now < began + timedelta(hours=9):
            desk.now += timedelta(minutes=9)
            desk.poll()
            watch(desk, lookout)
        ((title, _),) = notices(desk)
        assert desk.now - began <= timedelta(hours=3, minutes=15)
        assert title.startswith("feed a is frozen: the same document each time, where its longest pause is")
        assert troubles(desk) == ["frozen"]
        desk.publish("a", Item("New talks", guid="new"))
        statement = "UPDATE feeds SET last_item_at = :last WHERE name = 'a'"
        last = to_db(desk.now)
        desk.database.writer.submit(lambda tx: tx.run(statement, last=last)).result()
        desk.poll()
        watch(desk, lookout)
        assert troubles(desk) == []
        assert notices(desk)[1][0].startswith("feed a has news again: it was frozen for ")


def test_a_feed_whose_document_still_changes_is_silent(tmp_path: Path) -> None:
    """Somebody writes the document anew each time, but nothing in it is new."""
    with started(tmp_path, **AT_ONCE) as desk:
        rhythmic(desk, desk.now)
        lookout = Lookout()
        for number in range(40):
            desk.now += timedelta(minutes=14)
            desk.documents.bodies["http://a.example/feed"] += b"<!-- %d -->" % number
            desk.poll()
            watch(desk, lookout)
        assert [title.partition(":")[0] for title, _ in notices(desk)] == ["feed a is silent"]


def test_a_feed_that_fails_or_is_not_polled_is_not_silent(tmp_path: Path) -> None:
    """Silence is what an answer shows, never our not asking."""
    with started(tmp_path, **AT_ONCE) as desk:
        rhythmic(desk, desk.now)
        lookout = Lookout()
        desk.now += timedelta(days=5)
        watch(desk, lookout)
        assert notices(desk) == []
        desk.answer("a", HTTP_500)
        desk.poll()
        watch(desk, lookout)
        assert troubles(desk) == ["failing"]
        desk.answer("a", None)
        desk.poll()
        watch(desk, lookout)
        assert troubles(desk) == ["frozen"]


def test_fifty_items_through_a_feed_of_twenty_leave_a_gap(tmp_path: Path) -> None:
    """Whenever so many came between two polls it is found; with fewer than twenty there is none."""
    with Desk(tmp_path) as desk:
        shown, found = 0, 0
        for number, new in enumerate((20, 50, 5, 19, 50, 0, 50, 12, 20, 50)):
            shown += new
            desk.publish("a", *(Item(f"Report {n}", guid=f"g{n}") for n in range(shown, shown - 20, -1)))
            desk.poll()
            found += bool(number) and new >= 20
            assert len(desk.database.reader.rows(sql.GAPS_OF, feed=desk.state("a").id)) == found
        assert notices(desk) == []
