"""Notices of secret rules in every renderer: what they say, what they leave out, and that it fits."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts import payload
from monitor.alerts.confidential import KIND, Rang, notice_of, opened, public_name
from monitor.alerts.render import Layout, render, render_card, render_json
from monitor.alerts.renderers.kinds import KINDS, TITLE_LIMITS
from monitor.model import Severity
from tests.support.messages import PUBLISHED, message, outgoing
from tests.support.received import read

ONE = notice_of([Rang("secret-3f2a9c", 12345, Severity.HIGH)])
TEMPLATES = Layout(
    title_template="{severity}: {title}", body_template="{outlet} {excerpt} {link} {why} {also}"
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("layout", [Layout(), TEMPLATES])
def test_every_service_is_told_the_same(kind: str, plain: bool, layout: Layout) -> None:
    """That a rule rang, under its public name, with the number; no link, no outlet, no thread."""
    made = render(outgoing(ONE, plain=plain), layout, kind)
    text = f"{made.title}\n{made.body}\n{made.fields.get('body', '')}"
    assert "secret-3f2a9c" in text
    assert "12345" in text
    assert "http" not in text.replace("http://www.w3.org", "")
    assert made.mail is None or made.mail.story is None
    assert "X-Click" not in made.headers
    seen = read(made, "")
    assert seen.links == []


def test_what_it_says_reads_well() -> None:
    """On a terminal, in a chat, in a text message."""
    rows = render_card(outgoing(ONE)).plain().splitlines()
    assert rows == [
        "● HIGH · 2026-03-01 09:30 UTC",
        "  [high] A confidential rule rang: secret-3f2a9c, alert 12345".replace("[high] ", ""),
        "  secret-3f2a9c: tocsin alerts show 12345 --reveal",
        "  secret-3f2a9c",
        "",
    ]
    sms = render(outgoing(ONE), kind="sms").body
    assert sms == (
        "[high] A confidential rule rang: secret-3f2a9c, alert 12345\ntocsin alerts show 12345 --reveal"
    )


def test_the_object_for_programs_is_an_alert_that_says_so() -> None:
    """Receivers that know nothing of confidential rules take it for an alert without a link."""
    told = render_json(outgoing(ONE))
    assert (told["kind"], told["confidential"], told["alerts"]) == ("alert", True, [12345])
    assert told["rules"] == ["secret-3f2a9c"]
    for field in ("url", "feed", "why", "related"):
        assert told[field] == ""
    for field in ("tags", "also", "changes", "marks", "entries"):
        assert told[field] == []
    assert (told["story"], told["published"], told["told_at"]) == (None, None, None)


@given(
    st.lists(
        st.builds(Rang, st.text("abcdef", min_size=1), st.integers(1, 10**9), st.sampled_from(Severity)),
        min_size=1,
    )
)
def test_a_notice_holds_names_numbers_and_severity_alone(rang: list[Rang]) -> None:
    """Whatever rang: every other field is empty, and what waits in the outbox is the same."""
    made = notice_of(rang)
    said = {name for name, value in asdict(made).items() if value}
    assert said - {"severity", "late"} == {"kind", "title", "excerpt", "rules", "alerts"}
    assert made.severity == max(one.severity for one in rang)
    assert payload.load(payload.dump(made)) == made
    for kind in ("ntfy", "gotify", "pushover", "email"):
        assert len(render(outgoing(made), kind=kind).title) <= TITLE_LIMITS[kind]


def test_what_is_left_of_an_alert_that_was_shared() -> None:
    """Headline, link and the open rules: all else may be of the secret one."""
    before = message(
        rules=("open", "hushed"), changes=("12 -> 30 dead",), related="another", told_at=PUBLISHED
    )
    left = opened(before, ("hushed",), Severity.LOW)
    assert (left.rules, left.title, left.url, left.severity) == (
        ("open",),
        before.title,
        before.url,
        Severity.LOW,
    )
    assert (left.excerpt, left.marks, left.why, left.changes, left.related) == ("", (), "", (), "")


def test_a_public_name_needs_the_key() -> None:
    """The same name gives another with another key, and six digits."""
    names = {public_name("talks", bytes([n])) for n in range(50)}
    assert len(names) == 50
    assert all(len(name) == len("secret-") + 6 for name in names)
    assert KIND not in json.dumps(render_json(outgoing(ONE))["kind"])
