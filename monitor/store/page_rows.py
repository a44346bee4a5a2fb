"""The statements of pages: what waits, what was asked, what hosts said. Part of `statements.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.store.core import p, pages

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

STATEMENTS: dict[str, ClauseElement] = {
    "PAGE_INSERT": upsert(pages).values({c.name: p(c.name) for c in pages.columns}).on_conflict_do_nothing(),
}
