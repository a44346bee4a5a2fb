"""Bytes to text, and text to a document that ends behind a whole item."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.document import MAX_ITEMS, PLAIN_ADDRESS, absolute, decode, prepare

WORDS = {
    "windows-1251": "Переговоры в Дохе",
    "koi8-r": "Переговоры в Дохе",
    "iso-8859-2": "Příliš žluťoučký kůň",
    "windows-1253": "Συνομιλίες στη Ντόχα",
    "windows-1256": "محادثات الدوحة",
    "shift_jis": "ドーハで協議",
    "euc-jp": "ドーハで協議",
    "gb2312": "多哈会谈继续",
    "gb18030": "多哈会谈继续",
    "big5": "多哈會談繼續",
    "euc-kr": "도하 회담 계속",
    "utf-8": "Pourparlers à Doha, été 2026 €",
    "utf-16": "Pourparlers à Doha",
}


def rss(*items: str, end: str = "</channel></rss>", encoding: str = "") -> str:
    """A small document."""
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding else ""
    return f'{declaration}<rss version="2.0"><channel><title>desk</title>{"".join(items)}{end}'


@pytest.mark.parametrize(("charset", "words"), WORDS.items(), ids=list(WORDS))
def test_declared_charsets(charset: str, words: str) -> None:
    """What the XML declaration or the HTTP header names is what is read."""
    declared = rss(words, encoding=charset).encode(charset)
    assert words in decode(declared, "application/xml")[0]
    bare = rss(words).encode(charset)
    assert words in decode(bare, f"text/xml; charset={charset}")[0]
    assert words in decode(bare, f'text/xml; Charset="{charset.upper()}"')[0]


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_wins(charset: str) -> None:
    """The mark is believed against header and declaration."""
    text = rss("à Doha", encoding="iso-8859-1")
    assert "à Doha" in decode(text.encode(charset), "text/xml; charset=windows-1251")[0]


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_without_a_mark(charset: str) -> None:
    """Zero bytes beside the first `<` give the width away."""
    assert "à Doha" in decode(rss("à Doha").encode(charset), "")[0]


def test_the_header_wins_over_the_declaration() -> None:
    """Of two names for single bytes the server's is believed."""
    body = rss(WORDS["windows-1251"], encoding="iso-8859-1").encode("windows-1251", "xmlcharrefreplace")
    assert WORDS["windows-1251"] in decode(body, "text/xml; charset=windows-1251")[0]


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "us-ascii", "windows-1251"])
def test_utf8_declared_as_something_else(declared: str) -> None:
    """Valid UTF-8 is UTF-8, and the contradiction is mentioned."""
    text, warning = decode(rss("à Doha", encoding=declared).encode(), "")
    assert "à Doha" in text
    assert "written in utf-8" in warning


def test_plain_ascii_contradicts_nothing() -> None:
    """Without a single accent no declaration can be wrong."""
    assert decode(rss("Doha", encoding="iso-8859-1").encode(), "")[1] == ""


def test_windows_quotes_in_latin_1() -> None:
    """ISO-8859-1 means windows-1252, as in every browser."""
    body = rss("“Doha”", encoding="iso-8859-1").encode("windows-1252")
    assert "“Doha”" in decode(body, "")[0]


@pytest.mark.parametrize(
    ("language", "charset"),
    [
        ("ru-RU", "windows-1251"),
        ("el", "windows-1253"),
        ("ja", "euc-jp"),
        ("fr", "windows-1252"),
        ("ar", "cp1256"),
    ],
)
def test_undeclared_old_charsets(language: str, charset: str) -> None:
    """Text that is not UTF-8 and names no charset is read as its language was written before."""
    words = {"fr": "à l\xb4été", "ar": WORDS["windows-1256"]}.get(language) or WORDS[charset]
    body = rss(f"<language>{language}</language>", words).encode(charset)
    assert words in decode(body, "text/xml")[0]


@pytest.mark.parametrize("name", ["idna", "punycode", "unicode_escape", "utf-7", "rot13", "nonsense", "hex"])
def test_only_charsets_are_charsets(name: str) -> None:
    """A document cannot choose any codec it likes."""
    assert "à Doha" in decode(rss("à Doha", encoding=name).encode(), f"text/xml; charset={name}")[0]


def test_a_damaged_byte_costs_one_character() -> None:
    """One broken byte in a UTF-8 document does not turn the rest into another charset."""
    body = rss("à Doha", encoding="utf-8").encode().replace(b"desk", b"de\xffsk")
    text, warning = decode(body, "")
    assert "à Doha" in text
    assert "de\ufffdsk" in text
    assert "1 characters could not be read" in warning


