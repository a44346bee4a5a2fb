"""Feeds that come from OPML files named in [[opml]]."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.config.checks import feed_url
from monitor.config.exposed import readable_by_others
from monitor.config.feednames import default_name
from monitor.config.fingerprint import digest_of
from monitor.config.secrets import secret_parts
from monitor.config.words import Problem, WrongValueError, shown
from monitor.settings import FeedConfig, Origin, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.config.build import Parts


def join_opml(parts: Parts, problems: list[Problem], texts: Mapping[Path, str]) -> dict[Path, str]:
    """
    Add the feeds of the OPML files to `parts`, and what is wrong with those files to `problems`.

    An address that is listed already only brings its tags. The title never becomes a name: it changes too
    easily, and state belongs to the name. Returns the digest of each file as it was read.
    """
    digests = {}
    for path, tags, origin in parts.opml:
        raw = _raw(path, origin, texts, problems)
        if raw is None:
            continue
        digests[path] = digest_of(raw)
        if not _add(parts, raw, tags, origin, problems):
            continue
        if readable_by_others(path):
            message = (
                f"'file' in [[opml]]: {str(path)!r} holds a login that other users of this machine can read"
            )
            hint = f"run: chmod 600 {path}"
            at = (*origin.path, "file")
            problems.append(Problem(origin.file, at, "readable_secret", message, hint, "warning"))
    return digests


def _raw(path: Path, origin: Origin, texts: Mapping[Path, str], problems: list[Problem]) -> bytes | None:
    from monitor.feeds.opml import MAX_BYTES  # noqa: PLC0415 - most configurations have no OPML file

    if path in texts:
        return texts[path].encode()
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"'file' in [[opml]]: {str(path)!r}: {error.strerror or 'cannot be read'}"
        hint = "paths are relative to the file that names them"
    problems.append(Problem(origin.file, (*origin.path, "file"), "unreadable", message, hint))
    return None


def _add(parts: Parts, raw: bytes, tags: tuple[str, ...], origin: Origin, problems: list[Problem]) -> bool:
    """Join in what one file lists; returns whether an address in it holds a login or a token."""
    from monitor.feeds.opml import read_opml  # noqa: PLC0415 - most configurations have no OPML file

    at = (*origin.path, "file")
    try:
        listed = read_opml(raw)
    except ValueError as error:
        message = f"'file' in [[opml]]: this is not OPML: {error}"
        problems.append(Problem(origin.file, at, "bad_opml", message, "export it again from your reader"))
        return False
    by_url = {feed.url.reveal(): i for i, feed in enumerate(parts.feeds) if not feed.url.missing}
    by_name = {feed.name for feed in parts.feeds}
    refused = 0
    for item in listed:
        try:
            feed_url(item.url)
        except WrongValueError:
            refused += 1
            continue
        both = tuple(dict.fromkeys((*tags, *item.tags)))
        if item.url in by_url:
            i = by_url[item.url]
            merged = tuple(dict.fromkeys((*parts.feeds[i].tags, *both)))
            parts.feeds[i] = replace(parts.feeds[i], tags=merged)
            continue
        name = default_name(item.url)
        if name in by_name:
            message = f"a feed in this OPML file would be named {shown(name)}, which is taken"
            hint = 'list it under [[feeds]] with a name = "…" of its own'
            problems.append(Problem(origin.file, at, "duplicate_name", message, hint))
            continue
        by_name.add(name)
        by_url[item.url] = len(parts.feeds)
        parts.feeds.append(FeedConfig(name=name, url=Secret(item.url), tags=both, origin=origin))
    if refused:
        message = f"{refused} of the feeds in this OPML file have no http:// or https:// address: left out"
        problems.append(Problem(origin.file, at, "bad_url", message, level="warning"))
    return any(secret_parts(item.url) for item in listed)
