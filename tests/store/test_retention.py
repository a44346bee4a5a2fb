"""What grows old goes, and only that: articles with all that hangs on them, then seen marks, then feeds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.silences import Silence
from monitor.model import Reason, State
from monitor.store import retention, sql
from monitor.store.matches import Fate, write_fate
from monitor.store.outbox import notice
from monitor.store.retention import Place, Stage, limits, prune_step, shrink_step, still_listed
from monitor.store.rows import to_db
from monitor.store.silences import add_silence
from monitor.store.story_index import insert as insert_texts
from monitor.stories.index import day_of
from tests.support.store import (
    NOW,
    add_article,
    add_feed,
    add_ledger,
    add_match,
    insert,
    new_database,
    opened,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.store.tx import Tx

DAY = timedelta(days=1)
TABLES = ("articles", "stories", "matches", "alerts", "ledger", "outbox", "attempts", "sightings")


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a fresh database."""
    with transaction(new_database(tmp_path)) as tx:
        yield tx


def days_ago(days: float) -> datetime:
    """A time."""
    return NOW - days * DAY


def told(
    tx: Tx, feed: int, *, age: float, seen: float | None = None, state: str = "sent", waits: str = "sent"
) -> int:
    """
    Insert an article with everything that can hang on one; returns its id.

    Fetched `age` days ago, last seen in the feed `seen` days ago; its notification is `state`, its ledger row
    `waits`.
    """
    at = days_ago(age)
    article = add_article(tx, feed, fetched_at=at)
    row = tx.row(sql.STORY_OF, article=article)
    assert row is not None
    see(tx, feed, article, seen=age if seen is None else seen)
    match = add_match(tx, article, feed, matched_at=at)
    alert, out, attempt = tx.next_id("alerts"), tx.next_id("outbox"), tx.next_id("attempts")
    story = row["story_id"]
    insert(tx, "alerts", sql.ALERT_INSERT, id=alert, story_id=story, article_id=article, rule="talks")
    insert(tx, "outbox", sql.OUTBOX_INSERT, id=out, message_id=f"m{out}", story_id=story, state=state)
    add_ledger(tx, match, "desk", waits, "first", alert_id=alert, outbox_id=out)
    insert(tx, "attempts", sql.ATTEMPT_INSERT, id=attempt, outbox_id=out)
    return article


def see(tx: Tx, feed: int, article: int, *, seen: float) -> None:
    """Insert a seen mark."""
    at = days_ago(seen)
    values = {"feed_id": feed, "article_id": article, "first_seen_at": at, "last_seen_at": at}
    insert(tx, "sightings", sql.SIGHTING_INSERT, **values)


def prune(tx: Tx, days: float = 90, now: datetime = NOW) -> Mapping[str, int]:
    """Take all steps; returns what went."""
    place, limit = Place(), limits(days * 86_400, now)
    while place.stage is not Stage.DONE:
        place = prune_step(tx, place, limit)
    return place.removed


def count(tx: Tx, table: str) -> int:
    """How many rows a table has."""
    return int(tx.rows(f"SELECT count(*) FROM {table}")[0][0])


def stored(tx: Tx) -> set[int]:
    """The ids of the articles that are there."""
    return {row[0] for row in tx.rows("SELECT id FROM articles")}


def test_an_old_article_goes_with_all_that_hangs_on_it(tx: Tx) -> None:
    """Nothing of its story is left but the seen mark; a younger one stays whole; references hold."""
    feed = add_feed(tx, document_at=days_ago(0))
    told(tx, feed, age=91)
    young = told(tx, feed, age=89)
    removed = prune(tx)
    assert removed == dict.fromkeys(set(TABLES) - {"sightings"}, 1)
    assert stored(tx) == {young}
    assert {table: count(tx, table) for table in TABLES} == dict.fromkeys(TABLES, 1) | {"sightings": 2}
    assert tx.rows("PRAGMA foreign_key_check") == []
    assert tx.rows(sql.LEDGER_ORPHANS) == tx.rows(sql.LEDGER_STRAY) == []
    assert prune(tx) == {}, "a second time nothing is left to go"


