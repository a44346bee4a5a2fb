"""What verbs show of secret rules: public names, numbers and states; all of it to those who ask."""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import pytest

from monitor.cli import app
from tests.support.cli import run
from tests.support.configs import FEED, write
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
[entities.kanaent]
aliases = ["Kana Alias"]
[[rules]]
name = "kananame"
secret = true
severity = "urgent"
query = "kanaword OR @kanaent"
[[rules.tests]]
match = "kanaword here"
[[rules]]
name = "open"
query = "doha"
[channels.phone]
type = "terminal"
[channels.desk]
type = "terminal"
[[routes]]
match = { rule = "kananame" }
channels = ["phone"]
[[routes]]
channels = ["desk", "phone"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A database in which a secret rule rang alone, and one beside an open rule."""
    from monitor.config.load import load_config, require
    from tests.support.configs import ENV

    text = f'[monitor]\ndatabase = "desk.db"\n{FEED}{RULES}'
    path = write(tmp_path, text)
    loaded = require(load_config(path, env=ENV))
    with Desk(tmp_path, feeds=("lemonde",), rules=loaded.rules, entities=loaded.entities) as desk:
        desk.change(channels=loaded.channels, routes=loaded.routes)
        desk.publish("lemonde")
        desk.poll()
        desk.publish(
            "lemonde",
            Item("Somebody arrives", guid="1", link="https://n.example/1", text="kanaword", age=0),
            Item(
                "An envoy in Doha", guid="2", link="https://n.example/2", text="Kana Alias, they say.", age=0
            ),
        )
        desk.poll()
    return path


def public_name(config: Path) -> str:
    """The rule's, as the list shows it."""
    [hidden] = [r for r in run("rules", "list", "--json", "--config", config).objects if r.get("secret")]
    return str(hidden["name"])


SHOWING = (
    ["alerts", "list", "--since", "3650d"],
    ["alerts", "show", "{hidden}"],
    ["rules", "list"],
    ["rules", "show", "kananame"],
    ["match", "--stored", "3650d", "--rule", "kananame"],
    ["explain", "alert:{hidden}"],
    ["config", "show"],
    ["entities", "list"],
    ["alerts", "route", "--rule", "kananame"],
    ["rules", "explain", "kananame"],
    ["rules", "test", "kananame", "--text", "kanaword"],
)


def hidden_alert(config: Path) -> str:
    """The number of the secret rule's alert that rang alone."""
    found = run("alerts", "list", "--since", "3650d", "--json", "--config", config).objects
    return str(next(a["id"] for a in reversed(found) if a.get("confidential")))


@pytest.mark.parametrize("json_too", [(), ("--json",)])
@pytest.mark.parametrize("verb", SHOWING, ids=" ".join)
def test_nothing_of_it_is_shown_in_a_pipe(config: Path, verb: list[str], json_too: tuple[str, ...]) -> None:
    """Whether or not its name was typed; with --reveal each of them shows it."""
    verb = [part.replace("{hidden}", hidden_alert(config)) for part in verb]
    outcome = run(*verb, *json_too, "--config", config)
    said = (outcome.out + outcome.err).lower()
    assert "kana" not in said
    assert "somebody" not in said or verb[0] == "match"
    shown = run(*verb, *json_too, "--reveal", "--config", config)
    assert shown.code == 0, shown.err
    assert {"kana", "somebody"} & set(re.findall("kana|somebody", (shown.out + shown.err).lower()))


def test_alerts_keep_number_severity_and_state(config: Path) -> None:
    """Enough to find one's way; the open rule's alert of the same story is as ever."""
    found = run("alerts", "list", "--since", "3650d", "--json", "--config", config).objects
    hidden = [a for a in found if a.get("confidential")]
    assert len(hidden) == 2
    for alert in hidden:
        assert (alert["rule"], alert["severity"]) == (public_name(config), "urgent")
        assert (alert["title"], alert["url"], alert["feed"]) == ("(confidential)", "", "")
        assert (alert["story"], alert["article"], alert["published"]) == (None, None, None)
        assert [d["channel"] for d in alert["deliveries"]] == ["phone"]
    [openly] = [a for a in found if not a.get("confidential")]
    shown = run("alerts", "show", str(openly["id"]), "--config", config).out
    assert "An envoy in Doha" in shown
    assert public_name(config) not in shown
    assert "kananame" not in shown


def test_a_name_that_was_typed_is_shown_on_a_terminal(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the one who typed it; another secret rule beside it is not."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (100, 40))
    for given in ("kananame", public_name(config)):
        screen = Terminal()
        with redirect_stdout(screen):
            assert app.invoke(["rules", "show", given, "--config", str(config)]) == 0
        assert "kanaword" in screen.getvalue()
    screen = Terminal()
    with redirect_stdout(screen):
        app.invoke(["rules", "list", "--config", str(config)])
    assert "kana" not in screen.getvalue().lower()
    assert sys.stdout is not screen


def test_a_public_name_is_as_good_as_the_name(config: Path) -> None:
    """To filter, to route, to silence; what is stored is the name."""
    name = public_name(config)
    assert (
        len(run("alerts", "list", "--since", "3650d", "--rule", name, "--json", "--config", config).objects)
        == 2
    )
    (added,) = run("silence", "add", "--rule", name, "--for", "1h", "--json", "--config", config).objects
    assert added["match"] == {"rule": [name]}
    (told,) = run("silence", "list", "--json", "--reveal", "--config", config).objects
    assert told["match"] == {"rule": ["kananame"]}


def test_a_wrong_name_is_not_told_the_right_one(config: Path) -> None:
    """Neither the nearest nor the list of all gives it away."""
    for typed in ("kananam", "nothing"):
        outcome = run("rules", "show", typed, "--config", config)
        assert outcome.code == 2
        assert "kananame" not in outcome.err.replace(f"'{typed}'", "")


def test_what_is_left_out_is_said(config: Path) -> None:
    """Or a rule that holds and is not shown would be taken for one that does not."""
    outcome = run("match", "--stored", "3650d", "--config", config)
    assert "1 confidential rule is left out: --reveal shows more" in outcome.err
    assert "1 of 2 articles match" in outcome.err


def test_without_a_database_rules_are_numbered(tmp_path: Path) -> None:
    """There is no key yet."""
    path = write(tmp_path, FEED + RULES)
    assert [r["name"] for r in run("rules", "list", "--json", "--config", path).objects] == [
        "secret-1",
        "open",
    ]


def test_a_rule_that_is_gone_stays_hidden(config: Path) -> None:
    """Its alerts are listed under its public name as before."""
    name = public_name(config)
    text = config.read_text(encoding="utf-8").replace(
        'match = { rule = "kananame" }\nchannels = ["phone"]\n[[routes]]\n', ""
    )
    begin = text.index('[[rules]]\nname = "kananame"')
    config.write_text(text[:begin] + text[text.index('[[rules]]\nname = "open"') :], encoding="utf-8")
    found = run("alerts", "list", "--since", "3650d", "--json", "--config", config).objects
    assert {a["rule"] for a in found} == {name, "open"}
    assert "kananame" not in json.dumps(found)
