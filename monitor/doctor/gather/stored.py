"""The database, what waits in it, and what the daemon wrote into it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.doctor.daemon import DaemonFacts, judge_daemon
from monitor.doctor.database import DatabaseFacts, OutboxFacts, judge_database, judge_outbox
from monitor.doctor.findings import Finding, found
from monitor.doctor.gather import processes
from monitor.doctor.gather.paths import hidden, seen
from monitor.doctor.gather.service import unit_of
from monitor.doctor.rules import RuleFacts, judge_rules
from monitor.errors import Fault, StoreError
from monitor.seeing import Reach, feed_sights
from monitor.service.standing import stands_still
from monitor.store import schema, sql
from monitor.store.checkup import examine
from monitor.store.clock import OFFLINE
from monitor.store.connection import is_there
from monitor.store.database import Reader
from monitor.store.faults import how_to_restore, newest_backup
from monitor.store.integrity import quick_check
from monitor.store.lock import trouble_of
from monitor.store.process import AT_WORK, LAST_TICK
from monitor.store.rows import from_db

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.doctor.service import ServiceFacts
    from monitor.doctor.site import Site

QUICK = 8.0  # seconds for reading the database, unless all of it is asked for
HUGE = 1 << 30  # bytes: reading them would push everything else out of the disk's cache
TWICE = 0.3  # seconds between two looks at who is writing
FRESH = 60.0  # seconds: whoever wrote such a sign is at work, even where no process is to be seen
YOUNG = timedelta(seconds=90)  # a daemon that starts may be at its migrations
_DEAD = (
    "SELECT channel, count(*) AS n FROM outbox WHERE state = 'dead' GROUP BY channel ORDER BY n DESC, channel"
)
_OLDEST = "SELECT min(created_at) AS at FROM outbox WHERE state = 'retry'"


def database(site: Site) -> list[Finding]:
    """The file itself."""
    path = site.database
    if path is None:
        return []
    if hidden(path) or hidden(path.parent):
        what = "this user may not look at the database: nothing is known of it, its disk and its daemon"
        remedy = "look as whoever runs the daemon, or as root: sudo tocsin doctor"
        return [found("check_forbidden", what, where=path, remedy=remedy)]
    return judge_database(_facts(path, site))


def outbox(site: Site) -> list[Finding]:
    """What waits, and what was given up."""
    with reading(site) as reader:
        if reader is None:
            return []
        dead = reader.rows(_DEAD)
        counts = {row["state"]: row["n"] for row in reader.rows(sql.OUTBOX_COUNTS)}
        oldest = reader.row(_OLDEST)
        facts = OutboxFacts(
            site.now,
            dead=sum(row["n"] for row in dead),
            dead_channels=[f"{row['n']} for {row['channel']}" for row in dead],
            waiting=sum(counts.get(state, 0) for state in ("ready", "retry", "leased", "held")),
            oldest=from_db(oldest["at"]) if oldest else None,
        )
        return judge_outbox(facts)


def daemon(site: Site) -> list[Finding]:
    """The daemon at work on the database, or the lack of one."""
    path = site.database
    if path is None or hidden(path) or hidden(path.parent):
        return []
    holder, unit, tick = site.holder, unit_of(site), last_tick(site)
    pid = holder.pid if holder else None
    if holder is None and tick is not None and tick[1] == AT_WORK and not processes.sees_all():
        pid = 0 if (site.now - tick[0]).total_seconds() < FRESH else None
    told = _told(site, pid)
    start, restart, reload = commands(unit, pid)
    young = holder is not None and holder.started is not None and site.now - holder.started < YOUNG
    still = stands_still(pid, tick[0] if tick and not young else None, site.now)
    facts = DaemonFacts(
        site.now,
        pid=pid,
        program=holder.program if holder else "",
        ours=holder.ours if holder else None,
        started=holder.started if holder else None,
        installed=processes.installed_at(holder) if holder else None,
        program_gone=holder.program_gone if holder else False,
        last_tick=tick[0] if tick else None,
        still=still.what if still else "",
        go_on=still.go_on if still else "",
        crashed=tick is not None and tick[1] == AT_WORK,
        trouble=trouble_of(path) if pid else "",
        refused=told["refused"],
        changed=told["changed"],
        other_configuration=told["other"],
        offline_since=told["offline"],
        unit=unit.path is not None,
        restart=restart,
        start=start,
        reload=reload,
    )
    return judge_daemon(facts)


def rules(site: Site) -> list[Finding]:
    """Which rules are blind for more than two hours, as `status` counts."""
    config = site.config
    if config is None:
        return []
    with reading(site) as reader:
        if reader is None:
            return []
        watched = [feed for feed in config.feeds if feed.enabled]
        sights = feed_sights(reader, {feed.name for feed in watched}, site.now)
    report = Reach(config.rules, watched).report(sights)
    facts = [RuleFacts(rule.rule, rule.feeds, rule.blind) for rule in report]
    return judge_rules(facts)


def last_tick(site: Site) -> tuple[datetime, str] | None:
    """The daemon's last sign of life, and what it said of itself."""
    with reading(site) as reader:
        row = reader.row(sql.FACT, name=LAST_TICK) if reader else None
        at = from_db(row["at"]) if row else None
        return (at, str(row["value"])) if row and at else None


