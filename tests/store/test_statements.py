"""The SQL text that is committed says what the tables say."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store import sql, statements
from monitor.store.connection import open_writer
from tests.support.store import new_database

TEXTS = {name: value for name, value in vars(sql).items() if name.isupper()}


def test_every_statement_stands_in_both_modules() -> None:
    """No statement is missing from the committed text, and none is left over there."""
    assert TEXTS.keys() == statements.STATEMENTS.keys()


def test_no_name_is_given_twice() -> None:
    """A statement of one part would silently take the place of another's."""
    parts = Path(statements.__file__).parent.glob("*.py")
    names = [
        n for part in parts for n in re.findall(r'^    "([A-Z_]+)":', part.read_text("utf-8"), re.MULTILINE)
    ]
    assert {"STORY_OF", "REPORTS_OF_STORY", "ROW_COUNTS"} <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_text_is_what_the_tables_compile_to(name: str) -> None:
    """`make sql` was run after the last change."""
    assert TEXTS[name] == statements.compiled(statements.STATEMENTS[name])


def test_sqlite_accepts_every_text(tmp_path: Path) -> None:
    """Each statement can be prepared against a migrated file: no column or table is misspelt."""
    with closing(open_writer(new_database(tmp_path))) as con:
        con.row_factory = sqlite3.Row
        for name, text in TEXTS.items():
            parameters = dict.fromkeys(statements.STATEMENTS[name].compile().params)
            try:
                con.execute(f"EXPLAIN {text}", parameters)
            except sqlite3.Error as error:
                pytest.fail(f"{name}: {error}")


def test_the_hot_path_loads_no_sqlalchemy() -> None:
    """Opening a database and running its statements imports neither SQLAlchemy nor Alembic."""
    code = (
        "import sys; import monitor.store.sync, monitor.store.outbox, monitor.store.database, "
        "monitor.store.schema, monitor.store.lock; "
        "print(sorted({'sqlalchemy', 'sqlmodel', 'alembic', 'pydantic'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
