"""How much of a document is used: every field of an answer, and the whole, is cut to a limit. Pure."""

from __future__ import annotations

from typing import Any

from monitor.feeds.wishes import ALWAYS_DAYS, ALWAYS_HOURS

_TITLE_CHARS = 2_000
_ADDRESS_CHARS = 4_000
_TEXT_CHARS = 200_000
_NAME_CHARS = 200
_MAX_NAMES = 50
_OUTPUT_CHARS = 16_000_000
_ENTRY_CHARS = 500  # what an entry takes beside its texts


def limited(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer with every field, and the whole, cut to its limit."""
    info = answer.get("info")
    if info:
        info["title"] = info["title"][:_TITLE_CHARS]
        info["language"] = (info["language"] or "")[:_NAME_CHARS] or None
        if len(info["link"] or "") > _ADDRESS_CHARS:
            info["link"] = None
        if len(info.get("self_url") or "") > _ADDRESS_CHARS:
            info["self_url"] = None
        _ignore_always(info, answer["warnings"])
    entries = answer.get("entries", ())
    size = 0
    for number, entry in enumerate(entries):
        size += _limit_entry(entry) if "title" in entry else _limit_addresses(entry)
        if size > _OUTPUT_CHARS:
            answer["warnings"].append(f"very long document: only its first {number} items are used")
            answer["entries"] = entries[:number]
            break
    return answer


def _ignore_always(info: dict[str, Any], warnings: list[str]) -> None:
    """Whoever asks never to be fetched is taken to have meant nothing."""
    for key, all_of_them, warning in (("skip_hours", 24, ALWAYS_HOURS), ("skip_days", 7, ALWAYS_DAYS)):
        if len(info.get(key) or ()) == all_of_them:
            info[key] = []
            warnings.append(warning)


def _limit_entry(entry: dict[str, Any]) -> int:
    """Cut the fields that are too long, which hardly ever are any; how much of the answer's limit is used."""
    title, summary, content = entry["title"], entry["summary"], entry["content"]
    size = len(title) + len(summary) + len(content)
    if size > _TITLE_CHARS:
        entry["title"], entry["summary"] = title[:_TITLE_CHARS], summary[:_TEXT_CHARS]
        entry["content"] = content[:_TEXT_CHARS]
        size = len(entry["title"]) + len(entry["summary"]) + len(entry["content"])
    if len(entry["guid"] or "") + len(entry["link"] or "") > _ADDRESS_CHARS:
        _limit_addresses(entry)
    if entry.get("source_title") or entry.get("source_url"):
        _limit_source(entry)
    if entry["language"] is not None:
        entry["language"] = entry["language"][:_NAME_CHARS] or None
    for names in ("authors", "categories"):
        given = entry[names]
        if len(given) > _MAX_NAMES or len("".join(given)) > _NAME_CHARS or "" in given:
            entry[names] = [name[:_NAME_CHARS] for name in given[:_MAX_NAMES] if name]
    return size + _ENTRY_CHARS


def _limit_addresses(entry: dict[str, Any]) -> int:
    """Half an address leads nowhere, half a guid still tells items apart."""
    entry["guid"] = (entry["guid"] or "")[:_ADDRESS_CHARS] or None
    if len(entry["link"] or "") > _ADDRESS_CHARS:
        entry["link"] = None
    return _ENTRY_CHARS


def _limit_source(entry: dict[str, Any]) -> None:
    """The same for where an item was taken from."""
    entry["source_title"] = (entry.get("source_title") or "")[:_TITLE_CHARS] or None
    if len(entry.get("source_url") or "") > _ADDRESS_CHARS:
        entry["source_url"] = None
