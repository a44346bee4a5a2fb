"""
What a server's answer means for a page that is wanted: it is here, it may come later, or it will not. Pure.

Only what may pass by itself is asked again, twice at most and later each time; what a server has refused is
not asked for a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor.model import FetchStatus

if TYPE_CHECKING:
    from monitor.model import FetchResult

ATTEMPTS = 3
_BACK_OFF = (60.0, 600.0, 1800.0)  # seconds after the first, second, third attempt
_PASSING = frozenset({FetchStatus.NETWORK, FetchStatus.RATE_LIMITED, FetchStatus.BAD_BODY})


@dataclass(frozen=True, slots=True)
class Meaning:
    """`why` there is no page yet, "" where it is here; `again` = the seconds to wait, None = never."""

    why: str = ""
    again: float | None = None


def back_off(attempts: int) -> float:
    """The seconds to wait after so many attempts, the last one included."""
    return _BACK_OFF[min(max(attempts, 1), len(_BACK_OFF)) - 1]


def meaning(result: FetchResult, attempts: int) -> Meaning:
    """What the answer to the last of so many attempts means; `again` holds at least its Retry-After."""
    if result.status is FetchStatus.NEW:
        return Meaning()
    code = result.http_status
    why = _told(result)
    passing = result.status in _PASSING or (code is not None and (500 <= code < 600 or code in (408, 425)))
    if not passing:
        return Meaning(why)
    if attempts >= ATTEMPTS:
        return Meaning(f"{why} (asked {attempts} times)")
    return Meaning(why, max(back_off(attempts), result.retry_after or 0.0))


def _told(result: FetchResult) -> str:
    """A sentence; the fetcher's own speaks of feeds where it explains a number."""
    code = result.http_status
    if code is None or 200 <= code < 300:
        return result.message or "the page could not be fetched"
    try:
        return f"the server answered {code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"the server answered {code}"
