"""Stories and pages as rows: reports that join or change a story, pages that are wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.alerts import payload
from monitor.model import Reason, State
from monitor.store import sql
from monitor.store.rows import to_db
from tests.support.messages import message
from tests.support.store import (
    add_article,
    add_feed,
    add_ledger,
    add_match,
    insert,
    new_database,
    transaction,
)

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.tx import Tx

QUAKE = (
    "A quake shook the northern hills of Marvania before dawn on Tuesday, killing 12 people and burying"
    " dozens of houses in the district of Orsk, officials said. Rescuers with dogs reached the"
    " highest villages at noon, and the road to the valley was still closed in the evening."
)
RAIN = (
    "Farmers of the southern plain waited three months for rain, and now that it falls the rivers carry"
    " away what they had sown, the ministry of agriculture said in a report on Monday that asks for"
    " patience, for seed from abroad and for loans without interest until the next harvest is in."
)


@dataclass
class Rows:
    """A database that a test fills: times are minutes after its start, three hours ago."""

    path: Path
    start: datetime = field(
        default_factory=lambda: (datetime.now(UTC) - timedelta(hours=3)).replace(microsecond=0)
    )
    feeds: dict[str, int] = field(default_factory=dict)

    def at(self, minutes: float) -> datetime:
        """A moment, in minutes after the first report."""
        return self.start + timedelta(minutes=minutes)

    def report(
        self, outlet: str, *, after: float = 0, feed: str = "", of: int | None = None, **join: Any
    ) -> int:
        """
        An article of an outlet in a feed; returns its number.

        With `of` it joins that article's story: `relation`, `level`, `score` and `reason` say how. What is
        `related` keeps a story of its own. All else are columns of the article.
        """
        joins = {k: join.pop(k) for k in ("relation", "level", "score", "reason") if k in join}
        with transaction(self.path) as tx:
            feed_id = self._feed(tx, feed or outlet.partition(".")[0])
            at = self.at(after)
            values = {
                "url": f"https://{outlet}/{after:g}",
                "source": outlet,
                "summary": QUAKE,
                "title": "Quake kills 12 in Marvania",
                "fetched_at": at,
                "published": at,
                "language": "en",
            }
            article = add_article(tx, feed_id, **(values | join))
            insert_sighting(tx, feed_id, article, at)
            if of is not None:
                self._join(tx, article, of, at, **joins)
        return article

    def _feed(self, tx: Tx, name: str) -> int:
        if name not in self.feeds:
            known = {"polls": 3, "last_status": "new", "last_http": 200}
            times = dict.fromkeys(("last_poll_at", "last_good_at", "baseline_at", "added_at"), self.start)
            self.feeds[name] = add_feed(tx, name, **known, **times)
        return self.feeds[name]

    def _join(self, tx: Tx, article: int, of: int, at: datetime, **how: Any) -> None:
        (story,) = tx.rows(sql.STORY_OF, article=of)
        values = {"relation": "duplicate", "level": "dispatch", "score": 1.0, "reason": "the same", **how}
        values |= {"article_id": article, "story_id": story[0], "of_article_id": of, "at": at}
        insert(tx, "story_joins", sql.STORY_JOIN_UPSERT, **values)
        if values["relation"] != "related":
            tx.run("UPDATE articles SET story_id = :s WHERE id = :a", s=story[0], a=article)

    def shown_by(self, article: int, feed: str, *, after: float = 0) -> None:
        """Another feed shows the very article as well."""
        with transaction(self.path) as tx:
            insert_sighting(tx, self._feed(tx, feed), article, self.at(after))

    def alert(self, article: int, rule: str = "watch", *, kind: str = "first", after: float = 0) -> int:
        """A rule fires on the article's story; returns the alert's number."""
        with transaction(self.path) as tx:
            (story,) = tx.rows(sql.STORY_OF, article=article)
            number = tx.next_id("alerts")
            values = {"id": number, "story_id": story[0], "article_id": article, "rule": rule, "kind": kind}
            insert(tx, "alerts", sql.ALERT_INSERT, severity=1, created_at=self.at(after), **values)
        return number

    def match(self, article: int, rule: str = "watch", *, after: float = 0, **values: Any) -> int:
        """The rule held for the article; returns the match's number."""
        with transaction(self.path) as tx:
            (row,) = tx.rows("SELECT feed_id FROM articles WHERE id = :a", a=article)
            known = {"hits": "[]", "matched_at": self.at(after)}
            return add_match(tx, article, row[0], rule, **(known | values))

    def told(
        self,
        match: int,
        state: State,
        reason: Reason,
        *,
        channel: str = "desk",
        alert: int | None = None,
        after: float = 0,
        **said: Any,
    ) -> None:
        """What became of a match on a channel; what rang or waits gets a notification, which says `said`."""
        with transaction(self.path) as tx:
            outbox = None
            silent = state is State.SUPPRESSED or reason is Reason.COMPARING
            if not silent:
                (row,) = tx.rows(
                    "SELECT story_id FROM articles JOIN matches ON articles.id = article_id"
                    " WHERE matches.id = :m",
                    m=match,
                )
                outbox = tx.next_id("outbox")
                held = state is State.HELD
                words = {
                    "message_id": f"{outbox}.id",
                    "channel": channel,
                    "kind": "digest" if held else "alert",
                }
                words["state"] = "ready" if state is State.WAITING else state.value
                words["payload"] = payload.dump(message(**said))
                numbers = {"id": outbox, "story_id": None if held else row[0], "severity": 1}
                at = dict.fromkeys(("created_at", "next_attempt_at"), self.at(after))
                at |= {"sent_at": self.at(after)} if state is State.SENT else {}
                insert(tx, "outbox", sql.OUTBOX_INSERT, **words, **numbers, **at)
            known = {"alert_id": alert, "outbox_id": outbox, "at": self.at(after)}
            add_ledger(tx, match, channel, state.value, reason.word, **known)

    def page(self, article: int, *, purpose: str = "match", **values: Any) -> None:
        """A page is wanted for the article, until something else is told in `values`."""
        with transaction(self.path) as tx:
            (row,) = tx.rows("SELECT feed_id FROM articles WHERE id = :a", a=article)
            known = {"article_id": article, "feed_id": row[0], "host": "n.example", "purpose": purpose}
            times = {"created_at": self.start, "next_attempt_at": self.start, "deadline": self.at(360)}
            insert(tx, "pages", sql.PAGE_INSERT, **(known | times | values))

    def set_article(self, article: int, **values: Any) -> None:
        """Change columns of the article."""
        with transaction(self.path) as tx:
            for name, value in values.items():
                tx.run(f"UPDATE articles SET {name} = :v WHERE id = :a", v=value, a=article)


def insert_sighting(tx: Tx, feed_id: int, article: int, at: datetime) -> None:
    """The feed showed the article."""
    times = {"first_seen_at": to_db(at), "last_seen_at": to_db(at)}
    insert(tx, "sightings", sql.SIGHTING_INSERT, feed_id=feed_id, article_id=article, **times)


def rows(folder: Path) -> Rows:
    """An empty database."""
    return Rows(new_database(folder))
