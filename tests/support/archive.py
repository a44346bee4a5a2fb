"""The made-up newsroom's database as it grows over years: many articles, in any earlier schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.support import harbour

if TYPE_CHECKING:
    from pathlib import Path

EACH_MATCHED = 20  # one article in so many holds a match with its row of the ledger
_FIRST = 1000  # ids below are the newsroom's own
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
# The newsroom's first article under other numbers; its other columns, whatever they are, are copied.
_COPIED = {
    "stories": {"id": "i"},
    "articles": {
        "id": "i",
        "story_id": "i",
        "url": "'https://harbour.example/old/' || i",
        "title": "'Ship ' || i || ' enters the harbour'",
        "summary": "'Its captain told the harbour master of number ' || i || printf('%.*c', 500, '.')",
    },
    "sightings": {"article_id": "i", "guid": "i * 7919", "link": "i * 104729", "content": "i * 15485863"},
    "matches": {"id": "i", "article_id": "i"},
    "ledger": {"id": "i", "match_id": "i"},
}


def grown(fixture: Path, path: Path, articles: int) -> Path:
    """A database of the schema of `fixture`, with so many articles more; every twentieth has a match."""
    harbour.restored(fixture.read_text(encoding="utf-8"), path)
    bounds = {"first": _FIRST, "last": _FIRST + articles - 1}
    with closing(sqlite3.connect(path)) as con:
        for table, made in _COPIED.items():
            columns = [row[1] for row in con.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(made.get(name, f"t.{name}") for name in columns)
            some = f"WHERE n.i % {EACH_MATCHED} = 0" if table in ("matches", "ledger") else ""
            con.execute(
                f"INSERT INTO {table} {_NUMBERS} SELECT {values} FROM n, "
                f"(SELECT * FROM {table} LIMIT 1) AS t {some}",
                bounds,
            )
        con.commit()
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path
