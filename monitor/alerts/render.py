"""
A notification as a receiver sees it: `render` writes it in the way of one kind of channel. Pure.

Every word that came from a feed goes through `safe` first and is literal in what comes out; only our layout,
or the user's template, places markup, links and marks. It is cut here, because services cut badly or refuse
what is too long. The link outlives everything else when room is short.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.alerts.digest import LISTED
from monitor.alerts.renderers import kinds, markups
from monitor.alerts.renderers.card import Card, render_card
from monitor.alerts.renderers.layout import (
    LEAST_TITLE,
    Markup,
    body_of,
    compose,
    digest_body,
    fitting,
    short,
)
from monitor.alerts.renderers.mails import email
from monitor.alerts.renderers.objects import render_json
from monitor.alerts.renderers.rendered import Layout, Mail, Rendered
from monitor.alerts.renderers.sms import sms
from monitor.alerts.renderers.templates import FIELDS, check_template
from monitor.alerts.renderers.wording import templated, titled
from monitor.alerts.renderers.words import LATE, REPEAT, words_of
from monitor.alerts.safe import LONGEST_TITLE

if TYPE_CHECKING:
    from monitor.alerts.renderers.words import Words
    from monitor.model import Outgoing

__all__ = [
    "FIELDS", "LATE", "REPEAT", "Card", "Layout", "Mail", "Rendered",
    "check_template", "render", "render_card", "render_json",
]  # fmt: skip

_DEFAULT = Layout()
_INSIDE: dict[str, tuple[Markup, str]] = {  # the headline stands inside: markup, and what Apprise calls it
    "telegram": (markups.TELEGRAM, "html"),
    "slack": (markups.SLACK, "markdown"),
    "discord": (markups.DISCORD, "text"),
    "matrix": (markups.MATRIX, "html"),
    "mattermost": (markups.MATTERMOST, "text"),
    "webex": (markups.WEBEX, "markdown"),
    "gchat": (markups.GCHAT, "markdown"),
    "rocket": (markups.ROCKET, "markdown"),
    "whatsapp": (markups.WHATSAPP, "markdown"),
    "teams": (markups.TEAMS, "markdown"),
}
_BESIDE = {  # title and body are two things
    "ntfy": markups.NTFY,
    "gotify": markups.PUSH,
    "pushover": markups.PUSH,
    "posted": markups.POSTED,
    "plain": markups.PLAIN,
}


def render(outgoing: Outgoing, layout: Layout = _DEFAULT, kind: str = "plain") -> Rendered:
    """Write one notification for a kind of channel (`kinds.kind_of`). The body is never empty."""
    words = words_of(outgoing, layout.zone)
    severity = outgoing.message.severity
    if kind == "email":
        return email(outgoing, layout, words)
    if kind == "sms":
        listed = {"digest": LISTED, CONFIDENTIAL: _show(outgoing)}.get(outgoing.message.kind, "")
        return Rendered(kind, "", sms(words, layout.limit, listed=listed))
    marker, fields = kinds.json_fields(kind, severity, words.link, layout.given)
    headers = kinds.http_headers(kind, severity, words.link, layout.given)
    set_on = kinds.settings(kind, severity, words.link, layout.given)
    limit = min(layout.limit, kinds.LIMITS.get(kind, layout.limit))
    if kind in _INSIDE:
        markup, form = _INSIDE[kind]
        body = _inside(outgoing, layout, words, markup, limit)
        if kind == "matrix":  # for clients that show no HTML; Apprise's own would be made of our tags
            plain = _inside(outgoing, replace(layout, body_template=None), words, markups.MATRIX_PLAIN, limit)
            fields = {**fields, "body": plain}
        if kind == "slack" and not layout.given & {"blocks", "template"}:
            # Apprise puts it into an attachment, which telephones announce as "no preview available".
            fields = {**fields, "text": body, "mrkdwn": True, "attachments": []}
        return Rendered(kind, "", body, form, marker, fields, headers, set_on)
    title, body = _beside(outgoing, replace(layout, limit=limit), words, kind)
    return Rendered(kind, title, body, "text", marker, fields, headers, set_on)


def _show(outgoing: Outgoing) -> str:
    """Which command tells more of a notice without content, where there is no room for its lines."""
    numbers = outgoing.message.alerts
    return f"tocsin alerts show {numbers[0]} --reveal" if len(numbers) == 1 else LISTED


# --- headline inside ---------------------------------------------------------------------------------


def _inside(outgoing: Outgoing, layout: Layout, words: Words, markup: Markup, limit: int) -> str:
    """One text that holds all: for chats. Without tags where the receiver refused what it was sent."""
    if outgoing.plain:
        markup = replace(markup, strong=str, link=markup.address)
    if outgoing.message.kind == "digest":  # a user's template has words for one alert, not for many
        head = markup.strong(markup.text(words.title))
        note = REPEAT if words.repeat else ""
        body = digest_body(
            outgoing.message, markup, limit, zone=layout.zone, head=head, note=note, plain=outgoing.plain
        )
        return body or short(words, markup, limit)
    if outgoing.plain:
        return short(words, markup, limit)
    named = titled(outgoing, layout, words)
    if layout.body_template:
        head = markup.strong(markup.text(named.title)) + markup.line if layout.title_template else ""
        made = templated(outgoing, layout, words, markup, limit - markup.size(head))
        if made:
            return head + made
    return compose(named, markup, limit)


# --- title and body ----------------------------------------------------------------------------------


def _beside(outgoing: Outgoing, layout: Layout, words: Words, kind: str) -> tuple[str, str]:
    """Title and body apart: for what shows a notification, and for services we do not know."""
    markup = _BESIDE[kind]
    longest = min(layout.title_limit, kinds.TITLE_LIMITS.get(kind, LONGEST_TITLE), LONGEST_TITLE)
    title = fitting(titled(outgoing, layout, words).title, longest, markup.text, len)
    shown = markup.text(title)
    # The title counts where it may be put into the body, which Apprise does for services without titles.
    room = layout.limit - (len(shown) + 1 if kind in ("plain", "posted") else 0)
    if outgoing.message.kind == "digest":
        note = REPEAT if words.repeat else ""
        body = digest_body(outgoing.message, markup, room, zone=layout.zone, note=note, plain=outgoing.plain)
        return (shown, body) if body else ("", markup.text(fitting(title, layout.limit, markup.text, len)))
    if not outgoing.plain:
        if layout.body_template:
            made = templated(outgoing, layout, words, markup, room)
            if made is not None:
                return shown, made or shown
        made = body_of(words, markup, room)
        if made is not None:
            return shown, made or shown
    return _bare(replace(words, label="", headline=title), markup, layout.limit, longest)


def _bare(words: Words, markup: Markup, limit: int, longest: int) -> tuple[str, str]:
    """Title and link alone, as after a receiver refused the content."""
    repeat = markup.text(REPEAT) if words.repeat else ""
    for body in (markup.lines((words.link, repeat)), words.link):
        room = min(limit - 1 - markup.size(body), longest)
        title = fitting(words.title, room, markup.text, len)
        if body and len(title) >= min(LEAST_TITLE, len(words.title)):
            return markup.text(title), body
    return "", markup.text(fitting(words.title, limit, markup.text, markup.size))