def test_a_whole_document_is_left_alone() -> None:
    """From its root on nothing changes."""
    text = rss("<item>1</item>")
    ready = prepare("\n <?xml version='1.0'?><!-- made by <html> hand -->\n" + text)
    assert (ready.text, ready.complete, ready.warnings, ready.error) == (text, True, (), "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "the document is empty"),
        (" \n\ufeff", "the document is empty"),
        ("\x00\x01", "the document is empty"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "this is a web page, not a feed"),
        ("<HTML><HEAD></HEAD></HTML>", "this is a web page, not a feed"),
        ("<!-- rss feed --><html><a href='/rss'>rss</a></html>", "this is a web page, not a feed"),
        ("<opml><body/></opml>", "this is an OPML list of feeds, not a feed"),
        ("<urlset></urlset>", "this is a sitemap, not a feed"),
        ("<note>x</note>", "this is not a feed: its first element is <note>"),
        ("/etc/hostname", "this is not a feed"),
        ("<" * 1_000_000, "this is not a feed"),
        ("<!--" * 250_000, "this is not a feed"),
    ],
)
def test_what_is_no_feed(text: str, error: str) -> None:
    """The error names what the document is instead."""
    assert prepare(text).error == error


def test_words_before_the_feed_are_skipped() -> None:
    """A warning that a program printed in front does not cost the feed."""
    ready = prepare(
        "<br />\n<b>Warning</b>: mysql_query() in x.php\n<?xml version='1.0'?>" + rss("<item>1</item>")
    )
    assert ready.text == rss("<item>1</item>")
    assert ready.warnings == ("text before the feed was skipped",)


def test_forbidden_characters_are_dropped() -> None:
    """Control characters would make the whole document unreadable."""
    assert prepare(rss("<item>a\x0bb\x00c</item>")).text == rss("<item>abc</item>")


def test_entity_declarations_are_not_passed_on() -> None:
    """Nothing in front of the root reaches the parser, least of all entities."""
    ready = prepare(
        '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b SYSTEM "file:///etc/hostname">]>' + rss("<item>&b;</item>")
    )
    assert ready.text == rss("<item>&b;</item>")
    assert ready.warnings == ("entity declarations were ignored",)


ITEM = "<item><title>whole</title></item>"


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        (rss(ITEM, "<item><title>half", end=""), rss(ITEM)),
        (rss(ITEM, ITEM, "<item><descr", end=""), rss(ITEM, ITEM)),
        (rss(ITEM, ITEM[:-1], end=""), rss(ITEM)),
        (rss(ITEM, end=""), rss(ITEM)),
        (rss(ITEM, end="</chan"), rss(ITEM)),
        ("<feed><entry>1</entry><entry>2", "<feed><entry>1</entry></feed>"),
        (
            "<atom:feed><atom:entry>1</atom:entry><atom:ent",
            "<atom:feed><atom:entry>1</atom:entry></atom:feed>",
        ),
        (
            "<rdf:RDF><channel></channel><item>1</item><item>",
            "<rdf:RDF><channel></channel><item>1</item></rdf:RDF>",
        ),
    ],
)
def test_a_document_that_breaks_off_ends_behind_its_last_whole_item(broken: str, kept: str) -> None:
    """No half item is left, the rest is well-formed, and the document is not called complete."""
    ready = prepare(broken)
    assert ready.text == kept
    assert not ready.complete
    assert "breaks off" in ready.warnings[-1]


@pytest.mark.parametrize("text", [rss("<item><title>half", end=""), "<rss><channel><title>x", "<feed>"])
def test_a_document_that_breaks_off_in_its_first_item_is_an_error(text: str) -> None:
    """Without one whole item there is nothing to use, and it must not count as an empty feed."""
    ready = prepare(text)
    assert "breaks off" in ready.error
    assert not ready.complete


@pytest.mark.parametrize("text", [rss(), "<feed/>", "<feed xmlns='x' />", rss() + "<!-- 0.3 s -->"])
def test_an_empty_feed_is_whole(text: str) -> None:
    """A feed without items is a feed."""
    assert prepare(text).complete
    assert prepare(text).error == ""


def test_only_so_many_items_are_used() -> None:
    """A huge document is cut behind an item and stays well-formed and complete."""
    ready = prepare(rss("<item>1</item>" * (MAX_ITEMS + 3)))
    assert ready.text == rss("<item>1</item>" * MAX_ITEMS)
    assert ready.complete
    assert str(MAX_ITEMS) in ready.warnings[0]
    assert prepare(rss("<item>1</item>" * MAX_ITEMS)).warnings == ()


@pytest.mark.parametrize(
    ("base", "link", "expected"),
    [
        ("https://example.org/feed/rss", "/a", "https://example.org/a"),
        ("https://example.org/feed/rss", " b ", "https://example.org/feed/b"),
        ("https://example.org/", "//cdn.example/a", "https://cdn.example/a"),
        ("https://example.org/", "javascript:alert(1)", None),
        ("https://example.org/", "mailto:a@example.org", None),
        ("", "a", None),
        ("https://example.org/", "http://[broken", None),
    ],
)
def test_absolute(base: str, link: str, expected: str | None) -> None:
    """Links are resolved; what does not lead to the web is none."""
    assert absolute(base, link) == expected


@given(st.from_regex(PLAIN_ADDRESS, fullmatch=True))
def test_a_plain_address_is_what_joining_it_would_give(address: str) -> None:
    """So it need not be joined, wherever it stands."""
    assert absolute("https://example.org/a/b?c", address) == urljoin("https://example.org/a/b?c", address)
