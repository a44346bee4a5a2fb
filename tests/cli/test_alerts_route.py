"""`tocsin alerts route`: routing tried offline, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import run
from tests.support.configs import write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
[monitor]
timezone = "Europe/Paris"
[[feeds]]
name = "lemonde"
url = "https://www.lemonde.fr/rss/une.xml"
tags = ["fr"]
language = "fr"
[[rules]]
name = "flood"
query = "flood"
severity = "high"
allow_channels = ["phone", "desk"]
[[rules]]
name = "talks"
query = "talks"
[entities.doha]
aliases = ["Doha"]
[channels.phone]
type = "terminal"
[channels.desk]
type = "file"
path = "alerts.jsonl"
[channels.screen]
type = "terminal"
[quiet_hours.night]
channels = ["phone"]
from = "22:00"
to = "07:00"
let_through = ["urgent"]
[[routes]]
match = { severity = ["high", "urgent"], tag = "fr" }
channels = ["phone", "screen"]
continue = true
[[routes]]
match = { entity = "doha" }
channels = []
[[routes]]
channels = ["desk", "phone"]
digest = "08:00"
"""


def routed(folder: Path, *options: str, config: str = CONFIG) -> dict[str, Any]:
    """The object that --json gives."""
    outcome = run("alerts", "route", "--json", *options, "--config", write(folder, config))
    assert (outcome.code, outcome.err) == (0, "")
    (found,) = outcome.objects
    assert isinstance(found, dict)
    return found


def test_each_route_says_what_it_did_and_why(tmp_path: Path) -> None:
    """With its place in the file, the channels it gave, and those it named in vain."""
    found = routed(tmp_path, "--rule", "flood", "--feed", "lemonde", "--at", "2026-12-24 12:00")
    assert found["alert"] == {
        "severity": "high",
        "rule": "flood",
        "feed": "lemonde",
        "tags": ["fr"],
        "lang": "fr",
        "entities": [],
        "kind": "first",
    }
    first, second, third = found["routes"]
    assert first == {
        "route": 1,
        "file": str(tmp_path / "config.toml"),
        "line": 30,
        "outcome": "took",
        "why": "severity high or urgent, tag fr",
        "channels": ["phone"],
        "already": [],
        "forbidden": ["screen"],
    }
    assert (second["outcome"], second["why"]) == ("passed", "it has no entity, wanted doha")
    assert (third["outcome"], third["channels"], third["already"]) == ("took", ["desk"], ["phone"])
    assert found["channels"] == [
        {"channel": "phone", "route": 1, "reason": None, "told_at": "2026-12-24T11:00:00Z", "why": []},
        {
            "channel": "desk",
            "route": 3,
            "reason": "digest",
            "told_at": "2026-12-25T07:00:00Z",
            "why": ["route 3: told in the digest of 2026-12-25 08:00"],
        },
    ]
    assert found["why"] is None


def test_quiet_hours_say_until_when(tmp_path: Path) -> None:
    """At the time that is asked about; an urgent alert is let through."""
    options = ("--rule", "flood", "--tag", "fr", "--at", "2026-12-24T23:00+01:00")
    phone = routed(tmp_path, *options)["channels"][0]
    assert (phone["reason"], phone["told_at"]) == ("quiet_hours", "2026-12-25T06:00:00Z")
    assert phone["why"] == ["held by quiet hours night"]
    urgent = routed(tmp_path, *options, "--severity", "urgent")["channels"][0]
    assert urgent["reason"] is None


def test_what_goes_nowhere_says_why(tmp_path: Path) -> None:
    """A route without channels only stores; the later ones are not reached."""
    found = routed(tmp_path, "--severity", "low", "--entity", "@doha")
    assert found["channels"] == []
    assert found["why"] == "route 2 has no channels: it only stores"
    assert found["routes"][2]["why"] == "route 2 took it and does not continue"


def test_without_routes_every_channel_gets_it(tmp_path: Path) -> None:
    """And the answer says that this is why."""
    found = routed(tmp_path, "--rule", "talks", config=CONFIG.partition("[[routes]]")[0])
    assert [one["channel"] for one in found["channels"]] == ["phone", "desk", "screen"]
    (only,) = found["routes"]
    assert (only["route"], only["file"], only["line"]) == (0, None, None)
    assert only["why"] == "there are no routes: every alert goes to every channel"


def test_people_get_a_table_and_a_line_for_each_channel(tmp_path: Path) -> None:
    """The data on standard output, which alert it is about on standard error."""
    options = ("--rule", "flood", "--feed", "lemonde", "--at", "2026-12-24 23:00")
    outcome = run("alerts", "route", *options, "--config", write(tmp_path, CONFIG))
    assert outcome.err == "high alert, first, rule flood, feed lemonde, tags fr, language fr\n"
    header, first, second, third, phone, desk = outcome.out.splitlines()
    assert header.split() == ["ROUTE", "WHERE", "OUTCOME", "CHANNELS", "WHY"]
    assert "config.toml:30  took" in first
    assert "phone, (screen: not allowed)" in first
    assert "passed" in second
    assert "desk, (phone: by an earlier route)" in third
    assert phone == "phone: at Fri 2026-12-25 07:00 CET: held by quiet hours night"
    assert desk.startswith("desk: at Fri 2026-12-25 08:00 CET: route 3")
    nowhere = run("alerts", "route", "--entity", "doha", "--config", write(tmp_path, CONFIG))
    assert nowhere.out.endswith("nowhere: route 2 has no channels: it only stores\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rule", "flod"), "did you mean flood?"),
        (("--feed", "lemond"), "did you mean lemonde?"),
        (("--severity", "hihg"), "did you mean high?"),
        (("--entity", "@dohaa"), "did you mean doha?"),
        (("--kind", "updat"), "did you mean update?"),
        (("--at", "soon"), "'soon' is not a time"),
    ],
)
def test_what_is_misspelt_is_not_routed(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    """An alert of a rule that is not there would be routed in vain: exit 2 with the nearest."""
    outcome = run("alerts", "route", *options, "--config", write(tmp_path, CONFIG))
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
