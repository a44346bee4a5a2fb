"""
A notification as a receiver sees it: plain text, JSON, or a card on a terminal. Pure.

Every word that came from a feed goes through `safe` first. We never send markup: the text is handed
to each service as plain text, and cut here, because services cut badly or refuse what is too long.
The link outlives everything else when room is short.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from string import Formatter
from typing import TYPE_CHECKING, Any

from monitor.alerts.digest import digest_json, digest_rows, digest_text
from monitor.alerts.safe import LONGEST_TITLE, clean, cut, lines, one_line, quiet, safe_link
from monitor.model import Severity

if TYPE_CHECKING:
    from monitor.model import Message, Outgoing

FIELDS = ("title", "link", "feed", "time", "excerpt", "rules", "severity", "why", "id")
DEFAULT_LIMIT = 32_000
REPEAT = "(may be a repeat)"
LATE = "late"

_LEAST_EXCERPT = 60  # a shorter piece of a sentence says nothing
_LEAST_TITLE = 20  # below this a link alone is better than both

Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Card:
    """One alert on a terminal: rows of (text, style) segments; styles are names, not codes."""

    rows: tuple[tuple[tuple[str, str], ...], ...]

    def plain(self) -> str:
        """Give the rows as text without styles, ending in a newline."""
        return "".join("".join(text for text, _ in row) + "\n" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What one channel wants of a text.

    `limit` is the most characters that title and body may have together, one line break included;
    `title_limit` the most for the title alone; `zone` is the time zone that times are shown in.
    """

    limit: int = DEFAULT_LIMIT
    title_limit: int = LONGEST_TITLE
    zone: tzinfo = UTC
    title_template: str | None = None
    body_template: str | None = None


def render_text(outgoing: Outgoing, layout: Layout = Layout()) -> tuple[str, str]:
    """
    Give the plain text (title, body) of one notification.

    The body is never empty; where there is room for one text only, the title is empty.
    """
    title = _title(outgoing.message, layout.title_limit)
    if outgoing.message.kind == "digest":  # a user's template has words for one alert, not for many
        note = REPEAT if outgoing.maybe_repeat else ""
        return digest_text(
            outgoing.message, title, limit=layout.limit, zone=layout.zone, note=note, plain=outgoing.plain
        )
    link = safe_link(outgoing.message.url)
    if outgoing.plain:
        return _short(title, link, layout.limit, repeat=outgoing.maybe_repeat)
    if layout.title_template or layout.body_template:
        made = _from_templates(outgoing, layout, title, link)
        if made is not None:
            return made
    return _default(outgoing, layout, title, link)


def check_template(text: str) -> str | None:
    """Say what is wrong with a user's template, or None: only named fields, nothing else in braces."""
    names = ", ".join(f"{{{name}}}" for name in FIELDS)
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        return f"the template has a lone brace ({error}); write {{{{ or }}}} for a real one"
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in FIELDS:
            return f"the template names an unknown field {{{name}}}; there are: {names}"
        if spec or conversion:
            return f"the template formats {{{name}}}; only the bare name is understood: {{{name}}}"
    return None


def render_json(outgoing: Outgoing) -> dict[str, Any]:
    """
    Give the stable object that webhook and file channels write; fields may be added, never renamed.

    Times are RFC 3339 in UTC or null; `marks` are (start, end) code point offsets into `excerpt`.
    Texts are free of control characters but otherwise as the feed wrote them.
    """
    message = outgoing.message
    excerpt, marks = "", []
    for text, is_hit in _pieces(message):
        if is_hit:
            marks.append([len(excerpt), len(excerpt) + len(text)])
        excerpt += text
    return {
        "version": 1,
        "id": outgoing.message_id,
        "channel": outgoing.channel,
        "kind": message.kind,
        "attempt": outgoing.attempt,
        "maybe_repeat": outgoing.maybe_repeat,
        "created": _rfc3339(outgoing.created),
        "severity": message.severity.label,
        "title": one_line(message.title),
        "url": safe_link(message.url),
        "feed": one_line(message.feed),
        "published": _rfc3339(message.published),
        "excerpt": excerpt,
        "marks": marks,
        "rules": list(message.rules),
        "tags": list(message.tags),
        "why": one_line(message.why, 1000),
        "late": message.late,
        "entries": digest_json(message),
        "count": message.count,
    }


def render_card(outgoing: Outgoing, *, zone: tzinfo = UTC) -> Card:
    """Give the rows that a terminal shows; styles: urgent high normal low title hit link faint text."""
    message = outgoing.message
    severity = message.severity.label if message.kind in ("alert", "digest") else "normal"
    facts = [one_line(message.feed), _time(outgoing, zone), LATE if message.late else ""]
    facts.append(REPEAT if outgoing.maybe_repeat else "")
    label = message.severity.label.upper() if message.kind == "alert" else message.kind.upper()
    head = [("● ", severity), (label, severity)]
    head += [(" · " + fact, "faint") for fact in facts if fact]
    rows: list[tuple[tuple[str, str], ...]] = [tuple(head), (("  " + one_line(message.title), "title"),)]
    for row in _rows(_pieces(message)):
        told = [(text, "hit" if is_hit else "text") for text, is_hit in row]
        rows += [(("  ", "text"), *told)]
    if link := safe_link(message.url):
        rows.append((("  " + link, "link"),))
    rows += digest_rows(message, zone)
    reasons = [", ".join(message.rules), one_line(message.why, 1000)]
    if tail := " · ".join(text for text in reasons if text):
        rows.append((("  " + tail, "faint"),))
    return Card((*rows, (("", "text"),)))


