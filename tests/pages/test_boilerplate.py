"""What a site repeats is the site's."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.pages.boilerplate import PAGES, WINDOW, Seen, guard, hashes_of, paragraph_hash
from monitor.pages.values import Extracted, Line

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BOX = "Get the best of our journalism in your inbox every morning."


class Memory:
    """A host's table."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], Seen] = {}

    def show(self, page: int, *lines: str, now: datetime = NOW) -> tuple[list[str], list[str]]:
        """What the guard keeps and cuts of a page; the memory learns it."""
        extracted = Extracted(lines=tuple(map(Line, lines)))
        known = defaultdict(list)
        for row in self.rows.values():
            known[row.paragraph].append(row)
        assert hashes_of(extracted.lines) >= {h for h in known if h in hashes_of(extracted.lines)}
        found = guard(extracted, page=page, now=now, remembered=known)
        self.rows.update({(row.paragraph, row.page): row for row in found.seen})
        return [line.text for line in found.lines], [cut.text for cut in found.cut]


def test_a_paragraph_on_three_pages_is_cut() -> None:
    """Two may be a copy and its twin; reports differ."""
    memory = Memory()
    for page in range(PAGES - 1):
        assert memory.show(page, f"Report number {page} of this day.", BOX)[1] == []
    kept, cut = memory.show(9, "Report number nine of this day.", BOX.upper())
    assert kept == ["Report number nine of this day."]
    assert cut == [BOX.upper()]


def test_the_same_page_again_proves_nothing() -> None:
    """An article fetched ten times is not boilerplate."""
    memory = Memory()
    for _ in range(10):
        assert memory.show(1, BOX)[1] == []


def test_a_week_later_it_is_forgotten_unless_seen_again() -> None:
    """The count is of pages within seven days."""
    memory = Memory()
    memory.show(1, BOX)
    memory.show(2, BOX, now=NOW + timedelta(days=6))
    assert memory.show(3, BOX, now=NOW + timedelta(days=8))[1] == []
    assert memory.show(4, BOX, now=NOW + timedelta(days=9))[1] == [BOX]
    assert memory.show(5, BOX, now=NOW + timedelta(days=15))[1] == [BOX]


def test_short_lines_are_left_alone() -> None:
    """Anybody may have said no."""
    memory = Memory()
    for page in range(10):
        assert memory.show(page, "He said no.")[1] == []
    assert paragraph_hash("He said no.") is None
    assert paragraph_hash("塔利班代表在多哈会晤欧洲代表团成员讨论") is not None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=30))
def test_a_paragraph_is_cut_exactly_when_its_pages_are_three(shown: list[tuple[int, int]]) -> None:
    """Whatever the order of pages and days."""
    memory, seen = Memory(), {}
    for page, day in sorted(shown, key=lambda one: one[1]):
        now = NOW + timedelta(days=day)
        cut = memory.show(page, BOX, now=now)[1]
        seen[page] = now
        recent = [one for one in seen.values() if now - one <= WINDOW]
        assert bool(cut) == (len(recent) >= PAGES)
