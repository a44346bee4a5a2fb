"""The one hash by which things are told apart and found again."""

from __future__ import annotations

from struct import Struct

try:  # hashlib's own, without the library of OpenSSL that it loads: 3.6 MB in each process that parses
    from _blake2 import blake2b
except ImportError:  # an interpreter that is built otherwise
    from hashlib import blake2b

_SIGNED = Struct(">q").unpack  # big-endian; a third of the time of int.from_bytes


def hash64(data: bytes) -> int:
    """A signed 64-bit hash, the same at every run: what SQLite and PostgreSQL both store as an integer."""
    number: int = _SIGNED(blake2b(data, digest_size=8).digest())[0]
    return number
