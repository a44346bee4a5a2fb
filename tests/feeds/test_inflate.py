"""Unpacking bodies within their limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.inflate import Inflater
from monitor.feeds.problem import FetchError
from monitor.model import FetchStatus

TEXT = b"<rss>" + b"Les talibans a Doha. " * 500 + b"</rss>"


def unpack(coding: str, data: bytes, *, limit: int = 1_000_000, step: int = 100) -> bytes:
    """Unpack in pieces of `step` bytes."""
    inflater = Inflater(coding, limit)
    for start in range(0, len(data), step):
        inflater.add(data[start : start + step])
    return inflater.finish()


def raw_deflate(data: bytes) -> bytes:
    """The bare stream that some servers call deflate."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("step", [1, 7, 100, 100_000])
@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("X-GZip", gzip.compress(TEXT)),
        (" gzip , identity", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("gzip, deflate", zlib.compress(gzip.compress(TEXT))),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ("gzip", gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])),
        ("gzip", gzip.compress(TEXT) + b"\0" * 300),
        ("deflate", zlib.compress(TEXT) + b"padding"),
    ],
)
def test_every_known_coding_is_undone(coding: str, packed: bytes, step: int) -> None:
    """Whatever the size of the pieces, the body comes out as it was; padding behind it is ignored."""
    assert unpack(coding, packed, step=step) == TEXT


@given(st.binary(max_size=5000), st.integers(1, 600))
def test_pieces_do_not_matter(data: bytes, step: int) -> None:
    """Any bytes survive packing and unpacking in any pieces."""
    assert unpack("gzip", gzip.compress(data), step=step) == data
    assert unpack("deflate", raw_deflate(data), step=step) == data


@pytest.mark.parametrize(
    ("coding", "data", "word"),
    [
        ("br", b"x", "br"),
        ("zstd, gzip", b"x", "zstd"),
        ("\x1b[31mred", b"x", "something unknown"),
        ("gzip, gzip, gzip", b"x", "3 times"),
        ("gzip", TEXT, "not valid gzip"),
        ("deflate", b"\xff\xff\xff\xff", "not valid deflate"),
        ("gzip", b"", "cut off"),
        ("gzip", b"\x1f", "cut off"),
        ("gzip", gzip.compress(TEXT)[:-1], "cut off"),
        ("gzip", gzip.compress(TEXT)[:-20], "cut off"),
        ("deflate", zlib.compress(TEXT)[:50], "cut off"),
        ("gzip, deflate", zlib.compress(gzip.compress(TEXT)[:-9]), "cut off"),
        ("gzip", gzip.compress(TEXT)[:-8] + b"\0" * 8, "not valid gzip"),
        ("gzip", gzip.compress(b"") * 200, "too many parts"),
    ],
)
def test_a_body_that_cannot_be_trusted_is_refused(coding: str, data: bytes, word: str) -> None:
    """Unknown, damaged and truncated bodies end as BAD_BODY with a sentence saying which."""
    with pytest.raises(FetchError, match=word) as caught:
        unpack(coding, data)
    assert caught.value.status is FetchStatus.BAD_BODY


def bomb(size: int) -> bytes:
    """Gzip that unpacks to `size` zero bytes."""
    return gzip.compress(bytes(size))


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", bytes(60_000)),
        ("gzip", bomb(60_000)),
        ("deflate", zlib.compress(bytes(60_000))),
        ("gzip, gzip", gzip.compress(bomb(60_000))),
        ("gzip, gzip", gzip.compress(bytes(60_000))),
    ],
)
def test_the_limit_holds_for_every_stage(coding: str, packed: bytes) -> None:
    """One byte over the limit is TOO_BIG, also when only an inner packing is that large."""
    with pytest.raises(FetchError, match="larger than 59999 bytes") as caught:
        unpack(coding, packed, limit=59_999)
    assert caught.value.status is FetchStatus.TOO_BIG


def test_a_body_of_exactly_the_limit_is_kept() -> None:
    """The limit itself is allowed."""
    assert len(unpack("gzip", bomb(60_000), limit=60_000)) == 60_000


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_a_bomb_never_gets_its_memory(coding: str) -> None:
    """While 40 MB of zeros are refused at 1 MB, no more than twice the limit was ever held."""
    packed = bomb(40_000_000)
    if coding == "gzip, gzip":
        packed = gzip.compress(packed)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="larger than 1 MB"):
            unpack(coding, packed, limit=1_000_000, step=262_144)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 + len(packed)
