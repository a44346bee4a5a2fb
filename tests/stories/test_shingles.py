"""Shingles: equal everywhere, blind to what surrounds a copy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.shingles import (
    KEPT_WHOLE,
    containment,
    coverage,
    probe,
    shared,
    shingles,
    sketch,
    without_spaces,
)

WORDS = st.lists(
    st.sampled_from(str.split("the river rose by two metres during a night of heavy rain")), max_size=80
)
TALKS = (
    "Envoys of the government and of the rebels met in Doha on Sunday for a third round of talks about a"
    " ceasefire, and both sides said afterwards that the mood had been better than before."
)
HAN = (
    "中国外交部发言人周日在北京表示双方代表将于下周在多哈举行"
    "新一轮会谈讨论停火协议的具体条款和监督机制以及人员交换问题"
)


def test_the_numbers_are_the_same_in_every_process() -> None:
    """They are stored: the hash must not depend on the run, as Python's own does."""
    code = "from monitor.stories.shingles import shingles; print(shingles('one two three four five').order)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == repr(shingles("One, two: three four FIVE!").order)
    assert shingles("one two three four").order == (6543874223331814362,)


def test_a_copy_is_found_whatever_surrounds_it() -> None:
    """Half of a text behind another beginning: all of it, but the seam, stands in the whole."""
    words = TALKS.split()
    part = " ".join(["From", "our", "partners:", *words[10:]])
    whole = shingles(TALKS)
    assert coverage(shingles(part).all, whole.all) > 0.8
    assert containment(shingles(part).all, whole.all) > 0.8
    assert containment(shingles("Rain is expected in the north on Monday").all, whole.all) == 0.0


def test_case_accents_and_punctuation_make_no_difference() -> None:
    """The shingles are those of folded words."""
    assert shingles("L'été à Bogotá, déjà-vu!").order == shingles("l ete a bogota deja vu").order


@pytest.mark.parametrize("text", ["", "one", "one two three", "…", "中"])
def test_too_short_for_a_shingle(text: str) -> None:
    """Fewer words than a shingle has: none, and like nothing."""
    found = shingles(text)
    assert found.order == ()
    assert sketch(found) == frozenset()
    assert containment(found.all, shingles(TALKS).all) == 0.0


def test_scripts_without_spaces() -> None:
    """Characters are tokens there: longer shingles, and a word is 1.7 of them."""
    assert without_spaces(HAN)
    assert not without_spaces(TALKS + " 多哈")
    assert shingles(HAN).words == round(len(HAN) / 1.7)
    assert len(shingles(HAN).order) == len(HAN) - 5
    assert containment(shingles(HAN[10:40]).all, shingles(HAN).all) == 1.0


@given(WORDS, WORDS)
def test_containment_is_a_share(one: list[str], other: list[str]) -> None:
    """Symmetric, from 0 to 1, 1 for a text and itself, and never more shared than there are."""
    a, b = shingles(" ".join(one)).all, shingles(" ".join(other)).all
    assert containment(a, b) == containment(b, a)
    assert 0.0 <= containment(a, b) <= 1.0
    assert containment(a, a) == (1.0 if a else 0.0)
    assert shared(a, b) <= min(len(a), len(b))


@given(st.text(max_size=300))
def test_any_text_has_signed_64_bit_shingles(text: str) -> None:
    """What SQLite can store, whatever comes; lone surrogates too."""
    found = shingles(text + "\ud800")
    assert all(-(2**63) <= number < 2**63 for number in found.order)
    assert sketch(found) <= found.all


@given(st.lists(st.integers(0, 5_000).map(str), min_size=31, max_size=900))
def test_a_sketch_is_small_and_keeps_the_teaser(words: list[str]) -> None:
    """At most a hundred of the shingles; a teaser is found by what is kept of the lead."""
    whole = shingles(" ".join(words))
    kept = sketch(whole)
    assert len(kept) <= 100
    assert kept <= probe(whole) <= whole.all
    teaser = shingles(" ".join(words[:KEPT_WHOLE]))
    assert probe(teaser) == sketch(teaser) == teaser.all
    assert len(probe(teaser) & kept) >= sum(not number & 1 for number in teaser.all)
