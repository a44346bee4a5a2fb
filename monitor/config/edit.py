"""
Changing feeds in a configuration file that a person wrote, leaving every other byte as it is.

A TOML library that writes whole documents moves or loses comments that stand between tables, so the file is
edited as lines, at places that lines.py finds. A change is tried first: it is written only if the whole
configuration loads with it, and then in one step (a new file renamed over the old one).
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.feednames import default_name
from monitor.config.lines import Block, Lines
from monitor.config.load import Loaded, load_config
from monitor.config.tomltext import longer_list, toml_value
from monitor.config.words import did_you_mean, shown
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_ENABLED = re.compile(r"^(\s*enabled\s*=\s*)(?:true|false)")
_BY_HAND = "edit the file by hand"


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed to be written into the file; without a name it gets its default name."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """
    What an import did: the feeds it `added` (each with its name), the tags that listed ones got (`merged`).

    `stuck` are tags that could not be written, since their feed stands in an OPML file or in one list with
    others; `known` are the names of feeds that had all of them.
    """

    added: tuple[NewFeed, ...] = ()
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stuck: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: tuple[str, ...] = ()


def add_feed(
    path: Path,
    name: str | None,
    url: str,
    tags: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
) -> None:
    """Write one feed behind the last one in the main file `path`; UsageError if it would not load."""
    if _urls(_loaded(path, env)).get(url):
        raise UsageError("this address is listed already", hint="tocsin feeds list shows it")
    _append(path, [NewFeed(url, name, tuple(tags))], env)


def names_by_url(path: Path, *, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The addresses that the configuration at `path` lists, with the names of their feeds."""
    return _urls(_loaded(path, env))


def import_feeds(
    path: Path, feeds: Sequence[NewFeed], *, env: Mapping[str, str] | None = None
) -> ImportReport:
    """
    Write the feeds whose address is not listed yet, and give those that are listed their new tags.

    New ones go into the main file `path`; tags are written where the feed stands, included files too. All is
    written or nothing: UsageError if the configuration would not load.
    """
    loaded = _loaded(path, env)
    listed = _urls(loaded)
    taken = set(listed.values())
    new: dict[str, NewFeed] = {}
    more_tags: dict[str, dict[str, None]] = {}
    for feed in feeds:
        if feed.url in listed:
            more_tags.setdefault(listed[feed.url], {}).update(dict.fromkeys(feed.tags))
        elif feed.url in new:
            tags = tuple(dict.fromkeys((*new[feed.url].tags, *feed.tags)))
            new[feed.url] = replace(new[feed.url], tags=tags)
        else:
            name = feed.name or _safe_default_name(feed.url)
            if name in taken:
                name = _free(name, taken)
            taken.add(name)
            new[feed.url] = replace(feed, name=name)
    texts, merged, stuck = _with_tags(loaded, more_tags)
    if new:
        own = [replace(f, name=None) if f.name == _safe_default_name(f.url) else f for f in new.values()]
        before = texts.get(path) or Lines(_read(path)).lines
        texts[path] = _appended(before, own)
    _write_all(path, texts, env)
    known = tuple(name for name in more_tags if name not in merged and name not in stuck)
    return ImportReport(tuple(new.values()), merged, stuck, known)


def remove_feed(path: Path, name: str, *, env: Mapping[str, str] | None = None) -> Path:
    """Take a feed out of its file (the main file `path` or one it includes); returns that file."""
    file, index, text = _find(path, name, env)
    lines = Lines(text)
    gone: set[int] = set()
    for block in lines.blocks:
        if block.path[:2] == ("feeds", index):
            gone.update(range(block.start, _end(lines, block)))
    first = min(gone)
    kept = lines.lines
    after = max(gone) + 1
    blank_behind = after >= len(kept) or not kept[after].strip()
    if first and not kept[first - 1].strip() and blank_behind:
        gone.add(first - 1)
    _write(path, file, [line for i, line in enumerate(kept) if i not in gone], text, env)
    return file


