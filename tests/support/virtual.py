"""Virtual time for asyncio: where a loop would wait, time moves instead. And a writer without a thread."""

from __future__ import annotations

import asyncio
import selectors
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.store.connection import open_writer
from monitor.store.health import Health
from monitor.store.reserve import Reserve
from monitor.store.tx import Tx

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from monitor.store.writer import Priority

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves when nothing is left to do; threads that send are waited for."""

    def __init__(self) -> None:
        self.virtual = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.virtual


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return []
        while any(thread.name.startswith("send-") for thread in threading.enumerate()):
            if ready := super().select(0.01):
                return ready
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "the simulation waits for something that never comes"
            self._loop.virtual += max(timeout, 1e-6)
        return ready


def run_virtually(story: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in virtual time."""
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(story(loop))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class InlineWriter:
    """Runs each unit at once, in a transaction of its own: virtual time cannot run away from a thread."""

    def __init__(self, path: Path) -> None:
        self.health = Health()
        self.reserve = Reserve(path)
        self.running = True
        self._con = open_writer(path)
        self._con.execute("PRAGMA synchronous=OFF")

    def submit(
        self, unit: Callable[[Tx], T], priority: Priority | None = None, *, synced: bool = True
    ) -> Future[T]:
        done: Future[T] = Future()
        self._con.execute("BEGIN IMMEDIATE")
        try:
            result = unit(Tx(self._con))
        except Exception as error:  # noqa: BLE001 - it belongs to the caller
            self._con.execute("ROLLBACK")
            done.set_exception(error)
        else:
            self._con.execute("COMMIT")
            done.set_result(result)
        return done

    async def run(
        self, unit: Callable[[Tx], T], priority: Priority | None = None, *, synced: bool = True
    ) -> T:
        return await asyncio.wrap_future(self.submit(unit, priority))

    def close(self) -> None:
        self._con.close()
