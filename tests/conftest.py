"""Shared fixtures: a server on loopback, and a guard: no test may send a packet outside it."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.webserver import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator


ID_LENGTH = 80  # characters of a parameter that a test's name may show


def pytest_make_parametrize_id(val: object) -> str | None:
    """
    Name a test after a long text's beginning, and after the size alone of bytes that nobody can read.

    A packed body holds the time of its packing, and two processes that share the tests must agree on their
    names; a megabyte of body in a name fills logs and the environment of whatever process a test starts.
    """
    if isinstance(val, bytes) and not (
        len(val) <= ID_LENGTH and val.isascii() and val.decode().isprintable()
    ):
        return f"{len(val)} bytes"
    if isinstance(val, str) and len(val) > ID_LENGTH:
        return f"{val[:ID_LENGTH]}… {len(val)}".encode("unicode_escape").decode("ascii")
    return None


class ConnectGuard:
    """Remembers every attempt to leave loopback, so that swallowing the error does not hide it."""

    def __init__(self) -> None:
        self.violations: list[str] = []

    def check(self, sock: socket.socket, address: Any) -> None:
        """Refuse anything but unix sockets and loopback literals."""
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        host = str(address[0]).partition("%")[0]
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:
            allowed = host in ("localhost", "")
        else:
            mapped = getattr(ip, "ipv4_mapped", None) or ip
            allowed = mapped.is_loopback
        if not allowed:
            self.violations.append(f"{address!r}")
            raise AssertionError(f"a test tried to reach {address!r}, outside loopback")

    def check_name(self, host: Any) -> None:
        """Refuse names that a server would be asked for."""
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            if name and name != "localhost" and not name.endswith(".localhost"):
                self.violations.append(f"the name {name!r}")
                raise socket.gaierror(socket.EAI_NONAME, f"a test looked up {name!r}") from None


@pytest.fixture(autouse=True)
def connect_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectGuard]:
    """Fail the test that connects, or sends a datagram, outside loopback."""
    guard = ConnectGuard()
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}

    def connect(self: socket.socket, address: Any) -> Any:
        guard.check(self, address)
        return real["connect"](self, address)

    def connect_ex(self: socket.socket, address: Any) -> Any:
        guard.check(self, address)
        return real["connect_ex"](self, address)

    def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
        guard.check(self, rest[-1])
        return real["sendto"](self, data, *rest)

    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        guard.check_name(host)
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    monkeypatch.setattr(socket.socket, "sendto", sendto)
    yield guard
    assert not guard.violations, f"left loopback: {guard.violations}"


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server on loopback."""
    with WebServer() as server:
        yield server
