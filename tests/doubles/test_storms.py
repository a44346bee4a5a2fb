"""Two hundred matches at once: the real process and plugin, and a Telegram that keeps its published limit."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import storm
from tests.support.doubles import TELEGRAM, Asked, Says
from tests.support.realdesk import CHANNELS, RealDesk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.doubles import Doubles
    from tests.support.privatenet import Authority, PrivateNet

pytestmark = pytest.mark.slow
MORE = (
    '[alerts]\nbudget = "off"\n'
    '[[rules]]\nname = "towns"\nquery = "(town OR alarm) AND report"\n'
    '[[rules]]\nname = "alarms"\nquery = "alarm AND report"\nseverity = "high"\n'
    '[[rules]]\nname = "war"\nquery = "evacuation"\nseverity = "urgent"\n'
)


@pytest.fixture
def desk(net: PrivateNet, doubles: Doubles, authority: Authority, tmp_path: Path, known: Path) -> RealDesk:
    """One Telegram chat, no budget, and rules of three severities, after the first poll."""
    desk = RealDesk(tmp_path, net, doubles, authority.trusted)
    desk.configure({"telegram": CHANNELS["telegram"][0]}, more=MORE)
    desk.start(known)
    return desk


def test_two_hundred_matches_at_once(
    desk: RealDesk, doubles: Doubles, capsys: pytest.CaptureFixture[str]
) -> None:
    """The urgent one within two seconds, then the most severe, all others in eight messages, and no 429."""
    telegram = storm.Telegram(time.monotonic)

    def decide(asked: Asked) -> Says:
        wait = telegram.take(asked.body)
        return Says(429, storm.too_many(wait)) if wait else Says(200, storm.GOOD)

    doubles.decide[TELEGRAM] = decide
    done = desk.ring(*storm.storm())
    assert done.returncode == 0, done.stderr
    asked = doubles.served[-1]
    times = [round(when - asked, 2) for when, _ in telegram.said]
    with capsys.disabled():
        sys.stdout.write(f"\n    {len(times)} messages {times} s after the feed was asked for, no 429\n")
    assert storm.marks_in([telegram.said[0][1]]) == [150]
    assert times[0] <= 2
    assert len(times) <= 1 + 8
    named = storm.marks_in(text for _, text in telegram.said)
    assert sorted(named) == list(range(200)), "each is named once"
    assert set(storm.marks_in([telegram.said[1][1]])) <= set(range(0, 200, 5))
    assert telegram.refused == []
    assert desk.run("db", "check").returncode == 0