# --- the parts of a text -----------------------------------------------------------------------------


def _title(message: Message, limit: int) -> str:
    """Give the title on one line; what is high or urgent says so first."""
    loud = message.kind in ("alert", "digest") and message.severity >= Severity.HIGH
    prefix = f"[{message.severity.label}] " if loud else ""
    return cut(prefix + quiet(one_line(message.title) or "(no title)"), min(limit, LONGEST_TITLE))


def _time(outgoing: Outgoing, zone: tzinfo) -> str:
    """Give the time of publication, else of the alert, with its zone's name."""
    when = outgoing.message.published or outgoing.created
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if when else ""


def _rfc3339(when: datetime | None) -> str | None:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def _pieces(message: Message) -> list[Piece]:
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


def _rows(pieces: list[Piece]) -> list[list[Piece]]:
    """Break pieces at their newlines."""
    rows: list[list[Piece]] = [[]]
    for text, is_hit in pieces:
        first, *others = text.split("\n")
        rows[-1].append((first, is_hit))
        rows += [[(other, is_hit)] for other in others]
    return [row for row in rows if any(text for text, _ in row)]


def _excerpt(pieces: list[Piece], room: int) -> str:
    """Write the excerpt with its hits between asterisks, in at most `room` characters."""
    out = ""
    for text, is_hit in pieces:
        shown = f"*{quiet(text)}*" if is_hit else quiet(text)
        if len(out) + len(shown) > room:
            # Half a hit is no hit: mark it only where it fits whole.
            return cut(out + (quiet(text) if is_hit else shown) + "…", room)
        out += shown
    return out.strip(" ")


# --- layouts -----------------------------------------------------------------------------------------


def _default(outgoing: Outgoing, layout: Layout, title: str, link: str) -> tuple[str, str]:
    """Lay out everything; when room is short the excerpt shrinks, then reasons, then facts go."""
    message = outgoing.message
    is_alert = message.kind == "alert"
    facts = [
        quiet(one_line(message.feed)),
        _time(outgoing, layout.zone) if is_alert else "",
        message.severity.label if is_alert else "",
        LATE if message.late else "",
        REPEAT if outgoing.maybe_repeat else "",
    ]
    meta = " · ".join(fact for fact in facts if fact)
    label = "Rule" if len(message.rules) == 1 else "Rules"
    rules = f"{label}: {', '.join(message.rules)}" if message.rules else ""
    why = f"Why: {quiet(one_line(message.why, 1000))}" if message.why else ""
    pieces = _pieces(message)
    whole = _excerpt(pieces, DEFAULT_LIMIT)

    for reasons in ((rules, why), (rules,), ()):
        tail = "\n".join(reason for reason in reasons if reason)
        fixed = len(title) + 1 + len(_join(meta, link, tail))
        room = layout.limit - fixed - 2
        if len(whole) <= room or room >= _LEAST_EXCERPT or (not whole and room >= -2):
            return title, _join(meta, _excerpt(pieces, room), link, tail) or title
    if len(title) + 1 + len(_join(meta, link)) <= layout.limit:
        return title, _join(meta, link) or title
    return _short(title, link, layout.limit, repeat=outgoing.maybe_repeat)


def _short(title: str, link: str, limit: int, *, repeat: bool) -> tuple[str, str]:
    """Give title and link alone, as after a receiver refused the content, or for a text message."""
    for body in (_join(link, REPEAT if repeat else "", gap="\n"), link):
        room = limit - 1 - len(body)
        if body and room >= min(_LEAST_TITLE, len(title)):
            return cut(title, room), body
    return "", cut(title, limit)


def _join(*blocks: str, gap: str = "\n\n") -> str:
    return gap.join(block for block in blocks if block)


# --- a user's templates ------------------------------------------------------------------------------


def _from_templates(outgoing: Outgoing, layout: Layout, title: str, link: str) -> tuple[str, str] | None:
    """Fill a user's layout; None if it is faulty or too long, so that the alert goes out all the same."""
    if any(text and check_template(text) for text in (layout.title_template, layout.body_template)):
        return None
    room = DEFAULT_LIMIT
    for _ in range(2):  # once in full, once with an excerpt that is shorter by what was too much
        values = _values(outgoing, layout.zone, link, room)
        head = " ".join(_fill(layout.title_template, values).split()) if layout.title_template else title
        head = cut(head or title, min(layout.title_limit, LONGEST_TITLE))
        if layout.body_template:
            body = _fill(layout.body_template, values).strip()
            body = _join(body, REPEAT if outgoing.maybe_repeat else "", gap="\n") or head
        else:
            return _default(outgoing, layout, head, link)
        over = len(head) + 1 + len(body) - layout.limit
        if over <= 0:
            return head, body
        room = len(values["excerpt"]) - over
        if room < _LEAST_EXCERPT:
            return None
    return None


def _values(outgoing: Outgoing, zone: tzinfo, link: str, room: int) -> dict[str, str]:
    """Give what a template's fields stand for."""
    message = outgoing.message
    return {
        "title": quiet(one_line(message.title)),
        "link": link,
        "feed": quiet(one_line(message.feed)),
        "time": _time(outgoing, zone),
        "excerpt": _excerpt(_pieces(message), room),
        "rules": ", ".join(message.rules),
        "severity": message.severity.label,
        "why": quiet(one_line(message.why, 1000)),
        "id": outgoing.message_id,
    }


def _fill(template: str, values: dict[str, str]) -> str:
    """Put values into a checked template. No str.format: it would follow attributes and indices."""
    out = ""
    for literal, name, _, _ in Formatter().parse(template):
        out += literal + (values[name] if name is not None else "")
    return out
