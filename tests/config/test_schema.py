"""The JSON Schema for editors, made from the same models."""

from __future__ import annotations

import json

from monitor.config.schema import json_schema
from monitor.config.tables import keys_of


def test_the_schema_names_every_table() -> None:
    """And refuses others, as loading does."""
    schema = json_schema()
    assert set(schema["properties"]) == set(keys_of(()))
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema


def test_the_schema_uses_the_words_of_the_file() -> None:
    """Keys that are no Python names keep their spelling; secrets take all four forms."""
    definitions = json_schema()["$defs"]
    assert {"from", "to"} <= set(definitions["Quiet"]["properties"])
    assert "continue" in definitions["Route"]["properties"]
    assert len(definitions["Feed"]["properties"]["url"]["anyOf"]) == 4
    assert definitions["Rule"]["properties"]["severity"]["enum"] == ["low", "normal", "high", "urgent"]
