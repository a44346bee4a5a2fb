"""A feed's own text: what publishing systems add to it, and whether it is the whole article."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.articles.summary import WHOLE_CHARS, cleaned, cleaned_lines
from monitor.text.html import html_to_text
from monitor.text.tokens import folded_tokens

SENTENCE = "Ministers of six countries met in the capital on Tuesday to talk about water and grain."


@pytest.mark.parametrize(
    "tail",
    [
        'The post <a href="x">Talks</a> appeared first on <a href="y">The Post</a>.',
        "L\u2019article <a href='x'>Pourparlers</a> est apparu en premier sur <a href='y'>Le Courrier</a>.",
        "Der Beitrag <a>Gespräche</a> erschien zuerst auf <a>Tagblatt</a>.",
        "La entrada Conversaciones se publicó primero en El Diario.",
        "L'articolo Colloqui proviene da Il Giornale.",
        "O post Conversas apareceu primeiro em O Jornal.",
        "Het bericht Gesprekken verscheen eerst op De Krant.",
        "Запись Переговоры впервые появилась на Газета.",
    ],
)
def test_the_publishing_system_s_signature_is_cut(tail: str) -> None:
    """In the languages it speaks."""
    found = cleaned(f"<p>{SENTENCE}</p>\n<p>{tail}</p>")
    assert found.text == SENTENCE
    assert [cut.why for cut in found.cut] == ["said by the publishing system"]
    assert not found.more


@pytest.mark.parametrize(
    ("tail", "text"),
    [
        (" [&#8230;]", f"{SENTENCE} […]"),
        (" [...]", f"{SENTENCE} [...]"),
        ("…", f"{SENTENCE}…"),
        (' [&#8230;] <a href="x">Read more</a>', f"{SENTENCE} […]"),
        (' <a href="x">Continue reading &raquo;</a>', SENTENCE),
        ("<p><a href='x'>Lire la suite</a></p>", SENTENCE),
        ("<br/>Weiterlesen …", SENTENCE),
        (" Читать далее", SENTENCE),
        (" Read the full story at The Post", SENTENCE),
    ],
)
def test_a_text_that_goes_on_elsewhere_says_so(tail: str, text: str) -> None:
    """By a tail, which is cut, or by its dots."""
    found = cleaned(f"<p>{SENTENCE}{tail}</p>")
    assert found.more
    assert found.short
    assert found.text == text


def test_what_is_long_and_does_not_go_on_is_the_article() -> None:
    """Then its page is not fetched."""
    long = "".join(f"<p>{SENTENCE}</p>" for _ in range(WHOLE_CHARS // len(SENTENCE) + 1))
    assert cleaned(long).whole
    assert not cleaned(long + "<p>Read more</p>").whole
    assert not cleaned(f"<p>{SENTENCE}</p>").whole
    assert not cleaned(f"<p>{SENTENCE * 3}</p>").short
    assert cleaned("Ministers met.").short
    assert cleaned("").short
    assert not cleaned("He wanted no more").more


def test_links_for_sharing_are_no_text() -> None:
    """Links to what somebody posted are."""
    found = cleaned(
        f"<p>{SENTENCE}</p>"
        '<a href="https://www.facebook.com/sharer/sharer.php?u=x"><img src="f.png"/> Post it there</a>'
        "<a href='https://twitter.com/intent/tweet?url=x'>Pass it on</a>"
        '<a href="mailto:?subject=x&body=y">Mail it</a>'
        '<p>As <a href="https://twitter.com/minister/status/1">the minister wrote</a> later.</p>'
        '<img src="http://feeds.feedburner.com/~r/x/~4/y" height="1" width="1" alt="pixel"/>'
    )
    assert found.text == f"{SENTENCE}\nAs the minister wrote later."


def test_related_lists_inside_the_content_are_not_confirmed() -> None:
    """They are titles of other articles."""
    found = cleaned(
        f"<p>{SENTENCE}</p><h3>Related articles</h3><ul><li><a href='1'>Covid-19: cases rise</a></li></ul>"
    )
    assert found.text == f"{SENTENCE}\nCovid-19: cases rise"
    assert [found.text[start:end] for start, end in found.unconfirmed] == ["Covid-19: cases rise"]


@pytest.mark.parametrize(
    "markup",
    [
        "<a " * 100_000,
        '<a href="x">' * 50_000,
        '<a href="' + "x" * 400_000,
        "<a>" + "<b" * 200_000,
        "The post " + "on " * 100_000,
        "Read more. " * 50_000,
        ("[" * 100_000) + "…",
        "Lire aussi : " * 30_000,
        "\n" * 300_000,
        "." * 300_000 + "x",
        (": " * 150_000) + "x",
        "<p>" + " - " * 100_000 + "x",
    ],
)
def test_time_is_linear_in_any_text(markup: str) -> None:
    """A feed's text is read in the daemon itself."""
    start = time.process_time()
    cleaned(markup)
    assert time.process_time() - start < 2


