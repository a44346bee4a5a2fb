"""Another configuration in the middle of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.axis import play
from tests.support.newsroom import DESK, FILE, NIGHT, PHONE, RULES

if TYPE_CHECKING:
    from pathlib import Path


OFF = '[alerts]\nbudget = "off"\n'


def digest(time: str) -> str:
    """A catch-all route that waits for a time of day."""
    return f'[[routes]]\nchannels = ["desk"]\ndigest = "{time}"\n'


def group(wait: str, by: str = "rule") -> str:
    """A catch-all route that gathers."""
    return f'[[routes]]\nchannels = ["desk"]\ngroup = "{wait}"\ngroup_by = "{by}"\n'


def test_what_a_rule_had_held_is_told_after_it_was_removed(tmp_path: Path) -> None:
    """It rang while there was such a rule; from then on it does not."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:10 reload without the rule
        27 23:20 a: flood in Ulm
        28 07:00 -> phone: late flood in Bonn
        """,
        others={"without the rule": RULES.replace('"flood"', '"drought"') + PHONE + NIGHT},
    )


def test_a_channel_that_is_removed_and_comes_back(tmp_path: Path) -> None:
    """What it held is dead meanwhile, told nobody else, and due when its name returns."""
    play(
        tmp_path,
        PHONE + DESK + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:00 -> desk: flood in Bonn
        27 23:10 reload without the phone
        27 23:20 a: flood in Ulm
        27 23:20 -> desk: flood in Ulm
        28 09:00 reload begun with
        28 09:00 -> phone: late flood in Bonn
        """,
        others={"without the phone": DESK},
    )


def test_quiet_hours_that_are_taken_out_release_what_they_held(tmp_path: Path) -> None:
    """At once; new ones hold what comes after."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:10 a: talks in Doha
        27 23:30 reload loud
        27 23:30 -> phone: late digest talks in Doha, flood in Bonn
        27 23:40 a: flood in Ulm
        27 23:40 -> phone: flood in Ulm
        28 01:00 reload begun with
        28 01:10 a: flood in Trier
        28 07:00 -> phone: late flood in Trier
        """,
        others={"loud": PHONE},
    )


def test_quiet_hours_that_end_sooner_let_go_sooner(tmp_path: Path) -> None:
    """What is held asks again, and goes when the hours in force say so."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:30 reload early
        28 05:00 -> phone: late flood in Bonn
        """,
        others={"early": PHONE + NIGHT.replace('"07:00"', '"05:00"')},
    )


def test_quiet_hours_that_come_over_an_open_group(tmp_path: Path) -> None:
    """What is due while it is quiet waits for the end."""
    gathers = '[[routes]]\nchannels = ["phone"]\ngroup = "30m"\n'
    play(
        tmp_path,
        PHONE + gathers,
        """
        27 21:50 a: flood in Bonn
        27 21:55 reload quiet
        27 21:56 a: flood in Ulm
        28 07:00 -> phone: late digest flood in Bonn, flood in Ulm
        """,
        others={"quiet": PHONE + NIGHT + gathers},
    )


def test_another_route_is_for_what_comes_from_then_on(tmp_path: Path) -> None:
    """What waits was routed: it goes where and when it was to go."""
    play(
        tmp_path,
        PHONE + DESK + digest("18:00"),
        """
        27 12:00 a: flood in Bonn
        27 12:10 reload to the phone
        27 12:20 a: flood in Ulm
        27 12:20 -> phone: flood in Ulm
        27 18:00 -> desk: flood in Bonn
        """,
        others={"to the phone": PHONE + DESK + '[[routes]]\nchannels = ["phone"]\n'},
    )


def test_another_hour_of_the_digest(tmp_path: Path) -> None:
    """What was collected for the old hour goes then, what comes later at the new one."""
    play(
        tmp_path,
        DESK + digest("18:00"),
        """
        27 12:00 a: flood in Bonn
        27 12:10 reload later
        27 12:20 a: flood in Ulm
        27 18:00 -> desk: flood in Bonn
        27 20:00 -> desk: flood in Ulm
        """,
        others={"later": DESK + digest("20:00")},
    )


def test_a_budget_that_is_switched_off(tmp_path: Path) -> None:
    """What was over comes in its digest all the same; from then on each rings."""
    on = '[alerts]\nbudget = "1/1h"\n'
    play(
        tmp_path,
        DESK + on,
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> desk: flood in Bonn
        27 12:05 a: flood in Ulm
        27 12:10 reload off
        27 12:20 a: flood in Trier
        27 12:20 -> desk: flood in Trier
        27 12:25 a: flood in Worms
        27 12:25 -> desk: flood in Worms
        27 13:05 -> desk: flood in Ulm
        """,
        others={"off": DESK + OFF},
    )


def test_a_group_that_is_kept_apart_otherwise(tmp_path: Path) -> None:
    """The open one goes at its time; what comes from then on opens others."""
    play(
        tmp_path,
        DESK + group("30m", "rule"),
        """
        27 12:00 a: flood in Bonn
        27 12:05 a: flood in Ulm
        27 12:10 reload by feed
        27 12:11 a: flood in Trier
        27 12:12 b: flood in Worms
        27 12:21 -> desk: flood in Trier
        27 12:22 -> desk: flood in Worms
        27 12:30 -> desk: digest flood in Bonn, flood in Ulm
        """,
        others={"by feed": DESK + group("10m", "feed")},
    )


def test_a_route_that_gathers_no_more(tmp_path: Path) -> None:
    """An update of what waits in the open group goes at once, and takes it along."""
    play(
        tmp_path,
        DESK + group("1h"),
        """
        27 12:00 a: flood in Bonn
        27 12:10 reload at once
        27 12:20 a: flood in Bonn + 12 dead
        27 12:20 -> desk: flood in Bonn: 12 dead
        """,
        others={"at once": DESK},
    )


def test_a_silence_outlives_a_reload(tmp_path: Path) -> None:
    """Silences are no part of the file: a reload leaves them alone."""
    play(
        tmp_path,
        DESK,
        """
        27 12:00 silence 1h rule=flood
        27 12:10 reload more
        27 12:20 a: flood in Bonn
        27 13:10 a: flood in Ulm
        27 13:10 -> desk: flood in Ulm
        27 13:10 -> log: flood in Ulm
        """,
        others={"more": DESK + FILE},
    )
