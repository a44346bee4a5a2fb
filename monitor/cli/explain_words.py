"""What `tocsin explain` tells people: an article's way from its feed to its receivers, and the first no."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.alerts.safe import clean, one_line, safe_link
from monitor.cli import output
from monitor.cli.explain_shape import state_word
from monitor.cli.explain_text import is_confirmed, tell_beside
from monitor.model import State
from monitor.stages import Stage
from monitor.store.rows import from_db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.explaining import Carried, Explanation, RuleWay
    from monitor.matched import Matched
    from monitor.model import Document, Hit
    from monitor.rules.explain import Explained, NodeVerdict
    from monitor.stages import Carrier, Entered, No, RuleNow

AROUND = 40  # characters of context on each side of a hit
WIDEST = 28  # a term's column; longer ones push their line out
MOST_OTHERS = 30  # rules that said no are told in one line each, up to so many
MOST_CARRIERS = 12
MOST_ATTEMPTS = 5  # the last ones; a receiver that was down for days has hundreds
_UNTOLD = (State.WAITING, State.HELD, State.DEAD, State.DROPPED)
_STAGE_WORDS = {
    Stage.FEED: "no feed",
    Stage.POLL: "not polled",
    Stage.ENTRY: "not seen",
    Stage.SOURCE: "wrong source",
    Stage.PAGE: "page waits",
    Stage.TEASER: "teaser only",
    Stage.TEXT: "no match",
    Stage.RULE: "rule not in force",
    Stage.BASELINE: "baseline",
    Stage.ROUTE: "no route",
    Stage.COMPARING: "being compared",
    Stage.TOLD: "told already",
    Stage.WEAK: "weak",
    Stage.SILENCE: "silenced",
    Stage.BUDGET: "over its budget",
    Stage.QUIET: "quiet hours",
    Stage.GATHERED: "told later",
    Stage.HUSHED: "kept quiet",
    Stage.DELIVERY: "not delivered",
}


def tell(found: Explanation) -> None:
    """The article, its feeds, and what each rule made of it."""
    now = datetime.now(UTC)
    _tell_article(found)
    tell_beside(found, now)
    output.out()
    for carried in found.carried:
        _tell_carried(carried, now)
    if found.document is None:
        output.out("\nits text and its matches are no longer kept ([monitor] retention)")
        return
    same_text = {carried.shown.feed: carried.shown.same_text for carried in found.carried}
    told = [way for way in found.rules if way.matches or way.no is None or len(found.rules) == 1]
    told += [way for way in found.rules if way not in told and way.judged and way.judged.holds]
    for way in told:
        output.out()
        _tell_way(way, found.document, same_text, now)
    others = [(way.rule, way.no) for way in found.rules if way not in told]
    _tell_others(others, "other rules" if told else "rules")
    if not found.rules:
        output.out("\nno rule is enabled")


def tell_file(
    name: str, document: Document, judged: Sequence[tuple[RuleNow, Explained | None]], *, in_full: bool
) -> None:
    """What each rule makes of a text that is not stored."""
    output.out(output.colour(one_line(document.title) or "(no title)", "bold"))
    output.out(f"{output.printable(name)}: judged as it stands, nothing is stored")
    others: list[tuple[RuleNow, Explained | None]] = []
    for rule, verdict in judged:
        if verdict is None or not (verdict.holds or in_full):
            others.append((rule, verdict))
            continue
        output.out()
        tell_judged(rule, verdict, document)
    if others:
        output.out()
    for rule, verdict in others:
        why = rule.broken or "cannot be used"
        if verdict is not None and verdict.failed is not None:
            why = f"{verdict.failed.text}: {verdict.failed.why}"
        output.out(f"  {mark(holds=False)} {rule.name}  {output.printable(why)}")


def tell_judged(rule: RuleNow, verdict: Explained, document: Document) -> None:
    """A rule's verdict on a text, with its tree."""
    _tell_head(rule, verdict)
    _tell_trees(verdict, document)


def tell_never_seen(url: str, carriers: Sequence[Carrier], no: No) -> None:
    """An address that no feed has shown, and which feeds could have."""
    now = datetime.now(UTC)
    output.out(output.colour(safe_link(url) or "(no link)", "bold"))
    output.out("no feed has shown this address")
    if carriers:
        output.out("\nfeeds that could have carried it")
    width = min(max((len(one.name) for one in carriers), default=0), WIDEST)
    for one in carriers[:MOST_CARRIERS]:
        word = state_word(one.state, configured=True, enabled=one.enabled)
        last = one.state.last_good_at if one.state else None
        polled = f"last good poll {_when(last, now)}" if last else "never read"
        output.out(f"  {one.name.ljust(width)}  {word}; {one.why}; {polled}")
        if one.state is not None and one.state.failures:
            output.out(f"    {one_line(one.state.last_message or one.state.last_status)}")
        _tell_gaps(one.gaps)
    if len(carriers) > MOST_CARRIERS:
        output.out(f"  {len(carriers) - MOST_CARRIERS} more; --json shows all")
    output.out()
    _tell_no(no)
    if no.stage is Stage.ENTRY:
        output.out(f"see what a feed lists now: tocsin fetch {no.feed or carriers[0].name}")
    elif no.stage is Stage.FEED:
        output.out("find its feed and add it: tocsin feeds add URL")


