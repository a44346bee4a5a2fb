"""How common what rules ask for is expected to be: by this each rule is filed under its rarest keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.tree import EntityTerm, Exact, Regex, Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.rules.entities import Entity
    from monitor.rules.frequency import Frequencies
    from monitor.rules.vocabulary import Vocabulary


class Costs:
    """How many articles a key is expected in: calling it tells. Wrong guesses cost time, never a match."""

    def __init__(
        self, vocabulary: Vocabulary, entities: Mapping[str, Entity], frequencies: Frequencies
    ) -> None:
        self._vocabulary = vocabulary
        self._entities = entities
        self._frequencies = frequencies
        self._words = {code: word for word, code in vocabulary.words.items()}
        self._known: dict[str, float] = {}

    def __call__(self, key: str) -> float:
        """The share of articles that a key is expected in."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._cost(key)
        return known

    def _cost(self, key: str) -> float:
        share = self._frequencies.share
        if key in self._words:
            return share(self._words[key])
        if key in self._vocabulary.costs:
            return share(self._vocabulary.costs[key])
        leaf = self._vocabulary.by_key.get(key)
        if leaf is None:  # a wildcard inside a phrase
            return 0.2
        form = leaf.form
        if isinstance(form, EntityTerm):
            aliases = self._entities[form.name].aliases
            return min(1.0, sum(self(self._vocabulary.of_entities[alias.form].key) for alias in aliases))
        if isinstance(form, Regex):
            return 0.1
        if len(leaf.parts) > 1:
            return 0.3 * min(map(self, leaf.parts))
        assert isinstance(form, Term | Exact)
        bare = form.elements[0].strip("*?") if isinstance(form, Term) else form.literal
        return min(0.5, 4 * share(bare))
