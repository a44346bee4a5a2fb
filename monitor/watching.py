"""
Watching over the feeds themselves: troubles are noticed, kept, and told once each at start and end.

A poll is looked at in the transaction that records it, so that what is noticed and what is recorded are never
apart. People are told elsewhere, by a look every few minutes (`sweep`): so twenty feeds of one host that fail
together make one notice, and nothing is told while it is we who are cut off. Silence is found by that look,
too (`Lookout`), for it is no poll that makes a feed silent, but time. How it is judged stands in
`feeds.watch` and `feeds.silence`, who hears of it and when in `telling`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.feeds.pacing import host_of
from monitor.feeds.rhythm import read_rhythm
from monitor.feeds.silence import alarm_at, not_before, usual_longest
from monitor.feeds.troubles import span
from monitor.feeds.watch import (
    QUIET,
    SEVERAL,
    Seen,
    Sign,
    Trouble,
    is_back_and_forth,
    judge,
    signs,
)
from monitor.model import FetchStatus
from monitor.store import episodes, sql
from monitor.store.clock import OFFLINE
from monitor.store.rows import FeedState, from_db, read, to_db
from monitor.telling import tell
from monitor.text.domains import registrable
from monitor.text.language import UNKNOWN, guess

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.feeds.rhythm import Rhythm
    from monitor.feeds.watch import Changes
    from monitor.plan import Plan
    from monitor.polled import Poll
    from monitor.store.database import Reader
    from monitor.store.rows import Episode
    from monitor.store.tx import Tx

LOOK_EVERY = timedelta(minutes=10)
LEAST_QUIET = timedelta(hours=1)  # no silence is shorter
LOOKED = "feeds_watched"  # a fact: when silence was last looked for
LANGUAGE_LOOKS = 4  # one poll with news in so many is asked for its language
ADOPTED = timedelta(days=30)  # another language is a feed's own after that
_BATCH = 50


# --- one poll


def observe(tx: Tx, before: FeedState, after: FeedState, poll: Poll, plan: Plan) -> None:
    """Look at a poll that has just been recorded: `before` and `after` are the feed's row around it."""
    record = episodes.open_of(tx, after.id)
    seen = _seen(before, after, poll, plan, record)
    if not record and seen.good and seen.language is None and seen.domain in ("", after.final_domain):
        return  # as most polls are
    found = signs(seen)
    language, domain = after.language or seen.language, after.final_domain
    if record or any(sign.on for sign in found):
        changes = _judge(tx, after.id, record, found, poll.now)
        if any(is_back_and_forth(known) for known in changes.dropped):
            language = SEVERAL
    if seen.domain and (domain is None or seen.domain == seen.home):
        domain = seen.domain
    if (language, domain) != (after.language, after.final_domain):
        tx.run(sql.FEED_WATCHED, feed_id=after.id, language=language, final_domain=domain)


def _judge(tx: Tx, feed_id: int, record: Sequence[Episode], found: Iterable[Sign], now: datetime) -> Changes:
    """Bring a feed's record in line with what was found; `record` are the open ones."""
    chosen = tuple(found)
    if any(sign.on for sign in chosen):  # one that was over may be back
        record = episodes.all_of(tx, feed_id)
    changes = judge([episodes.as_known(episode) for episode in record], chosen, now)
    episodes.apply(tx, feed_id, record, changes, now)
    return changes


def _seen(before: FeedState, after: FeedState, poll: Poll, plan: Plan, record: Sequence[Episode]) -> Seen:
    """What the poll says, as far as it matters for troubles."""
    good = after.failures == 0 and not after.gone
    news = good and before.baseline_at is not None and _has_news(before, after, poll)
    domain = home = ""
    if good:
        result = poll.result
        host = host_of(result.final_url) or (result.hops[-1].host if result.hops else "")
        domain = registrable(host)
        if domain != after.final_domain:
            feed = plan.feeds.get(after.name)
            home = registrable(host_of(feed.url.reveal())) if feed and not feed.url.missing else ""
    return Seen(
        status=FetchStatus(after.last_status),
        good=good,
        now=poll.now,
        http=poll.result.http_status,
        message=after.last_message,
        since=after.first_failure_at,
        before=before.last_poll_at,
        news=news,
        domain=domain,
        home=home,
        known_domain=after.final_domain,
        language=_language(after, poll, record) if news else None,
        known_language=after.language,
    )


def _has_news(before: FeedState, after: FeedState, poll: Poll) -> bool:
    """Whether an item was new; where nobody keeps count yet, whether any was new or edited."""
    if after.last_item_at is None:
        return bool(poll.candidates)
    return after.last_item_at != before.last_item_at


def _language(feed: FeedState, poll: Poll, record: Sequence[Episode]) -> str | None:
    """
    The language of what is new, where it can be told; only some polls are asked, for it takes time.

    Those of a feed under suspicion all are.
    """
    suspected = any(e.kind == Trouble.LANGUAGE.value for e in record)
    if feed.language == SEVERAL or not (suspected or (feed.polls + feed.id) % LANGUAGE_LOOKS == 0):
        return None
    texts = (f"{c.article.title}\n{c.article.summary}" for c in poll.candidates[:10])
    found = guess("\n".join(texts))
    return None if found == UNKNOWN else found


