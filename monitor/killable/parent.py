"""
The parent's side of a killable process: what must not last for ever is done in one, and waited for so long.

A document is hostile until it has been read: it may take a library minutes or gigabytes. So it is read in a
process of its own (child.py) with a budget of processor time and memory, and the parent waits for a bounded
time. Whatever goes wrong there, the process is killed, this one request is answered with `KilledError`, and
the next one starts a new process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_PIECE = 262_144
_MAX_ANSWER_BYTES = 64_000_000
_MEMORY_EXIT = 3  # child.MEMORY_EXIT; importing it here would load what only a child needs

_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys, importlib; sys.path.insert(0, sys.argv[1]); importlib.import_module(sys.argv[2]).main()"


class KilledError(Exception):
    """A request was not answered; its text says why. `killed`: because of what the request held."""

    def __init__(self, why: str, *, killed: bool) -> None:
        super().__init__(why)
        self.killed = killed


class KillableProcess:
    """
    Answers requests one after another in a process that is started at first need and killed when it must be.

    `module` is the dotted name of a module whose `main()` calls `child.serve`. `cpu_seconds` of processor
    time and `wall_seconds` of waiting are allowed per request. With `one_shot` every request gets a fresh
    process that ends with it, so that no memory stays behind. `work` names the work in sentences ("parsing"),
    `thing` what it is done on ("a feed").
    """

    def __init__(
        self,
        module: str,
        *,
        work: str,
        thing: str = "it",
        cpu_seconds: float,
        wall_seconds: float,
        one_shot: bool = False,
    ) -> None:
        self.cpu_seconds = cpu_seconds
        self.wall_seconds = wall_seconds
        self._module = module
        self._work = work
        self._thing = thing
        self._one_shot = one_shot
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, header: Mapping[str, Any], body: bytes) -> Any:
        """The answer's JSON value; raises KilledError if there is none."""
        return await self.ask_for(_as_it_is, header, body)

    async def ask_for(self, read: Callable[[Any], T], header: Mapping[str, Any], body: bytes) -> T:
        """
        What `read` makes of the answer's JSON value; raises KilledError if there is none.

        A process whose answer makes no sense to `read` (a KeyError, TypeError, ValueError …) is not trusted
        with another request.
        """
        data = json.dumps({**header, "cpu": self.cpu_seconds}).encode()
        request = struct.pack("!II", len(data), len(body)) + data + body
        async with self._turn:
            try:
                process = await self._started()
            except OSError as problem:
                why = f"the process for {self._work} could not be started: {problem.strerror}"
                raise KilledError(why, killed=False) from None
            try:
                async with asyncio.timeout(self.wall_seconds):
                    answer = read(json.loads(await _ask(process, request)))
            except TimeoutError:
                await self._stop()
                why = f"{self._work} took longer than {self.wall_seconds:g} s"
                raise KilledError(why, killed=True) from None
            except (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError):
                raise KilledError(self._why_it_died(await self._stop()), killed=True) from None
            except BaseException:
                await self._stop()  # cancelled in mid-answer: what is still in the pipe belongs to nobody
                raise
            if self._one_shot:
                await self._stop()
            return answer

    async def close(self) -> None:
        """End the process; a later request would start a new one."""
        async with self._turn:
            await self._stop()

    async def _started(self) -> asyncio.subprocess.Process:
        """The process, started if there is none or the last one ended between two requests."""
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-c",
                _START,
                _ROOT,
                self._module,
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
        if status in (-signal.SIGPROF, -signal.SIGXCPU):
            return f"{self._work} took more than {self.cpu_seconds:g} s of processor time"
        if status == _MEMORY_EXIT:
            return f"{self._work} needed more memory than {self._thing} may take"
        return f"the process for {self._work} broke down"


async def _ask(process: asyncio.subprocess.Process, request: bytes) -> bytes:
    """Send one request to a child and read its one answer."""
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    for start in range(0, len(request), _PIECE):  # in pieces: a pipe keeps a copy of what it cannot take yet
        stdin.write(request[start : start + _PIECE])
        await stdin.drain()
    (length,) = struct.unpack("!I", await stdout.readexactly(4))
    if length > _MAX_ANSWER_BYTES:
        raise ValueError("an answer of impossible length")
    return await stdout.readexactly(length)


def _as_it_is(value: Any) -> Any:
    return value
