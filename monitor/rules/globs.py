"""The wildcards `*` (any number of characters, none included) and `?` (exactly one)."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """
    The pattern as a regular expression to be used with `fullmatch`.

    Between two stars the first place that fits is final (an atomic group), so that a pattern of many stars
    stays quick on a hostile text.
    """
    first, *rest = [
        "".join("." if c == "?" else re.escape(c) for c in part) for part in re.split(r"\*+", pattern)
    ]
    if not rest:
        return re.compile(first, re.DOTALL)
    inner = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{inner}.*{rest[-1]}", re.DOTALL)


INFLECTED = "~"  # ends an element that stands for its inflections too


def has_wildcard(text: str) -> bool:
    """Whether the text holds `*` or `?`."""
    return "*" in text or "?" in text
