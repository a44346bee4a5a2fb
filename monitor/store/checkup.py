"""What can be told of a database file: whether it is sound, whether its rows add up, how large it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.errors import Fault, StoreError
from monitor.store import sql
from monitor.store.database import Reader
from monitor.store.faults import how_to_restore
from monitor.store.schema import version_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MODES = {"0": "none", "1": "full", "2": "incremental"}


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found; `findings` empty = sound. Sizes in bytes, the write-ahead log counted in."""

    findings: tuple[str, ...]
    schema: str | None = None
    size: int = 0
    pages: int = 0
    free_pages: int = 0
    auto_vacuum: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)


def examine(path: Path, *, quick: bool = False) -> Checkup:
    """
    Read the whole file and hold its rows against each other; `quick` leaves out indexes and references.

    Nothing is changed. Raises StoreError where there is no file, or none of ours.
    """
    files = [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))]
    there = [one for one in files if one.exists()]
    size = sum(one.stat().st_size for one in there if not one.name.endswith("-shm"))
    modes = tuple(
        f"mode: others may use {one}; run: chmod 600 {one}" for one in there if one.stat().st_mode & 0o077
    )
    try:
        reader = Reader(path)
        try:
            version = version_of(path)
            pages, free, vacuum = (
                reader.pragma(name)[0] for name in ("page_count", "freelist_count", "auto_vacuum")
            )
            findings = tuple(_inside(reader, path, quick=quick))
            row = reader.row(sql.ROW_COUNTS)
            rows = {name: int(row[name]) for name in row.keys()} if row else {}  # noqa: SIM118 - no mapping
        finally:
            reader.close()
    except StoreError as error:
        if error.fault is not Fault.DAMAGED:
            raise
        return Checkup((f"integrity: {error.message}; {error.hint}", *modes), size=size)
    return Checkup((*findings, *modes), version, size, int(pages), int(free), _MODES[vacuum], rows)


def _inside(reader: Reader, path: Path, *, quick: bool) -> list[str]:
    """What SQLite finds damaged, and where matches, ledger and outbox do not add up."""
    lines = reader.pragma("quick_check" if quick else "integrity_check")
    findings = [f"integrity: {line}" for line in lines if line != "ok"]
    if findings:
        findings.append(f"integrity: {how_to_restore(path)}")
    if not quick:
        broken = Counter(reader.pragma("foreign_key_check"))
        findings += [f"reference: {n} of {table} refer to what is not there" for table, n in broken.items()]
    if orphans := len(reader.rows(sql.LEDGER_ORPHANS)):
        findings.append(f"ledger: matches without a row: {orphans}")
    if stray := len(reader.rows(sql.LEDGER_STRAY)):
        findings.append(f"ledger: rows that disagree with the outbox: {stray}")
    return findings
