"""Mistakes that show only when tables are held against each other: names of nothing, or of two things."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from monitor.config.checks import language
from monitor.config.feednames import default_name
from monitor.config.packs import PACKS
from monitor.config.words import KeyPath, Problem, WrongValueError, did_you_mean, shown
from monitor.settings import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.config.build import Parts
    from monitor.settings import ChannelConfig, FeedConfig, RouteConfig, RuleConfig

_SEVERITIES = {"low", "normal", "high", "urgent"}
_KINDS = {"first", "update"}


@dataclass(slots=True)
class Names:
    """Every name the files give, also those of tables with mistakes in them, so that one hides no other."""

    feeds: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)

    def add_raw(self, data: Mapping[str, Any]) -> None:
        """The names in one parsed file, whatever else is wrong with it."""
        for key, names in (("channels", self.channels), ("entities", self.entities)):
            table = data.get(key)
            names.update(table if isinstance(table, dict) else ())
        for key, names in (("feeds", self.feeds), ("rules", self.rules)):
            names.update(text for item in _tables(data.get(key)) for text in _texts(item.get("name")))
        for item in _tables(data.get("feeds")):
            if "name" not in item and isinstance(item.get("url"), str):
                with contextlib.suppress(ValueError):
                    self.feeds.add(default_name(item["url"]))
        for key in ("feeds", "opml"):
            self.tags.update(tag for item in _tables(data.get(key)) for tag in _texts(item.get("tags")))

    def add_parts(self, parts: Parts) -> None:
        """The names of what was built, default names and OPML tags included."""
        self.feeds.update(feed.name for feed in parts.feeds)
        self.tags.update(tag for feed in parts.feeds for tag in feed.tags)


def wrong_references(parts: Parts, names: Names) -> list[Problem]:
    """Every name used for a channel, feed, tag, rule or entity that nothing bears."""
    found: list[Problem] = []
    for rule in parts.rules:
        found += _rule(rule, names)
    for route in parts.routes:
        found += _route(route, names)
    for quiet in parts.quiet_hours:
        if quiet.origin:
            user = f"quiet hours {shown(quiet.name)}"
            found += channels_exist(quiet.channels, quiet.origin, "channels", user, names)
    for channel in parts.channels:
        if channel.fallback and channel.origin:
            user = f"channel {shown(channel.name)}"
            found += channels_exist((channel.fallback,), channel.origin, "fallback", user, names)
    return [*found, *_fallback_circles(parts.channels)]


def channels_exist(
    used: Iterable[str], origin: Origin, key: str, user: str, names: Names
) -> Iterator[Problem]:
    """A problem for each channel that `user` names under `key` and that does not exist."""
    for i, name in enumerate(used):
        if name not in names.channels:
            path = (*origin.path, key) if key == "fallback" else (*origin.path, key, i)
            message = f"{user} sends to channel {shown(name)}: no such channel"
            yield Problem(origin.file, path, "unknown_channel", message, did_you_mean(name, names.channels))


def duplicates(parts: Parts) -> Iterator[Problem]:
    """Names that two tables of one kind bear."""
    kinds: tuple[tuple[str, Any], ...] = (
        ("rule", parts.rules),
        ("channel", parts.channels),
        ("entity", parts.entities),
        ("quiet hours", parts.quiet_hours),
    )
    for kind, items in kinds:
        first: dict[str, Origin] = {}
        for item in items:
            if item.name in first:
                message = f"{kind} {shown(item.name)} stands twice; first at {{other}}"
                problem = Problem(item.origin.file, item.origin.path, "duplicate_name", message)
                yield replace(problem, hint="rename one of them", other=_place(first[item.name]))
            first.setdefault(item.name, item.origin)


def duplicate_feeds(parts: Parts) -> Iterator[Problem]:
    """Feeds with the same address (a warning) or, with another address, the same name (an error)."""
    by_name: dict[str, FeedConfig] = {}
    by_url: dict[str, FeedConfig] = {}
    for feed in parts.feeds:
        if feed.origin is None or not feed.name:
            continue
        url = "" if feed.url.missing else feed.url.reveal()
        named, addressed = by_name.get(feed.name), by_url.get(url)
        here = Problem(feed.origin.file, feed.origin.path, "duplicate_name", "")
        if addressed:
            message = f"feed {shown(feed.name)} has the address of feed {shown(addressed.name)} at {{other}}"
            hint = "remove one of them; their tags can be joined"
            here = replace(here, code="duplicate_url", level="warning")
            yield replace(here, message=message, hint=hint, other=_place(addressed.origin))
        elif named:
            message = f"feed {shown(feed.name)} stands twice; first at {{other}}"
            hint = 'give one of them another name = "…"'
            yield replace(here, message=message, hint=hint, other=_place(named.origin))
        by_name.setdefault(feed.name, feed)
        if url:
            by_url.setdefault(url, feed)


def route_order(main: list[RouteConfig], included: list[RouteConfig], file: str) -> Iterator[Problem]:
    """The main file's last route must catch all; one that catches all before it hides the others."""
    if not main and included:
        message = "included files have [[routes]], and this file has none that catches the rest"
        yield Problem(file, (), "no_catch_all", message, 'add [[routes]] with channels = ["…"] and no match')
    for i, route in enumerate(main):
        last = i == len(main) - 1
        if route.origin and last and route.match:
            message = "the last route has a match, so alerts that no route matches would go nowhere"
            hint = "add a last [[routes]] without match; channels = [] means: only store them"
            yield Problem(file, route.origin.path, "no_catch_all", message, hint)
        elif route.origin and not last and not route.match and not route.continues:
            message = "this route catches everything, so the routes after it are never reached"
            yield Problem(file, route.origin.path, "hidden_route", message, "move it to the end", "warning")