def mark(*, holds: bool) -> str:
    """A sign for yes or no: one character where the output can show it, else a word."""
    sign, word = ("✓", "yes") if holds else ("✗", "no ")
    try:
        sign.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        sign = word
    return output.colour(sign, "green" if holds else "red")


# --- the article and its feeds ---------------------------------------------------------------------------


def _tell_article(found: Explanation) -> None:
    row = found.row
    if row is None:
        output.out(output.colour(f"article {found.id}", "bold"))
        return
    output.out(output.colour(one_line(row["title"]) or "(no title)", "bold"))
    output.out(safe_link(row["url"]) or "(no link)")
    published = output.rfc3339(from_db(row["published"]))
    dated = f"published {published}" if published else "undated"
    language = f" · language {one_line(row['language'])}" if row["language"] else " · language not known"
    fetched = output.rfc3339(from_db(row["fetched_at"]))
    output.out(f"article {found.id} · {dated} · fetched {fetched}{language}")


def _tell_carried(one: Carried, now: datetime) -> None:
    feed, state = one.shown, one.state
    enabled = one.configured is None or one.configured.enabled
    word = state_word(state, configured=one.configured is not None, enabled=enabled)
    output.out(f"feed {output.colour(feed.feed, 'bold')}: {word}")
    how = "baseline: in the feed before Tocsin first read it" if feed.baseline else "not baseline"
    output.out(f"  first seen  {_when(feed.first_seen_at, now)}, {how}")
    if not feed.same_text:
        output.out("  text        this feed shows another one than the one stored, which is judged here")
    status = state.last_status.replace("_", " ") + (f" ({state.last_http})" if state.last_http else "")
    if state.failures:
        output.out(
            f"  last poll   {_when(state.last_poll_at, now)}: {one_line(state.last_message or status)}"
        )
        output.out(f"  last good   {_when(state.last_good_at, now)}")
    elif state.last_poll_at is not None:
        output.out(f"  last poll   {_when(state.last_poll_at, now)}: {status}")
    _tell_gaps(one.gaps)


def _tell_gaps(gaps: Sequence[tuple[datetime, datetime]]) -> None:
    for since, until in gaps:
        output.out(f"  gap         {output.rfc3339(since)} to {output.rfc3339(until)}: items may be missing")


# --- a rule's way ----------------------------------------------------------------------------------------


def _tell_way(way: RuleWay, document: Document, same_text: Mapping[str, bool], now: datetime) -> None:
    _tell_head(way.rule, way.judged)
    if way.judged is not None:
        if len(way.ways) > 1 and way.judged.sources:
            output.out(f"  judged as shown by feed {way.judged_as}")
        _tell_trees(way.judged, document)
    for match in way.matches:
        _tell_match(match, now, same_text=same_text.get(match.feed, True))
    if way.no is None:
        on = dict.fromkeys(r.channel for m in way.matches for r in m.entered if r.state is State.SENT)
        rows = [row for match in way.matches for row in match.entered]
        others = dict.fromkeys(r.channel for r in rows if r.channel not in on and r.state in _UNTOLD)
        yet = f"; not on {', '.join(others)}" if others else ""
        output.out(f"  {mark(holds=True)} told on {', '.join(on)}{yet}")
    else:
        _tell_no(way.no, indent="  ")


def _tell_head(rule: RuleNow, judged: Explained | None) -> None:
    off = " · disabled" if rule.hash is not None and not rule.enabled else ""
    if judged is None:
        verdict = "cannot be used" if rule.broken else "no longer configured"
    elif judged.holds:
        weak = " (weak)" if judged.strength == "weak" else ""
        verdict = output.colour("holds now", "green") + weak
    else:
        verdict = output.colour("does not hold now", "red")
    output.out(f"rule {output.colour(rule.name, 'bold')}{off} · {verdict}")


def _tell_trees(judged: Explained, document: Document) -> None:
    trees = [*judged.sources, *([judged.wish] if judged.wish else [])]
    if judged.weak:
        output.out(
            f"  only with lines not confirmed as article text; without them {output.printable(judged.weak)}"
        )
    width = min(max((_widest(tree, 0) for tree in trees), default=0), WIDEST)
    for tree in trees:
        _tell_node(tree, document, 0, width)


