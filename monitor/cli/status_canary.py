"""What `tocsin status` says of the canary and of the dead-man ping: whether Tocsin itself is looked after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.settings import Config
    from monitor.store.database import Reader

LATE = timedelta(minutes=5)  # a daemon that is well pings each minute; a canary is missed after so long


def gather(config: Config | None, reader: Reader | None, pid: int | None, now: datetime) -> dict[str, Any]:
    """
    "canary" and "deadman"; each is None where the configuration does not ask for it.

    `state` is "ok", "waiting" (for the first time), "stopped" (there is no daemon) or "failing"; the canary
    may be "overdue", which its alarm has not said yet, the ping "held" or "overdue".
    """
    return {
        "canary": _canary(config, reader, pid, now) if config and config.canary else None,
        "deadman": _deadman(reader, pid, now) if config and config.deadman else None,
    }


def _canary(config: Config, reader: Reader | None, pid: int | None, now: datetime) -> dict[str, Any]:
    from monitor.service.alarm import Fault
    from monitor.store.canary import last_round
    from monitor.store.lock import fault_of

    assert config.canary is not None
    every = float(str(config.canary["every"]))
    last = last_round(reader) if reader else None
    fault = Fault.load(fault_of(config.database))
    late = last is not None and now - last.at > timedelta(seconds=1.5 * every) + LATE
    state = "stopped" if pid is None else "failing" if fault else "overdue" if late else "ok"
    return {
        "state": "waiting" if state == "ok" and last is None else state,
        "every": every,
        "last_whole": output.rfc3339(last.at) if last else None,
        "seconds": round(sum(last.stages.values()), 6) if last else None,
        "stages": dict(last.stages) if last else {},
        "failing_since": output.rfc3339(fault.since) if fault else None,
        "why": fault.why if fault else None,
        "alarmed_at": output.rfc3339(fault.alarmed_at) if fault else None,
        "told": list(fault.told) if fault else [],
    }


def _deadman(reader: Reader | None, pid: int | None, now: datetime) -> dict[str, Any]:
    from monitor.service.deadman import State, read_state

    known = read_state(reader) if reader else State()
    last = datetime.fromisoformat(known.ok_at) if known.ok_at else None
    if pid is None:
        state = "stopped"
    elif known.held:
        state = "held"
    elif known.error:
        state = "failing"
    elif last is None:
        state = "waiting"
    else:
        state = "overdue" if now - last > LATE else "ok"
    since = datetime.fromisoformat(known.since) if known.since else None
    return {
        "state": state,
        "last_ping": output.rfc3339(last),
        "why": known.held or known.error or None,
        "since": output.rfc3339(since) if known.held or known.error else None,
    }


def lines(found: Mapping[str, Any], now: datetime) -> list[str]:
    """The same for people; nothing of what is not configured."""
    told = []
    if found["canary"]:
        told.append(f"canary   {_canary_words(found['canary'], now)}")
    if found["deadman"]:
        told.append(f"deadman  {_deadman_words(found['deadman'], now)}")
    return told


def _canary_words(found: Mapping[str, Any], now: datetime) -> str:
    last = _ago(found["last_whole"], now)
    state = found["state"]
    if state == "failing":
        since, told = _ago(found["failing_since"], now), ", ".join(found["told"])
        heard = (
            f"{told} heard of it {_ago(found['alarmed_at'], now)}" if told else "no channel took the alarm"
        )
        words = f"has not come through since {since}: {output.printable(found['why'])}; {heard}"
        return output.colour(words, "red")
    if state == "overdue":
        return output.colour(f"came through {last}, and should have again by now", "yellow")
    if state == "waiting":
        return "its first round is under way"
    when = f"came through {last}, in {found['seconds']:.2f} s" if last else "has made no round yet"
    return when if state == "ok" else f"{when}; no daemon is running"


def _deadman_words(found: Mapping[str, Any], now: datetime) -> str:
    last = _ago(found["last_ping"], now)
    state = found["state"]
    before = f"; the last ping was answered {last}" if last else ""
    if state in ("held", "failing"):
        what = "held back" if state == "held" else "not answered"
        words = f"{what}, since {_ago(found['since'], now)}: {output.printable(found['why'])}{before}"
        return output.colour(words, "yellow")
    if state == "overdue":
        return output.colour(f"the last ping was answered {last}, and another was due", "yellow")
    if state == "waiting":
        return "waits for the first whole healthy cycle"
    words = f"the last ping was answered {last}" if last else "no ping was answered yet"
    return words if state == "ok" else f"{words}; no daemon is running"


def _ago(moment: str | None, now: datetime) -> str:
    return output.ago(datetime.fromisoformat(moment), now) if moment else ""