def test_a_label_is_no_furniture_where_nothing_else_is_said() -> None:
    """A teaser that begins with "Background:" is the item's own; below other text it is another's."""
    assert cleaned("Hintergrund: Die Delegation in Doha").text == "Hintergrund: Die Delegation in Doha"
    assert cleaned(f"<p>{SENTENCE}</p><p>Lire aussi : Le Bataclan rouvre</p>").text == SENTENCE
    assert cleaned("<a href='x'>Comments</a>").text == ""


def test_furniture_behind_furniture_is_cut() -> None:
    """A label, "Read more" and the system's signature follow each other in any order."""
    found = cleaned(
        f"<p>{SENTENCE} Read more. Continue reading</p><p>The post Talks appeared first on The Post.</p>"
        "<p>Related</p><p>Read more</p>"
    )
    assert found.text == SENTENCE
    assert found.more


def test_the_lines_of_a_text_without_tags_are_lines() -> None:
    """Where they are paragraphs; a text that is only wrapped is one."""
    found = cleaned(f"{SENTENCE} {SENTENCE}\nLire aussi\nCovid-19 : la vague\n\n{SENTENCE} {SENTENCE}")
    assert [line.why != "" for line in found.lines] == [False, True, False]
    wrapped = "\n".join(SENTENCE[start : start + 30] for start in range(0, len(SENTENCE), 30))
    assert cleaned(wrapped).text == html_to_text(wrapped)


def test_an_article_about_cookies_is_news() -> None:
    """There words about them are what is reported."""
    assert cleaned("<p>The site said that it uses cookies.</p>").unconfirmed
    assert not cleaned("<p>The site said that it uses cookies.</p>", "An end to cookies").unconfirmed


PIECES = (
    *(
        SENTENCE,
        SENTENCE * 3,
        "Covid-19: cases rise",
        "Lire aussi",
        "Lire aussi : le Bataclan rouvre",
        "Most read",
    ),
    *(
        "Read more",
        f"{SENTENCE} Read more.",
        f"{SENTENCE} [...]",
        "The post X appeared first on Y.",
        "…",
        "-",
        "»",
    ),
    *(
        "We use cookies to improve your visit.",
        "Advertisement",
        "Comments",
        "تابع القراءة",
        "Meistgelesen",
        "",
    ),
    *(
        "Has the autumn wave passed its peak?",
        "Floods: a year of rain in one night",
        "[+123 chars]",
        "Mira: algo",
    ),
)
LINES = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_characters="\n"), max_size=40), max_size=9
)


@given(LINES)
def test_laws_of_a_clean_text(lines: list[str]) -> None:
    """Spans lie within the text, in order and apart; what is clean stays as it is; nothing is made up."""
    found = cleaned_lines([line for line in map(str.strip, lines) if line])
    text = found.text
    ends = [0, *(place for span in found.unconfirmed for place in span), len(text)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in found.unconfirmed)
    assert "\n".join(line.text for line in found.lines) == text
    assert cleaned_lines(text.split("\n") if text else []).text == text
    assert all(any(line in whole for whole in lines) for line in text.split("\n") if line)


@given(
    st.lists(
        st.sampled_from(PIECES) | st.sampled_from(["<p>", "</p>", "<a href=x>", "<", "&#8230;"]), max_size=12
    )
)
def test_any_markup_can_be_cleaned(pieces: list[str]) -> None:
    """And the text that a caller has already changes nothing."""
    markup = "".join(pieces)
    assert cleaned(markup) == cleaned(markup, plain=html_to_text(markup))


SIGNED = st.sampled_from(
    [
        *("The post", "the", "post", "L\u2019article", "Der Beitrag", "ظهرت المقالة"),
        *("appeared first on", "erschien zuerst auf", "Talks", "The Post", "in the capital"),
        *("—", "…", "«", "x" * 39),
    ]
)


@given(st.lists(SIGNED, min_size=1, max_size=9))
def test_a_signature_is_known_by_all_its_words(pieces: list[str]) -> None:
    """However many signs and long words stand before, between and behind them."""
    line = " ".join(pieces)
    words = folded_tokens(line)
    starts = map(folded_tokens, ("The post", "L'article", "Der Beitrag", "ظهرت المقالة"))
    begins = words[:2] in starts
    spoken = f" {' '.join(words)} "
    ends = " appeared first on " in spoken or " erschien zuerst auf " in spoken
    signatures = [
        cut for cut in cleaned_lines([line.strip()]).cut if cut.why == "said by the publishing system"
    ]
    assert bool(signatures) == (begins and ends)
