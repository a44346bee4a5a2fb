"""`tocsin feeds`: the sources: how they fare, and changing them in the file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from monitor.settings import Config, FeedConfig
    from monitor.store.rows import FeedState

GAPS_SHOWN = 10
Name = Annotated[str, typer.Argument(metavar="NAME", help="From feeds list.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="The sources: how they fare, and changing them in the file.", **SETTINGS)
    group.command("list", epilog="Example: tocsin feeds list --json")(list_feeds)
    group.command("show", epilog="Example: tocsin feeds show lemonde")(show)
    group.command("add", epilog="Example: tocsin feeds add https://www.rfi.fr/fr/rss --name rfi --tag fr")(
        add
    )
    group.command("remove", epilog="Example: tocsin feeds remove rfi")(remove)
    group.command("enable", epilog="Example: tocsin feeds enable rfi")(enable)
    group.command("disable", epilog="Example: tocsin feeds disable rfi")(disable)
    group.command("poll", epilog="Example: tocsin feeds poll rfi")(poll)
    group.command("import", epilog="Example: tocsin feeds import subscriptions.opml")(import_opml)
    group.command("export", epilog="Example: tocsin feeds export > feeds.opml")(export)
    app.add_typer(group, name="feeds")


def list_feeds() -> None:
    """List feeds: ok, new, failing, gone or disabled; last and next poll; what happened."""
    config = context.config()
    states = _states(config)
    found = [_shape(feed, states.get(feed.name)) for feed in config.feeds]
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
                f["message"],
            )
            for f in found
        ],
        empty="no feeds: tocsin feeds add URL",
    )


def show(name: Name) -> None:
    """Show everything known of one feed."""
    from monitor.config.show import show as shown_config

    config = context.config()
    feed = _find(config, name)
    state = _states(config).get(name)
    configured = next(f for f in shown_config(config)["feeds"] if f["name"] == name)
    shape = (
        configured
        | _shape(feed, state)
        | {
            "title": state.title if state else None,
            "polls": state.polls if state else 0,
            "failures": state.failures if state else 0,
            "http_status": state.last_http if state else None,
            "baseline": output.rfc3339(state.baseline_at) if state else None,
            "conditional": bool(state and (state.etag or state.last_modified)),
            "not_before": output.rfc3339(state.forbidden_until) if state else None,
            "gaps": _gaps(state) if state else [],
        }
    )
    if context.given.json:
        output.emit(shape)
        return
    shape["gaps"] = [f"{gap['since']} to {gap['until']}" for gap in shape["gaps"]]
    for key, value in shape.items():
        shown = ", ".join(value) if isinstance(value, list | dict) else value
        output.out(
            f"{key.replace('_', ' '):<12}  {'-' if shown in (None, '') else output.printable(str(shown))}"
        )


def add(
    address: Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")],
    name: Annotated[str | None, typer.Option(help="Else made from host and path.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be repeated.")] = None,
) -> None:
    """Add a feed to the file; comments and order are kept."""
    from monitor.config.edit import add_feed
    from monitor.config.feednames import default_name

    path = context.config_path()
    add_feed(path, name, address, tuple(tag or ()), env=os.environ)
    _done(f"added {name or default_name(address)} to {path}")


def remove(name: Name) -> None:
    """Take a feed out of the file; its memory is kept."""
    from monitor.config.edit import remove_feed

    _done(f"removed from {remove_feed(context.config_path(), _configured(name), env=os.environ)}")


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
    if not _find(config, name).enabled:
        raise UsageError(f"{name} is disabled", hint=f"tocsin feeds enable {name}")
    if holder_of(config.database) is not None:
        _make_due(config, name)
        _tell_polled({"feed": name, "polled": False}, f"{name} is due now: the running daemon polls it")
        return
    engine_of(config)  # what a poll records is not judged again: a broken rule would miss it for good
    log.configure("debug" if context.given.debug else "warning", config.log_format)
    summary = asyncio.run(run_once(config, force=True, only=name))
    state = _states(config)[name]
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


def import_opml(file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="An OPML file.")]) -> None:
    """Add what is new in an OPML file; its folders become tags."""
    from monitor.config.checks import feed_url
    from monitor.config.edit import NewFeed, import_feeds
    from monitor.config.words import WrongValueError
    from monitor.feeds.opml import read_opml

    try:
        feeds = read_opml(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file}: {error}", hint="export it again as OPML") from None
    wanted: list[NewFeed] = []
    for feed in feeds:
        try:
            feed_url(feed.url)
        except WrongValueError:
            output.say(f"warning: {feed.title or 'a feed'!r} has no http:// or https:// address: left out")
        else:
            wanted.append(NewFeed(feed.url, None, feed.tags))
    added = import_feeds(context.config_path(), wanted, env=os.environ)
    _done(f"{added} new of {len(feeds)} feeds")


def export() -> None:
    """Print the configured feeds as OPML."""
    from monitor.config.secrets import secret_parts
    from monitor.feeds.opml import OpmlFeed, write_opml

    open_feeds: list[OpmlFeed] = []
    for feed in context.config().feeds:
        if feed.url.source != "config" or secret_parts(feed.url.reveal()):
            output.say(f"warning: {feed.name} is left out: its address is a secret, or holds one")
        else:
            open_feeds.append(OpmlFeed(url=feed.url.reveal(), title=feed.name, tags=feed.tags))
    if context.given.json:
        for one in open_feeds:
            output.emit({"name": one.title, "url": one.url, "tags": list(one.tags)})
        return
    output.out(write_opml(open_feeds).rstrip())


def _switch(name: str, *, enabled: bool) -> None:
    from monitor.config.edit import set_enabled

    path = set_enabled(context.config_path(), _configured(name), enabled, env=os.environ)
    _done(f"{name} is {'enabled' if enabled else 'disabled'} in {path}")


def _configured(name: str) -> str:
    return _find(context.config(), name).name


def _find(config: Config, name: str) -> FeedConfig:
    from monitor.cli.words import known

    feeds = {feed.name: feed for feed in config.feeds}
    return feeds[known(name, feeds, "feed")]


def _tell_polled(facts: dict[str, Any], text: str) -> None:
    if context.given.json:
        output.emit(facts)
    else:
        output.out(text)


def _done(text: str) -> None:
    """Say what was done to the file, and what a running daemon needs to see it."""
    from monitor.store.lock import holder_of

    output.say(text)
    pid = holder_of(context.config().database)
    if pid is not None:
        output.say(f"the running daemon sees it after: systemctl reload tocsin (or kill -HUP {pid})")


def _make_due(config: Config, name: str) -> None:
    from monitor.store import sql
    from monitor.store.database import command_line_tx
    from monitor.store.rows import to_db

    state = _states(config).get(name)
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


def _states(config: Config) -> dict[str, FeedState]:
    """What the database knows of feeds; nothing where there is none yet."""
    from monitor.store import sql
    from monitor.store.rows import FeedState, read
    from monitor.store.schema import version_of

    if version_of(config.database) is None:
        return {}
    reader = context.reader()
    rows = reader.rows(sql.FEEDS)
    return {row["name"]: read(FeedState, row) for row in rows}


def _gaps(state: FeedState) -> list[dict[str, str | None]]:
    """The newest spans in which the feed may have dropped items that nobody saw."""
    from monitor.store import sql
    from monitor.store.rows import from_db

    rows = context.reader().rows(sql.GAPS_OF, feed=state.id)[:GAPS_SHOWN]
    return [{end: output.rfc3339(from_db(row[end])) for end in ("since", "until")} for row in rows]


def _shape(feed: FeedConfig, state: FeedState | None) -> dict[str, Any]:
    return {
        "name": feed.name,
        "state": _word(feed, state),
        "tags": list(feed.tags),
        "last_poll": output.rfc3339(state.last_poll_at) if state else None,
        "last_good": output.rfc3339(state.last_good_at) if state else None,
        "next_poll": output.rfc3339(state.next_poll_at) if state else None,
        "message": (state.last_message or state.last_status) if state else "",
    }


def _word(feed: FeedConfig, state: FeedState | None) -> str:
    if not feed.enabled:
        return "disabled"
    if state is None or not state.polls:
        return "new"
    if state.gone:
        return "gone"
    return "failing" if state.failures else "ok"
