"""
Bringing a database file to the schema of this version, and checking what it is.

The version is compared with plain sqlite3 (0.3 ms), and a new file is made by it from `newest.py`, which
holds what the migrations make of an empty one; Alembic and SQLAlchemy (0.4 s, 30 MB) are imported only where
there is something to upgrade. A file that holds anything is backed up first, and all steps run in one BEGIN
IMMEDIATE transaction, so that a failing step leaves the old schema, not half of the new one. Files are kept
with incremental vacuum: what is pruned is given back in small pieces, without copying the file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.store import newest
from monitor.store.connection import is_there, make_private, open_reader, open_writer
from monitor.store.faults import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

HEAD = "0005"  # a test ties it to the newest migration
SCRIPTS = "monitor.store:migrations"
_VERSION = "SELECT version_num FROM alembic_version"
_INCREMENTAL = 2  # of PRAGMA auto_vacuum
_AT_ONCE = 1024  # pages copied between two reports of progress
_MARGIN = 1 << 20  # bytes that a backup leaves free at least
_UPGRADING = ".upgrading.backup"  # ends the name of the backup while its migration is under way


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

    Returns the backup that was made first, if any. Raises StoreError for a file of a newer Tocsin, and where
    the disk has no room for the backup; nothing is changed then.
    """
    current = version_of(path)
    kept = path.with_name(f"{path.name}{_UPGRADING}")
    if current == HEAD:
        return _keep(kept, path, now) if kept.exists() else None
    if current is not None and current > HEAD:
        raise StoreError(
            f"{path} was written by a newer Tocsin (schema {current}, this version knows {HEAD})",
            hint="install that version again, or restore the backup it made before it upgraded",
        )
    if current is not None:
        kept.unlink(missing_ok=True)  # of an attempt that did not come to its end: the file is as it was
        backup(path, kept)
    make_private(path)
    _set_vacuum(path)
    if current is None and newest.VERSION == HEAD:
        _create(path)
    else:
        _upgrade(path)
    if current is None:
        return None
    _convert(path)
    return _keep(kept, path, now)


def _keep(kept: Path, path: Path, now: datetime) -> Path:
    """
    Give the backup its lasting name, once the migration that it was made for is done.

    Until then there is one name for it, so that a migration which is tried again and again, by a service
    manager for instance, fills no disk with backups.
    """
    saved = path.with_name(f"{path.name}.{version_of(kept)}.{now:%Y%m%dT%H%M%SZ}.backup")
    kept.replace(saved)
    return saved


def _set_vacuum(path: Path) -> None:
    """Give an empty file incremental vacuum; it must be asked for before the first table and before WAL."""
    try:
        with closing(sqlite3.connect(path)) as con:
            con.execute(f"PRAGMA auto_vacuum={_INCREMENTAL}")
            con.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise explain(error, path) from error


def _convert(path: Path) -> None:
    """
    Give a file of an older version incremental vacuum, where the disk has room for writing it anew once.

    It is a comfort: where it cannot be had the file only never gets smaller, and `db check` says so.
    """
    with suppress(sqlite3.Error), closing(open_writer(path)) as con:
        if con.execute("PRAGMA auto_vacuum").fetchone()[0] == _INCREMENTAL:
            return
        # A vacuum writes the file anew among the temporary ones, and then through the write-ahead log.
        if free_bytes(path.parent) < 2 * path.stat().st_size + _MARGIN:
            return
        con.execute(f"PRAGMA auto_vacuum={_INCREMENTAL}")
        con.execute("VACUUM")
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def free_bytes(folder: Path) -> int:
    """What the file system of a folder has free for us."""
    return shutil.disk_usage(folder).free


def _create(path: Path) -> None:
    """Make an empty file one of the newest schema, whole or not at all."""
    with closing(open_writer(path)) as con:
        try:
            con.execute("BEGIN IMMEDIATE")
            for statement in newest.STATEMENTS:
                con.execute(statement)
            con.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (newest.VERSION,))
            con.execute("COMMIT")
        except sqlite3.Error as error:
            raise explain(error, path) from error


def made_by_migrations(path: Path) -> list[str]:
    """Make a file by all migrations, and return the statements that make one of the same schema at once."""
    make_private(path)
    _set_vacuum(path)
    _upgrade(path)
    with closing(open_reader(path)) as con:
        return [row[0] for row in con.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]


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


def backup(path: Path, target: Path, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """
    Copy the database as of one moment, while others may write to it.

    The copy is 0600 as well, and bears its name only once it is whole. `progress` is told the pages done and
    how many there are. Raises StoreError, before anything is written, where the target exists, its folder
    does not, or its disk has no room.
    """
    if target.exists():
        raise StoreError(f"{target} exists already", hint="name another file")
    if not target.parent.is_dir():  # not made: a disk that is not mounted would go unnoticed
        hint = f"see that its disk is mounted, or make it: mkdir -p {target.parent}"
        raise StoreError(f"there is no folder {target.parent}", hint=hint)
    with closing(open_reader(path)) as source:
        try:
            # The open transaction holds the moment: else each write of others would begin the copy anew.
            source.execute("BEGIN")
            pages = source.execute("PRAGMA page_count").fetchone()[0]
            size = pages * source.execute("PRAGMA page_size").fetchone()[0]
            source.execute(_VERSION).fetchone()
        except sqlite3.Error as error:
            raise explain(error, path) from error
        _require_room(target, size)
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)  # of a copy that was killed
        make_private(part)
        try:
            with closing(sqlite3.connect(part)) as copy:
                source.backup(
                    copy, pages=_AT_ONCE, progress=lambda _status, left, total: progress(total - left, total)
                )
            _sync(part)
            part.replace(target)
            _sync(target.parent)
        except (sqlite3.Error, OSError) as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"the backup to {target} failed: {error}") from error


def _require_room(target: Path, size: int) -> None:
    folder = target.parent
    while not folder.exists():
        folder = folder.parent
    free = free_bytes(folder)
    if free < size + _MARGIN:
        raise StoreError(
            f"no room for a backup of {megabytes(size)} at {target}: its disk has {megabytes(free)} free",
            hint="free some space on that disk first; nothing was changed",
        )


def megabytes(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
