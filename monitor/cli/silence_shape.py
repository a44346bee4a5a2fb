"""What `tocsin silence` understands and shows: spans and times, matchers, the JSON of a silence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.alerts.confidential import HIDDEN
from monitor.alerts.silences import names_secret, shown_match
from monitor.cli import output
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from monitor.alerts.silences import Silence
    from monitor.settings import Config

_EXAMPLES = '--for 7d, --until 18:00, --until 2026-12-24 or --until "2026-12-24 18:00"'


def ends_at(span: str | None, until: str | None, now: datetime, zone: tzinfo) -> datetime:
    """
    When a silence is to end, from --for or --until; UsageError for none, both, the past, or over a year.

    A time alone is the next one of that kind; a date alone is the beginning of that day. Both are of `zone`,
    unless they bring an offset.
    """
    from monitor.alerts.silences import LONGEST
    from monitor.cli.times import moment
    from monitor.cli.words import span as seconds

    if (span is None) == (until is None):
        raise UsageError("how long? give either --for or --until", hint=_EXAMPLES)
    if span is not None:
        lasts = seconds(span)
        if lasts == 0:
            raise UsageError("a silence must be longer than nothing", hint=_EXAMPLES)
        end = now + timedelta(seconds=min(lasts, LONGEST.total_seconds() + 1))
    else:
        assert until is not None
        end = moment(until, now, zone, hint=_EXAMPLES)
    if end <= now:
        shown = end.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
        raise UsageError(f"{shown} is over already", hint=_EXAMPLES)
    if end - now > LONGEST:
        hint = "a rule that is to stay silent for good is switched off: enabled = false"
        raise UsageError("a silence lasts a year at most", hint=hint)
    return end


def matchers(given: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The matchers of a silence from the options, by key; UsageError where there are none."""
    from monitor.alerts.silences import KEYS
    from monitor.cli.words import known
    from monitor.model import Severity

    match = {key: tuple(dict.fromkeys(given.get(key, ()))) for key in KEYS}
    match = {key: values for key, values in match.items() if values}
    if not match:
        options = ", ".join(f"--{key}" for key in KEYS)
        raise UsageError(
            "which alerts? a silence of everything hides everything",
            hint=f"give at least one of {options}; --rule '*' says that you mean all",
        )
    for value in match.get("severity", ()):
        known(value, [severity.label for severity in Severity], "severity")
    return match


def check_names(match: Mapping[str, Iterable[str]], config: Config) -> dict[str, tuple[str, ...]]:
    """
    The matchers with secret rules by their own names.

    UsageError for a rule, feed or entity that is not configured; globs may name what is to come.
    """
    from monitor.cli.words import known

    names = {
        "rule": [rule.name for rule in config.rules],
        "feed": [feed.name for feed in config.feeds],
        "entity": [entity.name for entity in config.entities],
    }
    found = {key: list(values) for key, values in match.items()}
    for key, there in names.items():
        for number, value in enumerate(match.get(key, ())):
            if not any(char in value for char in "*?["):
                name = known(value.removeprefix("@") if key == "entity" else value, there, key)
                if key == "rule":
                    found[key][number] = name
    return {key: tuple(values) for key, values in found.items()}


def public_names() -> dict[str, str]:
    """What is shown in place of hidden rules' names."""
    from monitor.cli.veil import veil

    return {name: public for name, public in veil().names.items() if veil().hides(name)}


def shape(silence: Silence, hidden: Mapping[str, int], now: datetime) -> dict[str, Any]:
    """A silence as `silence list --json` shows it; `hidden` counts by rule what it hid so far."""
    names = public_names()
    return {
        "id": silence.id,
        "match": {key: list(values) for key, values in shown_match(silence, names).items()},
        "author": silence.author,
        "comment": HIDDEN if names_secret(silence, names) else silence.comment,
        "starts": output.rfc3339(silence.starts),
        "ends": output.rfc3339(silence.ends),
        "state": silence.phase(now).value,
        "hidden": sum(hidden.values()),
        "rules": dict(sorted((names.get(rule, rule), number) for rule, number in hidden.items())),
    }


def row(silence: Silence, hidden: Mapping[str, int], now: datetime) -> tuple[Any, ...]:
    """The cells of a silence: ID, STATE, ENDS, HID, ALERTS, AUTHOR, COMMENT."""
    from monitor.alerts.matchers import in_words

    names = public_names()
    return (
        silence.id,
        silence.phase(now).value,
        output.ago(silence.ends, now),
        sum(hidden.values()),
        in_words(shown_match(silence, names)),
        silence.author,
        HIDDEN if names_secret(silence, names) else silence.comment,
    )
