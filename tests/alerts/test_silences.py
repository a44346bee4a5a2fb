"""Silences: what they cover, for how long, and what is told of them at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.matchers import RouteFacts
from monitor.alerts.silences import (
    KEYS,
    Phase,
    Silence,
    covering,
    ending_text,
    expired,
    hidden_words,
)
from monitor.model import Severity

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALERT = RouteFacts(
    Severity.URGENT, "flood", "lemonde-une", tags=("fr", "general"), lang="fr-CH", entities=("doha",)
)


def silence(number: int = 1, *, starts: int = 0, ends: int = 24, **match: Any) -> Silence:
    """Anna's silence of these matchers, from and until so many hours after noon."""
    return Silence(
        match={key: (values,) if isinstance(values, str) else values for key, values in match.items()},
        author="anna",
        comment="storm season",
        starts=NOON + starts * HOUR,
        ends=NOON + ends * HOUR,
        created=NOON,
        id=number,
    )


@pytest.mark.parametrize(
    ("match", "covers"),
    [
        ({"rule": "flood"}, True),
        ({"rule": "fl*"}, True),
        ({"rule": ("talks", "flood")}, True),
        ({"rule": "talks"}, False),
        ({"feed": "lemonde-*"}, True),
        ({"tag": "fr"}, True),
        ({"tag": "en"}, False),
        ({"entity": "@doha"}, True),
        ({"severity": "urgent"}, True),
        ({"severity": ("low", "normal")}, False),
        ({"lang": "fr"}, True),
        ({"rule": "flood", "tag": "en"}, False),
        ({"rule": "flood", "tag": ("en", "fr")}, True),
    ],
)
def test_it_covers_what_all_its_matchers_fit(match: dict[str, Any], covers: bool) -> None:
    """Matchers are those of routes: keys are AND, values are OR; an urgent alert is covered, too."""
    assert (covering([silence(**match)], ALERT, NOON) is not None) is covers


@pytest.mark.parametrize(
    ("hours", "phase"), [(-1, Phase.PENDING), (0, Phase.ACTIVE), (23, Phase.ACTIVE), (24, Phase.ENDED)]
)
def test_it_lasts_from_its_start_to_its_end(hours: int, phase: Phase) -> None:
    """At its end it is over, and covers nothing before or after."""
    now = NOON + hours * HOUR
    one = silence(rule="flood")
    assert one.phase(now) is phase
    assert (covering([one], ALERT, now) is one) is (phase is Phase.ACTIVE)


def test_of_several_the_one_that_lasts_longest_is_named() -> None:
    """So whoever ends one of two sees why the alert is still silent; of equals it is the older."""
    short, long, same = silence(1, ends=2, tag="fr"), silence(2, rule="flood"), silence(3, lang="fr")
    assert covering([short, same, long], ALERT, NOON) is long


def test_ending_one_by_hand_ends_it_now() -> None:
    """An active one ends, one to come never begins, one that is over stays as it was."""
    now = NOON + HOUR
    assert expired(silence(rule="flood"), now).ends == now
    to_come = expired(silence(starts=5, rule="flood"), now)
    assert (to_come.starts, to_come.ends) == (now, now)
    over = silence(starts=-9, ends=-2, rule="flood")
    assert expired(over, now) is over


def test_the_end_says_whose_it_was_and_what_it_hid() -> None:
    """Matchers, author, comment, and counts with the most first."""
    text = ending_text(silence(3, rule=("flood", "talks"), tag="fr"), {"talks": 2, "flood": 12})
    assert text == (
        "silence 3 of rule flood or talks, tag fr ended (anna: storm season); "
        "it hid 14 alerts (flood 12, talks 2)"
    )
    assert hidden_words({"flood": 1}) == "1 alert (flood 1)"
    assert hidden_words({}) == hidden_words({"flood": 0}) == "nothing"


def test_the_name_of_a_confidential_rule_stays_here() -> None:
    """Neither as a matcher nor in the counts."""
    names = {"x-file": "secret-0000aa", "y-file": "secret-0000bb"}
    text = ending_text(silence(rule="x-file", tag="fr"), {"x-file": 2, "y-file": 1, "flood": 5}, names)
    assert "x-file" not in text
    assert "y-file" not in text
    assert "storm season" not in text, "the comment of such a silence may say anything"
    assert text.startswith("silence 1 of rule secret-0000aa ended (anna); ")
    assert text.endswith("it hid 8 alerts (flood 5, secret-0000aa 2, secret-0000bb 1)")


silences_of = st.lists(
    st.builds(
        silence,
        st.integers(1, 9),
        starts=st.integers(-5, 5),
        ends=st.integers(6, 9),
        rule=st.sampled_from(["flood", "talks", "*"]),
    ),
    max_size=4,
)


@given(silences_of, st.integers(-6, 10))
def test_one_more_silence_never_makes_an_alert_ring(silences: list[Silence], hour: int) -> None:
    """Monotone: what some of them cover, all of them cover."""
    now = NOON + hour * HOUR
    for n in range(len(silences)):
        if covering(silences[:n], ALERT, now):
            assert covering(silences, ALERT, now)


@given(silences_of, st.integers(-6, 10))
def test_after_all_are_ended_by_hand_everything_rings(silences: list[Silence], hour: int) -> None:
    """Nothing is left that covers, now or later."""
    now = NOON + hour * HOUR
    left = [expired(one, now) for one in silences]
    assert all(covering(left, ALERT, now + n * HOUR) is None for n in range(20))


def test_the_matchers_are_those_of_routes() -> None:
    """But for `kind`, which is not a thing to be silent about."""
    from monitor.alerts.matchers import KEYS as ROUTE_KEYS

    assert set(ROUTE_KEYS) - set(KEYS) == {"kind"}