def _tell_node(node: NodeVerdict, document: Document, depth: int, width: int) -> None:
    """A node on a line of its own, its children below it."""
    lead = f"  {'  ' * depth}{mark(holds=node.holds)} "
    if node.children:
        heads = {"all": "all of", "any": "one of", "not": "not"}
        output.out(f"{lead}{heads.get(node.kind, node.kind)}")
        for child in node.children:
            _tell_node(child, document, depth + 1, width)
        return
    said = output.printable(node.why)
    if node.hits:
        first = node.hits[0]
        more = f" (+{len(node.hits) - 1})" if len(node.hits) > 1 else ""
        doubt = "" if is_confirmed(first, document) else " (not confirmed)"
        said = f"{first.field}: {in_context(first, document)}{doubt}{more}"
    text = output.printable(node.text)
    output.out(f"{lead}{text.ljust(width - 2 * depth)}  {said}".rstrip())


def _widest(node: NodeVerdict, depth: int) -> int:
    own = 0 if node.children else len(node.text) + 2 * depth
    return max((own, *(_widest(child, depth + 1) for child in node.children)))


def in_context(hit: Hit, document: Document) -> str:
    """A hit among the words around it, on one line."""
    text: str = getattr(document, hit.field)
    left, right = max(hit.start - AROUND, 0), hit.end + AROUND
    before, after = _flat(text[left : hit.start]), _flat(text[hit.end : right])
    shown = output.colour(one_line(hit.text), "bold")
    return f"{'…' if left else ''}{before}{shown}{after}{'…' if right < len(text) else ''}"


def _flat(text: str) -> str:
    """A piece of text on one line; a space where it ends in one stays."""
    return re.sub(r"\s+", " ", clean(text))


def _tell_match(match: Matched, now: datetime, *, same_text: bool) -> None:
    forms = {
        "same": "by the rule as it is now",
        "changed": "by another form of the rule: it was changed since",
        "gone": "by a rule that is no longer configured",
    }
    weak = " · weak: not by confirmed text alone" if match.strength == "weak" else f" · {match.strength}"
    output.out(f"  matched {_when(match.at, now)} through feed {match.feed}, {forms[match.form]}{weak}")
    moved = [hit["text"] for hit, there in zip(match.hits, match.in_place, strict=True) if not there]
    if moved and same_text:
        words = ", ".join(f"“{one_line(text)}”" for text in dict.fromkeys(moved[:3]))
        output.out(f"    the text was edited since: {words} no longer stands where it stood")
    # Copies say the same of every channel: one line for all of them.
    plain = [row for row in match.entered if not row.tried and row.next_attempt is None]
    for state, reason in dict.fromkeys((row.state, row.reason) for row in plain):
        same = [row for row in plain if (row.state, row.reason) == (state, reason)]
        channels = ", ".join(row.channel for row in same if row.channel)
        _tell_state(channels, same[-1])
    for row in match.entered:
        if row not in plain:
            _tell_state(row.channel, row)
            _tell_attempts(row, now)


def _tell_state(channels: str, row: Entered) -> None:
    word = f"{channels}: {row.state.value}" if channels else row.state.value
    output.out(f"    {word}, {row.reason.sentence} ({output.rfc3339(row.at)})")


def _tell_attempts(row: Entered, now: datetime) -> None:
    if len(row.tried) > MOST_ATTEMPTS:
        output.out(f"      {len(row.tried)} attempts, of which the last are")
    for tried in row.tried[-MOST_ATTEMPTS:]:
        status = f" {tried.status}" if tried.status else ""
        detail = f": {one_line(tried.detail)}" if tried.detail else ""
        output.out(f"      attempt {tried.number} {output.rfc3339(tried.at)}: {tried.answer}{status}{detail}")
    if row.next_attempt is not None:
        what = "due" if row.state is State.HELD else "next attempt"
        output.out(f"      {what} {_when(row.next_attempt, now)}")
    if row.paused_until is not None and row.paused_until > now:
        output.out(f"      channel {row.channel} is paused until {_when(row.paused_until, now)}")


def _tell_others(others: Sequence[tuple[RuleNow, No | None]], title: str) -> None:
    """Rules that never matched, a line each."""
    if not others:
        return
    output.out(f"\n{title}")
    width = min(max(len(rule.name) for rule, _ in others[:MOST_OTHERS]), WIDEST)
    for rule, no in others[:MOST_OTHERS]:
        said = f"{_STAGE_WORDS[no.stage]}: {output.printable(no.why)}" if no else ""
        output.out(f"  {mark(holds=False)} {rule.name.ljust(width)}  {said}")
    if len(others) > MOST_OTHERS:
        output.out(f"  {len(others) - MOST_OTHERS} more; --rule NAME shows one, --json all")


def _tell_no(no: No, indent: str = "") -> None:
    output.out(f"{indent}{mark(holds=False)} first no: {_STAGE_WORDS[no.stage]}: {output.printable(no.why)}")


def _when(moment: datetime | None, now: datetime) -> str:
    return f"{output.rfc3339(moment)} ({output.ago(moment, now)})" if moment else "never"
