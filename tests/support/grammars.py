"""
Receivers' grammars as small strict parsers: what a service would make of a body we send.

Each gives a `Seen`, or raises `RefusedError` where the service would refuse the body or read a piece of it as
something that our layout never writes. They are stricter than the services: an unescaped special character
anywhere but in the layout's own places is refused.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedError(ValueError):
    """The receiver's grammar does not allow this, or reads it as something else."""


@dataclass
class Seen:
    """What a receiver shows: its whole text, what is strong and quoted, and where links lead."""

    text: str = ""
    strong: list[str] = field(default_factory=list)
    quoted: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)  # (address, what is shown)


# --- what services make live by themselves -----------------------------------------------------------

_URL = r"[a-z0-9+.-]://[^\s\u2060]"
_BARE = r"[^\W_]\.[^\W\d_]{2}"
LIVE: Mapping[str, re.Pattern[str]] = {
    "address": re.compile(
        rf"{_URL}|(?<!\w)www\.\w|(?<!\w)(?:mailto|javascript|data):[^\s\u2060]", re.IGNORECASE
    ),
    "chat": re.compile(
        rf"{_URL}|{_BARE}|(?<!\w)(?:mailto|javascript|data|tel|tg):[^\s\u2060]|\w@[\w-]+\.\w"
        r"|@(?:everyone|here|channel|room|all)\b|(?<!\w)@\w{2,}",
        re.IGNORECASE,
    ),
    "telegram": re.compile(r"(?<!\w)#\w|(?<![\w$])\$[A-Za-z]{1,8}\b|(?<![\w/<>])/\w", re.IGNORECASE),
    "slack": re.compile(r":[\w+'-]+:", re.IGNORECASE),
    "discord": re.compile(r"<(?:@[!&]?\d|\#\d|a?:\w+:\d|t:-?\d|/[\w ]+:\d|id:)", re.IGNORECASE),
    "matrix": re.compile(r"[@#!+]\w[\w.-]*:\w", re.IGNORECASE),
}  # fmt: skip


def nothing_live(text: str, *services: str) -> None:
    """Refuse a text in which one of these services would find a link, mention, tag or command."""
    for service in services:
        if found := LIVE[service].search(text):
            raise RefusedError(f"{service} makes {found.group()!r} live in {text[:200]!r}")


# --- HTML: Telegram, Matrix, e-mail ------------------------------------------------------------------

