"""`tocsin silence`: writing, listing and ending silences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Outcome, run
from tests.support.installed import configured
from tests.support.store import new_database

if TYPE_CHECKING:
    from pathlib import Path


class Verbs:
    """The verbs on a database of their own."""

    def __init__(self, folder: Path) -> None:
        self.config = configured(folder, new_database(folder))

    def __call__(self, verb: str, *arguments: str) -> Outcome:
        return run("silence", verb, *arguments, "--config", self.config)


@pytest.fixture
def silence(tmp_path: Path) -> Verbs:
    """A fresh one for each test."""
    return Verbs(tmp_path)


def test_a_silence_is_added_listed_and_ended(silence: Verbs) -> None:
    """It keeps who wrote it and why, and stays on record when it is over."""
    given = ("--rule", "*", "--for", "7d", "--comment", "storm season", "--author", "anna")
    (added,) = silence("add", *given, "--json").objects
    assert (added["id"], added["match"], added["state"]) == (1, {"rule": ["*"]}, "active")
    (listed,) = silence("list", "--json").objects
    assert (listed["author"], listed["comment"], listed["hidden"]) == ("anna", "storm season", 0)
    assert "silence 1 of rule * is over; it hid nothing" in silence("expire", "1").out
    assert silence("list", "--json").objects == []
    (ended,) = silence("list", "--all", "--json").objects
    assert ended["state"] == "ended"
    assert "storm season" in silence("list", "--all").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "--for", "7d"), "which alerts?"),
        (("add", "--rule", "*"), "how long?"),
        (("add", "--rule", "nobody", "--for", "1h"), "nobody"),
        (("add", "--severity", "loud", "--for", "1h"), "loud"),
        (("expire", "7"), "there is no silence 7"),
    ],
)
def test_what_makes_no_sense_is_told(silence: Verbs, arguments: tuple[str, ...], said: str) -> None:
    """With exit 2, and nothing is changed."""
    outcome = silence(*arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert silence("list", "--all", "--json").objects == []
