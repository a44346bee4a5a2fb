"""Digests: one message at times of day, by the clock on the wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.axis import play
from tests.support.newsroom import DESK, NIGHT, PHONE

if TYPE_CHECKING:
    from pathlib import Path


ROUTES = """
[[routes]]
match = { severity = ["high", "urgent"] }
channels = ["phone", "desk"]
[[routes]]
match = { tag = "sport" }
channels = []
[[routes]]
match = { severity = "low" }
channels = ["desk"]
group = "10m"
group_by = "rule"
[[routes]]
channels = ["desk"]
digest = ["08:00", "18:00"]
"""


def digest(*times: str, channel: str = "desk") -> str:
    """A catch-all route that waits for times of day."""
    return f'[[routes]]\nchannels = ["{channel}"]\ndigest = {list(times)}\n'


def test_routes_choose_channels_and_times(tmp_path: Path) -> None:
    """Severe ones at once to both, low ones gathered, the rest in the digest, sport to nobody."""
    room = play(
        tmp_path,
        PHONE + DESK + ROUTES,
        """
        27 12:00 a: talks in Doha
        27 12:00 -> desk: talks in Doha
        27 12:00 -> phone: talks in Doha
        27 12:01 a: flood in Bonn
        27 12:02 b: flood of goals
        27 12:03 a: chat with Ann
        27 12:09 a: chat with Bob
        27 12:13 -> desk: digest chat with Ann, chat with Bob
        27 17:59 a: flood in Ulm
        27 18:00 -> desk: digest flood in Bonn, flood in Ulm
        27 18:00 a: flood in Trier
        28 08:00 -> desk: flood in Trier
        """,
    )
    assert all("flood of goals" not in heard.titles for heard in room.heard)


def test_the_most_severe_come_first_then_the_oldest(tmp_path: Path) -> None:
    """Whatever the order of their coming."""
    play(
        tmp_path,
        DESK + digest("18:00"),
        """
        27 13:00 a: chat with Ann
        27 13:10 a: flood in Bonn
        27 13:20 a: war begins
        27 13:30 a: talks in Doha
        27 13:40 b: flood in Ulm
        27 18:00 -> desk: digest war begins, talks in Doha, flood in Bonn, flood in Ulm, chat with Ann
        """,
    )


def test_a_day_without_alerts_has_no_digest(tmp_path: Path) -> None:
    """Nothing is sent that has nothing to say."""
    play(
        tmp_path,
        DESK + digest("08:00", "18:00"),
        """
        27 07:00 a: flood in Bonn
        27 08:00 -> desk: flood in Bonn
        29 09:00 end
        """,
    )


def test_a_sooner_way_takes_its_story_along(tmp_path: Path) -> None:
    """What waits for the digest goes with what is urgent, and is told once."""
    routes = '[[routes]]\nmatch = { severity = "urgent" }\nchannels = ["desk"]\n' + digest("18:00")
    play(
        tmp_path,
        DESK + routes,
        """
        27 13:00 a: talks in Doha
        27 13:01 a: flood in Bonn
        27 13:02 a: flood in Ulm
        27 14:00 a: talks in Doha + war after 12 dead
        27 14:00 -> desk: talks in Doha: war after 12 dead
        27 18:00 -> desk: digest flood in Bonn, flood in Ulm
        """,
    )


def test_a_channel_hears_of_an_alert_in_the_way_of_the_first_route(tmp_path: Path) -> None:
    """One route sends at once and goes on; the next would put both channels into a digest."""
    routes = '[[routes]]\nmatch = { severity = "high" }\nchannels = ["phone"]\ncontinue = true\n'
    routes += '[[routes]]\nchannels = ["phone", "desk"]\ndigest = "18:00"\n'
    play(
        tmp_path,
        PHONE + DESK + routes,
        """
        27 12:00 a: talks in Doha
        27 12:00 -> phone: talks in Doha
        27 18:00 -> desk: talks in Doha
        """,
    )


def test_digests_and_single_alerts_of_a_night_are_one_message(tmp_path: Path) -> None:
    """What falls due while it is quiet waits for the end, too."""
    routes = '[[routes]]\nmatch = { rule = "chat" }\nchannels = ["phone"]\ndigest = ["23:00", "06:00"]\n'
    routes += '[[routes]]\nchannels = ["phone"]\n'
    play(
        tmp_path,
        PHONE + NIGHT + routes,
        """
        27 12:00 a: chat with Ann
        27 23:30 a: flood in Bonn
        28 03:00 a: chat with Bob
        28 07:00 -> phone: late digest flood in Bonn, chat with Ann, chat with Bob
        """,
    )


@pytest.mark.parametrize(
    ("zone", "start", "text"),
    [
        pytest.param(
            "Europe/Paris",
            "2026-03-28",
            """
            28 23:00 a: flood in Bonn
            29 01:00 a: flood in Ulm
            29 03:00 -> desk: digest flood in Bonn, flood in Ulm
            29 03:10 a: flood in Trier
            30 02:30 -> desk: flood in Trier
            """,
            id="a time that is not shown goes with the jump",
        ),
        pytest.param(
            "Europe/Paris",
            "2026-10-24",
            """
            24 23:00 a: flood in Bonn
            25 02:30 -> desk: flood in Bonn
            25 02:15* a: flood in Ulm
            26 02:30 -> desk: flood in Ulm
            """,
            id="a time that is shown twice is one",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-04-04",
            """
            04 23:00 a: flood in Bonn
            05 01:45* a: flood in Ulm
            05 02:30 -> desk: digest flood in Bonn, flood in Ulm
            """,
            id="half an hour longer",
        ),
    ],
)
def test_digests_on_days_when_clocks_change(tmp_path: Path, zone: str, start: str, text: str) -> None:
    """A digest is known by its local date and time."""
    play(tmp_path, DESK + digest("02:30"), text, start=start, zone=zone)
