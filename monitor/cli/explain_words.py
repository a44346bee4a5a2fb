"""What `tocsin explain` tells people: the answer, then an article's way from its feed to its receivers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.alerts.safe import one_line, safe_link
from monitor.cli import output
from monitor.cli.explain_answer import STAGE_WORDS, file_sentence, tell_answer
from monitor.cli.explain_lines import line, mark, when
from monitor.cli.explain_match import tell_match, tell_routes
from monitor.cli.explain_names import rule_name
from monitor.cli.explain_shape import state_word
from monitor.cli.explain_text import tell_beside
from monitor.cli.explain_tree import tell_trees
from monitor.conclusion import conclude, conditions_met, nearest, never_shown, untold
from monitor.model import State
from monitor.store.rows import from_db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.explaining import Carried, Explanation, RuleWay
    from monitor.model import Document
    from monitor.rules.explain import Explained
    from monitor.stages import No, RuleNow
    from monitor.unseen import Carrier

WIDEST = 28  # a name's column; longer ones push their line out
MOST_OTHERS = 30  # rules that said no are told in one line each, up to so many
MOST_CARRIERS = 12
MOST_GAPS = 3


def tell(found: Explanation) -> None:
    """The answer, the article, its feeds, and what each rule made of it."""
    now = datetime.now(UTC)
    tell_answer(conclude(found), found.row["url"] if found.row is not None else "", now)
    output.out()
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
    _tell_others([way for way in found.rules if way not in told], "other rules" if told else "rules")


def tell_file(
    name: str, document: Document, judged: Sequence[tuple[RuleNow, Explained | None]], *, in_full: bool
) -> None:
    """What each rule makes of a text that is not stored."""
    line(output.colour(file_sentence(judged), "bold"))
    output.out()
    line(output.colour(one_line(document.title) or "(no title)", "bold"))
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
        line(f"  {mark(holds=False)} {rule_name(rule.name)}  {output.printable(why)}", hang=4)


def tell_judged(rule: RuleNow, verdict: Explained, document: Document) -> None:
    """A rule's verdict on a text, with its tree."""
    _tell_head(rule, verdict)
    tell_trees(verdict, document)


def tell_never_seen(
    url: str, carriers: Sequence[Carrier], no: No, elsewhere: Sequence[tuple[int, str]] = ()
) -> None:
    """An address that no feed has shown, which feeds could have, and where it may have been seen."""
    now = datetime.now(UTC)
    tell_answer(never_shown(no), url, now)
    output.out()
    line(output.colour(safe_link(url) or "(no link)", "bold"))
    output.out("no feed has shown this address")
    if elsewhere:
        output.out("\narticles of that site with the same name at another address")
    for article, address in elsewhere:
        line(f"  tocsin explain {article}  {safe_link(address)}", hang=4)
    if carriers:
        output.out("\nfeeds that could have carried it")
    width = min(max((len(one.name) for one in carriers), default=0), WIDEST)
    for one in carriers[:MOST_CARRIERS]:
        word = state_word(one.state, configured=True, enabled=one.enabled)
        last = one.state.last_good_at if one.state else None
        polled = f"last good poll {when(last, now)}" if last else "never read"
        line(f"  {one.name.ljust(width)}  {word}; {one.why}; {polled}", hang=4)
        if one.state is not None and one.state.failures:
            line(f"    {one_line(one.state.last_message or one.state.last_status)}")
        _tell_gaps(one.gaps[:MOST_GAPS])
    if len(carriers) > MOST_CARRIERS:
        output.out(f"  {len(carriers) - MOST_CARRIERS} more; --json shows all")


# --- the article and its feeds ---------------------------------------------------------------------------


def _tell_article(found: Explanation) -> None:
    row = found.row
    if row is None:
        output.out(output.colour(f"article {found.id}", "bold"))
        return
    line(output.colour(one_line(row["title"]) or "(no title)", "bold"))
    output.out(safe_link(row["url"]) or "(no link)")
    published = output.rfc3339(from_db(row["published"]))
    dated = f"published {published}" if published else "undated"
    language = f" · language {one_line(row['language'])}" if row["language"] else " · language not known"
    fetched = output.rfc3339(from_db(row["fetched_at"]))
    line(f"article {found.id} · {dated} · fetched {fetched}{language}")


