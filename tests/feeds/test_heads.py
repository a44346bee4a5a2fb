"""A 304 read at a glance is the one that h11 reads."""

from __future__ import annotations

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.feeds.heads import MOST, not_modified

COMMON = (
    b"HTTP/1.1 304 Not Modified\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n"
    b'ETag: W/"a\xe9"\r\nX-Empty:\r\nCache-Control:  max-age=60 \t\r\n\r\n'
)
NAMES = st.sampled_from(
    [b"ETag", b"date", b"X-A", b"Connection", b"a b", b"", b"Set-Cookie", b"Content-Length"]
)
VALUES = st.binary(max_size=8) | st.text('ab "\t\r\n\x00\x7f\xe9,;=', max_size=8).map(
    lambda text: text.encode("latin-1")
)
BETWEEN = st.sampled_from([b": ", b":", b" : ", b":\t", b""])
STATUS_LINES = st.sampled_from(
    [
        *(
            b"HTTP/1.1 304 Not Modified",
            b"HTTP/1.0 304",
            b"HTTP/1.1 304 ",
            b"HTTP/1.1 304 \xe9",
            b"HTTP/2 304 x",
        ),
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1  304 x", b"http/1.1 304 x", b"HTTP/1.1 304x", b"HTTP/1.1 304 a\tb"),
    ]
)


def by_h11(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """The fields as h11 reads them; None if it refuses them or does not find the answer whole."""
    http = h11.Connection(h11.CLIENT)
    http.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    http.send(h11.EndOfMessage())
    http.receive_data(data)
    try:
        head, end = http.next_event(), http.next_event()
    except h11.RemoteProtocolError:
        return None
    if not isinstance(head, h11.Response) or not isinstance(end, h11.EndOfMessage):
        return None
    assert head.status_code == 304
    return list(head.headers)


@given(
    line=STATUS_LINES,
    fields=st.lists(st.tuples(NAMES, BETWEEN, VALUES), max_size=5),
    end=st.sampled_from([b"\r\n", b"\n", b"", b"\r\n\r\n", b"\r\nx"]),
)
@example(line=b"HTTP/1.1 304 Not Modified", fields=[(b"ETag", b": ", b'"1"\r\n folded')], end=b"\r\n")
@example(line=b"HTTP/1.1 304 Not Modified", fields=[(b"Content-Length", b": ", b"5")], end=b"\r\n")
def test_what_is_read_at_a_glance_is_what_h11_reads(
    line: bytes, fields: list[tuple[bytes, bytes, bytes]], end: bytes
) -> None:
    """Never something else; h11 may understand more."""
    rest = b"".join(name + between + value + b"\r\n" for name, between, value in fields)
    data = line + b"\r\n" + rest + end
    read = not_modified(data)
    if read is not None:
        assert read == by_h11(data)


def test_the_common_one_is_read() -> None:
    """Else nothing would be gained."""
    assert not_modified(COMMON) == by_h11(COMMON)
    assert not_modified(COMMON) is not None


@pytest.mark.parametrize(
    "data",
    [
        *(COMMON[:-1], COMMON + b"x", COMMON.replace(b"304", b"200"), COMMON.replace(b"\r\n", b"\n")),
        *(COMMON.replace(b"X-Empty:", b"Transfer-Encoding: chunked"), COMMON.replace(b"X-Empty:", b"X Y: z")),
        *(COMMON.replace(b"nginx", b"a\0b"), COMMON.replace(b"nginx", b"a\rb"), b"x" * (MOST + 1)),
        COMMON.replace(b"X-Empty:", b"X: y\r\n" * 100 + b"X-Empty:"),
    ],
)
def test_all_else_is_left_to_h11(data: bytes) -> None:
    """What is not whole, is no 304, speaks of a body, or holds what it must not."""
    assert not_modified(data) is None
