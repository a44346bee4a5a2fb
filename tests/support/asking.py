"""Asking a health page as a scraper does: over a socket in the file system or a port."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path


class _OverSocket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    place: Path | int, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer; `place` is a socket's path or a port on loopback."""
    connection = (
        _OverSocket(place)
        if isinstance(place, Path)
        else http.client.HTTPConnection("127.0.0.1", place, timeout=20)
    )
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read()
    finally:
        connection.close()
