"""An alert as rows on a terminal. Pure: styles are names, not codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.alerts.digest import LISTED
from monitor.alerts.renderers.layout import entry_facts
from monitor.alerts.renderers.words import LATE, REPEAT, is_update, rows_of, shown_time, words_of
from monitor.alerts.safe import one_line, safe_link
from monitor.model import Severity

if TYPE_CHECKING:
    from monitor.model import Message, Outgoing

MOST_ON_CARD = 50
Row = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One alert on a terminal: rows of (text, style) segments; styles are names, not codes."""

    rows: tuple[Row, ...]

    def plain(self) -> str:
        """Give the rows as text without styles, ending in a newline."""
        return "".join("".join(text for text, _ in row) + "\n" for row in self.rows)


def render_card(outgoing: Outgoing, *, zone: tzinfo = UTC) -> Card:
    """Give the rows that a terminal shows; styles: urgent high normal low title hit link faint text."""
    message = outgoing.message
    words = words_of(outgoing, zone)
    severity = message.severity.label if message.kind in ("alert", "digest", CONFIDENTIAL) else "normal"
    plain = message.kind in ("alert", CONFIDENTIAL)
    label = message.severity.label.upper() if plain else message.kind.upper()
    if message.kind == "alert" and is_update(message):
        label += " UPDATE"
    when = shown_time(message.published or outgoing.created, zone)
    facts = [one_line(message.feed), when, LATE if message.late else "", REPEAT if words.repeat else ""]
    head = [("● ", severity), (label, severity)]
    head += [(" · " + fact, "faint") for fact in facts if fact]
    rows: list[Row] = [tuple(head), (("  " + words.headline, "title"),)]
    rows += [(("  " + note, "text"),) for note in words.notes]
    for row in rows_of(words.pieces):
        told = [(text, "hit" if is_hit else "text") for text, is_hit in row]
        rows.append((("  ", "text"), *told))
    if words.link:
        rows.append((("  " + words.link, "link"),))
    if words.also:
        rows.append((("  " + words.also, "faint"),))
    rows += _entries(message, zone)
    reasons = [", ".join(one_line(rule) for rule in message.rules), one_line(message.why, 1000)]
    if tail := " · ".join(text for text in reasons if text):
        rows.append((("  " + tail, "faint"),))
    return Card((*rows, (("", "text"),)))


def _entries(message: Message, zone: tzinfo) -> list[Row]:
    """Give a digest's entries as rows."""
    rows: list[Row] = []
    for entry in message.entries[:MOST_ON_CARD]:
        label = f"[{entry.severity.label}] " if entry.severity >= Severity.HIGH else ""
        rows.append((("  • ", "text"), (label, entry.severity.label), (one_line(entry.title), "title")))
        rows.append((("    " + entry_facts(entry, zone), "faint"),))
        if link := safe_link(entry.url):
            rows.append((("    " + link, "link"),))
    shown = min(len(message.entries), MOST_ON_CARD)
    if message.count > shown:
        rest = f"… and {message.count - shown} more: {LISTED}" if shown else f"{LISTED} shows them"
        rows.append((("  " + rest, "faint"),))
    return rows
