"""Two hundred matches at once, and a service that counts how fast it is written to."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from monitor.model import Severity
from monitor.settings import RuleConfig
from tests.support.documents import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PLACES = ("Bonn", "Ulm", "Trier", "Worms", "Lindau", "Speyer", "Mainz", "Passau", "Goslar", "Emden")
_THINGS = (
    ("river", "floods the old quay after three days of rain"),
    ("council", "votes to close the bridge until next summer"),
    ("harbour", "loses its last ferry to a neighbouring port"),
    ("choir", "sings for delegates who came by the night train"),
    ("factory", "sends four hundred workers home without a date"),
)
RULES = (
    RuleConfig(name="towns", query="(town OR alarm) AND report"),
    RuleConfig(name="alarms", query="alarm AND report", severity=Severity.HIGH),
    RuleConfig(name="war", query="evacuation", severity=Severity.URGENT),
)


def item(number: int, word: str = "town", hours: float = 0.5) -> Item:
    """A report of its own: no other is like it. Its mark `#number#` stands in its headline."""
    place, (thing, does) = _PLACES[number % 10], _THINGS[number // 10 % 5]
    own = " ".join(f"w{number}x{n}" for n in range(40))
    title = f"Report {mark(number)}: {word} {thing} in {place} {does}"
    link = f"https://gazette.example/2026/11/27/region/{place.lower()}-{thing}-report-{number}"
    return Item(title, guid=link, link=link, text=f"{own}.", age=hours)


def storm(count: int = 200, urgent: int = 150, high: int = 40) -> list[Item]:
    """So many reports, one of them urgent, and some of high severity spread among the others."""
    step = count // high
    words = ["alarm" if n % step == 0 else "town" for n in range(count)]
    words[urgent] = "evacuation"
    return [item(n, word) for n, word in enumerate(words)]


def mark(number: int) -> str:
    """What tells a report from all others, in every service's markup."""
    return f"n{number:04d}n"


def marks_in(texts: Iterable[str]) -> list[int]:
    """The reports that are named in these texts, each as often as it is named."""
    return [int(found) for text in texts for found in re.findall(r"n(\d{4})n", html.unescape(text))]


class Telegram:
    """Says yes `most` times in each minute and 429 beyond that, as Telegram does."""

    def __init__(self, clock: Callable[[], float], most: int = 20, seconds: float = 60.0) -> None:
        self.said: list[tuple[float, str]] = []  # when, and the text that was taken
        self.refused: list[float] = []
        self._clock, self._most, self._seconds = clock, most, seconds

    def take(self, body: bytes) -> int:
        """Take a message; returns 0, or the seconds to wait."""
        now = self._clock()
        lately = [when for when, _ in self.said if when > now - self._seconds]
        if len(lately) >= self._most:
            self.refused.append(now)
            return int(lately[-self._most] + self._seconds - now) + 1
        self.said.append((now, json.loads(body)["text"]))
        return 0


def too_many(wait: int) -> dict[str, object]:
    """Telegram's words for it."""
    return {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {wait}",
        "parameters": {"retry_after": wait},
    }


GOOD: dict[str, object] = {
    "ok": True,
    "result": {"message_id": 7, "date": 1795770000, "chat": {"id": 12315544}},
}
