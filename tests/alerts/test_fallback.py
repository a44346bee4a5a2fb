"""Who takes over what a channel has given up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.fallback import heir_of

CHAIN: dict[str, str | None] = {"phone": "desk", "desk": "screen", "screen": None, "other": None}


@pytest.mark.parametrize(
    ("channel", "facts", "heir", "why"),
    [
        ("phone", {}, "desk", "phone gave it up: desk is its fallback"),
        ("phone", {"dead": ["desk"]}, "screen", "phone gave it up: screen is its fallback"),
        ("phone", {"allowed": ["phone", "screen"]}, "screen", "phone gave it up: screen is its fallback"),
        ("phone", {"allowed": ["phone"]}, "", "no fallback of phone may have it: desk, screen"),
        ("phone", {"dead": ["desk", "screen"]}, "", "no fallback of phone may have it: desk, screen"),
        ("phone", {"told": ["desk"]}, "", "desk, its fallback, was told of the story"),
        ("phone", {"dead": ["desk"], "told": ["screen"]}, "", "screen, its fallback, was told of the story"),
        ("screen", {}, "", "screen has no fallback"),
        ("gone", {}, "", "gone has no fallback"),
    ],
)
def test_who_takes_over(channel: str, facts: dict[str, Any], heir: str, why: str) -> None:
    """The fallback, or the fallback's own; never against the rule, never a second time."""
    found = heir_of(channel, CHAIN, **facts)
    assert (found.channel, found.why) == (heir, why)


names = st.sampled_from(["a", "b", "c", "d"])
some = st.sets(names)


@given(st.dictionaries(names, st.none() | names), names, st.none() | some, some, some)
def test_an_heir_is_lawful_whatever_the_configuration(
    fallbacks: dict[str, str | None],
    channel: str,
    allowed: set[str] | None,
    told: set[str],
    dead: set[str],
) -> None:
    """It ends, circles included, and names another channel that is there, allowed, alive and not told."""
    found = heir_of(channel, fallbacks, allowed=allowed, told=told, dead=dead)
    assert found.why
    if found.channel:
        assert found.channel in fallbacks
        assert found.channel not in {channel} | told | dead
        assert allowed is None or found.channel in allowed
