"""
Channels: where notifications go, and the two that need no network.

A channel answers with a value whatever happens; `send` blocks and is called in a thread of the caller.
Building a channel imports nothing heavy and opens nothing: the first send does.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Protocol

from monitor.model import Answer, AnswerClass

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from monitor.alerts.renderers.card import Card
    from monitor.model import Outgoing
    from monitor.settings import ChannelConfig

TYPES = ("apprise", "webhook", "terminal", "file")


class Channel(Protocol):
    """A destination, ready to send."""

    name: str

    def send(self, outgoing: Outgoing) -> Answer:
        """Try once; never raises for what receivers, networks or disks do."""

    def close(self) -> None:
        """Let go of what is open."""


@dataclass(frozen=True, slots=True)
class ChannelProblem:
    """
    One thing wrong with a channel's configuration; `hint` may be lines of TOML ready to paste.

    `key` is where it stands inside the channel's table.
    """

    code: str
    message: str
    hint: str = ""
    level: str = "error"  # "error" | "warning"
    key: tuple[str, ...] = ("url",)


def build_channel(
    config: ChannelConfig,
    *,
    zone: tzinfo = UTC,
    contact: str | None = None,
    stream: TextIO | None = None,
) -> Channel:
    """
    Build the channel a configuration describes.

    `zone` is the time zone that texts show times in; `contact` goes into the webhook's User-Agent;
    `stream` is where a terminal channel writes, standard output by default.
    """
    if config.type == "terminal":
        return TerminalChannel(config.name, stream=stream, zone=zone)
    if config.type == "file":
        return FileChannel(config)
    if config.type == "webhook":
        from monitor.delivery.webhook import WebhookChannel  # noqa: PLC0415 - http.client only where used

        return WebhookChannel(config, contact=contact)
    from monitor.delivery.apprise_channel import AppriseChannel  # noqa: PLC0415 - the same

    return AppriseChannel(config, zone=zone)


def check_channel(config: ChannelConfig) -> tuple[ChannelProblem, ...]:
    """Find what is wrong with a channel without sending anything; loads Apprise for its channels."""
    problems = _check_templates(config)
    if config.type not in TYPES:
        known = ", ".join(TYPES)
        problems.append(ChannelProblem("channel-type", f'unknown type "{config.type}"; there are: {known}'))
    elif config.type == "file":
        problems += _check_file(config.path)
    elif config.type != "terminal":
        problems += _check_url(config)
    return tuple(problems)


def _check_templates(config: ChannelConfig) -> list[ChannelProblem]:
    """A title is plain text everywhere; a body is held against the markup of the channel's own service."""
    if not config.title_template and not config.body_template:
        return []
    from monitor.alerts.renderers.kinds import kind_of  # noqa: PLC0415 - renderers only where used
    from monitor.alerts.renderers.templates import check_template  # noqa: PLC0415 - the same

    kind = "plain"
    if config.type == "apprise" and config.url is not None and not config.url.missing:
        kind = kind_of(config.url.reveal().partition("://")[0].strip())
    given = (("title", config.title_template, "plain"), ("body", config.body_template, kind))
    return [
        ChannelProblem("template", wrong, key=("template", name))
        for name, text, markup in given
        if text and (wrong := check_template(text, markup))
    ]


def _check_file(path: Path | None) -> list[ChannelProblem]:
    if path is None:
        return [ChannelProblem("channel-path", 'a file channel needs a path, e.g. path = "alerts.jsonl"')]
    if not path.parent.is_dir():
        return [
            ChannelProblem("channel-path", f"the folder {path.parent} does not exist yet", level="warning")
        ]
    return []


