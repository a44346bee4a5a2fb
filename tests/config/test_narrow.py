"""Rules that may go to certain channels alone, held against the routes: what `check` says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run
from tests.support.configs import FEED, load, write

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = '[channels.desk]\ntype = "terminal"\n[channels.phone]\ntype = "terminal"\n'
RULE = '[[rules]]\nname = "talks"\nquery = "talibans"\nseverity = "high"\nallow_channels = ["desk"]\n'
ALL = '[[routes]]\nchannels = ["phone", "desk"]\n'


def route(match: str, *channels: str, more: str = "") -> str:
    """A route before the last."""
    named = ", ".join(f'"{channel}"' for channel in channels)
    return f"[[routes]]\nmatch = {{ {match} }}\nchannels = [{named}]\n{more}"


@pytest.mark.parametrize(
    "routes",
    [
        "",
        ALL,
        route('severity = "low"', "phone") + ALL,
        route('rule = "other-*"', "phone") + ALL,
        route('feed = "nowhere*"', "phone") + ALL,
        route('tag = "sport"', "phone") + ALL,
        route('severity = "high"', "phone", more="continue = true\n") + ALL,
        route('severity = "high"') + ALL,
        route('rule = "talks"', "desk") + '[[routes]]\nchannels = ["phone"]\n',
    ],
)
def test_what_the_key_is_there_for_is_not_told(tmp_path: Path, routes: str) -> None:
    """A route that loses some of its channels, or does not take the rule; one that only stores."""
    text = FEED + RULE + '[[rules]]\nname = "other-1"\nquery = "rain"\n' + CHANNELS + routes
    found = run("check", "--json", "--config", write(tmp_path, text)).objects
    assert [one for one in found if one["code"] == "no_channel_allowed"] == []


def test_a_rule_that_no_route_sends_where_it_may_go_is_refused(tmp_path: Path) -> None:
    """With the line of its key, and what to do; a running daemon refuses it, too."""
    text = FEED + RULE + CHANNELS + '[[routes]]\nchannels = ["phone"]\n'
    [finding] = [f for f in load(tmp_path, text).findings if f.level == "error"]
    assert (finding.code, finding.line) == ("no_channel_allowed", 8)
    assert finding.message == "rule 'talks' may go to 'desk' alone, and no route sends it there"
    assert finding.hint.startswith("put 'desk' into the channels of a route that takes it")


def test_a_route_that_has_no_channel_for_it_is_told(tmp_path: Path) -> None:
    """A warning at the route; with it what it takes would ring nowhere."""
    text = FEED + RULE + CHANNELS + route('lang = "fr"', "phone") + ALL
    [finding] = [
        one
        for one in run("check", "--json", "--config", write(tmp_path, text)).objects
        if one["code"] == "no_channel_allowed"
    ]
    assert (finding["level"], finding["line"]) == ("warning", 15)
    assert finding["message"] == (
        "route 1 sends to none of the channels that rule 'talks' may go to ('desk'): "
        "what it takes of that rule rings nowhere"
    )


def test_an_empty_list_is_told(tmp_path: Path) -> None:
    """It is lawful, and only stores."""
    text = FEED + RULE.replace('["desk"]', "[]") + CHANNELS
    found = run("check", "--json", "--config", write(tmp_path, text)).objects
    assert [(f["level"], f["line"]) for f in found if f["code"] == "no_channel_allowed"] == [("warning", 8)]


def test_of_a_secret_rule_only_the_place_is_told(tmp_path: Path) -> None:
    """Neither its name nor what it asks for."""
    text = FEED + RULE + "secret = true\n" + CHANNELS + '[[routes]]\nchannels = ["phone"]\n'
    [finding] = [f for f in load(tmp_path, text).findings if f.level == "error"]
    assert "talks" not in str(finding)
    assert finding.message == "a confidential rule may go to … alone, and no route sends it there"
    assert finding.hint.endswith("tocsin check --reveal shows all of it")
