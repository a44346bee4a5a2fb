"""Secrets that stand in a file which every user of the machine can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.secrets import READABLE_BY_OTHERS, carries_token, has_password
from monitor.config.words import KeyPath, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.config.schema import Channel, Feed
    from monitor.config.tables import Tables


def exposed_secret(tables: Tables, path: Path, file: str) -> list[Problem]:
    """A warning at the first secret written into `path`, if others than its owner may read that file."""
    inline = next(_inline(tables), None)
    if inline is None:
        return []
    try:
        mode = path.stat().st_mode
    except OSError:
        return []
    if not mode & READABLE_BY_OTHERS:
        return []
    message = "a secret stands in this file, and other users of this machine can read it"
    hint = f"run: chmod 600 {path} (or move the secret to {{ file = … }} or {{ env = … }})"
    return [Problem(file, inline, "readable_secret", message, hint, "warning")]


def _inline(tables: Tables) -> Iterator[KeyPath]:
    for i, feed in tables.feeds:
        yield from (("feeds", i, *path) for path in _in_feed(feed))
    for name, channel in tables.channels.items():
        yield from (("channels", name, key) for key in _in_channel(channel))


def _in_feed(feed: Feed) -> Iterator[KeyPath]:
    if isinstance(feed.url, str) and has_password(feed.url):
        yield ("url",)
    yield from (("headers", name) for name, value in feed.headers.items() if isinstance(value, str))
    if feed.auth and isinstance(feed.auth.password, str):
        yield ("auth", "password")


def _in_channel(channel: Channel) -> Iterator[str]:
    yield from (key for key in ("password", "secret") if isinstance(getattr(channel, key), str))
    if isinstance(channel.url, str):
        token = carries_token if channel.type == "apprise" else has_password
        if token(channel.url):
            yield "url"
