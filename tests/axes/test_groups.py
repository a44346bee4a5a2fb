"""Group wait: a route gathers what comes and tells it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.axis import play
from tests.support.newsroom import DESK, NIGHT, PHONE

if TYPE_CHECKING:
    from pathlib import Path


GROUP = '[[routes]]\nchannels = ["{channel}"]\ngroup = "{wait}"\n'


def grouped(channel: str = "desk", wait: str = "10m", by: str = "") -> str:
    """A catch-all route that gathers."""
    return GROUP.format(channel=channel, wait=wait) + (f'group_by = "{by}"\n' if by else "")


def test_a_group_waits_from_its_first_alert_on(tmp_path: Path) -> None:
    """What joins later never puts it off."""
    play(
        tmp_path,
        DESK + grouped(),
        """
        27 12:00 a: flood in Bonn
        27 12:06 a: talks in Doha
        27 12:09 b: flood in Ulm
        27 12:10 -> desk: digest talks in Doha, flood in Bonn, flood in Ulm
        """,
    )


def test_a_group_holds_what_is_new_only(tmp_path: Path) -> None:
    """Alertmanager would send the old ones again; an emptied group begins anew."""
    play(
        tmp_path,
        DESK + grouped(wait="5m"),
        """
        27 12:00 a: flood in Bonn
        27 12:04 a: flood in Ulm
        27 12:05 -> desk: digest flood in Bonn, flood in Ulm
        27 12:06 a: flood in Trier
        27 12:08 a: flood in Worms
        27 12:11 -> desk: digest flood in Trier, flood in Worms
        """,
    )


def test_one_alert_alone_is_no_digest(tmp_path: Path) -> None:
    """It comes as the message it is, ten minutes later, and is not called late."""
    play(
        tmp_path,
        DESK + grouped(),
        """
        27 12:00 a: flood in Bonn
        27 12:10 -> desk: flood in Bonn
        """,
    )


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("rule", ["digest flood in Bonn, flood in Ulm", "talks in Doha"]),
        ("feed", ["digest talks in Doha, flood in Bonn", "flood in Ulm"]),
        ("story", ["flood in Bonn", "talks in Doha", "flood in Ulm"]),
    ],
)
def test_groups_are_kept_apart_by_what_the_route_says(tmp_path: Path, by: str, told: list[str]) -> None:
    """Rules, feeds or stories; all go ten minutes after the first of their group."""
    expected = "\n".join(f"27 12:10 -> desk: {words}" for words in told)
    play(
        tmp_path,
        DESK + grouped(by=by),
        f"27 12:00 a: flood in Bonn\n27 12:00 a: talks in Doha\n27 12:00 b: flood in Ulm\n{expected}",
    )


def test_an_update_joins_the_group_of_its_story(tmp_path: Path) -> None:
    """One entry at its latest, at the time at which the first was to go."""
    play(
        tmp_path,
        DESK + grouped(),
        """
        27 12:00 a: flood in Bonn
        27 12:08 a: flood in Bonn + 12 dead
        27 12:10 -> desk: flood in Bonn: 12 dead
        """,
    )


def test_a_sooner_route_takes_its_story_out_of_the_group(tmp_path: Path) -> None:
    """What is urgent goes at once with what waited of it; the others of the group go at their time."""
    routes = '[[routes]]\nmatch = { severity = "urgent" }\nchannels = ["desk"]\n' + grouped()
    play(
        tmp_path,
        DESK + routes,
        """
        27 12:00 a: flood in Bonn
        27 12:01 a: flood in Ulm
        27 12:02 a: talks in Doha
        27 12:05 a: flood in Bonn + war after 12 dead
        27 12:05 -> desk: flood in Bonn: war after 12 dead
        27 12:10 -> desk: digest talks in Doha, flood in Ulm
        """,
    )


def test_a_group_that_falls_due_in_the_night_waits_for_the_morning(tmp_path: Path) -> None:
    """With what quiet hours hold anyway, as one message."""
    play(
        tmp_path,
        PHONE + NIGHT + grouped("phone", "30m"),
        """
        27 21:45 a: flood in Bonn
        27 21:50 a: flood in Ulm
        27 22:05 a: talks in Doha
        28 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
        """,
    )
