"""
Reload: SIGHUP puts the whole configuration on the disk in force or, if anything in it is wrong, none of it.

Theory of operation. One reload runs at a time, in a thread of its own, since reading files and compiling
rules would hold up every poll; a signal that comes meanwhile leads to exactly one more. Whatever goes wrong
keeps the old configuration: a refusal is told in the log, in systemd's status line, in `tocsin status` and,
once for each distinct refusal, as a notice that is sent at once. Apart from that the files are compared with
what was read from them every so often, so that an edit nobody reloaded is seen as well.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from monitor.config.fingerprint import Fingerprint
from monitor.errors import ConfigError, TocsinError
from monitor.service import systemd
from monitor.service.learning import refiled
from monitor.service.log import event, failure, get_logger, redacted
from monitor.service.tally import APPLIED, REFUSED
from monitor.store import sql
from monitor.store.outbox import notice
from monitor.store.rows import to_db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from monitor.plan import Plan
    from monitor.rules.engine import Engine
    from monitor.service.app import App
    from monitor.settings import Config
    from monitor.store.tx import Tx

T = TypeVar("T")
LONGEST_LOAD = 60.0  # seconds; a file on a disk that hangs must not leave systemd waiting
MOST_FINDINGS = 20  # in the log; `tocsin check` shows all
LONGEST_NOTICE = 600  # characters
DIFFERS = "the file on disk differs from the running configuration"
_log = get_logger("daemon")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a configuration was not put in force: each finding with its place, and the first's remedy."""

    findings: tuple[str, ...]
    hint: str = ""

    @property
    def first(self) -> str:
        """What is wrong first, and how much more is."""
        more = len(self.findings) - 1
        return f"{self.findings[0]} (and {more} more)" if more else self.findings[0]

    @property
    def text(self) -> str:
        """For a person who does not look at the log: what, where, the remedy, and how much more."""
        remedy = " ".join(self.hint.split())
        check = "tocsin check shows everything" if len(self.findings) > 1 else ""
        said = "; ".join(part for part in (self.first, remedy, check) if part)
        return f"the configuration is refused, the old one stays in force: {said}"


def refusal_of(error: Exception) -> Refusal:
    """What to say of an error that kept a configuration from being put in force; never a secret."""
    if isinstance(error, ConfigError) and error.findings:
        errors = [f for f in error.findings if f.level == "error"] or list(error.findings)
        places = (f"{f.file}:{f.line}" + (f":{f.column}" if f.column else "") for f in errors)
        lines = tuple(redacted(f"{place}: {f.message}") for place, f in zip(places, errors, strict=True))
        return Refusal(lines, redacted(errors[0].hint))
    if isinstance(error, TocsinError):
        return Refusal((redacted(error.message),), redacted(error.hint))
    if isinstance(error, TimeoutError):
        return Refusal(
            (f"it could not be read within {LONGEST_LOAD:g} s",), "look at the disk that holds the files"
        )
    # Its text is left to the log at debug: what nobody expected may hold anything, a secret included.
    return Refusal((f"unexpected {type(error).__name__} while it was read: a bug in Tocsin",))


