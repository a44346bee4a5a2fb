"""The JSON Schema for editors: made from the models, kept current, and true by an independent validator."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.config.jsonschema import json_schema, text
from monitor.config.keys import KEYS
from monitor.config.load import load_config
from monitor.config.schema import raw_json_schema
from monitor.config.tables import keys_of
from monitor.config.template import init_template
from tests.support.cli import run
from tests.support.configs import CONTRACT, ENV

ROOT = Path(__file__).parents[2]
BAD = sorted((ROOT / "tests/configs/bad").glob("*.toml"))
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
# Mistakes that lie in the form of one value or table, which is all that a schema can see.
FORMS = {"unknown_key", "missing_key", "wrong_type", "wrong_table", "bad_choice", "bad_duration", "bad_time"}
# Of these, what needs two keys to be seen, or counting.
BEYOND = {"channel_without_url", "duration_zero", "file_channel_without_path", "group_by_alone"}


def wrong(data: Any) -> list[str]:
    """What the validator says against a parsed configuration."""
    return [error.message for error in Draft202012Validator(json_schema()).iter_errors(_plain(data))]


def _plain(value: Any) -> Any:
    """TOML's dates and times as what JSON has none of, so that they fit no type."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool) else None


def good() -> dict[str, str]:
    """Every lawful configuration there is in the project, by where it stands."""
    found = {"starter": init_template(), "contract": CONTRACT, "example": EXAMPLE}
    found["example switched on"] = re.sub(r"^#(?=[\w\[])", "", EXAMPLE, flags=re.MULTILINE)
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        blocks = re.findall(r"^```toml\n(.*?)^```", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        found |= {f"{document.name} {n}": block for n, block in enumerate(blocks, 1)}
    return found


def test_the_schema_is_one_and_names_every_table() -> None:
    """Draft 2020-12; it refuses unknown tables, as loading does."""
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(keys_of(()))
    assert schema["additionalProperties"] is False


def test_the_schema_uses_the_words_of_the_file() -> None:
    """Keys that are no Python names keep their spelling; secrets take all four forms; defaults are text."""
    definitions = json_schema()["$defs"]
    assert {"from", "to"} <= set(definitions["Quiet"]["properties"])
    assert "continue" in definitions["Route"]["properties"]
    assert len(definitions["Feed"]["properties"]["url"]["anyOf"]) == 4
    assert definitions["Rule"]["properties"]["severity"]["enum"] == ["low", "normal", "high", "urgent"]
    assert definitions["Polling"]["properties"]["slowest"]["default"] == "1h"
    assert definitions["Stories"]["properties"]["window"]["default"] == "3d"


def test_each_key_is_described_and_none_that_is_not_there() -> None:
    """A key that is added to the models needs its sentence."""
    definitions = raw_json_schema()["$defs"]
    assert {name: set(keys) for name, keys in KEYS.items() if name} == {
        name: set(table["properties"]) for name, table in definitions.items()
    }


def test_the_committed_schema_is_current() -> None:
    """It is what the verb prints: tocsin config schema > config.schema.json."""
    assert (ROOT / "config.schema.json").read_text(encoding="utf-8") == text() + "\n"
    assert json.loads(run("config", "schema").out) == json_schema()


def test_the_example_names_the_schema() -> None:
    """Editors look for it in the first line."""
    assert EXAMPLE.startswith("#:schema ./config.schema.json\n")


@pytest.mark.parametrize("name", good())
def test_each_lawful_configuration_fits_the_schema(name: str) -> None:
    """Starter, example and every block of the documents, by a validator that is not ours."""
    assert wrong(tomllib.loads(good()[name])) == []


@pytest.mark.parametrize("bad", BAD, ids=lambda path: path.stem)
def test_mistakes_of_form_are_caught_by_the_schema(bad: Path) -> None:
    """An editor shows what lies in the form; what loading only warns of is lawful for the schema too."""
    loaded = load_config(bad, env=ENV)
    codes = {finding.code for finding in loaded.findings if finding.level == "error"}
    if "syntax" in codes:
        return
    found = wrong(tomllib.loads(bad.read_text(encoding="utf-8")))
    if bad.stem in BEYOND or not codes:
        assert found == []
    elif codes & FORMS:
        assert found
