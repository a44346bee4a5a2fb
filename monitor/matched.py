"""What is on record of an article's matches and of its page, for `explaining.py`. Nothing is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.documents import read_spans
from monitor.model import OutboxState, Reason, State
from monitor.stages import Entered, PageNow, PageState, Tried
from monitor.store import sql
from monitor.store.rows import from_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

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


def matches_of(reader: Reader, article: sqlite3.Row, engine: Engine) -> dict[str, tuple[Matched, ...]]:
    """The stored matches of an article by rule."""
    paused = {r["name"]: from_db(r["paused_until"]) for r in reader.rows(sql.CHANNELS)}
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
            entered=tuple(
                _entered(reader, r, paused) for r in reader.rows(sql.LEDGER_OF_MATCH, match=row["id"])
            ),
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


def _entered(reader: Reader, row: sqlite3.Row, paused: Mapping[str, datetime | None]) -> Entered:
    at = from_db(row["at"])
    assert at is not None
    state, reason = State(row["state"]), Reason.of(row["reason"])
    out = reader.row(sql.OUTBOX, id=row["outbox_id"]) if row["outbox_id"] is not None else None
    if out is None:
        return Entered(row["channel"], state, reason, at)
    under_way = state in (State.WAITING, State.HELD)
    return Entered(
        channel=row["channel"],
        state=state,
        reason=reason,
        at=at,
        outbox_id=out["id"],
        outbox=OutboxState(out["state"]),
        next_attempt=from_db(out["next_attempt_at"]) if under_way else None,
        paused_until=paused.get(row["channel"]) if under_way else None,
        tried=tuple(_tried(r) for r in reader.rows(sql.ATTEMPTS_OF, outbox=out["id"])),
    )


def _tried(row: sqlite3.Row) -> Tried:
    at = from_db(row["at"])
    assert at is not None
    return Tried(row["number"], at, row["answer"], row["status"], row["detail"])
