"""`tocsin status`: is it running, is it seeing its feeds, is it being heard, and by which configuration."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli import context, output, status_canary, status_channels, status_pages
from monitor.cli.feed_troubles import (
    blind_rules,
    certain,
    is_silent,
    nothing_comes,
    open_by_feed,
    rules_by_feed,
    shown,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from monitor.config.load import Loaded
    from monitor.settings import Config
    from monitor.store.database import Reader
    from monitor.store.rows import Episode, FeedState

SHOWN = 5  # lines of a kind
GAPS_SHOWN = 20
DIFFERS = "the file on disk differs from the running configuration"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin status --json")(status)


def status() -> None:
    """
    Show daemon, feeds and outbox. Whether it runs, sees its feeds and is heard.

    Exit 2 if the configuration cannot be used; what the database knows is shown all the same.
    """
    from monitor.store.lock import holder_of
    from monitor.store.schema import version_of

    loaded = context.load(strict=False)
    config = loaded.config
    database = config.database if config else _database_of(loaded)
    pid = holder_of(database)
    if version_of(database) is None:
        found = _nothing_yet(config, pid)
        lines: list[str] = ["not started yet: `tocsin run` makes the database and polls the feeds"]
        found["config"] = _config(None, loaded, pid)
    else:
        from monitor.service.preview import preview

        reader = context.reader(database)
        found = _gather(config, reader, pid)
        found["config"] = _config(reader, loaded, pid)
        lines = [*preview(reader), *_notices(reader)]
    found["trouble"] = _trouble(database) or None
    if context.given.json:
        output.emit(found)
    else:
        _tell(found, lines)
    if config is None:
        raise typer.Exit(2)


def _database_of(loaded: Loaded) -> Path:
    """Where a configuration that cannot be used has its database, as far as can be told."""
    from monitor.config.peek import database_of

    assert loaded.partial is not None, "loading builds what it can"
    config = loaded.partial
    if config.database != config.path.parent / "tocsin.db":
        return config.database  # it was read, or given by flag or environment
    named = database_of(loaded.texts.get(str(config.path), ""))
    return config.path.parent / named.expanduser() if named else config.database


def _config(reader: Reader | None, loaded: Loaded, pid: int | None) -> dict[str, Any]:
    """Which configuration is in force, since when, and what is the matter with the one on the disk."""
    from monitor.store.rows import from_db

    assert loaded.partial is not None, "loading builds what it can"
    errors = [finding for finding in loaded.findings if finding.level == "error"]
    shape: dict[str, Any] = {
        "path": str(loaded.partial.path.absolute()),
        "loaded_at": None,
        "refused": None,
        "differs": False,
        "changed": [],
        "error": None,
    }
    if errors and loaded.config is None:
        first = errors[0]
        message = f"{first.file}:{first.line}: {first.message}"
        shape["error"] = {"message": message, "hint": first.hint, "more": len(errors) - 1}
    row, value = _fact(reader, "config_loaded")
    if row is None or value is None or value.get("pid") != pid or pid is None:
        return shape  # what a daemon that is gone knew says nothing of the next one
    shape |= {"path": value["path"], "loaded_at": output.rfc3339(from_db(row["at"]))}
    row, value = _fact(reader, "config_refused")
    if row and value:
        shape["refused"] = {"at": output.rfc3339(from_db(row["at"])), **value}
    row, value = _fact(reader, "config_differs")
    if row and value:
        shape |= {"differs": True, "changed": value}
    return shape


def _fact(reader: Reader | None, name: str) -> tuple[sqlite3.Row | None, Any]:
    """A fact's row, and the value it holds as JSON; None where there is none."""
    from monitor.store import sql

    row = reader.row(sql.FACT, name=name) if reader else None
    return row, json.loads(row["value"]) if row and row["value"] else None


def _trouble(database: Path) -> str:
    """What keeps the database from being used, as the daemon says or, where it cannot write, as is seen."""
    from monitor.errors import Fault
    from monitor.store.faults import describe, is_read_only
    from monitor.store.lock import trouble_of

    told = trouble_of(database)
    if told or not is_read_only(database):
        return told
    return describe(Fault.READ_ONLY, database).message


def _nothing_yet(config: Config | None, pid: int | None) -> dict[str, Any]:
    feeds = config.feeds if config else ()
    count = sum(f.enabled for f in feeds)
    return {
        "daemon": "running" if pid is not None else "stopped",
        "pid": pid,
        "feeds": {"total": count, "ok": 0, "failing": 0, "silent": 0, "disabled": len(feeds) - count},
        "failing": [],
        "silent": [],
        "outbox": {},
        "alerts_24h": 0,
        "last_alert": None,
        "last_tick": None,
        "offline_since": None,
        "clock_step": None,
        "gaps_24h": 0,
        "gaps": [],
        "troubles": [],
        "blind": [],
        **status_channels.NOTHING,
        **status_pages.NOTHING,
        **status_canary.gather(config, None, pid, datetime.now(UTC)),
        "baseline_matches": 0,
    }


