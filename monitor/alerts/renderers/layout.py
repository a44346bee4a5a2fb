"""
One layout for all services: what a message says, in a service's markup, within its limit. Pure.

A `Markup` knows how a service writes bold, links and plain text, and how it counts. What is too long is cut
by meaning: the sentence shrinks first, then reasons go, then who else reported it, then the sentence, then
what changed; the headline shrinks last, and the link outlives them all. Everything is measured as it is
sent: after escaping.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from monitor.alerts.digest import LISTED
from monitor.alerts.renderers.headlines import LONGEST_TITLE, all_named
from monitor.alerts.renderers.words import REPEAT
from monitor.alerts.safe import cut, one_line, safe_link
from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.alerts.renderers.words import Piece, Words
    from monitor.model import DigestEntry, Message

PUT_IN = "\u2060"  # what `Markup.still` puts in; `safe.clean` took it out of the feed's text
LEAST_EXCERPT = 60  # a shorter piece of a sentence says nothing
LEAST_TITLE = 20  # below this a link alone is better than both


def _same(text: str) -> str:
    return text


def _starred(text: str, _: bool) -> str:
    return f"*{text}*"


@dataclass(frozen=True, slots=True)
class Markup:
    """
    How one service writes.

    `still` breaks what the service makes live by itself, by putting invisible characters in and nothing
    else; `escape` makes literal what is left. `strong`, `hit` and `quote` get what both made of a text;
    `hit` is also told whether a letter stands right beside the hit. `link` gets an address of `safe_link`,
    as does `address`, which writes it without more. `size` counts as the service does; `line` and `gap`
    part lines and blocks; `indent` begins the further lines of an entry; `kind` is what a user's template
    is held against.
    """

    still: Callable[[str], str]
    escape: Callable[[str], str] = _same
    strong: Callable[[str], str] = _same
    hit: Callable[[str, bool], str] = _starred
    quote: Callable[[str], str] = _same
    link: Callable[[str], str] = _same
    address: Callable[[str], str] = _same
    size: Callable[[str], int] = len
    line: str = "\n"
    gap: str = "\n\n"
    indent: str = "  "
    kind: str = "plain"

    def text(self, text: str) -> str:
        """Make plain text harmless and literal."""
        return self.escape(self.still(text))

    def lines(self, texts: Iterable[str]) -> str:
        """Put what is not empty on lines of its own."""
        return self.line.join(text for text in texts if text)

    def blocks(self, texts: Iterable[str]) -> str:
        """The same for blocks."""
        return self.gap.join(text for text in texts if text)


# What is given up, in this order, when room is short: (reasons, rules, who else, notes).
_FULL, _SHORT, _NO = 2, 1, 0
_LADDER = (
    (True, True, _FULL, True),
    (False, True, _FULL, True),
    (False, False, _FULL, True),
    (False, False, _SHORT, True),
    (False, False, _NO, True),
    (False, False, _NO, False),
)


def compose(words: Words, markup: Markup, limit: int) -> str:
    """Give a whole message, headline inside, of at most `limit` units of `markup.size`."""
    headline = markup.strong(markup.text(words.title))
    body = body_of(words, markup, limit, headline)
    if body is not None:
        return body
    return short(words, markup, limit)


def short(words: Words, markup: Markup, limit: int) -> str:
    """Give headline and link alone, as after a receiver refused the content."""

    def bold(text: str) -> str:
        return markup.strong(markup.text(text))

    link = markup.link(words.link) if words.link else ""
    repeat = markup.text(REPEAT) if words.repeat else ""
    for tail in (markup.lines((link, repeat)), link):
        room = limit - markup.size(markup.line + tail)
        shown = fitting(words.title, room, bold, markup.size)
        if tail and len(shown) >= min(LEAST_TITLE, len(words.title)):
            return markup.lines((bold(shown), tail))
    shown = fitting(words.title, limit, bold, markup.size)
    return bold(shown) if shown else ""


def body_of(words: Words, markup: Markup, limit: int, headline: str = "") -> str | None:
    """Lay out all but the headline, or with the one given, as it is; None where not even the least fits."""
    if not words.quoted:  # what Tocsin says about itself
        markup = replace(markup, quote=_same)
    facts = markup.text(" · ".join(words.facts))
    link = markup.link(words.link) if words.link else ""
    whole = excerpt_of(words.pieces, markup)
    gap = markup.size(markup.gap)

    def around(kept: tuple[bool, bool, int, bool], excerpt: str) -> str:
        why, rules, named, noted = kept
        also = ("", words.others, words.also)[named]
        notes = [markup.text(note) for note in words.notes] if noted else []
        head = markup.lines((headline, facts, markup.text(also) if also else ""))
        tail = markup.lines(
            markup.text(text) for text, told in ((words.rules, rules), (words.why, why)) if told
        )
        return markup.blocks((head, markup.lines(notes), excerpt, link, tail))

    for kept in _LADDER[:-2]:
        fixed = around(kept, "")
        room = limit - markup.size(fixed) - gap
        if not whole and room >= -gap:
            return fixed
        if whole and markup.size(whole) <= room:
            return around(kept, whole)
        if whole and room >= LEAST_EXCERPT and (some := excerpt_within(words.pieces, markup, room)):
            return around(kept, some)
    for kept in _LADDER[-2:]:
        if markup.size(fixed := around(kept, "")) <= limit:
            return fixed
    return None


# --- the sentence ------------------------------------------------------------------------------------


def excerpt_of(pieces: Sequence[Piece], markup: Markup, most: int | None = None) -> str:
    """Write the sentence with its hits marked; of at most `most` plain characters, where given."""
    kept = list(pieces) if most is None else _first(pieces, most)
    out: list[str] = []
    for number, (text, is_hit) in enumerate(stilled(kept, markup.still)):
        if not is_hit or not text.strip():
            out.append(markup.escape(text))
            continue
        before = kept[number - 1][0][-1:] if number else ""
        after = kept[number + 1][0][:1] if number + 1 < len(kept) else ""
        out.append(markup.hit(markup.escape(text), before.isalnum() or after.isalnum()))
    made = "".join(out).strip(" ")
    return markup.quote(made) if made else ""


def stilled(pieces: Sequence[Piece], still: Callable[[str], str]) -> list[Piece]:
    """
    Break what is live in a sentence as a whole: an address may begin in a hit and end behind it.

    And once more from each end of a hit within a word: its marks part the word for the receiver as well.
    """
    found = _stilled_as_one(pieces, still)
    for number in range(1, len(found)):
        before, after = found[number - 1][0].rstrip(PUT_IN), found[number][0]
        if before[-1:].isalnum() and after[:1].isalnum():
            found[number:] = _stilled_as_one(found[number:], still)
    return found


def _stilled_as_one(pieces: Sequence[Piece], still: Callable[[str], str]) -> list[Piece]:
    whole = still("".join(text for text, _ in pieces))
    found: list[Piece] = []
    at = 0
    for text, is_hit in pieces:
        start = at
        for char in text:
            at = whole.index(char, at) + 1  # what was put in is none of the feed's characters
        while at < len(whole) and whole[at] in PUT_IN:
            at += 1
        found.append((whole[start:at], is_hit))
    return found


def _first(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """The first characters of a sentence; half a hit is no hit."""
    found: list[Piece] = []
    for text, is_hit in pieces:
        if len(text) > most:
            found.append((_at_word(text, most) + "…", False))
            break
        found.append((text, is_hit))
        most -= len(text)
    return found


def excerpt_within(pieces: Sequence[Piece], markup: Markup, room: int) -> str:
    """Write as much of the sentence as `room` units hold, or nothing."""
    total = sum(len(text) for text, _ in pieces)
    most = _most(total - 1, lambda n: markup.size(excerpt_of(pieces, markup, n)) <= room)
    return excerpt_of(pieces, markup, most) if most > 0 else ""


def fitting(text: str, room: int, render: Callable[[str], str], size: Callable[[str], int]) -> str:
    """Shorten a plain text so that what `render` makes of it has at most `room` units."""
    if size(render(text)) <= room:
        return text
    most = _most(len(text), lambda n: size(render(cut(text, n))) <= room)
    return cut(text, most)


def _most(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, or one near it; 0 where none does."""
    low, high = 0, max(most, 0)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    while low > 0 and not fits(low):
        low -= 1
    return low


