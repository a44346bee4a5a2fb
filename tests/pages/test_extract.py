"""Extraction beside the pages as a whole: what is refused, how bytes are read, what a page states."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.pages.charset import decode
from monitor.pages.extract import MAX_PAGE, extract
from monitor.pages.values import Cut, Extracted, Line, unconfirmed_spans, usable

HTML = Path(__file__).parent / "html"
SENTENCE = "Ministers of six countries met in the capital on Tuesday to talk about water and grain. "
LD = '<script type="application/ld+json">'
REPORT = f"<p>{SENTENCE * 2}</p><p>{SENTENCE[:-2]}, and about fish as well, a spokesman said.</p>"
URL = "https://www.post.example/world/talks"


def page(head: str = "", body: str = REPORT) -> bytes:
    """A page with a short report."""
    head = f"<head><title>Talks</title>{head}</head>"
    return f"<!doctype html><html>{head}<body><h1>Talks</h1>{body}</body></html>".encode()


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (b"", "", "the page is empty"),
        (b" \n ", "text/html", "the page is empty"),
        (b"%PDF-1.7 ...", "application/pdf", "this is no web page but application/pdf"),
        (b"%PDF-1.7 ...", "", "this is no web page"),
        (b'{"a": 1}', "text/html", "this is no web page"),
        (b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "text/xml", "this is no web page"),
        (b"x" * (MAX_PAGE + 1), "", "the page is larger than 5 MB"),
        (b"GIF89a\x00\x01", "image/gif", "this is no web page but image/gif"),
    ],
)
def test_what_is_no_page_is_refused(body: bytes, kind: str, why: str) -> None:
    """The reason is told."""
    assert extract(body, kind, "").error == why


@pytest.mark.parametrize(
    "body",
    [
        b"<", b"<html>", b"<p>", b"\x00\x01\x02", b"<html><body></body></html>", b"just a line of text",
        b"<html hidden><body><p>x</p>", b"<!-- --><p>one<p>two", b"<body><script>x</script>",
        b"\xff\xfe<\x00",
        b"<html lang=''><meta charset=''><link rel=canonical href='http://['><p>x",
        b"<svg><p>x</svg><math><p>y", b"<table><tr><td>" * 300, b"<a href='javascript:x'>" * 50,
        "<p>\ud800</p>".encode("utf-8", "surrogatepass"), b"<p>&#xD800;&#0;&#99999999999;</p>" * 40,
    ],
)  # fmt: skip
def test_strange_pages_are_answered(body: bytes) -> None:
    """No error is our own: a page has an article, none, or is no page."""
    found = extract(body, "", "")
    assert found.error in ("", "this is no web page")
    json.dumps([line.text for line in found.lines]).encode()
    "".join((found.title, found.text, *(cut.text for cut in found.cut))).encode()


def test_the_title_is_not_repeated_in_the_text() -> None:
    """The heading of the page is its title, not its first line."""
    found = extract(page(), "", URL)
    assert found.title == "Talks"
    assert "Talks" not in found.text.split("\n")
    assert found.confirmed == found.text
    assert found.unconfirmed == ()


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("LIVE - Talks go on in the capital", "Talks go on in the capital"),
        ("Talks go on in the capital | The Post", "Talks go on in the capital"),
        ("Talks", "Talks"),
        ("", ""),
    ],
)
def test_a_rubric_is_no_title(heading: str, title: str) -> None:
    """Where only `<title>` names the article, its longest part does."""
    body = page().replace(b"<h1>Talks</h1>", b"").replace(b"<title>Talks<", f"<title>{heading}<".encode())
    assert extract(body, "", URL).title == title


def test_hidden_text_is_not_confirmed() -> None:
    """What a reader does not see, a rule does not ring for."""
    hidden = f'<div style="color: red; display:none"><p>{SENTENCE.replace("water", "Covid-19")}</p></div>'
    found = extract(page(body=REPORT + hidden + REPORT.replace("Tuesday", "Monday")), "", URL)
    assert "Covid-19" not in found.confirmed
    assert "Monday" in found.confirmed


# --- charsets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("é".encode(), "text/html; charset=iso-8859-1", "é"),
        ("é".encode("latin1"), "text/html; charset=ISO-8859-1", "é"),
        ("<meta charset=windows-1251>Доха".encode("cp1251"), "text/html", "<meta charset=windows-1251>Доха"),
        ("<html lang=ar>الدوحة".encode("cp1256"), "", "<html lang=ar>الدوحة"),
        (b"\xff\xfe" + "Дoha".encode("utf-16-le"), "", "Дoha"),
        ("“x”".encode("cp1252"), "", "“x”"),
        ("多哈".encode("gb18030"), "text/html; charset=gb2312", "多哈"),
        (b"caf\xc3\xa9 \xff", "text/html; charset=unicode_escape", "cafÃ© ÿ"),
        (b"ok \x81\xff", "text/html; charset=nonsense", "ok \ufffdÿ"),
    ],
)
def test_bytes_become_text(body: bytes, kind: str, text: str) -> None:
    """What is valid UTF-8 is that; then what is declared; then what the language usually uses."""
    assert decode(body, kind) == text


# --- what a page states ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "believed"),
    [
        ("/world/talks-in-the-capital", "https://www.post.example/world/talks-in-the-capital"),
        ("https://post.example/world/t", "https://post.example/world/t"),
        ("//amp.post.example/t", "https://amp.post.example/t"),
        ("https://www.post.example/", None),
        ("https://other.example/world/talks", None),
        ("https://www.post.example.evil.example/t", None),
        ("javascript:alert(1)", None),
        ("http://[::1", None),
        ("  ", None),
    ],
)
def test_a_canonical_address_is_believed_within_its_domain(named: str, believed: str | None) -> None:
    """Another site's address, a front page or no address is none."""
    found = extract(page(f'<link rel="canonical" href="{named}">'), "", URL)
    assert found.canonical == believed
    assert extract(page(f'<meta property="og:url" content="{named}">'), "", URL).og_url == believed


