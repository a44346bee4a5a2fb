"""
The journal's own protocol: a datagram of named fields, so that `journalctl TOCSIN_FEED=lemonde` finds them.

A field stands as NAME=value on a line of its own. A value with a line break is sent with its length instead
(systemd's "native protocol"), so no value can forge a field. What the journal does not take, because it is
too long or nobody listens, is left to the caller to write as a line.
"""

from __future__ import annotations

import re
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"
PREFIX = "TOCSIN_"
LONGEST_NAME = 64  # bytes: the journal drops fields with longer names
PATIENCE = 1.0  # seconds for a journal that is behind; then the line goes to the stream


def encoded(fields: Mapping[str, str]) -> bytes:
    """The fields as one datagram; names are taken as they are."""
    parts = []
    for name, value in fields.items():
        data = value.encode("utf-8", "backslashreplace")
        if b"\n" in data:
            parts.append(name.encode("ascii") + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode("ascii") + b"=" + data + b"\n")
    return b"".join(parts)


def field_name(name: str) -> str:
    """What a field of an event is called in the journal: our prefix, capitals, digits, underscores."""
    return (PREFIX + re.sub(r"[^A-Z0-9_]", "_", name.upper()))[:LONGEST_NAME]


class Journal:
    """A socket to the journal; `send` says whether the journal has it."""

    def __init__(self, address: str = SOCKET) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(PATIENCE)

    def send(self, fields: Mapping[str, str]) -> bool:
        """Hand one entry over. Not connected: a journal that was started again is found by its path."""
        try:
            self._socket.sendto(encoded(fields), self._address)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
