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
from functools import cache, lru_cache
from itertools import repeat
from urllib.parse import urlsplit

from monitor.model import value
from monitor.text.furniture import has_words, is_clean, without_furniture
from monitor.text.html import html_to_text
from monitor.text.labels import label_of
from monitor.text.lines import Cut, Line, unconfirmed_spans
from monitor.text.tokens import folded_tokens

WHOLE_CHARS = 1_200  # of text: a feed's content of this length is the article, unless it says that it goes on
SHORT_WORDS = 25

_SHARERS = (
    *(
        "facebook.com",
        "twitter.com",
        "x.com",
        "linkedin.com",
        "pinterest.com",
        "reddit.com",
        "whatsapp.com",
        "wa.me",
    ),
    *(
        "t.me",
        "telegram.me",
        "tumblr.com",
        "addtoany.com",
        "addthis.com",
        "sharethis.com",
        "bsky.app",
        "threads.net",
    ),
    *("vk.com", "flipboard.com", "instapaper.com", "getpocket.com", "feedburner.com", "feedsportal.com"),
)
_SHARE_PATHS = ("share", "intent/", "submit", "/send", "pin/create", "/~ff/", "add_to", "bookmark")
_BELOW_SHARERS = tuple(f".{host}" for host in _SHARERS)
_HOST = re.compile(r"//([^/\"'\s<>?#]+)")
_FEED_HOSTS = ("feeds.feedburner.com", "feedsportal.com", "addtoany.com", "addthis.com", "sharethis.com")

# What stands at the end of a text that goes on elsewhere.
_CUT_END = re.compile(
    r"(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]|\(\s*(?:…|\.{3})\s*\)|…|\.{3}|\[\+\d+\s+chars\])[\s>»→\]]*$",
    re.IGNORECASE,
)
_TAIL_WORDS = 14
_TAIL_CHARS = 160
_SIGNATURE_CHARS = 800
_HEAD_CHARS = 40
_TRIMMED = " .…>»→[]()"
_SENTENCE = re.compile(r"[.!?…\]\"”»。؟]\s+(?=(\S{1,40}))")
_ANCHOR = re.compile(
    r"<a\b(?P<attributes>[^<>]*)>(?P<inner>(?:(?!</?a\b).)*?)</a\s*>", re.IGNORECASE | re.DOTALL
)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_MOST_MARKUP = 400_000
_END_CHARS = 80
_WRAPPED = 100  # characters of a line at most, in a text that was wrapped by hand


@dataclass(frozen=True, slots=True)
class _Book:
    starts: frozenset[tuple[str, ...]]
    start_sizes: tuple[int, ...]  # how many tokens these have, rising
    verbs: tuple[str, ...]
    ends: frozenset[tuple[str, ...]]
    start_words: frozenset[str]  # the first words of these
    end_words: frozenset[str]


@value
class Cleaned:
    """
    A feed's text, clean. `more`: it says, or shows by its end, that it goes on elsewhere.

    `text` are all its lines; `whys` says of each why it is not confirmed ("" = it is), and is empty where all
    are. `cut` is what does not belong to it.
    """

    text: str = ""
    whys: tuple[str, ...] = ()
    cut: tuple[Cut, ...] = ()
    more: bool = False

    @property
    def lines(self) -> tuple[Line, ...]:
        """The text line by line."""
        texts = self.text.split("\n") if self.text else []
        return tuple(map(Line, texts, self.whys or repeat("")))

    @property
    def unconfirmed(self) -> tuple[tuple[int, int], ...]:
        """The (start, end) spans of what is not confirmed, as in model.Document."""
        return unconfirmed_spans(self.lines) if self.whys else ()

    @property
    def whole(self) -> bool:
        """Whether it is the whole article, so that its page need not be fetched."""
        return not self.more and len(self.text) >= WHOLE_CHARS

    @property
    def short(self) -> bool:
        """Whether it says little: under 25 words, or cut off."""
        return self.more or not has_words(self.text, SHORT_WORDS)


def cleaned(markup: str, title: str = "", plain: str | None = None) -> Cleaned:
    """
    A feed's summary or content as clean text.

    In an article about cookies, by its `title`, those are news. `plain` is `html_to_text(markup)`, for a
    caller who has it already.
    """
    if "<" in markup and _may_share(markup):
        alone = _ANCHOR.sub(_without_sharing, markup[:_MOST_MARKUP]) + markup[_MOST_MARKUP:]
        if alone != markup:
            plain = html_to_text(alone)
    if plain is None:
        plain = html_to_text(markup)
    if "<" not in markup and "\n" in markup and plain:
        return cleaned_lines(_paragraphs(markup) or [plain], title)
    return cleaned_lines(plain.split("\n") if plain else [], title)


def _paragraphs(text: str) -> list[str]:
    """The lines of a text without any tag, whose line feeds mean something; [] where they only wrap it."""
    lines = [line for line in map(html_to_text, text.strip().split("\n")) if line]
    return lines if max(map(len, lines), default=0) > _WRAPPED else []


