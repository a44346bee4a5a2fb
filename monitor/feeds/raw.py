"""
The bytes of each item, as hashes that tell whether an item is the one that was read before. Pure.

Two items with one hash have the same bytes in documents that give them the same meaning: the start tags of
the root and the channel (namespaces, languages) and the base of the links are part of the hash. An item's
bytes may include a little of what stands before it; then it is read again for nothing, which is harmless.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

_ENDS = (b"</item>", b"</entry>")
_STARTS = (b"<item", b"<entry")
# The start tags of the root and of the channel, if the one follows the other.
_HEAD = re.compile(rb"<[^<>]*>\s*(?:<channel[^<>]*>)?")


def hashes_of(data: bytes, items: Sequence[Element], base: str) -> list[int]:
    """
    A signed 64-bit hash for each item of a document, never 0; none at all where the borders are doubtful.

    `items` are the same items as elements: as many as there are end tags, or nothing is certain.
    """
    if not items or not all(map(len, items)):
        return []
    ending = _ENDS[data.endswith(b"feed>")]
    parts = data.split(ending)
    head = _HEAD.match(data)
    start = _start(parts[0])
    if len(parts) - 1 != len(items) or head is None or start < 0:
        return []
    if b"<channel" in parts[0] and b"<channel" not in head[0]:
        return []
    parts.pop()
    parts[0] = parts[0][start:]
    context = base.encode("utf-8", "surrogatepass") + b"\x00" + head[0] + b"\x00"
    return [hash64(context + part) or 1 for part in parts]


def _start(part: bytes) -> int:
    """Where the first item starts; -1 if that cannot be told."""
    for start in _STARTS:
        at = part.find(start)
        while at >= 0:
            if part[at + len(start) : at + len(start) + 1] in (b">", b" ", b"\t", b"\n", b"\r"):
                return at
            at = part.find(start, at + 1)
    return -1
