"""What the verbs of `tocsin feeds` share: feeds by name, what is known of them, and what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import complete, context, output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.settings import Config, FeedConfig
    from monitor.store.rows import Episode, FeedState

Name = Annotated[str, typer.Argument(metavar="NAME", help="From feeds list.", autocompletion=complete.feeds)]


def find(config: Config, name: str) -> FeedConfig:
    """The configured feed of this name. Raises UsageError, with the nearest name, where there is none."""
    from monitor.cli.words import known

    feeds = {feed.name: feed for feed in config.feeds}
    return feeds[known(name, feeds, "feed")]


def configured(name: str) -> str:
    """The name, if the configuration has a feed of it. Raises UsageError else."""
    return find(context.config(), name).name


def states_of(config: Config) -> dict[str, FeedState]:
    """What the database knows of feeds; nothing where there is none yet."""
    from monitor.store import sql
    from monitor.store.rows import FeedState, read
    from monitor.store.schema import version_of

    if version_of(config.database) is None:
        return {}
    reader = context.reader()
    rows = reader.rows(sql.FEEDS)
    return {row["name"]: read(FeedState, row) for row in rows}


def shape_of(
    feed: FeedConfig, state: FeedState | None, troubles: Sequence[Episode] = (), gaps: int = 0
) -> dict[str, Any]:
    """What the list says of a feed, as JSON has it; `troubles` are those it is in, `gaps` those of a day."""
    return {
        "name": feed.name,
        "state": word_of(feed, state, troubles),
        "tags": list(feed.tags),
        "last_poll": output.rfc3339(state.last_poll_at) if state else None,
        "last_good": output.rfc3339(state.last_good_at) if state else None,
        "next_poll": output.rfc3339(state.next_poll_at) if state else None,
        "message": (state.last_message or state.last_status) if state else "",
        "gaps_24h": gaps,
    }


def word_of(feed: FeedConfig, state: FeedState | None, troubles: Sequence[Episode] = ()) -> str:
    """How a feed fares, in a word."""
    from monitor.cli.feed_troubles import word_for
    from monitor.feeds.moves import TIMES

    if not feed.enabled:
        return "disabled"
    if state is None or not state.polls:
        return "new"
    if state.gone:
        return "gone"
    if state.next_poll_at is None and state.moved_seen >= TIMES:
        return "moved"  # to where another feed is, which is polled in its place
    if state.last_good_at is None and not state.failures:
        return "new"  # it was we who were cut off: nothing is known of it yet
    return word_for(troubles, failing=state.failures > 0)


def done(text: str) -> None:
    """Say what was done to the file, and what a running daemon needs to see it."""
    from monitor.store.lock import holder_of

    output.say(text)
    pid = holder_of(context.config().database)
    if pid is not None:
        output.say(f"the running daemon sees it after: systemctl reload tocsin (or kill -HUP {pid})")
