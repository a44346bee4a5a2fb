"""The process ends, well or badly, in the middle of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.axis import play
from tests.support.newsroom import DESK, NIGHT, PHONE, Newsroom

if TYPE_CHECKING:
    from pathlib import Path


ENDS = pytest.mark.parametrize("end", ["stop", "kill"])


@ENDS
def test_a_held_digest(tmp_path: Path, end: str) -> None:
    """It goes on growing, and goes when quiet hours end."""
    play(
        tmp_path,
        PHONE + NIGHT,
        f"""
        27 23:00 a: flood in Bonn
        27 23:10 a: flood in Ulm
        28 01:00 {end}
        28 01:05 start
        28 02:00 a: talks in Doha
        28 07:00 -> phone: late digest talks in Doha, flood in Bonn, flood in Ulm
        """,
    )


@ENDS
def test_a_group_that_waits(tmp_path: Path, end: str) -> None:
    """It goes at its time, with what joined after."""
    play(
        tmp_path,
        DESK + '[[routes]]\nchannels = ["desk"]\ngroup = "30m"\n',
        f"""
        27 12:00 a: flood in Bonn
        27 12:10 {end}
        27 12:11 start
        27 12:20 a: flood in Ulm
        27 12:30 -> desk: digest flood in Bonn, flood in Ulm
        """,
    )


@ENDS
def test_a_group_that_fell_due_while_nobody_was_there(tmp_path: Path, end: str) -> None:
    """It goes at the start."""
    play(
        tmp_path,
        DESK + '[[routes]]\nchannels = ["desk"]\ngroup = "30m"\n',
        f"""
        27 12:00 a: flood in Bonn
        27 12:05 a: flood in Ulm
        27 12:10 {end}
        27 13:00 start
        27 13:00 -> desk: digest flood in Bonn, flood in Ulm
        """,
    )


def test_a_death_in_mid_send(tmp_path: Path) -> None:
    """The receiver had it, and nobody knew: once more, under the same id, marked."""
    room = play(
        tmp_path,
        PHONE,
        """
        27 12:00 dies after_accept
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:05 start
        27 12:05 -> phone: flood in Bonn (may be a repeat)
        """,
    )
    first, again = room.heard
    assert first.outgoing.message_id == again.outgoing.message_id


def test_a_death_before_the_receiver_had_it(tmp_path: Path) -> None:
    """It is told once, with the same mark: nobody can know."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 dies before_accept
        27 12:00 a: flood in Bonn
        27 12:30 start
        27 12:30 -> phone: late flood in Bonn (may be a repeat)
        """,
    )


def test_a_death_in_mid_send_of_what_has_an_update(tmp_path: Path) -> None:
    """After the start the report goes first, marked, and then what changed."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 dies after_accept
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:01 a: flood in Bonn + 12 dead
        27 12:05 start
        27 12:05 -> phone: flood in Bonn (may be a repeat)
        27 13:02 -> phone: update flood in Bonn: 12 dead
        """,
    )


def test_a_silence_that_ended_while_nobody_was_there(tmp_path: Path) -> None:
    """What came meanwhile rings, and the end is told of in the next digest of notices."""
    play(
        tmp_path,
        DESK + '[notices]\nchannels = ["desk"]\n',
        """
        27 12:00 silence 1h rule=flood
        27 12:10 a: flood in Bonn
        27 12:20 stop
        27 13:30 a: flood in Ulm
        27 14:00 start
        27 14:00 -> desk: flood in Ulm
        28 08:00 -> desk: notice silence 1 of rule flood ended (anna); it hid 1 alert (flood 1)
        """,
    )


@ENDS
def test_quiet_hours_that_ended_while_nobody_was_there(tmp_path: Path, end: str) -> None:
    """What they held goes at the start."""
    play(
        tmp_path,
        PHONE + NIGHT,
        f"""
        27 23:00 a: flood in Bonn
        27 23:10 a: talks in Doha
        28 06:00 {end}
        28 09:00 start
        28 09:00 -> phone: late digest talks in Doha, flood in Bonn
        """,
    )


def test_quiet_hours_that_began_while_nobody_was_there(tmp_path: Path) -> None:
    """What was due before them waits for their end."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 21:50 phone: down
        27 21:50 a: flood in Bonn
        27 21:51 stop
        27 22:30 phone: up
        27 22:30 start
        28 07:00 -> phone: late flood in Bonn
        """,
    )


@ENDS
def test_a_budget_that_is_half_spent(tmp_path: Path, end: str) -> None:
    """It is not whole again because of it."""
    play(
        tmp_path,
        DESK + '[alerts]\nbudget = "1/1h"\n',
        f"""
        27 12:00 a: flood in Bonn
        27 12:00 -> desk: flood in Bonn
        27 12:10 {end}
        27 12:11 start
        27 12:20 a: flood in Ulm
        27 12:30 a: flood in Trier
        27 13:20 -> desk: digest flood in Ulm, flood in Trier
        """,
    )


@ENDS
def test_a_429_is_remembered(tmp_path: Path, end: str) -> None:
    """Who asked for patience before a restart is still asking."""
    play(
        tmp_path,
        PHONE,
        f"""
        27 12:00 phone: asks 10m
        27 12:00 a: flood in Bonn
        27 12:02 {end}
        27 12:03 start
        27 12:10 -> phone: flood in Bonn
        """,
    )


@pytest.mark.parametrize("point", ["before_commit", "after_commit", "before_accept", "after_accept"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_death_anywhere_while_a_digest_goes(tmp_path: Path, point: str, nth: int) -> None:
    """It arrives once, or twice with the mark; nothing else is told."""
    with Newsroom(tmp_path, PHONE + NIGHT, "2026-11-27 23:00") as room:
        room.rings("flood in Bonn")
        room.rings("talks in Doha")
        room.pass_to(room.now.replace(day=28, hour=5, minute=59, second=50))
        room.dies_at(point, nth)
        room.pass_to(room.now.replace(hour=6, minute=30))
        if not room.running:
            room.start()
        room.pass_to(room.now.replace(hour=8))
        words = [heard.words for heard in room.heard]
        assert words[0].removesuffix(" (may be a repeat)") == "late digest talks in Doha, flood in Bonn"
        assert len(words) == 1 or (len(words) == 2 and words[1] == f"{words[0]} (may be a repeat)")
        assert room.unsent() == []


def test_a_restart_after_each_alert_changes_nothing(tmp_path: Path) -> None:
    """Groups, nights, digests and budgets that are half done go on as if nothing had been."""
    routes = '[[routes]]\nmatch = { severity = "low" }\nchannels = ["desk"]\ngroup = "40m"\n'
    routes += '[[routes]]\nmatch = { rule = "flood" }\nchannels = ["desk", "phone"]\n'
    routes += '[[routes]]\nchannels = ["phone"]\ndigest = ["08:00", "18:00"]\n'
    toml = PHONE + NIGHT + DESK + routes + '[alerts]\nbudget = "2/3h"\n'
    told = []
    for name, restarts in (("quiet", False), ("loud", True)):
        (tmp_path / name).mkdir()
        with Newsroom(tmp_path / name, toml, "2026-11-27 12:00") as room:
            for number in range(26):
                room.passes_minutes(47)
                room.rings(f"{('talks', 'chat', 'flood', 'flood', 'war')[number % 5]} number {number}")
                if restarts:
                    (room.kill if number % 2 else room.stop)()
                    room.start()
            room.passes_minutes(2000)
            told.append([(f"{h.at:%d %H:%M}", h.channel, h.words) for h in room.heard])
    assert sorted(told[0]) == sorted(told[1])
    assert len(told[0]) > 10
