"""
From a host's name to the addresses that may be connected to.

`getaddrinfo` blocks, sometimes for half a minute, and asyncio runs it in the few threads that everything
else shares: a handful of dead names would delay every good one. So names have a pool of their own. Its
threads are daemons, because a lookup cannot be interrupted and must not hold up the program's end.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from monitor.feeds.addresses import judge, literal
from monitor.feeds.problem import FetchError
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.feeds.addresses import Address, Network

_Outcome: TypeAlias = "list[str] | FetchError"


class Resolver(Protocol):
    """Turns a name into addresses, in the order in which they should be tried; raises FetchError."""

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of a name that is no address itself."""
        ...


class DnsPool:
    """
    A resolver with its own threads, started when none is idle.

    There may be as many as fetches are under way by default, slow ones included, so that names whose
    servers do not answer keep no other name waiting; an idle thread costs some kilobytes.

    One lookup of a name serves everybody who asks for it at the same time. `timeout` is in seconds, from
    the question to the answer; a lookup nobody waits for any more is not begun. `lookup` has the
    signature of `socket.getaddrinfo`.
    """

    def __init__(
        self, *, threads: int = 100, timeout: float = 10.0, lookup: Callable[..., Any] | None = None
    ) -> None:
        self._free_threads = threads
        self._idle = 0  # threads that wait for a job, less the jobs that wait for a thread
        self._count = threading.Lock()
        self._timeout = timeout
        self._lookup = lookup or socket.getaddrinfo
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._asked: dict[str, _Job] = {}

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of `host`; raises FetchError with a sentence that begins with "DNS:"."""
        job = self._job(host, asyncio.get_running_loop())
        try:
            async with asyncio.timeout(self._timeout):
                outcome = await asyncio.shield(job.answer)
        except TimeoutError:
            raise self._too_late() from None
        if isinstance(outcome, FetchError):
            raise FetchError(outcome.status, outcome.message, unreachable=outcome.unreachable)
        return outcome

    def _job(self, host: str, loop: asyncio.AbstractEventLoop) -> _Job:
        wanted_until = time.monotonic() + self._timeout
        job = self._asked.get(host)
        if job is not None and job.loop is loop and not job.answer.done():
            job.wanted_until = wanted_until
            return job
        job = self._asked[host] = _Job(host, loop, wanted_until)
        job.answer.add_done_callback(lambda _: self._asked.pop(host, None))
        with self._count:
            self._idle -= 1
            needed = self._idle < 0 and self._free_threads > 0
            if needed:
                self._free_threads -= 1
                self._idle += 1
        self._jobs.put(job)
        if needed:
            threading.Thread(target=self._work, name="tocsin-dns", daemon=True).start()
        return job

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            outcome = self._look_up(job.host) if time.monotonic() < job.wanted_until else self._too_late()
            with suppress(RuntimeError):  # the loop is closed: nobody is waiting any more
                job.loop.call_soon_threadsafe(job.settle, outcome)
            with self._count:
                self._idle += 1

    def _look_up(self, host: str) -> _Outcome:
        try:
            # Bytes: a str would be encoded a second time, and that refuses some lawful names.
            found = self._lookup(host.encode(), None, type=socket.SOCK_STREAM)
        except socket.gaierror as problem:
            return _unreachable(_sentence(problem))
        except (OSError, ValueError):
            return _unreachable("DNS: the name cannot be looked up")
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))

    def _too_late(self) -> FetchError:
        return _unreachable(f"DNS: no answer within {self._timeout:g} s")


class _Job:
    """One lookup: `answer` gets a value in any case, so that nobody need be left to hear of an error."""

    def __init__(self, host: str, loop: asyncio.AbstractEventLoop, wanted_until: float) -> None:
        self.host = host
        self.loop = loop
        self.answer: asyncio.Future[_Outcome] = loop.create_future()
        self.wanted_until = wanted_until

    def settle(self, outcome: _Outcome) -> None:
        if not self.answer.done():
            self.answer.set_result(outcome)


def _unreachable(sentence: str) -> FetchError:
    return FetchError(FetchStatus.NETWORK, sentence, unreachable=True)


def _sentence(problem: socket.gaierror) -> str:
    if problem.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
        return "DNS: no such host"
    if problem.errno == socket.EAI_AGAIN:
        return "DNS: the name server does not answer"
    return "DNS: the lookup failed"


async def checked_addresses(host: str, resolver: Resolver, allowed: Sequence[Network]) -> list[str]:
    """
    The addresses of `host`, each of which may be connected to; connect to these and look nothing up again.

    One denied address refuses them all: a name that answers with a public and a private address is
    either broken or an attack. At most four are given, the two address families by turns, so that a
    family without a route costs one attempt. Raises FetchError.
    """
    address = literal(host)
    if address is not None:
        check(address, allowed)
        return [str(address)]
    found = await resolver(host)
    if not found:
        raise _unreachable("DNS: the name has no address")
    for text in found:
        check(ip_address(text), allowed, host)
    return _by_turns(found)[:4]


def check(address: Address, allowed: Sequence[Network], host: str = "") -> None:
    """Raise FetchError (REFUSED) if an address may not be contacted; `host` is the name that led to it."""
    ok, kind = judge(address, allowed)
    if not ok:
        subject = f"{host} points to {address}," if host else f"{address} is"
        raise FetchError(
            FetchStatus.REFUSED, f"{subject} {kind}; add its range to [polling] allow_private to permit it"
        )


def _by_turns(addresses: Sequence[str]) -> list[str]:
    """The same addresses, the families of the first and of the others by turns."""
    first = [text for text in addresses if (":" in text) == (":" in addresses[0])]
    other = [text for text in addresses if text not in first]
    mixed = [text for pair in zip(first, other, strict=False) for text in pair]
    return mixed + first[len(other) :] + other[len(first) :]