def _check_url(config: ChannelConfig) -> list[ChannelProblem]:
    if config.url is None:
        return [ChannelProblem("channel-url", f"the {config.type} channel needs a url")]
    for secret in (config.url, config.password, config.secret):
        if secret is not None and secret.missing:
            return [ChannelProblem("channel-secret", f"not checked: {secret.missing}", level="warning")]
    if config.type == "webhook":
        from monitor.delivery.webhook import check_address  # noqa: PLC0415 - http.client only where used

        wrong = check_address(config.url.reveal())
        return [ChannelProblem("channel-url", wrong)] if wrong else []
    from monitor.delivery.apprise_check import check_apprise  # noqa: PLC0415 - Apprise only where used

    return check_apprise(config)


# --- terminal ----------------------------------------------------------------------------------------


class TerminalChannel:
    """Shows alerts as cards: in colour on a terminal, as plain lines elsewhere or with NO_COLOR."""

    def __init__(self, name: str, *, stream: TextIO | None = None, zone: tzinfo = UTC) -> None:
        self.name = name
        self._stream = stream
        self._zone = zone
        self._lock = threading.Lock()

    def send(self, outgoing: Outgoing) -> Answer:
        """Write one card."""
        from monitor.alerts.renderers.card import render_card  # noqa: PLC0415 - renderers only where used

        stream = self._stream or sys.stdout
        card = render_card(outgoing, zone=self._zone)
        try:
            with self._lock:
                if stream.isatty() and not os.environ.get("NO_COLOR"):
                    _print_rich(card, stream)
                else:
                    encoding = stream.encoding or "utf-8"
                    stream.write(card.plain().encode(encoding, "replace").decode(encoding))
                stream.flush()
        except (OSError, ValueError):
            return Answer(
                AnswerClass.TRANSIENT, "the terminal is gone, or its output is closed", unreached=True
            )
        return Answer(AnswerClass.OK, "shown")

    def close(self) -> None:
        """The stream belongs to the caller."""


_STYLES = {
    "urgent": "bold white on red",
    "high": "bold red",
    "normal": "bold green",
    "low": "dim",
    "title": "bold",
    "hit": "bold yellow",
    "link": "blue underline",
    "faint": "dim",
    "text": "",
}


def _print_rich(card: Card, stream: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - 60 ms, and only a terminal needs it
    from rich.text import Text  # noqa: PLC0415 - the same

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for row in card.rows:
        console.print(Text.assemble(*((text, _STYLES[style]) for text, style in row)))


# --- file --------------------------------------------------------------------------------------------


class FileChannel:
    """Appends each notification as one line of JSON and waits until the disk has it."""

    def __init__(self, config: ChannelConfig) -> None:
        self.name = config.name
        self._path = config.path

    def send(self, outgoing: Outgoing) -> Answer:
        """Append one line: whole, or not at all."""
        if self._path is None:
            return Answer(AnswerClass.CONFIG, f"the channel {self.name} has no path; give it one")
        from monitor.alerts.renderers.objects import render_json  # noqa: PLC0415 - renderers only where used

        line = json.dumps(render_json(outgoing), ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            _append(self._path, line.encode())
        except OSError as error:
            lasting = error.errno in (errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EROFS)
            kind = AnswerClass.CONFIG if lasting else AnswerClass.TRANSIENT
            why = f"{self._path}: {error.strerror or 'cannot be written'}"
            return Answer(kind, why, unreached=not lasting)
        return Answer(AnswerClass.OK, "written")

    def close(self) -> None:
        """Nothing stays open between two lines, so that the file may be rotated at any time."""


def _append(path: Path, data: bytes) -> None:
    """Append under a lock; a line that failed half-way, now or before, is never glued to another."""
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.ENOTDIR, "is not a regular file")
        fcntl.flock(fd, fcntl.LOCK_EX)
        end = os.lseek(fd, 0, os.SEEK_END)
        if end and os.pread(fd, 1, end - 1) != b"\n":
            data = b"\n" + data
        try:
            written = 0
            while written < len(data):
                written += os.write(fd, data[written:])
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, end)
            raise
    finally:
        os.close(fd)
