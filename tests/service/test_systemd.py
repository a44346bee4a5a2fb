"""What is sent to the manager's socket, over a real one."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.service import systemd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """A datagram socket that stands where the manager's would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(5)
        yield sock


def test_notify_reaches_a_socket_in_the_file_system(tmp_path: Path) -> None:
    """A path in NOTIFY_SOCKET is where the datagram goes."""
    path = str(tmp_path / "notify")
    with manager(path) as sock:
        assert systemd.notify("READY=1", {"NOTIFY_SOCKET": path})
        assert sock.recv(1000) == b"READY=1"


def test_notify_reaches_an_abstract_socket() -> None:
    """An @ stands for the NUL byte that abstract names begin with."""
    name = f"tocsin-test-{os.getpid()}"
    with manager(f"\0{name}") as sock:
        assert systemd.notify("WATCHDOG=1", {"NOTIFY_SOCKET": f"@{name}"})
        assert sock.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize("env", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_notify_does_nothing_without_a_unix_socket(env: dict[str, str]) -> None:
    """Outside systemd, and with an address of a kind we do not speak, nothing is sent."""
    assert not systemd.notify("READY=1", env)


def test_notify_survives_a_socket_that_is_gone(tmp_path: Path) -> None:
    """A dead manager is not an error of ours."""
    assert not systemd.notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "nobody")})


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        (lambda env: systemd.ready(env=env), "READY=1"),
        (lambda env: systemd.ready("3 feeds", env), "READY=1\nSTATUS=3 feeds"),
        (lambda env: systemd.stopping(env=env), "STOPPING=1"),
        (lambda env: systemd.stopping("bye", env), "STOPPING=1\nSTATUS=bye"),
        (systemd.alive, "WATCHDOG=1"),
        (lambda env: systemd.extend_timeout(1.5, env), "EXTEND_TIMEOUT_USEC=1500000"),
        (lambda env: systemd.status("élan", env), "STATUS=élan"),
        (lambda env: systemd.status("a\nWATCHDOG=trigger\r\nb", env), "STATUS=a WATCHDOG=trigger b"),
        (lambda env: systemd.status("x" * 1000, env), "STATUS=" + "x" * systemd.LONGEST_STATUS),
    ],
)
def test_helpers_say_what_the_protocol_wants(
    send: Callable[[dict[str, str]], bool], expected: str, tmp_path: Path
) -> None:
    """Each helper sends its assignments, and a status text stays on its one line."""
    path = str(tmp_path / "notify")
    with manager(path) as sock:
        assert send({"NOTIFY_SOCKET": path})
        assert sock.recv(4000).decode() == expected


def test_reloading_carries_the_monotonic_time(tmp_path: Path) -> None:
    """The manager wants to know when the reload began."""
    path = str(tmp_path / "notify")
    with manager(path) as sock:
        assert systemd.reloading({"NOTIFY_SOCKET": path})
        first, second = sock.recv(1000).decode().split("\n")
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0


@pytest.mark.parametrize(
    ("env", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog_interval_is_half_the_limit(env: dict[str, str], interval: float | None) -> None:
    """Only a limit that is meant for this very process counts."""
    assert systemd.watchdog_interval(env) == interval
