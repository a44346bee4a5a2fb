"""
Russian cases, and what Arabic writes together with a noun. Pure; words come folded.

Russian: a known ending is taken off, and the noun or adjective is declined anew. Hard nouns of all genders
share one set of endings, soft ones another: what no one writes hits nothing. Long endings come off long stems
only, or "паром" (ferry) would be a case of "пар" (steam).

Arabic: the article, the short words written before it, and the regular suffixes; no roots. What ends in -an
takes no suffix and loses none, so that the Taliban stay apart from the student.
"""
# ruff: noqa: RUF001 - Cyrillic and Arabic letters are what this is about

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.endings import declined, paradigms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HARD = ("", "а", "у", "ом", "е", "ы", "и", "ов", "ам", "ами", "ах", "о", "ой")
_SOFT = ("ь", "й", "я", "е", "ю", "ем", "ей", "и", "ью", "ев", "ям", "ями", "ях")
_IYA = paradigms("ия ие ий ии ию ией ием иям иями иях")
_ADJECTIVE = ("ый", "ого", "ому", "ым", "ом", "ая", "ой", "ую", "ое", "ые", "ых", "ыми")
_SOFT_ADJECTIVE = ("ий", "его", "ему", "им", "ем", "яя", "ей", "юю", "ее", "ие", "их", "ими")
_VELAR_ADJECTIVE = ("ий", "ого", "ому", "им", "ом", "ая", "ой", "ую", "ое", "ие", "их", "ими")
_HISSING_ADJECTIVE = ("ий", "его", "ему", "им", "ем", "ая", "ей", "ую", "ее", "ие", "их", "ими")
_VOWELS = "аеиоуыэюяйь"
_HISSING = "жшчщц"
_SURNAMES = ("ов", "ев", "ин")


def russian(word: str) -> Iterable[str]:
    """Cases and number: талибана, войны, переговорах, нефтью, российского."""
    if adjective := _adjective(word):
        # The genitive of China ends like an adjective, and so does the instrumental of Putin.
        return [*adjective, *(_oblique(word, _SOFT) if word.endswith(("ая", "ое", "ее")) else _surname(word))]
    if forms := declined(word, _IYA):
        return forms
    if word[-1] not in _VOWELS:
        return [*_hard(word), *_oblique(word, _HARD), *_oblique(word, _SOFT)]
    return [*_oblique(word, _HARD), *_oblique(word, _SOFT)]


def _oblique(word: str, endings: tuple[str, ...]) -> list[str]:
    """The word declined anew, if it ends in one of the endings and enough is left."""
    for ending in sorted(filter(None, endings), key=len, reverse=True):
        least = 5 if ending in {"ов", "ев"} else 4 if len(ending) > 1 else 3
        stem = word.removesuffix(ending)
        if word.endswith(ending) and len(stem) >= least:
            hard = endings is _HARD or stem[-1] in _HISSING
            return _hard(stem) if hard else [stem + other for other in _SOFT]
    return []


def _hard(stem: str) -> list[str]:
    """A hard noun in all cases; with a vowel that comes and goes: украинец, украинца; рынок, рынка."""
    forms = [stem + ending for ending in _HARD]
    if stem[-1] in _HISSING:
        forms += [stem + "ем", stem + "ей", stem + "ев"]
    for full, short in (("ец", "ц"), ("ок", "к")):
        if stem.endswith(full) and len(stem) > 4:
            forms += [stem[:-2] + short + ending for ending in (*_HARD[1:], "ем", "ев")]
        elif stem.endswith(short) and len(stem) >= 4 and stem[-2] not in _VOWELS:
            forms.append(stem[:-1] + full)
    return [*forms, stem + "ым", stem + "ых"] if stem.endswith(_SURNAMES) else forms


def _surname(word: str) -> list[str]:
    """A surname whose instrumental looks like an adjective."""
    stem = word[:-2]
    return _hard(stem) if word.endswith(("ым", "ых")) and stem.endswith(_SURNAMES) else []


_SURE = frozenset(
    {"ый", "ого", "его", "ому", "ему", "ым", "ая", "яя", "ую", "юю", "ое", "ее", "ые", "ых", "ыми", "ими"}
)
_UNSURE = frozenset({"ий", "ие", "их", "им"})  # nouns have them too
_ADJECTIVES = (
    (_VELAR_ADJECTIVE, "кгх"),
    (_HISSING_ADJECTIVE, "жшчщ"),
    (_SOFT_ADJECTIVE, "н"),
    (_ADJECTIVE, "бвдзклмнпрстфц"),
)


def _adjective(word: str) -> list[str]:
    """The forms of an adjective; none for what may be a noun."""
    for endings, last_of_stem in _ADJECTIVES:
        for ending in sorted(endings, key=len, reverse=True):
            stem = word.removesuffix(ending)
            if not word.endswith(ending) or len(stem) < 3 or stem[-1] not in last_of_stem:
                continue
            if ending in _SURE or (ending in _UNSURE and stem.endswith(("ск", "шн", "дн"))):
                return [stem + other for other in endings]
    return []


_ARTICLES = ("وال", "فال", "بال", "کال", "ال", "لل")
_BEFORE = ("", "ال", "و", "وال", "ب", "بال", "ل", "لل")
_RARELY_BEFORE = ("ف", "فال", "ک", "کال")


def arabic(word: str) -> Iterable[str]:
    """With and without article and short words before it, and regular plurals: والطالبان, المهاجمين."""
    stem = word
    for article in _ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= 3:
            stem = word.removeprefix(article)
            break
    return _with_words_before(stem)


def _with_words_before(stem: str) -> Iterator[str]:
    for before in (*_BEFORE, *_RARELY_BEFORE):
        yield before + stem
    for other in _suffixed(stem):
        for before in _BEFORE[:6]:
            yield before + other


def _suffixed(stem: str) -> list[str]:
    """The noun in its other numbers; a teh marbuta reads heh here."""
    if stem.endswith("ه"):
        return [stem[:-1] + "ات", *([stem[:-1]] if stem.endswith("یه") else [])]
    if stem.endswith("ات") and len(stem) >= 5:
        return [stem[:-2] + "ه", stem[:-2]]
    if stem.endswith(("ون", "ین")) and len(stem) >= 6:
        return [stem[:-2] + ending for ending in ("", "ون", "ین")]
    if stem.endswith(("ان", "ا", "ون", "ین", "ات")):
        return []
    return [stem + ending for ending in ("ون", "ین", "ات", "ه")]
