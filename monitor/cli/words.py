"""What users type as words: time spans, names that should exist, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = 2**63 - 1  # what the database takes for a number


def span(text: str) -> float:
    """Seconds of a time span such as "7d"; UsageError for anything else."""
    from monitor.config.durations import duration_hint, parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a time span", hint=duration_hint(text)) from None


def known(name: str, names: Iterable[str], what: str) -> str:
    """
    The name if it is one of `names`; else UsageError with the nearest.

    A secret rule may be named by its public name, and an error names it by that alone.
    """
    import difflib

    from monitor.cli.veil import veil

    there = list(names)
    if what == "rule":
        name = veil().meant(name)
    if name in there:
        return name
    if what == "rule":
        there = veil().rules(there)
    elif what == "entity":
        there = [one for one in there if not veil().hides_entity(one)]
    close = difflib.get_close_matches(name, there, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(there) or 'none'}"
    raise UsageError(f"there is no {what} {name!r}", hint=hint)
