"""Where a site's feeds may be, read from its pages, robots.txt and sitemaps."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.candidates import (
    PAGE_LIMIT,
    PageLinks,
    absolute,
    feeds_in_sitemap,
    links_of,
    looks_like_a_feed,
    sitemaps_of,
    usual_places,
)

HERE = "https://news.example/world/index.html"
PAGE = """<!doctype html><html><head>
<meta content="WordPress 6.5" name='generator'>
<!-- <link rel="alternate" type="application/rss+xml" href="/commented"> -->
<script>var x = '<link rel="alternate" type="application/rss+xml" href="/scripted">';</script>
<link rel="alternate" type="application/rss+xml" title="a > b" href="/feed?a=1&amp;b=2">
<LINK REL='home Alternate' TYPE='application/atom+xml; charset=utf-8' HREF='atom'>
<link type=application/feed+json rel=alternate href=//cdn.example/feed.json>
<link rel="feed" href="/plain">
<link rel="alternate" hreflang="fr" href="/fr/">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/1">
<link rel="stylesheet" type="text/css" href="/feed.css">
</head><body>
<a href="/rss.html">All our feeds</a> <a class=x href='/rss/europe.xml'>Europe</a>
<a href="/feed?a=1&amp;b=2">again</a> <a href="https://feeds.example.com/paper/world">World</a>
<a href="mailto:feed@news.example">mail</a> <a href="javascript:feed()">js</a>
<a href="/export/42.xml">RSS</a> <a href="/feeding-the-world">An article</a>
<a href="https://feedly.com/i/subscription/feed/https%3A%2F%2Fnews.example%2Ffeed">feedly</a>
<a href="feed:https://news.example/old.php">old</a>
</body></html>"""


def test_a_page_declares_feeds_and_links_to_them() -> None:
    """Comments and scripts say nothing; addresses are whole, each once, those declared first."""
    assert links_of(PAGE, HERE) == PageLinks(
        declared=[
            "https://news.example/feed?a=1&b=2",
            "https://news.example/world/atom",
            "https://cdn.example/feed.json",
            "https://news.example/plain",
        ],
        linked=[
            "https://news.example/rss.html",
            "https://news.example/rss/europe.xml",
            "https://feeds.example.com/paper/world",
            "https://news.example/export/42.xml",
            "https://news.example/old.php",
        ],
        generator="WordPress 6.5",
    )


def test_the_first_base_of_a_page_counts() -> None:
    """Also for links that stand before it, as browsers have it."""
    page = '<a href="rss">x</a><base href="https://other.example/b/"><base href="https://no.example/">'
    assert links_of(page, HERE).linked == ["https://other.example/b/rss"]


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/a b\n#part", "https://news.example/ab"),
        ("https://joe:secret@news.example/feed", "https://news.example/feed"),
        ("//other.example/x", "https://other.example/x"),
        ("feed://other.example/x", "http://other.example/x"),
        ("?feed=rss2", "https://news.example/world/index.html?feed=rss2"),
        ("file:///etc/passwd", None),
        ("data:text/xml,<rss/>", None),
        ("http://[broken/", None),
        ("http://x:0/", None),
        ("http://evil.example\\@news.example/", None),
        ("/" + "x" * 3000, None),
    ],
)
def test_a_link_becomes_a_whole_address(target: str, url: str | None) -> None:
    """Or nothing, where it leads nowhere on the web; a login in it is not ours to use."""
    assert absolute(HERE, target) == url


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/rss", True),
        ("https://a.example/feed/", True),
        ("https://a.example/news.rss", True),
        ("https://a.example/x/atom.xml", True),
        ("https://a.example/index.xml", True),
        ("https://a.example/?feed=rss2", True),
        ("https://a.example/feeds/posts/default", True),
        ("https://rss.a.example/news", True),
        ("https://feeds.a.example/", False),
        ("http://feedproxy.google.com/~r/paper/~3/UaGU/story.html", False),
        ("https://a.example/feedback", False),
        ("https://a.example/embrasser", False),
        ("https://a.example/rss.png", False),
        ("https://a.example/atomic-energy", False),
        ("https://a.example/sitemap.xml", False),
        ("http://[x/rss", False),
    ],
)
def test_some_addresses_speak_of_a_feed(url: str, is_one: bool) -> None:
    """By host, path or query, in whole words."""
    assert looks_like_a_feed(url) is is_one


def test_the_usual_places_begin_at_the_page() -> None:
    """A section may have a feed of its own; a login in the address is not repeated."""
    places = usual_places("https://joe:x@news.example/world/")
    assert places[:3] == tuple(f"https://news.example/world/{end}" for end in ("feed", "rss", "rss.xml"))
    assert "https://news.example/feed" in places
    assert usual_places("https://news.example/world")[0] == "https://news.example/world/feed"
    assert usual_places("https://news.example/world/a.html")[0] == "https://news.example/world/feed"
    assert usual_places("https://news.example")[0] == "https://news.example/feed"


def test_robots_and_sitemaps_name_addresses() -> None:
    """Sitemaps of news first; of a sitemap only what looks like a feed."""
    robots = (
        "User-agent: *\nDisallow:\nSITEMAP : /map.xml\r\n"
        "sitemap:https://a.example/news-map.xml\n# sitemap: /x"
    )
    assert sitemaps_of(robots, "https://a.example/robots.txt") == (
        "https://a.example/news-map.xml",
        "https://a.example/map.xml",
    )
    sitemap = (
        "<urlset><url><loc>https://a.example/news/1</loc></url>"
        "<url><loc>\n <![CDATA[ /rss.xml ]]></loc></url>"
        "<url><image:loc>https://a.example/feed?a=1&amp;b=2</image:loc></url></urlset>"
    )
    assert feeds_in_sitemap(sitemap, "https://a.example/map.xml") == (
        "https://a.example/rss.xml",
        "https://a.example/feed?a=1&b=2",
    )


EVIL = [
    *('<a "', "<a '", "<a '\"", "<!--", "<script", "<script>", '<a href="rss" ', "<a x ", "<link x=", "<"),
    *('"', "<a href=x>", "<base href=", "<meta content='", "<a href=rss>rss ", "&#", "<a href=" + "a" * 999),
    *("<loc>", "<loc> ", "sitemap:", "sitemap: x\n", "<loc>" + " " * 9999, " "),
]


@pytest.mark.parametrize("piece", EVIL)
def test_no_page_takes_long(piece: str) -> None:
    """A page of the greatest size costs a second at most, and gives a bounded number of links."""
    page = piece * (PAGE_LIMIT // len(piece))
    start = time.process_time()
    links = links_of(page, HERE)
    found = [*links.declared, *links.linked, *feeds_in_sitemap(page, HERE), *sitemaps_of(page, HERE)]
    assert time.process_time() - start < 3
    assert len(found) <= 800


@given(
    st.lists(st.sampled_from([*EVIL[:12], ">", "href=", "'rss'", " rel=alternate ", "<link ", "/"])).map(
        "".join
    )
)
def test_any_soup_of_tags_is_read(page: str) -> None:
    """Whatever comes out is an address that can be fetched."""
    links = links_of(page, HERE)
    for url in [*links.declared, *links.linked]:
        assert absolute(HERE, url) == url


def test_real_pages_are_read() -> None:
    """As many declare a feed as a plain search finds declaring one, and none gives an unlawful address."""
    folder = Path(__file__).parents[3] / "shared/corpus/pages/html"
    pages = sorted(folder.glob("*.html")) if folder.is_dir() else []
    if not pages:
        pytest.skip("the pages of ../shared/corpus are not here")
    plain = re.compile(r"<link[^>]*application/(?:rss|atom)\+xml", re.IGNORECASE)
    for page in pages:
        text = page.read_text(encoding="utf-8", errors="replace")
        links = links_of(text, HERE)
        assert bool(links.declared) == bool(plain.search(text)), page.name
        assert all(absolute(HERE, url) == url for url in [*links.declared, *links.linked]), page.name
