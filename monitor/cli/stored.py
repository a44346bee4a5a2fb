"""What verbs read of the stored articles: their texts in pages, and how common words are in the newest."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from monitor.cli import output
from monitor.cli.words import LARGEST
from monitor.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from monitor.model import Document
    from monitor.rules.frequency import Frequencies
    from monitor.settings import Config, FeedConfig
    from monitor.store.database import Reader

PAGE = 200  # articles read at once
NEWEST = 2_000  # articles whose words are counted
LONGEST = 20_000  # characters of a body that are counted


def articles_since(
    reader: Reader, since: datetime, feeds: Mapping[str, FeedConfig], bar: output.Bar
) -> Iterator[tuple[sqlite3.Row, list[Document]]]:
    """
    The articles fetched since then, oldest first, each as every feed that showed it shows it.

    Rules may ask for a feed or its tags, so the same text may be caught through one feed and not another.
    Whoever prints in between clears the `bar` first.
    """
    from monitor.documents import stored_document
    from monitor.store import sql
    from monitor.store.rows import to_db

    counted = reader.row(sql.ARTICLES_COUNT, since=to_db(since))
    if counted is None or not counted["n"]:
        return
    total, done, after = counted["n"], 0, counted["first"] - 1
    while rows := reader.rows(sql.ARTICLES_SHOWN, since=to_db(since), after=after, page=PAGE):
        for article, shown in groupby(rows, key=lambda row: row["id"]):
            ways = list(shown)
            yield ways[0], [stored_document(row, feeds.get(row["feed"]), row["feed"]) for row in ways]
            done, after = done + 1, article
            bar.show(done, total)


def common_words(config: Config) -> Frequencies | None:
    """
    In how many of the newest stored articles each word stands.

    None where there is no database that can be read: what is only advice must not fail for it.
    """
    from monitor.rules.frequency import learn
    from monitor.store.database import Reader
    from monitor.store.schema import HEAD, version_of

    try:
        if version_of(config.database) != HEAD:
            return None
        reader = Reader(config.database)
        try:
            return learn(_newest_texts(reader))
        finally:
            reader.close()
    except (StoreError, OSError):
        return None


def _newest_texts(reader: Reader) -> Iterator[str]:
    from monitor.store import sql

    bar = output.Bar("stored words")
    before, done = LARGEST, 0
    try:
        while done < NEWEST and (rows := reader.rows(sql.NEWEST_TEXTS, before=before, page=PAGE)):
            for row in rows:
                yield f"{row['title']}\n{row['summary']}\n{row['body'][:LONGEST]}"
                before, done = row["id"], done + 1
            bar.show(done, NEWEST)
    finally:
        bar.clear()
