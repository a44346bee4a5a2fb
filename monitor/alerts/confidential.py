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

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Message, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND = "confidential"  # of a message and of its row in the outbox
SOME_RULE = "a confidential rule"  # where there is no key to make a public name with
HIDDEN = "(confidential)"  # stands where a headline would
PREFIX = "secret-"
_DIGITS = 6
_LISTED = 20  # alerts that a notice names


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
