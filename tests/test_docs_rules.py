"""The guide to rules is true: each example in it is run, and does what stands beside it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.config.load import load_config
from monitor.plan import build_plan
from monitor.rules.compiling import compile_query
from monitor.rules.lint import lint
from monitor.rules.ruletests import run_rule_tests, text_document
from monitor.settings import RuleConfig
from tests.support.cli import run
from tests.support.configs import write

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

    from monitor.settings import Config

GUIDE = (Path(__file__).parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
_PIPE = re.compile(r"(?<!\\)\|")  # a | that ends a cell; one inside is written \\|


def table(*headers: str) -> list[ParameterSet]:
    """The rows of every table of the guide that has these headers."""
    found: list[ParameterSet] = []
    here = False
    for line in GUIDE.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in _PIPE.split(line)[1:-1]]
        if cells == list(headers):
            here = True
        elif not line.startswith("|"):
            here = False
        elif here and set(cells[0]) != {"-"}:
            found.append(pytest.param(*cells, id=" / ".join(cells)))
    return found


def loaded(block: str, folder: Path) -> Config:
    """A block of TOML as a configuration."""
    path = folder / "config.toml"
    path.write_text(block, encoding="utf-8")
    config = load_config(path, env={}, strict_secrets=False).config
    assert config is not None
    return config


@pytest.mark.parametrize("block", BLOCKS, ids=range(1, len(BLOCKS) + 1))
def test_each_rule_of_the_guide_does_what_its_tests_say(block: str, tmp_path: Path) -> None:
    """Each has one text that it takes and one that it leaves; none has a slip that check would tell."""
    config = loaded(block, tmp_path)
    plan, problems = build_plan(config)
    assert problems == ()
    assert [failure.message for failure in run_rule_tests(plan.engine, config.rules)] == []
    for rule in config.rules:
        assert {test.match for test in rule.tests} == {True, False}, rule.name
    told = lint(config.rules, config.entities, feeds=config.feeds, languages=config.languages)
    assert [problem.message for problem in told] == []


@pytest.mark.parametrize(("query", "text", "holds"), table("query", "text", "holds"))
def test_each_row_of_the_tables_is_true(query: str, text: str, holds: str) -> None:
    """The query holds for the text, or does not, as the row says."""
    engine = compile_query(query.strip("`"), (), languages=["en"])
    assert bool(engine.match(text_document(text))) == {"yes": True, "no": False}[holds]


@pytest.mark.parametrize(("query", "warning"), table("query", "warning"))
def test_each_warning_of_the_guide_is_given(query: str, warning: str) -> None:
    """In the words that stand there."""
    messages = [p.message for p in lint([RuleConfig("r", query.strip("`"))], (), languages=["en"])]
    assert any(warning in message for message in messages), messages


def test_the_tables_are_found() -> None:
    """A table that this test reads past would prove nothing."""
    assert len(table("query", "text", "holds")) >= 40
    assert len(table("query", "warning")) >= 8
    assert len(BLOCKS) >= 15


@pytest.mark.parametrize("command", re.findall(r"`tocsin ([^`]+)`", GUIDE))
def test_each_command_of_the_guide_is_one(command: str) -> None:
    """Its words are verbs and options that the program knows."""
    words = shlex.split(command.replace("…", "x"))
    verbs = [word for word in words if re.fullmatch("[a-z]+", word)][:2]
    verbs = verbs if verbs[0] == "rules" else verbs[:1]
    outcome = run(*verbs, "--help")
    assert outcome.code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in outcome.out


def test_the_explanation_in_the_guide_is_what_is_printed(tmp_path: Path) -> None:
    """Letter by letter."""
    command, shown = re.findall(r"^```console\n\$ tocsin (.*?)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)[
        0
    ]
    block = next(block for block in BLOCKS if "talks-in-qatar" in block)
    outcome = run(*shlex.split(command), "--config", write(tmp_path, block))
    assert outcome.code == 0, outcome.err
    assert outcome.out == shown
