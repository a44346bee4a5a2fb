"""
The commonest answer of all, "not modified", read at a glance. Pure.

Most polls end with a head of a few hundred bytes that comes in one piece and has no body. Where it is of the
strictest form it needs no state machine; whatever else comes is h11's to read, the slightest oddity included.
"""

from __future__ import annotations

import re

MOST = 4096  # bytes; a longer one is no common one
_NOT_MODIFIED = re.compile(
    rb"HTTP/1\.[01] 304(?: [\x20-\x7e]*)?\r\n"
    rb"((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n){0,100})\r\n"
)
_FRAMING = (b"content-length", b"transfer-encoding", b"upgrade")


def not_modified(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """The header fields of a whole 304, names in lower case; None for anything else and all that is odd."""
    if len(data) > MOST:
        return None
    found = _NOT_MODIFIED.fullmatch(data)
    if found is None:
        return None
    fields = []
    for line in found[1].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        fields.append((name.lower(), value.strip(b" \t")))
    return None if any(name in _FRAMING for name, _ in fields) else fields
