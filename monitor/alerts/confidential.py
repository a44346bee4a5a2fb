"""
Confidential rules: what is said of them outside, and under which name. Pure.

A rule with `secret = true` leaves this machine under a public name alone: `secret-3f2a9c` is made of its name
and a key that lies in the database, so that nobody finds out a name by trying names. Its alerts leave as a
notice without content: that it rang, and under which numbers `tocsin alerts show` tells the rest to whoever
may read the database. Such a notice is a message of its own kind. It shares no message, digest or held
message with alerts of open rules, and neither keeps the other from ringing: what goes out of open rules is
what would go out if there were no secret ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Message, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KIND = "confidential"  # of a message and of its row in the outbox
SOME_RULE = "a confidential rule"  # where there is no key to make a public name with
HIDDEN = "(confidential)"  # stands where a headline would
MASK = "***"
LEAST_LETTERS = 4  # a shorter word is masked nowhere: it would garble every line, and so give itself away
PREFIX = "secret-"
_DIGITS = 6
_LISTED = 20  # alerts that a notice names
_WORD = re.compile(r"\w(?:[\w'\u2019-]*\w)?")


@dataclass(frozen=True, slots=True)
class Rang:
    """One alert of a secret rule, under the rule's public name."""

    rule: str
    alert: int
    severity: Severity


def public_name(rule: str, key: bytes) -> str:
    """
    The name that a secret rule bears outside; the same for as long as the database lives.

    >>> public_name("talks", b"key") == public_name("talks", b"key") != public_name("talks", b"other")
    True
    """
    import hmac  # noqa: PLC0415 - start-up is measured, and most have no secret rule

    return PREFIX + hmac.new(key, rule.encode(), "sha256").hexdigest()[:_DIGITS]


def collecting_notice(severity: Severity) -> Message:
    """What stands in the outbox for a notice until it is sent: nothing."""
    return Message(kind=KIND, title=SOME_RULE, severity=severity)


def notice_of(rang: Sequence[Rang], *, late: bool = False) -> Message:
    """The notice that these alerts (at least one) rang: public names, numbers, severity, nothing else."""
    distinct = list(dict.fromkeys(rang))
    rules = tuple(dict.fromkeys(one.rule for one in distinct))
    numbers = [one.alert for one in distinct]
    if len(distinct) == 1:
        title = f"A confidential rule rang: {rules[0]}, alert {numbers[0]}"
    else:
        named = ", ".join(rules[:3]) + (f" and {len(rules) - 3} more" if len(rules) > 3 else "")
        title = f"{len(distinct)} alerts of confidential rules: {named}"
    lines = [f"{one.rule}: tocsin alerts show {one.alert} --reveal" for one in distinct[:_LISTED]]
    if len(distinct) > _LISTED:
        lines.append(f"… and {len(distinct) - _LISTED} more: tocsin alerts list")
    return Message(
        kind=KIND,
        title=title,
        severity=max(one.severity for one in distinct),
        excerpt="\n".join(lines),
        rules=rules,
        alerts=tuple(numbers),
        late=late,
    )


def opened(message: Message, secret: Sequence[str], severity: Severity) -> Message:
    """
    What may be sent of an alert that several rules share, of which some have become secret since.

    `severity` is that of the rules that are left.

    Its sentence and its reason may be those of a secret one, so headline, link and the open rules are left.
    """
    left = tuple(rule for rule in message.rules if rule not in secret)
    return Message(
        kind=message.kind,
        title=message.title,
        severity=severity,
        feed=message.feed,
        url=message.url,
        published=message.published,
        rules=left,
        tags=message.tags,
        late=message.late,
        story=message.story,
        told_at=message.told_at,
        also=message.also,
        outlets=message.outlets,
    )


def words_in(text: str) -> Iterator[str]:
    """The words of a text, folded; of "harbour-deal" its parts as well."""
    for word in _WORD.findall(text.casefold()):
        yield word
        if "-" in word:
            yield from word.split("-")


def spaced(stand_ins: Mapping[str, str]) -> dict[str, str]:
    """Those that are no single word, as a name with a space in it: `masked` looks for them as they are."""
    return {name: other for name, other in stand_ins.items() if _WORD.fullmatch(name) is None}


def masked(text: str, stand_ins: Mapping[str, str], several: Mapping[str, str]) -> str:
    """
    The text with other words in place of some: whole words, in any case, also as parts of "harbour-deal".

    The keys are folded words. However many there are, it takes as long as the text is; `several` are those of
    `spaced`, which should be few.
    """

    def instead(found: re.Match[str]) -> str:
        word = found[0]
        whole = stand_ins.get(word.casefold())
        if whole is not None or "-" not in word:
            return word if whole is None else whole
        return "-".join(stand_ins.get(part.casefold(), part) for part in word.split("-"))

    for name, other in several.items():
        if name in text.casefold():
            text = re.sub(re.escape(name), other.replace("\\", "\\\\"), text, flags=re.IGNORECASE)
    return _WORD.sub(instead, text)
