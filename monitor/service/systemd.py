"""
What the daemon says to systemd: the notify protocol (sd_notify(3)), a datagram to a socket the manager names.

Outside systemd nothing is named and every function here does nothing. `env` defaults to the process's own.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEND_TIMEOUT = 2.0  # seconds: a manager that does not read its socket must not hang the daemon
EXTEND_EVERY = 10.0  # seconds; the manager is asked for three times as much
LONGEST_START = 3600.0
LONGEST_STATUS = 400  # characters `systemctl status` still shows sensibly


def notify(state: str, env: Mapping[str, str] | None = None) -> bool:
    """
    Send one or more assignments, a line each; return whether they were handed over.

    Never raises: a message to the manager that is lost costs less than a daemon that stops for it.
    """
    address = (os.environ if env is None else env).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract namespace: no file, so no path either
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(SEND_TIMEOUT)
            sock.connect(address)
            sock.sendall(state.encode("utf-8", "backslashreplace"))
    except OSError:
        return False
    return True


def ready(text: str = "", env: Mapping[str, str] | None = None) -> bool:
    """Say that the start, or a reload, is complete, with a status line where there is something to say."""
    return notify(f"READY=1\n{_status(text)}" if text else "READY=1", env)


def reloading(env: Mapping[str, str] | None = None) -> bool:
    """Say that a reload begins; `ready` ends it. systemd 253 asks for the time, older ones ignore it."""
    return notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}", env)


def stopping(text: str = "", env: Mapping[str, str] | None = None) -> bool:
    """Say that the daemon is on its way out."""
    return notify(f"STOPPING=1\n{_status(text)}" if text else "STOPPING=1", env)


def status(text: str, env: Mapping[str, str] | None = None) -> bool:
    """Set the one line that `systemctl status` shows."""
    return notify(_status(text), env)


def alive(env: Mapping[str, str] | None = None) -> bool:
    """Pet the watchdog. Only for a daemon that has looked at itself and found every part of it moving."""
    return notify("WATCHDOG=1", env)


def extend_timeout(seconds: float, env: Mapping[str, str] | None = None) -> bool:
    """Ask for more time before a long start (a migration) or stop is taken for a hang."""
    return notify(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}", env)


@contextmanager
def long_start(
    text: str, env: Mapping[str, str] | None = None, every: float = EXTEND_EVERY
) -> Iterator[None]:
    """
    Keep the manager patient while the block runs, a migration for instance, and say what takes so long.

    Only a start that is still at work after `every` seconds asks for more, and for no more than an hour in
    all: a start that hangs is a failure all the same.
    """
    over = threading.Event()

    def ask() -> None:
        for _ in range(int(LONGEST_START / every)):
            if over.wait(every) or not (extend_timeout(3 * every, env) and status(text, env)):
                return

    asking = threading.Thread(target=ask, name="patience", daemon=True)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()


def watchdog_interval(env: Mapping[str, str] | None = None) -> float | None:
    """
    Seconds between two signs of life, or None where nobody waits for them.

    Half of the manager's limit, as sd_watchdog_enabled(3) advises.
    """
    env = os.environ if env is None else env
    if env.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for another process that this one was started by
    try:
        microseconds = int(env.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 2_000_000 if microseconds > 0 else None


def _status(text: str) -> str:
    """One assignment on one line, so that no text can smuggle in a second one."""
    line = " ".join(text.split())
    return f"STATUS={line[:LONGEST_STATUS]}"
