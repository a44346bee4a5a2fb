"""What `tocsin status` says of the daemon's own work: polls, attempts, reloads, and what its rules weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.store.database import Reader
    from monitor.store.figures import StoreFigures

# A document that was read is not yet news, so people are not told that it is "new".
WAYS: Mapping[str, str] = {"new": "read", "not_modified": "unchanged"}
NOTHING: Mapping[str, Any] = {
    "process": None,
    "outbox": {},
    "backlog": 0,
    "dead_letters": 0,
    "oldest_waiting": None,
    "matches_24h": 0,
    "fates_24h": [],
    "alerts_24h": 0,
    "last_alert": None,
}


def gather(reader: Reader, pid: int | None, now: datetime) -> dict[str, Any]:
    """The keys of `NOTHING`: counters of the daemon of this id, and what the database knows of its work."""
    from dataclasses import asdict

    from monitor.store.figures import store_figures
    from monitor.store.process import noted_process

    noted = noted_process(reader, pid)
    process = asdict(noted[0]) | {"as_of": output.rfc3339(noted[1])} if noted else None
    return {"process": process, **_shape(store_figures(reader, now))}


def _shape(figures: StoreFigures) -> dict[str, Any]:
    from monitor.store.figures import backlog, dead_letters

    return {
        "outbox": dict(figures.outbox),
        "backlog": backlog(figures.outbox),
        "dead_letters": dead_letters(figures.outbox),
        "oldest_waiting": output.rfc3339(figures.oldest_waiting),
        "matches_24h": figures.matches,
        "fates_24h": [
            {"state": state, "reason": reason, "n": n}
            for (state, reason), n in sorted(figures.ledger.items())
        ],
        "alerts_24h": figures.alerts,
        "last_alert": output.rfc3339(figures.last_alert),
    }


def lines(found: Mapping[str, Any], now: datetime) -> list[str]:
    """The same for people; nothing while no daemon is at work."""
    from datetime import datetime as moment

    process = found["process"]
    if process is None:
        return []
    ways = sorted(process["polls"].items(), key=lambda pair: -pair[1])
    how = ", ".join(f"{n} {WAYS.get(word, word.replace('_', ' '))}" for word, n in ways if n)
    since = output.ago(moment.fromisoformat(process["since"]), now)
    said = [
        f"polls    {sum(process['polls'].values())} since its start {since}" + (f": {how}" if how else "")
    ]
    if process["polls_unrecorded"]:
        said[0] += f"; {process['polls_unrecorded']} could not be recorded and are made again"
    if process["memo_bytes"]:
        pieces = "piece" if process["memo_pieces"] == 1 else "pieces"
        said.append(
            f"rules    {process['rules']} in {_size(process['rules_bytes'])}; "
            f"{process['memo_pieces']} {pieces} of text remembered in {_size(process['memo_bytes'])}"
        )
    return said


def _size(number: float) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 10 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
