"""Rules that may go to certain channels alone, held against the routes that would send them elsewhere."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from monitor.config.words import Problem, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.settings import Config, FeedConfig, RouteConfig, RuleConfig


def narrow_rules(config: Config) -> Iterator[Problem]:
    """
    An error where `allow_channels` leaves a rule no channel, a warning where one route has none for it.

    A route that merely loses some of its channels to it is what the key is there for. Warnings are advice,
    for `check` to give.
    """
    channels = {channel.name for channel in config.channels}
    for rule in config.rules:
        if rule.allow_channels is None or rule.origin is None or not rule.enabled:
            continue
        if not rule.allow_channels:
            message = f"rule {shown(rule.name)} has an empty 'allow_channels': it rings nowhere"
            hint = "name the channels it may go to; routes with channels = [] only store as well"
            path = (*rule.origin.path, "allow_channels")
            yield Problem(rule.origin.file, path, "no_channel_allowed", message, hint, "warning")
        elif channels.intersection(rule.allow_channels):  # else they are told to be unknown
            yield from _of_routes(rule, config)


def _of_routes(rule: RuleConfig, config: Config) -> Iterator[Problem]:
    assert rule.allow_channels is not None
    assert rule.origin is not None
    allowed = set(rule.allow_channels)
    taking = [(number, route) for number, route in _taking(rule, config) if route.channels]
    barren = [(number, route) for number, route in taking if not allowed.intersection(route.channels)]
    if not barren:
        return
    only = listed(sorted(map(shown, allowed)))
    if len(barren) == len(taking):
        message = f"rule {shown(rule.name)} may go to {only} alone, and no route sends it there"
        hint = f"put {only} into the channels of a route that takes it, or allow a channel that one has"
        path = (*rule.origin.path, "allow_channels")
        yield Problem(rule.origin.file, path, "no_channel_allowed", message, hint)
        return
    for number, route in barren:
        if route.continues or route.origin is None:
            continue
        message = (
            f"route {number} sends to none of the channels that rule {shown(rule.name)} may go to ({only}): "
            "what it takes of that rule rings nowhere"
        )
        hint = f"add {only}, or a route before it with match = {{ rule = … }}"
        path = (*route.origin.path, "channels")
        yield Problem(route.origin.file, path, "no_channel_allowed", message, hint, "warning")


def _taking(rule: RuleConfig, config: Config) -> Iterator[tuple[int, RouteConfig]]:
    """The routes that may take an alert of this rule, up to the first that takes all of them."""
    from monitor.rules.reach import reaches  # noqa: PLC0415 - start-up is measured, and few need it

    heard = [feed for feed in config.feeds if reaches(rule, feed)]
    for number, route in enumerate(config.routes, start=1):
        may, surely = _takes(route, rule, heard)
        if may:
            yield number, route
        if surely and not route.continues:
            return


def _takes(route: RouteConfig, rule: RuleConfig, heard: Sequence[FeedConfig]) -> tuple[bool, bool]:
    """Whether a route may take an alert of a rule, and whether it takes all of them."""
    surely = True
    for key, wanted in route.match.items():
        if key in ("severity", "rule"):
            if not _fits(wanted, (rule.severity.label if key == "severity" else rule.name,)):
                return False, False
            continue
        surely = False
        if key == "feed" and heard and not _fits(wanted, [feed.name for feed in heard]):
            return False, False
        if key == "tag" and heard and not _fits(wanted, [tag for feed in heard for tag in feed.tags]):
            return False, False
    return True, surely


def _fits(patterns: Sequence[str], values: Sequence[str]) -> bool:
    return any(fnmatchcase(value.casefold(), p.casefold()) for p in patterns for value in values)
