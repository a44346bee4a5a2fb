"""
What a feed carries of an article, without the furniture that publishing systems put around it.

A feed's markup gets the care a page gets: "The post … appeared first on …", rows of share links, tracking
pictures, "Related:" lists inside `content:encoded`. And two questions are answered that decide whether the
page is fetched at all: is the feed's own text the whole article, and is a teaser cut off? Pure.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.text.furniture import without_furniture, words
from monitor.text.html import html_to_text
from monitor.text.lines import Cut, Line, unconfirmed_spans
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE_CHARS = 1_200  # of text: a feed's content of this length is the article, unless it says that it goes on
SHORT_WORDS = 25

_SHARERS = re.compile(
    r"(?:^|\.)(?:facebook\.com|twitter\.com|x\.com|linkedin\.com|pinterest\.com|reddit\.com|whatsapp\.com|wa\.me"
    r"|t\.me|telegram\.me|tumblr\.com|addtoany\.com|addthis\.com|sharethis\.com|bsky\.app|threads\.net|vk\.com"
    r"|flipboard\.com|instapaper\.com|getpocket\.com|feedburner\.com|feedsportal\.com)$"
)
_SHARE_PATH = re.compile(r"share|sharer|intent/|submit|/send|pin/create|/~ff/|add_to|bookmark", re.IGNORECASE)
_FEED_HOSTS = ("feeds.feedburner.com", "feedsportal.com", "addtoany.com", "addthis.com", "sharethis.com")

# What stands at the end of a text that goes on elsewhere.
_CUT_END = re.compile(
    r"(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]|\(\s*(?:…|\.{3})\s*\)|…|\.{3}|\[\+\d+\s+chars\])[\s>»→\]]*$",
    re.IGNORECASE,
)
_TAIL_WORDS = 14
_TAIL_CHARS = 300
_SIGNATURE_CHARS = 800
_TRIMMED = " .…>»→[]()"
_SENTENCE = re.compile(r"[.!?…\]\"”»。؟]\s+")
_ANCHOR = re.compile(
    r"<a\b(?P<attributes>[^<>]*)>(?P<inner>(?:(?!</?a\b).)*?)</a\s*>", re.IGNORECASE | re.DOTALL
)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_MOST_MARKUP = 400_000


@dataclass(frozen=True, slots=True)
class _Book:
    starts: tuple[tuple[str, ...], ...]
    verbs: tuple[str, ...]
    ends: frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """
    A feed's text, clean. `more`: it says, or shows by its end, that it goes on elsewhere.

    `unconfirmed` are spans of `text`, as in model.Document.
    """

    lines: tuple[Line, ...] = ()
    cut: tuple[Cut, ...] = ()
    more: bool = False

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def unconfirmed(self) -> tuple[tuple[int, int], ...]:
        """The (start, end) spans of what is not confirmed."""
        return unconfirmed_spans(self.lines)

    @property
    def whole(self) -> bool:
        """Whether it is the whole article, so that its page need not be fetched."""
        return not self.more and len(self.text) >= WHOLE_CHARS

    @property
    def short(self) -> bool:
        """Whether it says little: under 25 words, or cut off."""
        return self.more or words(self.text) < SHORT_WORDS


def cleaned(markup: str) -> Cleaned:
    """A feed's summary or content as clean text."""
    if "<" in markup:
        markup = _ANCHOR.sub(_without_sharing, markup[:_MOST_MARKUP])
    return cleaned_text(html_to_text(markup).split("\n"))


def cleaned_text(lines: Sequence[str]) -> Cleaned:
    """The same for text that is plain already, in lines."""
    cut: list[Cut] = []
    lines = [line for line in map(str.strip, lines) if line]
    while lines and _is_signature(lines[-1]):
        cut.append(Cut(lines[-1], "said by the publishing system"))
        lines = lines[:-1]
    more = False
    if lines:
        rest, tail = _without_more(lines[-1])
        if tail:
            more = True
            cut.append(Cut(tail, "the text goes on elsewhere"))
            lines = [*lines[:-1], rest] if rest else lines[:-1]
    more = more or bool(lines and _CUT_END.search(lines[-1]))
    kept, furniture = without_furniture(lines)
    return Cleaned(kept, (*cut, *furniture), more)


def _is_signature(line: str) -> bool:
    """Whether a line is "The post … appeared first on …"."""
    if len(line) > _SIGNATURE_CHARS:
        return False
    tokens = tuple(folded_tokens(line))
    book = _book()
    if not any(tokens[: len(start)] == start for start in book.starts):
        return False
    spoken = f" {' '.join(tokens)} "
    return any(f" {verb} " in spoken for verb in book.verbs)


def _without_more(line: str) -> tuple[str, str]:
    """A last line without its "Read more", and that; the line and "" where it has none."""
    plain = line.rstrip(_TRIMMED)
    if _leads_on(plain, alone=True):
        return "", line
    # "… said on Friday. Continue reading", "… [...] Read more: Title of the article"
    ends = list(_SENTENCE.finditer(plain, max(0, len(plain) - _TAIL_CHARS)))
    for end in reversed(ends):
        tail = plain[end.end() :]
        if _leads_on(tail, alone=False):
            return plain[: end.end()].strip(), tail.strip()
    return line, ""


def _leads_on(text: str, *, alone: bool) -> bool:
    """Whether a piece is "Read more", or, behind other text or in two words, begins like that."""
    key = tuple(folded_tokens(text[:_TAIL_CHARS]))
    ends = _book().ends
    if key in ends:
        return True
    if alone or len(key) > _TAIL_WORDS:
        return False
    return any(len(end) > 1 and key[: len(end)] == end for end in ends)


@cache
def _book() -> _Book:
    from importlib.resources import files  # noqa: PLC0415 - 10 ms, and most commands need none of it

    told = tomllib.loads((files("monitor.articles") / "summary.toml").read_text(encoding="utf-8"))
    return _Book(
        starts=tuple(tuple(folded_tokens(text)) for text in told["post"]["starts"]),
        verbs=tuple(" ".join(folded_tokens(text)) for text in told["post"]["verbs"]),
        ends=frozenset(tuple(folded_tokens(text)) for text in told["more"]["ends"]),
    )


def _without_sharing(anchor: re.Match[str]) -> str:
    """A link as it stands, or nothing where it leads to a form for passing the article on."""
    found = _HREF.search(anchor["attributes"])
    if not found:
        return anchor[0]
    try:
        parts = urlsplit((found[1] or found[2] or found[3] or "").strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return anchor[0]
    if parts.scheme == "mailto" and "body=" in parts.query:
        return ""
    if host.endswith(_FEED_HOSTS) or (
        _SHARERS.search(host) and _SHARE_PATH.search(f"{parts.path}?{parts.query}")
    ):
        return ""
    return anchor[0]
