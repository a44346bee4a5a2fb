"""`tocsin feeds add`, `remove` and `discover`: sources into the file and out of it, and where they are."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from monitor.cli import context, output
from monitor.cli.feed_facts import Name, configured, done
from monitor.cli.feeds_look import facts_of, last_of, search, shape_of_found, shown_url
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.feeds.discover import Discovery, FoundFeed


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was typed: the feed or page to add to the file, under which name, with which tags."""

    path: Path
    address: str
    name: str | None
    tags: tuple[str, ...]

    def __str__(self) -> str:
        """The options to type again."""
        options = [
            *(["--name", self.name] if self.name else []),
            *(p for t in self.tags for p in ("--tag", t)),
        ]
        return shlex.join(options)


def add(
    address: Annotated[str, typer.Argument(metavar="URL", help="A feed, or a page of a site that has some.")],
    name: Annotated[str | None, typer.Option(help="Else made from host and path.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be repeated.")] = None,
    first: Annotated[
        bool, typer.Option("--first", help="Of several feeds take the best one, and do not ask.")
    ] = False,
    no_fetch: Annotated[
        bool, typer.Option("--no-fetch", help="Add the address as it is, without a look at it.")
    ] = False,
) -> None:
    """Add a feed to the file; of a page or a site its feed is found. Comments and order are kept."""
    wish = _Wish(context.config_path(), address, name, tuple(tag or ()))
    listed = _refuse_at_once(wish)
    if no_fetch:
        _add(wish, address)
        return
    discovery = search(address, context.config())
    if not discovery.found:
        _add_unseen(wish, discovery)
        return
    feed = discovery.found[0] if discovery.direct else _chosen(wish, discovery.found, listed, first=first)
    # A feed that was named keeps its address as it was written; the login of one that was found goes with it.
    url = address if discovery.direct else _with_login(feed.url, address)
    _add(wish, url, shape_of_found(feed), facts_of(feed))
    if discovery.moved_to:
        output.say(f"warning: its server says it has moved for good to {shown_url(discovery.moved_to)}")


def remove(name: Name) -> None:
    """Take a feed out of the file; its memory is kept."""
    from monitor.config.edit import remove_feed

    done(f"removed from {remove_feed(context.config_path(), configured(name), env=os.environ)}")


def discover(
    address: Annotated[str, typer.Argument(metavar="URL", help="Any page of a site.")],
) -> None:
    """Find the feeds of a site; stores nothing. Exit 1 if there are none."""
    _lawful(address)
    config = context.config_if_any()
    listed = {f.url.reveal(): f.name for f in config.feeds if not f.url.missing} if config else {}
    discovery = search(address, config)
    if not discovery.found:
        raise TocsinError(f"no feed was found: {discovery.why}", hint=_hint_for_nothing(discovery))
    found = discovery.found
    if discovery.direct and shown_url(address) != address:  # what was typed may hold a login or a token
        found = (replace(found[0], url=shown_url(address)),)
    _show(found, listed)
    if not context.given.json and sys.stdout.isatty():
        output.say("add one of them: tocsin feeds add URL")


def _show(found: Sequence[FoundFeed], listed: Mapping[str, str]) -> None:
    """What was found, the best first."""
    if context.given.json:
        for feed in found:
            output.emit(shape_of_found(feed, listed))
        return
    rows = [(f.url, f.kind, f.items, last_of(f), listed.get(f.url), f.title) for f in found]
    output.table(("URL", "KIND", "ITEMS", "NEWEST", "LISTED AS", "TITLE"), rows, empty="no feeds")


def _lawful(address: str) -> None:
    from monitor.config.checks import feed_url
    from monitor.config.words import WrongValueError

    try:
        feed_url(address)
    except WrongValueError as wrong:
        raise UsageError(f"the address cannot be used: {wrong.message}", hint=wrong.hint) from None


