"""`tocsin silence`: alerts that are not to ring until a time, and what was hidden."""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli import complete, context, output
from monitor.cli.words import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.alerts.silences import Silence

Values = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="What is not to ring until a time, and what that hid.", **SETTINGS)
    group.command("add", epilog='Example: tocsin silence add --rule flood --for 7d --comment "storms"')(add)
    group.command("list", epilog="Example: tocsin silence list --all")(list_silences)
    group.command("expire", epilog="Example: tocsin silence expire 3")(expire)
    app.add_typer(group, name="silence")


def add(
    *,
    rule: Annotated[
        Values,
        typer.Option(help="A rule's name, or a glob; may be given again.", autocompletion=complete.rules),
    ] = None,
    feed: Annotated[
        Values, typer.Option(help="A feed's name, or a glob.", autocompletion=complete.feeds)
    ] = None,
    tag: Annotated[Values, typer.Option(help="A tag of feeds.")] = None,
    entity: Annotated[Values, typer.Option(help="An entity that is named.")] = None,
    severity: Annotated[
        Values, typer.Option(help="low, normal, high or urgent.", autocompletion=complete.severities)
    ] = None,
    lang: Annotated[Values, typer.Option(help="The article's language, e.g. fr.")] = None,
    span: Annotated[str | None, typer.Option("--for", help="How long, e.g. 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="Until when, e.g. 18:00 or 2026-12-24.")] = None,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    author: Annotated[str | None, typer.Option(help="Who; else the name of this user.")] = None,
) -> None:
    """Keep what fits from ringing, urgent alerts too: keys are AND, values of one key are OR."""
    from monitor.alerts.silences import Silence
    from monitor.cli.silence_shape import check_names, ends_at, matchers
    from monitor.store.database import command_line_tx
    from monitor.store.silences import add_silence

    given = {"rule": rule, "feed": feed, "tag": tag, "entity": entity, "severity": severity, "lang": lang}
    match = matchers({key: values or () for key, values in given.items()})
    config = context.config()
    match = check_names(match, config)
    now = datetime.now(UTC)
    ends = ends_at(span, until, now, ZoneInfo(config.timezone))
    silence = Silence(match, author or _user(), comment, now, ends, now)
    with command_line_tx(config.database) as tx:
        silence = replace(silence, id=add_silence(tx, silence))
    _show_one(silence, {}, now)


def list_silences(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
) -> None:
    """List silences, with how many alerts each hid so far."""
    from monitor.alerts.silences import Phase
    from monitor.cli.silence_shape import row, shape
    from monitor.store.silences import all_silences, hidden_by

    reader, now = context.reader(), datetime.now(UTC)
    chosen = [s for s in all_silences(reader) if everything or s.phase(now) is not Phase.ENDED]
    found = [(silence, hidden_by(reader, silence.id)) for silence in chosen]
    if context.given.json:
        for silence, hidden in found:
            output.emit(shape(silence, hidden, now))
        return
    output.table(
        ("ID", "STATE", "ENDS", "HID", "ALERTS", "AUTHOR", "COMMENT"),
        [row(silence, hidden, now) for silence, hidden in found],
        empty="nothing is silenced",
    )


def expire(ids: Annotated[list[int], typer.Argument(metavar="ID", help="From silence list.")]) -> None:
    """End silences now; what comes from now on rings, what they hid stays silent."""
    from monitor.errors import UsageError
    from monitor.store.database import command_line_tx
    from monitor.store.silences import expire_silence, hidden_by

    now = datetime.now(UTC)
    with command_line_tx(context.config().database) as tx:
        ended = [(i, expire_silence(tx, i, now) if i <= LARGEST else None) for i in dict.fromkeys(ids)]
        unknown = [str(number) for number, silence in ended if silence is None]
        if unknown:
            raise UsageError(
                f"there is no silence {', '.join(unknown)}; nothing was ended",
                hint="tocsin silence list --all shows them",
            )
        found = [(silence, hidden_by(tx, number)) for number, silence in ended if silence is not None]
    for silence, hidden in found:
        _show_one(silence, hidden, now)


def _show_one(silence: Silence, hidden: Mapping[str, int], now: datetime) -> None:
    from monitor.alerts.matchers import in_words
    from monitor.alerts.silences import Phase, hidden_words, shown_match
    from monitor.cli.silence_shape import public_names, shape

    if context.given.json:
        output.emit(shape(silence, hidden, now))
        return
    over = silence.phase(now) is Phase.ENDED
    end = "is over" if over else f"ends {output.ago(silence.ends, now)}"
    said = f"silence {silence.id} of {in_words(shown_match(silence, public_names()))} {end}"
    output.out(f"{said}; it hid {hidden_words(hidden, public_names())}" if over or hidden else said)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a service without a name in the list of users
        return "somebody"
