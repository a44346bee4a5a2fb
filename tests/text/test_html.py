"""HTML to plain text: what a reader would read, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import html
from monitor.text.html import html_to_text, one_line


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain words", "plain words"),
        ("  folded \n\t white   space ", "folded white space"),
        ("", ""),
        ("Fish &amp; chips", "Fish & chips"),
        ("Tom &#38; Jerry&nbsp;: l&rsquo;&eacute;t&eacute;", "Tom & Jerry : l\u2019été"),
        ("decoded once: &amp;lt;b&amp;gt;", "decoded once: &lt;b&gt;"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br>Two<br/>Three<BR />Four", "One\nTwo\nThree\nFour"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\nTwo"),
        ("<table><tr><td>12</td><td>dead</td></tr></table>", "12 dead"),
        ("one w<b>or</b>d, <i>two</i> words", "one word, two words"),
        ("a line\nfeed is <b>space</b>", "a line feed is space"),
        ("before<script>if (a < b) alert('x')</script>after", "before after"),
        ("<style>p { color: red }</style>text", "text"),
        ("<STYLE media='x'>p{}</STYLE >text", "text"),
        ("cut <script>var x = 1;", "cut"),
        ("foo<!-- a <b>comment</b> -->bar", "foobar"),
        ("cut <!-- never closed <p>text</p>", "cut"),
        ("<!DOCTYPE html><p>text</p>", "text"),
        ("<![CDATA[text]]>", ""),
        ("a < b and c > d", "a < b and c > d"),
        ("I <3 Doha", "I <3 Doha"),
        ("x <y <b>bold</b>", "x <y bold"),
        ("cut in a <a href='https://example.org/very", "cut in a"),
        ('<img alt="a > b" src="x">caption', "caption"),
        ("<a title='it > that'>link</a>", "link"),
        ("<a title=l'eau>eau</a> d'ici", "eau d'ici"),
        ('<a href="unclosed>text</a>', "text"),
        ("<svg><title>icon</title></svg>text", "text"),
        ("<o:p>Office</o:p>", "Office"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("&#" + "9" * 5000 + ";end", "end"),
        ("soft\xadhyphen", "softhyphen"),
        ("\u202eevil\u202c <b>bidi\u200f</b>", "evil bidi"),
        ("bell\x07 and escape\x1b[31m", "bell and escape[31m"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("👩\u200d🚒", "👩\u200d🚒"),
    ],
)
def test_text_of_markup(markup: str, text: str) -> None:
    """Each piece of markup reads as a reader would see it."""
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<p>",
        "<!--",
        "<!",
        "<script>",
        "<script ",
        '<a "',
        '<a b="',
        "<a b='",
        "<a b=\"' c='\"",
        "<a=",
        "</",
        "&",
        "&#",
        "&lt",
        "=",
        "<div>",
    ],
)
def test_hostile_input_is_read_in_linear_time(piece: str) -> None:
    """A megabyte of any half tag ends at once: the generous bound only tells linear from quadratic."""
    markup = piece * (1_000_000 // len(piece))
    start = time.process_time()
    html_to_text(markup)
    assert time.process_time() - start < 10


def test_deep_nesting_needs_no_stack() -> None:
    """A hundred thousand open elements around a word leave the word."""
    assert html_to_text("<div>" * 100_000 + "word" + "</div>" * 100_000) == "word"


@given(st.text(alphabet="<>/!-=\"'&;#ab p\n\u202e", max_size=60))
def test_text_is_always_clean(markup: str) -> None:
    """Whatever comes in, what comes out is stripped, folded, and free of what is not read."""
    text = html_to_text(markup)
    assert "\u202e" not in text
    assert all(line and line == " ".join(line.split()) for line in text.split("\n")) or not text


@given(st.text(alphabet=st.characters(blacklist_characters="<&", blacklist_categories=("Cc", "Cf", "Cs"))))
def test_plain_text_is_only_folded(text: str) -> None:
    """Without markup nothing but white space changes."""
    assert html_to_text(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("short", 10, "short"),
        ("two\nlines", 20, "two lines"),
        ("cut between words here", 12, "cut between…"),
        ("onelongwordwithoutspaces", 10, "onelongwo…"),
        ("exactly ten", 11, "exactly ten"),
    ],
)
def test_one_line(text: str, limit: int, line: str) -> None:
    """A line is cut between words where that leaves more than half of it."""
    assert one_line(text, limit) == line
    assert len(line) <= limit


TAGS = (
    *(
        "<p>",
        "</p>",
        "<br/>",
        "<br />",
        "<br",
        "<a href='x'>",
        '<a href="x>y">',
        '<a href="x<b">',
        "<A B=x/>",
    ),
    *("<td class=x>", '<b a="x"b="y">', '<b a=x"y>', "<b a='x\" y=\"z'>", "<b a = 'x'>", "<p a/ >"),
    *("<!-- a -->", "<!-->", "<!--->", "<!---->", "<!-- > -->", "<!-- <p> -->", "<!x>", "<?x?>", "-->"),
    *(
        "<script>",
        "</script>",
        "<script-x>",
        "<scripts>",
        "<svg:a>",
        "<style a='b'>",
        "</style>",
        "<iframe/>",
    ),
    *("<", ">", "< p>", "<p:x>", "<1>", "<>", "</>", "<//p>", "<p//>", "<p a=>", "<p =x>", "<li\u00a0x>"),
    *("=", '"', "'", "talks", " ", "&lt;p&gt;"),
)


@given(st.lists(st.sampled_from(TAGS) | st.text("<>='\"/ap!- ", max_size=12), max_size=12).map("".join))
def test_the_quick_way_leaves_what_the_expression_leaves(markup: str) -> None:
    """Whatever is remembered of tags, a text does not depend on it: items are known again by their texts."""
    folded = " ".join(markup.split())
    assert html._without_tags(folded) == html._MARKUP.sub(html._replacement, folded)