_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>[a-z][a-z0-9-]*)(?P<attributes>(?: [a-z-]+=\"[^\"<>]*\")*)>"
    r"|&(?P<entity>lt|gt|amp|quot|#x?[0-9a-f]+);|(?P<text>[^<>&]+)"
)
_ATTRIBUTE = re.compile(r" ([a-z-]+)=\"([^\"]*)\"")
_STRONG = frozenset(("b", "strong", "mark"))
TELEGRAM_TAGS = {"b": (), "blockquote": (), "a": ("href",)}
MATRIX_TAGS = {"strong": (), "blockquote": (), "a": ("href",), "br": ()}
MAIL_TAGS = {
    "html": (), "head": (), "meta": ("charset",), "body": ("style",), "div": ("dir", "style"), "br": (),
    "strong": ("style",), "mark": ("style",), "blockquote": ("style",), "a": ("href", "rel"),
}  # fmt: skip


def markup(source: str, tags: Mapping[str, tuple[str, ...]]) -> Seen:  # noqa: C901 - a grammar in one place
    """Read HTML in which only these tags and attributes may stand, each one closed in its turn."""
    seen = Seen()
    stack: list[tuple[str, str]] = []
    at = 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            raise RefusedError(f"not HTML at {source[at : at + 40]!r}")
        at = token.end()
        if token["text"] or token["entity"]:
            _shown(seen, stack, html.unescape(token.group()))
            continue
        tag, given = token["tag"], dict(_ATTRIBUTE.findall(token["attributes"]))
        if tag not in tags or not set(given) <= set(tags[tag]):
            raise RefusedError(f"a tag of strangers: {token.group()!r}")
        if tag in ("br", "meta"):
            _shown(seen, stack, "\n" if tag == "br" else "")
        elif token["close"]:
            if not stack or stack[-1][0] != tag:
                raise RefusedError(f"</{tag}> closes nothing")
            stack.pop()
        else:
            stack.append((tag, html.unescape(given.get("href", ""))))
            if tag in _STRONG:
                seen.strong.append("")
            if tag == "a":
                seen.links.append((stack[-1][1], ""))
    if stack:
        raise RefusedError(f"<{stack[-1][0]}> is left open")
    return seen


def _shown(seen: Seen, stack: list[tuple[str, str]], text: str) -> None:
    seen.text += text
    names = [name for name, _ in stack]
    if _STRONG & set(names):
        seen.strong[-1] += text
    if "blockquote" in names:
        seen.quoted += text
    if "a" in names:
        address, label = seen.links.pop()
        seen.links.append((address, label + text))


def unlinked_text(seen: Seen) -> str:
    """The text without what stands in links."""
    text = seen.text
    for _, label in seen.links:
        text = text.replace(label, "", 1) if label else text
    return text


def telegram(source: str) -> Seen:
    """What Telegram shows of a text in its HTML; tags, commands and addresses in it are refused."""
    if any(unicodedata.category(char) == "Cs" for char in source):
        raise RefusedError("a lone surrogate")
    seen = markup(source, TELEGRAM_TAGS)
    nothing_live(unlinked_text(seen), "chat", "telegram")
    return seen


def matrix(source: str) -> Seen:
    """What Matrix clients show of a formatted body."""
    seen = markup(source.replace("<br>\n", "<br>"), MATRIX_TAGS)
    nothing_live(unlinked_text(seen), "chat", "matrix")
    return seen


def mail(source: str) -> Seen:
    """What a mail program shows of our page."""
    start = "<!DOCTYPE html>\n"
    if not source.startswith(start):
        raise RefusedError("no page")
    seen = markup(source.removeprefix(start).replace("<br>\n", "<br>"), MAIL_TAGS)
    nothing_live(unlinked_text(seen), "address")
    return seen


# --- Slack -------------------------------------------------------------------------------------------

_SLACK = re.compile(
    r"<(?P<address>https?://[^<>|\s]+)\|(?P<label>[^<>|]+)>|&(?P<entity>amp|lt|gt);|(?P<text>[^<>&])"
)
_EMPHASIS = re.compile(r"(?<![^\W_])([*_~])(?=\S)(.*?)(?<=\S)\1(?![^\W_])")


def slack(source: str) -> Seen:
    """What Slack shows of mrkdwn: only bold and quotes are read; any other emphasis is refused."""
    seen = Seen()
    for line in source.split("\n"):
        quoted = line.startswith(">")
        shown = _slack_line(line[1:] if quoted else line, seen)
        for run in _EMPHASIS.finditer(shown):
            if run[1] != "*":
                raise RefusedError(f"emphasis of strangers: {run.group()!r}")
            seen.strong.append(run[2])
        shown = _EMPHASIS.sub(r"\2", shown)
        if quoted:
            seen.quoted += shown + "\n"
        nothing_live(shown.replace(seen.links[-1][1], "") if seen.links else shown, "chat", "slack")
        seen.text += shown + "\n"
    return seen


def _slack_line(line: str, seen: Seen) -> str:
    if re.match(r"&gt;", line) or "`" in line:
        raise RefusedError(f"a quote or code of strangers: {line[:40]!r}")
    shown, at = "", 0
    while at < len(line):
        token = _SLACK.match(line, at)
        if token is None:
            raise RefusedError(f"not mrkdwn at {line[at : at + 40]!r}")
        at = token.end()
        if token["address"]:
            seen.links.append((html.unescape(token["address"]), html.unescape(token["label"])))
            shown += seen.links[-1][1]
        else:
            shown += html.unescape(token.group())
    return shown


# --- Discord -----------------------------------------------------------------------------------------

_DISCORD = re.compile(
    r"\\(?P<literal>[^A-Za-z0-9\s])|(?P<bold>\*\*)|<(?P<address>https?://[^<>\s]+)>|(?P<text>[^\\*_~`|>#\[\]()<])"
)


def discord(source: str) -> Seen:  # noqa: C901 - a grammar in one place
    """What Discord shows: only bold, quotes and bracketed addresses are read; the rest must be escaped."""
    nothing_live(source, "discord")
    seen, bold = Seen(), False
    for line in source.split("\n"):
        quoted = line.startswith("> ")
        rest = line[2:] if quoted else line
        if re.match(r"\s*(?:[-+]\s|\d+\.\s|-#)", rest):
            raise RefusedError(f"a list of strangers: {rest[:40]!r}")
        shown, at = "", 0
        while at < len(rest):
            token = _DISCORD.match(rest, at)
            if token is None:
                raise RefusedError(f"live Markdown at {rest[at : at + 40]!r}")
            at = token.end()
            if token["bold"]:
                bold = not bold
                if bold:
                    seen.strong.append("")
            elif token["address"]:
                seen.links.append((token["address"], token["address"]))
            else:
                char = token["literal"] or token["text"]
                shown += char
                if bold:
                    seen.strong[-1] += char
        if bold:
            raise RefusedError("bold is left open")
        nothing_live(shown, "chat")
        if re.search(r"(?<!\\):\w+:", rest):
            raise RefusedError(f"an emoji of strangers: {rest[:60]!r}")
        seen.quoted += shown + "\n" if quoted else ""
        seen.text += shown + "\n"
    return seen


# --- Google Chat, Rocket.Chat, WhatsApp, Teams --------------------------------------------------------

_STARRED = re.compile(r"(?<![^\W_])(\*\*|[*_~])(?=\S)(.*?)(?<=\S)\1(?![^\W_])")
_OWN_LINK = {
    "gchat": re.compile(r"<(https?://[^<>|\s]+)\|([^<>|]+)>"),
    "teams": re.compile(r"\[()([^\[\]]+)\]\((https?://[^()\s]+)\)"),
    "rocket": re.compile(r"^\s*(https?://\S+)()$"),
    "whatsapp": re.compile(r"^\s*(https?://\S+)()$"),
}


def starred(source: str, service: str) -> Seen:
    """What services without escapes show: bold and our own link are read, the rest is refused."""
    seen = Seen()
    for line in source.split("\n"):
        for found in _OWN_LINK[service].finditer(line):
            address = found[1] or found[3].replace("%28", "(").replace("%29", ")")
            seen.links.append((address, found[2] or address))
        shown = _OWN_LINK[service].sub("", line)
        if re.match(r"\s*(?:[#>+=|-]|\d+[.)])", shown) or "`" in shown:
            raise RefusedError(f"a block of strangers: {shown[:60]!r}")
        if re.search(r"\]\(|<(?:at>|users/|https?://)", shown):
            raise RefusedError(f"a link or mention of strangers: {shown[:60]!r}")
        for run in _STARRED.finditer(shown):
            if run[1] not in ("*", "**"):
                raise RefusedError(f"emphasis of strangers: {run.group()!r}")
            seen.strong.append(run[2])
        shown = _STARRED.sub(r"\2", shown)
        nothing_live(shown, "chat", "slack")
        seen.text += shown + "\n"
    return seen


# --- what two texts have in common -------------------------------------------------------------------


_BLANK = "\n\t\r\x0b\x0c\x85"


@lru_cache(maxsize=2048)  # the same texts come through every renderer
def normal(text: str) -> str:
    """A text as people read it: compatible forms alike, nothing invisible, one blank between words."""
    kept = []
    seen = [c for c in text if c in _BLANK or unicodedata.category(c) not in ("Cc", "Cs", "Cf")]
    seen = [c for c in seen if not "\U000e0000" <= c <= "\U000e007f"]
    for char in unicodedata.normalize("NFC", "".join(seen)):
        category = unicodedata.category(char)
        if char in _BLANK or category in ("Zs", "Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Mn", "Me"):
            kept.append(char)
    return " ".join(unicodedata.normalize("NFKC", "".join(kept)).split())


def says(shown: str, told: str) -> bool:
    """Whether what is shown is what was told, whole or cut with an ellipsis."""
    whole, seen = normal(told), normal(shown)
    if seen == whole:
        return True
    shorter = shown.strip()
    for end in ("…", "..."):
        if shorter.endswith(end):
            start = normal(shorter.removesuffix(end))
            return whole.startswith(start[: max(len(start) - 2, 0)])
    return False
