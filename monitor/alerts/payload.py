"""A message as JSON text, as it waits in the outbox. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.model import DigestEntry, Message, Severity


def dump(message: Message) -> str:
    """The message as one line of JSON."""
    data = asdict(message)
    data["severity"] = message.severity.label
    data["published"] = message.published.isoformat() if message.published else None
    data["told_at"] = message.told_at.isoformat() if message.told_at else None
    data["entries"] = [_dump_entry(entry) for entry in message.entries]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Message:
    """The message that `dump` wrote; fields a newer version added are ignored."""
    data = json.loads(text)
    known = {k: v for k, v in data.items() if k in Message.__dataclass_fields__}
    published, told_at = known.get("published"), known.get("told_at")
    known |= {
        "severity": Severity[data["severity"].upper()],
        "published": datetime.fromisoformat(published) if published else None,
        "told_at": datetime.fromisoformat(told_at) if told_at else None,
        "changes": tuple(data.get("changes", ())),
        "also": tuple(data.get("also", ())),
        "marks": tuple((a, b) for a, b in data["marks"]),
        "rules": tuple(data["rules"]),
        "tags": tuple(data["tags"]),
        "alerts": tuple(data.get("alerts", ())),
        "entries": tuple(_load_entry(entry) for entry in data.get("entries", ())),
    }
    return Message(**known)


def _dump_entry(entry: DigestEntry) -> dict[str, Any]:
    published = entry.published.isoformat() if entry.published else None
    return asdict(entry) | {"severity": entry.severity.label, "published": published}


def _load_entry(data: dict[str, Any]) -> DigestEntry:
    known = {k: v for k, v in data.items() if k in DigestEntry.__dataclass_fields__}
    published = known.get("published")
    known |= {
        "severity": Severity[data["severity"].upper()],
        "published": datetime.fromisoformat(published) if published else None,
        "rules": tuple(data["rules"]),
    }
    return DigestEntry(**known)
