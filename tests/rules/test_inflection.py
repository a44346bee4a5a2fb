"""The forms of `word~`: what each language's rules must find, and what they must not."""
# ruff: noqa: RUF001 - Cyrillic and Arabic letters are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.inflection import forms
from monitor.text.folding import fold
from monitor.text.language import LANGUAGES
from monitor.text.tokens import folded_tokens

# A word: forms it must have / forms it must not have.
TABLE = {
    "fr": """
        attentat: attentats /
        attentats: attentat /
        talibans: taliban talibane / talib
        otage: otages /
        négociations: négociation / négocier
        cheval: chevaux /
        journaux: journal /
        national: nationale nationaux nationales / nation
        nationales: national nationaux /
        bateau: bateaux /
        château: châteaux / chat
        président: présidente présidents présidentes /
        présidentes: président /
        directeur: directrice directeurs directrices /
        chercheuse: chercheur chercheurs /
        policière: policier policiers /
        afghan: afghane afghans afghanes /
        européenne: européen européens européennes /
        offensif: offensive offensives /
        français: française françaises / franc
        africaine: africain africains /
        feu: feux /
        jeux: jeu /
        travaux: travail /
        fils: fils / fil
        pays: pays / paye
        mois: mois / moi
        cours: cours / cour
        voix: voix / voie
        ministre: ministres / ministère
        armée: armées / arme armes
        porte: portes / port ports
    """,
    "en": """
        hostage: hostages /
        hostages: hostage /
        attack: attacks / attacked
        attacks: attack /
        taliban: talibans / talib
        city: cities /
        cities: city /
        day: days / daies
        church: churches /
        bushes: bush /
        caches: cache /
        crisis: crises /
        crises: crisis /
        purposes: purpose /
        loss: losses /
        box: boxes /
        hero: heroes /
        shoes: shoe /
        child: children /
        children: child /
        policeman: policemen /
        policemen: policeman /
        people: person /
        wolves: wolf /
        virus: viruses /
        bus: buses /
        news: news / new
        series: series / serie
        politics: politics / politic
        hamas: hamas / hama
        war: wars / ward
        strike: strikes / strik
    """,
    "de": """
        Anschlag: Anschläge Anschlags Anschlägen /
        Anschläge: Anschlag /
        Krieg: Kriege Krieges Kriegen / Krieger
        Krieges: Krieg /
        Staat: Staaten Staates /
        Staaten: Staat /
        Land: Länder Ländern Landes /
        Bundesländern: Bundesland Bundesländer /
        Kinder: Kind Kindern / Kinderei
        Mitglied: Mitglieder Mitgliedern /
        Regierung: Regierungen / Regen
        Verhandlungen: Verhandlung / verhandeln
        Gesellschaften: Gesellschaft /
        Universitäten: Universität /
        Attentat: Attentate Attentats /
        Präsidentin: Präsidentinnen /
        Präsidentinnen: Präsidentin /
        Soldat: Soldaten /
        Terroristen: Terrorist /
        Geisel: Geiseln /
        Opfern: Opfer /
        Panzer: Panzern Panzers /
        Waffe: Waffen /
        Waffen: Waffe /
        Museum: Museen /
        Firma: Firmen /
        Daten: Datum /
        Auto: Autos /
        Seite: Seiten / seit
        Reise: Reisen / Reis
        Taliban: Talibans / Talib
    """,
    "es": """
        ataque: ataques / ataca
        ataques: ataque /
        nación: naciones /
        naciones: nación / nacimiento
        juez: jueces /
        jueces: juez /
        paz: paces /
        ministro: ministra ministros ministras / ministerio
        ministras: ministro /
        talibanes: talibán / talib
        talibán: talibanes /
        francés: francesa franceses francesas /
        francesas: francés /
        alemana: alemán alemanes /
        afgano: afgana afganos afganas /
        soldado: soldados /
        rehén: rehenes /
        rehenes: rehén /
        país: países /
        padres: padre /
        director: directora directores /
        presidenta: presidente presidentes /
        política: político políticos políticas /
        general: generales /
        iraní: iraníes iranís /
        caso: casos / casa casas
        punto: puntos / punta
        guerra: guerras / guerrilla
        misiles: misil /
        líderes: líder /
    """,
    "it": """
        attacco: attacchi / attaccare
        attacchi: attacco /
        guerra: guerre /
        guerre: guerra / guerriero
        nazione: nazioni /
        nazioni: nazione /
        ministro: ministri ministra ministre / ministero
        ministra: ministro ministri /
        talebani: talebano talebana /
        problema: problemi /
        problemi: problema /
        terrorista: terroristi terroriste /
        terroristi: terrorista /
        banca: banche /
        banche: banca /
        luogo: luoghi /
        alberghi: albergo /
        tedesca: tedesco tedeschi tedesche /
        politico: politici politica politiche /
        amici: amico /
        direttore: direttori direttrice /
        italiano: italiana italiani italiane / italia
        negozi: negozio /
        provincia: province provincie /
        voce: voci /
        croce: croci /
        ostaggi: ostaggio /
        caso: casi / casa case
        soldato: soldati / soldi
        città: città / cittadino
    """,
    "pt": """
        ataque: ataques /
        ataques: ataque /
        eleição: eleições /
        eleições: eleição / eleitor
        ação: ações /
        alemães: alemão /
        mão: mãos /
        cidadãos: cidadão /
        jornal: jornais /
        jornais: jornal /
        hotéis: hotel /
        míssil: mísseis /
        civil: civis /
        homem: homens /
        homens: homem /
        refém: reféns /
        juiz: juízes /
        mulheres: mulher /
        país: países /
        francês: francesa franceses /
        ministra: ministro ministros / ministério
        diretor: diretora diretores /
        brasileira: brasileiro brasileiros /
        político: política políticos políticas /
        soldados: soldado /
        guerra: guerras / guerrilha
        caso: casos / casa
        ponto: pontos / ponta
        general: generais /
        talibã: talibãs / talib
    """,
    "nl": """
        man: mannen / maan manen
        mannen: man /
        straat: straten /
        straten: straat /
        bom: bommen / boom
        bommen: bom / boom
        brief: brieven /
        brieven: brief /
        huis: huizen /
        huizen: huis /
        prijs: prijzen /
        ziekenhuizen: ziekenhuis /
        minister: ministers /
        ministers: minister / ministerie
        wapen: wapens /
        wapens: wapen /
        burger: burgers /
        leraar: leraren leraars /
        aanslag: aanslagen /
        aanslagen: aanslag /
        oorlogen: oorlog /
        president: presidenten / presidentieel
        presidenten: president /
        regering: regeringen /
        mogelijkheid: mogelijkheden /
        ziekte: ziekten ziektes /
        kind: kinderen /
        kinderen: kind /
        stad: steden /
        schepen: schip /
        politicus: politici /
        auto: autos /
    """,
    "ru": """
        талибан: талибана талибану талибаном талибане талибаны талибанов / талиб
        талибаном: талибан талибана /
        боевик: боевики боевиков боевиками /
        боевиков: боевик /
        переговоры: переговоров переговорах переговорам /
        переговорах: переговоры /
        война: войны войне войну войной / воин
        войны: война войну /
        ракета: ракеты ракет ракетами /
        ракет: ракета ракеты /
        атаки: атака атаку атак /
        город: города городе городов / горе
        россия: россии россию россией /
        россии: россия /
        нападение: нападения нападении нападений /
        нефть: нефти нефтью /
        нефтью: нефть /
        кремль: кремля кремле кремлем /
        китай: китая китаю китаем китае /
        армией: армия армии /
        украинец: украинца украинцы украинцев /
        украинца: украинец /
        рынок: рынка рынке рынки /
        списка: список /
        врач: врачи врачей врачом /
        путин: путина путину путиным / путь
        российский: российского российская российские / россия
        военных: военный военные /
        последний: последнего последняя последние /
        семья: семьи семью /
        паром: парома / пары
    """,
    "ar": """
        طالبان: الطالبان وطالبان والطالبان لطالبان بطالبان / طالب الطالب
        الطالبان: طالبان / طالب
        والطالبان: طالبان الطالبان / طالب
        طالب: الطالب طالبون / طالبان
        الدوحة: دوحة بالدوحة والدوحة للدوحة / دوح
        دوحة: الدوحة /
        هجوم: الهجوم والهجوم بهجوم للهجوم / هجم
        الهجوم: هجوم / هاجم
        هجمات: هجمة الهجمات والهجمات /
        هجمة: هجمات الهجمات /
        مهاجم: مهاجمون مهاجمين المهاجمين /
        المهاجمين: مهاجم مهاجمون /
        مسلمون: مسلم مسلمين المسلمين /
        فلسطيني: فلسطينيون فلسطينيين الفلسطينيين فلسطينية / فلسطين
        فلسطينية: فلسطيني فلسطينيات /
        حكومة: الحكومة حكومات الحكومات / حكم
        الحكومات: حكومة / حكم
        مفاوضات: المفاوضات والمفاوضات بالمفاوضات / فاوض
        رهينة: الرهينة رهينات / رهن
        صاروخ: الصاروخ صاروخين / صرخ
        حرب: الحرب والحرب بالحرب للحرب / حارب
        لبنان: ولبنان بلبنان / لبن
        أفغانستان: وأفغانستان بأفغانستان / أفغان
        الله: الله / له
        الصين: صين والصين بالصين / الص
        رئيس: الرئيس والرئيس للرئيس / رأس
    """,
}
ROWS = [
    pytest.param(language, word.strip(), wanted.split(), unwanted.split(), id=f"{language}-{word.strip()}")
    for language, table in TABLE.items()
    for word, _, rest in (line.partition(":") for line in table.strip().splitlines())
    for wanted, _, unwanted in [rest.partition("/")]
]


