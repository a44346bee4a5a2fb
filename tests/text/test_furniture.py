"""Labels and what they announce, told from text alone."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.furniture import has_words, is_clean, marks, without_furniture, words
from monitor.text.labels import label_of, may_hold_phrase, phrase_in

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = (
    "The talks went on for a fourth day, and those who took part in them said at night that they had agreed."
)
TITLE = "Covid-19: cases rise"


@pytest.mark.parametrize(
    ("line", "kind", "rest"),
    [
        ("Lire aussi", "lists", ""),
        ("À LIRE AUSSI :", "lists", ""),
        ("» Lire aussi", "lists", ""),
        ("Lire aussi : le Bataclan rouvre", "lists", "le Bataclan rouvre"),
        ("Read more: Looted colonial art", "lists", "Looted colonial art"),
        ("MIRA: Madre se acerca", "lists", "Madre se acerca"),
        ("Mehr zum Thema - Winterreifen", "lists", "Winterreifen"),
        ("Les articles les plus lus", "ends", ""),
        ("Le saviez-vous ?", "ends", ""),
        ("Meistgelesen", "ends", ""),
        ("Publicité", "alone", ""),
        ("Advertisement", "alone", ""),
        ("Самое читаемое", "ends", ""),
        ("اقرأ أيضاً", "lists", ""),
        ("Leggi anche", "lists", ""),
        ("Lees ook:", "lists", ""),
        ("Leia também", "lists", ""),
        ("Lo más leído", "ends", ""),
    ],
)
def test_labels_are_known(line: str, kind: str, rest: str) -> None:
    """In any case, with any bullet, alone or before what they announce."""
    label = label_of(line)
    assert label is not None
    assert (label.kind, label.rest) == (kind, rest)


@pytest.mark.parametrize(
    "line",
    [
        "", ":", "Covid-19 : la vague", "Il faut lire aussi les notes.", "Newsletter: a story", "12:30",
        "The watch: a history",
        "Lire aussi les petites lignes, voilà ce que la ministre conseille à tous", "a" * 10_000,
    ],
)  # fmt: skip
def test_other_lines_are_no_labels(line: str) -> None:
    """Sentences and titles that hold the words of one are left alone."""
    assert label_of(line) is None


def test_titles_below_a_label_are_kept_and_not_confirmed() -> None:
    """Until a paragraph says that the article goes on."""
    kept, cut = without_furniture([LONG, "Read more", TITLE, "Second title", LONG, "Last words"])
    assert [(line.text, line.why) for line in kept] == [
        (LONG, ""),
        (TITLE, "below the label “Read more”"),
        ("Second title", "below the label “Read more”"),
        (LONG, ""),
        ("Last words", ""),
    ]
    assert [c.text for c in cut] == ["Read more"]


def test_what_ends_an_article_ends_it_for_good() -> None:
    """After "Most read" a paragraph has to be long; before the article it is only a label."""
    short = " ".join(LONG.split()[:22]) + "."
    after = [line.why for line in without_furniture([LONG, LONG, "Most read", TITLE, short, TITLE])[0]]
    assert after == ["", "", *["below the label “Most read”"] * 3]
    before = [line.why for line in without_furniture(["Most read", TITLE, short, LONG])[0]]
    assert before == ["below the label “Most read”", "", ""]
    resumed = [line.why for line in without_furniture([LONG, LONG, "Most read", TITLE, LONG * 2])[0]]
    assert resumed[-1] == ""


def test_a_label_reaches_to_the_end_of_its_box() -> None:
    """In a page it is known where that is."""
    lines = ["Newsletter", "By mail", "Talks resume", "They met."]
    assert [m.why for m in marks(lines, reach=[2, 2, 4, 4])][1:] == ["below the label “Newsletter”", "", ""]


def test_words_about_the_site_are_not_confirmed() -> None:
    """Nor what else is said of cookies, unless that is the news."""
    lines = ["We use cookies to improve your visit.", "Cookies last thirteen months.", LONG]
    assert [m.why[:14] for m in marks(lines)] == ["about the site", "about the site", ""]
    assert [m.why for m in marks(lines, "A browser without cookies")] == ["", "", ""]
    assert [m.why for m in marks(lines[1:])] == ["", ""], "nobody asks for consent here"
    assert phrase_in("This article is FOR SUBSCRIBERS ONLY.") == "for subscribers only"


def test_titles_at_the_very_end_are_not_confirmed() -> None:
    """Three or more lines that read like titles of other articles; results of a race do not."""
    titles = [
        "Has the autumn wave passed its peak?",
        "Floods: a year of rain in one night",
        "What she saw at the concert hall",
    ]
    article = [LONG, LONG, *titles]
    assert [bool(line.why) for line in without_furniture(article)[0]] == [False, False, True, True, True]
    assert [bool(line.why) for line in without_furniture(article[:-1])[0]] == [False] * 4, (
        "two may be anything"
    )
    assert [bool(line.why) for line in without_furniture([*article, LONG])[0]] == [False] * 6
    assert not any(line.why for line in without_furniture(titles)[0]), (
        "nothing has begun that could have ended"
    )
    results = [f"{n}. Jessica Lindt (GER) +4.11" for n in range(8)]
    assert not any(line.why for line in without_furniture([LONG, LONG, *results])[0])


@given(st.lists(st.text(max_size=60) | st.sampled_from(["Read more", "Most read", "Publicité", LONG, TITLE])))
def test_every_line_is_kept_or_cut(lines: list[str]) -> None:
    """In order, unchanged, and each once."""
    kept, cut = without_furniture(lines)
    assert sorted([line.text for line in kept] + [c.text for c in cut]) == sorted(lines)
    iterator = iter(lines)
    assert all(line.text in iterator for line in kept)


def test_words_are_counted_in_scripts_without_spaces() -> None:
    """Two characters are about a word."""
    assert words("塔利班代表在多哈会晤") == 5
    assert words("three short words") == 3


PIECES = (
    *(LONG, TITLE, "Lire aussi", "Read more: Looted art", "Most read", "Advertisement", "A short line"),
    *(
        "We use cookies.",
        "Réservé aux abonnés",
        "использует cookie",
        "جميع الحقوق محفوظة",
        "Suivez-nous sur tout",
    ),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=60), max_size=12))
def test_what_is_quickly_found_clean_is_clean(lines: list[str]) -> None:
    """The short cut never hides what speaks against a line."""
    if is_clean(lines):
        assert all(mark.why == "" for mark in marks(lines))


@given(
    st.sampled_from(
        ["we use cookies", "réservé aux abonnés", "Nur für Abonnenten", "suscríbete a", "все права защищены"]
    ),
    st.sampled_from([str.upper, str.lower, str.title, lambda text: unicodedata.normalize("NFD", text)]),
    st.sampled_from(["{}", "x {}, y", "({})!", "L'été: {} — ça va", "Wörter\u00a0{}\u2026"]),
    st.sampled_from([" ", "-", "  ", "\u2019", ", "]),
)
def test_a_phrase_is_found_however_it_is_written(
    phrase: str, case: Callable[[str], str], around: str, between: str
) -> None:
    """Case, accents, punctuation and spaces make no difference to the quick look either."""
    line = around.format(case(phrase).replace(" ", between))
    assert phrase_in(line)
    assert may_hold_phrase(f"{LONG}\n{line}\n{LONG}")


def test_most_texts_need_no_closer_look() -> None:
    """A word of a phrase, or all of its words in another order, is no phrase."""
    assert not may_hold_phrase(f"{LONG}\nUs follow on and on.")
    assert not may_hold_phrase("L'été, ça va: on les suivra à l'œil.")


@given(st.text(max_size=200), st.integers(1, 30))
def test_words_are_counted_no_further_than_needed(text: str, least: int) -> None:
    """The quick way says the same."""
    assert has_words(text, least) == (words(text) >= least)
