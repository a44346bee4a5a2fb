"""Digests that are too long for their message: every alert is named before any is left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.digest import digest
from monitor.alerts.render import Layout, render
from monitor.alerts.renderers.headlines import named
from monitor.model import DigestEntry, Severity
from tests.support.messages import outgoing

SEVERITIES = (Severity.URGENT, *[Severity.HIGH] * 4, *[Severity.NORMAL] * 55)


def entries(count: int, length: int = 60) -> list[DigestEntry]:
    """So many, the severest first."""
    return [
        DigestEntry(
            title=f"n{n:04d}n " + "word " * (length // 5),
            url=f"https://gazette.example/2026/11/27/politics/{n}-a-long-slug-as-newspapers-make-them",
            feed="gazette",
            published=datetime(2026, 11, 27, 12, tzinfo=UTC),
            severity=SEVERITIES[n],
            rules=("rule",),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("kind", "limit"), [("telegram", 4096), ("slack", 3000), ("discord", 2000), ("ntfy", 2700)]
)
@pytest.mark.parametrize("count", [2, 8, 15, 25])
def test_all_are_named_and_the_first_have_their_links(kind: str, limit: int, count: int) -> None:
    """In their order, each once, within the service's limit."""
    made = render(outgoing(digest(entries(count), late=True, why="why")), Layout(limit=limit), kind)
    places = [made.body.find(f"n{n:04d}n") for n in range(count)]
    assert all(place >= 0 for place in places)
    assert places == sorted(places)
    linked = [n for n in range(count) if f"/{n}-a-long" in made.body]
    assert linked == list(range(len(linked)))
    assert len(linked) >= min(2, count)
    assert ("tocsin alerts list shows all links" in made.body.replace("\u2060", "")) == (len(linked) < count)


def test_where_headlines_do_not_fit_either_a_few_are_whole() -> None:
    """Sixty of them in a thousand characters: whole entries, and how many are missing."""
    made = render(outgoing(digest(entries(60), late=True, why="why")), Layout(limit=1000), "plain")
    assert "more: tocsin alerts list" in made.body
    assert "/0-a-long" in made.body


forms = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30)).map(
        lambda sizes: ("x" * sum(sizes), "y" * sum(sizes[:2]), "z" * sizes[0])
    ),
    min_size=1,
    max_size=30,
)


@given(forms, st.integers(0, 2000))
def test_the_laws_of_shrinking(given_forms: list[tuple[str, str, str]], room: int) -> None:
    """Never longer than there is room; each entry once, in order; what is whole comes before what is not."""
    text = named(given_forms, room, len, start="head", end="end", gap="\n\n", line="\n")
    assert len(text) <= room
    if text:
        shown = text.removeprefix("head").removesuffix("end").split()
        assert len(shown) == len(given_forms)
        assert all(one in form for one, form in zip(shown, given_forms, strict=True))
        assert "".join(one[0] for one in shown) == "".join(sorted(one[0] for one in shown))
