"""`tocsin status`: is it running, is it seeing its feeds, is it being heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import context, output

if TYPE_CHECKING:
    from pathlib import Path

    import typer

    from monitor.settings import Config
    from monitor.store.database import Reader


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin status --json")(status)


def status() -> None:
    """Show whether the daemon runs, how the feeds fare and what waits to be delivered."""
    from monitor.store.lock import holder_of
    from monitor.store.schema import version_of

    config = context.config()
    pid = holder_of(config.database)
    if version_of(config.database) is None:
        found = _nothing_yet(config, pid)
        lines: list[str] = ["not started yet: `tocsin run` makes the database and polls the feeds"]
    else:
        from monitor.service.preview import preview

        reader = context.reader()
        found = _gather(config, reader, pid)
        lines = [*preview(reader), *_notices(reader)]
    found["trouble"] = _trouble(config.database) or None
    if context.given.json:
        output.emit(found)
        return
    _tell(found, lines)


def _trouble(database: Path) -> str:
    """What keeps the database from being used, as the daemon says or, where it cannot write, as is seen."""
    from monitor.errors import Fault
    from monitor.store.faults import describe, is_read_only
    from monitor.store.lock import trouble_of

    told = trouble_of(database)
    if told or not is_read_only(database):
        return told
    return describe(Fault.READ_ONLY, database).message


def _nothing_yet(config: Config, pid: int | None) -> dict[str, Any]:
    count = sum(f.enabled for f in config.feeds)
    return {
        "daemon": "running" if pid is not None else "stopped",
        "pid": pid,
        "feeds": {"total": count, "ok": 0, "failing": 0, "silent": 0, "disabled": len(config.feeds) - count},
        "outbox": {},
        "alerts_24h": 0,
        "last_alert": None,
        "last_tick": None,
        "baseline_matches": 0,
    }


def _gather(config: Config, reader: Reader, pid: int | None) -> dict[str, Any]:
    from monitor.store import sql
    from monitor.store.rows import FeedState, from_db, read, to_db

    now = datetime.now(UTC)
    wanted = {f.name for f in config.feeds if f.enabled}
    states = [read(FeedState, row) for row in reader.rows(sql.FEEDS) if row["name"] in wanted]
    failing = [s.name for s in states if s.failures or s.gone]
    last = reader.row(sql.LAST_ALERT)
    tick = reader.row(sql.FACT, name="last_tick")
    count = reader.row(sql.ALERTS_COUNT, since=to_db(now - timedelta(hours=24)))
    baseline = reader.row(sql.BASELINE_COUNT, after=0)
    return {
        "daemon": "running" if pid is not None else "stopped",
        "pid": pid,
        "feeds": {
            "total": len(wanted),
            "ok": sum(1 for s in states if s.last_good_at and not s.failures and not s.gone),
            "failing": len(failing),
            "silent": 0,
            "disabled": len(config.feeds) - len(wanted),
        },
        "failing": failing,
        "outbox": {row["state"]: row["n"] for row in reader.rows(sql.OUTBOX_COUNTS)},
        "alerts_24h": int(count[0]) if count else 0,
        "last_alert": output.rfc3339(from_db(last[0])) if last and last[0] else None,
        "last_tick": output.rfc3339(from_db(tick["at"])) if tick else None,
        "baseline_matches": int(baseline[0]) if baseline else 0,
    }


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
    feeds = found["feeds"]
    named = ", ".join(found.get("failing", [])[:5])
    failing = f", {feeds['failing']} failing ({named})" if feeds["failing"] else ""
    unasked = feeds["total"] - feeds["ok"] - feeds["failing"]
    new = f", {unasked} not polled yet" if unasked > 0 else ""
    off = f", {feeds['disabled']} disabled" if feeds["disabled"] else ""
    output.out(f"feeds    {feeds['total']}: {feeds['ok']} ok{failing}{new}{off}")
    waiting = {state: n for state, n in found["outbox"].items() if state != "sent" and n}
    text = ", ".join(f"{n} {state}" for state, n in sorted(waiting.items())) or "empty"
    output.out(f"outbox   {text}")
    last = _when(", the last", _moment(found["last_alert"]), now)
    output.out(f"alerts   {found['alerts_24h']} in 24 h{last}")
    for line in lines:
        output.out(line)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _when(words: str, moment: datetime | None, now: datetime) -> str:
    return f"{words} {output.ago(moment, now)}" if moment else ""
