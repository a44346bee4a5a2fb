"""`tocsin outbox`: what is not delivered yet, to be tried again or given up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import complete, context, output
from monitor.cli.words import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.settings import Config
    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

WHY_NOT = {
    "ready": "it is due already",
    "leased": "it is being sent right now",
    "sent": "it was delivered",
    "dropped": "it was dropped",
}
SHOWN = 10  # ids named in one line
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID", help="From outbox list.")]
Channel = Annotated[
    str | None, typer.Option("--channel", help="All of this channel's.", autocompletion=complete.channels)
]
All = Annotated[bool, typer.Option("--all", help="All there are.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="What is not delivered yet, to be tried again or given up.", **SETTINGS)
    group.command("list", epilog="Example: tocsin outbox list --json")(list_outbox)
    group.command("retry", epilog="Example: tocsin outbox retry --channel desk")(retry)
    group.command("drop", epilog="Example: tocsin outbox drop 17 18")(drop)
    app.add_typer(group, name="outbox")


def list_outbox(
    everything: Annotated[bool, typer.Option("--all", help="What was sent or dropped, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --all: so many, the newest.")] = 1000,
) -> None:
    """List what is not delivered yet, dead letters included."""
    from monitor.store import sql
    from monitor.store.rows import OutboxRow, read

    reader = context.reader()
    rows = (
        reader.rows(sql.OUTBOX_ALL, count=min(limit, LARGEST))
        if everything
        else reader.rows(sql.OUTBOX_UNSENT)
    )
    found = []
    for row in sorted((read(OutboxRow, r) for r in rows), key=lambda r: r.id):
        alerts = [r["alert_id"] for r in reader.rows(sql.OUTBOX_ALERTS, outbox=row.id)]
        found.append(_shape(row, alerts))
    if everything and len(found) == limit:
        output.say(f"only the newest {limit}; --limit shows more")
    if context.given.json:
        for one in found:
            output.emit(one)
        return
    now = datetime.now(UTC)
    output.table(
        ("ID", "CHANNEL", "STATE", "ATTEMPTS", "NEXT", "TITLE", "LAST ERROR"),
        [
            (
                o["id"],
                o["channel"],
                o["state"],
                o["attempts"],
                output.ago(datetime.fromisoformat(o["next_attempt"]), now) if o["next_attempt"] else "-",
                o["title"],
                o["last_error"],
            )
            for o in found
        ],
        empty="nothing is waiting to be delivered",
    )


def retry(ids: Ids = None, channel: Channel = None, everything: All = False) -> None:
    """Make notifications due now, dead letters included. A running daemon looks within 5 seconds."""
    from monitor.store.outbox import retry_by_hand

    _each(ids, channel, everything, retry_by_hand, again=True)


def drop(
    ids: Ids = None,
    channel: Channel = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before dropping all.")] = False,
) -> None:
    """Give notifications up; the ledger says that it was done by hand."""
    from monitor.errors import UsageError
    from monitor.store.outbox import drop_by_hand

    if everything and not yes:
        raise UsageError("this drops every undelivered notification", hint="tocsin outbox drop --all --yes")
    _each(ids, channel, everything, drop_by_hand, again=False)


def _each(
    ids: list[int] | None,
    channel: str | None,
    everything: bool,
    move: Callable[[Tx, int, datetime], bool],
    *,
    again: bool,
) -> None:
    """Move the chosen notifications and say how many; exit 1 if one that was named could not be."""
    from monitor.cli.words import known
    from monitor.errors import UsageError
    from monitor.plan import channels_of
    from monitor.store import sql
    from monitor.store.database import command_line_tx

    if not ids and not channel and not everything:
        raise UsageError(
            "which ones? name ids, --channel NAME or --all", hint="tocsin outbox list shows them"
        )
    now = datetime.now(UTC)
    config = context.config()
    with command_line_tx(config.database) as tx:
        rows = tx.rows(sql.OUTBOX_UNSENT)
        if channel:
            # One that is no longer configured may still have notifications.
            names = [*(c.name for c in channels_of(config)), *(r["channel"] for r in rows)]
            known(channel, dict.fromkeys(names), "channel")
        wanted = [r["id"] for r in rows if everything or r["channel"] == channel]
        chosen = list(dict.fromkeys([*(ids or []), *wanted]))
        moved = {i for i in chosen if i <= LARGEST and move(tx, i, now)}
        refused = {i: _why_not(tx, i) for i in chosen if i not in moved}
        when = _when(config, tx, moved, now) if moved and again else []
    if context.given.json:
        output.emit({"done": [i for i in chosen if i in moved], "refused": list(refused), "why": refused})
    else:
        output.out(f"{len(moved)} {'due again' if again else 'dropped'}")
        for why, number in Counter(refused.values()).items():
            few = ", ".join([str(i) for i, reason in refused.items() if reason == why][:SHOWN])
            output.say(f"not possible for {number} ({few}{', …' if number > SHOWN else ''}): {why}")
        for line in when:
            output.say(line)
    if refused.keys() & set(ids or []):
        raise typer.Exit(1)


def _why_not(tx: Tx, number: int) -> str:
    """Why a notification could not be moved: the state it is in."""
    from monitor.store import sql

    row = tx.row(sql.OUTBOX, id=number) if number <= LARGEST else None
    return WHY_NOT.get(row["state"], row["state"]) if row else "there is no such notification"


def _when(config: Config, tx: Tx, moved: set[int], now: datetime) -> list[str]:
    """When what is due again goes out: who sends, and which channels are not spoken to before."""
    from monitor.store import sql
    from monitor.store.lock import holder_of
    from monitor.store.outbox import channel_state

    running = holder_of(config.database) is not None
    lines = [
        "the running daemon looks at its outbox every 5 seconds"
        if running
        else "no daemon is running: `tocsin run` tries them"
    ]
    rows = (tx.row(sql.OUTBOX, id=number) for number in moved)
    for name in sorted({row["channel"] for row in rows if row}):
        until = channel_state(tx, name).paused_until
        if until is not None and until > now:
            lines.append(f"channel {name} is paused after its last answer: tried {output.ago(until, now)}")
    return lines


def _shape(row: OutboxRow, alerts: list[int]) -> dict[str, Any]:
    from monitor.alerts.payload import load
    from monitor.cli.veil import HIDDEN, veil

    message = load(row.payload)
    told = {*message.rules, *(rule for entry in message.entries for rule in entry.rules)}
    title = HIDDEN if any(map(veil().hides, told)) else message.title  # made before its rule was secret
    return {
        "id": row.id,
        "alerts": alerts,
        "channel": row.channel,
        "kind": row.kind,
        "title": title,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt": output.rfc3339(row.next_attempt_at),
        "reason": row.reason or None,
        "last_error": row.last_error or None,
    }
