"""Headlines: how alike, and when the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.titles import same_title, title_marks, title_score, title_words

WORDS = st.lists(
    st.sampled_from(str.split("quake hits north dozens dead rescue teams search in rubble")), max_size=9
)


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [  # as RapidFuzz 3.14 gives them, rounded
        ("strong quake hits the north", "strong quake hits the north", 100),
        ("strong quake hits the north", "the north", 100),
        ("central bank expected to hold rates", "rates seen on hold as inflation cools", 53),
        ("talks in doha resume", "fire in a school", 50),
        ("a", "b", 0),
    ],
)
def test_scores(one: str, other: str, score: int) -> None:
    """The same figures as the library's token_set_ratio."""
    assert round(title_score(one.split(), other.split())) == score


@given(WORDS, WORDS)
def test_laws_of_the_score(one: list[str], other: list[str]) -> None:
    """From 0 to 100, symmetric, blind to order and repetition; a part of a headline scores 100."""
    score = title_score(one, other)
    assert 0 <= score <= 100
    assert score == title_score(other, one) == title_score(one[::-1] * 2, other)
    if one:
        assert title_score(one, one + other) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Motorway A7 closed near Lund after fire", "Motorway A7 closed near Lund after fire - Radio Lund"),
        ("Motorway A7 closed near Lund after fire | LN", "MOTORWAY A7 CLOSED near Lund, after fire"),
        (
            "Le tunnel rouvrira au printemps prochain - Le Courrier",
            "Le tunnel rouvrira au printemps prochain",
        ),
    ],
)
def test_the_same_headline(one: str, other: str) -> None:
    """Equal but for case, punctuation and the outlet's name; they meet in the index too."""
    assert same_title(one, other)
    assert title_marks(one) & title_marks(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quake of magnitude four felt today - Lyon", "Quake of magnitude four felt today - Paris"),
        ("See all photos", "See all photos"),
        ("Motorway A7 closed near Lund after fire", "Motorway A9 closed near Lund after fire"),
        ("Talks begin in Doha again - what we know so far about them", "Talks begin in Doha again"),
    ],
)
def test_not_the_same_headline(one: str, other: str) -> None:
    """Places behind a dash are no outlets; four words prove nothing; what is long is no name."""
    assert not same_title(one, other)


@pytest.mark.parametrize(
    ("suffix", "outlet", "stripped"),
    [
        ("Le Monde", "lemonde.fr", True),
        ("BBC News", "bbc.co.uk", True),
        ("The Coast Post", "coastpost.example", True),
        ("NYT", "nyt.example", True),
        ("New York Times", "nyt.example", True),
        ("Lyon", "lemonde.fr", False),
        ("Lyon", "", False),
    ],
)
def test_the_outlet_s_own_name(suffix: str, outlet: str, stripped: bool) -> None:
    """Taken away where the domain tells that it is one."""
    bare = tuple(str.split("two trains collide near the old bridge"))
    assert (title_words(f"Two trains collide near the old bridge - {suffix}", outlet) == bare) is stripped
    assert (
        same_title(f"{' '.join(bare)} - {suffix}", f"{' '.join(bare)} | {suffix}", outlet, outlet)
    ) is True
