"""
Feed text made harmless: what every rendering puts its text through. Pure.

Feed publishers are hostile until shown otherwise. Three things are kept from them: to steer a
terminal or a header (control characters, bidirectional overrides, newlines), to ring everybody in a
chat room (`@everyone`, `<!channel>`), and to show one address while linking to another.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit, urlunsplit

LONGEST_TITLE = 300
_LONGEST_LINK = 2048
_LONGEST_TEXT = 20_000
_MOST_MARKS = 8  # combining marks in a row; no living script needs more than four

# Invisible characters that reorder or hide text. U+200C and U+200D stay: Persian and emoji need them.
_INVISIBLE = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
)
_BREAKS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")

# An invisible character that no chat service allows inside a mention, a command or a masked link.
_JOINER = "\u2060"
_CALLS = re.compile(
    r"""
      (?<![^\W_])@(?=\w)                                # @user
    | @(?=everyone\b|here\b|room\b|channel\b|all\b)     # also straight after a word: foo@everyone
    | <(?=[@!\#:&]|[at]:|id:|/[\w ]+:)                  # <@id> <!channel> <#id> <:emoji:> </cmd:id>
    | <(?=/?at\b|users/)                           # Teams' <at>name</at>, Google Chat's <users/id>
    | \](?=\()                                          # [bank.example](https://evil.example)
    | (?<![\w/:.<])/(?=[A-Za-z])                        # /command
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Where a text begins to be an address: services and mail programs make links of such places by themselves.
_ADDRESS = re.compile(
    r":(?=//)"
    r"|(?<![^\W_])(?:mailto|javascript|vbscript|data|tel|sms|callto|tg|xmpp|magnet|matrix|geo|file|news|skype):"
    r"(?=\S)|(?<![^\W_])www\d?\.(?=\w)",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_]{2})")
# The last one is a room of Matrix, also straight after a word: foo#room:server.
_TAG = re.compile(r"(?<![^\W_])[#$](?=\w)|(?<![\w/<>])/(?=\w)|(?<=\w)@(?=\w)|[#!+](?=\w[\w.-]*:\w)")
_ROOM_CALL = re.compile(r"@(?=everyone\b|here\b|room\b|channel\b|all\b)", re.IGNORECASE)


def clean(text: str) -> str:
    """Keep what people can see: no control, bidi or hidden characters; any line break becomes a newline."""
    if text.isascii() and text.isprintable():
        return text[:_LONGEST_TEXT]
    kept: list[str] = []
    marks = 0
    for char in text[:_LONGEST_TEXT].replace("\r\n", "\n"):
        if char in _BREAKS:
            kept.append("\n")
            marks = 0
            continue
        category = unicodedata.category(char)
        if char == "\t":
            kept.append(" ")
            continue
        if char in _INVISIBLE or category in ("Cc", "Cs") or "\U000e0000" <= char <= "\U000e007f":
            continue
        marks = marks + 1 if category in ("Mn", "Me", "Cf") else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    # Only now: sorting an endless run of combining marks takes quadratic time.
    return unicodedata.normalize("NFC", "".join(kept))


def one_line(text: str, limit: int = LONGEST_TITLE) -> str:
    """Give clean text on one line, at most `limit` characters long."""
    return cut(" ".join(clean(text).split()), limit)


def lines(text: str) -> str:
    """Give clean text that keeps its lines, with at most one empty line in a row."""
    rows = [" ".join(row.split()) for row in clean(text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip("\n")


def cut(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, ending in an ellipsis where something was cut."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    return text[: limit - 1].rstrip() + "…"


def quiet(text: str) -> str:
    """
    Break mentions, commands and masked links with an invisible character, so that nobody is rung.

    The text looks the same; only receivers that scan for `@everyone` and its like no longer find it.
    """
    return _CALLS.sub(lambda found: found.group() + _JOINER, text)


def unlinked(text: str) -> str:
    """Break what is written as an address (`https://`, `www.`, `mailto:`) in the same invisible way."""
    return _ADDRESS.sub(lambda found: found.group() + _JOINER, text)


def inert(text: str) -> str:
    """
    Break everything that a chat service makes live by itself: calls, commands, tags, addresses, bare domains.

    For services that turn `evil.example` or `#tag` into a link without being asked.
    """
    broken = unlinked(quiet(text))
    for live in (_DOMAIN, _TAG):
        broken = live.sub(lambda found: found.group() + _JOINER, broken)
    return broken


def host_of(link: str) -> str:
    """Give the host of a `safe_link`, for showing where it leads."""
    return urlsplit(link).hostname or ""


def safe_link(url: str) -> str:
    """
    Give an address that may be shown and followed, or "" if there is none.

    Only http and https; a user name or password is dropped (it hides the true host); a host outside
    ASCII is shown in its xn-- form, so that look-alike letters are seen; anything over 2,048
    characters is no link.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        return ""
    place = f"[{host}]" if ":" in host else host
    if port is not None:
        place = f"{place}:{port}"
    path, query, fragment = (_escape(part) for part in (parts.path, parts.query, parts.fragment))
    link = urlunsplit((parts.scheme.lower(), place, path, query, fragment))
    return link if len(link) <= _LONGEST_LINK else ""


def _escape(part: str) -> str:
    """Percent-encode what does not belong into an address, and the @ of a call to a whole room."""
    try:
        escaped = quote(part, safe="%/:=&?~#+!$,;'@()*[]")
    except UnicodeEncodeError:
        escaped = quote(part.encode("utf-8", "replace"), safe="%/:=&?~#+!$,;'@()*[]")
    return _ROOM_CALL.sub("%40", escaped)
