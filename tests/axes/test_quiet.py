"""Quiet hours: held, never dropped, by the clock on the wall, in whichever night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.axis import play
from tests.support.newsroom import DESK, NIGHT, PHONE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_night_ends_with_one_digest(tmp_path: Path) -> None:
    """The most severe first, marked late; what came before and after is told by itself."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 21:59 a: flood in Bonn
        27 21:59 -> phone: flood in Bonn
        27 22:00 a: flood in Ulm
        28 03:00 a: talks in Doha
        28 06:59 a: chat with Ann
        28 07:00 -> phone: late digest talks in Doha, flood in Ulm, chat with Ann
        28 07:01 a: flood in Trier
        28 07:01 -> phone: flood in Trier
        """,
    )


def test_one_alert_alone_is_no_digest(tmp_path: Path) -> None:
    """It comes as the message it is, marked late."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        28 07:00 -> phone: late flood in Bonn
        """,
    )


def test_an_urgent_alert_breaks_the_quiet(tmp_path: Path) -> None:
    """It goes at once and takes nothing along that is another story."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        28 02:00 a: war begins
        28 02:00 -> phone: war begins
        28 07:00 -> phone: late flood in Bonn
        """,
    )


def test_quiet_hours_are_those_of_a_channel(tmp_path: Path) -> None:
    """The other one hears at once."""
    play(
        tmp_path,
        PHONE + DESK + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:00 -> desk: flood in Bonn
        28 07:00 -> phone: late flood in Bonn
        """,
    )


def test_windows_that_touch_are_one(tmp_path: Path) -> None:
    """A night, a weekend and a night: told on Monday morning."""
    weekend = (
        '[quiet_hours.weekend]\nchannels = ["phone"]\nfrom = "00:00"\nto = "24:00"\ndays = ["sat", "sun"]\n'
    )
    play(
        tmp_path,
        PHONE + NIGHT + weekend,
        """
        27 23:00 a: flood in Bonn
        28 12:00 a: flood in Ulm
        30 06:00 a: talks in Doha
        30 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
        """,
    )


def test_who_asks_by_hand_gets_it_in_the_night(tmp_path: Path) -> None:
    """`tocsin outbox retry` sends through quiet hours."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 22:10 a: flood in Bonn
        27 22:30 retry phone
        27 22:30 -> phone: late flood in Bonn
        """,
    )


SHORT = NIGHT.replace('"22:00"', '"01:45"').replace('"07:00"', '"02:15"')


@pytest.mark.parametrize(
    ("zone", "start", "hours", "text"),
    [
        pytest.param(
            "Europe/Paris",
            "2026-03-28",
            NIGHT,
            """
            28 22:30 a: flood in Bonn
            29 01:59 a: flood in Ulm
            29 03:00 a: talks in Doha
            29 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
            """,
            id="Paris, spring: eight hours",
        ),
        pytest.param(
            "Europe/Paris",
            "2026-10-24",
            NIGHT,
            """
            24 22:30 a: flood in Bonn
            25 02:30 a: flood in Ulm
            25 02:30* a: talks in Doha
            25 06:59 a: chat with Ann
            25 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm, chat with Ann
            """,
            id="Paris, autumn: ten hours",
        ),
        pytest.param(
            "America/New_York",
            "2026-03-07",
            NIGHT,
            """
            07 22:30 a: flood in Bonn
            08 01:59 a: flood in Ulm
            08 03:00 a: talks in Doha
            08 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
            """,
            id="New York, spring: eight hours",
        ),
        pytest.param(
            "America/New_York",
            "2026-10-31",
            NIGHT,
            """
            31 22:30 a: flood in Bonn
            01 01:30 a: flood in Ulm
            01 01:30* a: talks in Doha
            01 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
            """,
            id="New York, autumn: ten hours",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-10-03",
            NIGHT,
            """
            03 22:30 a: flood in Bonn
            04 01:59 a: flood in Ulm
            04 02:30 a: talks in Doha
            04 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
            """,
            id="Lord Howe, spring: half an hour less",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-04-04",
            NIGHT,
            """
            04 22:30 a: flood in Bonn
            05 01:45 a: flood in Ulm
            05 01:45* a: talks in Doha
            05 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
            """,
            id="Lord Howe, autumn: half an hour more",
        ),
        pytest.param(
            "Europe/Paris",
            "2026-03-28",
            NIGHT.replace('"07:00"', '"02:30"'),
            """
            28 22:30 a: flood in Bonn
            29 03:00 -> phone: late flood in Bonn
            29 03:01 a: flood in Ulm
            29 03:01 -> phone: flood in Ulm
            """,
            id="Paris, spring: it ends in the hour that is not there",
        ),
        pytest.param(
            "Europe/Paris",
            "2026-10-24",
            NIGHT.replace('"07:00"', '"02:30"'),
            """
            24 22:30 a: flood in Bonn
            25 02:45 a: flood in Ulm
            25 02:30* -> phone: late digest flood in Bonn, flood in Ulm
            25 02:31* a: flood in Trier
            25 02:31* -> phone: flood in Trier
            """,
            id="Paris, autumn: it ends when its end is shown the second time",
        ),
        pytest.param(
            "America/New_York",
            "2026-03-07",
            NIGHT.replace('"22:00"', '"02:30"'),
            """
            08 01:59 a: flood in Bonn
            08 01:59 -> phone: flood in Bonn
            08 03:00 a: flood in Ulm
            08 07:00 -> phone: late flood in Ulm
            """,
            id="New York, spring: it begins with the jump",
        ),
        pytest.param(
            "America/New_York",
            "2026-03-07",
            NIGHT.replace('"22:00"', '"02:15"').replace('"07:00"', '"02:45"'),
            """
            08 01:59 a: flood in Bonn
            08 01:59 -> phone: flood in Bonn
            08 03:00 a: flood in Ulm
            08 03:00 -> phone: flood in Ulm
            09 02:20 a: flood in Trier
            09 02:45 -> phone: late flood in Trier
            """,
            id="New York, spring: one in the hour that is not there is not there",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-04-04",
            SHORT,
            """
            05 01:40 a: flood in Bonn
            05 01:40 -> phone: flood in Bonn
            05 01:50 a: flood in Ulm
            05 01:40* a: flood in Trier
            05 02:15 -> phone: late digest flood in Ulm, flood in Trier
            """,
            id="Lord Howe, autumn: from the first beginning to the end, without a hole",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-10-03",
            SHORT,
            """
            04 01:50 a: flood in Ulm
            04 02:30 -> phone: late flood in Ulm
            """,
            id="Lord Howe, spring: it ends with the jump",
        ),
    ],
)
def test_the_nights_in_which_clocks_change(
    tmp_path: Path, zone: str, start: str, hours: str, text: str
) -> None:
    """What is held is told when the clock shows the end, an hour earlier or later as it may be."""
    play(tmp_path, PHONE + hours, text, start=start, zone=zone)
