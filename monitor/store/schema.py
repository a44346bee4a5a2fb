"""
Bringing a database file to the schema of this version, and checking what it is.

The version is compared with plain sqlite3 (0.3 ms); Alembic and SQLAlchemy are imported only when there is
something to do. A file that holds anything is backed up first, and all steps run in one BEGIN IMMEDIATE
transaction, so that a failing step leaves the old schema, not half of the new one.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.store.connection import is_there, make_private, open_reader, open_writer
from monitor.store.faults import explain

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

HEAD = "0002"  # a test ties it to the newest migration
SCRIPTS = "monitor.store:migrations"
_VERSION = "SELECT version_num FROM alembic_version"


def version_of(path: Path) -> str | None:
    """The schema version of the file; None where there is no file or it is empty."""
    if not is_there(path) or path.stat().st_size == 0:
        return None
    with closing(open_reader(path)) as con:
        try:
            row = con.execute(_VERSION).fetchone()
        except sqlite3.DatabaseError as error:
            if "no such table" not in str(error):
                raise explain(error, path) from error
            tables = con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if not tables:
                return None
            raise StoreError(
                f"{path} is a database of another program", hint="let [monitor] database name another file"
            ) from error
    return str(row[0]) if row else None


def migrate(path: Path, *, now: datetime) -> Path | None:
    """
    Bring the file to HEAD, creating it where there is none; nothing is done where it is at HEAD.

    Returns the backup that was made first, if any. Raises StoreError for a file of a newer Tocsin.
    """
    current = version_of(path)
    if current == HEAD:
        return None
    if current is not None and current > HEAD:
        raise StoreError(
            f"{path} was written by a newer Tocsin (schema {current}, this version knows {HEAD})",
            hint="install that version again, or restore the backup it made before it upgraded",
        )
    saved = None
    if current is not None:
        saved = path.with_name(f"{path.name}.{current}.{now:%Y%m%dT%H%M%SZ}.backup")
        backup(path, saved)
    make_private(path)
    _upgrade(path)
    return saved


def _upgrade(path: Path) -> None:
    from alembic import command  # noqa: PLC0415 - see the module's docstring
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine, event  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    with closing(open_writer(path)):
        pass  # sets WAL, which is a property of the file and cannot be set inside a transaction
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _no_implicit_begin(dbapi: sqlite3.Connection, _record: object) -> None:
        dbapi.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin_immediate(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise explain(error.orig, path) from error
        raise
    finally:
        engine.dispose()


def backup(path: Path, target: Path) -> None:
    """Copy the database as of one moment, while others may write to it; the copy is 0600 as well."""
    if target.exists():
        raise StoreError(f"{target} exists already", hint="name another file")
    with closing(open_reader(path)) as source:
        make_private(target)
        try:
            with closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
            _sync(target)
        except (sqlite3.Error, OSError) as error:
            target.unlink(missing_ok=True)
            raise StoreError(f"the backup to {target} failed: {error}") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
