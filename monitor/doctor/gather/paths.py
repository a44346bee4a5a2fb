"""Looking for files where one may not look: what cannot be seen is not there, as far as can be told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path


def seen(path: Path) -> stat_result | None:
    """What the kernel says of a file or folder; None where there is none, or none that we may see."""
    try:
        return path.stat()
    except OSError:
        return None


def is_file(path: Path) -> bool:
    """Whether it is a file that can be seen."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_dir(path: Path) -> bool:
    """Whether it is a folder that can be seen."""
    try:
        return path.is_dir()
    except OSError:
        return False


def text_of(path: Path) -> str:
    """What stands in it; "" where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that can be seen."""
    while seen(path) is None and path != path.parent:
        path = path.parent
    return path


def hidden(path: Path) -> bool:
    """Whether a file may be there, but not for us to look at."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return not os.access(path, os.R_OK)


def matching(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder that fit a pattern, by name; none where we may not look into it."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
