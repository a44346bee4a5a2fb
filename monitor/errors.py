"""
The error tree. Ordinary outcomes (not modified, feed down, no match) are values, not exceptions.

    TocsinError               something a person can act on; printed without a traceback
    ├── UsageError            the command line asked for something that cannot be: exit 2
    ├── ConfigError           the configuration cannot be used: exit 2; carries all findings
    ├── QueryError            a rule's query is not in the language; carries the column
    ├── StoreError            the database cannot be used; its `fault` says of which kind that is
    └── DaemonRunningError    another daemon holds this database
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Finding


class TocsinError(Exception):
    """Something a person can act on: one sentence, and a remedy where there is one."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TocsinError):
    """The command line asked for something that cannot be."""

    exit_code = 2


class ConfigError(TocsinError):
    """The configuration cannot be used; `findings` holds every problem at once."""

    exit_code = 2

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(f) for f in findings))
        self.findings = tuple(findings)


class QueryError(TocsinError):
    """
    A query is not in the language.

    `column` counts code points from 1 inside the query text.
    """

    exit_code = 2

    def __init__(self, message: str, *, query: str, column: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.query = query
        self.column = column


class Fault(Enum):
    """What is wrong with the store, as far as it decides what to do about it."""

    FULL = "full"  # no space left, or none left of a quota
    IO = "io"  # the disk, or what stands between it and us, refused a read or a write
    READ_ONLY = "read_only"
    LOCKED = "locked"  # by another program, for longer than we wait
    DAMAGED = "damaged"
    MISSING = "missing"  # not there, or not to be opened
    FOREIGN = "foreign"  # a file of something else
    OTHER = "other"

    @property
    def passing(self) -> bool:
        """Whether nothing at all can be recorded until it passes, as it may do by itself."""
        return self in (Fault.FULL, Fault.IO, Fault.READ_ONLY, Fault.LOCKED, Fault.MISSING)


class StoreError(TocsinError):
    """The database cannot be used."""

    def __init__(self, message: str, *, hint: str = "", fault: Fault = Fault.OTHER) -> None:
        super().__init__(message, hint=hint)
        self.fault = fault


class DaemonRunningError(TocsinError):
    """Another daemon holds this database."""
