"""What `tocsin silence` understands: --for, --until, matchers; and the shape it shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.silences import Silence
from monitor.cli.silence_shape import check_names, ends_at, matchers, row, shape
from monitor.config.load import require
from monitor.errors import UsageError
from tests.support.configs import SMALL, load

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)  # 13:00 in Paris


@pytest.mark.parametrize(
    ("span", "until", "expected"),
    [
        ("7d", None, "2026-12-04 13:00"),
        ("90m", None, "2026-11-27 14:30"),
        ("366d", None, "2027-11-28 13:00"),
        (None, "18:00", "2026-11-27 18:00"),
        (None, "8:30", "2026-11-28 08:30"),
        (None, "13:00", "2026-11-28 13:00"),
        (None, "2026-12-24", "2026-12-24 00:00"),
        (None, "2026-12-24 18:00", "2026-12-24 18:00"),
        (None, "2026-12-24T18:00Z", "2026-12-24 19:00"),
        (None, " 2026-12-24T18:00+05:00 ", "2026-12-24 14:00"),
        (None, "2027-03-28 02:30", "2027-03-28 03:00"),  # is never shown: the moment of the jump
    ],
)
def test_a_span_or_a_time_in_the_users_zone(span: str | None, until: str | None, expected: str) -> None:
    """A time alone is the next one, a date alone the beginning of its day."""
    assert f"{ends_at(span, until, NOW, PARIS).astimezone(PARIS):%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("span", "until", "message"),
    [
        (None, None, "how long?"),
        ("7d", "18:00", "how long?"),
        ("a week", None, "'a week' is not a time span"),
        ("0s", None, "longer than nothing"),
        ("367d", None, "a year at most"),
        ("99y", None, "is not a time span"),
        (None, "2026-11-26", "2026-11-26 00:00 CET is over already"),
        (None, "2030-01-01", "a year at most"),
        (None, "tomorrow", "'tomorrow' is not a time"),
        (None, "25:00", "'25:00' is not a time"),
    ],
)
def test_what_is_no_end_is_refused_with_a_remedy(span: str | None, until: str | None, message: str) -> None:
    """Exit 2, with what to write."""
    with pytest.raises(UsageError, match=message) as wrong:
        ends_at(span, until, NOW, PARIS)
    assert wrong.value.hint


def test_matchers_come_from_the_options_that_were_given() -> None:
    """Each key once, in the order of the contract, without repeated values."""
    given = {"tag": ["fr", "en", "fr"], "rule": ["flood"], "severity": ["low"], "lang": []}
    assert matchers(given) == {"rule": ("flood",), "tag": ("fr", "en"), "severity": ("low",)}


def test_a_silence_of_everything_must_be_meant() -> None:
    """Without matchers nothing is silenced; --rule '*' is the way to say all."""
    with pytest.raises(UsageError, match="hides everything"):
        matchers({"rule": []})
    assert matchers({"rule": ["*"]}) == {"rule": ("*",)}


def test_a_misspelt_severity_is_found() -> None:
    """With the nearest there is."""
    with pytest.raises(UsageError, match="severity 'hihg'") as wrong:
        matchers({"severity": ["hihg"]})
    assert wrong.value.hint == "did you mean high?"


def test_names_must_be_configured(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A rule, feed or entity that is not there would silence nothing."""
    config = require(load(tmp_path_factory.mktemp("c"), f'{SMALL}[entities.doha]\naliases = ["Doha"]\n'))
    check_names({"rule": ("talks",), "feed": ("lemonde",), "entity": ("@doha",), "tag": ("any",)}, config)
    check_names({"rule": ("flood-*",)}, config)
    for key, value in (("rule", "talk"), ("feed", "lemond"), ("entity", "@dhoa")):
        with pytest.raises(UsageError, match=f"there is no {key}") as wrong:
            check_names({key: (value,)}, config)
        assert wrong.value.hint.startswith("did you mean")


def test_a_silence_is_shown_with_what_it_hid() -> None:
    """The JSON, one object a line, and the cells of the table."""
    one = Silence({"rule": ("flood",)}, "anna", "storm", NOW, NOW + timedelta(days=7), NOW, id=3)
    hidden = {"flood": 12, "talks": 2}
    assert json.loads(json.dumps(shape(one, hidden, NOW))) == {
        "id": 3,
        "match": {"rule": ["flood"]},
        "author": "anna",
        "comment": "storm",
        "starts": "2026-11-27T12:00:00Z",
        "ends": "2026-12-04T12:00:00Z",
        "state": "active",
        "hidden": 14,
        "rules": {"flood": 12, "talks": 2},
    }
    assert row(one, hidden, NOW) == (3, "active", "in 7 d", 14, "rule flood", "anna", "storm")