@pytest.mark.parametrize(("language", "word", "wanted", "unwanted"), ROWS)
def test_a_word_has_its_forms(language: str, word: str, wanted: list[str], unwanted: list[str]) -> None:
    """Plural, gender and common cases are found; words that mean something else are not."""
    found = forms(word, [language])
    assert found[0] == fold(word)
    assert {fold(form) for form in wanted} <= set(found)
    assert not {fold(form) for form in unwanted} & set(found)


# Found, but not the way back: a vowel that comes from nowhere, and Arabic words of one letter before a noun,
# which could as well be the first letter of the noun.
ONE_WAY = frozenset(
    ["بهجوم", "ولبنان", "بلبنان", "وأفغانستان", "بأفغانستان", "وطالبان", "لطالبان", "بطالبان"]
)


@pytest.mark.parametrize(("language", "word", "wanted", "unwanted"), ROWS)
def test_what_a_word_finds_finds_the_word(
    language: str, word: str, wanted: list[str], unwanted: list[str]
) -> None:
    """The singular finds the plural and the plural the singular, whichever is written."""
    for form in wanted:
        assert form in ONE_WAY or fold(word) in forms(form, [language]), form


def test_every_language_has_a_table() -> None:
    """At least twenty-five words a language are written down here."""
    assert set(TABLE) == set(LANGUAGES)
    assert all(len(table.strip().splitlines()) >= 25 for table in TABLE.values())


