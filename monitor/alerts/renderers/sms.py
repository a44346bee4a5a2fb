"""A notification as one short message to a telephone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.renderers import kinds, markups
from monitor.alerts.renderers.layout import LEAST_TITLE
from monitor.alerts.safe import host_of

if TYPE_CHECKING:
    from monitor.alerts.renderers.words import Words


def sms(words: Words, most: int) -> str:
    """Headline and link in one message; a link that is too long gives way to its host."""

    def fits(text: str) -> bool:
        return markups.sms_units(text) <= kinds.LIMITS["sms"] and len(text) <= most

    title = markups.sms_text(words.title)
    for tail in filter(None, (words.link, host_of(words.link), "")):
        for number in range(len(title), min(LEAST_TITLE, len(title)) - 1, -1):
            text = f"{markups.sms_cut(title, number)}\n{tail}"
            if fits(text):
                return text
    return next(
        (text for n in range(len(title), 0, -1) if fits(text := markups.sms_cut(title, n))), title[:most]
    )