def _feeds(config: Config | None, reader: Reader) -> tuple[list[FeedState], int, int]:
    """The rows of the feeds that are watched, how many these should be, and how many are switched off."""
    from monitor.store import sql
    from monitor.store.rows import FeedState, read

    states = [read(FeedState, row) for row in reader.rows(sql.FEEDS)]
    if config is None:  # the database remembers those that were configured last
        known = [s for s in states if s.retired_at is None]
        watched = [s for s in known if s.next_poll_at is not None or s.gone]
        return watched, len(watched), len(known) - len(watched)
    wanted = {f.name for f in config.feeds if f.enabled}
    return [s for s in states if s.name in wanted], len(wanted), len(config.feeds) - len(wanted)


def _gather(config: Config | None, reader: Reader, pid: int | None) -> dict[str, Any]:
    from monitor.store import sql
    from monitor.store.clock import OFFLINE
    from monitor.store.rows import from_db, to_db

    now = datetime.now(UTC)
    states, total, disabled = _feeds(config, reader)
    failing = [s.name for s in states if s.failures or s.gone]
    troubles = open_by_feed(reader)
    silent = [s.name for s in states if s.name not in failing and is_silent(troubles.get(s.id, ()))]
    last = reader.row(sql.LAST_ALERT)
    tick = reader.row(sql.FACT, name="last_tick")
    yesterday = now - timedelta(hours=24)
    day = to_db(yesterday)
    count = reader.row(sql.ALERTS_COUNT, since=day)
    cut_off = reader.row(sql.FACT, name=OFFLINE) if pid is not None else None
    baseline = reader.row(sql.BASELINE_COUNT, after=0)
    gaps = reader.rows(sql.GAPS_SINCE, since=day)
    return {
        "daemon": "running" if pid is not None else "stopped",
        "pid": pid,
        "feeds": {
            "total": total,
            "ok": sum(1 for s in states if s.last_good_at and not s.failures and not s.gone) - len(silent),
            "failing": len(failing),
            "silent": len(silent),
            "disabled": disabled,
        },
        "failing": failing,
        "silent": silent,
        "outbox": {row["state"]: row["n"] for row in reader.rows(sql.OUTBOX_COUNTS)},
        "alerts_24h": int(count[0]) if count else 0,
        "last_alert": output.rfc3339(from_db(last[0])) if last and last[0] else None,
        "last_tick": output.rfc3339(from_db(tick["at"])) if tick else None,
        "offline_since": output.rfc3339(from_db(cut_off["at"])) if cut_off else None,
        "clock_step": _clock_step(reader, now),
        "gaps_24h": len(gaps),
        "gaps": [
            {"feed": g["feed"]} | {end: output.rfc3339(from_db(g[end])) for end in ("since", "until")}
            for g in gaps[:GAPS_SHOWN]
        ],
        **_troubles(config, states, troubles, now),
        **status_channels.gather(config, reader, now),
        **status_pages.gather(config, reader, yesterday),
        **status_canary.gather(config, reader, pid, now),
        "baseline_matches": int(baseline[0]) if baseline else 0,
    }


def _troubles(
    config: Config | None,
    states: Sequence[FeedState],
    troubles: Mapping[int, Sequence[Episode]],
    now: datetime,
) -> dict[str, Any]:
    """The troubles that are certain, the oldest first, and the rules that hear nothing of some feeds."""
    names = [s.name for s in states if troubles.get(s.id)]
    rules = rules_by_feed(config, names) if config else {}
    found = [(episode, state) for state in states for episode in certain(troubles.get(state.id, ()), state)]
    found.sort(key=lambda pair: pair[0].since)
    blind = {s.name: rules.get(s.name, ()) for s in states if nothing_comes(troubles.get(s.id, ()), now)}
    return {
        "troubles": [shown(episode, state, rules.get(state.name, ())) for episode, state in found],
        "blind": blind_rules(config, blind) if config else [],
    }


def _clock_step(reader: Reader, now: datetime) -> dict[str, Any] | None:
    """By how many seconds the clock was set last, and when, if that was within a day."""
    from monitor.store import sql
    from monitor.store.clock import STEPPED
    from monitor.store.rows import from_db

    row = reader.row(sql.FACT, name=STEPPED)
    at = from_db(row["at"]) if row else None
    if row is None or at is None or now - at > timedelta(days=1):
        return None
    return {"at": output.rfc3339(at), "seconds": int(row["value"])}


def _notices(reader: Reader) -> list[str]:
    from monitor.store import sql
    from monitor.store.rows import to_db

    since = to_db(datetime.now(UTC) - timedelta(days=1))
    rows = reader.rows(sql.NOTICES_SINCE, since=since)
    return [f"notice {row['at'][:16]} UTC: {row['text']}" for row in rows[-5:]]


