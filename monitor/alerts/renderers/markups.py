"""
How Telegram, Slack, Discord, Matrix, mail programs, telephones and unknown services write. Pure.

Each `text` makes a feed's words literal in that service's own grammar. Where a grammar has no escape, an
invisible U+2060 stands in the middle of what would become live, or (Slack's emphasis) the full-width form of
the same character, which is equal to it under NFKC.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

from monitor.alerts.renderers.layout import Markup
from monitor.alerts.safe import host_of, inert, quiet, unlinked

_JOINER = "\u2060"
_BOUNDARY = "\u200b"  # lets Slack begin or end bold inside a word


def utf16(text: str) -> int:
    """Count as Telegram and Discord do."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _joined(found: re.Match[str]) -> str:
    return found.group() + _JOINER


def _apart(text: str) -> tuple[str, str, str]:
    """The blanks before, the core, the blanks after: emphasis must not begin or end in a blank."""
    core = text.strip()
    start = text.index(core) if core else len(text)
    return text[:start], core, text[start + len(core) :]


# --- Telegram and Matrix: HTML -----------------------------------------------------------------------


def escape(text: str) -> str:
    """Make text literal in HTML, in an attribute too."""
    return html.escape(text, quote=True)


def _html_text(text: str) -> str:
    return html.escape(text, quote=False)


def _html_lines(text: str) -> str:
    return _html_text(text).replace("\n", "<br>\n")


def _html_link(link: str) -> str:
    return f'<a href="{escape(link)}">{escape(host_of(link))}</a>'


def _tagged(name: str, text: str) -> str:
    before, core, after = _apart(text)
    return f"{before}<{name}>{core}</{name}>{after}" if core else text


TELEGRAM = Markup(
    still=inert,
    escape=_html_text,
    strong=lambda text: _tagged("b", text),
    hit=lambda text, _: _tagged("b", text),
    quote=lambda text: f"<blockquote>{text}</blockquote>",
    link=_html_link,
    address=escape,
    size=utf16,
    kind="telegram",
)
_MATRIX_ID = re.compile(r"[!+](?=\w)")


def json_size(text: str) -> int:
    """Count the bytes of the text as JSON carries it."""
    return len(json.dumps(text)) - 2


def matrix_still(text: str) -> str:
    """Break what Matrix clients make live: rooms and groups as well."""
    return _MATRIX_ID.sub(_joined, inert(text))


MATRIX = Markup(
    still=matrix_still,
    escape=_html_lines,
    strong=lambda text: _tagged("strong", text),
    hit=lambda text, _: _tagged("strong", text),
    quote=lambda text: f"<blockquote>{text}</blockquote>",
    link=_html_link,
    address=escape,
    size=json_size,
    line="<br>\n",
    gap="<br>\n",
    indent="",
    kind="matrix",
)
MATRIX_PLAIN = Markup(still=matrix_still, size=json_size)

# --- Slack: mrkdwn -----------------------------------------------------------------------------------

_WIDE = {"*": "\uff0a", "_": "\uff3f", "~": "\uff5e", "`": "\uff40"}
# Emphasis begins and ends at a word's edge; a mark between two letters is none. A backtick always is.
_EMPHASIS = re.compile(r"(?<![^\W_])[*_~]|[*_~](?![^\W_])|`")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_LINE_START = re.compile(r"^(?=[>&])", re.MULTILINE)


def _emoji_still(text: str) -> str:
    return _EMOJI.sub(_joined, inert(text))


def _slack_escape(text: str) -> str:
    literal = _EMPHASIS.sub(lambda found: _WIDE[found.group()], text)
    return html.escape(_LINE_START.sub(_JOINER, literal), quote=False)


def _slack_bold(text: str, beside: bool = False) -> str:
    before, core, after = _apart(text)
    edge = _BOUNDARY if beside else ""
    return f"{before}{edge}*{core}*{edge}{after}" if core else text


SLACK = Markup(
    still=_emoji_still,
    escape=_slack_escape,
    strong=_slack_bold,
    hit=_slack_bold,
    quote=lambda text: ">" + text.replace("\n", "\n>"),
    link=lambda link: f"<{html.escape(link, quote=False)}|{host_of(link)}>",
    address=lambda link: html.escape(link, quote=False),
    kind="slack",
)

# --- Discord: its own Markdown -----------------------------------------------------------------------

_DISCORD_MARKS = re.compile(r"[\\*_~`|>#\[\]()<]")
_DISCORD_LISTS = re.compile(r"^(\s*)(?:([-+])|(\d{1,9})\.)(?=\s|\Z)", re.MULTILINE)


def _discord_escape(text: str) -> str:
    live = _DISCORD_MARKS.sub(lambda found: "\\" + found.group(), text)
    return _DISCORD_LISTS.sub(
        lambda found: f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\.", live
    )


def _discord_bold(text: str, _: bool = False) -> str:
    before, core, after = _apart(text)
    return f"{before}**{core}**{after}" if core else text


