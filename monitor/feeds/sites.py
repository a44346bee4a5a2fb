"""
Well-known sites: from the address of a page that people read to the addresses of its feeds. Pure.

Such pages often link to no feed, or only to one of several. What is given here is a guess by the site's own
rules and is proven by fetching it. `rewrite` needs the address alone, `from_page` the page too. Sites change:
an entry that has become wrong costs one request, and the page is looked at as any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote_plus, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SKIPPED_HOST_LABELS = ("www.", "m.", "old.", "new.", "np.", "mobile.")
_ENDINGS_OF_FEEDS = (".rss", ".atom", "rss.xml", "atom.xml", "feed.xml")
_UNLAWFUL = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"[A-Za-z0-9-]{1,63}")  # a name that can stand in a host's
_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_CHANNEL_IN_PAGE = re.compile(r'"(?:externalId|channelId)"\s*:\s*"(UC[\w-]{22})"')
_REDDIT_ORDERS = frozenset({"new", "hot", "top", "rising", "controversial", "best"})
_STACK_EXCHANGE = frozenset(
    {"stackoverflow.com", "superuser.com", "serverfault.com", "askubuntu.com", "mathoverflow.net"}
)
_OWN_PAGES_OF_GITHUB = """
    about account apps collections customer-stories enterprise events explore features issues login
    marketplace new notifications orgs pricing pulls search settings signup site sponsors stars team
    topics trending
"""
_NOT_GITHUB_USERS = frozenset(_OWN_PAGES_OF_GITHUB.split())
_NOT_MEDIUM_PUBLICATIONS = frozenset({"about", "feed", "m", "me", "membership", "p", "search", "topics"})
_FEDIVERSE_WORDS = ("mastodon", "mstdn", "fosstodon", "hachyderm", "social", "toot", "infosec.exchange")


@dataclass(frozen=True, slots=True)
class _Page:
    """An address in parts: host without "www.", the path's segments as written, its query."""

    host: str
    origin: str
    path: tuple[str, ...]
    query: Mapping[str, str]

    @property
    def first(self) -> str:
        return self.path[0] if self.path else ""

    def keep(self, *keys: str) -> str:
        """A query with those of the page's values that matter to its feed, or ""."""
        kept = urlencode({key: self.query[key] for key in keys if self.query.get(key)}, safe=":")
        return f"?{kept}" if kept else ""


def rewrite(address: str) -> tuple[str, ...]:
    """
    The feeds that a page of a well-known site should have, the likeliest first; () if none is known.

    >>> rewrite("https://github.com/python/cpython/releases")
    ('https://github.com/python/cpython/releases.atom',)
    """
    page = _page(address)
    if page is None or (page.path and page.path[-1].endswith(_ENDINGS_OF_FEEDS)):
        return ()
    recipe = _SITES.get(page.host)
    if recipe is None:
        recipe = next((found for ending, found in _FAMILIES if page.host.endswith(ending)), None)
    if recipe is None:
        recipe = _gitlab if page.host.startswith("gitlab.") else _fediverse
    return recipe(page)


def from_page(address: str, text: str, generator: str = "") -> tuple[str, ...]:
    """
    The feeds that a page lets one guess: by an identifier in it, or by the program that made it.

    `generator` is the content of the page's `<meta name="generator">`.
    """
    page = _page(address)
    if page is None:
        return ()
    if page.host == "youtube.com":
        channel = _CHANNEL_IN_PAGE.search(text)
        return (_youtube_feed("channel_id", channel[1]),) if channel else ()
    made_by = generator.lower()
    for program, paths in _PROGRAMS.items():
        if made_by.startswith(program):
            return tuple(page.origin + path for path in paths)
    if 'id="mastodon"' in text or "id='mastodon'" in text:
        return _mastodon(page)
    return ()


def _page(address: str) -> _Page | None:
    if _UNLAWFUL.search(address):
        return None
    try:
        parts: SplitResult = urlsplit(address)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    authority = host if port is None else f"{host}:{port}"
    if port is None:
        for label in _SKIPPED_HOST_LABELS:
            host = host.removeprefix(label)
    segments = tuple(part for part in parts.path.split("/") if part)
    # With a port of its own it is no well-known site, whatever its name.
    return _Page(host if port is None else authority, f"{parts.scheme}://{authority}", segments, query)


# --- video, forums, networks -------------------------------------------------------------------------


def _youtube_feed(key: str, value: str) -> str:
    return f"https://www.youtube.com/feeds/videos.xml?{key}={quote_plus(value)}"


def _youtube(page: _Page) -> tuple[str, ...]:
    """Channels and playlists; a handle (/@name, /c/name) is resolved by its page."""
    playlist = page.query.get("list", "")
    if page.first in ("playlist", "watch") and playlist and not playlist.startswith("RD"):
        return (_youtube_feed("playlist_id", playlist),)
    if len(page.path) < 2:
        return ()
    if page.first == "channel" and _CHANNEL_ID.fullmatch(page.path[1]):
        return (_youtube_feed("channel_id", page.path[1]),)
    if page.first == "user":
        return (_youtube_feed("user", page.path[1]),)
    return ()


