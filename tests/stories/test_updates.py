"""What counts as a change, language by language, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.figures import figures_of, items_of
from monitor.stories.updates import Change, grown, new_paragraphs, signals
from monitor.stories.versions import Version
from monitor.stories.vocabulary import LANGUAGES, vocabulary

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REST = {
    "en": "Rescuers with dogs reached the village in the evening and the road stays closed.",
    "fr": "Des secouristes avec des chiens ont atteint le village le soir et la route reste coupée.",
    "de": "Retter mit Hunden erreichten das Dorf am Abend, und die Straße bleibt gesperrt.",
    "es": "Equipos con perros llegaron al pueblo por la noche y la carretera sigue cortada.",
    "it": "Squadre con i cani hanno raggiunto il paese in serata e la strada resta chiusa.",
    "pt": "Equipas com cães chegaram à aldeia à noite e a estrada continua fechada.",
}


def kinds(language: str | None, old: str, new: str, **options: str) -> list[Change]:
    """The sorts of change between two texts with the same rest, within the hour."""
    rest = REST.get(language or "en", "")
    before = Version("", f"{old}\n{rest}", NOON)
    after = Version("", f"{new}\n{rest}", NOON + timedelta(minutes=30))
    return [signal.kind for signal in signals(after, [before], language=language, **options)]


CHANGES = [
    ("en", "A quake killed 12 people in Orsk.", "A quake killed 30 people in Orsk."),
    ("en", "12 dead in Orsk quake.", "The death toll in Orsk rises to 30 after a quake."),
    ("en", "Twelve people died in Orsk.", "Thirty-one people died in Orsk."),
    ("en", "No damage was reported in Orsk.", "Fifty people were injured in Orsk."),
    ("en", "Four climbers were missing near Orsk.", "Two climbers were missing near Orsk."),
    ("en", "The fire forced 2,000 people out.", "The fire forced 9,000 people out."),
    ("en", "The quake had a magnitude of 6.1 in Orsk.", "The quake had a magnitude of 6.3 in Orsk."),
    ("en", "The bank holds its rate at 4 percent.", "The bank holds its rate at 3.5 percent."),
    ("en", "It will cost $3 million to mend.", "It will cost $5 million to mend."),
    ("fr", "Le séisme a fait 12 morts à Orsk.", "Séisme d'Orsk : le bilan porté à 30 morts."),
    ("fr", "Une explosion a fait trois morts.", "Une explosion a fait quatre-vingt-dix morts."),
    ("fr", "Six cas de listériose sont connus.", "Onze cas de listériose sont connus."),
    ("fr", "Cinq pêcheurs sont portés disparus.", "Trois pêcheurs sont portés disparus."),
    ("fr", "Une trentaine de blessés à Orsk.", "Une centaine de blessés à Orsk."),
    ("de", "Bei dem Beben starben 12 Menschen.", "Die Zahl der Toten steigt auf 30."),
    ("de", "Zwölf Tote bei Beben in Orsk.", "Einunddreißig Tote bei Beben in Orsk."),
    ("es", "El terremoto deja 12 muertos.", "Sube a 30 el número de muertos por el terremoto."),
    ("es", "Hay cuatro heridos en Orsk.", "Hay treinta y cinco heridos en Orsk."),
    ("it", "Il sisma ha causato 12 morti.", "Il bilancio del sisma sale a 30 morti."),
    ("pt", "O sismo fez 12 mortos em Orsk.", "Sobe para 30 o número de mortos em Orsk."),
    (None, "Le séisme a fait 12 morts à Orsk.", "Le séisme a fait 30 morts à Orsk."),
]


@pytest.mark.parametrize(("language", "old", "new"), CHANGES)
def test_a_number_that_changed(language: str | None, old: str, new: str) -> None:
    """On the same noun, or in the same class of casualties; digits or words."""
    assert Change.NUMBER in kinds(language, old, new)


SAME_NUMBERS = [
    ("en", "A quake killed 12 people in Orsk.", "A quake killed a dozen people in Orsk."),
    ("en", "The fire began at 4:12 a.m. near Orsk.", "The fire began at 5:30 a.m. near Orsk."),
    ("en", "The trial began on 12 November in Orsk.", "The trial began on 13 November in Orsk."),
    ("en", "Okoro, 27, was seen in Orsk.", "Okoro, 28, was seen in Orsk."),
    ("en", "A man aged 34 was seen in Orsk.", "A 35-year-old man was seen in Orsk."),
    ("en", "The hills burned last in 1987.", "The hills burned last in 1988."),
    ("en", "They waited 4 hours in Orsk.", "They waited 5 hours in Orsk."),
    ("en", "It cost 3.0 million crowns.", "It cost 3 million crowns."),
    ("en", "The A7 is closed near exit 31.", "The A7 is closed near exit 31 now."),
    ("fr", "Le feu a pris à 17h30 lundi 12 mars.", "Le feu a pris à 18 heures mardi 13 mars."),
    ("fr", "Lucien, 62 ans, a tout vu.", "Lucien, 63 ans, a tout vu."),
    ("de", "Der Brand begann um 17 Uhr am 3. März.", "Der Brand begann um 18 Uhr am 4. März."),
    ("es", "El fuego empezó hace 3 horas.", "El fuego empezó hace 4 horas."),
]


@pytest.mark.parametrize(("language", "old", "new"), SAME_NUMBERS)
def test_numbers_that_are_no_news(language: str, old: str, new: str) -> None:
    """Dates, times, spans, ages, years, and another spelling of the same."""
    assert kinds(language, old, new) == []


OUTCOMES = [
    ("en", "Stagg pleaded not guilty in Orsk.", "Stagg was found guilty in Orsk."),
    ("en", "Brask defended herself in Orsk.", "Brask resigns in Orsk."),
    ("en", "Parliament debates the bill.", "Parliament approved the bill."),
    ("en", "Oland was taken to a clinic.", "Oland died in a clinic."),
    ("en", "The minister may resign over it.", "The minister has resigned over it."),
    ("fr", "Vaugel nie toute faute.", "Vaugel a été condamné."),
    ("fr", "Les députés débattent du texte.", "Les députés ont adopté le texte."),
    ("fr", "Le maire est mis en cause.", "Le maire présente sa démission."),
    ("fr", "Odile Farges attend son jugement.", "Odile Farges est relaxée."),
    ("fr", "Ses avocats plaideront la relaxe jeudi.", "Le maire d'Orsk a été relaxé."),
    ("fr", "La défense espère une relaxe.", "Le tribunal prononce la relaxe."),
    ("fr", "L'élu de 66 ans s'est tu.", "Odile Farges a été élue, le maire élu lui-même battu."),
    ("fr", "Un arrêté ferme la place.", "Un homme a été arrêté sur la place."),
    ("de", "Der Minister weist alles zurück.", "Der Minister tritt zurück."),
    ("de", "Das Gericht berät über den Fall.", "Das Gericht hat den Mann freigesprochen."),
    ("es", "El juez oye a los testigos.", "El juez dice: absuelto de todo."),
    ("it", "Il tribunale sente i testimoni.", "Il tribunale: assolto da tutto."),
    ("pt", "O tribunal ouve testemunhas.", "O tribunal: condenado por tudo."),
]


@pytest.mark.parametrize(("language", "old", "new"), OUTCOMES)
def test_an_outcome(language: str, old: str, new: str) -> None:
    """Stated for the first time; a denial or a possibility before it was no statement."""
    assert Change.OUTCOME in kinds(language, old, new)


NO_OUTCOMES = [
    ("en", "Stagg was found guilty in Orsk.", "Stagg was convicted in Orsk."),
    ("en", "Brask defended herself in Orsk.", "Brask may be sacked, not released, in Orsk."),
    ("en", "Nobody spoke in Orsk.", "Nobody was killed in Orsk."),
    ("en", "A bus left the road near Orsk.", "A bus overturned near Orsk."),
    ("en", "The firm raised its forecast.", "The firm lifted its forecast."),
    ("fr", "Personne n'a parlé à Orsk.", "Personne n'a été tué à Orsk."),
    ("fr", "Le texte arrive en séance.", "Le texte pourrait être adopté."),
    (
        "fr",
        "Le maire est jugé à Orsk.",
        "Le maire est jugé, ils demandent la relaxe de l'élu.",
    ),
    ("fr", "La place est fermée.", "La place est fermée par arrêté, une voiture sombre y est garée."),
    ("de", "Der Fall liegt beim Gericht.", "Er wurde nicht verurteilt, der Fall liegt beim Gericht."),
]


@pytest.mark.parametrize(("language", "old", "new"), NO_OUTCOMES)
def test_no_outcome(language: str, old: str, new: str) -> None:
    """The same in other words, denied, or only possible."""
    assert kinds(language, old, new) == []


@pytest.mark.parametrize(
    ("language", "opening"),
    [
        ("en", "CORRECTION: the river is the Drava."),
        ("en", "An earlier version of this report named the wrong river."),
        ("fr", "Rectificatif : la rivière est la Drave."),
        ("fr", "Une première version de cet article se trompait de rivière."),
        ("de", "Korrektur: Der Fluss ist die Drau."),
        ("es", "Fe de errores: el río es el Drava."),
        ("it", "Errata corrige: il fiume è la Drava."),
        ("pt", "Correção: o rio é o Drava."),
    ],
)
def test_a_correction(language: str, opening: str) -> None:
    """Declared at either end; told once."""
    before = Version("River", REST[language], NOON)
    after = Version("River", f"{opening}\n\n{REST[language]}", NOON + timedelta(minutes=5))
    found = signals(after, [before], language=language)
    assert [signal.kind for signal in found] == [Change.CORRECTION]
    assert signals(after, [before, after], language=language) == ()


def test_a_correction_without_its_introduction_is_told_already() -> None:
    """The second outlet keeps the headline alone."""
    old = Version("Mine fined", REST["en"], NOON)
    new = Version("CORRECTION: Mine fined", "Correction: the river is the Drava.\n" + REST["en"], NOON)
    again = Version("CORRECTION: Mine fined", REST["en"], NOON)
    assert [each.kind for each in signals(new, [old], language="en")] == [Change.CORRECTION]
    assert signals(again, [old, new], language="en") == ()


def test_no_correction() -> None:
    """A market may correct itself, and a word inside a text says nothing."""
    old = Version("Shares fall", REST["en"], NOON)
    new = Version("Market correction hits shares", REST["en"] + " He corrected his tie.", NOON)
    assert signals(new, [old], language="en") == ()


def test_new_material_needs_an_hour_and_three_sentences() -> None:
    """A longer copy within the hour is a longer copy."""
    more = " ".join(
        f"Witness number {word} told us a story of her own." for word in ("alpha", "beta", "gamma")
    )
    head = Version("", REST["en"], NOON)
    for minutes, text, wanted in [(61, more, [Change.MATERIAL]), (59, more, []), (61, more[:90], [])]:
        new = Version("", f"{REST['en']} {text}", NOON + timedelta(minutes=minutes))
        assert [signal.kind for signal in signals(new, [head], language="en")] == wanted
    teaser = Version("", REST["en"], NOON, full=False)
    assert signals(Version("", REST["en"] + more, NOON + timedelta(hours=2)), [teaser], language="en") == ()


def test_feeds_texts_of_one_length_are_compared_as_they_are() -> None:
    """What a text of the same length does not have was not cut off: it is new."""
    told = " ".join(f"The {word} of Orsk spoke for a long while." for word in ("mayor", "baker", "priest"))
    more = " ".join(f"Witness {word} told us a story of her own." for word in ("alpha", "beta", "gamma"))
    head = Version("", f"{REST['en']} {told}", NOON, full=False)
    new = Version("", f"{REST['en']} {more}", NOON + timedelta(hours=2), full=False)
    assert [signal.kind for signal in signals(new, [head], language="en")] == [Change.MATERIAL]


def test_an_outcome_of_the_headline_counts_wherever_the_text_states_it() -> None:
    """Behind the first words too, and in a text that is known but for that; over the old text it does not."""
    lead = " ".join(f"Boat {word} looked for the crew in another part of the bay." for word in "abcdefghij")
    head = Version("Trawler missing", f"{lead} The search will go on at dawn.", NOON)
    title = "Search called off"
    new = Version(title, f"{lead} The search was called off.", NOON + timedelta(hours=2))
    assert [str(each) for each in signals(new, [head], language="en")] == ["new: called off"]
    assert signals(Version(title, head.text, new.at), [head], language="en") == ()


def test_what_any_member_said_is_no_news() -> None:
    """A late copy of the first version, and a second copy of the newest, say nothing new."""
    first = Version("12 dead in Orsk", "A quake killed 12 people. " + REST["en"], NOON)
    second = Version("30 dead in Orsk", "A quake killed 30 people. " + REST["en"], NOON)
    assert [str(each) for each in signals(second, [first], language="en")] == ["12 -> 30 dead"]
    assert signals(first, [first, second], language="en") == ()
    assert signals(second, [first, second], language="en") == ()


def test_no_more_of_a_text_is_judged_than_teasers_had_room_for() -> None:
    """What stands behind the teaser's length was in the full text from the start."""
    teaser = Version("", "A ferry ran aground off Sel in thick fog on Saturday evening.", NOON, full=False)
    full = Version("", teaser.text + " " + REST["en"] + " Two of the crew died and 14 were injured.", NOON)
    assert signals(full, [teaser], language="en") == ()


