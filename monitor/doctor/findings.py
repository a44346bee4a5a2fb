"""
What the doctor says: a finding, its level, and the catalogue of everything that can be found.

Every finding has a code of the catalogue: programs rely on it, and docs/doctor.md lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Level(IntEnum):
    """How bad it is; ordered. A failure loses or delays alerts, or will soon; a warning may."""

    OK = 0
    NOTE = 1
    WARNING = 2
    FAILURE = 3

    @property
    def label(self) -> str:
        """The word of the output."""
        return self.name.lower()


# What is looked at, in the order in which it is told.
GROUPS = (
    *("configuration", "files", "disk", "database", "outbox", "daemon", "service", "journal", "clock"),
    *("system", "network", "feeds", "rules", "channels", "watch"),
)

N, W, F = Level.NOTE, Level.WARNING, Level.FAILURE
# code: (group, usual level)
CATALOGUE: Mapping[str, tuple[str, Level]] = {
    # --- the doctor itself
    "check_crashed": ("system", W),
    "check_late": ("system", W),
    "check_forbidden": ("system", N),
    # --- configuration
    "no_configuration": ("configuration", F),
    "configuration_refused": ("configuration", F),
    "configuration_warning": ("configuration", W),
    "configuration_advice": ("configuration", N),
    "no_contact": ("configuration", N),
    # --- files
    "readable_secret": ("files", W),
    "readable_database": ("files", W),
    "readable_backup": ("files", W),
    "writable_folder": ("files", W),
    "writable_configuration": ("files", F),
    # --- disk
    "folder_missing": ("disk", F),
    "folder_not_writable": ("disk", F),
    "database_not_writable": ("disk", F),
    "read_only_disk": ("disk", F),
    "network_disk": ("disk", F),
    "volatile_disk": ("disk", W),
    "container_disk": ("disk", N),
    "disk_full": ("disk", F),
    "disk_low": ("disk", W),
    "inodes_out": ("disk", F),
    "inodes_low": ("disk", W),
    "no_reserve": ("disk", W),
    # --- database
    "not_started": ("database", N),
    "database_foreign": ("database", F),
    "database_unusable": ("database", F),
    "database_damaged": ("database", F),
    "database_not_read_whole": ("database", N),
    "schema_newer": ("database", F),
    "schema_older": ("database", W),
    "wal_large": ("database", W),
    "database_locked": ("database", W),
    "backup_old": ("database", W),
    "sqlite_old": ("database", N),
    # --- outbox
    "dead_letters": ("outbox", W),
    "backlog_old": ("outbox", W),
    # --- daemon
    "daemon_stopped": ("daemon", F),
    "daemon_stuck": ("daemon", F),
    "daemon_trouble": ("daemon", F),
    "foreign_lock": ("daemon", F),
    "older_program": ("daemon", W),
    "older_configuration": ("daemon", W),
    "configuration_not_taken": ("daemon", W),
    "offline": ("daemon", W),
    # --- service
    "no_unit": ("service", N),
    "unit_program_missing": ("service", F),
    "unit_other_configuration": ("service", W),
    "unit_credential_missing": ("service", F),
    "unit_loosened": ("service", W),
    "unit_no_watchdog": ("service", W),
    "unit_no_restart": ("service", W),
    "unit_gives_up": ("service", W),
    "unit_not_enabled": ("service", W),
    "unit_not_reloaded": ("service", W),
    "unit_restarts": ("service", W),
    "no_linger": ("service", F),
    # --- journal
    "journal_volatile": ("journal", W),
    "journal_off": ("journal", W),
    "journal_small": ("journal", W),
    "journal_suppresses": ("journal", W),
    # --- clock
    "clock_off": ("clock", F),
    "clock_behind_program": ("clock", F),
    "clock_went_back": ("clock", F),
    "zone_unknown": ("clock", W),
    # --- system
    "few_open_files": ("system", W),
    "memory_limit_low": ("system", W),
    "memory_short": ("system", W),
    # --- network
    "no_dns": ("network", F),
    "name_unresolved": ("network", W),
    "no_certificates": ("network", F),
    "certificates_missing": ("network", F),
    "nothing_reached": ("network", F),
    # --- feeds
    "feed_certificate": ("feeds", W),
    "feed_gone": ("feeds", W),
    "feed_missing": ("feeds", W),
    "feed_login": ("feeds", W),
    "feed_not_a_feed": ("feeds", W),
    "feed_unreachable": ("feeds", W),
    "feed_refused": ("feeds", W),
    "feed_moved": ("feeds", N),
    "feed_paused": ("feeds", N),
    "feed_secret_missing": ("feeds", F),
    # --- rules
    "rule_blind": ("rules", F),
    "rule_partly_blind": ("rules", W),
    # --- channels
    "channel_secret_missing": ("channels", F),
    "channel_url": ("channels", F),
    "channel_targets": ("channels", F),
    "credential_form": ("channels", W),
    "channel_refusing": ("channels", W),
    "channel_folder": ("channels", F),
    # --- what looks after Tocsin itself
    "canary_missing": ("watch", F),
    "deadman_held": ("watch", W),
    "deadman_unanswered": ("watch", W),
    "health_unread": ("watch", W),
    "unwatched": ("watch", N),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found, in a sentence, with where it is and the one sentence that mends it.

    `code` is one of the catalogue, or "ok" for what was looked at and is well. No text holds a secret.
    """

    group: str
    code: str
    level: Level
    what: str
    where: str = ""
    remedy: str = ""


def found(
    code: str, what: str, *, where: object = "", remedy: str = "", level: Level | None = None
) -> Finding:
    """A finding of the catalogue, at its usual level or another."""
    group, usual = CATALOGUE[code]
    return Finding(group, code, usual if level is None else level, what, str(where), remedy)


def well(group: str, what: str, where: object = "") -> Finding:
    """What was looked at and is as it should be."""
    return Finding(group, "ok", Level.OK, what, str(where))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By group, the worst first."""
    return sorted(findings, key=lambda f: (GROUPS.index(f.group), -f.level))


def counted(number: int, word: str) -> str:
    """A number with its word."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def size(count: float) -> str:
    """Bytes as people read them, in the units of `df -h`."""
    for unit, one in (("GB", 1 << 30), ("MB", 1 << 20)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{int(count) // 1024} KB"


def span(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * length or (abs(seconds) >= length and unit != "d"):
            return f"{int(abs(seconds) // length)} {unit}"
    return f"{int(abs(seconds))} s"


def named(names: Iterable[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