def set_enabled(path: Path, name: str, enabled: bool, *, env: Mapping[str, str] | None = None) -> Path:
    """Set `enabled` of a feed in the file it stands in; returns that file."""
    file, index, text = _find(path, name, env)
    lines = Lines(text)
    feed = lines.data["feeds"][index]
    word = "true" if enabled else "false"
    changed = list(lines.lines)
    if "enabled" in feed:
        at = lines.line_of(("feeds", index, "enabled")) - 1
        changed[at], count = _ENABLED.subn(rf"\g<1>{word}", changed[at])
        if not count:
            raise UsageError(f"'enabled' of feed {shown(name)} is written in an unusual way", hint=_BY_HAND)
    elif not enabled:
        _, last = lines.statement(("feeds", index, "url"))
        changed.insert(last, f"enabled = {word}")
    if changed != lines.lines:
        _write(path, file, changed, text, env)
    return file


def _append(path: Path, feeds: Sequence[NewFeed], env: Mapping[str, str] | None) -> None:
    text = _read(path)
    _write(path, path, _appended(Lines(text).lines, feeds), text, env)


def _appended(before: Sequence[str], feeds: Sequence[NewFeed]) -> list[str]:
    """The lines with these feeds behind the last one that stands in them."""
    lines = Lines("\n".join(before))
    mine = [block for block in lines.blocks if block.path[:1] == ("feeds",)]
    if "feeds" in lines.data and not mine:
        raise UsageError("the feeds of this file stand in one list: feeds = [ … ]", hint=_BY_HAND)
    snippet = [line for feed in feeds for line in _snippet(feed)]
    if mine:
        at = _end(lines, mine[-1])
    else:
        at = len(lines.lines)
        while at and not lines.lines[at - 1].strip():
            at -= 1
    return [*lines.lines[:at], *snippet, *(lines.lines[at:] or [""])]