def test_the_option() -> None:
    """`all` rings for any new sentence, `none` never."""
    assert kinds("en", "It rains.", "It rains. The mayor of Orsk spoke to nobody at all.") == []
    assert kinds("en", "It rains.", "The mayor of Orsk spoke to nobody at all.", updates="all") == [
        Change.ANY
    ]
    assert kinds("en", "12 dead in Orsk today.", "30 dead in Orsk today.", updates="none") == []


def test_a_page_that_grows() -> None:
    """Its new paragraphs are what is judged; a rewritten or a shortened page is none."""
    old = "10:02 The talks in Doha begin with an hour of delay.\n\n10:40 Both envoys leave for lunch by car."
    new = "11:30 The envoys come back and say that they agree on a text.\n\n" + old
    assert new_paragraphs(old, new) == "11:30 The envoys come back and say that they agree on a text."
    live = grown(old, new)
    assert live is not None
    assert live.kind is Change.LIVE
    assert "The envoys come back" in live.words
    assert grown(new, old) is None
    assert grown(old, old) is None
    assert (
        grown(old, "Another page altogether, which has far more words than the old one ever had to show.")
        is None
    )


def test_every_language_has_all_lists() -> None:
    """No list is forgotten, and every word stands as tokens are folded."""
    concepts = set(vocabulary("en").outcomes) - {"closing"}
    for code in LANGUAGES:
        known = vocabulary(code)
        assert known.numbers
        assert known.times
        assert known.corrections
        assert set(known.outcomes) >= concepts
        assert set(known.casualties) == set(vocabulary("en").casualties)
    assert vocabulary("pt-BR") == vocabulary("pt")
    assert not vocabulary("nl").outcomes


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from([None, "en", "fr", "de", "zh"]))
def test_any_text_can_be_judged(old: str, new: str, language: str | None) -> None:
    """No text breaks it, and a text differs in nothing from itself."""
    one, two = Version(old, new, NOON), Version(new, old, NOON + timedelta(hours=2))
    signals(two, [one], language=language)
    assert signals(one, [one], language=language, updates="all") == ()
    known = vocabulary(language)
    assert all(figure.value >= 0 for figure in figures_of(items_of(new, known), known))
