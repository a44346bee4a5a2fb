"""The tables as SQLAlchemy Core sees them, and constants as SQL text: what statements are built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, literal_column, update
from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.expression import ClauseElement


def _table(model: Any) -> Table:
    return model.__table__  # type: ignore[no-any-return]


feeds, articles, sightings = _table(tables.Feed), _table(tables.Article), _table(tables.Sighting)
stories, rules, matches = _table(tables.Story), _table(tables.Rule), _table(tables.Match)
alerts, ledger, outbox = _table(tables.Alert), _table(tables.Ledger), _table(tables.Outbox)
attempts, channels = _table(tables.Attempt), _table(tables.Channel)
episodes, host_pauses = _table(tables.Episode), _table(tables.HostPause)
silences, budgets = _table(tables.Silence), _table(tables.Budget)
notices, facts, gaps = _table(tables.Notice), _table(tables.Fact), _table(tables.Gap)
pages, page_hosts, paragraphs = _table(tables.Page), _table(tables.PageHost), _table(tables.Paragraph)
shingles, story_joins, aliases = _table(tables.Shingle), _table(tables.StoryJoin), _table(tables.Alias)
p = bindparam


def const(word: str) -> Any:
    """A constant of ours as SQL text, not as a parameter."""
    return literal_column(f"'{word}'")


def words(*several: str) -> list[Any]:
    """Several constants, for IN."""
    return [const(word) for word in several]


UNSENT = words("ready", "retry", "leased", "held")


def inserting(table: Table) -> ClauseElement:
    """Insert a row, every column a parameter."""
    return insert(table).values({c.name: p(c.name) for c in table.columns})


def setting(table: Table, *names: str) -> Any:
    """Set these columns; the caller says of which rows."""
    return update(table).values({n: p(n) for n in names})


def upserting(table: Table, key: str, *keep: str) -> ClauseElement:
    """Insert, or overwrite every column but the key and those to keep."""
    new = upsert(table).values({c.name: p(c.name) for c in table.columns})
    changed = {c.name: new.excluded[c.name] for c in table.columns if c.name not in (key, *keep)}
    return new.on_conflict_do_update(index_elements=[key], set_=changed)