def _tell(found: dict[str, Any], lines: list[str]) -> None:
    now = datetime.now(UTC)
    running = found["daemon"] == "running"
    daemon = f"running (process {found['pid']})" if running else "stopped"
    tick = _moment(found["last_tick"])
    output.out(
        f"daemon   {output.colour(daemon, 'green' if running else 'yellow')}"
        + _when(", last sign", tick, now)
    )
    if found["trouble"]:
        output.out(f"store    {output.colour(output.printable(found['trouble']), 'red')}")
    if offline := _moment(found["offline_since"]):
        said = f"offline, noticed {output.ago(offline, now)}: feeds wait, one is tried each 30 s"
        output.out(f"network  {output.colour(said, 'yellow')}")
    if step := found["clock_step"]:
        way = "forward" if step["seconds"] > 0 else "back"
        when = output.ago(_moment(step["at"]), now)
        output.out(f"clock    set {way} by {abs(step['seconds'])} s, {when}: what was due moved with it")
    for line in _config_lines(found["config"], found["pid"], now):
        output.out(line)
    feeds = found["feeds"]
    named = ", ".join(found.get("failing", [])[:5])
    failing = f", {feeds['failing']} failing ({named})" if feeds["failing"] else ""
    quiet = f", {feeds['silent']} silent ({', '.join(found['silent'][:5])})" if feeds["silent"] else ""
    unasked = feeds["total"] - feeds["ok"] - feeds["failing"] - feeds["silent"]
    new = f", {unasked} not polled yet" if unasked > 0 else ""
    off = f", {feeds['disabled']} disabled" if feeds["disabled"] else ""
    output.out(f"feeds    {feeds['total']}: {feeds['ok']} ok{failing}{quiet}{new}{off}")
    for line in _trouble_lines(found, now):
        output.out(line)
    if found["gaps_24h"]:
        gaps = found["gaps_24h"]
        said = "1 gap" if gaps == 1 else f"{gaps} gaps"
        names = ", ".join(list(dict.fromkeys(gap["feed"] for gap in found["gaps"]))[:SHOWN])
        output.out(
            f"gaps     {said} in 24 h ({names}), where items may have gone unseen: tocsin feeds show NAME"
        )
    for line in status_pages.lines(found):
        output.out(line)
    waiting = {state: n for state, n in found["outbox"].items() if state != "sent" and n}
    text = ", ".join(f"{n} {state}" for state, n in sorted(waiting.items())) or "empty"
    output.out(f"outbox   {text}")
    for line in (*status_channels.lines(found), *status_canary.lines(found, now)):
        output.out(line)
    last = _when(", the last", _moment(found["last_alert"]), now)
    output.out(f"alerts   {found['alerts_24h']} in 24 h{last}")
    for line in lines:
        output.out(line)


def _trouble_lines(found: dict[str, Any], now: datetime) -> list[str]:
    """The troubles of feeds, and the rules that they leave blind, as many as a person reads."""
    troubles, blind = found["troubles"], found["blind"]
    lines = [
        f"{t['feed']} is {output.printable(t['text'])}{_when(', since', _moment(t['since']), now)}"
        for t in troubles[:SHOWN]
    ]
    if len(troubles) > SHOWN:
        lines.append(f"and {len(troubles) - SHOWN} more: tocsin feeds list")
    told = [
        f"{'trouble' if n == 0 else '':<9}{output.colour(line, 'yellow')}" for n, line in enumerate(lines)
    ]
    worst = sorted(blind, key=lambda b: -len(b["blind"]) / max(b["feeds"], 1))
    lines = []
    for rule in worst[:SHOWN]:
        names = ", ".join(rule["blind"][:SHOWN])
        lines.append(
            f"{rule['rule']}: {len(rule['blind'])} of its {rule['feeds']} feeds for over 2 h ({names})"
        )
    if len(worst) > SHOWN:
        lines.append(f"and {len(worst) - SHOWN} more rules: tocsin status --json")
    return told + _headed("blind", lines)


def _headed(head: str, lines: Sequence[str]) -> list[str]:
    """The lines, the first behind its heading, the others below it."""
    return [f"{'' if n else head:<9}{line}" for n, line in enumerate(lines)]


def _config_lines(config: dict[str, Any], pid: int | None, now: datetime) -> list[str]:
    """Which configuration is in force, and each thing that is the matter with it, with its remedy."""
    loaded, refused, error = config["loaded_at"], config["refused"], config["error"]
    lines = [f"config   {config['path']}" + _when(", loaded", _moment(loaded), now)]
    if refused:
        more = f" (and {refused['more']} more)" if refused["more"] else ""
        when = _when("refused", _moment(refused["at"]), now)
        lines.append(f"{when}, the old one stays in force: {refused['message']}{more}")
        lines += [f"    {refused['hint']}"] if refused["hint"] else []
    elif error:
        more = f" (and {error['more']} more)" if error["more"] else ""
        lines.append(f"cannot be used as it is now: {error['message']}{more}: see tocsin check")
    if config["differs"]:
        lines.append(f"{DIFFERS}: {', '.join(config['changed'])}")
        lines.append(f"    tocsin check, then systemctl reload tocsin (or kill -HUP {pid})")
    return [lines[0], *(" " * 9 + output.colour(line, "yellow") for line in lines[1:])]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _when(words: str, moment: datetime | None, now: datetime) -> str:
    return f"{words} {output.ago(moment, now)}" if moment else ""
