"""Mistakes that show only when two keys of one table are held against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.durations import format_duration
from monitor.config.words import KeyPath, Problem, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.schema import Channel, Monitor, Polling, Quiet, Route, Rule
    from monitor.config.tables import Tables

SHORT_RETENTION = 7 * 86400.0  # seconds; a copy belongs to its story for so long
_LISTS = ("any", "all", "none", "near", "atleast", "scope")
_FITS = {
    "apprise": ("url", "password"),
    "webhook": ("url", "secret"),
    "file": ("path",),
    "terminal": (),
}


def inconsistencies(tables: Tables, file: str) -> list[Problem]:
    """Every such mistake in one file."""
    found: list[Problem] = [*_monitor(tables.monitor, file), *_polling(tables.polling, file)]
    for i, rule in tables.rules:
        found += _rule(rule, ("rules", i), file)
    for i, route in tables.routes:
        found += _route(route, ("routes", i), file)
    for name, channel in tables.channels.items():
        found += _channel(name, channel, ("channels", name), file)
    for name, quiet in tables.quiet_hours.items():
        found += _quiet(quiet, ("quiet_hours", name), file)
    return found


def _monitor(monitor: Monitor, file: str) -> Iterator[Problem]:
    if monitor.retention < SHORT_RETENTION:
        kept = format_duration(monitor.retention)
        yield Problem(
            file,
            ("monitor", "retention"),
            "short_retention",
            f"'retention' is {kept}: a copy of a report that comes later rings again",
            f"{format_duration(SHORT_RETENTION)} or more is safe",
            "warning",
        )


def _polling(polling: Polling, file: str) -> Iterator[Problem]:
    given = polling.model_fields_set
    if polling.fastest > polling.slowest:
        key = "fastest" if "fastest" in given else "slowest"
        fastest, slowest = format_duration(polling.fastest), format_duration(polling.slowest)
        unsaid = "" if {"fastest", "slowest"} <= given else " (one of the two is the default)"
        yield Problem(
            file,
            ("polling", key),
            "out_of_order",
            f"'fastest' ({fastest}) is longer than 'slowest' ({slowest}) in [polling]{unsaid}",
            "fastest is the shortest time between two polls, slowest the longest",
        )
    elif "every" in given and not polling.fastest <= polling.every <= polling.slowest:
        bound = "fastest" if polling.every < polling.fastest else "slowest"
        yield Problem(
            file,
            ("polling", "every"),
            "out_of_order",
            f"'every' in [polling] lies beyond '{bound}', so feeds are polled as '{bound}' says",
            f"set '{bound}' too",
            "warning",
        )


def _rule(rule: Rule, path: KeyPath, file: str) -> Iterator[Problem]:
    beside = [key for key in _LISTS if getattr(rule, key) is not None]
    named = f"rule {shown(rule.name)}"
    if rule.query is not None and beside:
        yield Problem(
            file,
            (*path, beside[0]),
            "query_beside_lists",
            f"{named}: 'query' may not stand beside '{beside[0]}'",
            "say it all in the query, or all in lists; lang, feeds and tags may stand beside either",
        )
    for key in ("near", "lang"):
        if getattr(rule, key) == []:
            yield Problem(
                file, (*path, key), "empty", f"'{key}' in [[rules]] is an empty list", "leave the key out"
            )
    chosen = [
        rule.query,
        rule.any,
        rule.all,
        rule.none,
        rule.near,
        rule.atleast,
        rule.lang,
        rule.feeds,
        rule.tags,
    ]
    if all(value is None for value in chosen):
        yield Problem(
            file,
            path,
            "nothing_to_match",
            f"{named} says nothing to look for",
            "add a query, or lists such as any = [\"…\"]; query = 'feed:*' is every item",
        )
    for i, test in enumerate(rule.tests):
        if (test.match is None) == (test.no_match is None):
            given = "both" if test.match else "neither"
            yield Problem(
                file,
                (*path, "tests", i),
                "bad_test",
                f"{named}: a test needs either 'match' or 'no_match', this one has {given}",
                "write one [[rules.tests]] for each text",
            )


def _route(route: Route, path: KeyPath, file: str) -> Iterator[Problem]:
    if route.digest is not None and route.group is not None:
        yield Problem(
            file,
            (*path, "group"),
            "digest_and_group",
            "'digest' and 'group' may not stand in the same route",
            "digest waits for a time of day, group for some minutes: keep one",
        )
    if route.group_by is not None and route.group is None:
        hint = 'add group = "10m", or leave group_by out'
        message = "'group_by' in [[routes]] needs 'group'"
        yield Problem(file, (*path, "group_by"), "missing_key", message, hint)


def _channel(name: str, channel: Channel, path: KeyPath, file: str) -> Iterator[Problem]:
    fits = _FITS[channel.type]
    kind = f"channel {shown(name)} of type '{channel.type}'"
    needed = fits[0] if fits else None
    if needed and getattr(channel, needed) is None:
        hint = 'add path = "alerts.jsonl"' if needed == "path" else 'add url = "…" or url = { env = "…" }'
        yield Problem(file, path, "missing_key", f"{kind} needs '{needed}'", hint)
    for key in ("url", "password", "secret", "path"):
        if getattr(channel, key) is not None and key not in fits:
            allowed = (
                f"it takes {' and '.join(fits)}" if fits else "it takes none of url, password, secret, path"
            )
            yield Problem(file, (*path, key), "key_does_not_fit", f"{kind} takes no '{key}'", allowed)


def _quiet(quiet: Quiet, path: KeyPath, file: str) -> Iterator[Problem]:
    if quiet.from_ == quiet.to:
        yield Problem(
            file,
            (*path, "to"),
            "out_of_order",
            f"'from' and 'to' in [quiet_hours.{path[1]}] are the same time",
            'over midnight: from = "22:00", to = "07:00"; the whole day: from = "00:00", to = "24:00"',
        )
