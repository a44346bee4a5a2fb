"""
HTML as it stands in feeds, to plain text. Pure, and linear in the length of any input.

Not a parser: a feed's markup is a fragment, often cut off in mid-tag, and all we want of it is what a reader
would read, in lines. One regular expression walks over the markup once. Everything it meets it also
consumes, whether or not it turns out to be a tag, so no character is looked at again and again: a megabyte
of `<` costs no more than a megabyte of text.

Most markup is simpler, and is cut at `<` and `>`: feeds use the same few tags again and again, and what each
of these leaves behind is remembered. Where there is anything else in it, the expression decides.
"""

from __future__ import annotations

import html
import re

_BLOCK_WORDS = """
    address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol
    option p pre section select summary table tbody tfoot thead title tr ul
"""
_BLOCKS = frozenset(_BLOCK_WORDS.split())
_CELLS = frozenset({"td", "th"})

# Order: comment, declaration, element whose content nobody reads, tag. A tag's quoted values may hold `>`;
# quotes count only behind `=`, or an apostrophe in a broken tag would swallow the text up to the next one.
_MARKUP = re.compile(
    r"""
      <!--(?:(?s:.*?)-->|(?s:.*))
    | <(?:!|\?)(?:[^<>]*>)?
    | <(?P<unread>script|style|template|svg|iframe|object|noembed|noframes)\b
        (?:(?s:.*?)</(?P=unread)\s*>|(?s:.*))
    | </?(?P<name>[a-zA-Z][a-zA-Z0-9:-]*)
        (?:[^<>=]*+(?:=\s*+(?:"[^"]*+"|'[^']*+'|)[^<>=]*+)*+)
        (?P<closed>>|\Z)?
    """,
    re.VERBOSE | re.IGNORECASE,
)

# A tag without its brackets that is one wherever it stands. Every value is quoted or holds nothing special.
_SIMPLE = re.compile(
    r"""
    /?(?P<name>[a-zA-Z][a-zA-Z0-9:-]*+)
    (?:\s++[^\s"'=<>/][^\s"'=<>]*+(?:="[^"<>]*+"|='[^'<>]*+'|=[^\s"'=<>]++)?+)*+
    \s*+/?
    """,
    re.VERBOSE,
)
_UNREAD_ELEMENT = re.compile(r"(?:script|style|template|svg|iframe|object|noembed|noframes)\b", re.IGNORECASE)
_LONGEST_TAG = 40
_MOST_TAGS = 10_000
_LEAST_COMMENT = len("!----")
_known_tags: dict[str, str] = {}  # what simple tags leave behind

# Control characters, soft hyphens, byte order marks, and what turns the direction of writing: none of it is
# read, and all of it can hide or disguise words. Joiners stay: Persian and emoji need them.
_UNREAD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)

# More digits than any character has; Python refuses to read thousands of them as a number.
_ABSURD_REFERENCE = re.compile(r"&#x?[0-9a-f]{9,};?", re.IGNORECASE)


def html_to_text(markup: str) -> str:
    """
    The plain text of a piece of HTML: blocks on lines of their own, spaces folded, entities decoded once.

    Scripts, styles and comments are dropped; what merely looks like a tag ("a < b") stays.
    """
    if "<" not in markup:
        return _line(markup if "&" not in markup else _decoded(markup))
    # White space in HTML is only space; from here on a line feed means the end of a block.
    text = _without_tags(_folded(markup))
    if "&" in text:
        text = _decoded(text)
    if "\n" not in text:
        return _line(text)
    return "\n".join(filter(None, map(_line, text.split("\n"))))


def one_line(text: str, limit: int) -> str:
    """Plain text on one line of at most `limit` characters, cut between words with an ellipsis."""
    line = _folded(text)
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip() + "…"


def _without_tags(markup: str) -> str:
    """Markup with what stands in a text for each tag: quickly up to the first that is not simple."""
    first, *pieces = markup.split("<")
    text = [first]
    for number, piece in enumerate(pieces):
        tag, end, after = piece.partition(">")
        left = _known_tags.get(tag) if end else None
        if left is None:
            left = _left_by(tag) if end else None
            if left is None:
                rest = "<" + "<".join(pieces[number:])
                return "".join(text) + _MARKUP.sub(_replacement, rest)
        text.append(left)
        text.append(after)
    return "".join(text)


def _left_by(tag: str) -> str | None:
    """What a simple tag or comment leaves in a text; None for anything else."""
    if tag.startswith("!--"):
        return "" if tag.endswith("--") and len(tag) >= _LEAST_COMMENT else None
    found = _SIMPLE.fullmatch(tag)
    if not found or _UNREAD_ELEMENT.match(tag):
        return None
    left = _left_by_name(found["name"].lower())
    if len(tag) <= _LONGEST_TAG:
        if len(_known_tags) >= _MOST_TAGS:
            _known_tags.clear()
        _known_tags[tag] = left
    return left


def _left_by_name(name: str) -> str:
    if name in _BLOCKS:
        return "\n"
    return " " if name in _CELLS else ""


def _replacement(match: re.Match[str]) -> str:
    """What stands in a text for a piece of markup."""
    name, closed = match.group("name", "closed")
    if name is None:
        return "" if match[0].startswith("<!") else " "
    if closed is None:
        return match[0]  # no tag: another `<` came first
    return _left_by_name(name.lower())


def _decoded(text: str) -> str:
    """Character references decoded, once."""
    return html.unescape(_ABSURD_REFERENCE.sub("", text) if "&#" in text else text)


def _line(text: str) -> str:
    """The text folded, and without characters that are not read: none of these is printable."""
    if "  " not in text and text.isprintable():
        return text.strip(" ")
    return " ".join(_UNREAD.sub("", text).split())


def _folded(text: str) -> str:
    """The text with single spaces in place of white space, and none at its ends."""
    # Of all white space only the space is printable; most texts are folded already.
    return text.strip(" ") if "  " not in text and text.isprintable() else " ".join(text.split())
