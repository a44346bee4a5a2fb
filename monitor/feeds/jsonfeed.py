"""
Reads JSON Feed 1.x into the same plain shape that the XML path produces. Pure; runs in the worker.

Plain text fields become markup (escaped), because whoever reads an entry expects markup.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from monitor.feeds.dates import rfc3339
from monitor.feeds.document import MAX_ITEMS, absolute
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Collection


def looks_like_json(body: bytes, content_type: str) -> bool:
    """Whether a body is to be read as JSON: by its first character, or by its type if that is no `<`."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start == b"{" or (start != b"<" and "json" in content_type.lower())


def parse_json_feed(body: bytes, url: str, known: Collection[int] | None = None) -> dict[str, Any]:
    """
    Turn a JSON Feed into `{"info", "entries", "warnings"}`, or `{"error": sentence}`.

    `url` is the document's address: relative links are resolved against it. With `known`, the answer has the
    hashes of all items, and items whose hash is known are only `guid`, `link` and `raw`.
    """
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        return {"error": f"this is not valid JSON: {problem}"[:300]}
    if not isinstance(data, dict) or "jsonfeed.org/version/1" not in str(data.get("version", "")):
        return {"error": "this is JSON, but not a JSON Feed"}
    items = data.get("items")
    if not isinstance(items, list):
        return {"error": "this JSON Feed has no list of items"}
    home = absolute(url, _text(data.get("home_page_url")))
    base = home or url
    warnings = [f"only the first {MAX_ITEMS} items are used"] if len(items) > MAX_ITEMS else []
    items = [item for item in items[:MAX_ITEMS] if isinstance(item, dict)]
    answer: dict[str, Any] = {
        "info": {
            "title": html.escape(_text(data.get("title")), quote=False),
            "link": home,
            "language": _text(data.get("language")) or None,
            "format": "json",
            "self_url": absolute(url, _text(data.get("feed_url"))) if data.get("feed_url") else None,
        },
        "entries": [_entry(item, base) for item in items],
        "warnings": warnings,
    }
    if known is not None:
        answer["items"] = [
            hash64(f"{base}\x00{json.dumps(item, sort_keys=True)}".encode()) or 1 for item in items
        ]
        for entry, raw in zip(answer["entries"], answer["items"], strict=True):
            entry["raw"] = raw
        answer["entries"] = [
            {key: entry[key] for key in ("guid", "link", "raw")} if entry["raw"] in known else entry
            for entry in answer["entries"]
        ]
    return answer


def _entry(item: dict[str, Any], base: str) -> dict[str, Any]:
    """One item; an id may be a number in the wild, a link may be missing."""
    link = _text(item.get("url")) or _text(item.get("external_url"))
    content = _text(item.get("content_html")) or _escaped(item.get("content_text"))
    people = item.get("authors") or item.get("author") or []
    people = people if isinstance(people, list) else [people]
    tags = item.get("tags")
    return {
        "guid": _text(item.get("id")) or None,
        "link": absolute(base, link) if link else None,
        "title": html.escape(_text(item.get("title")), quote=False),
        "summary": _escaped(item.get("summary")),
        "content": content,
        "published": rfc3339(_text(item.get("date_published"))),
        "updated": rfc3339(_text(item.get("date_modified"))),
        "authors": [_text(person.get("name")) for person in people if isinstance(person, dict)],
        "categories": [_text(tag) for tag in tags] if isinstance(tags, list) else [],
        "language": _text(item.get("language")) or None,
    }


def _text(value: object) -> str:
    """A string or a number as trimmed text; anything else is no text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).strip()


def _escaped(value: object) -> str:
    """Plain text as markup that keeps its line breaks."""
    return html.escape(_text(value), quote=False).replace("\n", "<br>")
