"""The demo's content, its timeline and the alerts it promises fit together."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import unicodedata
from typing import TYPE_CHECKING

import pytest

from monitor.demo.script import STEPS, Step, demo_config, expected
from monitor.demo.stories import Story, outlets, stories
from monitor.model import Reason

if TYPE_CHECKING:
    from pathlib import Path

ALL_STORIES = [*stories().values(), *(old for outlet in outlets() for old in outlet.old)]


def plain(text: str) -> str:
    """Lower-case words without accents, one space between them and around: the poor man's tokeniser."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return f" {' '.join(re.findall(r'[a-z0-9]+', kept))} "


def rules_by_hand(story: Story) -> str:
    """Which of the demo's rules hold, worked out without any of the engine."""
    text = plain(story.text)
    taliban = any(f" {word} " in text for word in ("taliban", "talibans", "talebans"))
    place = " doha " in text.replace(" doha round ", " ") or " qatar " in text
    held = ["talks-in-doha"] * (taliban and place)
    held += ["covid"] * (" covid 19 " in text)
    held += ["oil-spill"] * (" oil spill " in text or " maree noire " in text)
    return " ".join(held)


@pytest.mark.parametrize("story", ALL_STORIES, ids=lambda s: s.key)
def test_each_story_matches_the_rule_it_names_and_no_other(story: Story) -> None:
    """The words that a rule asks for stand where the data says so, and only there."""
    assert rules_by_hand(story) == story.rule


@pytest.mark.parametrize("step", [s for s in STEPS if s.title], ids=lambda s: s.outlet)
def test_another_headline_matches_by_itself(step: Step) -> None:
    """A copy's own headline still holds what its rule asks for."""
    assert rules_by_hand(Story("x", "x", step.title, "")) == stories()[step.story].rule


def test_the_promise_is_what_the_script_says() -> None:
    """The exact alerts and counts, spelt out once more by hand."""
    promise = expected()
    assert [(alert.rule, alert.path) for alert in promise.alerts] == [
        ("talks-in-doha", "/story/fil-meridien/pourparlers-a-doha"),
        ("talks-in-doha", "/story/northern-courier/taliban-envoys-meet"),
        ("covid", "/story/sante-demain/cinquieme-vague"),
        ("talks-in-doha", "/story/tribune-des-vallees/levee-des-sanctions"),
        ("talks-in-doha", "/story/radio-des-iles/porte-parole-au-qatar"),
    ]
    assert promise.alerts[0].title == "Les talibans et une délégation américaine se retrouvent à Doha"
    assert promise.suppressed == {Reason.BASELINE: 7, Reason.DUPLICATE: 5}


def test_stories_are_told_apart_by_their_address() -> None:
    """No two stories share a path, so no copy is counted that is none."""
    assert len({story.path for story in ALL_STORIES}) == len(ALL_STORIES)


def test_every_outlet_that_answers_has_old_items_and_something_to_say() -> None:
    """The baseline is visible everywhere, and each feed changes at least once."""
    speaking = {step.outlet for step in STEPS}
    for outlet in outlets():
        assert (6 <= len(outlet.old) <= 10) == outlet.answers
        assert (outlet.slug in speaking) == outlet.answers


def test_the_script_is_in_order_and_complete() -> None:
    """Times rise, every story is published, first by its home, and an edit follows its publication."""
    assert [step.at for step in STEPS] == sorted(step.at for step in STEPS)
    carried: set[tuple[str, str]] = set()
    for step in STEPS:
        story = stories()[step.story]
        known = (step.outlet, step.story) in carried
        assert known == step.edit
        assert step.outlet == story.home or (story.home, story.key) in carried
        carried.add((step.outlet, step.story))
    assert {key for _, key in carried} == set(stories())


def test_every_format_and_quirk_is_there() -> None:
    """The demo shows each kind of feed and each kind of server."""
    assert {outlet.format for outlet in outlets()} == {"rss2", "atom", "rss1", "json"}
    quirks = sorted(outlet.quirk for outlet in outlets() if outlet.quirk)
    assert quirks == ["broken", "moved", "no_validators", "slow"]


def test_the_configuration_is_toml_that_names_every_feed(tmp_path: Path) -> None:
    """Paths with odd characters survive, and each outlet is listed under its address."""
    odd = tmp_path / 'a "b" \\ é\x7f😀'
    config = tomllib.loads(demo_config("http://127.0.0.1:8000", odd, odd / "demo.db"))
    assert config["monitor"]["database"] == str(odd / "demo.db")
    assert config["channels"]["alerts"] == {"type": "file", "path": str(odd / "alerts.jsonl")}
    assert [feed["name"] for feed in config["feeds"]] == [outlet.slug for outlet in outlets()]
    assert "http://127.0.0.1:8000/old/feeds/radio-des-iles.rdf" in [f["url"] for f in config["feeds"]]
    assert [f["url"] for f in config["feeds"] if "//127.0.0.2:8000/" in f["url"]] == [
        "http://127.0.0.2:8000/feeds/quay-telegraph.json"
    ]
    assert {rule["name"] for rule in config["rules"]} == {"talks-in-doha", "covid", "oil-spill"}


def test_the_other_commands_do_not_pay_for_the_demo() -> None:
    """Importing the package loads none of its modules and reads none of its files."""
    code = "import monitor.demo, sys; print([m for m in sys.modules if m.startswith('monitor.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "['monitor.demo']"
