"""`tocsin outbox`: what is not delivered yet, to be tried again or given up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]…", help="From outbox list.")]
Channel = Annotated[str | None, typer.Option("--channel", help="All of this channel's.")]
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
) -> None:
    """List notifications that are not delivered yet, dead letters included."""
    from monitor.store import sql
    from monitor.store.rows import OutboxRow, read

    reader = context.reader()
    rows = reader.rows(sql.OUTBOX_ALL, count=1000) if everything else reader.rows(sql.OUTBOX_UNSENT)
    found = []
    for row in sorted((read(OutboxRow, r) for r in rows), key=lambda r: r.id):
        alerts = [r["alert_id"] for r in reader.rows(sql.OUTBOX_ALERTS, outbox=row.id)]
        found.append(_shape(row, alerts))
    reader.close()
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
        empty="the outbox is empty: everything was delivered",
    )


def retry(ids: Ids = None, channel: Channel = None, everything: All = False) -> None:
    """Make notifications due now, dead letters included. A running daemon looks within 5 seconds."""
    from monitor.store.outbox import retry_by_hand

    _each(ids, channel, everything, retry_by_hand, "due again")


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
    _each(ids, channel, everything, drop_by_hand, "dropped")


def _each(
    ids: list[int] | None,
    channel: str | None,
    everything: bool,
    move: Callable[[Tx, int, datetime], bool],
    done: str,
) -> None:
    from monitor.errors import UsageError
    from monitor.store import sql
    from monitor.store.database import command_line_tx

    if not ids and not channel and not everything:
        raise UsageError(
            "which ones? name ids, --channel NAME or --all", hint="tocsin outbox list shows them"
        )
    now = datetime.now(UTC)
    with command_line_tx(context.config().database) as tx:
        chosen = list(ids or [])
        if channel or everything:
            rows = tx.rows(sql.OUTBOX_UNSENT)
            chosen += [r["id"] for r in rows if everything or r["channel"] == channel]
        moved = [i for i in dict.fromkeys(chosen) if move(tx, i, now)]
    refused = [i for i in dict.fromkeys(chosen) if i not in moved]
    if context.given.json:
        output.emit({"done": moved, "refused": refused})
    else:
        output.out(f"{len(moved)} {done}")
        if refused and ids:
            output.say(f"not possible (unknown, in mid-send, or settled): {', '.join(map(str, refused))}")
    if ids and refused:
        raise typer.Exit(1)


def _shape(row: OutboxRow, alerts: list[int]) -> dict[str, Any]:
    from monitor.alerts.payload import load

    return {
        "id": row.id,
        "alerts": alerts,
        "channel": row.channel,
        "kind": row.kind,
        "title": load(row.payload).title,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt": output.rfc3339(row.next_attempt_at),
        "reason": row.reason or None,
        "last_error": row.last_error or None,
    }
