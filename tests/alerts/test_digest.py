"""A digest as receivers see it: whole entries, the severest first, and no line begins with a feed's text."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.digest import LATE_WHY, MOST_ENTRIES, collecting, digest
from monitor.alerts.render import Layout, render_card, render_json
from monitor.model import DigestEntry, Message, Severity
from tests.support.messages import HOSTILE, PUBLISHED, outgoing, render_text

LOW, NORMAL, HIGH, URGENT = Severity


def entry(number: int, severity: Severity = NORMAL, **values: object) -> DigestEntry:
    """One entry of many."""
    given: dict[str, object] = {
        "title": f"Talks {number}",
        "url": f"https://news.example.org/{number}",
        "feed": "lemonde-une",
        "published": PUBLISHED + timedelta(minutes=number),
        "severity": severity,
        "rules": ("talks",),
    }
    return DigestEntry(**{**given, **values})  # type: ignore[arg-type]


def late(*entries: DigestEntry) -> Message:
    """A digest of late alerts."""
    return digest(entries, late=True, why=LATE_WHY)


def test_the_severest_come_first_then_what_was_seen_first() -> None:
    """Within one severity the order stays."""
    told = late(entry(1), entry(2, HIGH), entry(3, LOW), entry(4, HIGH), entry(5))
    assert [e.title for e in told.entries] == ["Talks 2", "Talks 4", "Talks 1", "Talks 5", "Talks 3"]
    assert (told.kind, told.title, told.severity, told.count) == ("digest", "5 late alerts", HIGH, 5)


def test_a_digest_as_text() -> None:
    """Title with the number; a block an alert; loud ones say so."""
    title, body = render_text(outgoing(late(entry(1), entry(2, HIGH, published=None, url=""))))
    assert title == "[high] 2 late alerts"
    assert body == (
        "Published while their feeds were not watched.\n\n"
        "• [high] Talks 2\n  lemonde-une · undated · talks\n\n"
        "• Talks 1\n  lemonde-une · 2026-03-01 09:31 UTC · talks\n  https://news.example.org/1"
    )


def test_a_single_late_alert_names_itself() -> None:
    """On a lock screen the title says what it is about."""
    title, _ = render_text(outgoing(late(entry(1))))
    assert title == "1 late alert: Talks 1"


@pytest.mark.parametrize("limit", [*range(0, 900, 13), 32_000])
@pytest.mark.parametrize("plain", [False, True])
def test_entries_are_cut_as_wholes(limit: int, plain: bool) -> None:
    """Limits hold; each link shown is whole; the others are named, or counted and can be listed."""
    told = late(*(entry(n) for n in range(30)))
    title, body = render_text(outgoing(told, plain=plain), Layout(limit=limit))
    assert len(title) + (1 if title else 0) + len(body) <= limit
    shown = [line for line in body.splitlines() if "https" in line]
    assert [line.strip() for line in shown] == [f"https://news.example.org/{n}" for n in range(len(shown))]
    if shown and len(shown) < 30:
        named = all(f"• Talks {n}" in body.splitlines() for n in range(len(shown), 30))
        end = (
            "tocsin alerts list shows all links"
            if named
            else f"… and {30 - len(shown)} more: tocsin alerts list"
        )
        assert body.endswith(end)
    if not shown and limit > 60:
        assert "tocsin alerts list" in body
    if limit >= 150:
        assert shown


def test_a_repeat_says_so_and_a_template_is_not_for_digests() -> None:
    """A user's words for one alert would show nothing of the entries."""
    layout = Layout(title_template="{rules}", body_template="{title}: {excerpt}")
    title, body = render_text(outgoing(late(entry(1), entry(2)), maybe_repeat=True), layout)
    assert title == "2 late alerts"
    assert "(may be a repeat)" in body
    assert "Talks 2" in body


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("limit", [160, 32_000])
@pytest.mark.parametrize("plain", [False, True])
def test_hostile_text_is_harmless(hostile: str, limit: int, plain: bool) -> None:
    """No title steers, calls, masks a link, or makes a line of its own; on a card and in JSON neither."""
    told = outgoing(late(entry(1, title=hostile, feed=hostile, url=""), entry(2)), plain=plain)
    title, body = render_text(told, Layout(limit=limit))
    card, line = render_card(told).plain(), json.dumps(render_json(told), ensure_ascii=False)
    for text in (title, body, card):
        assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text.replace("\n", ""))
        assert "\u202e" not in text
    for call in ("@everyone", "@here", "@room", "@channel", "<!", "<@", "<#", "]("):
        assert call not in body
    for row in body.splitlines():
        assert row == "" or row.startswith(("• ", "  ", "… and", "Published", "https://", "tocsin"))
    assert len(line.splitlines()) == 1
    line.encode()


def test_a_digest_as_json_and_as_a_card() -> None:
    """JSON has every entry in stable form; the card shows them, and counts those beyond fifty."""
    told = late(*(entry(n) for n in range(60)), entry(99, HIGH))
    shown = render_json(outgoing(told))
    assert (shown["kind"], shown["late"], shown["count"], len(shown["entries"])) == ("digest", True, 61, 61)
    assert shown["entries"][0] == {
        "title": "Talks 99",
        "url": "https://news.example.org/99",
        "feed": "lemonde-une",
        "published": "2026-03-01T11:09:00Z",
        "severity": "high",
        "rules": ["talks"],
    }
    card = render_card(outgoing(told)).plain()
    assert card.startswith("● DIGEST · ")
    assert "  • [high] Talks 99\n" in card
    assert "  … and 11 more: tocsin alerts list\n" in card


def test_a_late_alert_that_rings_alone_says_that_it_is_late() -> None:
    """Text, card and JSON."""
    urgent = Message(kind="alert", title="Now", severity=URGENT, feed="a", late=True)
    assert "a · 2026-03-01 09:30 UTC · urgent · late" in render_text(outgoing(urgent))[1]
    assert "· late" in render_card(outgoing(urgent)).plain()
    assert render_json(outgoing(urgent))["late"] is True


def test_a_digest_is_bounded() -> None:
    """A message keeps five hundred entries and knows how many there were."""
    told = late(*(entry(n) for n in range(MOST_ENTRIES + 7)))
    assert len(told.entries) == MOST_ENTRIES
    assert told.count == MOST_ENTRIES + 7
    assert "7 more: tocsin alerts list" in render_text(outgoing(told), Layout(limit=10**6))[1]


def test_a_digest_that_still_collects_can_be_shown() -> None:
    """It has no entries yet, and no channel chokes on that."""
    for told in (*(outgoing(collecting(HIGH, late=late)) for late in (True, False)), outgoing(late())):
        assert render_text(told)[1] == "tocsin alerts list"
        assert render_card(told).plain()


@given(st.lists(st.text(max_size=300), max_size=8), st.integers(0, 2000), st.booleans())
def test_any_titles_fit_any_limit(titles: list[str], limit: int, plain: bool) -> None:
    """Never more than the limit, never an error."""
    told = late(*(entry(n, title=title) for n, title in enumerate(titles)))
    title, body = render_text(outgoing(told, plain=plain), Layout(limit=limit))
    assert len(title) + (1 if title else 0) + len(body) <= limit
