"""Tokens: where words begin and end in many scripts, and that offsets are true."""
# ruff: noqa: RUF001 - letters and dashes that look alike are what is tested

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import tokens as module
from monitor.text.folding import fold
from monitor.text.tokens import Token, folded_tokens, pattern_tokens, tokenise

SPLITS = {
    "plain": ("Les Talibans reviennent", ["les", "talibans", "reviennent"]),
    "apostrophe": ("l'Afghanistan", ["l", "afghanistan"]),
    "typographic apostrophe": ("d’Amérique", ["d", "amerique"]),
    "letter apostrophe": ("Hawaiʼi", ["hawai", "i"]),
    "hyphen": ("États-Unis", ["etats", "unis"]),
    "non-breaking hyphen": ("al\u2011Qaeda", ["al", "qaeda"]),
    "dashes": ("Paris–Nice—Lyon", ["paris", "nice", "lyon"]),
    "underscore": ("a_b", ["a", "b"]),
    "dotted acronym": ("U.S.", ["u", "s"]),
    "letters and digits": ("Covid19 G7", ["covid19", "g7"]),
    "signs": ("AT&T, C++ (24/7)", ["at", "t", "c", "24", "7"]),
    "non-breaking space": ("5\u00a0000", ["5", "000"]),
    "only signs": ("... — !", []),
    "empty": ("", []),
    "decomposed accent": ("e\u0301te\u0301", ["ete"]),
    "lone mark": ("\u0301 a", ["a"]),
    "soft hyphen": ("Af\u00adghanistan", ["afghanistan"]),
    "bidi marks outside": ("\u200fطالبان\u200f", ["طالبان"]),
    "hindi": ("हिन्दी समाचार", ["हिन्दी", "समाचार"]),
    "han": ("阿富汗", ["阿", "富", "汗"]),
    "han beside latin": ("abc塔def", ["abc", "塔", "def"]),
    "hiragana": ("がか", ["が", "か"]),
    "decomposed hiragana": ("か\u3099か", ["が", "か"]),
    "katakana run": ("タリバン", ["タリバン"]),
    "mixed japanese": ("タリバンは", ["タリバン", "は"]),
    "hangul": ("탈레반은 서울", ["탈레반은", "서울"]),
    "thai": ("ไทย", ["ไ", "ท", "ย"]),
    "thai with marks": ("ที่นี่", ["ที่", "นี่"]),
    "lao": ("ລາວ", ["ລ", "າ", "ວ"]),
    "khmer": ("ខ្មែរ", ["ខ្", "មែ", "រ"]),
    "myanmar": ("မြန်မာ", ["မြ", "န်", "မာ"]),
    "tibetan": ("བོད་ཡིག", ["བོད", "ཡིག"]),
    "arabic comma": ("كابل،طهران", ["کابل", "طهران"]),
    "hebrew gershayim": ("צה״ל", ["צה", "ל"]),
    "letter apostrophes": ("Qurʾan ʿAbd", ["qur", "an", "abd"]),
    "quotes": ("«Doha» “Doha” „Doha“", ["doha", "doha", "doha"]),
    "narrow space": ("5\u202f000", ["5", "000"]),
    "slash": ("ISIL/ISIS", ["isil", "isis"]),
    "hebrew maqaf": ("תל־אביב", ["תל", "אביב"]),
    "ethiopic wordspace": ("አዲስ፡አበባ", ["አዲስ", "አበባ"]),
    "armenian full stop": ("Հայաստան։", ["հայաստան"]),
    "devanagari danda": ("रूस।", ["रूस"]),
    "han with comma": ("中国、日本", ["中", "国", "日", "本"]),
    "hangul middle dot": ("서울·부산", ["서울", "부산"]),
    "georgian": ("თბილისი-ბათუმი", ["თბილისი", "ბათუმი"]),
    "bengali": ("বাংলাদেশ-ভারত", ["বাংলাদেশ", "ভারত"]),
    "tamil": ("தமிழ் ஈழம்", ["தமிழ்", "ஈழம்"]),
    "zero width non-joiner": ("می\u200cخواهد", ["میخواهد"]),
    "lone surrogate": ("a\ud800b", ["a", "b"]),
    "nul": ("a\x00b", ["a", "b"]),
    "a half": ("½", ["1", "2"]),
    "blessing": ("ﷺ", ["صلی", "الله", "علیه", "وسلم"]),
}


