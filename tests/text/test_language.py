"""Word lists and the guess of a language: right where it is sure, and silent where it is not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.language import LANGUAGES, guess, is_common, stopwords
from monitor.text.tokens import folded_tokens
from tests.support.sentences import OTHERS, OURS


def sentences(language: str) -> list[str]:
    """The sentences of one of our languages."""
    return [line.strip() for line in OURS[language].strip().splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_longer_texts_are_recognised(language: str) -> None:
    """Any four sentences in a row, which are some forty words and more, tell their language."""
    lines = sentences(language)
    texts = ["\n".join((lines + lines)[at : at + 4]) for at in range(len(lines))]
    assert len(lines) >= 12
    assert [guess(text) for text in texts] == [language] * len(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_single_sentence_is_never_taken_for_another_language(language: str) -> None:
    """Ten words may be too few, but they do not mislead."""
    assert {guess(line) for line in sentences(language)} <= {language, "und"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_sentences_mostly_do(language: str) -> None:
    """A title and a summary are enough for most items."""
    found = [guess(f"{first}\n{second}") for first, second in pairwise(sentences(language))]
    assert set(found) <= {language, "und"}
    assert found.count(language) >= 9


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_other_languages_are_not_taken_for_ours(text: str) -> None:
    """A neighbour's language is unknown, whole and in its parts."""
    assert guess(text) == "und"
    assert {guess(part) for part in text.split(". ")} == {"und"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Doha", id="a name"),
        pytest.param("OTAN : Macron, Scholz, Sunak", id="names"),
        pytest.param("1.2.3 — 24/7 2026-11-26", id="numbers"),
        pytest.param("the the the the the the the the the the the the the the", id="one word alone"),
        pytest.param("https://example.org/2026/11/doha-talks.html", id="an address"),
        pytest.param("\ud800\x00\u202e", id="no text at all"),
    ],
)
def test_too_little_is_unknown(text: str) -> None:
    """Names, numbers and a few words say nothing."""
    assert guess(text) == "und"


def test_two_languages_in_one_text_are_unknown() -> None:
    """A text half in one language and half in another has none."""
    mixed = " ".join(a + " " + b for a, b in zip(sentences("fr"), sentences("en"), strict=True))
    assert guess(mixed) == "und"


def test_only_the_beginning_counts() -> None:
    """A very long text costs no more than its first lines, and is judged by them."""
    assert guess(OURS["fr"] + "the of and " * 100_000) == "fr"


@given(st.text())
def test_every_text_has_an_answer(text: str) -> None:
    """One of the nine codes or und, whatever the text."""
    assert guess(text) in {*LANGUAGES, "und"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_stopwords_are_folded_tokens(language: str) -> None:
    """About two hundred to three hundred words a language, as the index knows them."""
    words = stopwords(language)
    assert 180 <= len(words) <= 320
    assert all(folded_tokens(word) == [word] for word in words)


def test_stopwords_of_other_languages_are_none() -> None:
    """A language without a list has no stop-words, and a region makes no difference."""
    assert stopwords("ca") == stopwords("") == stopwords("../en") == frozenset()
    assert stopwords("pt-BR") == stopwords("pt") != frozenset()


@pytest.mark.parametrize(
    ("acronym", "languages", "common"),
    [
        ("who", ["en"], True),
        ("us", ["en"], True),
        ("it", ["fr", "en"], True),
        ("ice", ["en"], True),
        ("may", ["en-GB"], True),
        ("aids", ["en"], True),
        ("arm", ["en"], True),
        ("un", ["en"], False),
        ("un", ["fr"], True),
        ("sur", ["fr"], True),
        ("mai", ["de"], True),
        ("pan", ["es"], True),
        ("un", ["it"], True),
        ("воз", ["ru"], True),
        ("otan", ["fr", "en"], False),
        ("nato", ["en", "de", "it"], False),
        ("usa", ["it", "es", "de"], False),
        ("onu", ["fr", "it", "pt"], False),
        ("cia", ["en", "fr", "es"], False),
        ("fbi", ["en"], False),
        ("who", ["fr"], False),
        ("who", [], False),
        ("who", ["ja"], False),
    ],
)
def test_acronyms_that_are_words(acronym: str, languages: list[str], common: bool) -> None:
    """An acronym is ambiguous where its letters are an everyday word of one of the languages."""
    assert is_common(acronym, languages) is common
