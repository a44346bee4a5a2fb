"""A message as JSON text, as it waits in the outbox. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from monitor.model import Message, Severity


def dump(message: Message) -> str:
    """The message as one line of JSON."""
    data = asdict(message)
    data["severity"] = message.severity.label
    data["published"] = message.published.isoformat() if message.published else None
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Message:
    """The message that `dump` wrote; fields a newer version added are ignored."""
    data = json.loads(text)
    known = {k: v for k, v in data.items() if k in Message.__dataclass_fields__}
    published = known.get("published")
    known |= {
        "severity": Severity[data["severity"].upper()],
        "published": datetime.fromisoformat(published) if published else None,
        "marks": tuple((a, b) for a, b in data["marks"]),
        "rules": tuple(data["rules"]),
        "tags": tuple(data["tags"]),
    }
    return Message(**known)
