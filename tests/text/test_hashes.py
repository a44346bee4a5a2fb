"""The hash of marks, documents and addresses: stored, so it may never change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.hashes import hash64


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"", -1970711489451281740), (b"Doha", 3873211896454315752)],
)
def test_stored_hashes_stay_what_they_are(data: bytes, value: int) -> None:
    """Another value would make every stored item new."""
    assert hash64(data) == value


@given(st.binary())
def test_it_fits_a_signed_column(data: bytes) -> None:
    """A law: 64 bits with a sign, whatever the bytes."""
    assert -(2**63) <= hash64(data) < 2**63
