"""A child for tests of killable processes: it does what a request's header asks for."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from monitor.killable.child import serve

if TYPE_CHECKING:
    from collections.abc import Mapping


def do(header: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Answer, or do something that never ends well."""
    wish = header["wish"]
    if wish.startswith("burn"):
        if wish == "burn without a timer":
            signal.setitimer(signal.ITIMER_PROF, 0)
        while True:
            pass
    elif wish == "hang":
        time.sleep(3_600)
    elif wish == "grow":
        return {"got": len(b"x" * 10_000_000_000)}
    elif wish == "vanish":
        os._exit(9)
    elif wish == "garbage":
        os.write(1, b"a library talks")
    return {"got": body.decode(), "pid": os.getpid()}


def main() -> None:
    """Answer requests until the input ends."""
    serve(do, address_space=200 * 1024 * 1024)
