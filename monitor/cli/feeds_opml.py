"""`tocsin feeds import` and `export`: lists of feeds as other readers have them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output
from monitor.cli.feed_facts import done
from monitor.cli.feeds_look import check as look_at
from monitor.cli.feeds_look import shown_url
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.config.edit import ImportReport, NewFeed
    from monitor.feeds.looking import Seen
    from monitor.feeds.opml import OpmlFeed

MOST_LINES = 20  # of a kind, for people; JSON has all


def import_opml(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="An OPML file.")],
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Add them without a look at each, also what is no feed.")
    ] = False,
) -> None:
    """Add what is new in an OPML file, after a look at each; folders become tags, also of listed feeds."""
    from monitor.config.edit import import_feeds, names_by_url

    path = context.config_path()
    feeds = _read(file)
    wanted = _usable(feeds)
    listed = names_by_url(path, env=os.environ)
    new = list(dict.fromkeys(feed.url for feed in wanted if feed.url not in listed))
    looked = {} if no_check or not new else look_at(new, context.config())
    seen = {url: looked[url] for url in new if url in looked}  # in the order of the list
    kept = [feed for feed in wanted if not _is_none(seen.get(feed.url))]
    report = import_feeds(path, kept, env=os.environ)
    titles = {feed.url: feed.title for feed in feeds}
    if context.given.json:
        _emit(report, seen, titles, listed)
    else:
        _tell(report, seen, titles, unseen=not no_check and len(seen) < len(new))
    done(_summary(report, seen, len(feeds), len(feeds) - len(wanted)))
    if new and not report.added:
        raise typer.Exit(1)


def export() -> None:
    """Print the configured feeds as OPML."""
    from monitor.config.secrets import secret_parts
    from monitor.feeds.opml import OpmlFeed, write_opml

    open_feeds: list[OpmlFeed] = []
    for feed in context.config().feeds:
        if feed.url.source != "config" or secret_parts(feed.url.reveal()):
            output.say(f"warning: {feed.name} is left out: its address is a secret, or holds one")
        else:
            open_feeds.append(OpmlFeed(feed.url.reveal(), feed.name, feed.tags, feed.name))
    if context.given.json:
        for one in open_feeds:
            output.emit({"name": one.title, "url": one.url, "tags": list(one.tags)})
        return
    output.out(write_opml(open_feeds).rstrip())


def _read(file: Path) -> tuple[OpmlFeed, ...]:
    from monitor.feeds.opml import MAX_BYTES, read_opml

    try:
        with file.open("rb") as opened:
            return read_opml(opened.read(MAX_BYTES + 1))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file}: {error}", hint="export it again as OPML") from None


def _usable(feeds: Sequence[OpmlFeed]) -> list[NewFeed]:
    """The feeds whose address can be fetched; of names only what can be one."""
    from monitor.config.checks import feed_url
    from monitor.config.checks import name as lawful_name
    from monitor.config.edit import NewFeed
    from monitor.config.words import WrongValueError

    wanted: list[NewFeed] = []
    for feed in feeds:
        try:
            feed_url(feed.url)
        except WrongValueError:
            title = output.printable(feed.title) or "a feed"
            output.say(f"warning: {title!r} has no http:// or https:// address: left out")
            continue
        name = None
        if feed.name:
            try:
                name = lawful_name(feed.name)
            except WrongValueError:
                name = None
        wanted.append(NewFeed(feed.url, name, feed.tags))
    return wanted


def _is_none(seen: Seen | None) -> bool:
    """Whether it is known that there is no feed."""
    from monitor.feeds.looking import Verdict

    return seen is not None and seen.verdict is Verdict.NOT_A_FEED


def _unreachable(seen: Mapping[str, Seen]) -> list[str]:
    from monitor.feeds.looking import Verdict

    return [url for url, one in seen.items() if one.verdict is Verdict.UNREACHABLE]


def _emit(
    report: ImportReport, seen: Mapping[str, Seen], titles: Mapping[str, str], listed: Mapping[str, str]
) -> None:
    """One object for each feed of the list."""
    added = {feed.url: feed for feed in report.added}
    for url, title in titles.items():
        one = seen.get(url)
        if url in added:
            result, name, tags = "added", added[url].name, added[url].tags
        elif listed.get(url) in report.merged:
            result, name, tags = "merged", listed[url], report.merged[listed[url]]
        else:
            result, name, tags = ("known" if url in listed else "left_out"), listed.get(url), ()
        output.emit(
            {
                "url": shown_url(url),
                "title": title,
                "name": name,
                "result": result,
                "tags": list(tags),
                "seen": one.verdict.value if one else None,
                "why": one.why if one else "",
            }
        )


def _tell(report: ImportReport, seen: Mapping[str, Seen], titles: Mapping[str, str], *, unseen: bool) -> None:
    """What went another way than wished, each with its reason."""

    def named(url: str) -> str:
        return output.printable(f"{titles.get(url) or 'a feed'} ({shown_url(url)}): {seen[url].why}")

    lost = _unreachable(seen)
    _lines("unreachable, added all the same", [named(url) for url in lost])
    _lines("not a feed, left out", [named(url) for url, one in seen.items() if _is_none(one)])
    _lines(
        "tags not written, edit by hand",
        [f"{name}: {', '.join(map(output.printable, tags))}" for name, tags in report.stuck.items()],
    )
    if unseen:
        output.say("warning: not all could be looked at in time: the rest was added unseen")
    if len(lost) > 2 and len(lost) == len(seen):
        output.say("warning: none could be reached: is this machine online?")


def _lines(what: str, lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        output.say(f"{what}: {line}")
    if len(lines) > MOST_LINES:
        output.say(f"{what}: {len(lines) - MOST_LINES} more, all of them with --json")


def _summary(report: ImportReport, seen: Mapping[str, Seen], total: int, unusable: int) -> str:
    """The whole in one line: 12 new of 300 feeds, 3 got new tags, …; what did not happen is not told."""
    none = sum(map(_is_none, seen.values()))
    parts = [
        (len(report.merged), "got new tags"),
        (len(report.known) + len(report.stuck), "listed already"),
        (len(_unreachable(seen)), "unreachable"),
        (none, "not a feed"),
        (unusable, "without a usable address"),
    ]
    counts = "".join(f", {count} {what}" for count, what in parts if count)
    return f"{len(report.added)} new of {total} feeds{counts}"
