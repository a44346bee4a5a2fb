"""What a narrow terminal shows: lines broken between words, and no figure cut off."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "canary   has not come through since 2 h ago: the outbox is not delivered; phone heard of it 1 h ago"


class Terminal(io.StringIO):
    """A terminal, as far as the program can see."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@contextlib.contextmanager
def terminal(columns: int) -> Iterator[Terminal]:
    """What goes to standard output goes to a terminal of so many columns."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(Terminal()) as screen:
        patch.setenv("COLUMNS", str(columns))
        yield screen


def test_a_line_goes_on_below_its_first_text() -> None:
    """The heading's column stays empty; what fits is left as it is."""
    with terminal(60):
        first, *rest = output.folded(LINE, 9).splitlines()
        assert output.folded("canary   came through", 9) == "canary   came through"
    assert first == "canary   has not come through since 2 h ago: the outbox is"
    assert rest == ["         not delivered; phone heard of it 1 h ago"]
    assert output.folded(LINE, 9) == LINE, "a pipe gets the whole line"


def test_colours_take_no_room() -> None:
    """Broken at the same places with and without."""
    coloured = LINE[:9] + "\x1b[31m" + LINE[9:] + "\x1b[0m"
    with terminal(60):
        assert output._ESCAPE.sub("", output.folded(coloured, 9)) == output.folded(LINE, 9)


@given(st.text(alphabet="ab é漢", max_size=200), st.integers(min_value=1, max_value=90))
def test_no_word_is_lost_or_changed(text: str, columns: int) -> None:
    """Whatever the text and the width; no line is longer than it has to be."""
    line = f"head     {text}"
    with terminal(columns):
        shown = output.folded(line, 9)
    assert shown.split() == line.split()
    if columns >= 18:
        for one in shown.splitlines():
            assert output.columns_of(one.rstrip()) <= columns or len(one.split()) <= 2


def test_a_table_leaves_out_what_it_can_spare() -> None:
    """Figures that stay are whole; in a pipe all of them are there."""
    headers, row = ("RULE", "SENT", "FETCH", "TOTAL"), ("talks", 2, "3.6 s / 3.6 s", "4.1 s / 9.9 s")
    with terminal(30) as screen:
        output.table(headers, [row], empty="", spare=(2,))
    assert screen.getvalue().splitlines()[1] == "talks  2     4.1 s / 9.9 s"
    with contextlib.redirect_stdout(io.StringIO()) as pipe:
        output.table(headers, [row], empty="", spare=(2,))
    assert pipe.getvalue().splitlines()[1] == "talks  2     3.6 s / 3.6 s  4.1 s / 9.9 s"
