"""Receivers that are down, refuse, or ask for patience, and how it goes on."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from monitor.model import Severity
from tests.support.axis import play
from tests.support.newsroom import DESK, FILE, NIGHT, PHONE, RULES, Newsroom

if TYPE_CHECKING:
    from pathlib import Path


ON_PHONE = '[[routes]]\nchannels = ["phone"]\n'
OFF = '[alerts]\nbudget = "off"\n'


def test_a_few_are_made_up_singly(tmp_path: Path) -> None:
    """Marked late, once one of them found out that the channel is back; the other channel never waited."""
    play(
        tmp_path,
        PHONE + DESK,
        """
        27 12:00 phone: down
        27 12:00 a: flood in Bonn
        27 12:00 -> desk: flood in Bonn
        27 12:10 a: talks in Doha
        27 12:10 -> desk: talks in Doha
        27 12:30 phone: up
        27 12:30 -> phone: late talks in Doha
        27 12:30 -> phone: late flood in Bonn
        """,
    )


def test_a_long_outage_ends_in_one_digest_after_the_urgent_ones(tmp_path: Path) -> None:
    """Everything arrives once: one finds out that the channel is back, then what is urgent, by itself."""
    towns = ("Bonn", "Ulm", "Trier", "Worms", "Mainz", "Passau")
    left = [town for town in towns if town != "Trier"]
    rung = "\n".join(f"27 {13 + n}:00 a: flood in {town}" for n, town in enumerate(towns))
    play(
        tmp_path,
        PHONE + ON_PHONE + OFF,
        f"""
        27 12:00 phone: down
        {rung}
        27 19:00 a: war begins
        27 20:00 a: talks in Doha
        28 12:00 phone: up
        28 12:00 -> phone: late flood in Trier
        28 12:00 -> phone: late war begins
        28 12:00 -> phone: late digest talks in Doha, {", ".join(f"flood in {town}" for town in left)}
        """,
    )


def test_a_429_is_waited_for_as_long_as_it_asks(tmp_path: Path) -> None:
    """Nothing goes to that channel meanwhile; then what waited goes in its order."""
    play(
        tmp_path,
        PHONE + DESK,
        """
        27 12:00 phone: asks 10m
        27 12:00 a: flood in Bonn
        27 12:00 -> desk: flood in Bonn
        27 12:05 a: talks in Doha
        27 12:05 -> desk: talks in Doha
        27 12:10 -> phone: late flood in Bonn
        27 12:10 -> phone: talks in Doha
        """,
    )


def test_a_backlog_behind_a_429_is_a_digest(tmp_path: Path) -> None:
    """Six wait: the urgent one goes first, the rest in one message."""
    towns = ("Ulm", "Trier", "Worms", "Mainz", "Passau")
    rung = "\n".join(f"27 12:0{n + 1} a: flood in {town}" for n, town in enumerate(towns))
    play(
        tmp_path,
        PHONE + OFF,
        f"""
        27 12:00 phone: asks 10m
        27 12:00 a: talks in Doha
        {rung}
        27 12:09 a: war begins
        27 12:10 -> phone: war begins
        27 12:10 -> phone: late digest talks in Doha, {", ".join(f"flood in {town}" for town in towns)}
        """,
    )


def test_an_update_in_an_outage_joins_its_report(tmp_path: Path) -> None:
    """Nobody can have seen the report: what is told is the latest."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 phone: down
        27 12:00 a: flood in Bonn
        27 13:00 phone: up
        27 13:01 a: flood in Bonn + 12 dead
        27 13:01 -> phone: late flood in Bonn: 12 dead
        """,
    )


def test_an_update_in_a_second_outage_comes_after_its_report(tmp_path: Path) -> None:
    """The report failed often, until the channel took something else."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 phone: down
        27 12:00 a: flood in Bonn
        27 12:30 phone: up
        27 12:31 a: talks in Doha
        27 12:31 -> phone: talks in Doha
        27 12:31 -> phone: late flood in Bonn
        27 12:31 phone: down
        27 14:00 phone: up
        27 14:00 a: flood in Bonn + 12 dead
        27 14:00 -> phone: update flood in Bonn: 12 dead
        """,
    )


def test_a_report_that_nobody_can_take_does_not_hold_up_its_update(tmp_path: Path) -> None:
    """The update joins it and is tried in its place; the channel takes everything else meanwhile."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 phone: chokes on flood in Bonn
        27 12:00 a: flood in Bonn
        27 12:10 a: talks in Doha
        27 12:10 -> phone: talks in Doha
        27 12:30 a: flood in Bonn + 12 dead
        27 12:30 -> phone: late flood in Bonn: 12 dead
        27 13:00 phone: up
        """,
    )


def test_many_at_times_of_their_own_are_one_digest_once_one_is_taken(tmp_path: Path) -> None:
    """Each waits for its own next attempt: the first that succeeds brings the others along."""
    with Newsroom(tmp_path, PHONE + OFF, "2026-11-27 12:00") as room:
        room.app.worker._rng = random.Random(1).random
        room.moods["phone"] = "down"
        for number in range(40):
            room.passes_minutes(10)
            room.rings(f"{'war' if number == 20 else 'flood'} {number} in town {number * 7}")
        room.moods["phone"] = "well"
        room.passes_minutes(16)
        told = [len(heard.titles) for heard in room.heard]
        assert sum(told) == 40
        assert len(told) <= 1 + 1 + 8
        assert room.heard[1].titles[0].startswith("war") or room.heard[0].titles[0].startswith("war")
        assert room.unsent() == []


def test_a_receiver_that_comes_back_in_the_night(tmp_path: Path) -> None:
    """What waited for it is held until the morning, but for the urgent one."""
    play(
        tmp_path,
        PHONE + NIGHT,
        """
        27 18:00 phone: down
        27 18:00 a: flood in Bonn
        27 18:01 a: war begins
        28 02:00 phone: up
        28 02:03 -> phone: late war begins
        28 03:00 a: flood in Ulm
        28 07:00 -> phone: late flood in Bonn
        28 07:00 -> phone: late flood in Ulm
        """,
    )


def test_what_a_channel_gives_up_goes_to_its_fallback(tmp_path: Path) -> None:
    """Where the rule allows it; somebody hears of the channel that refuses."""
    phone = PHONE + 'fallback = "desk"\n'
    rules = RULES.replace('query = "talks"\n', 'query = "talks"\nallow_channels = ["phone"]\n')
    play(
        tmp_path,
        rules + phone + DESK + FILE + ON_PHONE + '[notices]\nchannels = ["log"]\n',
        """
        27 12:00 phone: refuses
        27 12:00 a: flood in Bonn
        27 12:00 -> log: notice channel phone gave up a message
        27 12:00 -> desk: late flood in Bonn
        27 12:10 a: talks in Doha
        """,
    )


def test_a_channel_that_is_locked_out_keeps_its_rows(tmp_path: Path) -> None:
    """Its password is wrong: another channel says so, once; mended and asked for by hand, all goes out."""
    play(
        tmp_path,
        PHONE + FILE + ON_PHONE + '[notices]\nchannels = ["phone", "log"]\n',
        """
        27 12:00 phone: locked
        27 12:00 a: flood in Bonn
        27 12:00 -> log: notice channel phone cannot deliver
        27 12:30 a: talks in Doha
        27 14:00 phone: up
        27 14:00 retry phone
        27 14:00 -> phone: late flood in Bonn
        27 14:00 -> phone: late talks in Doha
        """,
    )


def test_a_lost_answer_is_one_message_more_marked(tmp_path: Path) -> None:
    """Nobody knows whether it came: the same message id again, marked as a possible repeat."""
    room = play(
        tmp_path,
        PHONE,
        """
        27 12:00 phone: loses 1
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:01 -> phone: flood in Bonn (may be a repeat)
        """,
    )
    first, again = room.heard
    assert first.outgoing.message_id == again.outgoing.message_id


def test_an_update_waits_for_what_may_have_arrived(tmp_path: Path) -> None:
    """The report is told again, marked, and then what changed."""
    play(
        tmp_path,
        PHONE,
        """
        27 12:00 phone: loses 1
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:00 a: flood in Bonn + 12 dead
        27 12:01 -> phone: flood in Bonn (may be a repeat)
        27 12:01 -> phone: update flood in Bonn: 12 dead
        """,
    )


def test_two_hundred_at_once_on_a_channel_of_twenty_a_minute(tmp_path: Path) -> None:
    """The urgent one at once, then the most severe, all within eight more messages at the service's rate."""
    phone = '[channels.phone]\nurl = "tgram://123456789:AAHcanary-telegram-token-0123456789/12315544/"\n'
    with Newsroom(tmp_path, phone + OFF, "2026-11-27 12:00") as room:
        room.moods["phone"] = "down"
        for number in range(199):
            room.rings(f"{'talks' if number % 4 == 0 else 'flood'} {number} in town {number * 7}", "a")
        room.rings("war begins", "b")
        room.moods["phone"] = "well"
        room.passes_until_quiet()
        heard = room.heard
        assert heard[0].words in ("war begins", "late war begins")
        assert len(heard) <= 9
        assert {e.severity for e in heard[1].outgoing.message.entries} == {Severity.HIGH}
        assert sum(len(one.titles) for one in heard) == 200
        assert len({title for one in heard for title in one.titles}) == 200
