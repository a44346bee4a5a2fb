"""
The bytes of each item, as hashes that tell whether an item is the one that was read before. Pure.

Two items with one hash have the same bytes in documents that give them the same meaning: the start tags of
the root and the channel (namespaces, languages) and the base of the links are part of the hash. An item's
bytes may include a little of what stands before it; then it is read again for nothing, which is harmless.
"""

from __future__ import annotations

import re

from monitor.text.hashes import hash64

_START = re.compile(rb"<(?:item|entry)(?=[\s>])")
# The start tags of the root and of the channel, if the one follows the other.
_HEAD = re.compile(rb"<[^<>]*>\s*(?:<channel[^<>]*>)?")


def hashes_of(data: bytes, count: int, base: str) -> list[int]:
    """
    A signed 64-bit hash for each of so many items, never 0; none at all where their borders are doubtful.

    `data` starts with the root element. There must be as many end tags as there are items.
    """
    *parts, _ = data.split(b"</entry>" if data.endswith(b"feed>") else b"</item>")
    if not parts or len(parts) != count:
        return []
    head, start = _HEAD.match(data), _START.search(parts[0])
    if head is None or start is None or (b"<channel" in parts[0] and b"<channel" not in head[0]):
        return []
    parts[0] = parts[0][start.start() :]
    context = base.encode("utf-8", "surrogatepass") + b"\x00" + head[0] + b"\x00"
    return [hash64(context + part) or 1 for part in parts]
