"""Silences: what they hide is stored, counted, and told of when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.axis import play
from tests.support.newsroom import DESK, NIGHT, PHONE

if TYPE_CHECKING:
    from pathlib import Path


TOLD = '[notices]\nchannels = ["desk"]\n'


def test_a_silence_hides_and_says_so_in_the_digest_of_notices(tmp_path: Path) -> None:
    """What it hid does not keep a later copy from ringing."""
    play(
        tmp_path,
        DESK + TOLD,
        """
        27 12:00 silence 1h rule=flood
        27 12:01 a: flood in Bonn
        27 12:02 a: flood in Ulm
        27 12:03 a: talks in Doha
        27 12:03 -> desk: talks in Doha
        27 13:30 b: copy of flood in Bonn
        27 13:30 -> desk: flood in Bonn
        28 08:00 -> desk: notice silence 1 of rule flood ended (anna); it hid 2 alerts (flood 2)
        """,
    )


def test_a_silence_that_is_ended_by_hand(tmp_path: Path) -> None:
    """What comes from then on rings; it is told of once."""
    play(
        tmp_path,
        DESK + TOLD,
        """
        27 12:00 silence 7d feed=b
        27 12:10 b: flood of goals
        27 12:20 a: flood in Bonn
        27 12:20 -> desk: flood in Bonn
        27 12:30 end silence 1
        27 12:40 b: flood of medals
        27 12:40 -> desk: flood of medals
        28 08:00 -> desk: notice silence 1 of feed b ended (anna); it hid 1 alert (flood 1)
        30 08:00 end
        """,
    )


def test_a_silence_covers_what_is_urgent(tmp_path: Path) -> None:
    """Whoever writes it decides; rules that it does not cover ring for the same article."""
    room = play(
        tmp_path,
        DESK,
        """
        27 12:00 silence 1h severity=urgent
        27 12:01 a: war begins
        27 12:02 a: war and flood in Bonn
        27 12:02 -> desk: war and flood in Bonn
        """,
    )
    assert [heard.outgoing.message.rules for heard in room.heard] == [("flood",)]


def test_the_end_of_a_silence_is_its_first_moment_without_it(tmp_path: Path) -> None:
    """From noon for an hour: the last minute is mute, one o'clock is not."""
    play(
        tmp_path,
        DESK,
        """
        27 12:00 silence 1h rule=flood
        27 12:59 a: flood in Bonn
        27 13:01 a: flood in Ulm
        27 13:01 -> desk: flood in Ulm
        """,
    )


def test_what_is_held_already_is_not_taken_back(tmp_path: Path) -> None:
    """It rang before somebody asked for silence; what comes of its story later is muted."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 22:10 a: flood in Bonn
        27 22:20 silence 12h rule=flood
        27 22:30 a: flood in Bonn + 12 dead
        27 22:40 a: flood in Ulm
        28 07:00 -> phone: late flood in Bonn
        """,
    )


def test_two_silences_are_told_of_in_one_notice(tmp_path: Path) -> None:
    """What both cover counts for the one that lasts longest."""
    room = play(
        tmp_path,
        DESK + TOLD,
        """
        27 12:00 silence 1h rule=flood
        27 12:00 silence 2h feed=a
        27 12:10 a: flood in Bonn
        27 12:20 b: flood in Ulm
        28 08:00 -> desk: notice 2 silences ended
        """,
    )
    body = room.heard[-1].outgoing.message.excerpt
    assert "silence 1 of rule flood ended (anna); it hid 1 alert" in body
    assert "silence 2 of feed a ended (anna); it hid 1 alert" in body


def test_a_copy_of_what_was_told_is_hidden_by_nobody(tmp_path: Path) -> None:
    """Only what would have rung counts: it was a duplicate anyway."""
    play(
        tmp_path,
        DESK + TOLD,
        """
        27 11:00 a: flood in Bonn
        27 11:00 -> desk: flood in Bonn
        27 12:00 silence 1h rule=flood
        27 12:10 b: copy of flood in Bonn
        28 08:00 -> desk: notice silence 1 of rule flood ended (anna); it hid nothing
        """,
    )


def test_a_silenced_report_tells_nobody_so_its_update_rings_as_the_first(tmp_path: Path) -> None:
    """After the silence the next form of the story is news to its readers."""
    play(
        tmp_path,
        DESK,
        """
        27 12:00 silence 1h rule=flood
        27 12:10 a: flood in Bonn
        27 14:00 b: copy of flood in Bonn
        27 14:00 -> desk: flood in Bonn
        27 15:00 b: flood in Ulm
        27 15:00 -> desk: flood in Ulm
        """,
    )
