"""Notifications as receivers see them."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.render import Layout, check_template, render_card, render_json
from monitor.model import Severity
from tests.support.messages import HOSTILE, message, outgoing, render_text


def test_a_text_tells_everything() -> None:
    """Title with severity, feed and time with zone, the marked sentence, link, rule and reason."""
    title, body = render_text(outgoing(), Layout(zone=ZoneInfo("Europe/Paris")))
    assert title == "[high] Afghanistan : des pourparlers à Doha"
    assert body == (
        "lemonde-une · 2026-03-01 10:30 CET · high\n\n"
        "Les *talibans* et les Américains se retrouvent à *Doha*.\n\n"
        "https://news.example.org/doha\n\n"
        "Rule: talks-in-doha\nWhy: first report of this story"
    )


@pytest.mark.parametrize(
    ("severity", "prefix"),
    [(Severity.LOW, ""), (Severity.NORMAL, ""), (Severity.HIGH, "[high] "), (Severity.URGENT, "[urgent] ")],
)
def test_loud_severities_stand_in_the_title(severity: Severity, prefix: str) -> None:
    """High and urgent are said in the title, every severity in the body."""
    title, body = render_text(outgoing(message(severity=severity, title="T")))
    assert title == prefix + "T"
    assert severity.label in body


def test_a_possible_repeat_says_so() -> None:
    """An attempt that may be a repeat carries the mark in every rendering."""
    repeat = outgoing(maybe_repeat=True)
    assert "(may be a repeat)" in render_text(repeat)[1]
    assert "(may be a repeat)" in render_card(repeat).plain()
    assert render_json(repeat)["maybe_repeat"] is True
    assert "(may be a repeat)" in render_text(outgoing(maybe_repeat=True, plain=True))[1]
    assert "(may be a repeat)" in render_text(repeat, Layout(body_template="{link}"))[1]


def test_the_plain_rendering_is_title_and_link() -> None:
    """After a refusal only title and link are sent."""
    title, body = render_text(outgoing(plain=True))
    assert (title, body) == ("[high] Afghanistan : des pourparlers à Doha", "https://news.example.org/doha")


def test_a_notice_keeps_its_lines() -> None:
    """What Tocsin says about itself may have several lines; an alert's excerpt may not."""
    text = "first line\nsecond line"
    notice = message(kind="notice", title="channel desk is failing", excerpt=text, marks=(), rules=(), why="")
    assert text in render_text(outgoing(notice))[1]
    assert "second line" in render_card(outgoing(notice)).plain()
    assert text not in render_text(outgoing(message(excerpt=text, marks=())))[1]


@pytest.mark.parametrize("limit", [*range(0, 400, 7), 2000])
def test_limits_hold_and_the_link_is_kept_whole(limit: int) -> None:
    """Title and body fit together; the link is there whole or, where there is no room, not at all."""
    link = "https://news.example.org/doha"
    for attempt in (outgoing(), outgoing(plain=True), outgoing(maybe_repeat=True)):
        title, body = render_text(attempt, Layout(limit=limit))
        assert len(title) + (1 if title else 0) + len(body) <= limit
        assert link in body or "http" not in body
        if limit >= len(link) + 22:
            assert link in body


def test_the_excerpt_shrinks_first() -> None:
    """A long sentence is cut with an ellipsis before reasons and facts go."""
    _, body = render_text(outgoing(message(excerpt="mot " * 200, marks=())), Layout(limit=400))
    assert "…" in body
    assert "Rule: talks-in-doha" in body


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("limit", [70, 160, 32_000])
def test_hostile_text_is_harmless_as_text(hostile: str, limit: int) -> None:
    """No hostile title steers, calls, masks a link, or makes a line of its own."""
    told = message(title=hostile, feed=hostile, excerpt=hostile, marks=((0, 3),), why=hostile)
    title, body = render_text(outgoing(told), Layout(limit=limit))
    assert "\n" not in title
    assert body
    for text in (title, body):
        assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text.replace("\n", ""))
        assert "\u202e" not in text
        for call in ("@everyone", "@here", "@room", "@channel", "<!", "<@", "<#", "](", "\nBcc:"):
            assert call not in text
    text.encode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_harmless_elsewhere(hostile: str) -> None:
    """On a terminal and in JSON nothing but visible characters is left, and JSON stays one line."""
    told = message(title=hostile, feed=hostile, excerpt=hostile, marks=((0, 5),), why=hostile)
    card = render_card(outgoing(told)).plain()
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in card.replace("\n", ""))
    assert len(card.splitlines()) <= 6
    line = json.dumps(render_json(outgoing(told)), ensure_ascii=False)
    assert len(line.splitlines()) == 1
    line.encode()


def test_hostile_links_are_not_shown() -> None:
    """A link that is none is left out, and a disguised one shows its true host."""
    assert "javascript" not in render_text(outgoing(message(url="javascript:alert(1)")))[1]
    body = render_text(outgoing(message(url="https://bank.example@evil.example/")))[1]
    assert "https://evil.example/" in body
    assert "bank.example" not in body


