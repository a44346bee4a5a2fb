"""How verbs show a story: its reports in the order of time, how much of each is copied, and which rang."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monitor.alerts.safe import one_line
from monitor.cli import output
from monitor.model import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.timeline import Joined, Report, Timeline, Told

MOST_REPORTS = 30  # shown to people, the first ones; --json shows all
_STAMP = 20  # characters of a time
_PERCENT = re.compile(r"\d+%")
_RELATIONS = {"duplicate": "copy", "joins": "joins it", "update": "update", "related": "related"}
_STATES = {
    State.SENT: "rang on",
    State.WAITING: "on its way to",
    State.HELD: "held for",
    State.SUPPRESSED: "silent on",
    State.DEAD: "not delivered to",
    State.DROPPED: "given up for",
}
_NOWHERE = {State.SUPPRESSED: "silent"}  # what is said of no channel in particular


# --- JSON ------------------------------------------------------------------------------------------------


def story_shape(found: Timeline) -> dict[str, Any]:
    """What `alerts show --json` adds of the story."""
    return {
        "independent": found.independent,
        "timeline": [_report_shape(report) for report in found.reports],
        "related": [_report_shape(report) for report in found.related],
    }


def _report_shape(report: Report) -> dict[str, Any]:
    join = report.join
    return {
        "article": report.article,
        "story": report.story,
        "title": report.title,
        "url": report.url,
        "outlet": report.outlet,
        "feeds": list(report.feeds),
        "published": output.rfc3339(report.published),
        "fetched": output.rfc3339(report.at),
        "relation": report.relation,
        "level": join.level if join else None,
        "score": join.score if join else None,
        "of": join.of if join else None,
        "why": join.reason if join else None,
        "deliveries": [
            {
                "channel": told.channel or None,
                "rules": list(told.rules),
                "feed": told.feed,
                "state": told.state.value,
                "reason": told.reason.word,
                "at": output.rfc3339(told.at),
                "changes": list(told.changes),
            }
            for told in report.told
        ],
    }


def joined_shape(join: Joined | None) -> dict[str, Any] | None:
    """Why an article belongs to a story that others began, or is related to it; null if it began its own."""
    if join is None:
        return None
    return {
        "story": join.story,
        "relation": join.relation,
        "level": join.level,
        "score": join.score,
        "of": join.of,
        "of_outlet": join.of_outlet or None,
        "of_title": join.of_title or None,
        "why": join.reason,
        "at": output.rfc3339(join.at),
    }


# --- for people ------------------------------------------------------------------------------------------


def tell_story(found: Timeline) -> None:
    """The story's timeline; nothing for a story of one report that nothing is related to."""
    if not found.reports or (len(found.reports) == 1 and not found.related and not _changes(found.reports)):
        return
    output.out(f"\n{output.colour(f'story {found.story}', 'bold')}: {count_of(found)}")
    first = found.reports[0]
    # An update is said with what joined; what an edit changed stands in its message alone. Updates that wait
    # share a message.
    said = " ".join(report.join.reason for report in found.reports if report.join)
    for report in found.reports[:MOST_REPORTS]:
        edits = [] if report.relation == "update" else _changes([report])
        _tell_report(report, first, [change for change in edits if change not in said])
    if len(found.reports) > MOST_REPORTS:
        output.out(f"  and {len(found.reports) - MOST_REPORTS} more: --json shows all")
    if found.related:
        output.out("related to it, each a story of its own")
        for report in found.related[:MOST_REPORTS]:
            _tell_report(report, first)


def count_of(found: Timeline) -> str:
    """How many reports, by how many outlets, of which how many wrote for themselves."""
    reports, outlets, own = len(found.reports), len(found.outlets), found.independent
    text = f"{reports} {'report' if reports == 1 else 'reports'} by {outlets} " + (
        "outlet" if outlets == 1 else "outlets"
    )
    if outlets < 2:
        return text
    if own <= 1:
        return f"{text}, all of one text"
    return f"{text}, of which {own} wrote for themselves"


def joined_words(join: Joined) -> str:
    """What an article is to another story, in words."""
    like = f", held against article {join.of}" if join.of is not None else ""
    like += f" of {join.of_outlet}" if join.of_outlet else ""
    return f"{output.printable(join.reason)} (level {join.level}, {percent(join)}{like})"


def percent(join: Joined) -> str:
    """How much both share; where the reason gives it, which knows more digits than are stored, as there."""
    told = _PERCENT.match(join.reason)
    return told[0] if told else f"{join.score:.0%}"


def _tell_report(report: Report, first: Report, anew: Sequence[str] = ()) -> None:
    join, own = report.join, report is first
    when = (output.rfc3339(report.at) or "") if own else f"+{_span(report.at, first.at)}"
    feeds = ", ".join(report.feeds)
    who = f"{report.outlet} ({feeds})" if feeds != report.outlet else report.outlet
    how = "first report" if join is None else _RELATIONS.get(join.relation, join.relation)
    copied = f", {percent(join)}" if join else ""
    pad = " " * (_STAMP + 4)
    head = output.colour(output.printable(who), "bold")
    output.out(f"  {when.ljust(_STAMP)}  {head}: {how}{copied} · article {report.article}")
    if own or report.title != first.title:
        output.out(f"{pad}{one_line(report.title) or '(no title)'}")
    if join is not None:
        output.out(f"{pad}{output.printable(join.reason)}")
    if join is not None and report.story != join.story:
        return  # a story of its own, with a timeline of its own
    for line in _told_lines(report.told):
        output.out(f"{pad}{line}")
    for change in anew:
        output.out(f"{pad}said anew: {output.printable(change)}")


def _changes(reports: Iterable[Report]) -> list[str]:
    """What messages of these reports said had changed, each once."""
    return list(dict.fromkeys(c for report in reports for told in report.told for c in told.changes))


def _told_lines(told: Sequence[Told]) -> list[str]:
    """What became of it, a line for each way to end; the reason is given wherever it did not ring."""
    if not told:
        return ["no rule holds for it"]
    lines = []
    for state, reason in dict.fromkeys((each.state, each.reason) for each in told):
        same = [each for each in told if (each.state, each.reason) == (state, reason)]
        channels = ", ".join(dict.fromkeys(each.channel for each in same if each.channel))
        rules = list(dict.fromkeys(rule for each in same for rule in each.rules))
        by = f"{'rule' if len(rules) == 1 else 'rules'} {', '.join(rules)}"
        head = f"{_STATES[state]} {channels}" if channels else _NOWHERE.get(state, state.value)
        if state is State.SENT:
            lines.append(f"{head} {output.rfc3339(same[0].at)} ({by})")
        else:
            lines.append(f"{head}: {reason.sentence} ({by})")
    return lines


def _span(moment: datetime, start: datetime) -> str:
    """How long after another a moment is."""
    minutes = int((moment - start).total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"
