"""`tocsin status`: is it running, is it seeing its feeds, is it being heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import context, output

if TYPE_CHECKING:
    import typer

    from monitor.settings import Config
    from monitor.store.database import Reader


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin status --json")(status)


def status() -> None:
    """Show daemon, feeds and outbox. Whether it runs, sees its feeds and is heard."""
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
    if context.given.json:
        output.emit(found)
        return
    _tell(found, lines)


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
        "offline_since": None,
        "clock_step": None,
        "gaps_24h": 0,
        "baseline_matches": 0,
    }


def _gather(config: Config, reader: Reader, pid: int | None) -> dict[str, Any]:
    from monitor.store import sql
    from monitor.store.clock import OFFLINE
    from monitor.store.rows import FeedState, from_db, read, to_db

    now = datetime.now(UTC)
    wanted = {f.name for f in config.feeds if f.enabled}
    states = [read(FeedState, row) for row in reader.rows(sql.FEEDS) if row["name"] in wanted]
    failing = [s.name for s in states if s.failures or s.gone]
    last = reader.row(sql.LAST_ALERT)
    tick = reader.row(sql.FACT, name="last_tick")
    day = to_db(now - timedelta(hours=24))
    count = reader.row(sql.ALERTS_COUNT, since=day)
    cut_off = reader.row(sql.FACT, name=OFFLINE) if pid is not None else None
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
        "offline_since": output.rfc3339(from_db(cut_off["at"])) if cut_off else None,
        "clock_step": _clock_step(reader, now),
        "gaps_24h": len(reader.rows(sql.GAPS_SINCE, since=day)),
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
    if offline := _moment(found["offline_since"]):
        said = f"offline, noticed {output.ago(offline, now)}: feeds wait, one is tried each 30 s"
        output.out(f"network  {output.colour(said, 'yellow')}")
    if step := found["clock_step"]:
        way = "forward" if step["seconds"] > 0 else "back"
        when = output.ago(_moment(step["at"]), now)
        output.out(f"clock    set {way} by {abs(step['seconds'])} s, {when}: what was due moved with it")
    feeds = found["feeds"]
    named = ", ".join(found.get("failing", [])[:5])
    failing = f", {feeds['failing']} failing ({named})" if feeds["failing"] else ""
    unasked = feeds["total"] - feeds["ok"] - feeds["failing"]
    new = f", {unasked} not polled yet" if unasked > 0 else ""
    off = f", {feeds['disabled']} disabled" if feeds["disabled"] else ""
    output.out(f"feeds    {feeds['total']}: {feeds['ok']} ok{failing}{new}{off}")
    if found["gaps_24h"]:
        gaps = found["gaps_24h"]
        said = "1 gap" if gaps == 1 else f"{gaps} gaps"
        output.out(
            f"gaps     {said} in 24 h, where a feed may have dropped items unseen: tocsin feeds show NAME"
        )
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
