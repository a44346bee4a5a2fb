"""The bytes of a request: ours to write, h11's to judge."""

from __future__ import annotations

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.feeds.exchange import question
from monitor.feeds.problem import FetchError

BYTES = st.binary(max_size=12) | st.text("aZ0-_:/ \t\r\n\x00\x7f\xe9~!", max_size=12).map(
    lambda text: text.encode("latin-1")
)


@given(method=st.sampled_from([b"GET", b"HEAD", b"CONNECT"]), target=BYTES, name=BYTES, value=BYTES)
@example(b"GET", b"/", b"X-Key", b"a\r\nX-Evil: 1")
@example(b"GET", b"/ HTTP/1.1\r\nX: y\r\n\r\nGET /", b"X", b"y")
@example(b"GET", b"/", b"X Y", b"y")
@example(b"GET", b"/", b"X", b" y")
@example(b"GET", b"/\xff", b"X", b"\xff")
@example(b"GET", b"/", b"X", b"a\x01b")
def test_what_is_written_is_what_h11_would_write(
    method: bytes, target: bytes, name: bytes, value: bytes
) -> None:
    """A request is lawful where h11 and HTTP say so, and then it is the same to the byte."""
    if name.lower() in (b"host", b"content-length", b"transfer-encoding"):
        return
    fields = [(b"Host", b"a.test"), (name, value)]
    try:
        ours = question(method, target, fields).wire
    except FetchError:
        ours = None
    try:
        theirs = h11.Connection(h11.CLIENT).send(h11.Request(method=method, target=target, headers=fields))
    except h11.LocalProtocolError:
        theirs = None
    if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in value):
        theirs = None  # h11 lets control characters pass that HTTP does not allow
    assert ours == theirs


def test_an_unlawful_one_is_told_without_its_words() -> None:
    """The sentence names no part of it: it may hold a secret."""
    with pytest.raises(FetchError) as caught:
        question(b"GET", b"/", [(b"X-Key", b"hunter2\n")])
    assert "hunter2" not in caught.value.message