@contextmanager
def reading(site: Site) -> Iterator[Reader | None]:
    """A reader of the database, or None where there is none, or none that this version can read."""
    path, reader = site.database, None
    try:
        if path is not None and schema.version_of(path) == schema.HEAD:
            reader = Reader(path)
    except StoreError:  # which the check of the database itself tells
        reader = None
    try:
        yield reader
    finally:
        if reader is not None:
            reader.close()


def commands(unit: ServiceFacts, pid: int | None) -> tuple[str, str, str]:
    """How the daemon is started, started anew and told to read its configuration."""
    if unit.path is not None:
        manager = unit.manager
        return f"{manager} start tocsin", f"{manager} restart tocsin", f"{manager} reload tocsin"
    start = "tocsin run (as a service: tocsin init --system)"
    if not pid:  # it is not seen from here: in a container, perhaps
        return start, "docker restart NAME, or as it was started", "docker kill -s HUP NAME, or kill -HUP it"
    return start, f"kill {pid}; tocsin run", f"kill -HUP {pid}"


def _facts(path: Path, site: Site) -> DatabaseFacts:
    version = sqlite3.sqlite_version_info
    facts: dict[str, Any] = {"sqlite": version, "head": schema.HEAD}
    try:
        if not is_there(path):
            return DatabaseFacts(path, exists=False, **facts)
        facts["schema"] = schema.version_of(path)
        facts["damage"] = _damage(path, deep=site.deep)
    except StoreError as error:
        fault = {Fault.DAMAGED: "damaged", Fault.FOREIGN: "foreign"}.get(error.fault, "other")
        if "another program" in error.message:
            fault = "foreign"
        return DatabaseFacts(path, fault=fault, message=error.message, remedy=error.hint, **facts)
    holders = [one for one in processes.users_of(path) if one.ours is False]
    newest = newest_backup(path)
    there = seen(newest) if newest else None
    age = site.now.timestamp() - there.st_mtime if there else None
    return DatabaseFacts(
        path,
        restore=how_to_restore(path),
        size=_size_of(path),
        wal=_size_of(path.with_name(f"{path.name}-wal")),
        holders=[f"{one.program} (process {one.pid})" for one in holders],
        writer=_writer(path),
        newest_backup=newest,
        backup_age=None if age is None else timedelta(seconds=age),
        **facts,
    )


def _damage(path: Path, *, deep: bool) -> list[str] | None:
    """What is damaged: by a bounded look, or by reading everything, rows held against each other included."""
    if not deep:
        return quick_check(path, seconds=QUICK) if _size_of(path) < HUGE else None
    if schema.version_of(path) == schema.HEAD:
        return [line for line in examine(path).findings if not line.startswith("mode:")]
    return quick_check(path, seconds=float("inf"))


def _writer(path: Path) -> str:
    """A program, other than Tocsin, that was in the middle of writing at both of two looks."""
    before = processes.writers_of(path)
    if not before:
        return ""
    time.sleep(TWICE)
    for pid in sorted(before & processes.writers_of(path)):
        one = processes.describe(pid)
        if one.ours is False:
            return f"{one.program} (process {pid})"
    return ""


def _size_of(path: Path) -> int:
    there = seen(path)
    return there.st_size if there else 0


def _told(site: Site, pid: int | None) -> dict[str, Any]:
    """What the running daemon wrote of its configuration; nothing where another than it wrote that."""
    told: dict[str, Any] = {"refused": "", "changed": (), "other": None, "offline": None}
    if pid is None:
        return told
    with reading(site) as reader:
        if reader is None:
            return told
        cut_off = reader.row(sql.FACT, name=OFFLINE)
        told["offline"] = from_db(cut_off["at"]) if cut_off else None
        loaded = _value(reader, "config_loaded")
        if not isinstance(loaded, dict) or loaded.get("pid") != pid:
            return told
        if refused := _value(reader, "config_refused"):
            told["refused"] = str(refused["message"])
        told["changed"] = [str(name) for name in _value(reader, "config_differs") or ()]
        path = site.config.path.absolute() if site.config else None
        if path is not None and str(path) != loaded["path"]:
            told["other"] = loaded["path"]
    return told


def _value(reader: Reader, name: str) -> Any:
    row = reader.row(sql.FACT, name=name)
    return json.loads(row["value"]) if row and row["value"] else None
