"""Small feed documents for tests: say what the items are, get the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    """One RSS item; `age` is hours before noon of the tests' day, None = undated."""

    title: str
    guid: str | None = None
    link: str | None = None
    text: str = ""
    age: float | None = 1.0

    def xml(self) -> str:
        """The item as RSS."""
        parts = [f"<title>{escape(self.title)}</title>"]
        if self.link:
            parts.append(f"<link>{escape(self.link)}</link>")
        if self.guid:
            parts.append(f'<guid isPermaLink="false">{escape(self.guid)}</guid>')
        if self.age is not None:
            parts.append(f"<pubDate>{format_datetime(NOON - timedelta(hours=self.age))}</pubDate>")
        parts.append(f"<description>{escape(self.text)}</description>")
        return f"<item>{''.join(parts)}</item>"


def rss(*items: Item, title: str = "A feed", language: str = "en") -> bytes:
    """An RSS 2.0 document, newest item first as given."""
    body = "\n".join(item.xml() for item in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(title)}</title><link>https://news.example/</link><description>d</description>"
        f"<language>{language}</language>\n{body}\n</channel></rss>"
    ).encode()
