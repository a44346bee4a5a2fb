"""
A notification as the JSON object that webhook and file channels write. Pure.

`docs/webhook.schema.json` publishes its form. Fields may be added, never renamed or removed.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.alerts.renderers.words import is_update, pieces_of
from monitor.alerts.safe import one_line, safe_link

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import DigestEntry, Outgoing


def render_json(outgoing: Outgoing) -> dict[str, Any]:
    """
    Give the stable object; fields may be added, never renamed.

    Times are RFC 3339 in UTC or null; `marks` are (start, end) code point offsets into `excerpt`.
    Texts are free of control characters but otherwise as the feed wrote them.
    """
    message = outgoing.message
    excerpt, marks = "", []
    for text, is_hit in pieces_of(message):
        if is_hit:
            marks.append([len(excerpt), len(excerpt) + len(text)])
        excerpt += text
    return {
        "version": 1,
        "id": outgoing.message_id,
        "channel": outgoing.channel,
        "kind": "alert" if message.kind == CONFIDENTIAL else message.kind,
        "attempt": outgoing.attempt,
        "maybe_repeat": outgoing.maybe_repeat,
        "created": rfc3339(outgoing.created),
        "severity": message.severity.label,
        "title": one_line(message.title),
        "url": safe_link(message.url),
        "feed": one_line(message.feed),
        "published": rfc3339(message.published),
        "excerpt": excerpt,
        "marks": marks,
        "rules": list(message.rules),
        "tags": list(message.tags),
        "why": one_line(message.why, 1000),
        "late": message.late,
        "entries": [_entry(entry) for entry in message.entries],
        "count": message.count,
        "story": message.story,
        "update": is_update(message),
        "changes": [one_line(change, 1000) for change in message.changes],
        "told_at": rfc3339(message.told_at),
        "related": one_line(message.related),
        "also": [one_line(outlet) for outlet in message.also],
        "outlets": message.outlets,
        "weak": message.weak,
        "confidential": message.kind == CONFIDENTIAL,
        "alerts": list(message.alerts),
    }


def _entry(entry: DigestEntry) -> dict[str, Any]:
    return {
        "title": one_line(entry.title),
        "url": safe_link(entry.url),
        "feed": one_line(entry.feed),
        "published": rfc3339(entry.published),
        "severity": entry.severity.label,
        "rules": list(entry.rules),
    }


def rfc3339(when: datetime | None) -> str | None:
    """Give a time in UTC as RFC 3339 writes it, or None."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
