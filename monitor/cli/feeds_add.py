"""`tocsin feeds add`, `remove`, `import` and `export`: sources into the file and out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import context, output
from monitor.cli.feed_facts import Name, configured, done
from monitor.errors import UsageError


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
    done(f"added {name or default_name(address)} to {path}")


def remove(name: Name) -> None:
    """Take a feed out of the file; its memory is kept."""
    from monitor.config.edit import remove_feed

    done(f"removed from {remove_feed(context.config_path(), configured(name), env=os.environ)}")


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
    done(f"{added} new of {len(feeds)} feeds")


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
