"""What is on record of an article's matches and of its page, for `explaining.py`. Nothing is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from monitor.alerts.passage import QUIET
from monitor.documents import read_spans
from monitor.model import OutboxState, Reason, State
from monitor.stages import Around, Entered, PageNow, PageState, Rival, Tried
from monitor.store import sql
from monitor.store.confidential import kept_rules
from monitor.store.rows import from_db
from monitor.store.silences import silence_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.circumstances import Circumstances
    from monitor.documents import Spans
    from monitor.rules.engine import Engine
    from monitor.store.database import Reader

NO_PAGE = "it could not be read"  # where nothing better is on record


@dataclass(frozen=True, slots=True)
class Matched:
    """
    A match as it was recorded.

    `form` compares the rule that matched with the one configured now: "same", "changed" or "gone".
    `in_place` tells for each hit whether its text still stands there, `confirmed` that it is not known to
    stand in a part that was not confirmed as the article's.
    """

    feed: str
    at: datetime
    strength: str
    form: str
    hits: tuple[dict[str, Any], ...]
    in_place: tuple[bool, ...]
    confirmed: tuple[bool, ...]
    entered: tuple[Entered, ...]


def page_of(reader: Reader, article: sqlite3.Row) -> PageNow:
    """How the article's page stands; a page read for one feed is there for all."""
    rows = reader.rows(sql.PAGES_OF_ARTICLE, article=article["id"])
    waiting = [row for row in rows if row["done_at"] is None]
    if article["page"] or not waiting:
        last = max(rows, key=lambda row: row["attempts"], default=None)
        state = PageState.READ if article["page"] else PageState.UNWANTED
        why = ""
        if not article["page"] and (rows or article["page_why"]):
            state, why = PageState.NONE, article["page_why"] or NO_PAGE
        return PageNow(state, why, last["purpose"] if last else "", last["attempts"] if last else 0)
    first = min(waiting, key=lambda row: row["next_attempt_at"])
    return PageNow(
        PageState.WAITING,
        why=article["page_why"],
        purpose=first["purpose"],
        attempts=first["attempts"],
        next_attempt=from_db(first["next_attempt_at"]),
        deadline=from_db(first["deadline"]),
        hold_until=from_db(first["hold_until"]),
    )


def matches_of(
    reader: Reader, article: sqlite3.Row, engine: Engine, around: Circumstances
) -> dict[str, tuple[Matched, ...]]:
    """The stored matches of an article by rule."""
    channels = {r["name"]: r for r in reader.rows(sql.CHANNELS)}
    spans = dict(zip(("summary", "body"), read_spans(article["unconfirmed"]), strict=True))
    found: dict[str, tuple[Matched, ...]] = {}
    for row in reader.rows(sql.MATCHES_OF_ARTICLE, article=article["id"]):
        rule = engine.rules.get(row["rule"])
        form = "gone" if rule is None else "same" if rule.hash == row["rule_hash"] else "changed"
        hits = tuple(json.loads(row["hits"]))
        at = from_db(row["matched_at"])
        assert at is not None
        matched = Matched(
            feed=row["feed"],
            at=at,
            strength=row["strength"],
            form=form,
            hits=hits,
            in_place=tuple(_stands(article, hit) for hit in hits),
            confirmed=tuple(not _is_doubtful(article, hit, spans) for hit in hits),
            entered=_Ledger(reader, article, row, channels, around).rows(),
        )
        found[row["rule"]] = (*found.get(row["rule"], ()), matched)
    return found


def _stands(article: sqlite3.Row, hit: Mapping[str, Any]) -> bool:
    """Whether a hit's text stands where it stood: in the page, or in what the feed gave before."""
    fields = ("page", "body") if hit["field"] == "body" else (hit["field"],)
    return any(article[name][hit["start"] : hit["end"]] == hit["text"] for name in fields)


def _is_doubtful(article: sqlite3.Row, hit: Mapping[str, Any], spans: Mapping[str, Spans]) -> bool:
    """Whether a hit stands in a part of the text that was not confirmed as the article's."""
    text = (article["page"] or article["body"]) if hit["field"] == "body" else article[hit["field"]]
    if text[hit["start"] : hit["end"]] != hit["text"]:
        return False
    return any(start < hit["end"] and hit["start"] < end for start, end in spans.get(hit["field"], ()))


