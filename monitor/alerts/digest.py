"""
A digest: one message for many alerts, put together from its entries and laid out for a channel. Pure.

Entries are cut as wholes, never in the middle: what has no room is counted, with the command that lists it.
As everywhere, no word of a feed begins a line, and every one goes through `safe` first.
"""

from __future__ import annotations

from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from monitor.alerts.safe import cut, one_line, quiet, safe_link
from monitor.model import DigestEntry, Message, Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

MOST_ENTRIES = 500  # kept in one message; a file or a webhook shows them all
MOST_ON_CARD = 50
LATE_WHY = "published while their feeds were not watched"
WEAK_WHY = "found only in text that was not confirmed as the article's: lists, boxes, captions"
LISTED = "tocsin alerts list"
_LONGEST_ENTRY_TITLE = 200


def digest(entries: Iterable[DigestEntry], *, late: bool, why: str) -> Message:
    """The message for these entries, given in the order they were first seen in; the severest go first."""
    ordered = sorted(entries, key=lambda e: -e.severity)
    count = len(ordered)
    kind = "late " if late else ""
    title = f"{count} {kind}{'alert' if count == 1 else 'alerts'}"
    if count == 1:
        title = f"{title}: {ordered[0].title}"
    return Message(
        kind="digest",
        title=title,
        severity=max((e.severity for e in ordered), default=Severity.NORMAL),
        why=why,
        late=late,
        entries=tuple(ordered[:MOST_ENTRIES]),
        count=count,
    )


def collecting(severity: Severity, why: Reason) -> Message:
    """What stands in the outbox for a digest that still grows."""
    kind = "late" if why is Reason.LATE else "doubtful"
    title = f"{kind} alerts, still being collected"
    return Message(kind="digest", title=title, severity=severity, late=why is Reason.LATE)


def next_hour(clock: str, zone: tzinfo, now: datetime) -> datetime:
    """The next time the clocks of a zone show `clock` ("08:00"), after `now`; in UTC."""
    hour, minute = map(int, clock.split(":"))
    local = now.astimezone(zone)
    for day in range(3):
        wanted = (local + timedelta(days=day)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        found = wanted.astimezone(UTC)
        if found > now:
            return found
    message = "a day has every hour"
    raise AssertionError(message)


def digest_text(
    message: Message, title: str, *, limit: int, zone: tzinfo = UTC, note: str = "", plain: bool = False
) -> tuple[str, str]:
    """
    Give the plain text (title, body) of a digest: as many whole entries as `limit` characters hold.

    `title` is the title to use; `note` goes on a line of its own; `plain` asks for links alone, as after a
    receiver refused the content. The body is never empty, except where only the title has room.
    """
    blocks = [_link_or_title(e) if plain else _block(e, zone) for e in message.entries]
    gap = "\n" if plain else "\n\n"
    room = limit - len(title) - 1
    for head in (_head(message, note, plain=plain), ""):
        body = _fill(blocks, message.count, room, head=head, gap=gap)
        if body:
            return title, body
    for body in (_rest(message.count, 0), LISTED):
        if body and len(body) <= room:
            return title, body
    return "", cut(title, limit)


def digest_rows(message: Message, zone: tzinfo = UTC) -> list[tuple[tuple[str, str], ...]]:
    """Give the entries as rows of (text, style) for a card."""
    rows: list[tuple[tuple[str, str], ...]] = []
    for entry in message.entries[:MOST_ON_CARD]:
        label = f"[{entry.severity.label}] " if entry.severity >= Severity.HIGH else ""
        rows.append((("  • ", "text"), (label, entry.severity.label), (one_line(entry.title), "title")))
        rows.append((("    " + _facts(entry, zone), "faint"),))
        if link := safe_link(entry.url):
            rows.append((("    " + link, "link"),))
    shown = min(len(message.entries), MOST_ON_CARD)
    if message.count > shown:
        rows.append((("  " + _rest(message.count, shown), "faint"),))
    return rows


def digest_json(message: Message) -> list[dict[str, Any]]:
    """Give the entries as webhook and file channels write them."""
    return [
        {
            "title": one_line(entry.title),
            "url": safe_link(entry.url),
            "feed": one_line(entry.feed),
            "published": _rfc3339(entry.published),
            "severity": entry.severity.label,
            "rules": list(entry.rules),
        }
        for entry in message.entries
    ]


def _fill(blocks: Sequence[str], count: int, room: int, *, head: str, gap: str) -> str:
    """As many blocks as fit, with what is left out counted at the end; "" where not even one fits."""
    body, shown = head, 0
    for number, block in enumerate(blocks, start=1):
        longer = f"{body}{gap}{block}" if body else block
        rest = _rest(count, number)
        if len(longer) + (len(gap + rest) if rest else 0) > room:
            break
        body, shown = longer, number
    if not shown:
        return ""
    rest = _rest(count, shown)
    return f"{body}{gap}{rest}" if rest else body


def _head(message: Message, note: str, *, plain: bool) -> str:
    why = "" if plain else quiet(one_line(message.why, 1000))
    why = f"{why[:1].upper()}{why[1:]}." if why else ""
    return "\n".join(line for line in (why, note) if line)


def _rest(count: int, shown: int) -> str:
    """What is said of the entries that have no room."""
    if count <= shown:
        return ""
    return f"… and {count - shown} more: {LISTED}" if shown else f"{LISTED} shows them"


def _block(entry: DigestEntry, zone: tzinfo) -> str:
    label = f"[{entry.severity.label}] " if entry.severity >= Severity.HIGH else ""
    title = quiet(one_line(entry.title, _LONGEST_ENTRY_TITLE)) or "(no title)"
    rows = (f"• {label}{title}", f"  {quiet(_facts(entry, zone))}", f"  {safe_link(entry.url)}")
    return "\n".join(row for row in rows if row.strip())


def _link_or_title(entry: DigestEntry) -> str:
    title = cut(quiet(one_line(entry.title)) or "(no title)", _LONGEST_ENTRY_TITLE)
    return safe_link(entry.url) or f"• {title}"


def _facts(entry: DigestEntry, zone: tzinfo) -> str:
    when = entry.published.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if entry.published else "undated"
    return " · ".join(fact for fact in (one_line(entry.feed), when, ", ".join(entry.rules)) if fact)


def _rfc3339(when: datetime | None) -> str | None:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