def _tell_carried(one: Carried, now: datetime) -> None:
    feed, state = one.shown, one.state
    enabled = one.configured is None or one.configured.enabled
    word = state_word(state, configured=one.configured is not None, enabled=enabled)
    output.out(f"feed {output.colour(feed.feed, 'bold')}: {word}")
    how = "baseline: in the feed before Tocsin first read it" if feed.baseline else "not baseline"
    line(f"  first seen  {when(feed.first_seen_at, now)}, {how}", hang=12)
    if not feed.same_text:
        line("  text        this feed shows another one than the one stored, which is judged here", hang=12)
    status = state.last_status.replace("_", " ") + (f" ({state.last_http})" if state.last_http else "")
    if state.failures:
        said = one_line(state.last_message or status)
        line(f"  last poll   {when(state.last_poll_at, now)}: {said}", hang=12)
        output.out(f"  last good   {when(state.last_good_at, now)}")
    elif state.last_poll_at is not None:
        line(f"  last poll   {when(state.last_poll_at, now)}: {status}", hang=12)
    _tell_gaps(one.gaps)


def _tell_gaps(gaps: Sequence[tuple[datetime, datetime]]) -> None:
    for since, until in gaps:
        said = f"{output.rfc3339(since)} to {output.rfc3339(until)}: items may be missing"
        line(f"  gap         {said}", hang=12)


# --- a rule's way ----------------------------------------------------------------------------------------


def _tell_way(way: RuleWay, document: Document, same_text: Mapping[str, bool], now: datetime) -> None:
    _tell_head(way.rule, way.judged)
    if way.judged is not None:
        if len(way.ways) > 1 and way.judged.sources:
            output.out(f"  judged as shown by feed {way.judged_as}")
        tell_trees(way.judged, document)
    for match in way.matches:
        tell_match(match, now, same_text=same_text.get(match.feed, True))
    if way.routed is not None and way.matches:
        tell_routes(way.routed)
    if way.no is None:
        rows = [row for match in way.matches for row in match.entered]
        on = dict.fromkeys(row.channel for row in rows if row.state is State.SENT)
        others = untold(rows)
        yet = f"; not on {', '.join(others)}" if others else ""
        line(f"  {mark(holds=True)} told on {', '.join(on)}{yet}")
    else:
        said = f"{STAGE_WORDS[way.no.stage]}: {output.printable(way.no.why)}"
        line(f"  {mark(holds=False)} first no: {said}", hang=4)


def _tell_head(rule: RuleNow, judged: Explained | None) -> None:
    off = " · disabled" if rule.hash is not None and not rule.enabled else ""
    if judged is None:
        verdict = "cannot be used" if rule.broken else "no longer configured"
    elif judged.holds:
        weak = " (weak)" if judged.strength == "weak" else ""
        verdict = output.colour("holds now", "green") + weak
    else:
        verdict = output.colour("does not hold now", "red")
    line(f"rule {output.colour(rule_name(rule.name), 'bold')}{off} · {verdict}")


def _tell_others(others: Sequence[RuleWay], title: str) -> None:
    """Rules that never matched, the nearest first, a line each."""
    if not others:
        return
    output.out(f"\n{title}")
    shown = nearest(others)[:MOST_OTHERS]
    width = min(max(len(rule_name(way.rule.name)) for way in shown), WIDEST)
    for way in shown:
        assert way.no is not None
        met, of = conditions_met(way.judged)
        near = f" ({met} of {of})" if of > 1 else ""
        said = f"{STAGE_WORDS[way.no.stage]}{near}: {output.printable(way.no.why)}"
        line(f"  {mark(holds=False)} {rule_name(way.rule.name).ljust(width)}  {said}", hang=4)
    if len(others) > MOST_OTHERS:
        output.out(f"  {len(others) - MOST_OTHERS} more; --rule NAME shows one, --json all")
