"""
The configuration as frozen values: what `config/` hands to the rest. Imports only the model.

Durations are seconds. Everything is validated before it gets here, so nothing here checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Secret:
    """
    A value that never prints itself.

    `reveal()` gives it; `missing` says why there is none (an unset variable, an unreadable file).
    """

    __slots__ = ("_value", "missing", "source")

    def __init__(self, value: str | None, *, source: str = "config", missing: str = "") -> None:
        self._value = value
        self.source = source  # "config", "env:NAME", "file:PATH", "credential:NAME"
        self.missing = missing

    def reveal(self) -> str:
        """The value itself; raises LookupError with a remedy where there is none."""
        if self._value is None:
            raise LookupError(self.missing)
        return self._value

    def __repr__(self) -> str:
        return f"Secret(<{self.source}>)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._value, self.source) == (other._value, other.source)

    def __hash__(self) -> int:
        return hash((self._value, self.source))


# What the feed, the rule and the channel of the canary are called: no name that is configured begins so.
CANARY = "~canary"
LEAST_INTERVAL = 60.0  # seconds between two polls of a feed, unless private networks may be asked


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table of the configuration stands: file and the path inside it, e.g. ("rules", 0)."""

    file: str
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """One source. `url` may hold a secret, so it is one; `every` is None unless the feed sets its own."""

    name: str
    url: Secret
    tags: tuple[str, ...] = ()
    every: float | None = None
    first_poll: str | None = None
    language: str | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    user: str | None = field(default=None, repr=False)
    password: Secret | None = None
    proxy: Secret | None = None
    enabled: bool = True
    full_text: str = "auto"
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class EntityConfig:
    """
    A named thing with its aliases, the spans they do not count in, and the company they must keep.

    `pack` is the entity pack it comes from; None for the configuration's own.
    """

    name: str
    aliases: tuple[str, ...]
    not_in: tuple[str, ...] = ()
    context: Mapping[str, object] = field(default_factory=dict)
    origin: Origin | None = None
    pack: str | None = None


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One worked example of a rule: `text` must match, or must not."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class RuleConfig:
    """A query with its options, either as `query` or as TOML lists."""

    name: str
    query: str | None = None
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    near: tuple[Mapping[str, object], ...] = ()
    atleast: Mapping[str, object] | None = None
    scope: str | None = None
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()
    severity: Severity = Severity.NORMAL
    weak: str = "hold"
    updates: str = "substance"
    budget: str | None = None
    secret: bool = False
    allow_channels: tuple[str, ...] | None = None
    enabled: bool = True
    tests: tuple[RuleTest, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """A configured destination. `type`: apprise | webhook | terminal | file."""

    name: str
    type: str = "apprise"
    url: Secret | None = None
    password: Secret | None = None
    secret: Secret | None = None
    path: Path | None = None
    fallback: str | None = None
    title_template: str | None = None
    body_template: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """Chooses channels: keys of `match` are AND, values in one key are OR; an empty match catches all."""

    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    continues: bool = False
    digest: tuple[str, ...] = ()
    group: float | None = None
    group_by: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When channels hold what they would send."""

    name: str
    channels: tuple[str, ...]
    start: str
    end: str
    days: tuple[str, ...] = ()
    timezone: str | None = None
    let_through: tuple[Severity, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Polling:
    """How feeds are polled; durations in seconds."""

    every: float = 900.0
    fastest: float = 300.0
    slowest: float = 3600.0
    first_poll: str = "baseline"
    concurrency: int = 32
    per_host: int = 2
    per_host_gap: float = 1.0
    allow_private: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration of one Tocsin."""

    path: Path
    files: tuple[Path, ...]
    database: Path
    timezone: str
    languages: tuple[str, ...] = ()
    contact: str | None = None
    retention: float = 90 * 86400.0
    polling: Polling = field(default_factory=Polling)
    feeds: tuple[FeedConfig, ...] = ()
    entities: tuple[EntityConfig, ...] = ()
    entity_packs: tuple[str, ...] = ()
    rules: tuple[RuleConfig, ...] = ()
    channels: tuple[ChannelConfig, ...] = ()
    routes: tuple[RouteConfig, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    story_window: float | None = 72 * 3600.0
    budget: str = "20/1h"
    digest: str = "08:00"
    notices: tuple[str, ...] | None = None
    log_level: str = "info"
    log_format: str = "auto"
    metrics_listen: str = ""
    pages: Mapping[str, object] = field(default_factory=dict)
    deadman: Secret | None = None
    canary: Mapping[str, object] | None = None
    digests: Mapping[Path, str] = field(default_factory=dict, repr=False)  # of every file that was read
    include: tuple[str, ...] = ()  # the patterns of `include`, as paths
