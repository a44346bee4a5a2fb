"""Addresses: what counts as one article, what does not, and what is shown and fetched."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.articles.urls import clean_url, key_is_bare, source_of, url_key

SAME = [
    ("https://example.org/a", "http://example.org/a"),
    ("https://example.org/a", "https://www.example.org/a"),
    ("https://example.org/a", "https://m.example.org/a"),
    ("https://example.org/a", "https://mobile.example.org/a"),
    ("https://example.org/a", "https://amp.example.org/a"),
    ("https://example.org/a", "https://EXAMPLE.org/a"),
    ("https://example.org/a", "https://example.org./a"),
    ("https://example.org/a", "https://example.org:443/a"),
    ("http://example.org:80/a", "https://example.org/a"),
    ("https://example.org/a", "https://example.org/a/"),
    ("https://example.org/a", "https://example.org/a?"),
    ("https://example.org/a", "https://example.org/a#comments"),
    ("https://example.org/a", "https://example.org/a/amp"),
    ("https://example.org/a", "https://example.org/a/amp/"),
    ("https://example.org/a", "https://example.org/amp/a"),
    ("https://example.org/a.html", "https://example.org/a.amp.html"),
    ("https://example.org/a", "https://example.org/a?amp=1"),
    ("https://example.org/a", "https://example.org/a?outputType=amp"),
    ("https://example.org/a/", "https://example.org/a/index.html"),
    ("https://example.org/", "https://example.org"),
    ("https://example.org/?id=3", "https://example.org/index.php?id=3"),
    ("https://example.org/a?b=1&c=2", "https://example.org/a?c=2&b=1"),
    ("https://example.org/a?b=1&c=2", "https://example.org/a?b=1&amp;c=2"),
    ("https://example.org/a", "https://example.org/a?utm_source=rss&utm_medium=feed"),
    ("https://example.org/a", "https://example.org/a?fbclid=x&gclid=y"),
    ("https://example.org/a", "https://example.org/a?xtor=RSS-3208"),
    ("https://example.org/a", "https://example.org/a#xtor=RSS-3208"),
    ("https://example.org/a", "https://example.org/a?at_medium=RSS&at_campaign=KARANGA"),
    ("https://example.org/a", "https://example.org/a?ns_mchannel=rss&ns_campaign=x"),
    ("https://example.org/a", "https://example.org/a?CMP=share_btn_tw"),
    ("https://example.org/a", "https://example.org/a?smid=tw-share"),
    ("https://example.org/a", "https://example.org/a?mc_cid=1&mc_eid=2"),
    ("https://example.org/a", "https://example.org/a?ref=rss"),
    ("https://example.org/a", "https://example.org/a?partner=rss"),
    ("https://example.org/a", "https://example.org/a#Echobox=1700000000"),
    ("https://example.org/a", "https://example.org/a#:~:text=Doha"),
    ("https://example.org/caf%C3%A9", "https://example.org/café"),
    ("https://example.org/caf%c3%a9", "https://example.org/caf%C3%A9"),
    ("https://example.org/~user", "https://example.org/%7Euser"),
    ("https://example.org/a b", "https://example.org/a%20b"),
    ("https://example.org/b", "https://example.org/a/../b"),
    ("https://example.org/a/b", "https://example.org/a/./b"),
    ("https://пример.рф/a", "https://xn--e1afmkfd.xn--p1ai/a"),
    ("https://fr.wikipedia.org/wiki/Doha", "https://fr.m.wikipedia.org/wiki/Doha"),
    ("https://www.youtube.com/watch?v=aB3", "https://m.youtube.com/watch?v=aB3&feature=share"),
    ("https://example.org/a?x=1", "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa%3Fx%3D1&sa=D"),
    ("https://example.org/a", "https://www.google.fr/amp/s/www.example.org/a/amp"),
    ("https://example.org/a", "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a"),
    ("https://example.org/a", "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa&h=x"),
    # base64 of a protobuf around https://example.org/story, as Google News wrote them before 2024
    (
        "https://example.org/story",
        "https://news.google.com/rss/articles/CBMiGWh0dHBzOi8vZXhhbXBsZS5vcmcvc3RvcnnSAQA?oc=5",
    ),
]

DIFFERENT = [
    ("https://example.org/a", "https://example.org/b"),
    ("https://example.org/a", "https://example.org/A"),
    ("https://example.org/a", "https://example.com/a"),
    ("https://example.org/a", "https://edition.example.org/a"),
    ("https://example.org/a", "https://example.org:8080/a"),
    ("https://example.org/?id=1", "https://example.org/?id=2"),
    ("https://example.org/?p=1", "https://example.org/?p=2"),
    ("https://example.org/a?page=1", "https://example.org/a?page=2"),
    ("https://example.org/a?lang=fr", "https://example.org/a?lang=en"),
    ("https://example.org/a", "https://example.org/a?article=1"),
    ("https://example.org/a", "https://example.org/a?ref=12345"),
    ("https://example.org/a", "https://example.org/a?source=reuters"),
    ("https://example.org/a?c=1&c=2", "https://example.org/a?c=2&c=1"),
    ("https://example.org/#!/a", "https://example.org/#!/b"),
    ("https://example.org/#/a", "https://example.org/#/b"),
    ("https://example.org/amp-up", "https://example.org/up"),
    ("https://example.org/camp", "https://example.org/c"),
    ("https://example.org/a%2Fb", "https://example.org/a/b"),
    ("https://example.org/a?x=%26y", "https://example.org/a?x=&y"),
    ("https://m.me/a", "https://me/a"),
    ("https://example.org/index", "https://example.org/"),
    ("https://www.youtube.com/watch?v=aB3", "https://www.youtube.com/watch?v=ab3"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_article(one: str, other: str) -> None:
    """Both addresses lead to one article, so their keys are equal."""
    assert url_key(one) == url_key(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_articles(one: str, other: str) -> None:
    """The addresses may lead to different articles, so their keys differ."""
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/a",
        "file:///etc/hostname",
        "//example.org/a",
        "/a",
        "example.org/a",
        "mailto:desk@example.org",
        "http://",
        "https:///a",
        "https://exa mple.org/",
        "https://example..org/",
        "https://example.org\\@evil.example/",
        "https://example.org:port/",
        "tag:example.org,2026:1",
        "",
        "https://example.org/" + "a" * 9_000,
    ],
)
def test_only_web_addresses_count(url: str) -> None:
    """Anything but a sound http(s) address has neither a clean form, nor a key, nor a source."""
    assert (clean_url(url), url_key(url), source_of(url)) == ("", "", "")


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("http://www.example.org/a/?utm_source=rss&id=3", "http://www.example.org/a/?id=3"),
        ("https://example.org/a?utm_source=rss", "https://example.org/a"),
        ("https://example.org/a#xtor=RSS-1", "https://example.org/a"),
        ("https://example.org/a#part-2", "https://example.org/a#part-2"),
        ("https://example.org/a?b=2&a=1&b=2", "https://example.org/a?b=2&a=1&b=2"),
        ("https://m.example.org/a/amp/index.html", "https://m.example.org/a/amp/index.html"),
        ("  HTTPS://Example.ORG/Path  ", "https://example.org/Path"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://example.org/a b\n", "https://example.org/a%20b"),
        ("https://example.org/\u202egnp.exe", "https://example.org/gnp.exe"),
        ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
        ("https://www.google.com/url?url=http://example.org/a", "http://example.org/a"),
        (
            "https://www.google.com/url?q=javascript:alert(1)",
            "https://www.google.com/url?q=javascript:alert(1)",
        ),
    ],
)
def test_clean_url(url: str, clean: str) -> None:
    """A clean address still leads to the same page: scheme, host, order and unknown parameters stay."""
    assert clean_url(url) == clean


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://www.example.org/", True),
        ("https://example.org/?utm_source=rss", True),
        ("https://example.org/index.html#top", True),
        ("https://example.org/fr", False),
        ("https://example.org/?p=1", False),
        ("https://example.org/#!/a", False),
    ],
)
def test_bare_keys(url: str, bare: bool) -> None:
    """Only a key without path, query and fragment is a home page."""
    assert key_is_bare(url_key(url)) is bare


def test_source_is_the_host_without_www() -> None:
    """The outlet is named by its host; another subdomain is another outlet."""
    assert source_of("https://www.example.org:8080/a") == "example.org"
    assert source_of("https://edition.example.org/a") == "edition.example.org"


URLS = st.builds(
    "{}://{}{}{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(
        [
            "example.org",
            "www.m.Example.org",
            "youtube.com",
            "m.youtube.com",
            "amp.google.com",
            "é.fr",
            "[::1]",
        ]
    ),
    st.sampled_from(["", ":80", ":443", ":8080", ":0443"]),
    st.text(alphabet="/.%4aAmpindexhtml~ é+;=@:", max_size=20).map(lambda path: "/" + path),
    st.text(alphabet="ab=&;%2Fampé +?", max_size=20).map(lambda query: f"?{query}" if query else ""),
    st.text(alphabet="!/ab%é #", max_size=8).map(lambda fragment: f"#{fragment}" if fragment else ""),
)


@given(URLS)
@example("https://example.org/?a=1&amp;amp;b")
@example("https://example.org/%%34%31")
@example("https://example.org/amp/amp/index.html/amp")
@example("https://example.org/?a==")
def test_cleaning_twice_changes_nothing(url: str) -> None:
    """Both forms are fixed points, and the clean address has the key of the address it came from."""
    key, clean = url_key(url), clean_url(url)
    assert key
    assert url_key("https://" + key) == key
    assert clean_url(clean) == clean
    assert url_key(clean) == key


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    """Any text has a clean form, a key and a source, possibly empty; all are empty together."""
    assert bool(url_key(text)) == bool(clean_url(text)) == bool(source_of(text))
