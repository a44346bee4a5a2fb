"""
The parent's side of parsing: one killable process per lane, and its JSON answers as values.

Theory of operation. A document is hostile until it has been parsed: it may take the parser minutes or
gigabytes. So parsing happens in a process of its own (worker.py) with a budget of processor time and
memory, and the parent waits for a bounded time. Whatever goes wrong there, the process is killed, this one
document is answered with an error, and the next document starts a new process. Large documents, and those
of feeds that had a process killed, take a lane of their own, so that they delay nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import struct
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.model import Entry, FeedInfo, ParsedFeed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SUSPECT_BYTES = 1_000_000
_MAX_ANSWER_BYTES = 64_000_000
_MEMORY_EXIT = 3  # worker.MEMORY_EXIT; importing it here would load the whole worker

_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.insert(0, sys.argv[1]); from monitor.feeds.worker import main; main()"


class ParserWorker:
    """
    Parses documents one after another in a process that is started at first need and killed when it must be.

    `cpu_seconds` of processor time and `wall_seconds` of waiting are allowed per document. With `one_shot`
    every document gets a fresh process that ends with it, so that no memory stays behind.
    """

    def __init__(
        self, cpu_seconds: float = 5.0, wall_seconds: float = 15.0, *, one_shot: bool = False
    ) -> None:
        self.cpu_seconds = cpu_seconds
        self.wall_seconds = wall_seconds
        self.one_shot = one_shot
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def parse(self, body: bytes, *, content_type: str, url: str) -> ParsedFeed:
        """The parsed document, or a ParsedFeed with `error`; never raises for what a document holds."""
        header = json.dumps({"cpu": self.cpu_seconds, "content_type": content_type, "url": url}).encode()
        request = struct.pack("!II", len(header), len(body)) + header + body
        async with self._turn:
            try:
                process = await self._started()
            except OSError as problem:
                return ParsedFeed(error=f"the parser process could not be started: {problem.strerror}")
            try:
                async with asyncio.timeout(self.wall_seconds):
                    answer = json.loads(await _ask(process, request))
                feed = parsed_feed(answer)
            except TimeoutError:
                await self._stop()
                return ParsedFeed(error=f"parsing took longer than {self.wall_seconds:g} s", killed=True)
            except (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError):
                return ParsedFeed(error=self._why_it_died(await self._stop()), killed=True)
            except BaseException:
                await self._stop()  # cancelled in mid-answer: what is still in the pipe belongs to nobody
                raise
            if self.one_shot:
                await self._stop()
            return feed

    async def close(self) -> None:
        """End the process; a later parse would start a new one."""
        async with self._turn:
            await self._stop()

    async def _started(self) -> asyncio.subprocess.Process:
        """The process, started if there is none or the last one ended between two documents."""
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-c",
                _START,
                _ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
            )
        return self._process

    async def _stop(self) -> int | None:
        """Kill the process and collect its exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        status = process.returncode
        if status is None:
            # It may have ended by itself a moment ago: its own status says why, ours would only say "killed".
            if process.stdout is not None and process.stdout.at_eof():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        return await process.wait()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            status = await process.wait()
        return status

    def _why_it_died(self, status: int | None) -> str:
        """A sentence for an exit status of the process."""
        if status == -signal.SIGXCPU:
            return f"parsing took more than {self.cpu_seconds:g} s of processor time"
        if status == _MEMORY_EXIT:
            return "parsing needed more memory than a feed may take"
        return "the parser process broke down over this document"


class Parser:
    """Two lanes of ParserWorker: one for ordinary documents, one for large ones and known troublemakers."""

    def __init__(self, cpu_seconds: float = 5.0, wall_seconds: float = 15.0) -> None:
        self.normal = ParserWorker(cpu_seconds, wall_seconds)
        self.suspect = ParserWorker(cpu_seconds, wall_seconds, one_shot=True)

    async def parse(
        self,
        body: bytes,
        *,
        content_type: str,
        url: str,
        suspect: bool = False,
        known: Collection[int] = frozenset(),  # noqa: ARG002 - of use to a parser that tells raw items
    ) -> ParsedFeed:
        """Parse in the lane the document belongs to; `suspect` says that its feed had a process killed."""
        lane = self.suspect if suspect or len(body) > SUSPECT_BYTES else self.normal
        return await lane.parse(body, content_type=content_type, url=url)

    async def close(self) -> None:
        """End both processes."""
        await self.normal.close()
        await self.suspect.close()


async def _ask(process: asyncio.subprocess.Process, request: bytes) -> bytes:
    """Send one request to a worker and read its one answer."""
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    stdin.write(request)
    await stdin.drain()
    (length,) = struct.unpack("!I", await stdout.readexactly(4))
    if length > _MAX_ANSWER_BYTES:
        raise ValueError("an answer of impossible length")
    return await stdout.readexactly(length)


def parsed_feed(answer: Mapping[str, Any]) -> ParsedFeed:
    """Map a worker's answer to values; raises KeyError, TypeError or ValueError if it is none."""
    warnings = tuple(answer.get("warnings", ()))
    complete = bool(answer.get("complete", True))
    if answer.get("error"):
        return ParsedFeed(warnings=warnings, error=str(answer["error"]), complete=complete)
    info = answer["info"]
    return ParsedFeed(
        info=FeedInfo(
            title=info["title"],
            link=info["link"],
            language=info["language"],
            format=info["format"],
            ttl=info.get("ttl"),
            updated=_moment(info.get("updated")),
        ),
        entries=tuple(_entry(entry) for entry in answer["entries"]),
        parser=answer["parser"],
        warnings=warnings,
        complete=complete,
    )


def _entry(entry: Mapping[str, Any]) -> Entry:
    return Entry(
        guid=entry["guid"],
        link=entry["link"],
        title=entry["title"],
        summary=entry["summary"],
        content=entry["content"],
        published=_moment(entry["published"]),
        updated=_moment(entry["updated"]),
        authors=tuple(entry["authors"]),
        categories=tuple(entry["categories"]),
        language=entry["language"],
        source_title=entry.get("source_title"),
        source_url=entry.get("source_url"),
    )


def _moment(text: str | None) -> datetime | None:
    """An RFC 3339 text in UTC as an aware datetime."""
    return datetime.fromisoformat(text) if text else None
