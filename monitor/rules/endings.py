"""
How words end: light rules for the Latin-script languages, which make the forms of one folded word. Pure.

The rules know the plural, the gender and the common cases, and no dictionary. So they also make words that
nobody writes ("ministr"), which hit nothing; what they must not make is words that mean something else. Where
an ending alone cannot tell, the rule is left out, or names its words.

A paradigm is a family of endings that one stem takes. The first paradigm with an ending that fits gives all
forms, so the singular finds the plural and the plural the singular. Words come folded, without accents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_Paradigms = tuple[tuple[str, ...], ...]

_LEAST_STEM = 3


def paradigms(text: str) -> _Paradigms:
    """One paradigm a line, its endings between spaces; `-` is the bare stem."""
    lines = [line.split() for line in text.strip().splitlines()]
    return tuple(tuple("" if ending == "-" else ending for ending in line) for line in lines)


def families(text: str) -> dict[str, tuple[str, ...]]:
    """One family of irregular forms a line: every form with all forms."""
    lines = [tuple(line.split()) for line in text.strip().splitlines()]
    return {word: family for family in lines for word in family}


def declined(word: str, known: _Paradigms) -> list[str]:
    """All forms by the first paradigm that has an ending of the word; none if no paradigm has."""
    for endings in known:
        for ending in sorted(endings, key=len, reverse=True):
            stem = word.removesuffix(ending)
            if word.endswith(ending) and len(stem) >= _LEAST_STEM:
                return [stem + other for other in endings]
    return []


_S_PLURAL = paradigms("- s")

_FRENCH = paradigms("""
    eau eaux
    teur teurs trice trices teuse teuses
    eur eurs euse euses eure eures eux
    ien iens ienne iennes
    een eens eenne eennes
    el els elle elles
    if ifs ive ives
    al ale ales aux als
    ais aise aises
    ois oise oises
    ain ains aine aines
    ant ants ante antes
    ent ents ente entes
    and ands ande andes
    at ats ate ates
    an ans ane anes
    er ers ere eres
    eu eux
""")
_FRENCH_FAMILIES = families("""
    travail travaux
    oeil yeux
    monsieur messieurs
    grand grande grands grandes
    nouveau nouvel nouvelle nouveaux nouvelles
    feu feux
    jeu jeux
    lieu lieux
    eau eaux
    train trains
    main mains
    loi lois
    roi rois
""")
_FRENCH_WHOLE = frozenset(
    {
        "acces", "bois", "bras", "bus", "campus", "colis", "compromis", "concours",
        "congres", "corps", "cours", "deces", "discours", "divers", "dos", "exces",
        "fils", "fois", "gros", "jus", "marais", "mois", "palais", "parcours",
        "paris", "pays", "permis", "poids", "proces", "progres", "puits", "recours",
        "refus", "repas", "secours", "souris", "succes", "tapis", "temps", "tunis",
        "univers", "virus",
    }
)  # fmt: skip


def french(word: str) -> Iterable[str]:
    """Plural and, where the ending tells it, gender: attentats, présidente, nationaux, afghanes."""
    if word in _FRENCH_WHOLE:
        return ()
    if word in _FRENCH_FAMILIES:
        return _FRENCH_FAMILIES[word]
    forms = declined(word, _FRENCH)
    return forms if forms or word[-1] in "xz" else declined(word, _S_PLURAL)


_ENGLISH_FAMILIES = families("""
    child children
    person persons people
    foot feet
    tooth teeth
    mouse mice
    man men
    woman women
    wolf wolves
    leaf leaves
    life lives
    wife wives
    knife knives
    half halves
    shelf shelves
    thief thieves
    bus buses
    gas gases
