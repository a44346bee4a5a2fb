"""The promises of docs/manners.md: all are there, and each test that shows one exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "manners.md"
UNSHOWN = "-"  # no test shows it yet
STATEMENTS = [*map(str, (*range(1, 26), 30, 31, 32)), *(f"S{number}" for number in range(1, 17))]
STATEMENTS += [f"P{number}" for number in range(1, 9)]
ROW = re.compile(r"\| ([SP]?\d+) \| (.+?) \| (.+?) \|")


def promises() -> dict[str, tuple[str, tuple[str, ...]]]:
    """By statement: the promise, and the tests that show it."""
    rows = [ROW.fullmatch(line) for line in PAGE.read_text(encoding="utf-8").splitlines()]
    found = {row[1]: (row[2], tuple(row[3].split(", "))) for row in rows if row}
    assert len(found) == sum(row is not None for row in rows), "a statement stands in the page twice"
    return found


@cache
def defined_in(file: Path) -> frozenset[str]:
    """The names of the test functions that a file defines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


def test_every_statement_has_its_promise() -> None:
    """None is missing and none is added in silence; a table's line that is not understood is found, too."""
    assert sorted(promises()) == sorted(STATEMENTS)
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| statement |")]
    assert len(rows) == len(STATEMENTS)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_shows_a_promise_exists(statement: str) -> None:
    """Each name is a file of ours and a test in it."""
    _, shown = promises()[statement]
    if shown == (UNSHOWN,):
        return
    for name in shown:
        file, _, test = name.partition("::")
        assert test.startswith("test_"), name
        assert (ROOT / file).is_file(), name
        assert test in defined_in(ROOT / file), name
