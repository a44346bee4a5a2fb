"""`tocsin channels`: where alerts go, and whether they would arrive."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from monitor.store.rows import ChannelState


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="Where alerts go, and whether they would arrive.", **SETTINGS)
    group.command("list", epilog="Example: tocsin channels list")(list_channels)
    group.command("test", epilog="Example: tocsin channels test phone")(test)
    app.add_typer(group, name="channels")


def list_channels() -> None:
    """List channels with their pauses and last answers; never their addresses."""
    from monitor.plan import channels_of

    config = context.config()
    states = _states()
    now = datetime.now(UTC)
    found = []
    for channel in channels_of(config):
        state = states.get(channel.name)
        paused = state.paused_until if state and state.paused_until and state.paused_until > now else None
        found.append(
            {
                "name": channel.name,
                "type": channel.type,
                "paused_until": output.rfc3339(paused),
                "last_ok": output.rfc3339(state.last_ok_at) if state else None,
                "last_error": (state.last_error or None) if state else None,
                "last_error_at": output.rfc3339(state.last_error_at) if state else None,
            }
        )
    if context.given.json:
        for one in found:
            output.emit(one)
        return
    output.table(
        ("NAME", "TYPE", "PAUSED UNTIL", "LAST OK", "LAST ERROR"),
        [(c["name"], c["type"], c["paused_until"], c["last_ok"], c["last_error"]) for c in found],
        empty="no channels",
    )


def test(name: Annotated[str, typer.Argument(help="The channel to try.")]) -> None:
    """Send a marked test message; exit 1 if it was not delivered."""
    from monitor.cli.words import known
    from monitor.delivery.channels import build_channel
    from monitor.model import AnswerClass, Message, Outgoing
    from monitor.plan import channels_of

    now = datetime.now(UTC)
    config = context.config()
    channels = {c.name: c for c in channels_of(config)}
    # With --json a terminal channel's card must not stand between the objects.
    stream = sys.stderr if context.given.json else sys.stdout
    channel = build_channel(
        channels[known(name, channels, "channel")],
        zone=ZoneInfo(config.timezone),
        contact=config.contact,
        stream=stream,
    )
    message = Message(
        kind="test",
        title="Tocsin test: this channel works",
        why=f"sent by hand with: tocsin channels test {name}",
        published=now,
    )
    number = f"test.{now:%Y%m%d%H%M%S}"
    answer = channel.send(Outgoing(0, number, name, message, created=now))
    channel.close()
    delivered = answer.kind is AnswerClass.OK
    if context.given.json:
        output.emit(
            {"channel": name, "delivered": delivered, "answer": answer.kind.value, "detail": answer.detail}
        )
    else:
        detail = f": {answer.detail}" if answer.detail else ""
        output.say(f"{name}: {'delivered' if delivered else 'not delivered'} ({answer.kind.value}{detail})")
    if not delivered:
        raise typer.Exit(1)


def _states() -> dict[str, ChannelState]:
    """What the database knows of channels; nothing where there is none yet."""
    from monitor.store import schema, sql
    from monitor.store.rows import ChannelState, read

    if schema.version_of(context.config().database) is None:
        return {}
    reader = context.reader()
    rows = reader.rows(sql.CHANNELS)
    return {row["name"]: read(ChannelState, row) for row in rows}