def _refuse_at_once(wish: _Wish) -> dict[str, str]:
    """Say what is wrong before anything is fetched; returns the names of listed feeds by address."""
    from monitor.config.checks import name as lawful_name
    from monitor.config.edit import names_by_url
    from monitor.config.words import WrongValueError, shown

    _lawful(wish.address)
    listed = names_by_url(wish.path, env=os.environ)
    if wish.address in listed:
        raise UsageError(
            f"this address is listed already, as {listed[wish.address]}", hint="tocsin feeds list shows it"
        )
    if wish.name is None:
        return listed
    try:
        lawful_name(wish.name)
    except WrongValueError as wrong:
        raise UsageError(f"{shown(wish.name)} {wrong.message}", hint=wrong.hint) from None
    if wish.name in listed.values():
        raise UsageError(f"there is a feed {shown(wish.name)} already", hint="give it another --name")
    return listed


def _add(wish: _Wish, url: str, facts: Mapping[str, Any] | None = None, about: str = "") -> None:
    """Write it, and say so."""
    from monitor.config.edit import add_feed

    add_feed(wish.path, wish.name, url, wish.tags, env=os.environ)
    called = _name_of(wish, url)
    if context.given.json:
        output.emit({"added": called, **(facts or {}), "url": shown_url(url)})
    done(f"added {called}{f' ({about})' if about else ''} to {wish.path}")


def _name_of(wish: _Wish, url: str) -> str:
    from monitor.config.feednames import default_name

    return wish.name or default_name(url)


def _add_unseen(wish: _Wish, discovery: Discovery) -> None:
    """A server that is down today may be a feed tomorrow; a page without one never is."""
    from monitor.feeds.looking import Verdict

    if discovery.verdict is Verdict.NOT_A_FEED:
        raise TocsinError(
            f"nothing was added: {discovery.why}",
            hint="give the address of its feed; with --no-fetch this one is added as it is",
        )
    url = discovery.guess or wish.address
    what = discovery.guess or "the address"
    output.say(f"warning: {what} could not be looked at ({discovery.why}): added unseen")
    _add(wish, url, {"why": discovery.why})
    output.say(f"if it is no feed: tocsin feeds remove {shlex.quote(_name_of(wish, url))}")


def _chosen(wish: _Wish, found: Sequence[FoundFeed], listed: Mapping[str, str], *, first: bool) -> FoundFeed:
    """The one feed to add: the only one, the best, or the one that is asked for."""
    new = [feed for feed in found if _with_login(feed.url, wish.address) not in listed]
    if not new:
        names = ", ".join(dict.fromkeys(listed[_with_login(f.url, wish.address)] for f in found))
        raise UsageError(f"what was found there is listed already: {names}", hint="tocsin feeds list")
    if len(new) == 1 or first:
        return new[0]
    if context.given.json:
        _show(new, listed)
    elif sys.stdin.isatty() and sys.stderr.isatty():
        return _asked(new)
    else:
        for feed in new:
            output.say(facts_of(feed))  # as talk: a foreign title has no place in what is run
            output.out(_command(feed, wish))
    raise UsageError(
        f"{len(new)} feeds were found, none was added",
        hint="add one of these, or give --first to add the first",
    )


def _command(feed: FoundFeed, wish: _Wish) -> str:
    """What to type to add this feed."""
    return " ".join(filter(None, (shlex.join(["tocsin", "feeds", "add", feed.url]), str(wish))))


def _asked(found: Sequence[FoundFeed]) -> FoundFeed:
    """Ask which; an empty answer is the first, Ctrl-C is none."""
    output.say(f"{len(found)} feeds were found:")
    for number, feed in enumerate(found, 1):
        output.say(f"{number:>3}  {facts_of(feed)}\n     {feed.url}")
    while True:
        answer = str(typer.prompt("Which one", default="1", err=True)).strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(found):
            return found[int(answer) - 1]
        output.say(f"a number from 1 to {len(found)}, please")


def _with_login(url: str, address: str) -> str:
    """A found address with the login of the address it was found at, if it is of the same origin."""
    from monitor.feeds.looking import login_for

    if login_for(url, address) is None:
        return url
    userinfo = urlsplit(address).netloc.rpartition("@")[0]
    parts = urlsplit(url)
    return parts._replace(netloc=f"{userinfo}@{parts.netloc}").geturl()


def _hint_for_nothing(discovery: Discovery) -> str:
    from monitor.feeds.looking import Verdict

    if discovery.verdict is Verdict.UNREACHABLE:
        return "try it later, or the address of another page"
    return "try the page of a section, or look there for the word RSS"
