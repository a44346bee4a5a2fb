"""
The process that reads web pages: the only place where trafilatura and readability are loaded.

A page is hostile until it has been read. So it is read here (monitor.killable says how), within so much time
and memory; the parent (extractor.py) takes what comes back. The libraries take a tenth of a second and 25 MB
to load, once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from monitor.killable.child import serve
from monitor.pages.extract import extract

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.pages.values import Extracted

# A little more than memory in use. With the libraries it is 60 MB; an ordinary page of 5 MB takes 270 MB.
_ADDRESS_SPACE = 512 * 1024 * 1024
_OPEN_FILES = 32
_TEXT_LIMIT = 4_000


def read_page(header: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """The page's article as plain JSON values."""
    return as_values(extract(body, header["content_type"], header["url"]))


def as_values(found: Extracted) -> dict[str, Any]:
    """An article as plain JSON values; `extractor.from_values` is the way back."""
    if found.error:
        return {"error": found.error}
    return {
        "title": found.title,
        "lines": [[line.text, line.why] for line in found.lines],
        "cut": [[cut.text, cut.why] for cut in found.cut],
        "language": found.language,
        "published": _text(found.published),
        "updated": _text(found.updated),
        "authors": [name[:_TEXT_LIMIT] for name in found.authors],
        "canonical": found.canonical,
        "og_url": found.og_url,
        "live": found.live,
        "paywalled": found.paywalled,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def main() -> None:
    """Answer requests until the input ends."""
    logging.disable(logging.CRITICAL)  # the libraries complain about pages, and nobody is there to hear it
    serve(read_page, address_space=_ADDRESS_SPACE, open_files=_OPEN_FILES)