def cleaned_lines(lines: list[str], title: str = "") -> Cleaned:
    """The same for plain lines, none of which is empty, or has spaces around it."""
    cut: list[Cut] = []
    body = lines.copy()
    more = _without_end(body, cut)
    if body and is_clean(body, ends_in_text=True):
        return Cleaned("\n".join(body), (), tuple(cut), more)
    kept, furniture = without_furniture(body, title)
    cut += furniture
    if not kept and lines:
        # Behind "Background:" stands another article's title, unless it is all the text there is.
        spared = [line for line in lines if (label := label_of(line)) and label.rest]
        kept = tuple(map(Line, spared))
        cut = [one for one in cut if one.text not in spared]
    whys = tuple([line.why for line in kept])
    return Cleaned("\n".join([line.text for line in kept]), whys if any(whys) else (), tuple(cut), more)


def _without_end(lines: list[str], cut: list[Cut]) -> bool:
    """Take what does not belong to a text from its end, line by line; True if it goes on elsewhere."""
    more = False
    while lines:
        last = lines[-1]
        if _is_signature(last):
            cut.append(Cut(lines.pop(), "said by the publishing system"))
            continue
        end = _end_of(last)
        if end < len(last):
            more = True
            cut.append(Cut(last[end:].strip(), "the text goes on elsewhere"))
            lines.pop()
            if rest := last[:end].strip():
                lines.append(rest)
            continue
        label = label_of(last)
        if not label:
            break
        cut.append(Cut(lines.pop(), f"label “{label.text}”"))
    return more or bool(lines and _is_cut_off(lines[-1][-_END_CHARS:]))


def _is_cut_off(end: str) -> bool:
    """Whether a text ends in the sign that it goes on elsewhere."""
    return ("…" in end or "..." in end or "chars]" in end) and bool(_CUT_END.search(end))


def _is_signature(line: str) -> bool:
    """Whether a line is "The post … appeared first on …"."""
    if len(line) > _SIGNATURE_CHARS or not _may_begin_signature(line[:_HEAD_CHARS].partition(" ")[0]):
        return False
    if not _begins_signature(line):
        return False
    spoken = f" {' '.join(folded_tokens(line))} "
    return any(f" {verb} " in spoken for verb in _book().verbs)


def _begins_signature(line: str) -> bool:
    """Whether a line begins like one; as a rule its first words tell."""
    book = _book()
    tokens = folded_tokens(line[:_HEAD_CHARS].rpartition(" ")[0])
    if len(tokens) < book.start_sizes[-1]:
        tokens = folded_tokens(line)
    return any(tuple(tokens[:size]) in book.starts for size in book.start_sizes)


def _end_of(line: str) -> int:
    """Where a last line ends without its "Read more", be it said once or again and again."""
    end = len(line)
    while True:
        start = max(0, end - _TAIL_CHARS)
        plain = line[start:end].rstrip(_TRIMMED)
        if not start and _leads_on(plain, alone=True):
            return 0
        # "… said on Friday. Continue reading", "… [...] Read more: Title of the article"
        for sentence in reversed(list(_SENTENCE.finditer(plain))):
            if _may_begin_end(sentence[1]) and _leads_on(plain[sentence.end() :], alone=False):
                end = start + sentence.end()
                break
        else:
            return end


def _leads_on(text: str, *, alone: bool) -> bool:
    """Whether a piece is "Read more", or, behind other text or in two words, begins like that."""
    if not _may_begin_end(text[:_HEAD_CHARS].partition(" ")[0]):
        return False
    book = _book()
    key = tuple(folded_tokens(text))
    if key in book.ends:
        return True
    if alone or len(key) > _TAIL_WORDS:
        return False
    return any(len(end) > 1 and key[: len(end)] == end for end in book.ends)


@lru_cache(maxsize=4_000)
def _may_begin_end(word: str) -> bool:
    """Whether "Read more" in any language may begin with a word; True where that cannot be told."""
    tokens = folded_tokens(word)
    return not tokens or tokens[0] in _book().end_words


@lru_cache(maxsize=4_000)
def _may_begin_signature(word: str) -> bool:
    """Whether "The post … appeared first on …" may; True where that cannot be told."""
    tokens = folded_tokens(word)
    return not tokens or tokens[0] in _book().start_words


@cache
def _book() -> _Book:
    from importlib.resources import files  # noqa: PLC0415 - 10 ms, and most commands need none of it

    told = tomllib.loads((files("monitor.articles") / "summary.toml").read_text(encoding="utf-8"))
    starts = frozenset(tuple(folded_tokens(text)) for text in told["post"]["starts"])
    ends = frozenset(tuple(folded_tokens(text)) for text in told["more"]["ends"])
    return _Book(
        starts=starts,
        start_sizes=tuple(sorted({len(start) for start in starts})),
        verbs=tuple(" ".join(folded_tokens(text)) for text in told["post"]["verbs"]),
        ends=ends,
        start_words=frozenset(start[0] for start in starts),
        end_words=frozenset(end[0] for end in ends),
    )


def _may_share(markup: str) -> bool:
    """Whether there may be a link for sharing: told quickly, as most markup has none."""
    if "href" not in markup and "HREF" not in markup:
        return False
    return any(map(_is_sharer, set(_HOST.findall(markup)))) or ("mailto:" in markup and "body=" in markup)


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
    if host.endswith(_FEED_HOSTS):
        return ""
    path = f"{parts.path}?{parts.query}".lower()
    if _is_sharer(host) and any(sign in path for sign in _SHARE_PATHS):
        return ""
    return anchor[0]


@lru_cache(maxsize=2_000)
def _is_sharer(host: str) -> bool:
    """Whether a host is one of these, or below one."""
    host = host.lower()
    return host.endswith(_SHARERS) and (host in _SHARERS or host.endswith(_BELOW_SHARERS))
