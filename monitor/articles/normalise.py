"""From what a feed says to what is stored: clean text and address, times, language, identity. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.articles.identity import Item, mark_document
from monitor.articles.summary import Cleaned, cleaned
from monitor.articles.urls import clean_url, source_of
from monitor.model import Article, value
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
_EMPTY = Cleaned()


@value
class _Texts:
    """
    The plain texts of one entry: as its identity is made from them (`item`), and clean.

    What is cut from a text as furniture stays part of the identity: so the day on which more is known to be
    furniture makes no item look edited.
    """

    item: Item
    title: str
    summary: Cleaned
    body: Cleaned
    source: str


def normalise(
    parsed: ParsedFeed, *, feed: str, feed_language: str | None, now: datetime
) -> tuple[Article, ...]:
    """
    All articles of a document in its order, nothing left out and nothing merged.

    `feed_language` is the configured one: it counts where neither the item nor the document names any. Where
    nobody names a language, it is guessed from the texts of the item.
    """
    texts = [_texts(entry) for entry in parsed.entries]
    marks = mark_document([one.item for one in texts])
    language = _language(parsed.info.language) or _language(feed_language)
    return tuple(
        _to_article(entry, one, mark, feed=feed, now=now, language=language)
        for entry, one, mark in zip(parsed.entries, texts, marks, strict=True)
    )


def _to_article(
    entry: Entry, texts: _Texts, marks: Marks, *, feed: str, now: datetime, language: str | None
) -> Article:
    """One article, from an entry and its texts; a date in the future becomes `now`."""
    published = texts.item.published
    summary, body = texts.summary.text, texts.body.text
    return Article(
        feed=feed,
        title=texts.title,
        summary=summary,
        body=body,
        url=texts.item.link,
        published=min(published, now) if published else None,
        updated=min(entry.updated, now) if entry.updated else None,
        fetched=now,
        language=_language(entry.language) or language or _guessed(texts.title, summary, body),
        authors=_names(entry.authors),
        categories=_names(entry.categories),
        source=texts.source,
        marks=marks,
        dated=published,
        unconfirmed=texts.body.unconfirmed,
        doubtful=texts.summary.unconfirmed,
        whole=texts.body.whole if body else texts.summary.whole,
        short=texts.body.short and texts.summary.short,
    )


def _texts(entry: Entry) -> _Texts:
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
    named = title or one_line(summary or body, _LEAD_CHARS)
    item = Item(
        guid=entry.guid,
        link=url,
        title=named,
        summary=summary,
        body=body,
        published=entry.published or entry.updated,
    )
    clean_summary = cleaned(entry.summary, title, summary) if summary else _EMPTY
    clean_body = cleaned(entry.content, title, body) if body else _EMPTY
    title = title or one_line(clean_summary.text or clean_body.text, _LEAD_CHARS) or named
    return _Texts(item, title, clean_summary, clean_body, source)


def _language(tag: str | None) -> str | None:
    """The letters a language tag begins with, or None where it says nothing ("", "und", "English")."""
    code = _CODE.match(tag) if tag else None
    return code[1].lower() if code and code[1].lower() not in _NO_LANGUAGE else None


def _guessed(*texts: str) -> str | None:
    """The language the texts are written in; a text given twice speaks once."""
    language = guess("\n".join(dict.fromkeys(texts)))
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
