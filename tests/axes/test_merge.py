"""Merging: what is one story, or rings together, is one message on each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.axis import play
from tests.support.newsroom import DESK, NIGHT, PHONE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_copy_of_what_was_told_is_silent(tmp_path: Path) -> None:
    """Every channel hears the first; the second feed's copy is a duplicate."""
    play(
        tmp_path,
        PHONE + DESK,
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> desk: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:05 b: copy of flood in Bonn
        27 18:00 end
        """,
    )


def test_rules_that_ring_together_share_a_message(tmp_path: Path) -> None:
    """Two rules hold for one article: one message, at the higher severity, which passes quiet hours."""
    room = play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn as war begins
        27 23:00 -> phone: flood in Bonn as war begins
        """,
    )
    (heard,) = room.heard
    assert set(heard.outgoing.message.rules) == {"flood", "war"}


def test_rules_that_ring_together_go_in_the_soonest_way(tmp_path: Path) -> None:
    """One route wants a digest, the other sends at once: the desk hears one message, now."""
    routes = '[[routes]]\nmatch = { rule = "talks" }\nchannels = ["desk"]\n'
    routes += '[[routes]]\nchannels = ["desk", "phone"]\ndigest = "18:00"\n'
    play(
        tmp_path,
        PHONE + DESK + routes,
        """
        27 12:00 a: talks of flood in Bonn
        27 12:00 -> desk: talks of flood in Bonn
        27 18:00 -> phone: talks of flood in Bonn
        """,
    )


def test_a_story_that_was_held_is_told_once_at_its_latest(tmp_path: Path) -> None:
    """A rule of higher severity fires on it in the night: one entry, under the newer headline."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:30 a: flood in Bonn + talks with 12 envoys
        27 23:40 a: flood in Ulm
        28 07:00 -> phone: late digest flood in Bonn: talks with 12 envoys, flood in Ulm
        """,
    )


def test_an_urgent_turn_takes_along_what_was_held_of_its_story(tmp_path: Path) -> None:
    """It is not told again in the morning; what shared a message with it is a digest of one."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 23:00 a: flood in Bonn
        27 23:10 a: flood in Ulm
        28 02:00 a: flood in Bonn + war after 12 dead
        28 02:00 -> phone: flood in Bonn: war after 12 dead
        28 07:00 -> phone: late digest flood in Ulm
        """,
    )


def test_an_update_of_what_was_told_says_so(tmp_path: Path) -> None:
    """New figures ring again, on each channel that was told; a copy of the first form does not."""
    play(
        tmp_path,
        PHONE + DESK + '[[routes]]\nchannels = ["desk"]\n',
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> desk: flood in Bonn
        27 14:00 a: flood in Bonn + 12 dead
        27 14:00 -> desk: update flood in Bonn: 12 dead
        27 15:00 b: copy of flood in Bonn: 12 dead
        """,
    )


def test_an_update_never_overtakes_its_report(tmp_path: Path) -> None:
    """What was tried where nobody can have seen it is told as it is now, in one message."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 phone: down
        27 12:00 a: flood in Bonn
        27 12:01 a: flood in Bonn + 12 dead
        27 12:20 phone: up
        27 12:32 -> phone: late flood in Bonn: 12 dead
        """,
    )


def test_an_update_has_the_severity_of_all_rules_that_hear_of_it(tmp_path: Path) -> None:
    """One that rang before and is urgent, and a milder one that newly holds: one message, at night, too."""
    room = play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 12:00 a: war begins
        27 12:00 -> phone: war begins
        27 23:00 a: war begins + flood with 12 dead
        27 23:00 -> phone: update war begins: flood with 12 dead
        """,
    )
    assert set(room.heard[-1].outgoing.message.rules) == {"war", "flood"}
