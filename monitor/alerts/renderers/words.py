"""
What a notification says, piece by piece, before any service's markup. Pure.

All texts are clean (`safe.clean`) and plain; nothing here is escaped or cut to a service's limit yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.alerts.safe import clean, cut, lines, one_line, safe_link
from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.model import Message, Outgoing

REPEAT = "(may be a repeat)"
LATE = "late"
WEAK = "Weak: the rule holds only in text that was not confirmed as the article's"
UPDATE = "Update"
SINCE = "Changed since the first report"
_LONGEST_NOTE = 300
_MOST_NAMED = 6

Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Words:
    """
    The parts of one notification.

    `label` stands before the headline ("[high] Update: "); `facts` are outlet, time, severity and marks;
    `also` says who else reported it, `others` the same in few words; `notes` are what else must be known
    (what changed, what it is related to, that it is weak). `pieces` are the excerpt as (text, is a hit).
    """

    label: str
    headline: str
    outlet: str
    time: str
    facts: tuple[str, ...]
    also: str
    others: str
    notes: tuple[str, ...]
    pieces: tuple[Piece, ...]
    link: str
    rules: str
    why: str
    repeat: bool
    quoted: bool = True

    @property
    def title(self) -> str:
        """The headline with what stands before it."""
        return self.label + self.headline


def words_of(outgoing: Outgoing, zone: tzinfo = UTC) -> Words:
    """Give the parts of a notification; times are shown in `zone`."""
    message = outgoing.message
    is_alert = message.kind in ("alert", CONFIDENTIAL)
    outlet = one_line(message.feed)
    time = shown_time(message.published or outgoing.created, zone)
    facts = (
        outlet,
        time if is_alert else "",
        message.severity.label if is_alert else "",
        LATE if message.late else "",
        REPEAT if outgoing.maybe_repeat else "",
    )
    label = "Rule" if len(message.rules) == 1 else "Rules"
    return Words(
        label=label_of(message),
        headline=one_line(message.title) or "(no title)",
        outlet=outlet,
        time=time,
        facts=tuple(fact for fact in facts if fact),
        also=also_line(message.also, message.outlets, most=_MOST_NAMED),
        others=also_line(message.also, message.outlets, most=0),
        notes=notes_of(outgoing, zone),
        pieces=tuple(pieces_of(message)),
        link=safe_link(message.url),
        rules=f"{label}: {', '.join(one_line(rule) for rule in message.rules)}" if message.rules else "",
        why=f"Why: {one_line(message.why, 1000)}" if message.why else "",
        repeat=outgoing.maybe_repeat,
        quoted=message.kind == "alert",
    )


def label_of(message: Message) -> str:
    """What is loud says so first, and an update says that it is one."""
    loud = message.kind in ("alert", "digest", CONFIDENTIAL) and message.severity >= Severity.HIGH
    update = f"{UPDATE}: " if is_update(message) else ""
    return (f"[{message.severity.label}] " if loud else "") + update


def is_update(message: Message) -> bool:
    """Whether its reader was told the story before: what changed while it waited is no update to anybody."""
    return message.told_at is not None


def notes_of(outgoing: Outgoing, zone: tzinfo = UTC) -> tuple[str, ...]:
    """What changed since when, what it is related to, and whether it is weak."""
    message = outgoing.message
    notes = []
    changed = "; ".join(filter(None, (one_line(change) for change in message.changes)))
    if message.told_at is not None:
        told = f"{UPDATE} to what was told at {_when(message.told_at, outgoing, zone)}"
        notes.append(cut(f"{told}: {changed}" if changed else told, _LONGEST_NOTE))
    elif changed:
        notes.append(cut(f"{SINCE}: {changed}", _LONGEST_NOTE))
    if related := one_line(message.related):
        notes.append(cut(f"Related to: {related}", _LONGEST_NOTE))
    if message.weak:
        notes.append(WEAK)
    return tuple(notes)


def also_line(also: Iterable[str], outlets: int, *, most: int = _MOST_NAMED) -> str:
    """Say who else reported it: at most so many names, then a number; and how many wrote for themselves."""
    names = [name for name in (one_line(outlet, 60) for outlet in also) if name]
    shown, rest = names[:most], len(names) - most
    if rest > 0:
        shown.append(f"{rest} more" if shown else f"{rest} {'outlet' if rest == 1 else 'outlets'}")
    reported = f"Also reported by {', '.join(shown)}" if shown else ""
    own = f"{outlets} outlets on their own" if outlets > 1 else ""
    return " · ".join(text for text in (reported, own) if text)


def shown_time(when: datetime | None, zone: tzinfo) -> str:
    """Give a time as people read it, with its zone's name."""
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if when else ""


def _when(told: datetime, outgoing: Outgoing, zone: tzinfo) -> str:
    """Give the hour alone where the day is that of this notification."""
    here = told.astimezone(zone)
    same = outgoing.created is not None and outgoing.created.astimezone(zone).date() == here.date()
    return here.strftime("%H:%M" if same else "%Y-%m-%d %H:%M")


def pieces_of(message: Message) -> list[Piece]:
    """
    Take the excerpt apart into clean (text, is a hit) pieces.

    Only what Tocsin says about itself may have several lines: in an alert a line break would let feed
    text pose as our own lines.
    """
    text = message.excerpt
    raw: list[Piece] = []
    at = 0
    for start, end in sorted(message.marks):
        if at <= start < end <= len(text):
            raw += [(text[at:start], False), (text[start:end], True)]
            at = end
    raw.append((text[at:], False))
    pieces: list[Piece] = []
    for part, is_hit in raw:
        kept = clean(part)
        kept = re.sub(r"\s+", " ", kept) if message.kind == "alert" or len(raw) > 1 else lines(kept)
        if kept:
            pieces.append((kept, is_hit))
    return pieces


def rows_of(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Break pieces at their newlines."""
    rows: list[list[Piece]] = [[]]
    for text, is_hit in pieces:
        first, *others = text.split("\n")
        rows[-1].append((first, is_hit))
        rows += [[(other, is_hit)] for other in others]
    return [row for row in rows if any(text for text, _ in row)]