class Reloader:
    """
    Reloads when asked, and watches whether the files on the disk still are what is in force.

    `load` reads and compiles the configuration, or raises; it is called in another thread. `applied` is told
    of each configuration that came into force, `status` gives the line for systemd.
    """

    def __init__(
        self,
        app: App,
        load: Callable[[], Plan] | None,
        *,
        applied: Callable[[Config], None] = lambda _: None,
        status: Callable[[], str] = lambda: "",
    ) -> None:
        self._app = app
        self._load = load
        self._applied = applied
        self._status = status
        self._files = Fingerprint.of(app.plan.config)
        self._wanted = False
        self._task: asyncio.Task[None] | None = None
        self._told: set[str] = set()
        self.refusal: Refusal | None = None
        self.changed: tuple[str, ...] = ()

    @property
    def remark(self) -> str:
        """What the status line has to say of the configuration; nothing where all is well."""
        if self.refusal:
            return f"configuration refused, the old one stays in force: {self.refusal.first}"
        if self.changed:
            return f"{DIFFERS}: tocsin check, then systemctl reload tocsin (or kill -HUP {os.getpid()})"
        return ""

    def ask(self) -> None:
        """Reload now, or once more after the reload under way."""
        if self._load is None:
            return
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._reload_while_wanted(self._load))

    async def begin(self) -> None:
        """Write down what is in force, for `tocsin status`."""
        await self._write(partial(_note_loaded, config=self._app.plan.config, at=self._app.clock()))

    async def look(self) -> None:
        """Compare the files with what was read from them, and say once where they differ, or do no more."""
        files, before = self._files, self.changed
        if self._task is not None and not self._task.done():
            return
        changed = await in_thread(files.changed)
        if files is not self._files or changed == before:
            return  # a reload came meanwhile, or nothing new
        self.changed = changed
        if not changed:
            self.refusal = None  # what was refused is gone: the files are again those in force
        if changed and not before:
            event(_log, "warning", DIFFERS, files=changed, remedy="tocsin check, then reload")
        systemd.status(self._status())
        await self._write(partial(_note_changed, files=changed, at=self._app.clock()))

    async def stop(self) -> None:
        """Begin no other reload and do not wait for the one under way."""
        self._wanted = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _reload_while_wanted(self, load: Callable[[], Plan]) -> None:
        while self._wanted:
            self._wanted = False
            systemd.reloading()
            try:
                await self._reload(load)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - systemd must not be left waiting, whatever it was
                failure(_log, "a reload could not be recorded", error)
            systemd.ready(self._status())

    async def _reload(self, load: Callable[[], Plan]) -> None:
        try:
            async with asyncio.timeout(LONGEST_LOAD):
                plan = await in_thread(partial(built_aside, load, self._app.plan.engine))
            await self._app.reload(plan)
        except (TocsinError, TimeoutError) as error:
            await self._refuse(refusal_of(error))
        except Exception as error:  # noqa: BLE001 - the old configuration is in force, and must go on
            failure(_log, "the configuration could not be read", error)
            await self._refuse(refusal_of(error))
        else:
            await self._accept(plan)

    async def _accept(self, plan: Plan) -> None:
        self._files = Fingerprint.of(plan.config)
        self.refusal, self.changed = None, ()
        self._app.tally.reloads[APPLIED] += 1
        self._told.clear()
        self._applied(plan.config)
        event(_log, "info", "configuration reloaded", feeds=len(plan.feeds), rules=plan.rules_in_force)
        await self._write(partial(_note_loaded, config=plan.config, at=self._app.clock()))

    async def _refuse(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.changed = await in_thread(self._files.changed)
        self._app.tally.reloads[REFUSED] += 1
        for level, message, fields in _log_lines(refusal):
            event(_log, level, message, **fields)
        text = cut(refusal.text)
        news = text not in self._told
        to = self._app.notices_to if news else ()
        at, files = self._app.clock(), self.changed

        def note(tx: Tx) -> None:
            if files:
                _note_changed(tx, files=files, at=at)
            _note_refused(tx, refusal=refusal, text=text, news=news, to=to, at=at)

        await self._write(note)
        self._told.add(text)
        self._app.worker.wake()

    async def _write(self, unit: Callable[[Tx], None]) -> None:
        await asyncio.wrap_future(self._app.database.writer.submit(unit))


def built_aside(load: Callable[[], Plan], old: Engine) -> Plan:
    """
    Load a plan in a thread beside the daemon, its engine knowing the pieces of text that the old one knew.

    The collector is kept from walking the old and the new engine meanwhile: with ten thousand rules it would
    stop every thread for 0.4 s (measured; without it the loop waits 20 ms at most), and finds nothing there.
    """
    gc.disable()
    try:
        plan = refiled(load())
        if plan.engine is not old:
            plan.engine.take_over(old)
        gc.freeze()
    finally:
        gc.enable()
    return plan


async def in_thread(work: Callable[[], T]) -> T:
    """
    The result of `work`, done in a thread that nothing waits for at the end.

    The loop's own pool is joined when the loop closes: a file system that hangs would keep the daemon alive.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error there is a result

    def body() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:  # noqa: BLE001 - it belongs to whoever awaits the result
            error = raised
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    threading.Thread(target=body, name="reload", daemon=True).start()
    return await done


def cut(text: str, longest: int = LONGEST_NOTICE) -> str:
    """The text, shortened where it is too long for a message."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _log_lines(refusal: Refusal) -> Iterator[tuple[str, str, dict[str, object]]]:
    """The refusal as log events: the first finding with its remedy, then the others, bounded."""
    message = "the configuration is refused, the old one stays in force"
    fields: dict[str, object] = {"error": refusal.findings[0]}
    if refusal.hint:
        fields["remedy"] = refusal.hint
    yield "error", message, fields
    others = refusal.findings[1:]
    for finding in others[: MOST_FINDINGS - 1]:
        yield "error", "the configuration is refused also for this", {"error": finding}
    if len(others) >= MOST_FINDINGS:
        left = len(others) - MOST_FINDINGS + 1
        yield "error", "and for more, which tocsin check shows", {"findings": left}


def _note_loaded(tx: Tx, *, config: Config, at: datetime) -> None:
    value = json.dumps({"path": str(config.path.absolute()), "pid": os.getpid()})
    tx.run(sql.FACT_UPSERT, name="config_loaded", value=value, at=to_db(at))
    for name in ("config_refused", "config_differs"):
        tx.run(sql.FACT_UPSERT, name=name, value="", at=to_db(at))


def _note_changed(tx: Tx, *, files: tuple[str, ...], at: datetime) -> None:
    tx.run(sql.FACT_UPSERT, name="config_differs", value=json.dumps(files) if files else "", at=to_db(at))
    if not files:
        tx.run(sql.FACT_UPSERT, name="config_refused", value="", at=to_db(at))


def _note_refused(
    tx: Tx, *, refusal: Refusal, text: str, news: bool, to: tuple[str, ...], at: datetime
) -> None:
    value = json.dumps(
        {"message": refusal.findings[0], "hint": refusal.hint, "more": len(refusal.findings) - 1}
    )
    tx.run(sql.FACT_UPSERT, name="config_refused", value=value, at=to_db(at))
    if news:
        notice(tx, "config_refused", "configuration", text, at, to=to)
