"""
httpx without its command line; the only place that imports httpx.

`import httpx` also loads its terminal client where click and rich happen to be installed, as they are here:
0.2 of the 0.26 s of CPU that the import takes, on every start. httpx itself treats a client that cannot be
imported as not installed; so for the length of the import it is not.
"""

from __future__ import annotations

import sys

_CLIENT = "httpx._main"

if "httpx" in sys.modules:
    import httpx as httpx  # noqa: PLC0414 - exported on purpose
else:
    sys.modules[_CLIENT] = None  # type: ignore[assignment]  # the documented way to say "cannot be imported"
    try:
        import httpx as httpx  # noqa: PLC0414 - exported on purpose
    finally:
        del sys.modules[_CLIENT]
