"""The fold table: which spellings are one, and which letters stay apart."""
# ruff: noqa: RUF001 - letters of many scripts that look alike are what is tested

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.folding import classes, fold, without_ignorables

SAME = {
    "case": ("DOHA", "doha"),
    "accents": ("Élysée", "elysee"),
    "polish": ("Łódź", "lodz"),
    "danish": ("Ørsted", "orsted"),
    "croatian": ("Đinđić", "dindic"),
    "sharp s": ("Straße", "STRASSE"),
    "capital sharp s": ("STRAẞE", "strasse"),
    "oe": ("Cœur", "coeur"),
    "ae": ("Ægir", "aegir"),
    "icelandic": ("Þórður", "thordur"),
    "umlaut": ("Müller", "muller"),
    "vietnamese": ("Việt", "viet"),
    "vietnamese d": ("Đà", "da"),
    "maltese": ("Ħamrun", "hamrun"),
    "turkish dotted capital": ("İstanbul", "istanbul"),
    "turkish dotless": ("Diyarbakır", "DIYARBAKIR"),
    "ligature": ("ofﬁce", "office"),
    "long s": ("Congreſs", "congress"),
    "full width": ("ＮＡＴＯ", "nato"),
    "superscript": ("m²", "m2"),
    "mathematical letters": ("𝐍𝐀𝐓𝐎", "nato"),
    "greek tonos": ("Αθήνα", "ΑΘΗΝΑ"),
    "final sigma": ("Πειραιάς", "ΠΕΙΡΑΙΑΣ"),
    "polytonic": ("Ἀθῆναι", "αθηναι"),
    "cyrillic yo": ("Ёлкин", "елкин"),
    "cyrillic stress": ("Москва\u0301", "москва"),
    "decomposed short i": ("Толстои\u0306", "толстой"),
    "decomposed yi": ("Киі\u0308в", "київ"),
    "bulgarian i with grave": ("ѝ", "и"),
    "hebrew points": ("שָׁלוֹם", "שלום"),
    "harakat": ("طَالِبَان", "طالبان"),
    "tatweel": ("طـالـبان", "طالبان"),
    "alef with hamza": ("أحمد", "احمد"),
    "alef with madda": ("آسيا", "اسيا"),
    "alef wasla": ("ٱلله", "الله"),
    "arabic and persian yeh": ("علي", "علی"),
    "alef maqsura": ("على", "علي"),
    "arabic and persian kaf": ("كابل", "کابل"),
    "teh marbuta": ("الدوحة", "الدوحه"),
    "urdu heh": ("طہران", "طهران"),
    "presentation forms": ("ﻃﺎﻟﺒﺎﻥ", "طالبان"),
    "lam alef ligature": ("ﻻ", "لا"),
    "arabic digits": ("٢٠٢٤", "2024"),
    "persian digits": ("۲۰۲۴", "2024"),
    "zero width non-joiner": ("می\u200cخواهد", "میخواهد"),
    "zero width joiner": ("a\u200db", "ab"),
    "soft hyphen": ("Tali\u00adban", "taliban"),
    "bidi mark": ("a\u200eb", "ab"),
    "zero width space": ("Tali\u200bban", "taliban"),
    "half-width kana": ("ｶﾞｻﾞ", "ガザ"),
    "decomposed kana": ("カ\u3099", "ガ"),
    "decomposed hangul": ("\u1109\u1165\u110b\u116e\u11af", "서울"),
    "decomposed devanagari": ("क\u093c", "\u0958"),
}

APART = {
    "short i and i": ("й", "и"),
    "yi and i": ("ї", "і"),
    "short u and u": ("ў", "у"),
    "ghe with upturn": ("ґ", "г"),
    "ga and ka": ("ガ", "カ"),
    "hiragana ga and ka": ("が", "か"),
    "pa and ha": ("パ", "ハ"),
    "hiragana and katakana": ("か", "カ"),
    "devanagari vowel sign": ("कि", "क"),
    "devanagari virama": ("हिन्दी", "हिनदी"),
    "bengali vowel sign": ("কা", "ক"),
    "tamil vowel sign": ("தமிழ்", "தமழ"),
    "thai vowel sign": ("กิ", "ก"),
    "thai am": ("กำ", "กา"),
    "khmer sign": ("កី", "ក"),
    "myanmar sign": ("မိ", "မ"),
    "latin and cyrillic a": ("a", "а"),
}


@pytest.mark.parametrize(("left", "right"), SAME.values(), ids=SAME.keys())
def test_spellings_of_one_word_fold_alike(left: str, right: str) -> None:
    """Two spellings that a reader takes for the same word have one folded form."""
    assert fold(left) == fold(right)


@pytest.mark.parametrize(("left", "right"), APART.values(), ids=APART.keys())
def test_different_letters_stay_apart(left: str, right: str) -> None:
    """Marks that make another letter survive the fold."""
    assert fold(left) != fold(right)


def test_kept_letters_come_out_composed() -> None:
    """The fold ends in composed letters, so a folded form can be read and printed."""
    assert fold("Цои\u0306") == "цой"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """The fold is a normal form."""
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_canonically_equal_spellings_fold_alike(text: str) -> None:
    """Composed and decomposed input give the same result."""
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_million_marks_do_not_take_quadratic_time() -> None:
    """Marks beyond thirty in a row are dropped before they would have to be sorted."""
    zalgo = "a" + "\u0301\u0316\u200d" * 300_000
    assert fold(zalgo) == "a"


def test_classes_have_the_length_of_the_text() -> None:
    """Each character has exactly one class letter, so offsets carry over."""
    text = "a塔\u0301\u200d-_ʼ\ud800"
    assert classes(text) == "WSMI    "


def test_without_ignorables_drops_every_format_character() -> None:
    """All characters of category Cf are as if they were not there."""
    formats = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) == "Cf")
    assert without_ignorables(f"a{formats}b") == "ab"