""")
_ENGLISH_WHOLE = frozenset(
    {
        "news", "series", "species", "means", "headquarters", "always", "perhaps", "besides", "sometimes",
        "towards", "alas", "canvas", "atlas", "texas", "kansas", "paris", "hamas", "christmas", "athens",
        "brussels",
    }
)  # fmt: skip


def english(word: str) -> Iterable[str]:
    """Plural alone: hostages, cities, churches, crises, policemen."""
    if word in _ENGLISH_WHOLE or word.endswith(("ics", "ous")):
        return ()
    if word in _ENGLISH_FAMILIES:
        return _ENGLISH_FAMILIES[word]
    if found := re.fullmatch(r"(.+[^aeiou])(?:y|ies)", word):
        return found[1] + "y", found[1] + "ies"
    if found := re.fullmatch(r"(.{2,}m)(?:an|en|ans)", word):
        return found[1] + "an", found[1] + "en", found[1] + "ans"
    if word.endswith(("ches", "shes", "xes", "zes", "oes", "ses")):
        return word, word[:-2], word[:-1], *([word[:-2] + "is"] if word.endswith("ses") else [])
    if word.endswith(("ch", "sh", "x", "z", "ss", "us", "is", "o")):
        return word, word + "es", word + "s", *([word[:-2] + "es"] if word.endswith("sis") else [])
    return declined(word, _S_PLURAL)


_GERMAN_ER = re.compile(  # compounds too: Bundesländer
    r"(.*(?:amt|bad|bild|blatt|brett|buch|dach|dorf|fass|feld|geist|geld|glas|gott|grab|gut|haupt|haus|holz|huhn"
    r"|kalb|kind|kleid|kraut|lamm|land|licht|lied|loch|glied|mann|nest|rad|rand|rind|schild|schloss|schwert|stift"
    r"|tal|tuch|volk|wald|weib|wort))(?:ern|er|es|s|e|en)?"
)
_GERMAN_FEMININE = re.compile(r"(.{2,}(?:ung|heit|keit|schaft|ion|itat))(?:en)?")


def german(word: str) -> Iterable[str]:
    """Plural and the genitive and dative cases: Anschläge, Staaten, Krieges, Ländern, Präsidentinnen."""
    if found := _GERMAN_ER.fullmatch(word):
        return [found[1] + ending for ending in ("", "es", "s", "e", "er", "ern")]
    if found := _GERMAN_FEMININE.fullmatch(word):
        return found[1], found[1] + "en", found[1] + "s"
    if found := re.fullmatch(r"(.+in)nen", word):
        return found[1], word
    if word.endswith(("el", "er", "chen", "lein")):
        return word, word + "s", word + "n"
    if found := re.fullmatch(r"(.+(?:el|er))(?:s|n)", word):
        return found[1], found[1] + "s", found[1] + "n"
    if found := re.fullmatch(r"(.{3,})(?:um|a)", word):
        return found[1] + "um", found[1] + "a", found[1] + "en", word + "s"
    if word[-1] in "aiouy":
        return word, word + "s"
    return _german_plain(word)


def _german_plain(word: str) -> list[str]:
    """What ends in a consonant or -e, in any case and number; -e comes off long stems alone (Reise, Reis)."""
    if word.endswith("en"):
        stems = [word[:-1], word[:-2]] if len(word) > 5 else []
        return [word, word + "s", *_german_declined(stems), word[:-2] + "um", word[:-2] + "a"]
    least = {"es": 4, "s": 4, "e": 5}
    stems = [word[: -len(ending)] for ending in least if word.endswith(ending)]
    stems = [stem for stem in stems if len(stem) >= least[word[len(stem) :]]]
    return [*_german_declined([word, *stems]), *([word + "nen"] if word.endswith("in") else [])]


def _german_declined(stems: Iterable[str]) -> list[str]:
    endings = ("", "e", "en", "es", "s")
    return [stem + end for stem in stems for end in (("", "n", "s") if stem.endswith("e") else endings)]


# Gender in Romance languages: endings of adjectives and of what people are called. Plain -o and -a are left
# alone, since caso and casa, punto and punta are different words.
_SPANISH = paradigms("""
    ado ada ados adas
    ido ida idos idas
    ico ica icos icas
    ano ana anos anas an anes
    ino ina inos inas
    ario aria arios arias
    oso osa osos osas
    ivo iva ivos ivas
    stro stra stros stras
    ero era eros eras
    or ora ores oras
    ente enta entes entas
""")
_NATIONS = re.compile(
    r"(franc|ingl|portugu|holand|irland|escoc|escoss|japon|liban|tailand|dinamarqu|chin|camaron|senegal)"
    r"es(?:es|as?)?"
)


def spanish(word: str) -> Iterable[str]:
    """Plural and, where the ending tells it, gender: ataques, naciones, jueces, ministra, francesas."""
    if found := _NATIONS.fullmatch(word):
        return [found[1] + ending for ending in ("es", "esa", "eses", "esas")]
    if word.endswith("z"):
        return word, word[:-1] + "ces"
    singular = [word[:-3] + "z"] if word.endswith("ces") else []
    return [*singular, *(declined(word, _SPANISH) or _iberian_plural(word))]


_PORTUGUESE = paradigms("""
    ado ada ados adas
    ido ida idos idas
    ico ica icos icas
    ano ana anos anas
    ino ina inos inas
    ario aria arios arias
    oso osa osos osas
    ivo iva ivos ivas
    stro stra stros stras
    eiro eira eiros eiras
    or ora ores oras
    al ais
    el eis
    ol ois
    ul uis
    il is eis
