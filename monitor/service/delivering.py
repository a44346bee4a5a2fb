"""The channels in use, over reloads, and what the log says of an attempt to send."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.model import AnswerClass
from monitor.service.log import event, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.delivery.channels import Channel
    from monitor.delivery.policy import Verdict
    from monitor.model import Answer
    from monitor.plan import Plan
    from monitor.settings import ChannelConfig, Config
    from monitor.store.rows import OutboxRow

IN_HAND = 95.0  # seconds: a whole fetch and a whole send
_log = get_logger("delivery")


class Channels:
    """The channels in use, made by `make`; those that a reload replaces are closed once it is safe."""

    def __init__(self, make: Callable[[ChannelConfig, Config], Channel]) -> None:
        self.in_use: dict[str, Channel] = {}
        self._make = make
        self._replaced: list[tuple[float, Channel]] = []  # by a reload, and when

    def made_for(self, plan: Plan, now: Plan) -> dict[str, Channel]:
        """A plan's channels; those that nothing changed for are kept, with what they have learnt."""
        same = (plan.config.timezone, plan.config.contact) == (now.config.timezone, now.config.contact)
        found = {}
        for name, channel in plan.channels.items():
            old = now.channels.get(name)
            kept = same and old is not None and replace(old, origin=None) == replace(channel, origin=None)
            in_use = self.in_use.get(name) if kept else None
            found[name] = in_use or self._make(channel, plan.config)
        return found

    def use(self, channels: dict[str, Channel]) -> None:
        """Deliver to these from now on; those they replace are let go once their sends must be over."""
        now = asyncio.get_running_loop().time()
        over = [channel for at, channel in self._replaced if at < now - IN_HAND]
        for channel in over:
            channel.close()
        kept = set(map(id, channels.values()))
        self._replaced = [(at, channel) for at, channel in self._replaced if at >= now - IN_HAND]
        self._replaced += [(now, old) for old in self.in_use.values() if id(old) not in kept]
        self.in_use = channels

    def close(self) -> None:
        """Let go of all of them."""
        for channel in (*self.in_use.values(), *(old for _, old in self._replaced)):
            channel.close()


def log_attempt(row: OutboxRow, answer: Answer, verdict: Verdict) -> None:
    """Say in the log what came of an attempt to send."""
    event(
        _log,
        "info" if answer.kind is AnswerClass.OK else "warning",
        "notification sent" if answer.kind is AnswerClass.OK else "notification not sent",
        outbox=row.id,
        channel=row.channel,
        attempt=row.attempts,
        answer=answer.kind,
        state=verdict.state,
        **({"detail": answer.detail} if answer.detail else {}),
        **({"next": verdict.next_attempt} if verdict.next_attempt else {}),
    )
