"""
What would have to be otherwise, in one sentence with the command to type: for each cause of a no. Pure.

A remedy never promises: it says what to look at, or to change, where this no was not wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.stages import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.stages import No


@dataclass(frozen=True, slots=True)
class Remedy:
    """A sentence, and a command line for it; "" = there is none to type."""

    text: str = ""
    command: str = ""


_TRY = 'tocsin match --stored 7d --query "…"'
FAR = Remedy("write a rule for its like, and try it on what is stored", _TRY)
_RETRY = "tocsin outbox retry {outbox}"
_SEE_LIST = "see what the feed lists now"
_SHOW_RULE = "tocsin rules show {rule}"
_FROM_NOW = "nothing for this one: it acts on what is seen from now on; try it on what is stored"
# Of a term that is not there, by what its part of the rule or the reason says; the first that fits.
_MISSING = (
    (
        "part",
        "@",
        "see which names the entity takes, and what its not_in and context ask",
        "tocsin entities list",
    ),
    ("why", "in the article, but ", "the rule would hold without that scope", _SHOW_RULE),
    ("why", " would take", "the rule would hold if it were written so; try it", _TRY),
    ("", "", "the rule would hold with another form (word~, word*) or an alternative; try one", _TRY),
)
_LOST = {  # what became of the report that an article repeats
    "dead": ("the report that it repeats never arrived: mend its channel, and send that", _RETRY),
    "dropped": ("nothing: somebody gave up the report that it repeats", ""),
}
_OVER = ("nothing: the silence is over, and what comes now rings", "tocsin silence list --all")


# Sentence and command; {names} are those of the facts of the no.
_REMEDIES: Mapping[Cause, tuple[str, str]] = {
    Cause.NO_FEED: ("find a feed of that site and add it", "tocsin feeds discover {url}"),
    Cause.FEED_REMOVED: ("put the feed back into the configuration", "tocsin feeds add URL --name {feed}"),
    Cause.FEED_DISABLED: ("switch the feed on", "tocsin feeds enable {feed}"),
    Cause.NOT_POLLED: ("let it be polled once", "tocsin feeds poll {feed}"),
    Cause.NOT_POLLED_SINCE: ("poll it now, if that cannot wait", "tocsin feeds poll {feed}"),
    Cause.FEED_GONE: ("give the feed its new address", "tocsin feeds show {feed}"),
    Cause.FEED_FAILING: ("see what its server answers", "tocsin fetch {feed}"),
    Cause.NOT_RUNNING: ("start Tocsin", "tocsin run"),
    Cause.GAP: (
        "nothing brings it back; with a shorter `every` the feed is read before it rolls over",
        "tocsin feeds show {feed}",
    ),
    Cause.WAS_FAILING: ("nothing brings it back; see how often the feed fails", "tocsin feeds show {feed}"),
    Cause.BEFORE_US: ("nothing: what was published before a feed was first read is never told", ""),
    Cause.NOT_LISTED: (_SEE_LIST, "tocsin fetch {feed}"),
    Cause.SOURCE: ("widen the rule's feeds, tags or lang to take it in", _SHOW_RULE),
    Cause.PAGE_WAITS: ("its page is asked for by itself; see how pages stand", "tocsin status"),
    Cause.NO_PAGE: ("see what there is to read at its address", "tocsin extract {url}"),
    Cause.ALTERNATIVES: (
        "the rule would hold with one more alternative; try one",
        _TRY,
    ),
    Cause.EXCLUDED: ("the rule would hold without that exclusion", _SHOW_RULE),
    Cause.APART: ("the rule would hold with a wider NEAR", _SHOW_RULE),
    Cause.TOO_FEW: ("the rule would hold with a lower count", _SHOW_RULE),
    Cause.FACT: ("the rule would hold without that condition", _SHOW_RULE),
    Cause.NO_RULES: ("write a rule, or switch one on", "tocsin rules list"),
    Cause.RULE_BROKEN: ("mend the rule", "tocsin check"),
    Cause.RULE_REMOVED: ("put the rule back, if it was wanted; those there are", "tocsin rules list"),
    Cause.RULE_DISABLED: ("set enabled = true in the rule", _SHOW_RULE),
    Cause.RULE_NOT_LOADED: ("start or reload Tocsin, so that it loads the rule", "tocsin run"),
    Cause.RULE_YOUNGER: (_FROM_NOW, "tocsin match --stored 7d --rule {rule}"),
    Cause.RULE_EDITED: (_FROM_NOW, "tocsin match --stored 7d --rule {rule}"),
    Cause.RULE_NOT_RELOADED: ("reload Tocsin, so that the file is in force", "systemctl reload tocsin"),
    Cause.OTHER_TEXT: ("nothing: the text that this feed showed is no longer kept", ""),
    Cause.EDIT: ("nothing: the rule holds for its text now, and did not when it was new", ""),
    Cause.CONFIG_CHANGED: (_FROM_NOW, "tocsin match --stored 7d --rule {rule}"),
    Cause.BASELINE: (
        'nothing for this one; with first_poll = "6h" what is younger than that rings at the first poll',
        "",
    ),
    Cause.NO_ROUTE: (
        "add a route that takes it; see where its like would go",
        "tocsin alerts route --rule {rule}",
    ),
    Cause.ALLOW_CHANNELS: ("name a channel of its routes in the rule's allow_channels", _SHOW_RULE),
    Cause.COMPARING: ("nothing: it is decided within half a minute", ""),
    Cause.DUPLICATE: ("see what was told of its story", "tocsin explain {of}"),
    Cause.ALREADY_TOLD: (
        "give the rule a higher severity, and it rings on stories that were told; see what was",
        "tocsin explain {of}",
    ),
    Cause.SILENCED: ("end the silence", "tocsin silence expire {silence}"),
    Cause.WEAK: ('it comes in that digest; set weak = "alert" in the rule to hear at once', _SHOW_RULE),
    Cause.WEAK_IGNORED: ('set weak = "hold" or "alert" in the rule to hear of its like', _SHOW_RULE),
    Cause.BUDGET: (
        "it comes in a digest; raise the rule's budget, or have it sent now",
        "tocsin outbox retry {outbox}",
    ),
    Cause.QUIET_HOURS: (
        "have it sent now; a severity in let_through is never held",
        "tocsin outbox retry {outbox}",
    ),
    Cause.GROUP: (
        "it comes with its group; have it sent now",
        "tocsin outbox retry {outbox}",
    ),
    Cause.DIGEST: ("it comes in that digest; have it sent now", _RETRY),
    Cause.CATCH_UP: ("it comes once all feeds were asked; have it sent now", _RETRY),
    Cause.BACKLOG: ("it goes with what else waits for the channel", "tocsin channels list"),
    Cause.HELD: ("have it sent now", _RETRY),
    Cause.WAITS: ("it goes within moments; what else waits", "tocsin outbox list"),
    Cause.SENDING: ("look again in a minute", "tocsin outbox list"),
    Cause.PACED: ("nothing: it goes by itself then", ""),
    Cause.PAUSED: ("see what is wrong with the channel, and try it", "tocsin channels test {channel}"),
    Cause.RETRYING: ("try it now", _RETRY),
    Cause.REFUSED: ("mend the channel, then send it again", _RETRY),
    Cause.GAVE_UP: ("mend the channel, then send it again", _RETRY),
    Cause.CHANNEL_REMOVED: ("configure a channel of that name again: then it goes", "tocsin channels list"),
    Cause.DROPPED: ("nothing: somebody gave it up, and it is not sent again", ""),
}


class _Facts(dict[str, str]):
    """Facts, where what is not known is left as a word to be filled in."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def remedy(no: No, url: str = "") -> Remedy:
    """What to do about a no, where it was not wanted; `url` is the article's address."""
    if "lost" in no.facts:
        text, command = _LOST[no.facts["lost"]]
        return Remedy(text, command.format_map(_Facts(no.facts)))
    if no.cause is Cause.MISSING:
        return _missing(no.facts)
    text, command = _OVER if "over" in no.facts else _REMEDIES.get(no.cause, ("", ""))
    facts = _Facts(no.facts)
    facts.setdefault("url", url or "URL")
    if no.feed:
        facts.setdefault("feed", no.feed)
    if no.cause in (Cause.DUPLICATE, Cause.ALREADY_TOLD) and "of" not in no.facts:
        command = ""
    return Remedy(text, command.format_map(facts))


def _missing(facts: Mapping[str, str]) -> Remedy:
    """What to do about a term that is not there."""
    for fact, words, text, command in _MISSING:
        said = facts.get(fact, "")
        if said.startswith(words) if fact == "part" else words in said:
            return Remedy(text, command.format_map(_Facts(facts)))
    raise AssertionError("the last one fits all")
