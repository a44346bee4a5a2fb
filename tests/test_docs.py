"""What the documents say is true: their TOML loads, their links lead somewhere, the lock names no server."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli import app as app_module
from monitor.config.load import load_config
from monitor.config.tables import keys_of
from monitor.plan import build_plan

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def toml_blocks() -> list[ParameterSet]:
    """Every fenced TOML block of the documents."""
    found = []
    for document in DOCUMENTS:
        blocks = re.findall(
            r"^```toml\n(.*?)^```", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        found += [pytest.param(b, id=f"{document.name}-{n}") for n, b in enumerate(blocks, 1)]
    return found


@pytest.mark.parametrize("block", toml_blocks())
def test_each_toml_block_is_a_lawful_configuration(block: str, tmp_path: Path) -> None:
    """A block may leave out what it does not speak of; what it says is accepted, rules included."""
    path = tmp_path / "config.toml"
    path.write_text(block, encoding="utf-8")
    loaded = load_config(path, env={}, strict_secrets=False)
    assert [str(f) for f in loaded.findings if f.level == "error"] == []
    assert loaded.config is not None
    # An engine that does not act on context yet says so of every entity that has one.
    assert [p for p in build_plan(loaded.config)[1] if p.key != ("context",)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    """Every relative link names a file that is there."""
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_the_lock_holds_hashes_and_no_address() -> None:
    """Installing from the lock asks whatever index the machine is set up for."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_the_lock_covers_the_dependencies() -> None:
    """Each dependency that pyproject.toml names is pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    pinned = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {re.split(r"[<>=\[ ]", one)[0].lower() for one in wanted} <= pinned


def verbs() -> list[tuple[str, Any]]:
    """Every verb of the command line with its command, e.g. "feeds add"."""
    app_module.load_verbs()
    found = [(c.name or c.callback.__name__, c) for c in app_module.app.registered_commands if c.callback]
    for group in app_module.app.registered_groups:
        assert group.typer_instance
        found += [
            (f"{group.name} {c.name or c.callback.__name__}", c)
            for c in group.typer_instance.registered_commands
            if c.callback
        ]
    return found


def test_each_verb_is_documented() -> None:
    """docs/cli.md has a section for each verb, and none for a verb that is not there."""
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### tocsin ((?:[a-z]+ ?)+)", text, re.MULTILINE)
    assert {s.strip() for s in sections} == {name for name, _ in verbs()}


def test_each_help_ends_with_an_example() -> None:
    """The last line of each help text is something to type."""
    without = [name for name, command in verbs() if not str(command.epilog).startswith("Example: ")]
    assert without == []


def test_the_document_on_reloads_names_every_key() -> None:
    """No key of the configuration is silently left out of a reload, or at least none of them unsaid."""
    rows = re.findall(r"^\| (.*?) \|", (ROOT / "docs/reload.md").read_text(encoding="utf-8"), re.MULTILINE)
    said: dict[str, set[str]] = {}
    for row in rows:
        table = ""
        for name in re.findall(r"`([^`]+)`", row):
            table = name.strip("[]") if name.startswith("[") else table
            said.setdefault(table, set()).update(() if name.startswith("[") else (name,))
    expected = {
        table: set(keys_of((table, "x") if table in ("entities", "channels", "quiet_hours") else (table,)))
        for table in keys_of(())
        if table not in ("include", "entity_packs")
    }
    expected[""] = {"include", "entity_packs"}
    assert said == expected