@pytest.mark.parametrize(("text", "expected"), SPLITS.values(), ids=SPLITS.keys())
def test_text_splits_into_folded_tokens(text: str, expected: list[str]) -> None:
    """Letters, marks and digits hold together; everything else splits; some scripts split by character."""
    assert folded_tokens(text) == [fold(token) for token in expected]  # folded too, to be read as written


def test_offsets_count_code_points_of_the_original() -> None:
    """A token's span holds the surface text, whatever length its folded form has."""
    text = "À l’İstanbul ﬁnie 𝐍𝐀𝐓𝐎"
    assert [text[t.start : t.end] for t in tokenise(text)] == ["À", "l", "İstanbul", "ﬁnie", "𝐍𝐀𝐓𝐎"]


def test_ignorables_at_the_edge_are_outside_the_span() -> None:
    """A span begins and ends with a character that shows."""
    assert tokenise("\u200ea\u00adb\u200e") == [Token(1, 4, "ab")]


@given(st.text())
def test_both_views_agree(text: str) -> None:
    """Folded tokens and tokens are the same list seen from two sides, in rising order."""
    found = tokenise(text)
    assert [t.folded for t in found] == folded_tokens(text)
    assert all(0 <= t.start < t.end <= len(text) for t in found)
    assert all(a.end <= b.start or (a.start, a.end) == (b.start, b.end) for a, b in pairwise(found))


@given(st.text())
def test_normal_forms_of_a_text_have_the_same_tokens(text: str) -> None:
    """NFC and NFD of a text give the same folded tokens."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert folded_tokens(composed) == folded_tokens(decomposed)


@given(st.text())
def test_a_folded_token_is_a_token_that_folds_to_itself(text: str) -> None:
    """What is printed as a normal form is read again as the same token."""
    for token in folded_tokens(text):
        assert folded_tokens(token) == [token]


@given(st.text(), st.text())
def test_chunks_do_not_look_at_their_neighbours(left: str, right: str) -> None:
    """White space separates: the tokens of two texts are those of both joined by a space."""
    assert folded_tokens(f"{left} {right}") == folded_tokens(left) + folded_tokens(right)


@given(st.text(alphabet="aÉ’-塔ि\u0301\u200d ", min_size=1))
def test_the_memo_changes_nothing(text: str) -> None:
    """A cold memo and a warm one give the same tokens."""
    module._memo.clear()
    assert tokenise(text) == tokenise(text)


def test_the_memo_is_bounded() -> None:
    """Long chunks and whole sentences without spaces are not kept."""
    module._memo.clear()
    folded_tokens("a" * 65 + " 阿富汗 short")
    assert list(module._memo) == ["short"]


def test_a_full_memo_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its cap the memo is emptied, and the tokens stay right."""
    monkeypatch.setattr(module, "_MOST_CHUNKS", 3)
    module._memo.clear()
    assert folded_tokens("a b c d e") == ["a", "b", "c", "d", "e"]
    assert len(module._memo) <= 3


@pytest.mark.parametrize("text", ["a" * 300_000, "a\u00ad" * 150_000, "\u0301" * 300_000, "\u00ad" * 300_000])
def test_hostile_text_is_cut_in_linear_time(text: str) -> None:
    """One endless token, ignorables or marks alone do not hang the tokeniser."""
    assert len(tokenise(text)) <= 1


PATTERNS = {
    "prefix": ("Talk*", ("talk*",)),
    "suffix": ("*stan", ("*stan",)),
    "inside": ("colo?r", ("colo?r",)),
    "accent": ("É*é", ("e*e",)),
    "two tokens": ("ex-minist*", ("ex", "minist*")),
    "stars run together": ("a**b", ("a*b",)),
    "alone": ("*", ("*",)),
    "han": ("塔利*", ("塔", "利*")),
    "sign that unfolds": ("*½", ("*1", "2")),
    "mark after a wildcard": ("हिन्द*ी", ("हिन्द*ी",)),
    "accent after a wildcard": ("e*\u0301", ("e*",)),
    "none": ("États-Unis", ("etats", "unis")),
}


@pytest.mark.parametrize(("term", "expected"), PATTERNS.values(), ids=PATTERNS.keys())
def test_wildcards_stay_with_the_token_they_touch(term: str, expected: tuple[str, ...]) -> None:
    """A query term is cut and folded like text, and keeps its wildcards."""
    assert pattern_tokens(term) == expected


@given(st.text().filter(lambda text: "*" not in text and "?" not in text))
def test_a_term_without_wildcards_is_cut_like_text(text: str) -> None:
    """Rule and text go through the same tokeniser."""
    assert pattern_tokens(text) == tuple(folded_tokens(text))
