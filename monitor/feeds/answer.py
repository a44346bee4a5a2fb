"""
What the head of an answer means for a feed. Pure: `now` is an argument.

Values of header fields are bytes in HTTP; here they are text with one character a byte (latin-1), so that
a validator goes back exactly as it came.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor.model import FetchStatus, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import FetchResult

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_CACHE = re.compile(r"(?:^|[,\s])no-(?:cache|store)(?:$|[,\s])")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.ASCII)
MAX_VALIDATOR = 2048
MAX_RETRY_AFTER = 86_400.0
BARE_429 = 60.0  # seconds for a host that says "too many requests" and not until when
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PERMANENT = frozenset((301, 308))
_PAUSING = _REDIRECTS | {429, 503}


@value
class Head:
    """The status and the header fields of an answer; field names are in lower case."""

    status: int
    fields: Sequence[tuple[bytes, bytes]]

    def first(self, name: bytes) -> str | None:
        """The value of a field that may stand once."""
        return next((value.decode("latin-1") for key, value in self.fields if key == name), None)

    def joined(self, name: bytes) -> str:
        """The value of a field that is a list, all its lines put together."""
        return ", ".join(value.decode("latin-1") for key, value in self.fields if key == name)

    @property
    def redirects_to(self) -> str | None:
        """Where the answer sends us, as written; None if it does not."""
        return self.first(b"location") if self.status in _REDIRECTS else None

    @property
    def is_permanent(self) -> bool:
        """Whether the redirect says that the old address is over."""
        return self.status in _PERMANENT

    def is_stray(self, *, conditional: bool) -> bool:
        """Whether it says "not modified" to a request that sent no validators."""
        return self.status == 304 and not conditional

    @property
    def content_length(self) -> int:
        """The announced length of the body in bytes; 0 if there is none."""
        return int(self.first(b"content-length") or 0)


def verdict(head: Head, *, conditional: bool) -> tuple[FetchStatus, str]:
    """
    How a request ended that got this answer, with a sentence; redirects are over by now.

    `conditional` = validators were sent; a 304 without them makes no sense.
    """
    status = head.status
    if status in (200, 203):  # 203: a proxy on the way changed something; it is a document all the same
        return FetchStatus.NEW, ""
    if status == 304 and conditional:
        return FetchStatus.NOT_MODIFIED, ""
    said = f"the server answered {_named(status)}"
    if status in (429, 503):
        return FetchStatus.RATE_LIMITED, said
    if status == 410:
        return FetchStatus.GONE, f"{said}: the feed is gone for good"
    if head.is_stray(conditional=conditional):
        return FetchStatus.HTTP_ERROR, f"{said} although it was asked for the whole document"
    if status in (401, 403):
        return FetchStatus.HTTP_ERROR, f"{said}: it wants a login, or does not want us"
    if status in _REDIRECTS:
        return FetchStatus.HTTP_ERROR, f"{said} but does not say where to"
    return FetchStatus.HTTP_ERROR, said


def _named(status: int) -> str:
    # The server's own wording is not shown: it is foreign text.
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def validator(value: str | None) -> str | None:
    """An ETag or Last-Modified worth keeping: what is too long or holds control characters is not."""
    if not value or len(value) > MAX_VALIDATOR or _CONTROL.search(value):
        return None
    return value


def retry_after(head: Head, now: datetime) -> float | None:
    """The seconds the server asks us to wait, between 0 and a day; None if it does not ask."""
    value = (head.first(b"retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER)
    date = _date(value)
    if date is None:
        return None
    return min(max(0.0, (date - now).total_seconds()), MAX_RETRY_AFTER)


def origin_pauses(result: FetchResult) -> Mapping[str, float]:
    """
    Which hosts asked to be left alone for how many seconds, of all that answered on the way to a result.

    A 429 or 503 speaks for its host, and so does a redirect that names a time; a bare 429 means a minute.
    With any other status a Retry-After is about this one feed (`FetchResult.retry_after`).
    """
    pauses: dict[str, float] = {}
    for hop in result.hops:
        if hop.status not in _PAUSING:
            continue
        seconds = hop.retry_after or (BARE_429 if hop.status == 429 else 0.0)
        if seconds:
            pauses[hop.host] = max(seconds, pauses.get(hop.host, 0.0))
    return pauses


def cache_seconds(head: Head, now: datetime) -> float | None:
    """
    How long the answer stays fresh: max-age minus Age, else Expires minus Date; None if it does not say.

    0.0 for what must not be reused (no-cache, an Expires in the past or without sense). `now` stands in
    for a missing Date.
    """
    control = head.joined(b"cache-control").lower()
    if _NO_CACHE.search(control):
        return 0.0
    found = _MAX_AGE.search(control)
    if found:
        age = (head.first(b"age") or "").strip()
        spent = float(age[:10]) if age.isascii() and age.isdigit() else 0.0
        return max(0.0, float(found[1]) - spent)
    expires = head.first(b"expires")
    if expires is None:
        return None
    until = _date(expires)
    if until is None:
        return 0.0
    since = _date(head.first(b"date") or "") or now
    return max(0.0, (until - since).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    try:
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except OverflowError:
        return None
