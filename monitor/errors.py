"""
The error tree. Ordinary outcomes (not modified, feed down, no match) are values, not exceptions.

    TocsinError               something a person can act on; printed without a traceback
    ├── UsageError            the command line asked for something that cannot be: exit 2
    ├── ConfigError           the configuration cannot be used: exit 2; carries all findings
    ├── QueryError            a rule's query is not in the language; carries the column
    ├── StoreError            the database cannot be used (locked, full, foreign)
    │   └── DamagedError      its file is damaged
    └── DaemonRunningError    another daemon holds this database
"""

from __future__ import annotations

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


class StoreError(TocsinError):
    """The database cannot be used."""


class DamagedError(StoreError):
    """The database's file is damaged."""


class DaemonRunningError(TocsinError):
    """Another daemon holds this database."""
