"""The statements of pages: what waits, what was asked, what hosts said. Part of `statements.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, func, literal_column, null, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.store.core import aliases, articles, const, feeds, p, page_hosts, pages, paragraphs

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_ONE: Any = literal_column("1")  # as text, not as parameters
_NONE: Any = literal_column("0")
_of = and_(pages.c.article_id == p("article"), pages.c.feed_id == p("feed"))
_waits = pages.c.done_at.is_(None)
_others = pages.alias("others")
_turn: Any = func.row_number().over(
    partition_by=pages.c.host,
    order_by=(pages.c.priority.desc(), pages.c.created_at, pages.c.article_id, pages.c.feed_id),
)
_due = (
    select(pages, _turn.label("turn"))
    .where(_waits, pages.c.next_attempt_at <= p("now"), pages.c.deadline > p("now"))
    .subquery()
)
_host = upsert(page_hosts).values({c.name: p(c.name) for c in page_hosts.columns})
_paragraph = upsert(paragraphs).values({c.name: p(c.name) for c in paragraphs.columns})
_alias = upsert(aliases).values({c.name: p(c.name) for c in aliases.columns})

STATEMENTS: dict[str, ClauseElement] = {
    "PAGE_INSERT": upsert(pages).values({c.name: p(c.name) for c in pages.columns}).on_conflict_do_nothing(),
    "PAGE": select(pages).where(_of),
    "PAGE_RAISE": update(pages)
    .values({n: p(n) for n in ("purpose", "priority", "hold_until")})
    .where(_of, _waits),
    # Whether there is anything to do: by far the most looks end here.
    "PAGES_NEXT": select(
        func.min(pages.c.next_attempt_at).label("attempt"),
        func.min(pages.c.deadline).label("deadline"),
        select(func.min(_others.c.hold_until)).scalar_subquery().label("hold"),
    ).where(_waits),
    # The first of each host: one is asked for one page at a time.
    "PAGES_DUE": select(_due, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == _due.c.feed_id)
    .where(_due.c.turn == _ONE)
    .order_by(_due.c.priority.desc(), _due.c.created_at, _due.c.article_id, _due.c.feed_id),
    "PAGES_OVERDUE": select(pages)
    .where(_waits, pages.c.deadline <= p("now"))
    .order_by(pages.c.deadline, pages.c.article_id, pages.c.feed_id)
    .limit(p("count")),
    "PAGES_ASKED": select(pages.c.host, pages.c.attempts, pages.c.asked_at).where(
        pages.c.asked_at > p("since"), pages.c.attempts > _NONE
    ),
    "PAGE_HOST_ASKED": select(func.max(pages.c.asked_at)).where(pages.c.host == p("host")),
    # Another feed shows the same article, and its page was asked for to no avail.
    "PAGE_ASKED_ELSEWHERE": select(_others.c.feed_id).where(
        _others.c.article_id == p("article"),
        _others.c.feed_id != p("feed"),
        _others.c.done_at.is_not(None),
        _others.c.attempts > _NONE,
    ),
    "PAGE_LEASE": update(pages)
    .values(attempts=pages.c.attempts + _ONE, asked_at=p("now"), next_attempt_at=p("next"))
    .where(_of, _waits),
    "PAGE_UNLEASE": update(pages)
    .values(attempts=pages.c.attempts - _ONE, next_attempt_at=p("next"))
    .where(_of, _waits, pages.c.attempts > _NONE),
    "PAGE_LATER": update(pages).values(next_attempt_at=p("next")).where(_of, _waits),
    "PAGES_OF_HOST_LATER": update(pages)
    .values(next_attempt_at=p("next"))
    .where(_waits, pages.c.host == p("host"), pages.c.next_attempt_at < p("next")),
    # An alert may wait on for another page: it is `paging.decide_held` that ends that.
    "PAGE_DONE": update(pages).values(done_at=p("now")).where(_of, _waits),
    "PAGES_HOLD_NO_LONGER": update(pages).values(hold_until=p("now")).where(pages.c.hold_until > p("now")),
    # Of a host nothing is to be had before then: no alert waits for a page of it.
    "PAGES_OF_HOST_NO_HOLD": update(pages)
    .values(hold_until=p("now"))
    .where(_waits, pages.c.host == p("host"), pages.c.hold_until > p("now"), pages.c.hold_until <= p("next")),
    "PAGE_NO_HOLD": update(pages)
    .values(hold_until=p("now"))
    .where(_of, _waits, pages.c.hold_until > p("now"), pages.c.hold_until <= p("next")),
    "PAGES_RELEASE": update(pages).values(hold_until=null()).where(pages.c.hold_until <= p("now")),
    "PAGES_WAITING": select(pages)
    .where(or_(_waits, pages.c.hold_until.is_not(None)))
    .order_by(pages.c.article_id, pages.c.feed_id),
    "PAGE_CLOCK": update(pages)
    .values({n: p(n) for n in ("created_at", "next_attempt_at", "deadline", "hold_until", "asked_at")})
    .where(_of),
    "PAGE_COUNTS": select(
        func.count(pages.c.article_id.distinct()).label("waiting"),
        func.count(case((pages.c.hold_until.is_not(None), pages.c.article_id)).distinct()).label("held"),
    ).where(_waits),
    "PAGES_ENDED": select(
        articles.c.page_why,
        func.count(articles.c.id.distinct()).label("n"),
        func.count(case((articles.c.page != const(""), articles.c.id)).distinct()).label("read"),
    )
    .join(articles, articles.c.id == pages.c.article_id)
    .where(pages.c.done_at >= p("since"))
    .group_by(articles.c.page_why)
    .order_by(func.count(articles.c.id.distinct()).desc(), articles.c.page_why),
    "ARTICLE_PAGE_WHY": update(articles)
    .values(page_why=p("why"))
    .where(articles.c.id == p("article"), articles.c.page == const("")),
    "PAGE_HOST": select(page_hosts).where(page_hosts.c.host == p("host")),
    "PAGE_HOST_UPSERT": _host.on_conflict_do_update(
        index_elements=["host"],
        set_={c.name: _host.excluded[c.name] for c in page_hosts.columns if c.name != "host"},
    ),
    "OLD_PAGE_HOSTS": delete(page_hosts).where(page_hosts.c.at < p("before")),
    "PARAGRAPHS_OF": select(paragraphs.c.page, paragraphs.c.at).where(
        paragraphs.c.host == p("host"),
        paragraphs.c.paragraph == p("paragraph"),
        paragraphs.c.at >= p("since"),
    ),
    "PARAGRAPH_UPSERT": _paragraph.on_conflict_do_update(
        index_elements=["host", "paragraph", "page"], set_={"at": _paragraph.excluded.at}
    ),
    "OLD_PARAGRAPHS": delete(paragraphs).where(
        tuple_(paragraphs.c.host, paragraphs.c.paragraph, paragraphs.c.page).in_(
            select(paragraphs.c.host, paragraphs.c.paragraph, paragraphs.c.page)
            .where(paragraphs.c.at < p("before"))
            .limit(p("count"))
        )
    ),
    "ALIAS_UPSERT": _alias.on_conflict_do_update(
        index_elements=["link", "article_id"], set_={"at": _alias.excluded.at}
    ),
    "OLD_ALIASES": delete(aliases).where(
        tuple_(aliases.c.link, aliases.c.article_id).in_(
            select(aliases.c.link, aliases.c.article_id).where(aliases.c.at < p("before")).limit(p("count"))
        )
    ),
}