def test_several_languages_add_up() -> None:
    """The forms of all configured languages of the script, each once, in the order of the languages."""
    both = forms("Taliban", ["fr", "de", "ru", "ar"])
    assert set(both) == set(forms("Taliban", ["fr"])) | set(forms("Taliban", ["de"]))
    assert len(set(both)) == len(both)


@pytest.mark.parametrize(
    ("word", "languages"),
    [
        pytest.param("talibans", [], id="no language"),
        pytest.param("talibans", ["ja", "sw"], id="languages without rules"),
        pytest.param("طالبان", ["fr", "en", "ru"], id="no language of the script"),
        pytest.param("塔", ["fr", "en"], id="one character a token"),
        pytest.param("or", ["fr"], id="two letters"),
        pytest.param("g20", ["en"], id="digits"),
        pytest.param("États-Unis", ["fr"], id="two tokens"),
        pytest.param("", ["fr"], id="nothing"),
    ],
)
def test_words_without_other_forms(word: str, languages: list[str]) -> None:
    """Where no rule applies, the word itself is its only form."""
    assert forms(word, languages) == (fold(word),)


def test_regions_do_not_matter() -> None:
    """`pt-BR` and `PT` are Portuguese."""
    assert forms("jornal", ["pt-BR"]) == forms("jornal", ["PT"]) == ("jornal", "jornais")


WORDS = st.one_of(
    st.text(alphabet="aeioubcdlmnrstxzy", min_size=1, max_size=14),
    st.text(alphabet="абвеийклмнорстуыьяюхцчш", min_size=1, max_size=14),
    st.text(alphabet="ابتدرسعفكلمنهويةىأ", min_size=1, max_size=12),
    st.text(max_size=10),
)


@given(WORDS, st.lists(st.sampled_from([*LANGUAGES, "en-US", "ja", ""]), max_size=4))
def test_forms_are_folded_tokens(word: str, languages: list[str]) -> None:
    """The word comes first, every other form is one folded token, none comes twice, and there is a bound."""
    found = forms(word, languages)
    assert found[0] == fold(word)
    assert all(folded_tokens(form) == [form] for form in found[1:])
    assert len(set(found)) == len(found) <= max(1, 40 * len(set(languages)))
    assert forms(fold(word), languages) == found


@given(WORDS, st.sampled_from(LANGUAGES))
def test_more_languages_lose_no_form(word: str, language: str) -> None:
    """Configuring another language only adds forms."""
    assert set(forms(word, [language])) <= set(forms(word, LANGUAGES))
