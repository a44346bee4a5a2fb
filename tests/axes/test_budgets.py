"""Budgets: what a rule may send singly on a channel; what is over comes in digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.axis import play
from tests.support.newsroom import DESK, FILE, NIGHT, PHONE, RULES

if TYPE_CHECKING:
    from pathlib import Path


TOLD = '[notices]\nchannels = ["log"]\n'
ON_PHONE = '[[routes]]\nchannels = ["phone"]\n'


def budget(text: str) -> str:
    """The general one, and a log that hears what Tocsin says about itself."""
    return f'[alerts]\nbudget = "{text}"\n' + FILE + TOLD


def test_a_flood_spends_its_budget_and_comes_back(tmp_path: Path) -> None:
    """Two single ones, one word about it, a digest within the hour, and single ones again later."""
    play(
        tmp_path,
        PHONE + ON_PHONE + budget("2/1h"),
        """
        27 12:01 a: flood in Bonn
        27 12:01 -> phone: flood in Bonn
        27 12:02 a: flood in Ulm
        27 12:02 -> phone: flood in Ulm
        27 12:04 a: flood in Trier
        27 12:04 -> log: notice rule flood rang more than its budget of 2/1h
        27 12:30 a: flood in Passau
        27 13:04 -> phone: digest flood in Trier, flood in Passau
        27 15:00 a: flood in Worms
        27 15:00 -> phone: flood in Worms
        """,
    )


def test_each_rule_and_each_channel_has_its_own(tmp_path: Path) -> None:
    """One rule's flood costs another nothing; a file, which wakes nobody, hears each by itself."""
    play(
        tmp_path,
        PHONE + budget("1/1h"),
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> log: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:01 a: flood in Ulm
        27 12:01 -> log: notice rule flood rang more than its budget of 1/1h
        27 12:01 -> log: flood in Ulm
        27 12:02 a: talks in Doha
        27 12:02 -> log: talks in Doha
        27 12:02 -> phone: talks in Doha
        27 13:01 -> phone: flood in Ulm
        """,
    )


def test_an_urgent_overflow_waits_ten_minutes(tmp_path: Path) -> None:
    """The digest that begins with a normal one is brought forward by it."""
    play(
        tmp_path,
        PHONE + ON_PHONE + budget("1/1h"),
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:01 a: flood in Ulm
        27 12:01 -> log: notice rule flood rang more than its budget of 1/1h
        27 12:02 a: war in Foo
        27 12:02 -> phone: war in Foo
        27 12:05 a: war in Bar
        27 12:05 -> log: notice rule war rang more than its budget of 1/1h
        27 12:15 -> phone: digest war in Bar, flood in Ulm
        """,
    )


def test_a_night_spends_no_budget(tmp_path: Path) -> None:
    """What quiet hours hold is one message; in the morning the budget is whole."""
    play(
        tmp_path,
        PHONE + NIGHT + ON_PHONE + budget("2/1h"),
        """
        27 23:00 a: flood in Bonn
        27 23:01 a: flood in Ulm
        27 23:02 a: flood in Trier
        28 07:00 -> phone: late digest flood in Bonn, flood in Ulm, flood in Trier
        28 07:05 a: flood in Worms
        28 07:05 -> phone: flood in Worms
        28 07:06 a: flood in Mainz
        28 07:06 -> phone: flood in Mainz
        """,
    )


def test_a_rule_that_is_over_shares_the_message_of_one_that_is_not(tmp_path: Path) -> None:
    """An article for which both hold is told at once, of both, and not again in the digest."""
    room = play(
        tmp_path,
        PHONE + ON_PHONE + budget("1/1h"),
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:05 a: talks of flood in Ulm
        27 12:05 -> log: notice rule flood rang more than its budget of 1/1h
        27 12:05 -> phone: talks of flood in Ulm
        """,
    )
    assert set(room.heard[-1].outgoing.message.rules) == {"flood", "talks"}


def test_a_rule_has_a_budget_of_its_own(tmp_path: Path) -> None:
    """It holds on a file, too, and another's general one does not count."""
    rules = RULES.replace('query = "flood"\n', 'query = "flood"\nbudget = "1/10m"\n')
    play(
        tmp_path,
        rules + FILE + '[[routes]]\nchannels = ["log"]\n[alerts]\nbudget = "1/1h"\n',
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> log: flood in Bonn
        27 12:01 a: flood in Ulm
        27 12:02 a: talks in Doha
        27 12:02 -> log: talks in Doha
        27 12:03 a: talks in Oslo
        27 12:03 -> log: talks in Oslo
        27 13:01 -> log: flood in Ulm
        """,
    )


def test_a_digest_of_the_overflow_that_falls_into_the_night_waits(tmp_path: Path) -> None:
    """With what quiet hours hold; the next day it is said again if it happens again."""
    play(
        tmp_path,
        PHONE + NIGHT + ON_PHONE + budget("1/1h"),
        """
        27 21:30 a: flood in Bonn
        27 21:30 -> phone: flood in Bonn
        27 21:40 a: flood in Ulm
        27 21:40 -> log: notice rule flood rang more than its budget of 1/1h
        27 22:30 a: talks in Doha
        28 07:00 -> phone: late digest talks in Doha, flood in Ulm
        """,
    )


def test_an_update_of_what_waits_in_the_overflow_is_in_it(tmp_path: Path) -> None:
    """Once, at its latest."""
    play(
        tmp_path,
        PHONE + ON_PHONE + budget("1/1h"),
        """
        27 12:00 a: flood in Bonn
        27 12:00 -> phone: flood in Bonn
        27 12:05 a: flood in Ulm
        27 12:05 -> log: notice rule flood rang more than its budget of 1/1h
        27 12:20 a: flood in Ulm + 12 dead
        27 13:05 -> phone: flood in Ulm: 12 dead
        """,
    )


def test_without_a_budget_all_ring_singly(tmp_path: Path) -> None:
    """`budget = "off"`."""
    towns = ("Bonn", "Ulm", "Trier", "Worms", "Mainz", "Passau")
    play(
        tmp_path,
        DESK + '[alerts]\nbudget = "off"\n',
        "".join(
            f"27 12:0{n} a: flood in {town}\n27 12:0{n} -> desk: flood in {town}\n"
            for n, town in enumerate(towns)
        ),
    )
