"""
Every statement the daemon runs, as SQLAlchemy Core over the tables.

`python -m monitor.store.statements > monitor/store/sql.py` compiles them once to SQL text with named
parameters, which is committed and run by sqlite3 directly: importing SQLAlchemy costs 0.3 s of CPU, more
than polling five hundred unchanged feeds. A test holds text and tables equal.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from sqlalchemy import (
    and_,
    delete,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import sqlite

from monitor.store import (
    article_rows,
    feed_rows,
    figure_rows,
    held_rows,
    old_rows,
    outbox_rows,
    page_rows,
    queue_rows,
    seen_rows,
    story_rows,
    told_rows,
)
from monitor.store.core import (
    UNSENT,
    alerts,
    articles,
    channels,
    const,
    episodes,
    facts,
    feeds,
    gaps,
    host_pauses,
    inserting,
    ledger,
    matches,
    notices,
    outbox,
    p,
    rules,
    setting,
    upserting,
    words,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement


_alert_view = (
    select(
        alerts.c.id,
        alerts.c.rule,
        alerts.c.severity,
        alerts.c.kind,
        alerts.c.story_id,
        alerts.c.article_id,
        alerts.c.created_at,
        articles.c.title,
        articles.c.url,
        articles.c.published,
        articles.c.fetched_at,
        feeds.c.name.label("feed"),
    )
    .join(articles, articles.c.id == alerts.c.article_id)
    .join(feeds, feeds.c.id == articles.c.feed_id)
)

STATEMENTS: dict[str, ClauseElement] = {
    **feed_rows.STATEMENTS,
    **article_rows.STATEMENTS,
    # rules
    "RULES": select(rules).order_by(rules.c.name),
    "RULE_UPSERT": upserting(rules, "name", "first_loaded_at"),
    "RULE_RETIRE": setting(rules, "retired_at").where(rules.c.name == p("rule_name")),
    # matches, alerts, ledger
    "MATCH_INSERT": inserting(matches),
    "MATCHES_OF_ARTICLE": select(matches, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(matches.c.article_id == p("article"))
    .order_by(matches.c.id),
    "MATCHES_BY_STATE": select(matches.c.rule, ledger.c.state, func.count(matches.c.id.distinct()).label("n"))
    .outerjoin(ledger, ledger.c.match_id == matches.c.id)
    .where(matches.c.matched_at >= p("since"))
    .group_by(matches.c.rule, ledger.c.state),
    "MATCHES_BY_RULE": select(matches.c.rule, func.count().label("n"))
    .where(matches.c.matched_at >= p("since"))
    .group_by(matches.c.rule),
    "LAST_MATCH": select(func.max(matches.c.id)),
    "ALERT_INSERT": inserting(alerts),
    "LEDGER_INSERT": inserting(ledger),
    "LEDGER_SETTLE": setting(ledger, "state", "reason", "at").where(ledger.c.outbox_id == p("outbox")),
    "LEDGER_OF_ALERT": select(
        ledger.c.channel, ledger.c.state, ledger.c.reason, ledger.c.at, ledger.c.outbox_id
    )
    .where(ledger.c.alert_id == p("alert"))
    .order_by(ledger.c.id),
    "LEDGER_OF_MATCH": select(ledger).where(ledger.c.match_id == p("match")).order_by(ledger.c.id),
    "SUPPRESSED_MATCHES": select(ledger.c.reason, func.count(ledger.c.match_id.distinct()).label("n"))
    .where(ledger.c.state == const("suppressed"))
    .group_by(ledger.c.reason),
    "LEDGER_ORPHANS": select(matches.c.id)
    .outerjoin(ledger, ledger.c.match_id == matches.c.id)
    .where(ledger.c.id.is_(None)),
    "LEDGER_STRAY": select(ledger.c.id)
    .outerjoin(outbox, outbox.c.id == ledger.c.outbox_id)
    .where(
        or_(
            and_(
                ledger.c.state.in_(words("waiting", "held", "sent", "dead", "dropped")),
                outbox.c.id.is_(None),
                ledger.c.reason != const("comparing"),  # is decided once its page was read
            ),
            and_(ledger.c.state == const("waiting"), outbox.c.state.not_in(UNSENT)),
            and_(ledger.c.state == const("held"), outbox.c.state != const("held")),
            and_(ledger.c.state == const("sent"), outbox.c.state != const("sent")),
            and_(ledger.c.state == const("dead"), outbox.c.state != const("dead")),
            and_(ledger.c.state == const("dropped"), outbox.c.state != const("dropped")),
        )
    ),
    "ALERTS_OF_STORY": select(alerts.c.id, alerts.c.rule).where(alerts.c.story_id == p("story")),
    "ALERTS": _alert_view.where(alerts.c.id <= p("top"), alerts.c.created_at >= p("since"))
    .order_by(alerts.c.id.desc())
    .limit(p("count")),
    "ALERT": _alert_view.where(alerts.c.id == p("id")),
    "ALERTS_COUNT": select(func.count()).select_from(alerts).where(alerts.c.created_at >= p("since")),
    # By id, which needs no scan: ids are given in the order of time.
    "LAST_ALERT": select(alerts.c.created_at).order_by(alerts.c.id.desc()).limit(literal_column("1")),
    "MATCH_OF_ALERT": select(matches.c.hits, matches.c.rule_hash, matches.c.strength, matches.c.matched_at)
    .where(matches.c.article_id == p("article"), matches.c.rule == p("rule"))
    .order_by(matches.c.id),
    "BASELINE_MATCHES": select(matches.c.rule, articles.c.title, articles.c.url, feeds.c.name.label("feed"))
    .join(ledger, ledger.c.match_id == matches.c.id)
    .join(articles, articles.c.id == matches.c.article_id)
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(ledger.c.reason == const("baseline"), matches.c.id > p("after"))
    .order_by(articles.c.published.desc(), articles.c.id.desc())
    .limit(p("count")),
    "BASELINE_COUNT": select(func.count())
    .select_from(ledger)
    .where(ledger.c.reason == const("baseline"), ledger.c.match_id > p("after")),
    **outbox_rows.STATEMENTS,
    # channels, notices, facts
    "CHANNELS": select(channels).order_by(channels.c.name),
    "CHANNEL": select(channels).where(channels.c.name == p("name")),
    "CHANNEL_UPSERT": upserting(channels, "name"),
    "NOTICE_INSERT": inserting(notices),
    "NOTICE_SINCE": select(notices.c.id).where(
        notices.c.kind == p("kind"), notices.c.subject == p("subject"), notices.c.at >= p("since")
    ),
    "NOTICES_SINCE": select(notices).where(notices.c.at >= p("since")).order_by(notices.c.id),
    "EPISODE_INSERT": inserting(episodes),
    "EPISODE_UPDATE": setting(episodes, "detail", "told_at", "ended_at", "end_told_at").where(
        episodes.c.id == p("episode")
    ),
    "EPISODE_CLOCK": setting(episodes, "since", "told_at").where(episodes.c.id == p("episode")),
    "EPISODES_OPEN": select(episodes).where(episodes.c.ended_at.is_(None)).order_by(episodes.c.id),
    "EPISODES_OF": select(episodes).where(episodes.c.feed_id == p("feed")).order_by(episodes.c.since.desc()),
    "EPISODES_OPEN_OF": select(episodes).where(
        episodes.c.feed_id == p("feed"), episodes.c.ended_at.is_(None)
    ),
    "EPISODES_TO_TELL": select(episodes)
    .where(
        or_(
            and_(episodes.c.ended_at.is_(None), episodes.c.told_at.is_(None)),
            and_(episodes.c.ended_at.is_not(None), episodes.c.end_told_at.is_(None)),
        )
    )
    .order_by(episodes.c.id),
    "HOST_PAUSE_UPSERT": upserting(host_pauses, "host"),
    "HOST_PAUSES": select(host_pauses).order_by(host_pauses.c.host),
    "GAP_INSERT": inserting(gaps),
    "GAPS_OF": select(gaps).where(gaps.c.feed_id == p("feed")).order_by(gaps.c.until.desc()),
    "GAPS_SINCE": select(gaps, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == gaps.c.feed_id)
    .where(gaps.c.until >= p("since"))
    .order_by(gaps.c.until.desc()),
    **figure_rows.STATEMENTS,
    **held_rows.STATEMENTS,
    **queue_rows.STATEMENTS,
    **old_rows.STATEMENTS,
    **page_rows.STATEMENTS,
    **story_rows.STATEMENTS,
    **seen_rows.STATEMENTS,
    **told_rows.STATEMENTS,
    "FACT": select(facts.c.value, facts.c.at).where(facts.c.name == p("name")),
    "FACT_UPSERT": upserting(facts, "name"),
    "FACT_DELETE": delete(facts).where(facts.c.name == p("name")),
}

_HEADER = '''"""
The statements of `statements.py`, compiled to SQL text. Written by `make sql`; do not edit by hand.
"""

# ruff: noqa: D200, E501 - generated: one statement a line, however long
# fmt: off

'''


def compiled(statement: ClauseElement) -> str:
    """The statement's SQL text on one line, with named parameters."""
    dialect = sqlite.dialect(paramstyle="named")
    # SQLite's dialect adds an OFFSET parameter to every parameterised LIMIT; none of ours has an offset.
    return " ".join(str(statement.compile(dialect=dialect)).split()).replace(" OFFSET :param_1", "")


def main() -> None:
    """Write the module `sql.py` to standard output."""
    lines = [f"{name} = {json.dumps(compiled(s))}" for name, s in STATEMENTS.items()]
    sys.stdout.write(_HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