def _reddit(page: _Page) -> tuple[str, ...]:
    site, path = "https://www.reddit.com", page.path
    if not path or (len(path) == 1 and path[0] in _REDDIT_ORDERS):
        return (f"{site}/{'/'.join([*path, '.rss'])}{page.keep('t')}",)
    if path[-1] == "search" and page.query.get("q"):
        within = f"/r/{path[1]}" if path[0] == "r" and len(path) == 3 else ""
        only = "&restrict_sr=on" if within else ""
        return (f"{site}{within}/search.rss?q={quote_plus(page.query['q'])}{only}&sort=new",)
    if len(path) == 1:
        return ()
    if path[0] == "r":
        depth = 4 if path[2:3] == ("comments",) else 3 if path[2:3] and path[2] in _REDDIT_ORDERS else 2
        return (f"{site}/{'/'.join(path[:depth])}/.rss{page.keep('t')}",)
    if path[0] in ("u", "user"):
        depth = 4 if path[2:3] == ("m",) else 2
        return (f"{site}/user/{'/'.join(path[1:depth])}/.rss",)
    return (f"{site}/domain/{path[1]}/.rss",) if path[0] == "domain" else ()


def _mastodon(page: _Page) -> tuple[str, ...]:
    """A profile or a tag; a profile that is merely shown here is asked for at its own server."""
    if page.first.startswith("@") and len(page.first) > 1:
        name, _, home = page.first[1:].partition("@")
        return (f"https://{home}/@{name}.rss" if home else f"{page.origin}/@{name}.rss",)
    if len(page.path) == 2 and page.first in ("tags", "users"):
        return (f"{page.origin}/{page.first}/{page.path[1]}.rss",)
    return ()


def _fediverse(page: _Page) -> tuple[str, ...]:
    """Mastodon's servers have any name: /@name is theirs, /tags/… only where the name speaks for it."""
    if page.first == "tags" and not any(word in page.host for word in _FEDIVERSE_WORDS):
        return ()
    return _mastodon(page) if page.first.startswith("@") or page.first == "tags" else ()


def _bluesky(page: _Page) -> tuple[str, ...]:
    if page.first != "profile" or len(page.path) < 2 or page.path[-1] == "rss":
        return ()
    return (f"https://bsky.app/profile/{page.path[1]}/rss",)


def _hacker_news(page: _Page) -> tuple[str, ...]:
    """The front page has a feed of its own; of the others hnrss.org, which is somebody else's, makes some."""
    if page.first in ("", "news"):
        return ("https://news.ycombinator.com/rss",)
    if page.first in ("newest", "ask", "show", "jobs", "best"):
        return (f"https://hnrss.org/{page.first}",)
    if page.first == "user" and page.query.get("id"):
        return (f"https://hnrss.org/submitted{page.keep('id')}",)
    return (f"https://hnrss.org/item{page.keep('id')}",) if page.first == "item" else ()


def _stack_exchange(page: _Page) -> tuple[str, ...]:
    path = page.path
    if path in ((), ("questions",)):
        return (f"{page.origin}/feeds",)
    if path[:2] == ("questions", "tagged") and len(path) == 3:
        return (f"{page.origin}/feeds/tag?tagnames={path[2]}&sort=newest",)
    if path[0] in ("questions", "users") and len(path) > 1 and path[1].isdecimal():
        return (f"{page.origin}/feeds/{path[0][:-1]}/{path[1]}",)
    return ()


# --- code --------------------------------------------------------------------------------------------


def _github(page: _Page) -> tuple[str, ...]:
    path = page.path
    if not path or path[0] in _NOT_GITHUB_USERS:
        return ()
    if len(path) == 1:
        return (f"https://github.com/{path[0]}.atom",)
    project = f"https://github.com/{path[0]}/{path[1].removesuffix('.git')}"
    what, rest = path[2] if len(path) > 2 else "", "/".join(path[3:])
    if what in ("blob", "tree", "blame", "commits") and rest:
        return (f"{project}/commits/{rest}.atom",)
    if what == "commits":
        return (f"{project}/commits.atom",)
    if what in ("releases", "tags", "wiki"):
        return (f"{project}/{what}.atom",)
    return () if what else tuple(f"{project}/{feed}.atom" for feed in ("releases", "tags", "commits"))


def _gitlab(page: _Page) -> tuple[str, ...]:
    if not page.path or page.query.get("format") == "atom":
        return ()
    split = page.path.index("-") if "-" in page.path else len(page.path)
    project = "/".join((page.origin, *page.path[:split]))
    what, *rest = page.path[split + 1 :] or ("",)
    if what in ("commits", "tree", "blob", "blame") and rest:
        return (f"{project}/-/commits/{'/'.join(rest)}?format=atom",)
    if what == "tags":
        return (f"{project}/-/tags?format=atom",)
    if what in ("releases", "issues"):
        return (f"{project}/-/{what}.atom",)
    if what or split < len(page.path):
        return ()
    if split == 1:
        return (f"{project}.atom",)
    return f"{project}/-/releases.atom", f"{project}/-/tags?format=atom", f"{project}.atom"


