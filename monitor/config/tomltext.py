"""Writing single TOML keys and values; whole files are never written anew, so that their comments stay."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Strings of all four kinds, and comments.
TOKENS = re.compile(
    r"""'''.*?'{3,5}|\"\"\"(?:\\.|[^\\])*?"{3,5}|'[^'\n]*'|"(?:\\.|[^"\\\n])*"|\#[^\n]*""", re.DOTALL
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_value(value: Any) -> str:
    """One value as TOML text; tables inside become { … }."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}"
    return str(value)


def toml_key(key: str) -> str:
    """A key as TOML text, in quotes where it needs them."""
    return key if _BARE.fullmatch(key) else toml_value(key)


def longer_list(statement: str, more: Sequence[str]) -> str | None:
    """
    The statement `key = ["…", …]`, as it stands on one line or several, with more texts at its end.

    Comments and layout stay. None where it is not written as a list of texts.

    >>> longer_list('tags = ["a"]  # mine', ["b"])
    'tags = ["a", "b"]  # mine'
    """
    tokens = [match for match in TOKENS.finditer(statement) if not match[0].startswith("#")]
    bare = TOKENS.sub(lambda match: " " * len(match[0]), statement)
    start, end = bare.find("["), bare.rfind("]")
    inside = [token for token in tokens if start < token.start() < end]
    if start < 0 or end < start or bare[start + 1 : end].strip(" \t\r\n,"):
        return None
    new = ", ".join(map(toml_value, more))
    at = inside[-1].end() if inside else start + 1
    return f"{statement[:at]}{', ' if inside else ''}{new}{statement[at:]}"