@pytest.mark.parametrize(
    ("case", "seen", "document", "stays"),
    [
        ("seen within the retention, gone from the document since", 30, 0, True),
        ("in the current document, which is as old as the article", 400, 400, True),
        ("in the current document, its mark a day behind", 201, 200, True),
        ("left the document a year ago", 201.1, 200, False),
        ("no document was ever read", 400, None, False),
    ],
)
def test_what_a_feed_still_lists_stays(
    tx: Tx, case: str, seen: float, document: float | None, stays: bool
) -> None:
    """Else a feed that lists the same items for years would ring for them again."""
    at = None if document is None else days_ago(document)
    article = told(tx, add_feed(tx, document_at=at), age=500, seen=seen)
    prune(tx)
    assert (article in stored(tx)) is stays, case


def test_one_feed_that_lists_it_is_enough(tx: Tx) -> None:
    """A copy that another feed still shows keeps article and story."""
    here, there = add_feed(tx, "here", document_at=days_ago(0)), add_feed(tx, "there", document_at=NOW)
    article = told(tx, here, age=200)
    see(tx, there, article, seen=0.5)
    assert prune(tx) == {}
    assert stored(tx) == {article}


def test_a_removed_feed_lists_nothing(tx: Tx) -> None:
    """What only a retired feed showed is as old as it is."""
    told(tx, add_feed(tx, document_at=days_ago(100), retired_at=days_ago(99)), age=100)
    assert prune(tx)["articles"] == 1


@pytest.mark.parametrize("state", ["ready", "retry", "leased", "held"])
def test_what_is_on_its_way_stays(tx: Tx, state: str) -> None:
    """However old: a notification that nobody got yet is not forgotten."""
    article = told(tx, add_feed(tx), age=400, state=state, waits="held" if state == "held" else "waiting")
    prune(tx)
    assert stored(tx) == {article}


@pytest.mark.parametrize("waits", ["waiting", "held"])
def test_what_the_ledger_waits_for_stays(tx: Tx, waits: str) -> None:
    """Also where the notification it waits for belongs to no story, as a digest will."""
    article = told(tx, add_feed(tx), age=400, waits=waits)
    prune(tx)
    assert stored(tx) == {article}


@pytest.mark.parametrize("state", ["sent", "dead", "dropped"])
def test_what_is_settled_goes(tx: Tx, state: str) -> None:
    """Delivered, given up or dropped: after the retention nobody replays it."""
    told(tx, add_feed(tx), age=91, state=state, waits=state)
    assert prune(tx)["outbox"] == 1


def test_a_story_goes_as_a_whole(tx: Tx) -> None:
    """An old article of a story with a young one stays: alerts and notifications belong to both."""
    feed = add_feed(tx)
    old, young = told(tx, feed, age=200), told(tx, feed, age=1)
    row = tx.row(sql.STORY_OF, article=old)
    assert row is not None
    for table in ("articles", "alerts", "outbox"):
        tx.run(f"UPDATE {table} SET story_id = :story", story=row["story_id"])
    assert prune(tx) == {}
    tx.run("UPDATE articles SET fetched_at = :at WHERE id = :young", at=to_db(days_ago(150)), young=young)
    tx.run("UPDATE sightings SET last_seen_at = :at", at=to_db(days_ago(150)))
    assert prune(tx)["articles"] == 2


def test_seen_marks_outlive_articles(tx: Tx) -> None:
    """A year after an item was last seen its mark goes; never while the feed's document may list it."""
    feed = add_feed(tx, document_at=days_ago(0))
    for seen in (366, 364, 91):
        told(tx, feed, age=seen)
    same = add_feed(tx, "never changes", document_at=days_ago(700))
    told(tx, same, age=800, seen=700.5)
    assert prune(tx)["sightings"] == 1
    assert count(tx, "sightings") == 3
    assert len(stored(tx)) == 1


