"""What a renderer is told of its channel, and what it gives back. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from monitor.alerts.safe import LONGEST_TITLE

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_LIMIT = 32_000


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What one channel wants of a text.

    `limit` is the most characters that title and body may have together, one line break included;
    `title_limit` the most for the title alone; `zone` is the time zone that times are shown in. `given` are
    the options that the channel's URL sets itself, e.g. "priority": these are left as they are.
    """

    limit: int = DEFAULT_LIMIT
    title_limit: int = LONGEST_TITLE
    zone: tzinfo = UTC
    title_template: str | None = None
    body_template: str | None = None
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail's own parts; `story` binds the mails of one story into a thread."""

    text: str
    html: str
    story: int | None
    update: bool
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    A notification ready for one kind of channel.

    `format` is "text", "html" or "markdown": what `body` is written in. `headers` go into the HTTP request,
    `fields` into its JSON object (the one that has the key `marker`), `settings` onto the plugin.
    """

    kind: str
    title: str
    body: str
    format: str = "text"
    marker: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    mail: Mail | None = None
