"""Secrets in files that other users of the machine can read, and a database that they can read or replace."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from monitor.config.secrets import READABLE_BY_OTHERS, carries_token, has_password, secret_parts
from monitor.config.words import KeyPath, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.config.schema import Channel, Feed
    from monitor.config.tables import Tables

WRITABLE_BY_OTHERS = 0o022


def exposed_secret(tables: Tables, path: Path, file: str) -> list[Problem]:
    """A warning at the first secret written into `path`, if others than its owner may read that file."""
    inline = next(_inline(tables), None)
    if inline is None or not readable_by_others(path):
        return []
    message = "a secret stands in this file, and other users of this machine can read it"
    hint = f"run: chmod 600 {path} (or move the secret to {{ file = … }} or {{ env = … }})"
    return [Problem(file, inline, "readable_secret", message, hint, "warning")]


def exposed_database(path: Path, file: str) -> list[Problem]:
    """
    Warnings where others may read the database, or put another in its place.

    It is made with mode 0600, so that the first has been changed by hand or by a copy. A folder that others
    may only read gives away no more than names.
    """
    at: KeyPath = ("monitor", "database")
    found = []
    if readable_by_others(path):
        message = f"other users of this machine can read the database {path}: what was seen and sent"
        found.append(Problem(file, at, "readable_database", message, f"run: chmod 600 {path}", "warning"))
    folder = path.parent
    mode = _mode(folder)
    if mode & WRITABLE_BY_OTHERS and not mode & stat.S_ISVTX:
        message = f"other users of this machine can write to the folder of the database, {folder.absolute()}"
        hint = f"run: chmod go-w {folder.absolute()}"
        found.append(Problem(file, at, "writable_folder", message, hint, "warning"))
    return found


def readable_by_others(path: Path) -> bool:
    """Whether others than the file's owner may read it."""
    return bool(_mode(path) & READABLE_BY_OTHERS)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _inline(tables: Tables) -> Iterator[KeyPath]:
    for i, feed in tables.feeds:
        yield from (("feeds", i, *path) for path in _in_feed(feed))
    for name, channel in tables.channels.items():
        yield from (("channels", name, key) for key in _in_channel(channel))
    if tables.deadman is not None and isinstance(tables.deadman.url, str):
        yield ("deadman", "url")  # whoever knows it can keep the alarm from being raised


def _in_feed(feed: Feed) -> Iterator[KeyPath]:
    yield from ((key,) for key in ("url", "proxy") if _holds_secret(getattr(feed, key)))
    yield from (("headers", name) for name, value in feed.headers.items() if isinstance(value, str))
    if feed.auth and isinstance(feed.auth.password, str):
        yield ("auth", "password")


def _holds_secret(url: object) -> bool:
    return isinstance(url, str) and bool(secret_parts(url))


def _in_channel(channel: Channel) -> Iterator[str]:
    yield from (key for key in ("password", "secret") if isinstance(getattr(channel, key), str))
    if isinstance(channel.url, str):
        token = carries_token if channel.type == "apprise" else _holds_secret
        if token(channel.url) or has_password(channel.url):
            yield "url"