def test_a_longer_retention_keeps_marks_as_long(tx: Tx) -> None:
    """Two years of articles have two years of marks: an article without its mark would be found anew."""
    told(tx, add_feed(tx, document_at=NOW), age=500)
    assert prune(tx, days=730) == {}


def test_a_feed_goes_a_year_after_it_was_removed(tx: Tx) -> None:
    """With its marks, articles and gaps; one that was removed later, or is still configured, stays."""
    gone = add_feed(tx, "gone", retired_at=days_ago(366), document_at=days_ago(366))
    add_feed(tx, "later", retired_at=days_ago(364))
    add_feed(tx, "here")
    told(tx, gone, age=400)
    insert(tx, "gaps", sql.GAP_INSERT, id=tx.next_id("gaps"), feed_id=gone, since=NOW, until=NOW)
    insert(tx, "episodes", sql.EPISODE_INSERT, id=tx.next_id("episodes"), feed_id=gone, since=NOW)
    removed = prune(tx)
    assert (removed["feeds"], removed["sightings"], removed["gaps"], removed["episodes"]) == (1, 1, 1, 1)
    assert [row["name"] for row in tx.rows(sql.FEEDS)] == ["here", "later"]


def test_a_feed_stays_while_anything_tells_of_it(tx: Tx) -> None:
    """A match that it once brought to an article which another feed still lists needs its name."""
    gone = add_feed(tx, "gone", retired_at=days_ago(400))
    here = add_feed(tx, "here", document_at=NOW)
    article = told(tx, here, age=500, seen=0)
    add_ledger(tx, add_match(tx, article, gone), "", "suppressed", "duplicate")
    prune(tx)
    assert "gone" in {row["name"] for row in tx.rows(sql.FEEDS)}
    assert tx.rows(sql.LEDGER_ORPHANS) == []


def test_notices_gaps_and_rules_go(tx: Tx) -> None:
    """Notices with their notifications and attempts, gaps, and rules that were removed a year ago."""
    feed = add_feed(tx)
    for age in (91, 89):
        notice(tx, "feed_gone", "a", "a is gone", days_ago(age), to=("desk",))
        number = tx.next_id("gaps")
        insert(tx, "gaps", sql.GAP_INSERT, id=number, feed_id=feed, since=NOW, until=days_ago(age))
    tx.run("UPDATE outbox SET state = 'sent'")
    insert(tx, "attempts", sql.ATTEMPT_INSERT, id=tx.next_id("attempts"), outbox_id=1)
    for name, age in (("old", 366), ("young", 364)):
        insert(tx, "rules", sql.RULE_UPSERT, name=name, retired_at=days_ago(age))
    insert(tx, "rules", sql.RULE_UPSERT, name="in force")
    assert prune(tx) == {"notices": 1, "outbox": 1, "attempts": 1, "gaps": 1, "rules": 1}
    assert [row["name"] for row in tx.rows(sql.RULES)] == ["in force", "young"]


def test_troubles_that_ended_and_pauses_that_are_over_go(tx: Tx) -> None:
    """A trouble goes when it ended long ago, never while it is open; a pause once it is over."""
    feed = add_feed(tx)
    for ended in (days_ago(91), days_ago(89), None):
        number = tx.next_id("episodes")
        insert(
            tx,
            "episodes",
            sql.EPISODE_INSERT,
            id=number,
            feed_id=feed,
            kind="silent",
            since=days_ago(200 - number),
            ended_at=ended,
        )
    for host, hours in (("over.example", -1), ("running.example", 1)):
        tx.run(sql.HOST_PAUSE_UPSERT, host=host, until=to_db(NOW + timedelta(hours=hours)), why="429")
    assert prune(tx) == {"episodes": 1}
    assert [row["id"] for row in tx.rows(sql.EPISODES_OF, feed=feed)] == [3, 2]
    assert [row["id"] for row in tx.rows(sql.EPISODES_OPEN)] == [3]
    assert [row["host"] for row in tx.rows(sql.HOST_PAUSES)] == ["running.example"]
    assert tx.next_id("episodes") == 4


