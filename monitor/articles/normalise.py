"""From what a feed says to what is stored: plain text, clean address, times, language, identity. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.articles.identity import Item, mark_document
from monitor.articles.urls import clean_url, source_of
from monitor.model import Article
from monitor.text.html import html_to_text, one_line
from monitor.text.language import UNKNOWN, guess

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Entry, Marks, ParsedFeed

_TITLE_CHARS = 500
_LEAD_CHARS = 100
_CODE = re.compile(r"\s*([a-zA-Z]{2,3})(?![a-zA-Z])")
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_GOOGLE_NEWS = "news.google.com"


def normalise(
    parsed: ParsedFeed, *, feed: str, feed_language: str | None, now: datetime
) -> tuple[Article, ...]:
    """
    All articles of a document in its order, nothing left out and nothing merged.

    `feed_language` is the configured one: it counts where neither the item nor the document names any. Where
    nobody names a language, it is guessed from the texts of the item.
    """
    texts = [_texts(entry) for entry in parsed.entries]
    marks = mark_document([item for item, _ in texts])
    language = _language(parsed.info.language) or _language(feed_language)
    return tuple(
        to_article(entry, feed=feed, now=now, language=language, item=item, source=source, marks=mark)
        for entry, (item, source), mark in zip(parsed.entries, texts, marks, strict=True)
    )


def to_article(
    entry: Entry, *, feed: str, now: datetime, language: str | None, item: Item, source: str, marks: Marks
) -> Article:
    """One article, from an entry and its plain texts (`item`); a date in the future becomes `now`."""
    published = entry.published or entry.updated
    return Article(
        feed=feed,
        title=item.title,
        summary=item.summary,
        body=item.body,
        url=item.link,
        published=min(published, now) if published else None,
        updated=min(entry.updated, now) if entry.updated else None,
        fetched=now,
        language=_language(entry.language) or language or _guessed(item),
        authors=_names(entry.authors),
        categories=_names(entry.categories),
        source=source,
        marks=marks,
        dated=published,
    )


def _texts(entry: Entry) -> tuple[Item, str]:
    """The plain texts and the clean address of an entry, and the outlet it comes from."""
    url = clean_url(entry.link or "")
    home = source_of(url)
    source = source_of(entry.source_url or "") or home
    title = one_line(html_to_text(entry.title), _TITLE_CHARS)
    summary, body = html_to_text(entry.summary), html_to_text(entry.content)
    if home == _GOOGLE_NEWS:
        # Its summaries list other outlets' headlines, and its titles end in the outlet's name.
        summary = body = ""
        if entry.source_title:
            title = title.removesuffix(f" - {entry.source_title.strip()}")
    title = title or one_line(summary or body, _LEAD_CHARS)
    published = entry.published or entry.updated
    return Item(
        guid=entry.guid, link=url, title=title, summary=summary, body=body, published=published
    ), source


def _language(tag: str | None) -> str | None:
    """The letters a language tag begins with, or None where it says nothing ("", "und", "English")."""
    code = _CODE.match(tag) if tag else None
    return code[1].lower() if code and code[1].lower() not in _NO_LANGUAGE else None


def _guessed(item: Item) -> str | None:
    """The language the texts are written in; a text given twice speaks once."""
    language = guess("\n".join(dict.fromkeys((item.title, item.summary, item.body))))
    return None if language == UNKNOWN else language


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of people or topics as plain text on one line, each once."""
    if not names:
        return ()
    return tuple(dict.fromkeys(plain for name in names if (plain := _plain_name(name))))


@lru_cache(maxsize=512)
def _plain_name(name: str) -> str:
    """One of them; a feed's items are of the same few authors and topics."""
    return one_line(html_to_text(name), _LEAD_CHARS)
