"""The statements of stories: who tells the same, and where texts are found again. Part of `statements`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.store.core import p, story_joins

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_join = upsert(story_joins).values({c.name: p(c.name) for c in story_joins.columns})

STATEMENTS: dict[str, ClauseElement] = {
    "STORY_JOIN_UPSERT": _join.on_conflict_do_update(
        index_elements=["article_id"],
        set_={c.name: _join.excluded[c.name] for c in story_joins.columns if c.name != "article_id"},
    ),
    "STORY_JOIN": select(story_joins).where(story_joins.c.article_id == p("article")),
}