def _at_word(text: str, length: int) -> str:
    """The first characters of a text, up to a word's end if there is one near."""
    space = text.rfind(" ", max(length - 20, 0), length + 1)
    return text[: space if space > 0 else length].rstrip()


# --- digests -----------------------------------------------------------------------------------------


def digest_body(
    message: Message,
    markup: Markup,
    room: int,
    *,
    zone: tzinfo = UTC,
    head: str = "",
    note: str = "",
    plain: bool = False,
) -> str:
    """
    As many whole entries as `room` units hold, what is left out counted with the command that lists it.

    Where not all have room as they are, all shrink: see `headlines`. `head` is put before all, as it is;
    `note` on a line of its own; `plain` asks for links alone. "" where nothing at all has room.
    """
    blocks = [_bare(e, markup) if plain else _block(e, markup, zone) for e in message.entries]
    gap = markup.line if plain else markup.gap
    starts = (markup.blocks((head, _head(message, markup, note, plain=plain))), head)
    whole = _fill(blocks, message.count, room, markup, head=starts[0], gap=gap, all_or_nothing=True)
    if body := whole or ("" if plain else all_named(message, markup, room, starts, blocks)):
        return body
    for start in starts:
        if body := _fill(blocks, message.count, room, markup, head=start, gap=gap):
            return body
    for text in (_rest(message.count, 0), LISTED):
        body = markup.blocks((head, markup.text(text) if text else ""))
        if body and markup.size(body) <= room:
            return body
    return ""


