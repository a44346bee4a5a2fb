"""What a shell offers while a name is typed: asked as bash, zsh and fish ask."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from monitor.cli import context
from monitor.cli.app import invoke

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[[feeds]]
name = "harbour"
url = "http://127.0.0.1:9/a"
[[feeds]]
name = "harvest"
url = "http://127.0.0.1:9/b"
[[rules]]
name = "storm"
query = "storm"
[[rules]]
name = "stolen"
query = "stolen"
secret = true
allow_channels = ["screen"]
[channels.screen]
type = "terminal"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that nobody would find but by its path."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "elsewhere.toml"
    path.write_text(CONFIG)
    return path


def asked(capsys: pytest.CaptureFixture[str]) -> str:
    """What the program prints for the shell that asked; nothing may be said beside it."""
    for field in fields(context.given):
        setattr(context.given, field.name, getattr(context.Context(), field.name))
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        invoke([])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.err) == (0, "")
    return printed.out


def bash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What bash is offered for the last word."""
    monkeypatch.setenv("_TOCSIN_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(("tocsin", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    return asked(capsys).split()


def fish(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str) -> list[str]:
    """What fish is offered at the end of the line."""
    monkeypatch.setenv("_TOCSIN_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    return [one.split("\t")[0] for one in asked(capsys).splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("feeds", "show", "har"), ["harbour", "harvest"]),
        (("feeds", "poll", "harb"), ["harbour"]),
        (("rules", "explain", ""), ["storm"]),
        (("channels", "test", ""), ["screen"]),
        (("alerts", "route", "--severity", "h"), ["high"]),
        (("sta",), ["status"]),
    ],
)
def test_names_of_the_configuration_are_offered(
    words: tuple[str, ...],
    offered: list[str],
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Wherever --config stands on the line; a confidential rule is not offered."""
    assert bash(monkeypatch, capsys, "--config", str(config), *words) == offered
    assert bash(monkeypatch, capsys, *words[:-1], "--config", str(config), words[-1]) == offered


def test_fish_is_offered_the_same(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It hands over the line as one text."""
    assert fish(monkeypatch, capsys, f"tocsin --config {config} feeds show har") == ["harbour", "harvest"]
    assert fish(monkeypatch, capsys, f"tocsin feeds show --config {config} ") == ["harbour", "harvest"]


@pytest.mark.usefixtures("config")
def test_without_a_configuration_nothing_is_offered_and_nothing_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor with one that is broken, or a line that ends in the middle of an option."""
    assert bash(monkeypatch, capsys, "feeds", "show", "har") == []
    assert bash(monkeypatch, capsys, "--config", "nowhere.toml", "feeds", "show", "har") == []
    assert bash(monkeypatch, capsys, "feeds", "show", "--config", "x") in ([], ["x"])