def test_without_an_address_of_its_own_a_page_is_believed() -> None:
    """A file has nothing to compare with."""
    found = extract(page('<link rel="Canonical" href="https://other.example/a">'), "", "")
    assert found.canonical == "https://other.example/a"
    assert extract(page('<link rel="canonical" href="/a">'), "", "").canonical is None


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ('<meta property="article:published_time" content="2026-11-24T20:40:00+01:00">', "2026-11-24T19:40"),
        ('<meta itemprop="datePublished" content="2026-11-24">', "2026-11-24T00:00"),
        (LD + '{"@type":"NewsArticle","datePublished":"2026-11-24T20:40:00Z"}</script>', "2026-11-24T20:40"),
        (LD + '{"@graph":[{"@type":"WebSite"},{"@type":["Article"],"datePublished":"2026-11-24"}]}</script>',
         "2026-11-24T00:00"),
        (LD + '{"@type":"Event","datePublished":"2026-11-24"}</script>', None),
        ('<meta name="date" content="yesterday">', None),
        ('<meta name="date" content="0001-01-01T00:00:00+14:00">', None),
        ('<meta name="date" content="1970-01-01T00:00:00Z">', None),
        (LD + '{"@type": "NewsArticle", "datePublished": </script>', None),
        (LD + "[" * 100_000 + "</script>", None),
    ],
)  # fmt: skip
def test_the_time_of_publication_is_the_stated_one(head: str, published: str | None) -> None:
    """Only what is said for machines counts; nonsense is no time."""
    found = extract(page(head), "", URL).published
    expected = datetime.fromisoformat(published).replace(tzinfo=UTC) if published else None
    assert (found.replace(second=0, microsecond=0) if found else None) == expected


def test_the_article_s_own_statement_confirms_lines() -> None:
    """JSON-LD's articleBody is a second opinion too."""
    body = (HTML / "live_blog.html").read_bytes()
    lead = "Une délégation européenne a rencontré mardi à Doha des représentants des talibans"
    assert lead in extract(body, "", URL).text
    assert lead not in extract(body, "", URL).confirmed
    data = json.dumps({"@type": "NewsArticle", "articleBody": f"<p>{lead}, pour la première fois.</p>"})
    stated = body.replace(b"</head>", f"{LD}{data}</script></head>".encode())
    assert lead in extract(stated, "", URL).confirmed


@pytest.mark.parametrize(
    ("markup", "language"),
    [
        ('<html lang="fr-CA">', "fr"),
        ('<html lang="">', "en"),
        ('<html xml:lang="pt_BR">', "pt"),
        ("<html>", "en"),
    ],
)
def test_the_language_is_declared_or_guessed(markup: str, language: str) -> None:
    """The words speak where nobody else does."""
    text = (
        "<p>It was the first time that they had met since the war, and all of them said that it was so.</p>"
    )
    body = page(body=REPORT + text).replace(b"<html>", markup.encode())
    assert extract(body, "", URL).language == language


# --- values ------------------------------------------------------------------------------------------


def test_spans_of_neighbours_are_one() -> None:
    """Offsets count into the lines joined by line feeds."""
    lines = (Line("ab", "x"), Line("cd", "y"), Line("ef"), Line("gh", "z"))
    assert unconfirmed_spans(lines) == ((0, 5), (9, 11))
    assert Extracted(lines=lines).confirmed == "ef"


def test_when_a_page_s_text_is_of_use() -> None:
    """Not where it is an error, short, or shorter than what the feed gave."""
    long = Extracted(lines=(Line("x" * 300),))
    assert usable(long, "teaser") == ""
    assert "fewer than 250" in usable(Extracted(lines=(Line("x"),)), "")
    assert "less text than the teaser" in usable(long, "y" * 301)
    assert usable(Extracted(error="broken", cut=(Cut("a", "b"),)), "") == "broken"
