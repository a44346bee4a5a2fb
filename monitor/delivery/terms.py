"""On what terms channels are delivered to: quiet hours, limits of their services, and who takes over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.delivery.bucket import Bucket, credential_of, limit_of, room, taken, told_to_wait, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.alerts.quiet import Window
    from monitor.delivery.bucket import Limit
    from monitor.settings import ChannelConfig, RuleConfig

GATHERS = ("apprise", "webhook")  # types of channels whose backlog becomes a digest


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What holds for the channels in force.

    `quiet` are the windows of each channel; `paces` the credential and limit of those that have one;
    `gathers` those whose backlog becomes a digest; `fallbacks` who takes over what a channel gives up;
    `allowed` the channels of each rule that names its own.
    """

    quiet: Mapping[str, Sequence[Window]] = field(default_factory=dict)
    paces: Mapping[str, tuple[str, Limit | None]] = field(default_factory=dict)
    gathers: frozenset[str] = frozenset()
    fallbacks: Mapping[str, str | None] = field(default_factory=dict)
    allowed: Mapping[str, Sequence[str]] = field(default_factory=dict)


def terms_of(
    channels: Iterable[ChannelConfig], rules: Iterable[RuleConfig], quiet: Mapping[str, Sequence[Window]]
) -> Terms:
    """The terms that a configuration asks for."""
    known = tuple(channels)
    addresses = {c.name: c.url.reveal() for c in known if c.url is not None and not c.url.missing}
    return Terms(
        quiet=quiet,
        paces={name: (credential_of(address), limit_of(address)) for name, address in addresses.items()},
        gathers=frozenset(c.name for c in known if c.type in GATHERS),
        fallbacks={c.name: c.fallback for c in known},
        allowed={r.name: r.allow_channels for r in rules if r.allow_channels is not None},
    )


class Buckets:
    """What is left of each credential's limit, in memory; times are those of a clock that is never set."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def wait(self, terms: Terms, channel: str, now: float) -> float:
        """The seconds until the channel may be written to; 0 = now."""
        key, limit = terms.paces.get(channel, ("", None))
        known = self._buckets.get(key)
        return wait_for(known, limit, now) if known else 0.0

    def room(self, terms: Terms, channel: str, now: float) -> int | None:
        """How many messages may go at once; None = as many as you like."""
        key, limit = terms.paces.get(channel, ("", None))
        return room(self._buckets.get(key, Bucket()), limit, now)

    def tried(self, terms: Terms, channel: str, now: float, *, asked_to_wait: float | None = None) -> None:
        """A message went, or came too soon: then nothing goes for `asked_to_wait` seconds."""
        if channel not in terms.paces:
            return
        key, limit = terms.paces[channel]
        bucket = taken(self._buckets.get(key, Bucket()), limit, now)
        if asked_to_wait is not None:
            bucket = told_to_wait(bucket, limit, asked_to_wait, now)
        self._buckets[key] = bucket

    def closed(self, terms: Terms, channel: str, now: float, *, seconds: float) -> None:
        """A service asked to be left alone for so long before this process began."""
        if channel in terms.paces:
            key, limit = terms.paces[channel]
            self._buckets[key] = told_to_wait(self._buckets.get(key, Bucket()), limit, seconds, now)