DISCORD = Markup(
    still=_emoji_still,
    escape=_discord_escape,
    strong=_discord_bold,
    hit=_discord_bold,
    quote=lambda text: "> " + text.replace("\n", "\n> "),
    link=lambda link: f"<{link}>",  # the brackets keep Discord from fetching and showing the page
    size=utf16,
    kind="discord",
)

MATTERMOST = replace(DISCORD, kind="mattermost")  # Markdown with the same escapes

WEBEX = replace(DISCORD, line="  \n", kind="webex")  # the same, where a line break needs two blanks

# --- Google Chat, Rocket.Chat, WhatsApp, Teams: Markdown of a kind, without escapes -------------------

_BLOCK_START = re.compile(r"^(?=\s*(?:[#>+=|-]|\d+[.)]))", re.MULTILINE)


def _wide_escape(text: str) -> str:
    literal = _EMPHASIS.sub(lambda found: _WIDE[found.group()], text)
    return _BLOCK_START.sub(_JOINER, literal)


def _unbracketed(link: str) -> str:
    return link.replace("(", "%28").replace(")", "%29")


def _round_link(link: str) -> str:
    return f"[{host_of(link)}]({_unbracketed(link)})"


ROCKET = Markup(still=_emoji_still, escape=_wide_escape, strong=_slack_bold, hit=_slack_bold, kind="rocket")
WHATSAPP = replace(ROCKET, kind="whatsapp")
GCHAT = replace(ROCKET, link=lambda link: f"<{link}|{host_of(link)}>", kind="gchat")
TEAMS = replace(
    ROCKET,
    strong=_discord_bold,
    hit=_discord_bold,
    link=_round_link,
    address=_unbracketed,
    line="\n\n",
    indent="",
    kind="teams",
)

# --- no markup ---------------------------------------------------------------------------------------

AS_IT_IS = Markup(still=str)  # for what is made literal later
PLAIN = Markup(still=inert)
# Programs that people wrote themselves: they get the text as it is, but for what rings a room.
POSTED = Markup(still=quiet)


def ntfy_size(text: str) -> int:
    """
    Count for ntfy: UTF-8 bytes, or half of what JSON makes of them, whichever is more.

    Over 4,096 bytes ntfy makes an attachment of a message, and Apprise does so over 8,000 of JSON.
    """
    return max(len(text.encode("utf-8", "replace")), (json_size(text) + 1) // 2)


NTFY = Markup(still=inert, size=ntfy_size)
PUSH = Markup(still=inert)

# --- e-mail ------------------------------------------------------------------------------------------

MAIL_TEXT = Markup(still=unlinked)


def own_words(text: str) -> str:
    """Plain text as HTML, lines and all."""
    return escape(text).replace("\n", "<br>\n")


_LONGEST_SHOWN = 100


def _mail_link(link: str) -> str:
    shown = link if len(link) <= _LONGEST_SHOWN else link[: _LONGEST_SHOWN - 1] + "…"
    return f'<a href="{escape(link)}" rel="noreferrer nofollow">{escape(shown)}</a>'


_BLOCK = '<div dir="auto" style="margin:0 0 1em">'
MAIL_HTML = Markup(
    still=unlinked,
    escape=own_words,
    strong=lambda text: f'<strong style="font-size:1.15em">{text}</strong>',
    hit=lambda text, _: f'<mark style="background:#ffef9e;color:inherit">{text}</mark>',
    quote=lambda text: (
        f'<blockquote style="margin:0;padding-left:.8em;border-left:3px solid #ccc">{text}</blockquote>'
    ),
    link=_mail_link,
    address=_mail_link,  # a template's own words are plain text here, so no tag can stand around it
    line="<br>\n",
    gap=f"</div>\n{_BLOCK}",
    indent="",
)
_PAGE = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n'
    '<body style="font-family:sans-serif;font-size:15px;line-height:1.45;max-width:42em">\n'
    "{}{}</div>\n</body></html>\n"
)


def mail_page(body: str) -> str:
    """Put a composed body into a whole page: no script, no picture, nothing that is fetched."""
    return _PAGE.format(_BLOCK, body.replace("\ufeff", ""))


# --- SMS ---------------------------------------------------------------------------------------------

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")
SMS_UNITS = 160  # one message in the telephones' own alphabet, or two in UTF-16 (2 x 67)
_SMS_WIDE = 134
# What telephones write otherwise and would cost the alphabet.
_SMS_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u00a0": " ",
        "\u202f": " ",
    }
)


def sms_text(text: str) -> str:
    """Write in letters that all telephones have, where that changes nothing but quotes and dashes."""
    return unlinked(text).translate(_SMS_PLAIN)


def sms_cut(text: str, length: int) -> str:
    """Shorten with full stops, since the ellipsis is not in the telephones' alphabet."""
    return text if len(text) <= length else text[: max(length - 3, 0)].rstrip() + "..."


def sms_units(text: str) -> int:
    """Count as SMS does: at most 160 fit what `SMS_UNITS` says."""
    if all(char in _GSM or char in _GSM_TWICE for char in text):
        return sum(2 if char in _GSM_TWICE else 1 for char in text)
    return -(-utf16(text) * SMS_UNITS // _SMS_WIDE)