def packs_known(packs: Iterable[str], file: str) -> Iterator[Problem]:
    """Entity packs must be known."""
    for i, pack in enumerate(packs):
        path: KeyPath = ("entity_packs", i)
        if pack not in PACKS:
            message = f"there is no entity pack {shown(pack)}"
            yield Problem(file, path, "unknown_pack", message, did_you_mean(pack, PACKS))


def _rule(rule: RuleConfig, names: Names) -> Iterator[Problem]:
    origin = rule.origin
    if origin is None:
        return
    user = f"rule {shown(rule.name)}"
    yield from _feeds_exist(rule.feeds, Origin(origin.file, (*origin.path, "feeds")), user, names)
    yield from _tags_carried(rule.tags, Origin(origin.file, (*origin.path, "tags")), user, names)
    yield from channels_exist(rule.allow_channels or (), origin, "allow_channels", user, names)


def _feeds_exist(patterns: Iterable[str], at: Origin, user: str, names: Names) -> Iterator[Problem]:
    """Exact feed names must exist; a glob that fits nothing yet is only a warning."""
    for i, pattern in enumerate(patterns):
        path = (*at.path, i)
        if not _is_glob(pattern) and pattern not in names.feeds:
            message = f"{user}: there is no feed {shown(pattern)}"
            yield Problem(at.file, path, "unknown_feed", message, did_you_mean(pattern, names.feeds))
        elif not _fits(pattern, names.feeds):
            message = f"{user}: no feed fits {shown(pattern)}"
            hint = "it will hold once such a feed is added"
            yield Problem(at.file, path, "fits_nothing", message, hint, "warning")


def _tags_carried(tags: Iterable[str], at: Origin, user: str, names: Names) -> Iterator[Problem]:
    """A tag no feed carries is only a warning: articles read from a file bring tags of their own."""
    for i, tag in enumerate(tags):
        if not _fits(tag, names.tags):
            message = f"{user}: no feed carries the tag {shown(tag)}"
            hint = did_you_mean(tag, names.tags)
            yield Problem(at.file, (*at.path, i), "fits_nothing", message, hint, "warning")


def _route(route: RouteConfig, names: Names) -> Iterator[Problem]:
    origin = route.origin
    if origin is None:
        return
    yield from channels_exist(route.channels, origin, "channels", "a route", names)
    path: KeyPath = (*origin.path, "match")
    match = route.match
    yield from _feeds_exist(match.get("feed", ()), Origin(origin.file, (*path, "feed")), "a route", names)
    yield from _tags_carried(match.get("tag", ()), Origin(origin.file, (*path, "tag")), "a route", names)
    known: tuple[tuple[str, set[str], str], ...] = (
        ("severity", _SEVERITIES, "severity"),
        ("kind", _KINDS, "kind"),
        ("rule", names.rules, "rule"),
        ("entity", names.entities, "entity"),
    )
    for key, options, word in known:
        for i, value in enumerate(match.get(key, ())):
            bare = value.removeprefix("@") if key == "entity" else value
            if _fits(bare, options):
                continue
            message = f"a route matches the {word} {shown(value)}: no such {word}"
            yield Problem(
                origin.file, (*path, key, i), f"unknown_{word}", message, did_you_mean(bare, options)
            )
    for i, value in enumerate(match.get("lang", ())):
        try:
            language(value)
        except WrongValueError as wrong:
            message = f"'match.lang' in [[routes]]: {wrong.message}"
            yield Problem(origin.file, (*path, "lang", i), wrong.code, message, wrong.hint)


def _fallback_circles(channels: list[ChannelConfig]) -> Iterator[Problem]:
    """One problem for each circle, at the channel of it that stands first."""
    target = {channel.name: channel.fallback for channel in channels}
    told: set[str] = set()
    for channel in channels:
        way = [channel.name]
        following = channel.fallback
        while following and following not in way:
            way.append(following)
            following = target.get(following)
        if following != channel.name or channel.name in told or not channel.origin:
            continue
        told.update(way)
        message = f"the fallbacks go in a circle: {' -> '.join([*way, channel.name])}"
        path = (*channel.origin.path, "fallback")
        yield Problem(channel.origin.file, path, "fallback_circle", message, "let the last of them have none")


def _place(origin: Origin | None) -> tuple[str, KeyPath] | None:
    return (origin.file, origin.path) if origin else None


def _is_glob(text: str) -> bool:
    return any(ch in text for ch in "*?[")


def _fits(pattern: str, names: set[str]) -> bool:
    if not _is_glob(pattern):
        return pattern in names
    return any(fnmatchcase(name, pattern) for name in names)


def _tables(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _texts(value: object) -> Iterator[str]:
    items = value if isinstance(value, list) else [value]
    yield from (item for item in items if isinstance(item, str))