def _fill(
    blocks: Sequence[str],
    count: int,
    room: int,
    markup: Markup,
    *,
    head: str,
    gap: str,
    all_or_nothing: bool = False,
) -> str:
    """As many blocks as fit, with what is left out counted at the end; "" where not even one fits."""
    used, shown = markup.size(head), 0
    step = markup.size(gap)
    for number, block in enumerate(blocks, start=1):
        longer = used + (step if used else 0) + markup.size(block)
        rest = markup.text(_rest(count, number))
        if longer + (step + markup.size(rest) if rest else 0) > room:
            break
        used, shown = longer, number
    if not shown or (all_or_nothing and shown < count):
        return ""
    rest = markup.text(_rest(count, shown))
    return gap.join(text for text in (head, *blocks[:shown], rest) if text)


def _head(message: Message, markup: Markup, note: str, *, plain: bool) -> str:
    why = "" if plain else one_line(message.why, 1000)
    why = f"{why[:1].upper()}{why[1:]}." if why else ""
    return markup.lines(markup.text(text) for text in (why, note) if text)


def _rest(count: int, shown: int) -> str:
    """What is said of the entries that have no room."""
    if count <= shown:
        return ""
    return f"… and {count - shown} more: {LISTED}" if shown else f"{LISTED} shows them"


def _block(entry: DigestEntry, markup: Markup, zone: tzinfo) -> str:
    label = f"[{entry.severity.label}] " if entry.severity >= Severity.HIGH else ""
    title = label + (one_line(entry.title, LONGEST_TITLE) or "(no title)")
    link = safe_link(entry.url)
    rows = (
        "• " + markup.strong(markup.text(title)),
        markup.indent + markup.text(entry_facts(entry, zone)),
        markup.indent + markup.link(link) if link else "",
    )
    return markup.lines(row for row in rows if row.strip())


def _bare(entry: DigestEntry, markup: Markup) -> str:
    link = safe_link(entry.url)
    title = one_line(entry.title, LONGEST_TITLE) or "(no title)"
    return markup.link(link) if link else "• " + markup.text(title)


def entry_facts(entry: DigestEntry, zone: tzinfo) -> str:
    """Feed, time and rules of one entry."""
    when = entry.published.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if entry.published else "undated"
    rules = ", ".join(one_line(rule) for rule in entry.rules)
    return " · ".join(fact for fact in (one_line(entry.feed), when, rules) if fact)
