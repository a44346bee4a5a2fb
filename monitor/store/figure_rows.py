"""The statements of figures: how fast alerts were, what became of matches. Part of `statements.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, literal_column, select

from monitor.store.core import alerts, articles, const, feeds, ledger, matches, outbox, p, words

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_one: Any = literal_column("1")
# Whether it is the alert's first telling by a match at the article's first sight: an edit is fetched later
# than the article was, and nothing says when.
_at_first_sight = case(
    (
        and_(
            alerts.c.kind == const("first"),
            alerts.c.article_id == matches.c.article_id,
            matches.c.matched_at <= alerts.c.created_at,
        ),
        _one,
    ),
    else_=literal_column("0"),
)
_ways = (
    select(
        matches.c.rule,
        feeds.c.name.label("feed"),
        ledger.c.channel,
        articles.c.published,
        articles.c.fetched_at,
        matches.c.matched_at,
        ledger.c.at.label("sent_at"),
        feeds.c.baseline_at,
        _at_first_sight.label("first"),
    )
    .join(ledger, ledger.c.match_id == matches.c.id)
    .join(alerts, alerts.c.id == ledger.c.alert_id)
    .join(articles, articles.c.id == matches.c.article_id)
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(ledger.c.state == const("sent"))
)

STATEMENTS: dict[str, ClauseElement] = {
    "WAYS_SINCE": _ways.where(matches.c.matched_at >= p("since")).order_by(matches.c.id),
    "WAYS_OF_OUTBOX": _ways.where(ledger.c.outbox_id == p("outbox")),
    "LEDGER_OF_MATCHES_SINCE": select(ledger.c.state, ledger.c.reason, func.count().label("n"))
    .join(matches, matches.c.id == ledger.c.match_id)
    .where(matches.c.matched_at >= p("since"))
    .group_by(ledger.c.state, ledger.c.reason),
    "MATCHES_COUNT": select(func.count()).select_from(matches).where(matches.c.matched_at >= p("since")),
    "OUTBOX_OLDEST": select(func.min(outbox.c.created_at)).where(
        outbox.c.state.in_(words("ready", "retry", "leased"))
    ),
}