def test_bad_marks_do_not_hurt() -> None:
    """Marks that overlap or lie outside the excerpt are left out."""
    told = message(excerpt="abcdef", marks=((0, 2), (1, 3), (4, 99), (5, 5)))
    assert "*ab*cdef" in render_text(outgoing(told))[1]


def test_json_is_stable() -> None:
    """The object has exactly the documented fields, and marks fit its excerpt."""
    told = render_json(outgoing(attempt=3))
    assert told == {
        "version": 1,
        "id": "tocsin-7f3a",
        "channel": "desk",
        "kind": "alert",
        "attempt": 3,
        "maybe_repeat": False,
        "created": "2026-03-01T09:30:00Z",
        "severity": "high",
        "title": "Afghanistan : des pourparlers à Doha",
        "url": "https://news.example.org/doha",
        "feed": "lemonde-une",
        "published": "2026-03-01T09:30:00Z",
        "excerpt": "Les talibans et les Américains se retrouvent à Doha.",
        "marks": [[4, 12], [47, 51]],
        "rules": ["talks-in-doha"],
        "tags": [],
        "why": "first report of this story",
        "late": False,
        "entries": [],
        "count": 0,
        "story": None,
        "update": False,
        "changes": [],
        "told_at": None,
        "related": "",
        "also": [],
        "outlets": 0,
        "weak": False,
        "confidential": False,
        "alerts": [],
    }


def test_json_marks_follow_cleaning() -> None:
    """Where cleaning shortens the excerpt, marks still cover the hits."""
    raw = "\u202eLes \x00 talibans   ici"
    start = raw.index("talibans")
    told = render_json(outgoing(message(excerpt=raw, marks=((start, start + 8),))))
    ((first, last),) = told["marks"]
    assert told["excerpt"][first:last] == "talibans"


def test_a_card_shows_one_alert() -> None:
    """A card has a head, title, sentence, link and reason, and marks its hits."""
    card = render_card(outgoing(), zone=UTC)
    assert card.plain() == (
        "● HIGH · lemonde-une · 2026-03-01 09:30 UTC\n"
        "  Afghanistan : des pourparlers à Doha\n"
        "  Les talibans et les Américains se retrouvent à Doha.\n"
        "  https://news.example.org/doha\n"
        "  talks-in-doha · first report of this story\n"
        "\n"
    )
    assert ("talibans", "hit") in card.rows[2]


# --- templates ---------------------------------------------------------------------------------------


def test_templates_fill_named_fields() -> None:
    """A user's templates are filled with all named fields."""
    layout = Layout(
        title_template="{severity}: {title}",
        body_template="{feed}|{time}|{excerpt}|{link}|{rules}|{why}|{id}|{{}}",
    )
    title, body = render_text(outgoing(), layout)
    assert title == "high: Afghanistan : des pourparlers à Doha"
    assert body == (
        "lemonde-une|2026-03-01 09:30 UTC|Les *talibans* et les Américains se retrouvent à *Doha*.|"
        "https://news.example.org/doha|talks-in-doha|first report of this story|tocsin-7f3a|{}"
    )


def test_one_template_leaves_the_other_part_as_it_is() -> None:
    """Only the part that has a template changes."""
    assert render_text(outgoing(), Layout(title_template="x"))[0] == "x"
    assert render_text(outgoing(), Layout(title_template="x"))[1] == render_text(outgoing())[1]
    assert render_text(outgoing(), Layout(body_template="x")) == (render_text(outgoing())[0], "x")


def test_feed_text_is_never_a_template() -> None:
    """Braces in a title stay braces."""
    told = message(title="{link} {title.__class__} {0}")
    assert "{link} {title.__class__} {0}" in render_text(outgoing(told), Layout(title_template="{title}"))[0]


@pytest.mark.parametrize("limit", [60, 120, 200, 300])
def test_templates_keep_limits(limit: int) -> None:
    """A filled template that is too long loses excerpt, or gives way to the short default with the link."""
    told = message(excerpt="mot " * 60, marks=())
    title, body = render_text(outgoing(told), Layout(limit=limit, body_template="{excerpt}\n{link}"))
    assert len(title) + 1 + len(body) <= limit
    assert "https://news.example.org/doha" in body


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{title} {link}", None),
        ("{{literal}} {id}", None),
        ("", None),
        ("{titel}", "unknown field {titel}"),
        ("{title.__class__}", "unknown field"),
        ("{title[0]}", "unknown field"),
        ("{0}", "unknown field"),
        ("{}", "unknown field"),
        ("{title!r}", "only the bare name"),
        ("{title:>99999999}", "only the bare name"),
        ("{title", "lone brace"),
        ("title}", "lone brace"),
    ],
)
def test_templates_are_checked(template: str, problem: str | None) -> None:
    """Only bare named fields are lawful; everything else is named with its remedy."""
    found = check_template(template)
    assert (found is None) if problem is None else (problem in (found or ""))


def test_a_faulty_template_does_not_lose_the_alert() -> None:
    """A template that should not have passed the check gives way to the default layout."""
    assert render_text(outgoing(), Layout(body_template="{nope}")) == render_text(outgoing())
