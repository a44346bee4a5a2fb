"""What `tocsin status` says of channels: whose last answer was a no, and when each is tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.settings import Config
    from monitor.store.database import Reader
    from monitor.store.rows import ChannelState

SHOWN = 5  # lines
NOTHING: Mapping[str, Any] = {"refusing": []}


def gather(config: Config | None, reader: Reader, now: datetime) -> dict[str, Any]:
    """The keys of `NOTHING`; where there is no configuration, of all channels that were ever used."""
    from monitor.store import sql
    from monitor.store.figures import refuses
    from monitor.store.rows import ChannelState as State
    from monitor.store.rows import read

    states = [read(State, row) for row in reader.rows(sql.CHANNELS)]
    known = {state.name for state in states}
    if config is not None:
        from monitor.plan import channels_of

        known = {channel.name for channel in channels_of(config)}
    return {"refusing": [_shape(s, now) for s in states if s.name in known and refuses(s)]}


def _shape(state: ChannelState, now: datetime) -> dict[str, Any]:
    paused = state.paused_until if state.paused_until and state.paused_until > now else None
    return {
        "channel": state.name,
        "at": output.rfc3339(state.last_error_at),
        "error": state.last_error,
        "paused_until": output.rfc3339(paused),
        "why": (state.pause_reason or None) if paused else None,
    }


def lines(found: Mapping[str, Any]) -> list[str]:
    """The same for people; nothing where every channel took its last message."""
    now = datetime.now(UTC)
    refusing = found["refusing"]
    told = [
        f"{one['channel']} did not take its last message,"
        f" {_ago(one['at'], now)}: {output.printable(one['error'])}"
        + (f"; paused, tried {_ago(one['paused_until'], now)}" if one["paused_until"] else "")
        for one in refusing[:SHOWN]
    ]
    if len(refusing) > SHOWN:
        told.append(f"and {len(refusing) - SHOWN} more")
    if told:
        told.append("look, mend and try: tocsin channels list, tocsin channels test NAME")
    return [
        f"{'channels' if n == 0 else '':<9}{output.colour(line, 'yellow')}" for n, line in enumerate(told)
    ]


def _ago(moment: str, now: datetime) -> str:
    return output.ago(datetime.fromisoformat(moment), now)
