"""
Unpacking a body as it arrives, without ever producing more than its limit.

Ten kilobytes of gzip can hold ten megabytes, and gzip may hold gzip. So each call to zlib is given the
room that is left to fill, the limit holds for every stage, and nothing is produced that is then measured
and thrown away.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from monitor.feeds.problem import FetchError
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = 65_536
_MAX_CODINGS = 2
_MAX_MEMBERS = 100  # a gzip body may be several joined ones; thousands of tiny ones only burn time


class Inflater:
    """
    Decodes one body: `add` its bytes in the order they come, then `finish` for the whole.

    `content_encoding` is the header's value ("" = none); gzip, deflate (with or without its wrapper) and
    identity are known. `limit` is in decoded bytes. All three raise FetchError: BAD_BODY for an unknown
    coding or damaged data, TOO_BIG above the limit.
    """

    def __init__(self, content_encoding: str, limit: int) -> None:
        self._limit = limit
        self._body = bytearray()
        self._stages: list[_Stage] = []
        self._add: Callable[[bytes], None] = self._keep
        # The coding named last was applied last, so it is the first to be undone.
        for coding in _codings(content_encoding):
            stage = _Stage(coding, limit, self._add)
            self._stages.append(stage)
            self._add = stage.add

    def add(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._add(data)

    def finish(self) -> bytes:
        """The decoded body, once all of it was added."""
        if not all(stage.complete for stage in self._stages):
            raise FetchError(FetchStatus.BAD_BODY, "the compressed body is cut off")
        return bytes(self._body)

    def _keep(self, data: bytes) -> None:
        if len(self._body) + len(data) > self._limit:
            raise too_big(self._limit)
        self._body += data


def too_big(limit: int) -> FetchError:
    """The error for a body of more than `limit` bytes."""
    size = f"{limit / 1_000_000:g} MB" if limit >= 100_000 else f"{limit} bytes"
    return FetchError(FetchStatus.TOO_BIG, f"the body is larger than {size}")


def _codings(content_encoding: str) -> list[str]:
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = ["gzip" if name == "x-gzip" else name for name in names if name not in ("", "identity")]
    if len(names) > _MAX_CODINGS:
        raise FetchError(FetchStatus.BAD_BODY, f"the body is packed {len(names)} times over")
    for name in names:
        if name not in ("gzip", "deflate"):
            shown = name if name.isascii() and name.isalnum() and len(name) <= 20 else "something unknown"
            raise FetchError(
                FetchStatus.BAD_BODY, f"the body is packed with {shown}, which was not asked for"
            )
    return names


class _Stage:
    """One coding undone; what comes out goes on to `emit` in pieces of at most 64 KB."""

    def __init__(self, coding: str, limit: int, emit: Callable[[bytes], None]) -> None:
        self._coding = coding
        self._limit = limit
        self._emit = emit
        self._held = b""  # a first byte, waiting for the second
        self._members = 0
        self._produced = 0
        self._zlib: zlib._Decompress | None = None

    @property
    def complete(self) -> bool:
        """Whether what came so far is a whole: at least one member, and none begun."""
        return self._members > 0 and self._zlib is None

    def add(self, data: bytes) -> None:
        while data:
            if self._zlib is None:
                data = self._held + data
                if self._members and not (self._coding == "gzip" and data.startswith(b"\x1f")):
                    return  # padding behind the end is common and harmless
                if len(data) < 2:
                    self._held = data
                    return
                self._held = b""
                self._zlib = zlib.decompressobj(self._window_bits(data))
            data = self._inflate(self._zlib, data)

    def _inflate(self, unpacker: zlib._Decompress, data: bytes) -> bytes:
        """Unpack what `data` holds of the current member; returns what lies behind its end."""
        while not unpacker.eof:
            try:
                out = unpacker.decompress(data, _STEP)
            except zlib.error:
                raise FetchError(FetchStatus.BAD_BODY, f"the body is not valid {self._coding}") from None
            self._produced += len(out)
            if self._produced > self._limit:
                raise too_big(self._limit)
            if out:
                self._emit(out)
            data = unpacker.unconsumed_tail
            # A full piece may leave more inside zlib although all input is used up.
            if not data and len(out) < _STEP:
                break
        if not unpacker.eof:
            return b""
        self._zlib = None
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise FetchError(FetchStatus.BAD_BODY, "the body is packed in too many parts")
        return unpacker.unused_data

    def _window_bits(self, start: bytes) -> int:
        if self._coding == "gzip":
            return 16 + zlib.MAX_WBITS
        # "deflate" means zlib's wrapper (RFC 9110), but some servers send the bare stream (RFC 1951).
        wrapped = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
