"""The one hash by which things are told apart and found again."""

from __future__ import annotations

from hashlib import blake2b


def hash64(data: bytes) -> int:
    """A signed 64-bit hash, the same at every run: what SQLite and PostgreSQL both store as an integer."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)
