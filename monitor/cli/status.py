"""`tocsin status`: is it running, is it seeing its feeds, is it being heard, and by which configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import (
    context,
    output,
    status_canary,
    status_channels,
    status_config,
    status_latency,
    status_metrics,
    status_pages,
    status_process,
    status_sight,
)
from monitor.cli.status_words import SHOWN, moment, when

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import Config
    from monitor.store.database import Reader

GAPS_SHOWN = 20
OFFLINE_WORDS = "offline: no server can be reached"  # as the log, the status line and /healthz say it


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin status --latency --since 30d")(status)


def status(
    *,
    latency: Annotated[
        bool, typer.Option("--latency", help="How long alerts took, by stage, rule and feed.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(metavar="SPAN", help="How far back --latency looks; 7d if left out.")
    ] = None,
) -> None:
    """
    Show daemon, feeds and outbox. Whether it runs, sees its feeds and is heard.

    Exit 2 if the configuration cannot be used; what the database knows is shown all the same.
    """
    from monitor.cli.words import span
    from monitor.errors import UsageError
    from monitor.service.standing import stands_still
    from monitor.store.lock import holder_of
    from monitor.store.schema import version_of

    if since is not None and not latency:
        raise UsageError("--since goes with --latency", hint=f"tocsin status --latency --since {since}")
    loaded = context.load(strict=False)
    config = loaded.config
    database = config.database if config else status_config.database_of(loaded)
    pid = holder_of(database)
    now = datetime.now(UTC)
    start = now - timedelta(seconds=span(since or "7d"))
    if version_of(database) is None:
        reader = None
        found = _nothing_yet(config, loaded.partial, pid, now)
        lines: list[str] = ["not started yet: `tocsin run` makes the database and polls the feeds"]
    else:
        from monitor.service.preview import preview

        reader = context.reader(database)
        found = _gather(config, loaded.partial, reader, pid, now)
        lines = [*preview(reader), *_notices(reader, now)]
    found["config"] = status_config.gather(reader, loaded, pid)
    found["trouble"] = _trouble(database) or None
    # A disk that takes nothing takes no heartbeat either, and is named by itself.
    sign = None if found["trouble"] else moment(found["last_tick"])
    still = stands_still(pid, sign, now)
    found["stuck"] = _still_words(still.what, still.go_on) if still else None
    found["metrics"] = status_metrics.gather(config, asked=pid is not None and still is None)
    if latency and reader is not None:
        found["latency"] = status_latency.gather(reader, start)
    if context.given.json:
        output.emit(found)
    elif "latency" in found:
        status_latency.tell(found["latency"])
    else:
        _tell(found, lines, now)
    if config is None:
        raise typer.Exit(2)


def _still_words(what: str, go_on: str) -> str:
    remedy = f"{go_on} lets it go on" if go_on else "start it again (systemctl restart tocsin)"
    return f"{what}; {remedy}"


def _trouble(database: Path) -> str:
    """What keeps the database from being used, as the daemon says or, where it cannot write, as is seen."""
    from monitor.errors import Fault
    from monitor.store.faults import describe, is_read_only
    from monitor.store.lock import trouble_of

    told = trouble_of(database)
    if told or not is_read_only(database):
        return told
    return describe(Fault.READ_ONLY, database).message


def _nothing_yet(
    config: Config | None, partial: Config | None, pid: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "daemon": "running" if pid is not None else "stopped",
        "pid": pid,
        **status_sight.nothing_yet(config),
        **status_process.NOTHING,
        "crashed": False,
        "last_tick": None,
        "offline_since": None,
        "clock_step": None,
        "gaps_24h": 0,
        "gaps": [],
        **status_channels.NOTHING,
        **status_pages.NOTHING,
        **status_canary.gather(partial, None, pid, now),
        "baseline_matches": 0,
    }


def _gather(
    config: Config | None, partial: Config | None, reader: Reader, pid: int | None, now: datetime
) -> dict[str, Any]:
    """All of it; where the configuration is refused, what looks after Tocsin is told by its readable part."""
    from monitor.store import sql
    from monitor.store.clock import OFFLINE
    from monitor.store.process import AT_WORK, LAST_TICK
    from monitor.store.rows import from_db, to_db

    yesterday = now - timedelta(hours=24)
    tick = reader.row(sql.FACT, name=LAST_TICK)
    cut_off = reader.row(sql.FACT, name=OFFLINE) if pid is not None else None
    baseline = reader.row(sql.BASELINE_COUNT, after=0)
    gaps = reader.rows(sql.GAPS_SINCE, since=to_db(yesterday))
    return {
        "daemon": "running" if pid is not None else "stopped",
        "pid": pid,
        **status_sight.gather(config, reader, now),
        **status_process.gather(reader, pid, now),
        "crashed": pid is None and tick is not None and tick["value"] == AT_WORK,
        "last_tick": output.rfc3339(from_db(tick["at"])) if tick else None,
        "offline_since": output.rfc3339(from_db(cut_off["at"])) if cut_off else None,
        "clock_step": _clock_step(reader, now),
        "gaps_24h": len(gaps),
        "gaps": [
            {"feed": g["feed"]} | {end: output.rfc3339(from_db(g[end])) for end in ("since", "until")}
            for g in gaps[:GAPS_SHOWN]
        ],
        **status_channels.gather(config, reader, now),
        **status_pages.gather(config, reader, yesterday),
        **status_canary.gather(partial, reader, pid, now),
        "baseline_matches": int(baseline[0]) if baseline else 0,
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


def _notices(reader: Reader, now: datetime) -> list[str]:
    from monitor.store import sql
    from monitor.store.rows import to_db

    rows = reader.rows(sql.NOTICES_SINCE, since=to_db(now - timedelta(days=1)))
    return [f"notice {row['at'][:16]} UTC: {row['text']}" for row in rows[-5:]]


def _tell(found: dict[str, Any], more: list[str], now: datetime) -> None:
    said = [
        *_daemon_lines(found, now),
        *status_config.lines(found["config"], found["pid"], now),
        *status_sight.lines(found, now),
        *_gap_lines(found),
        *status_process.lines(found, now),
        *status_pages.lines(found),
        *status_metrics.lines(found),
        *_outbox_lines(found, now),
        *more,
    ]
    for line in said:
        output.out(output.folded(line, 9))


def _daemon_lines(found: dict[str, Any], now: datetime) -> list[str]:
    """Whether it is there, and what befell the machine."""
    running = found["daemon"] == "running"
    daemon = f"running (process {found['pid']})" if running else "stopped"
    tick = when(", last sign", moment(found["last_tick"]), now)
    hue = "green" if running else "yellow"
    if found["crashed"]:
        daemon, hue = "stopped: it was killed or crashed", "red"
    said = [f"daemon   {output.colour(daemon, hue)}{tick}"]
    if found["stuck"]:
        said.append(f"         {output.colour(found['stuck'], 'red')}")
    if found["trouble"]:
        said.append(f"store    {output.colour(output.printable(found['trouble']), 'red')}")
    if offline := moment(found["offline_since"]):
        text = f"{OFFLINE_WORDS}, noticed {output.ago(offline, now)}; feeds wait, and one is tried each 30 s"
        said.append(f"network  {output.colour(text, 'yellow')}")
    if step := found["clock_step"]:
        way = "forward" if step["seconds"] > 0 else "back"
        ago = output.ago(moment(step["at"]), now)
        by = status_latency.span(abs(step["seconds"]))
        said.append(f"clock    set {way} by {by}, {ago}: what was due moved with it")
    return said


def _gap_lines(found: dict[str, Any]) -> list[str]:
    gaps = found["gaps_24h"]
    if not gaps:
        return []
    count = "1 gap" if gaps == 1 else f"{gaps} gaps"
    names = ", ".join(list(dict.fromkeys(gap["feed"] for gap in found["gaps"]))[:SHOWN])
    return [f"gaps     {count} in 24 h ({names}), where items may have gone unseen: tocsin feeds show NAME"]


def _outbox_lines(found: dict[str, Any], now: datetime) -> list[str]:
    """What waits, which channels do not take theirs, and how much was told."""
    waiting = {state: n for state, n in found["outbox"].items() if state != "sent" and n}
    text = ", ".join(f"{n} {state}" for state, n in sorted(waiting.items())) or "empty"
    if oldest := moment(found["oldest_waiting"]):
        text += f"; the oldest on its way was made {output.ago(oldest, now)}"
    last = when(", the last", moment(found["last_alert"]), now)
    return [
        f"outbox   {text}",
        *status_channels.lines(found),
        *status_canary.lines(found, now),
        f"alerts   {found['alerts_24h']} in 24 h{last}",
    ]
