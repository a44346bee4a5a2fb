"""A user's wording put to use: title and body templates filled for one notification. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.alerts.renderers import markups
from monitor.alerts.renderers.layout import Markup, excerpt_of, excerpt_within
from monitor.alerts.renderers.rendered import DEFAULT_LIMIT, Layout
from monitor.alerts.renderers.templates import check_template, fill
from monitor.alerts.renderers.words import LATE, REPEAT
from monitor.alerts.safe import LONGEST_TITLE, cut, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.alerts.renderers.words import Words
    from monitor.model import Outgoing

_LEAST_ROOM = 60
OUR_WORDING = ("digest", CONFIDENTIAL)  # a template has words for one alert that shows what it is


def titled(outgoing: Outgoing, layout: Layout, words: Words) -> Words:
    """Take the user's title in place of ours, where there is a sound one."""
    template = layout.title_template
    if not template or outgoing.message.kind in OUR_WORDING or check_template(template):
        return words
    values = _values(outgoing, words, markups.AS_IT_IS, DEFAULT_LIMIT)
    title = " ".join(fill(template, values).split())
    return replace(words, label="", headline=cut(title, LONGEST_TITLE)) if title else words


def templated(
    outgoing: Outgoing,
    layout: Layout,
    words: Words,
    markup: Markup,
    limit: int,
    *,
    literal: Callable[[str], str] = str,
) -> str | None:
    """Fill the user's body; None if it is faulty or too long, so that the alert goes out all the same."""
    template = layout.body_template or ""
    if outgoing.message.kind in OUR_WORDING or check_template(template, markup.kind):
        return None
    told = (*words.notes, LATE if outgoing.message.late else "", REPEAT if words.repeat else "")
    marks = [markup.text(text) for text in told if text]
    room = DEFAULT_LIMIT
    for _ in range(2):  # once in full, once with an excerpt that is shorter by what was too much
        values = _values(outgoing, words, markup, room)
        made = fill(template, values, literal).strip()
        body = markup.lines((made, *marks))
        over = markup.size(body) - limit
        if over <= 0:
            return body
        room = markup.size(values["excerpt"]) - over
        if room < _LEAST_ROOM:
            return None
    return None


def _values(outgoing: Outgoing, words: Words, markup: Markup, room: int) -> dict[str, str]:
    """Give what a template's fields stand for, as literal text of the markup."""
    message = outgoing.message
    bare = replace(markup, quote=str)
    excerpt = excerpt_of(words.pieces, bare)
    if markup.size(excerpt) > room:
        excerpt = excerpt_within(words.pieces, bare, room)
    text = markup.text
    return {
        "title": text(words.headline),
        "link": markup.address(words.link),
        "outlet": text(words.outlet),
        "time": text(words.time),
        "excerpt": excerpt,
        "rule": text(", ".join(one_line(rule) for rule in message.rules)),
        "severity": message.severity.label,
        "why": text(words.why.removeprefix("Why: ")),
        "also": text(words.also),
        "id": outgoing.message_id,
    }
