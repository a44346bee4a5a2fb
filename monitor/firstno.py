"""
How far an article that was seen came under a rule, and what stopped it: the first no. Pure.

Where several feeds showed the article each has a way of its own, and the one that came farthest speaks for
the rule (`stages.farthest`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.fates import fate, is_left_alone
from monitor.stages import NOTHING_BESIDE, Cause, No, PageState, Stage, farthest, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.rules.explain import Explained, NodeVerdict
    from monitor.stages import Beside, Entered, RuleMemory, RuleNow, Shown

_KINDS = {
    "any": Cause.ALTERNATIVES,
    "not": Cause.EXCLUDED,
    "near": Cause.APART,
    "count": Cause.TOO_FEW,
}
_FACT = re.compile(r"(?:lang|feed|tag|source|category|author|url):")


def stopped(
    now: RuleNow,
    shown: Shown,
    explained: Explained | None,
    memory: RuleMemory | None,
    entered: Sequence[Entered],
    *,
    beside: Beside = NOTHING_BESIDE,
) -> No | None:
    """
    The first no on the way of an article under a rule through one feed; None if it was told to someone.

    `entered` are the ledger's rows of the match, none = there is no match; `explained` is the verdict now.
    """
    if entered:
        return farthest(fate(row, shown, now, explained, beside) for row in entered)
    if now.broken:
        why = f"the rule cannot be used: {now.broken}"
        return No(Stage.RULE, why, shown.feed, Cause.RULE_BROKEN, {"rule": now.name})
    if explained is None:
        gone = f", since {stamp(memory.retired_at)}" if memory and memory.retired_at else ""
        facts = {"rule": now.name}
        return No(
            Stage.RULE, f"the rule is no longer configured{gone}", shown.feed, Cause.RULE_REMOVED, facts
        )
    if explained.failed is not None:
        return _not_held(now, shown, explained, beside)
    return _unmatched(now, shown, memory)


def _not_held(now: RuleNow, shown: Shown, explained: Explained, beside: Beside) -> No:
    """Which part of the rule fails, and whether a page could have helped."""
    failed, page = explained.failed, beside.page
    assert failed is not None, "the rule does not hold"
    why = f"{failed.text}: {failed.why}"
    facts = {"rule": now.name, "part": failed.text, "why": failed.why}
    if explained.wrong_source is not None:
        return No(Stage.SOURCE, why, shown.feed, Cause.SOURCE, facts)
    # What stands where it must not is not taken away by more text.
    if now.reads_body and failed.kind != "not":
        if page.state is PageState.WAITING:
            facts |= {"until": stamp(page.deadline)}
            if is_left_alone(beside, page.next_attempt):
                why = f"its page is not read, for Tocsin is not running; of what the feed gives: {why}"
                return No(Stage.PAGE, why, shown.feed, Cause.NOT_RUNNING, facts)
            why = f"its page is not read yet; of what the feed gives: {why}"
            return No(Stage.PAGE, why, shown.feed, Cause.PAGE_WAITS, facts)
        if page.state is PageState.NONE:
            facts |= {"page": page.why}
            why = f"there is no page ({page.why}); of the teaser: {why}"
            return No(Stage.TEASER, why, shown.feed, Cause.NO_PAGE, facts)
    return No(Stage.TEXT, why, shown.feed, _cause_of(failed), facts)


def _cause_of(failed: NodeVerdict) -> Cause:
    known = _KINDS.get(failed.kind)
    return known or (Cause.FACT if _FACT.match(failed.text) else Cause.MISSING)


def _unmatched(now: RuleNow, shown: Shown, memory: RuleMemory | None) -> No:
    """Why there is no match although the rule holds for the stored text now."""
    cause, why = _why_unmatched(now, shown, memory)
    facts = {"rule": now.name, "seen": stamp(shown.first_seen_at)}
    if memory is not None:
        facts |= {"loaded": stamp(memory.loaded_at), "first_loaded": stamp(memory.first_loaded_at)}
    return No(Stage.RULE, why, shown.feed, cause, facts)


def _why_unmatched(now: RuleNow, shown: Shown, memory: RuleMemory | None) -> tuple[Cause, str]:
    seen = stamp(shown.first_seen_at)
    if not now.enabled:
        return Cause.RULE_DISABLED, "the rule is disabled"
    if memory is None or memory.retired_at is not None:
        return Cause.RULE_NOT_LOADED, "no running Tocsin has loaded the rule yet"
    if memory.first_loaded_at > shown.first_seen_at:
        return Cause.RULE_YOUNGER, (
            "rules act on articles first seen after they were loaded, and this rule is younger: "
            f"loaded {stamp(memory.first_loaded_at)}, the article was seen {seen}"
        )
    if memory.loaded_at > shown.first_seen_at:
        return Cause.RULE_EDITED, (
            "the rule was changed, or switched on again, after the article was first seen: "
            f"in force since {stamp(memory.loaded_at)}, seen {seen}"
        )
    if memory.hash != now.hash:
        return Cause.RULE_NOT_RELOADED, (
            "the rule is in force in another form: the file has changed since it was loaded "
            f"{stamp(memory.loaded_at)}"
        )
    if not shown.same_text:
        return Cause.OTHER_TEXT, "this feed showed it with another text than the one stored"
    if shown.last_seen_at > shown.first_seen_at:
        return Cause.EDIT, (
            "its text or its feed's tags changed since, and an edit rings only where it brings new words"
        )
    return Cause.CONFIG_CHANGED, "its feed's tags or language were changed in the configuration since"
