"""Addresses, explained; and a table of cases beside that of test_urls.py, over every address at hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.articles.urls import clean_url, url_key
from monitor.articles.weblinks import canonical_of, explained

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
_ADDRESS = re.compile(rb"https?://[^\s<>\"'\]]+")
A = "https://example.org/a"

# Together with test_urls.py some 130 cases.
EQUAL = [
    (A, A + "?gbraid=1&wbraid=2&dclid=3"),
    (A, A + "?wt_mc=rss&wtmc=2"),
    (A, A + "?mkt_tok=abc"),
    (A, A + "?__twitter_impression=true"),
    (A, A + "?igshid=1&igsh=2"),
    (A, A + "?pk_campaign=a&piwik_kwd=b&mtm_source=c&matomo_x=d"),
    (A, A + "?ref_src=twsrc%5Etfw"),
    (A, A + "?from=rss&src=rss&source=rss"),
    (A, A + "?spm=1.2.3"),
    (A, A + "?UTM_Source=RSS"),
    (A, A + "?&&"),
    (A, A + "///"),
    (A, A + "?cmpid=1&cmp=3&ito=4&smtyp=5&smid=6"),
    (A, A + "?xtref=a&xtor=b"),
    (A, A + "?_hsenc=1&_hsmi=2&hsa_cam=3"),
    (A, A + "?trk=1&s_cid=2"),
    (A, A + "?yclid=1&msclkid=2&ttclid=3&twclid=4"),
    (A, A + "?amp"),
    (A, A + ".amp"),
    (A, A + "?outputType=AMP"),
    (A, A + "?amp_js_v=0.1&usqp=mq331AQ"),
    (A, A + "?utm_source=rss#comments"),
    (A, A + "#utm_source=rss"),
    (A, A + "#at_medium=custom7"),
    (A, "https://www.m.example.org/a"),
    (A, "https://user:secret@example.org/a"),
    (A, "http://www.example.org:80/a/?utm_campaign=x&fbclid=y#xtor=RSS-1"),
    (A + "?id=1", A + "?id=1&fbclid=2"),
    (A + "?id=1", A + "?fbclid=2&id=1"),
    (A + "?q=%7Ex", A + "?q=~x"),
    (A, "https://example-org.cdn.ampproject.org/v/s/example.org/a?amp_js_v=0.1&usqp=mq331AQ"),
    (A, "https://www.google.com/url?sa=t&url=https%3A%2F%2Fexample.org%2Fa%3Futm_source%3Drss&ved=2ah"),
    (A, "https://www.google.co.uk/url?url=https://example.org/a"),
    (A, "https://www.google.com/amp/s/example.org/amp/a"),
    (A, "https://lm.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3Dx&h=y"),
    (A, "https://news.google.com/articles/CBMiFWh0dHBzOi8vZXhhbXBsZS5vcmcvYQ"),
]
DIFFERENT = [
    (A, A + "?p=1"),
    (A, A + "?utm=1"),
    (A, A + "?reference=rss"),
    (A, A + "?ref=rss-4711"),
    (A, A + "?source=newsroom"),
    (A, A + "?amp=2"),
    (A, A + "?edition=fr"),
    (A, "https://fr.example.org/a"),
    (A, "https://mexample.org/a"),
    (A, "https://example.org.evil.example/a"),
    (A, "https://example.org:8443/a"),
    (A + "?a=1&b=2", A + "?a=2&b=1"),
    (A + "?id=1", A + "?ID=1"),
    ("https://example.org/story-1", "https://example.org/story-2"),
    ("https://example.org/a.html", "https://example.org/a.php"),
    ("https://example.org/camp.html", "https://example.org/c.html"),
    ("https://www.google.com/url?q=https://a.example/", "https://www.google.com/url?q=https://b.example/"),
    (
        "https://news.google.com/rss/articles/CBMiAUFVX3lxTE1B?oc=5",
        "https://news.google.com/rss/articles/CBMiAUFVX3lxTE1C?oc=5",
    ),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_one_article(one: str, other: str) -> None:
    """Both lead to one article."""
    assert url_key(one) == url_key(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_articles(one: str, other: str) -> None:
    """They may lead to two; nothing unknown is ever dropped."""
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (A, ()),
        (A + "?utm_source=rss&id=3", ("utm_source=rss counts readers",)),
        (A + "#xtor=RSS-1", ("#xtor=RSS-1 counts readers, or marks a place",)),
        ("https://www.example.org/a", ("key: www.example.org is a form of example.org",)),
        (A + "?b=1&a=2", ("key: parameters in one order and one spelling",)),
        (
            A + "/amp/?amp=1",
            ("key: without the parameters of its AMP form", "key: the path is compared as /a"),
        ),
        (A + "#part-2", ("key: #part-2 is a place on the page",)),
        ("https://user:pw@example.org/a", ("a login is no part of an address",)),
        (
            "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa",
            ("www.google.com only leads to another address",),
        ),
        ("javascript:alert(1)", ("no http or https address with a host",)),
        ("https://[::1", ("no http or https address with a host",)),
    ],
)
def test_why(url: str, why: tuple[str, ...]) -> None:
    """Each thing taken away is told, and nothing where nothing was."""
    found = explained(url)
    assert (found.clean, found.key) == (clean_url(url), url_key(url))
    assert found.why == why


@pytest.mark.parametrize(
    ("page", "named", "accepted"),
    [
        (A + "?utm_source=rss", A, A),
        (A, "https://www.example.org/story", "https://www.example.org/story"),
        ("https://edition.example.org/a", "https://example.org/a", "https://example.org/a"),
        ("https://news.example.co.uk/a", "https://www.example.co.uk/a", "https://www.example.co.uk/a"),
        (A, "https://example.org/", ""),
        (A, "https://other.example/a", ""),
        ("https://news.example.co.uk/a", "https://evil.co.uk/a", ""),
        (A, "/a", ""),
        (A, "", ""),
        ("not an address", A, ""),
    ],
)
def test_what_a_page_says_of_its_own_address(page: str, named: str, accepted: str) -> None:
    """Believed within its registrable domain, and never a home page."""
    assert canonical_of(page, named) == accepted


@given(
    st.text(max_size=120), st.sampled_from(["", "https://", "http://example.org/", "https://example.org/?"])
)
def test_any_text_is_explained(text: str, start: str) -> None:
    """No text breaks it, and a clean address needs no cleaning."""
    found = explained(start + text)
    assert all(why.isprintable() for why in found.why)
    if found.clean:
        again = explained(found.clean)
        assert (again.clean, again.key) == (found.clean, found.key)
        assert all(why.startswith("key: ") for why in again.why)
    canonical_of(start + text, text)


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus")
def test_every_address_at_hand() -> None:
    """Idempotent and without a crash over every address in real feeds and pages."""
    found = set()
    for path in CORPUS.rglob("*"):
        if path.is_file():
            found.update(_ADDRESS.findall(path.read_bytes()))
    assert len(found) > 20_000
    for raw in found:
        url = raw.decode("utf-8", "replace")
        key, clean = url_key(url), clean_url(url)
        assert bool(key) == bool(clean), url
        if clean:
            assert clean_url(clean) == clean, url
            assert url_key(clean) == key, url
            assert url_key("https://" + key) == key, url
            explained(url)