class _Ledger:
    """The ledger's rows of one match, with what stands around them."""

    def __init__(
        self,
        reader: Reader,
        article: sqlite3.Row,
        match: sqlite3.Row,
        channels: Mapping[str, sqlite3.Row],
        around: Circumstances,
    ) -> None:
        self._reader = reader
        self._article = article
        self._match = match
        self._channels = channels
        self._circumstances = around

    def rows(self) -> tuple[Entered, ...]:
        """All of them, in the order in which they were written."""
        rows = self._reader.rows(sql.LEDGER_OF_MATCH, match=self._match["id"])
        heirs = tuple(row["channel"] for row in rows if row["reason"] == Reason.FALLBACK.word)
        return tuple(self._entered(row, heirs) for row in rows)

    def _entered(self, row: sqlite3.Row, heirs: tuple[str, ...]) -> Entered:
        at = from_db(row["at"])
        assert at is not None
        state, reason = State(row["state"]), Reason.of(row["reason"])
        number = row["outbox_id"]
        out = self._reader.row(sql.OUTBOX, id=number) if number is not None else None
        around = self._around(row, state, reason, out)
        if state is State.DEAD:
            around = replace(around, heirs=heirs)
        if out is None:
            return Entered(row["channel"], state, reason, at, around=around)
        under_way = state in (State.WAITING, State.HELD)
        channel = self._channels.get(row["channel"])
        pause = from_db(channel["paused_until"]) if channel is not None and under_way else None
        if pause is not None and channel is not None:
            around = replace(around, pause_reason=channel["pause_reason"])
        return Entered(
            channel=row["channel"],
            state=state,
            reason=reason,
            at=at,
            outbox_id=out["id"],
            outbox=OutboxState(out["state"]),
            next_attempt=from_db(out["next_attempt_at"]) if under_way else None,
            paused_until=pause,
            tried=tuple(_tried(r) for r in self._reader.rows(sql.ATTEMPTS_OF, outbox=out["id"])),
            maybe_repeat=bool(out["maybe_repeat"]),
            kind=out["kind"],
            bin=out["bin"],
            around=around,
        )

    def _around(self, row: sqlite3.Row, state: State, reason: Reason, out: sqlite3.Row | None) -> Around:
        """What its reason asks for."""
        reader, rule, channel = self._reader, self._match["rule"], row["channel"]
        if reason is Reason.SILENCED and row["silence_id"] is not None:
            silence = reader.row(sql.SILENCE, silence=row["silence_id"])
            return Around(silence=silence_of(silence) if silence is not None else None)
        if reason is Reason.NO_ROUTE:
            return self._routed()
        if reason in (Reason.DUPLICATE, Reason.ALREADY_TOLD):
            story, secret = self._article["story_id"], kept_rules(reader).secret
            told = reader.rows(sql.TOLD_BEFORE, story=story, channel=channel, before=row["id"])
            # What secret rules told stands against their like alone, and the other way round.
            before = next((one for one in told if (one["rule"] in secret) is (rule in secret)), None)
            return Around(rival=_rival(before)) if before is not None else Around()
        waits_for_quiet = out is not None and (out["state"], out["bin"]) == (OutboxState.RETRY.value, QUIET)
        if (
            state is not State.HELD
            and not waits_for_quiet
            and (out is None or out["state"] != OutboxState.HELD.value)
        ):
            return Around()
        company = 0
        if out is not None and (waiting := reader.row(sql.STORIES_WAITING, outbox=out["id"])) is not None:
            company = int(waiting["n"])
        at, windows = from_db(row["at"]), tuple[str, ...]()
        until = from_db(out["next_attempt_at"]) if out is not None else None
        if at is not None and (reason is Reason.QUIET_HOURS or waits_for_quiet):
            windows = self._circumstances.windows(rule, channel, at, until)
        budget = self._circumstances.budget(rule, channel) if reason is Reason.BUDGET else ""
        return Around(company=company, budget=budget, windows=windows)

    def _routed(self) -> Around:
        """Where the routes as they are now would send it."""
        hits = json.loads(self._match["hits"])
        entities = [hit["entity"] for hit in hits if hit.get("entity")]
        routed = self._circumstances.routed(
            self._match["rule"], self._match["feed"], lang=self._article["language"], entities=entities
        )
        if routed is None:
            return Around()
        return Around(
            route=routed.why_nowhere,
            forbidden=not routed.channels and any(step.forbidden for step in routed.steps),
            now_to=routed.channels,
        )


def _rival(row: sqlite3.Row) -> Rival:
    at = from_db(row["at"])
    assert at is not None
    state = State(row["state"])
    return Rival(row["article_id"], row["title"], row["feed"], row["rule"], state, at, row["outbox_id"])


def _tried(row: sqlite3.Row) -> Tried:
    at = from_db(row["at"])
    assert at is not None
    return Tried(row["number"], at, row["answer"], row["status"], row["detail"])