# --- silence


class Lookout:
    """Knows for each quiet feed when its silence begins to say something, so that most looks cost nothing."""

    def __init__(self) -> None:
        # By feed: its last item, and when to look; True = that is the alarm itself.
        self._looks: dict[int, tuple[str, str, bool]] = {}

    def suspects(self, reader: Reader, now: datetime) -> Iterator[tuple[int, ...]]:
        """The ids of feeds that may be silent by now, in batches: between two of them others may work."""
        rows = reader.rows(sql.FEEDS_QUIET, before=to_db(now - LEAST_QUIET))
        quiet = {row["id"] for row in rows}
        self._looks = {feed: look for feed, look in self._looks.items() if feed in quiet}
        for start in range(0, len(rows), _BATCH):
            yield tuple(row["id"] for row in rows[start : start + _BATCH] if self._is_suspect(reader, row))

    def _is_suspect(self, reader: Reader, row: sqlite3.Row) -> bool:
        feed_id, last, good = row["id"], row["last_item_at"], row["last_good_at"]
        look = self._looks.get(feed_id)
        if look is None or look[0] != last:
            at = not_before(_rhythm(reader, feed_id), _moment(last))
            look = self._looks[feed_id] = (last, to_db(at) or "", False)
        if not look[2] and good >= look[1]:
            alarm = alarm_at(_rhythm(reader, feed_id), _moment(last))
            again = alarm or _moment(good) + timedelta(days=1)  # by then more may be known of it
            look = self._looks[feed_id] = (last, to_db(again) or "", alarm is not None)
        return look[2] and bool(good >= look[1])


def _rhythm(reader: Reader, feed_id: int) -> Rhythm:
    row = reader.row(sql.FEED, id=feed_id)
    return read_rhythm(row["rhythm"] if row is not None else "")


def _moment(text: str) -> datetime:
    moment = from_db(text)
    assert moment is not None, "a stored time"
    return moment


def is_looked_after(reader: Reader, now: datetime) -> bool:
    """Whether somebody looked for silence within the last hour: then a run that ends by itself need not."""
    row = reader.row(sql.FACT, name=LOOKED)
    at = from_db(row["at"]) if row else None
    return at is not None and timedelta(0) <= now - at < LEAST_QUIET


def _find_silent(tx: Tx, plan: Plan, suspects: Iterable[int], now: datetime) -> None:
    """Those of the suspects that are silent still, as their rows are now."""
    for feed_id in suspects:
        row = tx.row(sql.FEED, id=feed_id)
        feed = read(FeedState, row) if row is not None else None
        if feed is None or feed.name not in plan.feeds or feed.last_item_at is None:
            continue
        rhythm = read_rhythm(feed.rhythm)
        at = alarm_at(rhythm, feed.last_item_at)
        if feed.failures or feed.last_good_at is None or at is None or feed.last_good_at < at:
            continue
        half = feed.last_item_at + (feed.last_good_at - feed.last_item_at) / 2
        changed = feed.document_at is not None and feed.document_at > half
        kind = Trouble.SILENT if changed else Trouble.FROZEN
        detail = span(usual_longest(rhythm))
        sign = Sign(kind, on=True, since=feed.last_item_at, detail=detail)
        record = episodes.open_of(tx, feed.id)
        if not any(Trouble(e.kind) in QUIET for e in record):
            _judge(tx, feed.id, record, [sign], now)


# --- every few minutes


def sweep(tx: Tx, plan: Plan, now: datetime, suspects: Sequence[int] | None = ()) -> int:
    """
    Find silence among the suspects, end what nobody watches any more, and tell what is to be told.

    `suspects` = None where nobody looked for any. Returns how many notifications that made. While we are cut
    off nothing is found and nothing told.
    """
    if suspects is not None:
        tx.run(sql.FACT_UPSERT, name=LOOKED, value="", at=to_db(now))
    if tx.row(sql.FACT, name=OFFLINE) is not None:
        return 0
    _find_silent(tx, plan, suspects or (), now)
    _tidy(tx, now)
    return tell(tx, plan, now)


def _tidy(tx: Tx, now: datetime) -> None:
    """End the troubles of feeds that were removed, failures that were ours, and what is settled."""
    for episode in episodes.all_open(tx):
        feed = _feed(tx, episode.feed_id)
        excused = (
            episode.kind == Trouble.FAILING.value
            and episode.told_at is None
            and feed is not None
            and not feed.failures
        )
        if feed is None or feed.retired_at is not None or excused:
            episodes.end_in_silence(tx, episode, now)
            continue
        if Trouble(episode.kind) in QUIET and feed.last_item_at and feed.last_item_at > episode.since:
            _judge(tx, feed.id, [episode], [Sign(Trouble(episode.kind), on=False, since=now)], now)
        if episode.kind == Trouble.LANGUAGE.value and now - episode.since > ADOPTED:
            words = episode.detail.split(" ")
            tx.run(sql.FEED_WATCHED, feed_id=feed.id, language=words[1], final_domain=feed.final_domain)
            episodes.end_in_silence(tx, episode, now)


def _feed(tx: Tx, feed_id: int) -> FeedState | None:
    row = tx.row(sql.FEED, id=feed_id)
    return read(FeedState, row) if row is not None else None
