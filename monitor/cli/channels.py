"""`tocsin channels`: where alerts go, and whether they would arrive."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli import complete, context, output

if TYPE_CHECKING:
    from monitor.model import Answer
    from monitor.settings import ChannelConfig
    from monitor.store.rows import ChannelState

# What a person does after each class of answer; alerts are looked after by the outbox.
REMEDIES = {
    "transient": "try again in a while; alerts are tried again by themselves, for seven days",
    "rate": "wait, then try again; alerts wait by themselves until they may be sent",
    "config": "mend [channels.{name}] in the configuration, then: tocsin channels test {name}",
    "refused": "mend the receiver's address in [channels.{name}], then: tocsin channels test {name}",
    "content": "it lets you in, but refuses the text; a refused alert is sent once more, short and plain",
    "unknown": "look whether it arrived; an alert would be sent again, marked as a possible repeat",
}
# Services whose yes proves nothing about arrival (docs/channels.md says why).
LOOK = frozenset(
    {
        *("xmpp", "xmpps", "mqtt", "mqtts", "rsyslog", "irc", "ircs", "aprs", "dapnet", "growl"),
        *("dbus", "gnome", "glib", "macosx", "windows", "syslog", "blink1"),
        *("mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms"),
    }
)


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


def test(
    name: Annotated[str, typer.Argument(help="The channel to try.", autocompletion=complete.channels)],
) -> None:
    """Send a marked test message, and say what to do next; exit 1 if it was not delivered."""
    from monitor.cli.words import known
    from monitor.delivery.channels import build_channel
    from monitor.model import AnswerClass, Message, Outgoing
    from monitor.plan import channels_of

    now = datetime.now(UTC)
    config = context.config()
    channels = {c.name: c for c in channels_of(config)}
    chosen = channels[known(name, channels, "channel")]
    # With --json a terminal channel's card must not stand between the objects.
    stream = sys.stderr if context.given.json else sys.stdout
    channel = build_channel(chosen, zone=ZoneInfo(config.timezone), contact=config.contact, stream=stream)
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
    hint = _after_yes(chosen, now) if delivered else REMEDIES[answer.kind.value].format(name=name)
    if context.given.json:
        output.emit(_shape(name, answer, hint, delivered=delivered))
    else:
        output.say(
            f"{name}: {'delivered' if delivered else 'not delivered'}: {answer.detail or answer.kind.value}"
        )
        if hint:
            output.say(f"    {hint}")
    if not delivered:
        raise typer.Exit(1)


def _shape(name: str, answer: Answer, hint: str, *, delivered: bool) -> dict[str, object]:
    return {
        "channel": name,
        "delivered": delivered,
        "answer": answer.kind.value,
        "detail": answer.detail,
        "status": answer.status,
        "retry_after": answer.retry_after,
        "hint": hint or None,
    }


def _after_yes(channel: ChannelConfig, now: datetime) -> str:
    """What is left to do after a yes: send what waits behind a pause, or look whether it is true."""
    from monitor.errors import StoreError
    from monitor.model import AnswerClass

    try:
        state = _states().get(channel.name)
    except StoreError:  # the message went out all the same; what the database says is another verb's business
        state = None
    if state is not None and state.paused_until is not None and state.paused_until > now:
        until = output.ago(state.paused_until, now)
        if state.pause_reason != AnswerClass.CONFIG:
            return f"its receiver asked for a pause before: alerts go out again {until}"
        return (
            f"alerts for it are paused ({until}); send them now: tocsin outbox retry --channel {channel.name}"
        )
    url = channel.url.reveal() if channel.type == "apprise" and channel.url is not None else ""
    if url.partition("://")[0].strip().lower() in LOOK:
        return "look whether it arrived: this service's yes proves less than that (docs/channels.md says why)"
    return ""


def _states() -> dict[str, ChannelState]:
    """What the database knows of channels; nothing where there is none yet."""
    from monitor.store import schema, sql
    from monitor.store.rows import ChannelState, read

    if schema.version_of(context.config().database) is None:
        return {}
    reader = context.reader()
    rows = reader.rows(sql.CHANNELS)
    return {row["name"]: read(ChannelState, row) for row in rows}
