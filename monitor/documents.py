"""An article as the rules see it: fresh from a feed, or as stored, with its page where that was read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from monitor.model import Document

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from monitor.model import Article
    from monitor.settings import FeedConfig

    Spans = tuple[tuple[int, int], ...]


def document_of(article: Article, feed: FeedConfig) -> Document:
    """The article as a feed gives it."""
    return Document(
        title=article.title,
        summary=article.summary,
        body=article.body,
        language=article.language,
        feed=feed.name,
        tags=feed.tags,
        categories=article.categories,
        source=article.source,
        authors=article.authors,
        url=article.url,
        unconfirmed=article.unconfirmed,
        doubtful=article.doubtful,
    )


def stored_document(row: sqlite3.Row, feed: FeedConfig | None, name: str) -> Document:
    """A row of `articles` when the feed of this name shows it: the text of its page stands as its body."""
    doubtful, unconfirmed = read_spans(row["unconfirmed"])
    return Document(
        title=row["title"],
        summary=row["summary"],
        body=row["page"] or row["body"],
        language=row["language"],
        feed=name,
        tags=feed.tags if feed else (),
        categories=tuple(json.loads(row["categories"] or "[]")),
        source=row["source"],
        authors=tuple(json.loads(row["authors"] or "[]")),
        url=row["url"],
        unconfirmed=unconfirmed,
        doubtful=doubtful,
    )


def write_spans(summary: Spans, body: Spans) -> str:
    """What is not confirmed of a summary and of a body (or page), as it is stored; "" for nothing."""
    if not summary and not body:
        return ""
    return json.dumps([summary, body], separators=(",", ":"))


def read_spans(text: str) -> tuple[Spans, Spans]:
    """What `write_spans` wrote."""
    if not text:
        return (), ()
    summary, body = json.loads(text)
    return _spans(summary), _spans(body)


def _spans(pairs: Iterable[Iterable[int]]) -> Spans:
    return tuple((start, end) for start, end in pairs)
