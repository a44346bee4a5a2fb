"""Whether the files of a configuration on the disk still are what was read from them."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from monitor.settings import Config


def digest_of(raw: bytes) -> str:
    """What tells one content of a file from another."""
    return blake2b(raw, digest_size=16).hexdigest()


def included(patterns: Iterable[str]) -> list[str]:
    """The files that fit any of the `include` patterns, sorted, as `include` reads them."""
    # glob and not Path.glob, which refuses absolute patterns
    return [path for pattern in patterns for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207


@dataclass(slots=True)
class Fingerprint:
    """
    The files of a configuration as they were read: main file, included ones, OPML files.

    `changed` reads a file again only where its size, its times or its inode moved since it was last found
    unchanged. Call it from one thread at a time.
    """

    digests: Mapping[Path, str]
    patterns: tuple[str, ...] = ()
    _seen: dict[Path, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Fingerprint:
        """That of the files this configuration was read from."""
        return cls(config.digests, config.include)

    def changed(self) -> tuple[str, ...]:
        """The files that differ now: edited, vanished, unreadable, or new and included; sorted."""
        known = {os.path.realpath(path) for path in self.digests}
        new = {path for path in included(self.patterns) if os.path.realpath(path) not in known}
        return tuple(sorted({str(path) for path in self.digests if not self._same(path)} | new))

    def _same(self, path: Path) -> bool:
        try:
            stat = path.stat()
            mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._seen.get(path) == mark:
                return True
            same = digest_of(path.read_bytes()) == self.digests[path]
        except OSError:
            return False
        if same:
            self._seen[path] = mark
        return same
