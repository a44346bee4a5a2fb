"""
Where an alert goes that its channel has given up: the channel's `fallback`, and the fallback of that. Pure.

A fallback is no way around a rule: it gets only what the rule's `allow_channels` lets it have. Nor is it a
second message: where the story was told there already, or waits there, nothing is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class Heir:
    """The channel that takes over; "" = none, and `why` says why not."""

    channel: str
    why: str


def heir_of(
    channel: str,
    fallbacks: Mapping[str, str | None],
    *,
    allowed: Collection[str] | None = None,
    told: Collection[str] = (),
    dead: Collection[str] = (),
) -> Heir:
    """
    Who takes over an alert that `channel` has given up.

    `fallbacks` names the fallback of each channel that is configured; `allowed` is the rule's
    `allow_channels`; `told` are channels that know of the story or are about to; `dead` are channels that
    have given up, too. One that is forbidden or dead is passed over for its own fallback.
    """
    passed: list[str] = [channel]
    following = fallbacks.get(channel)
    while following and following in fallbacks and following not in passed:
        if following in told:
            return Heir("", f"{following}, its fallback, was told of the story")
        if following not in dead and (allowed is None or following in allowed):
            return Heir(following, f"{channel} gave it up: {following} is its fallback")
        passed.append(following)
        following = fallbacks.get(following)
    if len(passed) == 1:
        return Heir("", f"{channel} has no fallback")
    return Heir("", f"no fallback of {channel} may have it: {', '.join(passed[1:])}")