""")


def portuguese(word: str) -> Iterable[str]:
    """Plural and, where the ending tells it, gender: eleições, jornais, homens, ministra, francesas."""
    if found := _NATIONS.fullmatch(word):
        return [found[1] + ending for ending in ("es", "esa", "eses", "esas")]
    if found := re.fullmatch(r"(.+)(?:ao|oes|aes|aos)", word):
        return [found[1] + ending for ending in ("ao", "oes", "aes", "aos")]
    if found := re.fullmatch(r"(.+[aeiou])(?:m|ns)", word):
        return found[1] + "m", found[1] + "ns"
    if word.endswith("eis"):
        return word, word[:-3] + "el", word[:-3] + "il"
    return declined(word, _PORTUGUESE) or _iberian_plural(word)


def _iberian_plural(word: str) -> list[str]:
    """-s behind a vowel, -es behind a consonant; what ends in -s may be either number."""
    if word[-1] in "iu":
        return [word, word + "s", word + "es"]
    if not word.endswith("s"):
        return [word, word + ("s" if word[-1] in "aeo" else "es")]
    stems = [word.removesuffix(ending) for ending in ("s", "es") if word.endswith(ending)]
    return [word, word + "es", *(stem for stem in stems if len(stem) >= _LEAST_STEM)]


_ITALIAN = paradigms("""
    ista isti iste
    tore tori trice trici
    ato ata ati ate
    ito ita iti ite
    uto uta uti ute
    ano ana ani ane
    ino ina ini ine
    oso osa osi ose
    ivo iva ivi ive
    ario aria ari arie
    stro stra stri stre
    ico ica ici iche ichi
    logo loga logi loghi loghe
    ema emi
    amma ammi
    sco sca schi sche
    co chi
    go ghi
    ca che
    ga ghe
    cia cie ce
    gia gie ge
""")


def italian(word: str) -> Iterable[str]:
    """Plural and, where the ending tells it, gender: attacchi, guerre, nazioni, ministra, problemi."""
    stem, last = word[:-1], word[-1]
    if word.endswith(("ci", "gi")):  # amici, croci, ostaggi
        return [*declined(word, _ITALIAN), stem + "o", stem + "e", word + "o", word + "a"]
    if forms := declined(word, _ITALIAN):
        return [*forms, stem + "i"] if word.endswith(("co", "go", "ce", "ge")) else forms
    if last == "o":
        return word, stem + "i", *([stem] if stem.endswith("i") else [])
    if last == "a":
        return word, stem + "e"
    if last == "e":
        return word, stem + "i", stem + "a"
    return [word, stem + "o", stem + "e", word + "o"] if last == "i" else [word]


_DUTCH_FAMILIES = families("""
    kind kinderen
    ei eieren
    lid leden
    stad steden
    schip schepen
    volk volken volkeren
    hof hoven
    graf graven
    glas glazen
    dag dagen
    weg wegen
    slag slagen
    god goden
    dak daken
    gat gaten
    bad baden
    pad paden
    schot schoten
    slot sloten
    spel spelen
""")
_DUTCH_S = re.compile(r".+(?:el|em|en|er|aar|ier|erd|aard|je|eur)")


def dutch(word: str) -> Iterable[str]:
    """Plural, with doubled and changed letters: mannen, straten, brieven, huizen, ziekenhuizen, burgers."""
    if word in _DUTCH_FAMILIES:
        return _DUTCH_FAMILIES[word]
    if found := re.fullmatch(r"(.+h)(?:eid|eden)", word):
        return found[1] + "eid", found[1] + "eden"
    if word.endswith("en"):
        return [word, *_dutch_singulars(word[:-2]), word[:-1], word + "s"]
    if found := re.fullmatch(r"(.{2,}[ct])(?:us|i)", word):
        return found[1] + "us", found[1] + "i"
    if word[-1] == "s" and (_DUTCH_S.fullmatch(word[:-1]) or word[-2] in "aeiou"):
        return [word, word[:-1], *_dutch_plurals(word)]
    if word[-1] == "e":
        return word, word + "n", word + "s"
    if word[-1] in "aiouy":
        return word, word + "s"
    return [word, *_dutch_plurals(word), *([word + "s"] if _DUTCH_S.fullmatch(word) else [])]


_VOICED = {"f": "v", "s": "z"}
_VOICELESS = {"v": "f", "z": "s"}


def _dutch_plurals(word: str) -> list[str]:
    """-en behind an open or closed syllable: straat, straten; man, mannen; huis, huizen."""
    body, last = word[:-1], word[-1]
    if re.search(r"(aa|ee|oo|uu)$", body):
        body = body[:-1]
        return [body + _VOICED.get(last, last) + "en", body + last + "en"]
    if re.search(r"(?:^|[^aeiouy])[aeiou]$", body):
        doubled = word + last + "en"
        return [doubled] if len(re.findall("[aeiouy]+", word)) == 1 else [doubled, word + "en"]
    return [word + "en", *([body + _VOICED[last] + "en"] if last in _VOICED else [])]


def _dutch_singulars(stem: str) -> list[str]:
    """What a plural in -en may come from; `stem` is without it."""
    body, last = stem[:-1], stem[-1]
    last = _VOICELESS.get(last, last)
    if body.endswith(last):  # mann, wapp
        return [body]
    singulars = [stem, body + last]
    if re.search(r"[^aeiouy][aeou]$", body):
        singulars.append(body + body[-1] + last)
    return singulars
