"""`tocsin feeds`: the sources: how they fare, switching them, polling one."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli import context, output
from monitor.cli.feed_facts import Name, configured, done, find, shape_of, states_of
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.settings import Config
    from monitor.store.rows import Episode, FeedState


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS
    from monitor.cli.feeds_add import add, discover, remove
    from monitor.cli.feeds_opml import export, import_opml
    from monitor.cli.feeds_show import show

    group = typer.Typer(help="The sources: how they fare, and changing them in the file.", **SETTINGS)
    group.command("list", epilog="Example: tocsin feeds list --json")(list_feeds)
    group.command("show", epilog="Example: tocsin feeds show lemonde")(show)
    group.command("add", epilog="Example: tocsin feeds add https://www.rfi.fr/fr/rss --name rfi --tag fr")(
        add
    )
    group.command("discover", epilog="Example: tocsin feeds discover https://www.lemonde.fr")(discover)
    group.command("remove", epilog="Example: tocsin feeds remove rfi")(remove)
    group.command("enable", epilog="Example: tocsin feeds enable rfi")(enable)
    group.command("disable", epilog="Example: tocsin feeds disable rfi")(disable)
    group.command("poll", epilog="Example: tocsin feeds poll rfi")(poll)
    group.command("import", epilog="Example: tocsin feeds import subscriptions.opml")(import_opml)
    group.command("export", epilog="Example: tocsin feeds export > feeds.opml")(export)
    app.add_typer(group, name="feeds")


def list_feeds() -> None:
    """List feeds: how each fares, in a word; last and next poll; what happened."""
    config = context.config()
    states = states_of(config)
    troubles, gaps = _troubles(states)
    found = []
    for feed in config.feeds:
        state = states.get(feed.name)
        open_now = troubles.get(state.id, ()) if state else ()
        found.append(shape_of(feed, state, open_now, gaps[feed.name]))
    if context.given.json:
        for one in found:
            output.emit(one)
        return
    now = datetime.now(UTC)

    def when(text: str | None) -> str:
        return output.ago(datetime.fromisoformat(text), now) if text else "-"

    output.table(
        ("NAME", "STATE", "LAST POLL", "NEXT POLL", "TAGS", "WHAT HAPPENED"),
        [
            (
                f["name"],
                f["state"],
                when(f["last_poll"]),
                when(f["next_poll"]),
                " ".join(f["tags"]),
                f["message"] + _gaps_of(f),
            )
            for f in found
        ],
        empty="no feeds: tocsin feeds add URL",
    )


def _troubles(states: Mapping[str, FeedState]) -> tuple[Mapping[int, Sequence[Episode]], Counter[str]]:
    """The troubles that feeds are in, by the feed's number, and the gaps of the last day, by its name."""
    from monitor.cli.feed_troubles import open_by_feed
    from monitor.store import sql
    from monitor.store.rows import to_db

    if not states:
        return {}, Counter()
    reader = context.reader()
    since = to_db(datetime.now(UTC) - timedelta(days=1))
    gaps = Counter(row["feed"] for row in reader.rows(sql.GAPS_SINCE, since=since))
    return open_by_feed(reader), gaps


def _gaps_of(feed: dict[str, Any]) -> str:
    count = feed["gaps_24h"]
    return f"; {count} {'gap' if count == 1 else 'gaps'} in 24 h" if count else ""


def enable(name: Name) -> None:
    """Switch a feed on in the file."""
    _switch(name, enabled=True)


def disable(name: Name) -> None:
    """Switch a feed off in the file."""
    _switch(name, enabled=False)


def poll(name: Name) -> None:
    """Make a feed due now; without a running daemon it is polled at once."""
    import asyncio

    from monitor.cli.rules import engine_of
    from monitor.service import log
    from monitor.service.once import run_once
    from monitor.store.lock import holder_of

    config = context.config(strict=True)
    if not find(config, name).enabled:
        raise UsageError(f"{name} is disabled", hint=f"tocsin feeds enable {name}")
    if holder_of(config.database) is not None:
        _make_due(config, name)
        _tell_polled({"feed": name, "polled": False}, f"{name} is due now: the running daemon polls it")
        return
    engine_of(config)  # what a poll records is not judged again: a broken rule would miss it for good
    log.configure("debug" if context.given.debug else "warning", config.log_format)
    summary = asyncio.run(run_once(config, force=True, only=name))
    state = states_of(config)[name]
    if not summary.polled:
        _refuse_forbidden(state)
        raise TocsinError(f"{name} could not be polled", hint="the log above says why")
    happened = state.last_message or state.last_status
    facts = {"new": summary.new, "matched": summary.matched, "delivered": summary.delivered}
    _tell_polled(
        {"feed": name, "polled": True, "message": happened, **facts, "failed": summary.failed},
        f"{name}: {output.printable(happened)}, " + ", ".join(f"{word} {n}" for word, n in facts.items()),
    )
    if state.failures or summary.failed:
        raise typer.Exit(1)


def _switch(name: str, *, enabled: bool) -> None:
    from monitor.config.edit import set_enabled

    path = set_enabled(context.config_path(), configured(name), enabled, env=os.environ)
    done(f"{name} is {'enabled' if enabled else 'disabled'} in {path}")


def _tell_polled(facts: dict[str, Any], text: str) -> None:
    if context.given.json:
        output.emit(facts)
    else:
        output.out(text)


def _make_due(config: Config, name: str) -> None:
    from monitor.store import sql
    from monitor.store.database import command_line_tx
    from monitor.store.rows import to_db

    state = states_of(config).get(name)
    if state is None or state.retired_at is not None:
        raise TocsinError(f"the running daemon does not know {name} yet", hint="systemctl reload tocsin")
    _refuse_forbidden(state)
    with command_line_tx(config.database) as tx:
        tx.run(sql.FEED_SCHEDULE, feed_id=state.id, next_poll_at=to_db(datetime.now(UTC)))


def _refuse_forbidden(state: FeedState) -> None:
    """What a server said about being asked holds for a request by hand, too."""
    if state.gone:
        raise TocsinError(
            f"{state.name} is gone: its server said so for good (410)",
            hint="give it another url in the configuration, or remove it",
        )
    if state.forbidden_until and state.forbidden_until > datetime.now(UTC):
        until = output.rfc3339(state.forbidden_until)
        raise TocsinError(f"the server of {state.name} asked not to be asked before {until}")
