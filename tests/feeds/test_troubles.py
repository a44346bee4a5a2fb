"""What is said of troubles: one sentence for one, one line for a host, one notice for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.feeds.troubles import NAMED, Tale, report, span, state
from monitor.feeds.watch import Trouble

HOUR = timedelta(hours=1)
TALE = Tale("wire", "wire.example", Trouble.MISSING, "", 50 * HOUR, rules=("talks", "floods"))


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=50), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (HOUR, "1 h"),
        (26 * HOUR, "1 d 2 h"),
        (48 * HOUR, "2 d"),
    ],
)
def test_a_length_of_time_in_words(length: timedelta, words: str) -> None:
    """As people say it: two units at most."""
    assert span(length) == words


@pytest.mark.parametrize("kind", list(Trouble))
def test_each_trouble_has_a_sentence_a_remedy_and_an_end(kind: Trouble) -> None:
    """The feed is named, and nothing is left to be filled in."""
    began = report([replace(TALE, kind=kind)])
    assert began.title.startswith("feed wire is ")
    assert "rules that" in began.body
    assert "; rules that" in began.body, "a remedy stands before the rules"
    over = report([replace(TALE, kind=kind, over=True)])
    assert over.title.startswith("feed wire ")
    assert "again" in over.title
    assert over.body == "rules that hear it again: talks, floods"
    assert "{" not in began.title + began.body + over.title + over.body


def test_details_are_told() -> None:
    """Which language, which domain, which pause, which failure; what cannot be read is left out."""
    assert state(Trouble.LANGUAGE, "fr en 3") == "in another language: en instead of fr"
    assert state(Trouble.DOMAIN, "a.example b.example").endswith("b.example instead of a.example")
    assert state(Trouble.FAILING, "HTTP 500") == "failing: HTTP 500"
    assert "usually 14 h" in state(Trouble.SILENT, "14 h")
    assert state(Trouble.LANGUAGE, "") == "in another language"
    assert state(Trouble.SILENT, "") == "silent"


def test_a_host_is_one_line_and_all_is_one_notice() -> None:
    """Troubles first; its rules are named once, its feeds as many as a line holds."""
    host = [replace(TALE, feed=f"n{n:02}", host="news.example") for n in range(NAMED + 2)]
    told = report([replace(TALE, over=True), *host])
    assert told.title == "feeds: 12 in trouble, 1 well again"
    first, second = told.body.splitlines()
    assert first.startswith("12 feeds of news.example are not found (404) (for up to 2 d 2 h): n00, n01,")
    assert "and 2 more; " in first
    assert first.endswith("rules that are blind for these feeds: talks, floods")
    assert second.startswith("feed wire is well again: it was not found (404) for 2 d 2 h; rules that hear")
    assert [(line.kind, line.subject) for line in told.lines] == [
        ("feed_missing", "news.example"),
        ("feed_missing_over", "wire"),
    ]


def test_many_hosts_are_one_line() -> None:
    """What befalls more than five of them is probably nearer to us; up to five have a line each."""
    some = [replace(TALE, feed=f"n{n}", host=f"h{n}.example", over=True) for n in range(6)]
    assert len(report(some[:5]).lines) == 5
    (line,) = report(some).lines
    assert line.text.startswith("6 feeds of 6 hosts are well again: they were not found (404) for up to ")
    assert line.subject == ""


def test_without_rules_nothing_is_said_of_them() -> None:
    """Only the remedy is left."""
    assert report([replace(TALE, rules=())]).body == "look for its new address on its site"
