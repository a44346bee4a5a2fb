"""What a poll says about its feed is looked at where the poll is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor import recording
from monitor.model import FetchResult, FetchStatus
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.plan import Plan
    from monitor.polled import Poll
    from monitor.store.rows import FeedState
    from monitor.store.tx import Tx


def test_every_recorded_poll_is_looked_at_with_the_rows_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good or bad, once each, and the row of one poll's end is that of the next one's beginning."""
    seen: list[tuple[FeedState, FeedState, FetchStatus]] = []

    def look(_tx: Tx, before: FeedState, after: FeedState, poll: Poll, plan: Plan) -> None:
        assert before.name in plan.feeds
        seen.append((before, after, poll.result.status))

    monkeypatch.setattr(recording, "observe", look)
    with Desk(tmp_path) as desk:
        desk.publish("a", Item("Old talks", guid="old"))
        desk.poll()
        desk.answer("a", FetchResult(FetchStatus.HTTP_ERROR, 500))
        desk.poll()
        assert seen[-1][1] == desk.state("a")
    assert [(before.polls, after.polls, after.failures) for before, after, _ in seen] == [
        (0, 1, 0),
        (1, 2, 1),
    ]
    assert [status for *_, status in seen] == [FetchStatus.NEW, FetchStatus.HTTP_ERROR]
    assert seen[0][1] == seen[1][0]
