"""A notification as one short message to a telephone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.renderers import kinds, markups
from monitor.alerts.renderers.layout import LEAST_TITLE
from monitor.alerts.renderers.words import REPEAT
from monitor.alerts.safe import host_of

if TYPE_CHECKING:
    from monitor.alerts.renderers.words import Words


def sms(words: Words, most: int, *, listed: str = "") -> str:
    """
    Headline and link in one message; a link that is too long gives way to its host.

    `listed` stands in the link's place where there is none, as for a digest.
    """

    def fits(text: str) -> bool:
        return markups.sms_units(text) <= kinds.LIMITS["sms"] and len(text) <= most

    title = markups.sms_text(words.title)
    least = min(LEAST_TITLE, len(title))
    for tail in _tails(words, listed):
        for number in range(len(title), least - 1, -1):
            text = f"{markups.sms_cut(title, number)}\n{tail}".rstrip("\n")
            if fits(text):
                return text
    return next((text for n in range(least, 0, -1) if fits(text := markups.sms_cut(title, n))), title[:most])


def _tails(words: Words, listed: str) -> list[str]:
    """What may stand below the headline, the best first."""
    ends = [end for end in (words.link, host_of(words.link), listed) if end]
    marked = [f"{end}\n{REPEAT}" for end in ends] if words.repeat else []
    return [*marked, *ends, ""]
