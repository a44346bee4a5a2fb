"""
What a feed's last document listed, as one short text: so that the next one is read only where it differs.

Most documents that changed differ in a date at their top, or in one item of thirty. The parser tells an item
whose bytes it was given before by their hash (`ParsedFeed.items`), and leaves it unread. Twice a day a
document is read whole all the same: what is still listed is then marked as seen.

The text is "SECONDS HEX": when a document was last read whole, and 16 digits for each hash.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE_EVERY = timedelta(hours=12)
MOST = 1_000  # hashes kept of one document: what stands below is read again


def packed(hashes: Sequence[int], whole_at: datetime) -> str:
    """The text for the hashes of a document's raw items; "" where there are none."""
    some = hashes[:MOST]
    return f"{int(whole_at.timestamp())} {struct.pack(f'>{len(some)}q', *some).hex()}" if some else ""


def hashes_of(text: str) -> tuple[int, ...]:
    """The hashes in a text of `packed`; none where it is not one."""
    try:
        data = bytes.fromhex(text.partition(" ")[2])
        return struct.unpack(f">{len(data) // 8}q", data)
    except (ValueError, struct.error):
        return ()


def whole_at(text: str) -> datetime | None:
    """When a document was last read whole, as the text says; None where it does not."""
    seconds = text.partition(" ")[0]
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() and len(seconds) < 12 else None


def known(text: str, now: datetime) -> frozenset[int]:
    """The hashes of the items that need not be read now; none where it is time to read all of them."""
    read_at = whole_at(text)
    if read_at is None or not timedelta(0) <= now - read_at < WHOLE_EVERY:
        return frozenset()
    return frozenset(hashes_of(text))
