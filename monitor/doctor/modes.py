"""Which files others of this machine could read or change. Pure."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, Level, found

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BY_OTHERS = 0o022


@dataclass(frozen=True, slots=True)
class Seen:
    """A file or folder with its mode; `kind` is "configuration", "credential" or "copy" (of the database)."""

    path: Path
    mode: int
    kind: str


def judge_modes(seen: Iterable[Seen]) -> list[Finding]:
    """
    What `check` does not look at: who may change the configuration, and who may read copies and credentials.

    The group counts as others, for nobody says who is in it, but often it is the owner alone.
    """
    findings = []
    for one in seen:
        if one.kind == "configuration" and one.mode & BY_OTHERS and not _is_sticky_folder(one.mode):
            findings.append(
                found(
                    "writable_configuration",
                    "others may change the configuration, and with it where alerts go",
                    where=one.path,
                    remedy=f"run: chmod go-w {one.path}",
                    level=Level.FAILURE if one.mode & 0o002 else Level.WARNING,
                )
            )
        if one.kind == "credential" and one.mode & 0o077:
            mode = "700" if stat.S_ISDIR(one.mode) else "600"
            findings.append(
                found(
                    "readable_secret",
                    f"others may use {one.path}, which holds secrets",
                    where=one.path,
                    remedy=f"run: chmod {mode} {one.path}",
                )
            )
        if one.kind == "copy" and one.mode & 0o077:
            findings.append(
                found(
                    "readable_backup",
                    "others may use a file that holds what the database holds",
                    where=one.path,
                    remedy=f"run: chmod 600 {one.path}",
                )
            )
    return findings


def _is_sticky_folder(mode: int) -> bool:
    return stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX)
