"""From the pages of well-known sites to their feeds."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.feeds.sites import from_page, rewrite

CHANNEL = "UC" + "aB3-_" * 4 + "xy"
TABLE = {
    # YouTube
    f"https://www.youtube.com/channel/{CHANNEL}": [
        f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
    ],
    f"https://m.youtube.com/channel/{CHANNEL}/videos": [
        f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
    ],
    "https://www.youtube.com/user/somebody": ["https://www.youtube.com/feeds/videos.xml?user=somebody"],
    "https://www.youtube.com/playlist?list=PLabc_1": [
        "https://www.youtube.com/feeds/videos.xml?playlist_id=PLabc_1"
    ],
    "https://www.youtube.com/watch?v=x&list=PLabc_1": [
        "https://www.youtube.com/feeds/videos.xml?playlist_id=PLabc_1"
    ],
    "https://www.youtube.com/watch?v=x&list=RDabc": [],
    "https://www.youtube.com/@somebody": [],
    "https://www.youtube.com/": [],
    # Reddit
    "https://www.reddit.com": ["https://www.reddit.com/.rss"],
    "https://www.reddit.com/r/python": ["https://www.reddit.com/r/python/.rss"],
    "https://old.reddit.com/r/python/new/": ["https://www.reddit.com/r/python/new/.rss"],
    "https://www.reddit.com/r/python/top/?t=week": ["https://www.reddit.com/r/python/top/.rss?t=week"],
    "https://www.reddit.com/r/a/comments/1x2/a_title/": ["https://www.reddit.com/r/a/comments/1x2/.rss"],
    "https://www.reddit.com/u/someone": ["https://www.reddit.com/user/someone/.rss"],
    "https://www.reddit.com/user/someone/submitted": ["https://www.reddit.com/user/someone/.rss"],
    "https://www.reddit.com/user/someone/m/mine/": ["https://www.reddit.com/user/someone/m/mine/.rss"],
    "https://www.reddit.com/search/?q=doha+talks": [
        "https://www.reddit.com/search.rss?q=doha+talks&sort=new"
    ],
    "https://www.reddit.com/r/news/search/?q=doha&restrict_sr=1": [
        "https://www.reddit.com/r/news/search.rss?q=doha&restrict_sr=on&sort=new"
    ],
    "https://www.reddit.com/domain/example.org/": ["https://www.reddit.com/domain/example.org/.rss"],
    "https://www.reddit.com/settings": [],
    # GitHub
    "https://github.com/python/cpython": [
        f"https://github.com/python/cpython/{what}.atom" for what in ("releases", "tags", "commits")
    ],
    "https://github.com/rla/feeds.git": [
        f"https://github.com/rla/feeds/{what}.atom" for what in ("releases", "tags", "commits")
    ],
    "https://github.com/python/cpython/releases": ["https://github.com/python/cpython/releases.atom"],
    "https://github.com/python/cpython/releases/tag/v3.13.0": [
        "https://github.com/python/cpython/releases.atom"
    ],
    "https://github.com/python/cpython/tags": ["https://github.com/python/cpython/tags.atom"],
    "https://github.com/python/cpython/commits": ["https://github.com/python/cpython/commits.atom"],
    "https://github.com/python/cpython/commits/main/": [
        "https://github.com/python/cpython/commits/main.atom"
    ],
    "https://github.com/python/cpython/blob/main/Lib/html/parser.py": [
        "https://github.com/python/cpython/commits/main/Lib/html/parser.py.atom"
    ],
    "https://github.com/a/b/blob/main/pom.xml": ["https://github.com/a/b/commits/main/pom.xml.atom"],
    "https://github.com/a/b/wiki/Home": ["https://github.com/a/b/wiki.atom"],
    "https://github.com/gvanrossum": ["https://github.com/gvanrossum.atom"],
    "https://github.com/a/b/issues/3": [],
    "https://github.com/topics/rss": [],
    "https://github.com": [],
    # GitLab, also where it is installed elsewhere
    "https://gitlab.com/group/sub/project": [
        "https://gitlab.com/group/sub/project/-/releases.atom",
        "https://gitlab.com/group/sub/project/-/tags?format=atom",
        "https://gitlab.com/group/sub/project.atom",
    ],
    "https://gitlab.example.org/g/p/-/releases": ["https://gitlab.example.org/g/p/-/releases.atom"],
    "https://gitlab.example.org/g/p/-/tags": ["https://gitlab.example.org/g/p/-/tags?format=atom"],
    "https://gitlab.com/g/p/-/commits/main": ["https://gitlab.com/g/p/-/commits/main?format=atom"],
    "https://gitlab.com/g/p/-/blob/main/a/b.c": ["https://gitlab.com/g/p/-/commits/main/a/b.c?format=atom"],
    "https://gitlab.com/someone": ["https://gitlab.com/someone.atom"],
    "https://gitlab.com/g/p/-/pipelines": [],
    # Codeberg
    "https://codeberg.org/forgejo/forgejo": [
        "https://codeberg.org/forgejo/forgejo/releases.rss",
        "https://codeberg.org/forgejo/forgejo/tags.rss",
        "https://codeberg.org/forgejo/forgejo.rss",
    ],
    "https://codeberg.org/a/b/src/branch/main/README.md": [
        "https://codeberg.org/a/b/rss/branch/main/README.md"
    ],
    "https://codeberg.org/a/b/releases": ["https://codeberg.org/a/b/releases.rss"],
    "https://codeberg.org/a": ["https://codeberg.org/a.rss"],
    # packages
    "https://pypi.org/project/httpx/": ["https://pypi.org/rss/project/httpx/releases.xml"],
    # Mastodon and its like
    "https://mastodon.social/@Gargron": ["https://mastodon.social/@Gargron.rss"],
    "https://some.server.example/@ann/109876": ["https://some.server.example/@ann.rss"],
    "https://mastodon.social/@ann@other.example": ["https://other.example/@ann.rss"],
    "https://fosstodon.org/tags/python": ["https://fosstodon.org/tags/python.rss"],
    "https://mastodon.social/users/ann": ["https://mastodon.social/users/ann.rss"],
    "https://news.example/tags/python": [],
    "https://www.tiktok.com/@ann": [],
    "https://bsky.app/profile/bsky.app": ["https://bsky.app/profile/bsky.app/rss"],
    "https://bsky.app/profile/did:plc:z72i/post/3k": ["https://bsky.app/profile/did:plc:z72i/rss"],
    # Google News
    "https://news.google.com/": ["https://news.google.com/rss"],
    "https://news.google.com/home?hl=fr&gl=FR&ceid=FR:fr": [
        "https://news.google.com/rss?hl=fr&gl=FR&ceid=FR:fr"
    ],
    "https://news.google.com/search?q=doha%20talks&hl=en-US&gl=US&ceid=US%3Aen&x=1": [
        "https://news.google.com/rss/search?q=doha+talks&hl=en-US&gl=US&ceid=US:en"
    ],
    "https://news.google.com/topics/CAAqJ?hl=ja&gl=JP&ceid=JP:ja": [
        "https://news.google.com/rss/topics/CAAqJ?hl=ja&gl=JP&ceid=JP:ja"
    ],
    "https://news.google.com/topics/CAAqJ/sections/CAQiW?hl=fr": [
        "https://news.google.com/rss/topics/CAAqJ/sections/CAQiW?hl=fr"
    ],
    "https://news.google.com/headlines/section/topic/WORLD": [
        "https://news.google.com/rss/headlines/section/topic/WORLD"
    ],
    "https://news.google.com/rss/topics/CAAqJ": [],
    # blogs and newsletters
    "https://someone.substack.com/p/a-post": ["https://someone.substack.com/feed"],
    "https://substack.com/@someone": ["https://someone.substack.com/feed"],
    "https://open.substack.com/pub/someone/p/a": ["https://someone.substack.com/feed"],
    "https://medium.com/@someone/a-post-123": ["https://medium.com/feed/@someone"],
    "https://medium.com/the-paper": ["https://medium.com/feed/the-paper"],
    "https://medium.com/the-paper/tagged/war": ["https://medium.com/feed/the-paper/tagged/war"],
    "https://medium.com/tag/python": ["https://medium.com/feed/tag/python"],
    "https://someone.medium.com": ["https://someone.medium.com/feed"],
    "https://medium.com/search?q=x": [],
    "https://someone.wordpress.com/2024/01/a/": ["https://someone.wordpress.com/feed/"],
    "https://someone.wordpress.com/category/war/": ["https://someone.wordpress.com/category/war/feed/"],
    "https://someone.blogspot.com/2024/01/a.html": ["https://someone.blogspot.com/feeds/posts/default"],
    "https://someone.blogspot.com/search/label/War": [
        "https://someone.blogspot.com/feeds/posts/default/-/War"
    ],
    # Hacker News, Stack Exchange, arXiv
    "https://news.ycombinator.com/": ["https://news.ycombinator.com/rss"],
    "https://news.ycombinator.com/newest": ["https://hnrss.org/newest"],
    "https://news.ycombinator.com/user?id=pg": ["https://hnrss.org/submitted?id=pg"],
    "https://stackoverflow.com/questions/tagged/python": [
        "https://stackoverflow.com/feeds/tag?tagnames=python&sort=newest"
    ],
    "https://unix.stackexchange.com/questions/tagged/bash+or+zsh": [
        "https://unix.stackexchange.com/feeds/tag?tagnames=bash+or+zsh&sort=newest"
    ],
    "https://stackoverflow.com/questions/11227809/why-is-it-faster": [
        "https://stackoverflow.com/feeds/question/11227809"
    ],
    "https://stackoverflow.com/users/22656/jon": ["https://stackoverflow.com/feeds/user/22656"],
    "https://arxiv.org/list/cs.AI/recent": ["https://rss.arxiv.org/rss/cs.AI"],
    # what is none of these
    "https://www.lemonde.fr/": [],
    "https://github.com:8443/a/b": [],
    "ftp://github.com/a/b": [],
    "https://github.com/a/b c": [],
    "https://[broken/a": [],
    "github.com/a/b": [],
    "": [],
}


@pytest.mark.parametrize(("address", "feeds"), TABLE.items())
def test_pages_of_well_known_sites_have_feeds(address: str, feeds: list[str]) -> None:
    """Each kind of page, with the spellings people copy from a browser."""
    assert rewrite(address) == tuple(feeds)


@pytest.mark.parametrize("feed", sorted({feed for feeds in TABLE.values() for feed in feeds}))
def test_a_feed_is_not_rewritten_again(feed: str) -> None:
    """Who gives the feed's own address gets that feed."""
    assert rewrite(feed) == ()