def _with_tags(
    loaded: Loaded, more_tags: Mapping[str, Iterable[str]]
) -> tuple[dict[Path, list[str]], dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The changed lines of each file, the tags that feeds get by name, and those that cannot be written."""
    merged: dict[str, tuple[str, ...]] = {}
    stuck: dict[str, tuple[str, ...]] = {}
    places: dict[Path, list[tuple[int, str]]] = {}
    for feed in loaded.partial.feeds if loaded.partial else ():
        new = tuple(tag for tag in more_tags.get(feed.name, ()) if tag not in feed.tags)
        if not new:
            continue
        table, index = feed.origin.path[:2] if feed.origin else ("", 0)
        if feed.origin is None or table != "feeds" or not isinstance(index, int):
            stuck[feed.name] = new
            continue
        merged[feed.name] = new
        places.setdefault(Path(feed.origin.file), []).append((index, feed.name))
    texts: dict[Path, list[str]] = {}
    for file, changes in places.items():
        lines = Lines(_read(file))
        changed = list(lines.lines)
        for index, name in reversed(changes):  # from the end, so that the places above stay right
            if not _give_tags(lines, changed, index, merged[name]):
                stuck[name] = merged.pop(name)
        texts[file] = changed
    return texts, merged, stuck


def _give_tags(lines: Lines, changed: list[str], index: int, tags: tuple[str, ...]) -> bool:
    """Write more tags of one feed into `changed`, where nothing above it has moved; False if that fails."""
    if all(block.path[:2] != ("feeds", index) for block in lines.blocks):
        return False
    if "tags" not in lines.data["feeds"][index]:
        _, last = lines.statement(("feeds", index, "url"))
        changed.insert(last, f"tags = {toml_value(tags)}")
        return True
    first, last = lines.statement(("feeds", index, "tags"))
    longer = longer_list("\n".join(lines.lines[first - 1 : last]), tags)
    if longer is None:
        return False
    changed[first - 1 : last] = longer.split("\n")
    return True


def _snippet(feed: NewFeed) -> list[str]:
    lines = ["", "[[feeds]]"]
    if feed.name:
        lines.append(f"name = {toml_value(feed.name)}")
    lines.append(f"url = {toml_value(feed.url)}")
    if feed.tags:
        lines.append(f"tags = {toml_value(feed.tags)}")
    return lines


def _end(lines: Lines, block: Block) -> int:
    """The line, from 0, behind a block and the comments that stand right below it, up to a blank line."""
    end = last = lines.last_statement(block)
    while end < block.end and lines.lines[end].strip().startswith("#"):
        end += 1
    ends_here = end < block.end or block.end == len(lines.lines)
    return end if ends_here else last


def _find(path: Path, name: str, env: Mapping[str, str] | None) -> tuple[Path, int, str]:
    """The file a feed stands in, its index in there, and that file's text."""
    loaded = _loaded(path, env)
    feeds = loaded.partial.feeds if loaded.partial else ()
    found = next((feed for feed in feeds if feed.name == name), None)
    if found is None or found.origin is None:
        hint = did_you_mean(name, [feed.name for feed in feeds])
        raise UsageError(f"there is no feed {shown(name)}", hint=hint)
    table, index = found.origin.path[0], found.origin.path[1]
    if table == "opml" or not isinstance(index, int):
        raise UsageError(f"feed {shown(name)} comes from an OPML file", hint="change it there")
    file = Path(found.origin.file)
    text = _read(file)
    if all(block.path[:2] != ("feeds", index) for block in Lines(text).blocks):
        raise UsageError(f"{file}: the feeds stand in one list: feeds = [ … ]", hint=_BY_HAND)
    return file, index, text


def _loaded(path: Path, env: Mapping[str, str] | None) -> Loaded:
    return load_config(path, env=env or {}, strict_secrets=False)


def _urls(loaded: Loaded) -> dict[str, str]:
    feeds = loaded.partial.feeds if loaded.partial else ()
    return {feed.url.reveal(): feed.name for feed in feeds if not feed.url.missing}


def _safe_default_name(url: str) -> str:
    """The default name, or "" for an address that the trial load will refuse anyway."""
    try:
        return default_name(url)
    except ValueError:
        return ""


def _free(name: str, taken: set[str]) -> str:
    count = 2
    while f"{name}-{count}" in taken:
        count += 1
    return f"{name}-{count}"


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from None


def rewrite_files(main: Path, texts: Mapping[Path, tuple[str, str]], env: Mapping[str, str] | None) -> None:
    """Put new texts in the place of old ones (old, new), if the configuration loads with all of them."""
    after = {file: new.split("\n") for file, (_old, new) in texts.items()}
    _write_all(main, after, env, {file: old for file, (old, _new) in texts.items()})


def _write(main: Path, file: Path, lines: Sequence[str], before: str, env: Mapping[str, str] | None) -> None:
    """Try the change on the whole configuration, then put it in place."""
    _write_all(main, {file: lines}, env, {file: before})


def _write_all(
    main: Path,
    changes: Mapping[Path, Sequence[str]],
    env: Mapping[str, str] | None,
    texts: Mapping[Path, str] | None = None,
) -> None:
    """Try all changes on the whole configuration, then put each file in place; `texts` as they were read."""
    after = {file: "\n".join(lines) for file, lines in changes.items()}
    trial = load_config(main, env=env or {}, strict_secrets=False, texts=after) if after else Loaded(None)
    errors = [finding for finding in trial.findings if finding.level == "error"]
    if errors:
        worst = errors[0]
        where = f"{worst.file}:{worst.line}: {worst.message}"
        raise UsageError(f"nothing was changed, the configuration would not load: {where}", hint=worst.hint)
    written = ""
    for file, text in after.items():
        before = texts[file] if texts else _read(file)
        newline = "\r\n" if "\r\n" in before else "\n"
        try:
            _replace(Path(os.path.realpath(file)), text.replace("\n", newline).encode())
        except OSError as error:
            raise UsageError(
                f"{written or 'nothing was changed'}: cannot write {file}: {error.strerror}",
                hint="check the rights of its folder",
            ) from error
        written = f"{file} was changed, the rest was not"


def _replace(file: Path, content: bytes) -> None:
    """Atomic: whoever reads sees the old file or the new one, also after a crash. Mode and owner stay."""
    old = file.stat()
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            os.fchmod(temporary.fileno(), stat.S_IMODE(old.st_mode))
            with contextlib.suppress(PermissionError):
                os.fchown(temporary.fileno(), old.st_uid, old.st_gid)
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