def _forgejo(page: _Page) -> tuple[str, ...]:
    """Codeberg and its like."""
    path = page.path
    if len(path) < 2:
        return (f"{page.origin}/{path[0]}.rss",) if path and path[0] != "explore" else ()
    project = f"{page.origin}/{path[0]}/{path[1]}"
    if path[2:4] in (("src", "branch"), ("commits", "branch")) and len(path) > 4:
        return (f"{project}/rss/branch/{'/'.join(path[4:])}",)
    if len(path) == 3 and path[2] in ("releases", "tags"):
        return (f"{project}/{path[2]}.rss",)
    return (f"{project}/releases.rss", f"{project}/tags.rss", f"{project}.rss") if len(path) == 2 else ()


def _pypi(page: _Page) -> tuple[str, ...]:
    if page.first != "project" or len(page.path) < 2:
        return ()
    return (f"https://pypi.org/rss/project/{page.path[1]}/releases.xml",)


# --- news, texts, papers -----------------------------------------------------------------------------


def _google_news(page: _Page) -> tuple[str, ...]:
    """The same path behind /rss, with the edition (hl, gl, ceid)."""
    site, edition = "https://news.google.com/rss", ("hl", "gl", "ceid")
    if page.first in ("", "home", "topstories"):
        return (f"{site}{page.keep(*edition)}",)
    if page.first == "search" and page.query.get("q"):
        return (f"{site}/search{page.keep('q', *edition)}",)
    if page.first in ("topics", "headlines", "publications") and len(page.path) > 1:
        return (f"{site}/{'/'.join(page.path)}{page.keep(*edition)}",)
    return ()


def _substack(page: _Page) -> tuple[str, ...]:
    if page.first == "feed":
        return ()
    if page.host == "substack.com":
        name = page.first[1:] if page.first.startswith("@") else ""
    elif page.host == "open.substack.com":
        name = page.path[1] if page.first == "pub" and len(page.path) > 1 else ""
    else:
        return (f"https://{page.host}/feed",)
    return (f"https://{name}.substack.com/feed",) if _LABEL.fullmatch(name) else ()


def _medium(page: _Page) -> tuple[str, ...]:
    if page.first in _NOT_MEDIUM_PUBLICATIONS or (page.host == "medium.com" and not page.path):
        return ()
    if page.host != "medium.com":
        return (f"https://{page.host}/feed",)
    depth = 2 if page.first == "tag" else 3 if page.path[1:2] == ("tagged",) else 1
    return (f"https://medium.com/feed/{'/'.join(page.path[:depth])}",) if len(page.path) >= depth else ()


def _wordpress(page: _Page) -> tuple[str, ...]:
    if "feed" in page.path or page.host == "wordpress.com":
        return ()
    within = f"{'/'.join(page.path[:2])}/" if page.first in ("tag", "category", "author") else ""
    return (f"{page.origin}/{within}feed/",)


def _blogger(page: _Page) -> tuple[str, ...]:
    if page.first == "feeds":
        return ()
    label = f"/-/{page.path[2]}" if page.path[:2] == ("search", "label") and len(page.path) > 2 else ""
    return (f"{page.origin}/feeds/posts/default{label}",)


def _arxiv(page: _Page) -> tuple[str, ...]:
    if page.first not in ("list", "archive") or len(page.path) < 2:
        return ()
    return (f"https://rss.arxiv.org/rss/{page.path[1]}",)


_SITES: dict[str, Callable[[_Page], tuple[str, ...]]] = {
    "youtube.com": _youtube,
    "reddit.com": _reddit,
    "mastodon.social": _mastodon,
    "bsky.app": _bluesky,
    "news.ycombinator.com": _hacker_news,
    **dict.fromkeys(_STACK_EXCHANGE, _stack_exchange),
    "github.com": _github,
    "codeberg.org": _forgejo,
    "gitea.com": _forgejo,
    "pypi.org": _pypi,
    "news.google.com": _google_news,
    "substack.com": _substack,
    "medium.com": _medium,
    "arxiv.org": _arxiv,
    # Sites where /@name is no Mastodon profile.
    **dict.fromkeys(("tiktok.com", "threads.net", "threads.com", "flipboard.com"), lambda _: ()),
}
_FAMILIES: tuple[tuple[str, Callable[[_Page], tuple[str, ...]]], ...] = (
    (".stackexchange.com", _stack_exchange),
    (".substack.com", _substack),
    (".medium.com", _medium),
    (".wordpress.com", _wordpress),
    (".blogspot.com", _blogger),
)
# Where programs put their feeds; named by the start of <meta name="generator">.
_PROGRAMS: dict[str, tuple[str, ...]] = {
    "wordpress": ("/feed/",),
    "blogger": ("/feeds/posts/default",),
    "ghost": ("/rss/",),
    "hugo": ("/index.xml",),
    "jekyll": ("/feed.xml",),
    **dict.fromkeys(("astro", "drupal"), ("/rss.xml",)),
    "joomla": ("/?format=feed&type=rss",),
    "discourse": ("/latest.rss",),
}