def test_texts_that_nothing_is_compared_with_any_more_go(tx: Tx) -> None:
    """Eight days after they were filed, wherever in the index they lie."""
    today = day_of(NOW)
    hashes = frozenset(range(-(2**63), 2**63, 2**55))
    for age in (0, 8, 9, 400):
        insert_texts(tx, age + 1, hashes, (), today - age)
    assert prune(tx) == {}
    assert count(tx, "shingles") == 2 * len(hashes)
    kept = tx.rows("SELECT DISTINCT article_id FROM shingles ORDER BY article_id")
    assert [row[0] for row in kept] == [1, 9]


def test_a_notice_that_nobody_got_yet_is_still_sent(tx: Tx) -> None:
    """The notice may be forgotten, its notification is not."""
    notice(tx, "feed_gone", "a", "a is gone", days_ago(200), to=("desk",))
    assert prune(tx) == {"notices": 1}
    assert count(tx, "outbox") == 1


def test_ids_are_never_given_twice(tx: Tx, tmp_path: Path) -> None:
    """What marks and messages call by its number stays that, also when the newest rows were pruned."""
    feed = add_feed(tx)
    article = told(tx, feed, age=100)
    ids = {table: tx.next_id(table) for table in TABLES if table != "sightings"}
    prune(tx)
    assert stored(tx) == set()
    for _ in range(2):  # the second time nothing is there to be remembered
        prune(tx)
    tx.run("DELETE FROM sightings")
    # A later transaction knows it from what was written down alone.
    later = type(tx)(tx._con)
    fresh = {table: later.next_id(table) for table in ids}
    assert fresh == ids
    assert article < fresh["articles"]


