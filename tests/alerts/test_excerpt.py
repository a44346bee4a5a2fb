"""An excerpt is the sentence that tells why an article matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.excerpt import excerpt, sentences
from monitor.model import Document, Hit
from monitor.rules.compiling import compile_query
from monitor.settings import EntityConfig


def hit(document: Document, field: str, text: str, *, entity: str | None = None) -> Hit:
    """Build the first hit of a text in a field."""
    start = getattr(document, field).index(text)
    return Hit(field, start, start + len(text), text, text.casefold(), entity)


def marked(document: Document, hits: list[Hit], limit: int = 240) -> str:
    """Give the excerpt with its marks as brackets."""
    text, marks = excerpt(document, hits, limit)
    for start, end in reversed(marks):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def test_the_sentence_with_most_terms_wins() -> None:
    """Two different terms in one sentence say more than one."""
    document = Document(
        title="Afghanistan",
        summary="Les talibans avancent. Rien d'autre.",
        body="Un mot. Les talibans sont à Doha. Les talibans, encore les talibans.",
    )
    hits = [
        hit(document, "summary", "talibans"),
        hit(document, "body", "talibans"),
        hit(document, "body", "Doha"),
    ]
    assert marked(document, hits) == "Les [talibans] sont à [Doha]."


def test_among_equals_the_summary_wins() -> None:
    """The summary comes before the body."""
    document = Document(summary="A Doha, tout est calme.", body="Doha attend.")
    assert marked(document, [hit(document, "body", "Doha"), hit(document, "summary", "Doha")]) == (
        "A [Doha], tout est calme."
    )


def test_a_title_hit_gives_the_lead() -> None:
    """Where only the title was hit, the first sentence that says more than the title is shown."""
    document = Document(title="Talks in Doha", summary="Talks in Doha. They began on Monday. More.")
    assert marked(document, [hit(document, "title", "Doha")]) == "They began on Monday."


def test_nothing_but_a_title_gives_nothing() -> None:
    """Without a text there is no excerpt."""
    assert excerpt(Document(title="Doha"), [Hit("title", 0, 4, "Doha", "doha")]) == ("", ())


def test_white_space_is_squeezed_and_marks_follow() -> None:
    """Runs of blanks become one, and the marks still cover the hits."""
    document = Document(summary="Les   talibans \t sont  à   Doha   aujourd'hui")
    hits = [hit(document, "summary", "talibans"), hit(document, "summary", "Doha")]
    assert marked(document, hits) == "Les [talibans] sont à [Doha] aujourd'hui"


def test_overlapping_hits_are_marked_once() -> None:
    """Hits that overlap become one mark."""
    document = Document(summary="The Doha Round began.")
    hits = [hit(document, "summary", "Doha Round"), hit(document, "summary", "Doha")]
    assert marked(document, hits) == "The [Doha Round] began."


def test_a_hit_across_a_full_stop_shows_both_sentences() -> None:
    """A phrase may have one inside; no hit is lost for it."""
    document = Document(body="Nothing. It was agreed in Doha. Talks go on. The end.")
    assert marked(document, [hit(document, "body", "Doha. Talks")]) == (
        "It was agreed in [Doha. Talks] go on."
    )


def test_a_hit_longer_than_the_excerpt_is_marked_as_far_as_it_is_shown() -> None:
    """A regular expression may take a whole page."""
    document = Document(body="so " + "far and wide " * 40 + "it goes")
    found = marked(document, [Hit("body", 3, len(document.body) - 8, "…", "/…/s")], limit=40)
    assert found.startswith(("so [far and wide", "…[far and wide"))
    assert found.endswith(("]…", "wide]…"))


@pytest.mark.parametrize(
    ("query", "body", "shown"),
    [
        (
            "talks NEAR/3 doha",
            "Talks held in Doha, and then much later came talks.",
            "[Talks] held in [Doha], and then much later came talks.",
        ),
        ("@who", "Yesterday. The WHO, or OMS, warned.", "The [WHO], or [OMS], warned."),
        (
            "/omicron \\d/s OR /covid-\\d+/s",
            "A covid-19 and a COVID-20 wave.",
            "A [covid-19] and a COVID-20 wave.",
        ),
        ("/t.lks/ {Doha}", "The talks and tulks of Doha.", "The [talks] and [tulks] of [Doha]."),
        ("ATLEAST/2(doha OR qatar)", "In Doha, Qatar, they met.", "In [Doha], [Qatar], they met."),
        ('"peace talks"~1', "The peace and talks of yore.", "The [peace and talks] of yore."),
        ("doha -kabul", "No talks in Doha.", "No talks in [Doha]."),
    ],
)
def test_every_kind_of_hit_is_marked(query: str, body: str, shown: str) -> None:
    """What an engine finds is what an alert shows in bold, in the sentence it stands in."""
    engine = compile_query(query, [EntityConfig("who", ("{WHO}", "OMS"))])
    document = Document(body=body)
    (match,) = engine.match(document)
    assert marked(document, list(match.hits)) == shown


@pytest.mark.parametrize("word", ["doha ", "doha. "])
def test_a_text_of_nothing_but_hits_has_an_excerpt(word: str) -> None:
    """A hundred thousand hits in one sentence, or one in each: nobody may hold up an alert that way."""
    number = 100_000
    document = Document(body=word * number)
    starts = range(0, number * len(word), len(word))
    hits = [Hit("body", start, start + 4, "doha", "doha") for start in starts]
    text, marks = excerpt(document, hits, 40)
    assert text.startswith("doha")
    assert len(marks) == (7 if word == "doha " else 1)


def test_a_long_sentence_is_cut_around_its_hits() -> None:
    """A cut keeps the place with most hits, ends at words and shows where it was made."""
    filler = "rien de neuf ici " * 30
    document = Document(body=f"{filler}talibans {filler}talibans et Doha {filler}")
    at = document.body.rindex("talibans")
    hits = [
        hit(document, "body", "talibans"),
        Hit("body", at, at + 8, "talibans", "talibans"),
        hit(document, "body", "Doha"),
    ]
    text = marked(document, hits, limit=120)
    assert "[talibans] et [Doha]" in text
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) <= 120 + 4
    assert text.strip("…").split()[0] in {"rien", "de", "neuf", "ici"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three? Four…", 4),
        ("M. Dupont est à Doha. Il parle.", 2),
        ("Le U.S. Army avance. Fin.", 2),
        ("It cost 3.5 million. So.", 2),
        ("«Fini.» Et puis?", 2),
        ("塔利班在多哈。会谈开始。", 2),
        ("هل بدأت المحادثات؟ نعم.", 2),
        ("line one\nline two", 2),
        ("", 0),
        (" \n ", 0),
    ],
)
def test_sentences_are_found(text: str, count: int) -> None:
    """Sentences end at marks and lines, not at initials, titles or decimals."""
    assert len(sentences(text)) == count


@given(st.text(alphabet="ab .\n\t…é", max_size=400), st.integers(0, 390), st.integers(20, 100))
def test_marks_always_cover_the_hit(text: str, at: int, limit: int) -> None:
    """Whatever the text, an excerpt keeps its limit and its marks cover exactly the words that were hit."""
    text = text[:at] + "DOHA" + text[at:]
    at = text.index("DOHA")
    made, marks = excerpt(Document(body=text), [Hit("body", at, at + 4, "DOHA", "doha")], limit)
    assert len(made) <= limit
    assert [made[start:end] for start, end in marks] == ["DOHA"]
