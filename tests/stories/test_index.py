"""The index of sketches, over a real SQLite file."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.store.connection import open_writer
from monitor.store.story_index import expire, insert, look_up
from monitor.store.tx import Tx
from monitor.stories.index import (
    DAYS,
    LEAST_HITS,
    MOST_CANDIDATES,
    SLICES,
    STOP,
    Found,
    day_of,
)
from monitor.stories.shingles import probe, shingles, sketch
from monitor.stories.titles import title_marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = (
    "CREATE TABLE shingles (h BIGINT NOT NULL, day INTEGER NOT NULL, article_id INTEGER NOT NULL,"
    " PRIMARY KEY (h, day, article_id)) WITHOUT ROWID"
)
TODAY = 20_777
NONE: frozenset[int] = frozenset()


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a new file with the table in it."""
    con = open_writer(tmp_path / "index.db")
    con.row_factory = sqlite3.Row
    con.execute(TABLE)
    con.execute("BEGIN IMMEDIATE")
    yield Tx(con)
    con.close()


def numbers(seed: int, count: int) -> frozenset[int]:
    """So many hashes."""
    dice = random.Random(seed)
    return frozenset(dice.getrandbits(64) - 2**63 for _ in range(count))


def rows(tx: Tx) -> int:
    """How many rows the table has."""
    return int(tx.rows("SELECT count(*) FROM shingles")[0][0])


def test_a_copy_is_a_candidate_and_a_stranger_is_not(tx: Tx) -> None:
    """From six shingles on; the best first."""
    one, two = numbers(1, 60), numbers(2, 60)
    insert(tx, 1, one, NONE, TODAY)
    insert(tx, 2, two, NONE, TODAY)
    five = frozenset(list(one)[: LEAST_HITS - 1])
    assert look_up(tx, numbers(3, 60) | five, NONE, TODAY).candidates == ()
    mixed = frozenset([*list(one)[:LEAST_HITS], *list(two)[:20]])
    assert look_up(tx, mixed, NONE, TODAY).candidates == ((2, 20), (1, LEAST_HITS))
    assert look_up(tx, NONE, NONE, TODAY) == Found()


def test_a_headline_makes_a_candidate(tx: Tx) -> None:
    """Items of few words have no shingles to be found by."""
    title = "Motorway A7 closed near Lund after lorry fire"
    insert(tx, 1, NONE, title_marks(title), TODAY)
    assert look_up(tx, NONE, title_marks(title + " - Radio Lund"), TODAY).candidates == ((1, 1),)
    assert (
        look_up(tx, NONE, title_marks("Motorway A9 closed near Holt after lorry fire"), TODAY).candidates
        == ()
    )


def test_days(tx: Tx) -> None:
    """The window is seven days long; what another clock filed a day later is found."""
    one = numbers(1, 40)
    for day in (TODAY - DAYS, TODAY - DAYS + 1, TODAY, TODAY + 1, TODAY + 2):
        insert(tx, day, one, NONE, day)
    found = {article for article, _ in look_up(tx, one, NONE, TODAY).candidates}
    assert found == {TODAY - DAYS + 1, TODAY, TODAY + 1}
    assert day_of(datetime(2026, 11, 20, 23, 59, tzinfo=UTC)) == 20_777


def test_what_everybody_has_says_nothing(tx: Tx) -> None:
    """A footer that 200 articles carry is neither counted nor written again: the table stays small."""
    footer = numbers(9, 10)
    for article in range(STOP + 50):
        own = numbers(100 + article, 10)
        found = look_up(tx, own | footer, NONE, TODAY)
        insert(tx, article, own | footer, NONE, TODAY, stop=found.stop)
    assert found.stop == footer
    assert found.candidates == ()
    assert rows(tx) == (STOP + 50) * 10 + STOP * 10


def test_at_most_twenty_candidates(tx: Tx) -> None:
    """The best of them."""
    one = numbers(1, 60)
    for article in range(40):
        insert(tx, article, frozenset(sorted(one)[: 10 + article]), NONE, TODAY)
    found = look_up(tx, one, NONE, TODAY).candidates
    assert len(found) == MOST_CANDIDATES
    assert found[0] == (39, 49)


def test_inserting_twice_is_inserting_once(tx: Tx) -> None:
    """A unit of work may be run twice."""
    one = numbers(1, 30)
    for _ in range(2):
        insert(tx, 1, one, NONE, TODAY)
    assert rows(tx) == 30


def test_what_is_old_goes_slice_by_slice(tx: Tx) -> None:
    """All slices together clear everything before a day, the ends of the range included, and nothing else."""
    ends = frozenset({-(2**63), 2**63 - 1, 0, -1})
    insert(tx, 1, numbers(1, 500) | ends, NONE, TODAY - 8)
    insert(tx, 2, numbers(2, 100), NONE, TODAY)
    removed = [expire(tx, part, TODAY - 7) for part in range(SLICES)]
    assert sum(removed) == 504
    assert max(removed) < 10
    assert rows(tx) == 100
    assert expire(tx, SLICES, TODAY - 7) == 0


def test_real_texts_are_found_again(tx: Tx) -> None:
    """A teaser, a half and an edited text lead to the whole among others."""
    dice = random.Random(5)
    pool = [f"w{n}" for n in range(3_000)]
    texts = [" ".join(dice.choices(pool, k=300)) for _ in range(50)]
    for article, text in enumerate(texts):
        insert(tx, article, sketch(shingles(text)), NONE, TODAY)
    for article, text in enumerate(texts):
        words = text.split()
        edited = [word if dice.random() > 0.08 else "x" for word in words]
        for form in (words[:30], words[150:], edited):
            found = look_up(tx, probe(shingles(" ".join(form))), NONE, TODAY)
            assert [candidate for candidate, _ in found.candidates] == [article]