PAGES = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda host, path: f"https://{host}/{path}",
        st.sampled_from(sorted({urlsplit(a).netloc for a in TABLE if "://" in a and "[" not in a})),
        st.text(st.sampled_from("abz@-/._?=&%:#rstfeedag0 é"), max_size=40),
    ),
)


@example("https://substack.com/@:")
@given(PAGES)
def test_whatever_is_asked_the_answers_are_web_addresses(address: str) -> None:
    """No address breaks a recipe; what comes out can be fetched, and is no address of a login."""
    for feed in rewrite(address):
        parts = urlsplit(feed)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert "@" not in parts.netloc
        assert not any(ch <= " " or ch == "\x7f" for ch in feed)


@pytest.mark.parametrize(
    ("address", "text", "generator", "feeds"),
    [
        (
            "https://www.youtube.com/@someone",
            f'<script>{{"externalId":"{CHANNEL}"}}</script>',
            "",
            [f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"],
        ),
        ("https://www.youtube.com/@someone", "<p>Before you continue</p>", "", []),
        ("https://blog.example/about", "", "WordPress 6.5", ["https://blog.example/feed/"]),
        ("https://blog.example/about", "", "Hugo 0.120", ["https://blog.example/index.xml"]),
        ("https://a.example/tags/war", "<div id='mastodon'>", "", ["https://a.example/tags/war.rss"]),
        ("https://a.example/", "<p>nothing</p>", "by hand", []),
        ("nonsense", "", "WordPress", []),
    ],
)
def test_a_page_lets_one_guess(address: str, text: str, generator: str, feeds: list[str]) -> None:
    """By an identifier in it, or by the program that made it."""
    assert from_page(address, text, generator) == tuple(feeds)
