"""
The parent's side of reading pages: pages in, articles out, within a deadline, whatever the page.

Two lanes, as for feeds: ordinary pages share a process; large ones, and those of hosts that had a process
killed, get one of their own that ends with them, so that they delay nobody and leave no memory behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.killable.parent import KillableProcess, KilledError
from monitor.pages.values import Cut, Extracted, Line

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAGE = 5_000_000  # bytes; extract.MAX_PAGE, which is not imported here: it would load the libraries
SUSPECT_BYTES = 1_500_000

_WORKER = "monitor.pages.worker"
_WORK = "reading the page"


class Extractor:
    """
    Reads pages one after another; `cpu_seconds` and `wall_seconds` are allowed for each.

    The first page, and the first after a kill, waits for the libraries to load as well.
    """

    def __init__(self, cpu_seconds: float = 3.0, wall_seconds: float = 10.0) -> None:
        self.normal = KillableProcess(_WORKER, work=_WORK, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds)
        self.suspect = KillableProcess(
            _WORKER, work=_WORK, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds, one_shot=True
        )

    async def extract(
        self, body: bytes, *, content_type: str = "", url: str = "", suspect: bool = False
    ) -> Extracted:
        """The page's article, or one with `error`; never raises for what a page holds."""
        if len(body) > MAX_PAGE:
            return Extracted(error=f"the page is larger than {MAX_PAGE // 1_000_000} MB")
        lane = self.suspect if suspect or len(body) > SUSPECT_BYTES else self.normal
        try:
            return await lane.ask_for(from_values, {"content_type": content_type, "url": url}, body)
        except KilledError as end:
            return Extracted(error=str(end), killed=end.killed)

    async def close(self) -> None:
        """End both processes."""
        await self.normal.close()
        await self.suspect.close()


def from_values(answer: Mapping[str, Any]) -> Extracted:
    """A worker's answer as values; raises KeyError, TypeError or ValueError if it is none."""
    if answer.get("error"):
        return Extracted(error=str(answer["error"]))
    return Extracted(
        title=answer["title"],
        lines=tuple(Line(text, why) for text, why in answer["lines"]),
        cut=tuple(Cut(text, why) for text, why in answer["cut"]),
        language=answer["language"],
        published=_moment(answer["published"]),
        updated=_moment(answer["updated"]),
        authors=tuple(answer["authors"]),
        canonical=answer["canonical"],
        og_url=answer["og_url"],
        live=bool(answer["live"]),
        paywalled=bool(answer["paywalled"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