def test_many_are_pruned_in_small_steps(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step looks at a few rows; kept ones are passed by, and the end is reached."""
    monkeypatch.setattr(retention, "STORIES", 4)
    monkeypatch.setattr(retention, "MARKS", 4)
    feed = add_feed(tx, document_at=NOW)
    kept = {told(tx, feed, age=400 + n, seen=0) for n in range(10)}
    for n in range(10):
        told(tx, feed, age=380 + 10 * n)
        notice(tx, "feed_gone", "a", "a is gone", days_ago(200))
    steps, place, limit = [], Place(), limits(90 * 86_400, NOW)
    while place.stage is not Stage.DONE:
        before = place
        place = prune_step(tx, place, limit)
        steps.append(before.stage)
        assert sum(place.removed.values()) - sum(before.removed.values()) <= 4 * len(TABLES)
    assert stored(tx) == kept
    assert count(tx, "sightings") == 10
    assert place.removed["notices"] == 10
    assert place.seen == 20
    assert steps == sorted(steps)
    assert steps.count(Stage.STORIES) >= 5


def test_an_interrupted_pruning_goes_on(tx: Tx) -> None:
    """A step is the whole of its work: what it removed adds up, and a new beginning removes the rest."""
    feed = add_feed(tx)
    for n in range(150):
        told(tx, feed, age=100 + n)
    once = prune_step(tx, Place(), limits(90 * 86_400, NOW))
    assert once.removed["articles"] == retention.STORIES
    assert tx.rows(sql.LEDGER_ORPHANS) == tx.rows(sql.LEDGER_STRAY) == []
    assert prune(tx)["articles"] == 50


@given(
    seen=st.integers(0, 3_000),
    document=st.integers(0, 3_000),
    ago=st.integers(0, 400),
    polls=st.integers(1, 9),
)
def test_an_item_in_the_current_document_counts_as_listed(
    seen: int, document: int, ago: int, polls: int
) -> None:
    """
    A law: however often an item is found, refreshed at most daily, its mark says that it is listed.

    Documents are read at growing times; the mark is touched only where it is more than a day old.
    """
    read_at, mark = days_ago(seen / 24), days_ago(seen / 24)
    for step in range(polls):
        read_at += timedelta(hours=(document * (step + 1)) % 60)
        if mark < read_at - retention.REFRESHED:
            mark = read_at
        assert still_listed(mark, read_at, None)
    left = read_at + retention.REFRESHED + timedelta(hours=1 + ago)
    assert not still_listed(mark, left, None), "a later document that does not touch it no longer lists it"


def test_no_statement_of_a_pruning_scans_a_large_table_for_each_row(tx: Tx) -> None:
    """What is run for each row finds it by an index, the checks of references included."""
    large = {*TABLES, "notices", "gaps", "episodes", "feeds"}
    per_row = [
        name
        for name in vars(sql)
        if re.match(r"STORY_|OUTBOX_DROP|NOTICE_DROP|GAP_DROP|EPISODE_DROP|MARK_DROP", name)
    ]
    assert len(per_row) > 12
    for name in [*per_row, "FEED_DROP", "FEED_DROP_GAPS", "FEED_DROP_EPISODES", "OLD_STORIES", "MARKS_AFTER"]:
        text = getattr(sql, name)
        parameters = dict.fromkeys(re.findall(r":(\w+)", text), 1)
        plan = [row["detail"] for row in tx.rows(f"EXPLAIN QUERY PLAN {text}", **parameters)]
        scanned = [line for line in plan if line.startswith("SCAN") and line.split()[1] in large]
        assert scanned == [], f"{name}: {plan}"


def test_free_pages_are_given_back_but_for_a_tenth(tmp_path: Path) -> None:
    """In small pieces; what tomorrow brings finds room. A file that has none too many is left alone."""
    with opened(tmp_path) as database:
        unit = database.writer.submit

        def fill(tx: Tx) -> None:
            feed = add_feed(tx)
            for _ in range(400):
                add_article(tx, feed, fetched_at=days_ago(100), body="x" * 9_000)

        unit(fill).result()
        assert unit(shrink_step).result() == 0
        unit(prune).result()
        given_back = []
        while pages := unit(shrink_step).result():
            given_back.append(pages)
        (total,), (free,) = (
            database.reader.pragma("page_count"),
            database.reader.pragma("freelist_count"),
        )
        assert max(given_back) == retention.PAGES
        assert len(given_back) > 2
        assert 0 < int(free) <= int(total) * 0.13
        database.writer.truncate_log()
        unit(lambda _: None).result()
    assert database.path.stat().st_size == int(total) * 4096


def test_a_place_counts_what_went() -> None:
    """Nothing removed leaves no trace in the counts."""
    place = Place().on(articles=2, gaps=0).on(articles=1)
    assert place.removed == {"articles": 3}
    assert replace(place, stage=Stage.DONE).removed == place.removed


def test_a_silence_stays_as_long_as_something_tells_of_it(tx: Tx) -> None:
    """It goes once people were told of its end, and nothing that it hid is left."""
    old = to_db(days_ago(200))
    for number in (1, 2, 3):
        add_silence(tx, Silence({"rule": ("*",)}, "anna", "", days_ago(201), days_ago(200), days_ago(201)))
        if number < 3:
            tx.run(sql.SILENCE_TOLD, silence=number, told_at=old)
    feed = add_feed(tx, "a")
    match = add_match(tx, add_article(tx, feed), feed)
    write_fate(tx, match, Fate("", State.SUPPRESSED, Reason.SILENCED, silence_id=2), days_ago(0))
    prune_step(tx, Place(Stage.SUNDRIES), limits(90 * 86400.0, days_ago(0)))
    assert [row["id"] for row in tx.rows(sql.SILENCES)] == [2, 3]
    assert tx.next_id("silences") == 4
