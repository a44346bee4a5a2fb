"""
The tokens and wildcards that some rule asks for, and where a text has them.

Most tokens of an article interest no rule. A memo (bounded) tells for each token seen which of the asked-for
keys it is: itself, wildcards that fit it, or nothing; so wildcards cost only at the first sight of a word,
and can be looked up like words.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from monitor.rules.globs import glob, has_wildcard
from monitor.rules.tree import Exact, Term
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

_MOST_TOKENS = 100_000
_LONGEST_TOKEN = 64


class Vocabulary:
    """All keys (folded tokens and wildcard patterns) of the given terms."""

    def __init__(self, forms: Iterable[Term | Exact]) -> None:
        self._elements: dict[Term | Exact, tuple[str, ...]] = {}
        for form in forms:
            self._elements[form] = (
                tuple(folded_tokens(form.literal)) if isinstance(form, Exact) else form.elements
            )
        keys = {key for elements in self._elements.values() for key in elements}
        self._words = {key for key in keys if not has_wildcard(key)}
        # A pattern is only tried on tokens of its first letter; "" holds those that begin with a wildcard.
        self._patterns: dict[str, list[tuple[str, re.Pattern[str]]]] = defaultdict(list)
        for key in sorted(keys - self._words):
            self._patterns[key[0].strip("*?")].append((key, glob(key)))
        self._memo: dict[str, tuple[str, ...]] = {}

    def elements(self, form: Term | Exact) -> tuple[str, ...]:
        """The keys that a text with this term must have."""
        return self._elements[form]

    def positions(self, tokens: list[str]) -> dict[str, list[int]]:
        """The keys that the tokens have, with the index of each token that has it, rising."""
        distinct = set(tokens)
        if self._patterns:
            keys = {token: found for token in distinct if (found := self._keys(token))}
        else:
            keys = {token: (token,) for token in distinct & self._words}
        found_at: dict[str, list[int]] = defaultdict(list)
        if keys:
            for index, token in enumerate(tokens):
                if token in keys:
                    for key in keys[token]:
                        found_at[key].append(index)
        return dict(found_at)

    def _keys(self, token: str) -> tuple[str, ...]:
        known = self._memo.get(token)
        if known is None:
            candidates = self._patterns.get(token[0], []) + self._patterns.get("", [])
            fitting = tuple(key for key, pattern in candidates if pattern.fullmatch(token))
            known = (token, *fitting) if token in self._words else fitting
            if len(token) <= _LONGEST_TOKEN:
                if len(self._memo) >= _MOST_TOKENS:
                    self._memo.clear()
                self._memo[token] = known
        return known
