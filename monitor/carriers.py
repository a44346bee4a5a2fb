"""
Reads which articles an address may mean, and which feeds could have carried it: for `explain`.

An address is known under any spelling, under what its page calls its canonical one, and, where nothing else
is found, by the end of its path on the same site. Nothing is changed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.articles.identity import digest
from monitor.articles.urls import clean_url, key_is_bare, source_of, url_key
from monitor.store import episodes, sql
from monitor.store.rows import FeedState, from_db, read
from monitor.text.domains import registrable
from monitor.unseen import Carrier

if TYPE_CHECKING:
    from monitor.settings import Config, FeedConfig
    from monitor.store.database import Reader
    from monitor.unseen import Span

MOST_GAPS = 100  # of one feed, the newest: an address may name a day long ago
MOST_LIKE = 5
_LEAST_NAME = 12  # characters of the end of an address that tells articles apart
_DAY = re.compile(r"/(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?=[-/_.]|$)")


def article_ids(reader: Reader, url: str) -> list[int]:
    """
    The articles known under any spelling of an address, the newest first.

    Where there is none, those that a message gave this address, whatever their feeds call them since.
    """
    key = url_key(url)
    found = {row["id"] for spelling in _spellings(url) for row in reader.rows(sql.ARTICLES_AT, url=spelling)}
    if key and not key_is_bare(key):
        found |= {row["article_id"] for row in reader.rows(sql.SIGHTINGS_BY_LINK, link=digest(key))}
    return sorted(found or _told_at(reader, url), reverse=True)


def _told_at(reader: Reader, url: str) -> set[int]:
    rest = clean_url(url).partition("://")[2].removeprefix("www.")
    if "/" not in rest:
        return set()
    like = f'%/{_escaped(rest)}"%'
    own = reader.rows(sql.ARTICLES_TOLD_AT, like=like)
    www = reader.rows(sql.ARTICLES_TOLD_AT, like=like.replace("%/", "%/www.", 1)) if not own else []
    return {row["article_id"] for row in own or www}


def _escaped(text: str) -> str:
    """A text that LIKE takes as it stands."""
    return re.sub(r"([!%_])", r"!\1", text)


def ids_elsewhere(reader: Reader, url: str) -> list[tuple[int, str]]:
    """Articles of the same site whose addresses end as this one does, the newest first, with those."""
    name = urlsplit(clean_url(url)).path.rstrip("/").rpartition("/")[2]
    site = site_of(url)
    if len(name) < _LEAST_NAME or not site:
        return []
    rows = reader.rows(sql.ARTICLES_LIKE, like=f"%/{_escaped(name)}%", count=10 * MOST_LIKE)
    return [(row["id"], row["url"]) for row in rows if site_of(row["url"]) == site][:MOST_LIKE]


def _spellings(url: str) -> set[str]:
    """An address with either scheme, with and without www.: for items whose address identifies nothing."""
    rest = clean_url(url).partition("://")[2].removeprefix("www.")
    return (
        {f"{scheme}://{www}{rest}" for scheme in ("http", "https") for www in ("", "www.")} if rest else set()
    )


def day_in(url: str) -> Span | None:
    """The day that an address names, somewhere on earth; None where it names none."""
    found = _DAY.search(urlsplit(clean_url(url)).path)
    if found is None:
        return None
    try:
        day = datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    return day - timedelta(hours=14), day + timedelta(hours=36)


def carriers_of(reader: Reader, url: str, config: Config) -> tuple[Carrier, ...]:
    """The configured feeds that could have carried an address: of its site, or known to carry it."""
    site = site_of(url)
    states = {r["name"]: read(FeedState, r) for r in reader.rows(sql.FEEDS)}
    before = {r["name"]: r["n"] for r in reader.rows(sql.FEEDS_OF_OUTLET, domain=site, below=f"%.{site}")}
    found = []
    for feed in config.feeds:
        own = site_of(_address(feed)) == site
        if not site or not (own or feed.name in before):
            continue
        count = before.get(feed.name, 0)
        articles = "article" if count == 1 else "articles"
        why = f"carried {count} of its {articles}" if count else "is of the same site"
        state = states.get(feed.name)
        gaps = tuple(gaps_of(reader, state.id)[:MOST_GAPS]) if state else ()
        troubles = episodes.all_of(reader, state.id) if state else ()
        found.append(Carrier(feed.name, why, feed.enabled, state, gaps, troubles))
    return tuple(found)


def removed_carriers(reader: Reader, url: str) -> list[tuple[str, datetime | None]]:
    """Feeds that carried articles of its site and are no longer configured, with when they were removed."""
    site = site_of(url)
    if not site:
        return []
    retired = {r["name"]: from_db(r["retired_at"]) for r in reader.rows(sql.FEEDS) if r["retired_at"]}
    rows = reader.rows(sql.FEEDS_OF_OUTLET, domain=site, below=f"%.{site}")
    return [(row["name"], retired[row["name"]]) for row in rows if row["name"] in retired]


def gaps_of(reader: Reader, feed_id: int) -> list[tuple[datetime, datetime]]:
    """The gaps of a feed, the newest first."""
    spans = ((from_db(r["since"]), from_db(r["until"])) for r in reader.rows(sql.GAPS_OF, feed=feed_id))
    return [(since, until) for since, until in spans if since is not None and until is not None]


def _address(feed: FeedConfig) -> str:
    try:
        return feed.url.reveal()
    except LookupError:
        return ""


def site_of(url: str) -> str:
    """The site an address belongs to: the domain somebody registered; "" if it is not http(s)."""
    return registrable(source_of(url))
