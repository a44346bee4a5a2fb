"""What the doctor looks at: one installation, as whoever asks sees it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from monitor.doctor.gather import processes
    from monitor.model import Finding
    from monitor.settings import Config

SAMPLE = 8  # feeds that are asked


def _nothing() -> Sequence[Finding]:
    return ()


@dataclass(frozen=True, slots=True)
class Site:
    """
    One installation. `root` is where the machine's own folders lie ("/", but for tests).

    `config` is what could be read of the configuration, whether it is lawful or not; None with `no_config`
    where there is none. `said` gives what `check` says of it. `feeds` is how many are asked: None = all that
    may be, 0 = the network is left out. `holder` is the process that keeps the database's lock.
    """

    now: datetime
    env: Mapping[str, str]
    root: Path = Path("/")
    config: Config | None = None
    no_config: tuple[str, str, str] = ("no_configuration", "", "")  # code, sentence, remedy
    timezone: str | None = None  # as the configuration names it
    said: Callable[[], Sequence[Finding]] = _nothing
    deep: bool = False
    feeds: int | None = SAMPLE
    holder: processes.Holder | None = None
    clock: Callable[[], float] = time.time
    progress: Callable[[int, int], None] = field(default=lambda _done, _all: None)

    @property
    def database(self) -> Path | None:
        """Where the database is, or would be."""
        return self.config.database.absolute() if self.config else None

    def at(self, path: str | Path) -> Path:
        """A path of the machine, below `root`."""
        return self.root / str(path).lstrip("/")
