"""
One send at a time, each in a daemon thread of its own, and given up after a while.

A receiver that never answers, or one byte a minute, keeps its own channel busy and no other. A thread cannot
be ended from outside: it ends when its sockets do. So many of one channel may hang; then nothing more is
begun on it until one of them ends, and the daemon does not fill up with them.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.model import Answer, AnswerClass, Outgoing

if TYPE_CHECKING:
    from monitor.delivery.channels import Channel
    from monitor.store.rows import OutboxRow

MOST_HANGING = 4  # sends of one channel that were given up and still hang


class Sender:
    """Sends; gives up after `deadline` seconds."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._hanging: dict[str, list[threading.Thread]] = {}

    async def send(self, channel: Channel, out: Outgoing) -> Answer:
        """The receiver's answer, or that there was none; never raises."""
        hanging = [thread for thread in self._hanging.pop(channel.name, ()) if thread.is_alive()]
        if hanging:
            self._hanging[channel.name] = hanging
        if len(hanging) >= MOST_HANGING:
            why = f"{len(hanging)} earlier messages still hang at this receiver; not sent"
            return Answer(AnswerClass.TRANSIENT, why, unreached=True)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Answer] = loop.create_future()

        def finish(answer: Answer) -> None:
            if not done.done():
                done.set_result(answer)

        def body() -> None:
            try:
                answer = channel.send(out)
            except Exception as error:  # noqa: BLE001 - a plugin's bug must not stop the daemon
                answer = Answer(AnswerClass.UNKNOWN, f"the channel failed: {type(error).__name__}")
            try:
                loop.call_soon_threadsafe(finish, answer)
            except RuntimeError:
                return  # the loop is closed: the daemon ended and returned this lease

        thread = threading.Thread(target=body, name=f"send-{channel.name}", daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(self.deadline):
                return await done
        except TimeoutError:
            self._hanging.setdefault(channel.name, []).append(thread)
            return Answer(AnswerClass.UNKNOWN, f"no answer within {self.deadline:g} s")


def outgoing(row: OutboxRow) -> Outgoing:
    """The row as a channel gets it."""
    return Outgoing(
        outbox_id=row.id,
        message_id=row.message_id,
        channel=row.channel,
        message=payload.load(row.payload),
        attempt=row.attempts,
        maybe_repeat=row.maybe_repeat,
        plain=row.plain,
        created=row.created_at,
    )
