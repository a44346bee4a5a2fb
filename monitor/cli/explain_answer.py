"""The first lines of an explanation, and its `answer` in JSON: told or not, why, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.explain_lines import line
from monitor.cli.explain_names import named, rule_name
from monitor.remedies import FAR, Remedy, remedy
from monitor.stages import Cause, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.conclusion import Answer
    from monitor.rules.explain import Explained
    from monitor.stages import RuleNow

STAGE_WORDS = {
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
_LEADS = STAGE_WORDS | {Stage.TOLD: "its story was told", Stage.GATHERED: "", Stage.DELIVERY: ""}
FORGOTTEN = "Seen, but what became of it is no longer kept ([monitor] retention)"


def tell_answer(answer: Answer, url: str, now: datetime) -> None:
    """The answer on the first line, and below it what would have to be otherwise."""
    colour = {True: "green", False: "yellow" if answer.pending else "red", None: "yellow"}[answer.told]
    head, _, rest = sentence(answer, now).partition(":")
    line(output.colour(f"{head}{':' if rest else ''}", colour) + rest)
    found = _remedy(answer, url)
    if found.text:
        line(f"  what to do: {found.text}{':' if found.command else ''}", hang=4)
    if found.command:
        output.out(f"    {output.colour(output.printable(found.command), 'bold')}")


def _remedy(answer: Answer, url: str) -> Remedy:
    """What would have to be otherwise."""
    if answer.no is None:
        return Remedy()
    return FAR if _is_far(answer) else remedy(named(answer.no), url)


def _is_far(answer: Answer) -> bool:
    """Whether several rules were asked, and none comes near."""
    return answer.tried > 1 and not answer.near


def sentence(answer: Answer, now: datetime) -> str:
    """The answer in one sentence: it begins with Told, Not told, Not told yet or Seen."""
    if answer.told is None:
        return FORGOTTEN
    if answer.told or answer.no is None:
        return _told(answer, now)
    lead = "Not told yet" if answer.pending else "Not told"
    why = output.printable(answer.no.why)
    if answer.no.cause is Cause.NO_RULES or not answer.rule:
        return f"{lead}: {why}"
    name = rule_name(answer.rule)
    if _is_far(answer):
        return f"{lead}: none of {answer.tried} rules holds, or comes near it"
    if answer.tried > 1:
        return f"{lead}: none of {answer.tried} rules holds, the nearest is {name}: {why}"
    channel, word = answer.no.facts.get("channel", ""), _LEADS[answer.no.stage]
    on = f" on {channel}" if channel else ""
    return f"{lead}{f', {word}' if word else ''}: rule {name}{on}: {why.removeprefix(f'{channel}: ')}"


def _told(answer: Answer, now: datetime) -> str:
    sent = answer.sent
    on = ", ".join(dict.fromkeys(row.channel for row in sent))
    last = max(row.at for row in sent)
    text = (
        f"Told: rule {rule_name(answer.rule)} rang on {on}, {output.rfc3339(last)} ({output.ago(last, now)})"
    )
    if any(row.kind == "digest" for row in sent):
        text += ", in a digest"
    if any(row.maybe_repeat for row in sent):
        text += "; it may have come twice, for the answer to an earlier attempt was lost"
    if answer.not_on:
        text += f"; not on {', '.join(answer.not_on)}"
    return text


def answer_shape(answer: Answer, url: str, now: datetime) -> dict[str, Any]:
    """The answer as JSON has it."""
    no = named(answer.no) if answer.no is not None else None
    found = _remedy(answer, url)
    return {
        "told": answer.told,
        "pending": answer.pending,
        "rule": rule_name(answer.rule) if answer.rule else None,
        "channels": list(dict.fromkeys(row.channel for row in answer.sent)),
        "not_on": list(answer.not_on),
        "at": output.rfc3339(max((row.at for row in answer.sent), default=None)),
        "maybe_repeat": any(row.maybe_repeat for row in answer.sent),
        "stage": no.stage.value if no else None,
        "cause": no.cause.value if no else None,
        "sentence": sentence(answer, now),
        "remedy": found.text or None,
        "command": found.command or None,
    }


def file_sentence(judged: Sequence[tuple[RuleNow, Explained | None]]) -> str:
    """The answer for a text that is not stored: which rules hold for it."""
    hold = [
        rule_name(rule.name) + (" (weakly)" if verdict.strength == "weak" else "")
        for rule, verdict in judged
        if verdict is not None and verdict.holds
    ]
    if not judged:
        return "No rule is enabled"
    if not hold:
        return (
            f"Would not ring: none of {len(judged)} rules holds"
            if len(judged) > 1
            else (f"Would not ring: rule {rule_name(judged[0][0].name)} does not hold")
        )
    off = [rule_name(rule.name) for rule, verdict in judged if verdict and verdict.holds and not rule.enabled]
    said = f"Would ring: {'rule' if len(hold) == 1 else 'rules'} {', '.join(hold)}"
    return said + (f"; {', '.join(off)} only if switched on" if off else "")
