"""
Bad servers: what each does, and how a poll of it has to end.

Each is a path on a server on loopback, or an address of its own. Names: good.test and a.test are 127.0.0.1,
which is permitted as if it were public; 127.0.0.2 stands for a private machine.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from functools import cache

from monitor.model import FetchStatus
from tests.support.documents import Item, rss
from tests.support.webserver import Endless, Hang, Reset, Step, answer

NETWORK, BAD_BODY, TOO_BIG = FetchStatus.NETWORK, FetchStatus.BAD_BODY, FetchStatus.TOO_BIG
REFUSED, HTTP_ERROR, NEW = FetchStatus.REFUSED, FetchStatus.HTTP_ERROR, FetchStatus.NEW
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PAGE = rss(Item("Old talks", guid="old", link="https://n.example/old"))
ZEROS = 200_000_000  # bytes in a bomb


@dataclass(frozen=True)
class Bad:
    """What a server does, how the poll ends, and some of the words that say so; `slow` = by the deadline."""

    steps: tuple[Step, ...]
    status: FetchStatus
    word: str = ""
    slow: bool = False


def packed(coding: str, *bodies: bytes) -> tuple[Step, ...]:
    """A body that says it is packed, sent until the connection ends."""
    return (answer(200, b"", length=False, Content_Encoding=coding), *bodies)


@cache
def bomb(times: int = 1, wrapped: bool = True) -> bytes:
    """A few kilobytes that unpack to hundreds of megabytes; packing them takes half a second, once."""
    if times > 1:
        return gzip.compress(bomb(times - 1, wrapped), 9)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if wrapped else 15)
    piece = bytes(1_000_000)
    return b"".join(packer.compress(piece) for _ in range(ZEROS // len(piece))) + packer.flush()


HEADS: dict[str, Bad] = {
    "nothing at all": Bad((), NETWORK, "without an answer"),
    "silence": Bad((Hang(),), NETWORK, "did not answer", slow=True),
    "a status line in drips": Bad((b"HTTP/1.1 2", Endless(b"0", 0.05)), NETWORK, "did not answer", slow=True),
    "a head in drips": Bad((OK, Endless(b"X: y\r\n", 0.05)), NETWORK, "did not answer", slow=True),
    "interim answers in drips": Bad(
        (Endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.2),), NETWORK, "did not answer", slow=True
    ),
    "interim answers without end": Bad((Endless(b"HTTP/1.1 100 Continue\r\n\r\n"),), TOO_BIG, "interim"),
    "early hints without end": Bad(
        (Endless(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),), TOO_BIG, "interim"
    ),
    "switching protocols": Bad((b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n", Hang()), NETWORK, "proper HTTP"),
    "a block of 64 KB": Bad((OK + (b"X: " + b"y" * 900 + b"\r\n") * 80 + b"\r\n",), TOO_BIG, "64 KB"),
    "one field of 70 KB": Bad((OK + b"X: " + b"y" * 70_000, Hang()), TOO_BIG, "64 KB"),
    "fields without end": Bad((OK, Endless(b"X: y\r\n")), TOO_BIG, "64 KB"),
    "a hundred and one fields": Bad((OK + b"X: y\r\n" * 101 + b"\r\n",), TOO_BIG, "more than 100"),
    "a field folded without end": Bad((OK + b"X: y\r\n", Endless(b" z\r\n")), TOO_BIG, "64 KB"),
    "NUL in a field": Bad((OK + b"ETag: a\0b\r\n\r\n",), NETWORK, "proper HTTP"),
    "a bare CR in a field": Bad((OK + b"ETag: a\rSet-Cookie: b\r\n\r\n",), NETWORK, "proper HTTP"),
    "a space before the colon": Bad((OK + b"Content-Length : 4\r\n\r\nbody",), NETWORK, "proper HTTP"),
    "two lengths": Bad((OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",), NETWORK, "proper HTTP"),
    "a negative length": Bad((OK + b"Content-Length: -4\r\n\r\nbody",), NETWORK, "proper HTTP"),
    "a length of 5,000 digits": Bad((OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",), NETWORK, ""),
    "a transfer coding nobody knows": Bad((OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",), NETWORK, ""),
    "another protocol": Bad((b"SSH-2.0-OpenSSH_9.6\r\n\r\n",), NETWORK, "proper HTTP"),
    "a reset in the head": Bad((OK, Reset()), NETWORK, ""),
    "a status of 999": Bad((answer(999, b"x"),), HTTP_ERROR, "999"),
    "206 nobody asked for": Bad((answer(206, PAGE, Content_Range="bytes 0-99/100"),), HTTP_ERROR, "206"),
    "304 nobody asked for": Bad((answer(304, length=False),), HTTP_ERROR, "the whole document"),
    "401 with a long challenge": Bad((answer(401, b"", WWW_Authenticate="x" * 9000),), HTTP_ERROR, "401"),
}

BODIES: dict[str, Bad] = {
    "shorter than announced": Bad((OK + b"Content-Length: 999\r\n\r\n" + PAGE[:99],), BAD_BODY, "broke off"),
    "announced as a giant": Bad(
        (OK + b"Content-Length: 9999999999\r\n\r\n", Endless(b"x" * 9)), TOO_BIG, "10 MB"
    ),
    "without end": Bad((OK + b"\r\n", Endless(b"x" * 60_000)), TOO_BIG, "10 MB"),
    "in drips": Bad((OK + b"\r\n", Endless(b"x", 0.05)), NETWORK, "did not finish", slow=True),
    "that stops in the middle": Bad(
        (OK + b"Content-Length: 999\r\n\r\n" + PAGE[:99], Hang()), NETWORK, "did not finish", slow=True
    ),
    "reset in the middle": Bad((OK + b"Content-Length: 999\r\n\r\n" + PAGE[:99], Reset()), NETWORK, "reset"),
    "chunked and with a length that lies": Bad(
        (OK + b"Content-Length: 9999999999\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a>\r\n0\r\n\r\n",),
        TOO_BIG,
        "10 MB",
    ),
    "a chunk size that is none": Bad((CHUNKED + b"xyz\r\nbody\r\n",), BAD_BODY, "framing"),
    "a chunk size of 30 digits": Bad((CHUNKED + b"f" * 30 + b"\r\nbody",), BAD_BODY, "framing"),
    "a chunk extension without end": Bad((CHUNKED + b"4;x=", Endless(b"y" * 999)), BAD_BODY, "framing"),
    "chunk extensions without end": Bad(
        (CHUNKED, Endless(b"1;" + b"x" * 60_000 + b"\r\na\r\n")), TOO_BIG, "larger than"
    ),
    "chunk extensions in drips": Bad(
        (CHUNKED + b"4;", Endless(b"y", 0.05)), NETWORK, "did not finish", slow=True
    ),
    "chunks of one byte": Bad((CHUNKED, Endless(b"1\r\na\r\n" * 5000)), TOO_BIG, "small pieces"),
    "trailers without end": Bad((CHUNKED + b"0\r\n", Endless(b"X: y\r\n")), BAD_BODY, "framing"),
    "a gzip bomb": Bad(packed("gzip", bomb()), TOO_BIG, "10 MB"),
    "a deflate bomb": Bad(packed("deflate", bomb(wrapped=False)), TOO_BIG, "10 MB"),
    "a gzip bomb in gzip": Bad(packed("gzip, gzip", bomb(2)), TOO_BIG, "10 MB"),
    "a gzip bomb in gzip in gzip": Bad(packed("gzip, gzip, gzip", bomb(3)), BAD_BODY, "3 times over"),
    "gzip in two fields": Bad(
        (OK + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n", bomb(2)), TOO_BIG, "10 MB"
    ),
    "gzip of ten thousand parts": Bad(packed("gzip", gzip.compress(b"") * 10_000), BAD_BODY, "many parts"),
    "gzip cut off": Bad(packed("gzip", gzip.compress(PAGE)[:-9]), BAD_BODY, "cut off"),
    "gzip that is none": Bad(packed("gzip", PAGE), BAD_BODY, "not valid gzip"),
    # Neither was asked for, so neither is unpacked; what follows the head stands for any bomb.
    "a brotli bomb": Bad(packed("br", b"\x5b\xff\xff\x7f\xf8\xa5" * 99), BAD_BODY, "packed with br"),
    "a zstd bomb": Bad(packed("zstd", b"\x28\xb5\x2f\xfd" * 99), BAD_BODY, "packed with zstd"),
    "a brotli bomb without end": Bad((*packed("br"), Endless(b"\xff" * 60_000)), BAD_BODY, "packed with br"),
    "a coding with a strange name": Bad(packed("x\x1b[31m", PAGE), BAD_BODY, "something unknown"),
    "a page that asks for a login": Bad(
        (answer(200, b"<!DOCTYPE html><html>Log in</html>"),), BAD_BODY, "web page"
    ),
    "nothing": Bad((answer(200),), BAD_BODY, ""),
    "zeros": Bad((OK + b"Content-Length: 9000000\r\n\r\n", *[bytes(100_000)] * 90), BAD_BODY, ""),
}

# A redirect's Location, and a word of what the poll says; {port} is the server's own.
PLACES: dict[str, tuple[str, str]] = {
    "a file": ("file:///etc/passwd", "only http"),
    "data": ("data:text/xml,<rss/>", "only http"),
    "gopher": ("gopher://a.test/_x", "only http"),
    "a script": ("javascript:alert(1)", "only http"),
    "a unix socket": ("http+unix://%2Frun%2Fx/", "only http"),
    "a private address": ("http://10.0.0.1/", "private address"),
    "a cloud's metadata": ("http://169.254.169.254/latest/meta-data", "link-local"),
    "this machine": ("http://127.0.0.2/", "loopback"),
    "a number": ("http://2130706434/", "loopback"),
    "octal numbers": ("http://0177.0.0.2/", "no URL"),
    "hexadecimal numbers": ("http://0x7f.0x2/", "loopback"),
    "few numbers": ("http://127.2/", "loopback"),
    "a dot at the end": ("http://127.0.0.2./", "loopback"),
    "a mapped address": ("http://[::ffff:127.0.0.2]/", "loopback"),
    "a mapped address in digits": ("http://[::ffff:7f00:2]/", "loopback"),
    "NAT64": ("http://[64:ff9b::127.0.0.2]/", "loopback"),
    "6to4": ("http://[2002:7f00:2::]/", "6to4"),
    "an old compatible address": ("http://[::127.0.0.2]/", "IPv4-compatible"),
    "zero": ("http://0/", "this machine"),
    "a user name before it": ("http://good.test@127.0.0.2/", "loopback"),
    "two at signs": ("http://good.test@a.test@127.0.0.2/", "two ways"),
    "a backslash": ("http://good.test\\@127.0.0.2/", "two ways"),
    "backslashes for slashes": ("\\\\127.0.0.2\\x", "two ways"),
    "wide digits": ("http://\uff11\uff12\uff17.0.0.2/".encode().decode("latin-1"), "two ways"),
    "wide dots": ("http://127\u30020\u30020\u30022/".encode().decode("latin-1"), "two ways"),
    "the mail port": ("http://a.test:25/", "port 25"),
    "a database's port": ("http://a.test:6379/", "port 6379"),
    "port 0": ("http://a.test:0/", "port"),
    "itself": ("", "loop"),
    "a name with a private address among its own": ("http://mixed.test:{port}/", "loopback"),
    "a name that is none": ("http://a..test/", "no valid"),
    "no URL": ("http://[::1", "no URL"),
}
