"""Whether Tocsin answers where health and metrics are to be read: asked from outside, as a checker would."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from monitor.config.serving import is_loopback

if TYPE_CHECKING:
    from monitor.config.serving import Place

PATIENCE = 2.0  # seconds for each step of the question
LONGEST = 16_384  # bytes of an answer
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on, and asked here


def knock(place: Place, seconds: float = PATIENCE) -> str | None:
    """
    Why /healthz is not answered at this place, as a phrase; "" where Tocsin answers.

    None where that cannot be told from here: a socket that this user may not use, an address that only a
    name server knows. Nothing leaves this machine.
    """
    try:
        with _connected(place, seconds) as sock:
            sock.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = bytearray()
            while len(answer) < LONGEST and (piece := sock.recv(4096)):
                answer += piece
    except PermissionError:
        return None
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except FileNotFoundError:
        return "there is no such socket"
    except ConnectionRefusedError:
        return "nobody listens there"
    except LookupError:
        return None
    except OSError as error:
        return error.strerror or str(error)
    return "" if _is_ours(bytes(answer)) else "another program answers there"


def _connected(place: Place, seconds: float) -> socket.socket:
    """A connection to the place; raises LookupError where its host is neither an address nor loopback."""
    if place.path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(seconds)
            sock.connect(str(place.path))
        except BaseException:
            sock.close()
            raise
        return sock
    host = _EVERYWHERE.get(place.host, place.host)
    if not is_loopback(host):
        raise LookupError(host)
    return socket.create_connection((host, place.port), timeout=seconds)


def _is_ours(answer: bytes) -> bool:
    """Whether it is what /healthz says, good or bad."""
    try:
        shape = json.loads(answer.partition(b"\r\n\r\n")[2])
    except ValueError:
        return False
    return isinstance(shape, dict) and {"status", "version", "tick_age"} <= shape.keys()
