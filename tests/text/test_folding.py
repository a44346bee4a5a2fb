"""The fold table: which spellings are one, and which letters stay apart."""
# ruff: noqa: RUF001 - letters of many scripts that look alike are what is tested

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.folding import classes, fold, fold_by_marks, fold_letters, without_ignorables

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
    "spanish and french marks": ("Señor garçon", "senor garcon"),
    "croatian digraph": ("ǅ", "dž"),
    "roman numeral": ("Ⅷ", "viii"),
    "kelvin sign": ("K", "k"),
    "greek dialytika": ("Μαΐου", "μαιου"),
    "hebrew presentation forms": ("שּׁ", "ש"),
    "superscript alef": ("رحمٰن", "رحمن"),
    "alef with hamza below": ("إيران", "ايران"),
    "yeh and waw with hamza": ("مسؤول هيئة", "مسوول هیيه"),
    "yeh barree": ("ے", "ی"),
    "persian heh with yeh": ("ۀ", "ه"),
    "bengali nukta": ("য\u09bc", "\u09df"),
    "tamil au": ("\u0bc6\u0bd7", "\u0bcc"),
    "myanmar letter": ("ဥ\u102e", "ဦ"),
    "khmer inherent vowel": ("ក\u17b4", "ក"),
    "han compatibility": ("\uf90a", "金"),
    "half-width with prolonged sound": ("ﾃﾛ", "テロ"),
    "georgian capitals": ("ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ", "საქართველო"),
    "armenian case": ("ՀԱՅԱՍՏԱՆ", "հայաստան"),
    "armenian ligature": ("և", "եւ"),
    "ethiopic as it is": ("አዲስ\u200b", "አዲስ"),
    "variation selector": ("☎\ufe0f", "☎"),
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
    "russian ie and e": ("е", "э"),
    "persian peh and beh": ("پ", "ب"),
    "persian cheh and jeem": ("چ", "ج"),
    "persian gaf and kaf": ("گ", "ک"),
    "hebrew bet and kaf": ("ב", "כ"),
    "devanagari nukta": ("क़", "क"),
    "bengali virama": ("ক্ক", "কক"),
    "tamil pulli": ("க்", "க"),
    "gujarati vowel sign": ("કિ", "ક"),
    "gurmukhi vowel sign": ("ਕਿ", "ਕ"),
    "telugu vowel sign": ("కి", "క"),
    "kannada vowel sign": ("ಕಿ", "ಕ"),
    "malayalam vowel sign": ("കി", "ക"),
    "sinhala vowel sign": ("කි", "ක"),
    "tibetan vowel sign": ("ཀི", "ཀ"),
    "lao vowel sign": ("ກິ", "ກ"),
    "thai tone mark": ("ก่", "ก"),
    "khmer coeng": ("ក្ក", "កក"),
    "myanmar asat": ("က်", "က"),
    "ethiopic syllables": ("ሀ", "ሁ"),
    "georgian ejective": ("კ", "ქ"),
    "armenian e": ("ե", "է"),
    "hangul tense consonant": ("까", "가"),
    "small kana": ("っ", "つ"),
    "prolonged sound": ("ター", "タ"),
    "traditional and simplified": ("國", "国"),
}

# Gaza and a word that a blind stripping of marks would make of it; the traps that others fell into.
WORDS = {
    "gaza in katakana": ("ガザ", "ガザ"),
    "short i": ("Цхинвали й", "цхинвали й"),
    "hindi": ("हिन्दी", "हिन्दी"),
    "khmer": ("កម្ពុជា", "កម្ពុជា"),
    "myanmar": ("မြန်မာ", "မြန်မာ"),
    "amharic": ("ኢትዮጵያ", "ኢትዮጵያ"),
    "ukrainian": ("ЇЖАК ҐАВА", "їжак ґава"),
    "belarusian": ("ЎСЁ", "ўсе"),
    "turkish": ("İSTANBUL ISPARTA ılık", "istanbul isparta ilik"),
    "doha in arabic": ("الدَّوْحة", "الدوحه"),
    "polish": ("ŁÓDŹ", "lodz"),
}


@pytest.mark.parametrize(("left", "right"), SAME.values(), ids=SAME.keys())
def test_spellings_of_one_word_fold_alike(left: str, right: str) -> None:
    """Two spellings that a reader takes for the same word have one folded form."""
    assert fold(left) == fold(right)


@pytest.mark.parametrize(("left", "right"), APART.values(), ids=APART.keys())
def test_different_letters_stay_apart(left: str, right: str) -> None:
    """Marks that make another letter survive the fold."""
    assert fold(left) != fold(right)


@pytest.mark.parametrize(("written", "folded"), WORDS.values(), ids=WORDS.keys())
def test_words_fold_to_what_is_read(written: str, folded: str) -> None:
    """The folded form itself is as expected, not only equal to another spelling's."""
    assert fold(written) == folded


def test_at_least_eighteen_scripts_have_a_row() -> None:
    """The rows above speak for the scripts of the news, each by the name Unicode gives its letters."""
    letters = "".join("".join(row) for table in (SAME, APART, WORDS) for row in table.values())
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters if letter.isalpha()}
    expected = """
        LATIN GREEK CYRILLIC ARABIC HEBREW DEVANAGARI BENGALI TAMIL GUJARATI TELUGU TIBETAN THAI LAO KHMER
        MYANMAR CJK HIRAGANA KATAKANA HANGUL GEORGIAN ARMENIAN ETHIOPIC
    """
    assert scripts >= set(expected.split())


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


@given(st.text(st.sampled_from("aZ9éÉßœŁİıſйЙёґΩσςήאבשׁأىةكي٣ǅŉﬁⅧ²ĳ\u0345\u1e9e"), max_size=12))
def test_folding_letter_by_letter_is_folding(text: str) -> None:
    """The quick way for plain letters says what the long way says, or nothing."""
    folded = fold_letters(text)
    if folded is not None:
        assert folded == fold_by_marks(text)


def test_letters_that_fold_alone_fold_alike_in_company() -> None:
    """For all characters that the quick way knows: between any two letters they fold as they do alone."""
    neighbours = ("a", "Й", "ς", "ש", "ي", "é", "1")
    quick = [c for c in map(chr, range(0x80, 0x10000)) if fold_letters(c) is not None]
    assert len(quick) > 1_500
    for character in quick:
        for one, other in zip(neighbours, reversed(neighbours), strict=True):
            text = one + character + other
            assert fold_letters(text) == fold_by_marks(text), text


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
