"""What a server's answer means for a page."""

from __future__ import annotations

import pytest

from monitor.model import FetchResult, FetchStatus
from monitor.pages.answers import ATTEMPTS, Meaning, back_off, meaning

PASSING = [
    FetchResult(FetchStatus.NETWORK, message="the server did not answer within 20 s"),
    FetchResult(FetchStatus.RATE_LIMITED, 429),
    FetchResult(FetchStatus.RATE_LIMITED, 503),
    FetchResult(FetchStatus.HTTP_ERROR, 500),
    FetchResult(FetchStatus.HTTP_ERROR, 408),
    FetchResult(FetchStatus.BAD_BODY, 200, message="it broke off"),
]
LASTING = [
    FetchResult(FetchStatus.HTTP_ERROR, 404),
    FetchResult(FetchStatus.HTTP_ERROR, 451),
    FetchResult(FetchStatus.GONE, 410, message="the server answered 410 Gone: the feed is gone for good"),
    FetchResult(FetchStatus.REFUSED, message="the server redirects in a loop"),
    FetchResult(FetchStatus.TOO_BIG, 200, message="more than 5 MB"),
    FetchResult(FetchStatus.HTTP_ERROR, 999),
    FetchResult(FetchStatus.REFUSED),
]


def test_a_page_that_is_there() -> None:
    """Nothing is to be said."""
    assert meaning(FetchResult(FetchStatus.NEW, 200, body=b"x"), 1) == Meaning()


@pytest.mark.parametrize("result", PASSING)
def test_what_may_pass_is_tried_again_later_each_time(result: FetchResult) -> None:
    """And not for ever."""
    waits = [meaning(result, n).again for n in range(1, ATTEMPTS + 1)]
    assert waits == [60.0, 600.0, None]
    assert meaning(result, ATTEMPTS).why.endswith("(asked 3 times)")
    assert [back_off(n) for n in (0, 1, 2, 3, 9)] == [60.0, 60.0, 600.0, 1800.0, 1800.0]


@pytest.mark.parametrize("result", LASTING)
def test_what_will_not_pass_is_not_tried_again(result: FetchResult) -> None:
    """A sentence says why, and speaks of no feed."""
    meant = meaning(result, 1)
    assert meant.again is None
    assert meant.why
    assert "feed" not in meant.why


def test_a_server_that_asks_for_patience_gets_it() -> None:
    """At least as long as it asks for, and no less than without."""
    limited = FetchStatus.RATE_LIMITED
    assert meaning(FetchResult(limited, 429, retry_after=7200.0), 1).again == 7200.0
    assert meaning(FetchResult(limited, 429, retry_after=1.0), 1).again == 60.0
