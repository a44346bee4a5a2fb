"""Whether the database is ours, whole, of this version's schema, and free to be worked on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, Level, counted, found, named, size, span, well

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

LARGE_WAL = 128 << 20  # bytes: twice what a checkpoint leaves of the write-ahead log
OLD_BACKUP = 30  # days
# SQLite's own documentation: 3.7.0 to 3.51.2, but for two older lines that got the mend as well.
WAL_RESET_MENDED = (3, 51, 3)
WAL_RESET_BACKPORTS: Mapping[tuple[int, int], int] = {(3, 44): 6, (3, 50): 7}
OLD_BACKLOG = 6  # hours


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """
    The file and what SQLite says of it; sizes in bytes.

    `fault` is "" | "foreign" | "damaged" | "other" with its sentence and remedy. `damage` = lines of the
    integrity check; None = it was not read to the end. `holders` are programs other than Tocsin that have it
    open, `writer` one of them that keeps it locked.
    """

    path: Path
    exists: bool = True
    fault: str = ""
    message: str = ""
    remedy: str = ""
    schema: str | None = None
    head: str = ""
    damage: Sequence[str] | None = ()
    restore: str = ""
    size: int = 0
    wal: int = 0
    holders: Sequence[str] = ()
    writer: str = ""
    newest_backup: Path | None = None
    backup_age: timedelta | None = None
    sqlite: tuple[int, int, int] = WAL_RESET_MENDED


@dataclass(frozen=True, slots=True)
class OutboxFacts:
    """What waits to be delivered and was given up; `oldest` is the oldest that was tried and waits."""

    now: datetime
    dead: int = 0
    dead_channels: Sequence[str] = ()
    waiting: int = 0
    oldest: datetime | None = None


def judge_database(facts: DatabaseFacts) -> list[Finding]:
    """Everything that is wrong with it."""
    path = facts.path
    version = _sqlite(facts)
    if not facts.exists:
        what = "there is no database yet"
        return [found("not_started", what, where=path, remedy="start it: tocsin run"), *version]
    if facts.fault in ("foreign", "damaged", "other"):
        code = {"foreign": "database_foreign", "damaged": "database_damaged"}.get(
            facts.fault, "database_unusable"
        )
        return [found(code, facts.message, where=path, remedy=facts.remedy), *version]
    findings = [*_schema(facts), *_damage(facts), *_others(facts), *_backup(facts), *version]
    if all(f.level < Level.WARNING for f in findings):
        how = "whole" if facts.damage is not None else "not read whole"
        findings.insert(0, well("database", f"schema {facts.schema}, {size(facts.size)}, {how}", path))
    return findings


def judge_outbox(facts: OutboxFacts) -> list[Finding]:
    """Whether alerts reach their receivers."""
    findings = []
    if facts.dead:
        findings.append(
            found(
                "dead_letters",
                f"{counted(facts.dead, 'notification')} given up: {named(facts.dead_channels)}",
                remedy=(
                    "look why: tocsin outbox list; send them again: tocsin outbox retry --all, or: tocsin "
                    "outbox drop --all"
                ),
            )
        )
    if facts.oldest is not None and (age := (facts.now - facts.oldest).total_seconds()) > OLD_BACKLOG * 3600:
        findings.append(
            found(
                "backlog_old",
                f"a notification has been waiting for {span(age)} after a failed attempt",
                remedy=(
                    "see which channel refuses it, and try that: tocsin channels list, tocsin channels "
                    "test NAME"
                ),
            )
        )
    return findings or [well("outbox", f"{facts.waiting} on their way, none given up")]


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite has the race in which a reset of the log can damage a database."""
    if version >= WAL_RESET_MENDED:
        return False
    mended = WAL_RESET_BACKPORTS.get(version[:2])
    return mended is None or version[2] < mended


def _schema(facts: DatabaseFacts) -> list[Finding]:
    if facts.schema is None:
        return [
            found("not_started", "the database is empty", where=facts.path, remedy="start it: tocsin run")
        ]
    if facts.schema > facts.head:
        what = (
            f"the database was written by a newer Tocsin: schema {facts.schema}, this version "
            f"knows {facts.head}"
        )
        remedy = "install that version again, or restore the backup it made before it upgraded"
        return [found("schema_newer", what, where=facts.path, remedy=remedy)]
    if facts.schema < facts.head:
        what = f"the database waits for its migration from schema {facts.schema} to {facts.head}"
        remedy = (
            "it is backed up and migrated at the next start: systemctl restart tocsin, or now: "
            "tocsin db migrate"
        )
        return [found("schema_older", what, where=facts.path, remedy=remedy)]
    return []


def _damage(facts: DatabaseFacts) -> list[Finding]:
    if facts.damage is None:
        what = f"{size(facts.size)} were not read whole in the time there was"
        return [
            found(
                "database_not_read_whole",
                what,
                where=facts.path,
                remedy="read all of it: tocsin doctor --deep",
            )
        ]
    if not facts.damage:
        return []
    first = facts.damage[0].strip().replace("\n", " ")
    more = f" (and {len(facts.damage) - 1} more)" if len(facts.damage) > 1 else ""
    what = f"the database is damaged: {first[:200]}{more}"
    return [found("database_damaged", what, where=facts.path, remedy=facts.restore)]


def _others(facts: DatabaseFacts) -> list[Finding]:
    findings = []
    who = f"; it is open in {named(facts.holders)}" if facts.holders else ""
    if facts.writer:
        findings.append(
            found(
                "database_locked",
                f"{facts.writer} keeps the database locked, so nothing can be recorded",
                where=facts.path,
                remedy="close that program, or end its transaction",
            )
        )
    if facts.wal > LARGE_WAL:
        findings.append(
            found(
                "wal_large",
                f"the write-ahead log has grown to {size(facts.wal)}, for somebody keeps it from being "
                f"put away{who}",
                where=f"{facts.path}-wal",
                remedy="close what else has the database open, then: systemctl restart tocsin",
            )
        )
    return findings


def _backup(facts: DatabaseFacts) -> list[Finding]:
    age = facts.backup_age
    if age is None or age.days < OLD_BACKUP:
        return []
    what = f"the newest backup beside the database is {span(age.total_seconds())} old"
    remedy = f"make another, and let cron do it: tocsin db backup {facts.path.parent} --keep 7"
    return [found("backup_old", what, where=facts.newest_backup or "", remedy=remedy)]


def _sqlite(facts: DatabaseFacts) -> list[Finding]:
    if not has_wal_reset_bug(facts.sqlite):
        return []
    version = ".".join(map(str, facts.sqlite))
    what = (
        f"SQLite {version} has the WAL-reset bug: where two programs write to one database, it "
        "can be damaged;"
        " Tocsin's own verbs keep clear of it"
    )
    remedy = "let no other program write to the database, and take SQLite 3.51.3 when your system offers it"
    return [found("sqlite_old", what, remedy=remedy)]
