"""What looks after Tocsin itself, as the running daemon wrote it down, and as it answers from outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.config.serving import place_of
from monitor.doctor.gather.paths import hidden
from monitor.doctor.gather.service import unit_of
from monitor.doctor.gather.stored import commands, reading
from monitor.doctor.watch import WatchFacts, judge_watch
from monitor.service.alarm import Fault
from monitor.service.deadman import State, read_state
from monitor.service.knock import knock
from monitor.service.standing import stands_still
from monitor.store.lock import fault_of

if TYPE_CHECKING:
    from monitor.doctor.findings import Finding
    from monitor.doctor.site import Site


def watch(site: Site) -> list[Finding]:
    """Canary, dead-man ping and health; where no daemon moves, only whether they are switched on."""
    config, path, holder = site.config, site.database, site.holder
    if config is None or path is None or hidden(path) or hidden(path.parent):
        return []
    facts = WatchFacts(site.now, canary=config.canary is not None, deadman=config.deadman is not None)
    place = place_of(config)
    if holder is None or not holder.ours or stands_still(holder.pid, None, site.now):
        return judge_watch(facts)
    fault = Fault.load(fault_of(path)) if config.canary else None
    state = State()
    if config.deadman:
        with reading(site) as reader:
            state = read_state(reader) if reader is not None else state
    _, restart, _ = commands(unit_of(site), holder.pid)
    return judge_watch(
        replace(
            facts,
            canary_since=fault.since if fault else None,
            canary_why=fault.why if fault else "",
            told=fault.told if fault else (),
            held=state.held,
            unanswered=state.error,
            ping_since=datetime.fromisoformat(state.since) if state.since else None,
            listen=str(place) if place else "",
            unread=(knock(place) or "") if place else "",
            restart=restart,
        )
    )
