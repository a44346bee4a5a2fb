"""The JSON Schema of a configuration file, so that editors complete, explain and check it."""

from __future__ import annotations

import json
from typing import Any

from monitor.config.durations import format_duration
from monitor.config.keys import KEYS
from monitor.config.schema import raw_json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema as data: the form of each table, each key's purpose, and defaults as they are written."""
    schema = raw_json_schema()
    for name, definition in [("", schema), *schema["$defs"].items()]:
        for key, form in definition.get("properties", {}).items():
            _tidy(form, definition.get("required", ()), key)
            if key in KEYS[name]:
                form["description"] = KEYS[name][key]
    described = {
        "$schema": DIALECT,
        "title": "Tocsin",
        "description": "The configuration of Tocsin, which watches news feeds and rings.",
    }
    return {**described, **{key: value for key, value in schema.items() if key not in described}}


def text() -> str:
    """The schema as the file that is committed, and that `tocsin config schema` prints."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False)


def _tidy(form: dict[str, Any], required: Any, key: str) -> None:
    """TOML has no null, durations are text, and a title that repeats the key says nothing."""
    form.pop("title", None)
    if "anyOf" in form:
        options = [option for option in form.pop("anyOf") if option != {"type": "null"}]
        form |= options[0] if len(options) == 1 else {"anyOf": options}
    default = form.get("default")
    if default is None or key in required or isinstance(default, dict):
        form.pop("default", None)
    elif isinstance(default, float) and form.get("type") == "string":
        form["default"] = format_duration(default)
