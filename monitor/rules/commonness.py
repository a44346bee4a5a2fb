"""
Words of rules that are too common, and forms that rules miss, by word lists and stored articles. Pure.

Words that stand in every tenth article make a rule ring without end, if nothing else is asked for; and
`attentat` is silent where `attentats` is written. Both are seen best in what was stored.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from monitor.rules.frequency import LEAST_ARTICLES, Frequencies
from monitor.rules.globs import INFLECTED, glob, has_wildcard
from monitor.rules.inflection import forms
from monitor.rules.printer import print_query
from monitor.rules.slips import is_quoted
from monitor.rules.tree import And, AtLeast, DocumentTerm, Near, Node, Not, Or, Term, TextTerm
from monitor.text.language import is_common, stopwords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.rules.problems import RuleProblem
    from monitor.rules.slips import ReadRule

COMMON = 0.05  # of the stored articles
LEAST_SEEN = 5  # stored articles that hold a missed form
SHORTEST_MISSED = 4  # letters
MOST_TOLD = 3  # words of one kind and rule


class Words:
    """What is known of words: in how many stored articles they stand, where there are enough of these."""

    def __init__(self, stored: Frequencies | None) -> None:
        enough = stored is not None and stored.articles >= LEAST_ARTICLES
        self._stored = stored if stored is not None and enough else Frequencies(1)
        self._sorted = sorted(self._stored.counts)
        self._articles = f"of the newest {self._stored.articles} articles"

    def everyday(self, rule: ReadRule) -> Iterator[RuleProblem]:
        """Words that every text is made of, and that make the rule hold by themselves."""
        found = _enough(rule.wish, lambda term: _is_everyday(term, rule))
        # In capitals it is an acronym, of which slips.py speaks.
        for term in [term for term in found if not term.written.isupper()][:MOST_TOLD]:
            text = print_query(replace(term, scope="text"))
            yield rule.problem(
                f"{text} holds only common words, and is enough for the rule to hold",
                "ask for a name or a rarer word beside it, or drop it",
                term.written,
            )

    def common(self, rule: ReadRule) -> Iterator[RuleProblem]:
        """Words of more than one in twenty stored articles that make the rule hold by themselves."""
        most = COMMON * self._stored.articles
        # Two such words together may be rare: only one that stands alone is told.
        found = _enough(rule.wish, lambda term: self._holding(term) > most, most=1)
        rare = [term for term in found if not _is_everyday(term, rule)]
        for term in sorted(rare, key=self._holding, reverse=True)[:MOST_TOLD]:
            text = print_query(replace(term, scope="text"))
            yield rule.problem(
                f"{text} stands in {self._holding(term)} {self._articles}, "
                "and is enough for the rule to hold",
                f"ask for more beside it: {text} AND …, or title:{text}",
                term.written,
            )

    def missed(self, rule: ReadRule) -> Iterator[RuleProblem]:
        """Words whose other forms stand in stored articles, where the rule does not take them."""
        if not self._sorted or rule.wish is None:
            return
        terms = [leaf for leaf in _positive(rule.wish) if isinstance(leaf, Term)]
        elements = {element for term in terms for element in term.elements}
        taken = [glob(element).fullmatch for element in elements if has_wildcard(element)]
        found = []
        for term in dict.fromkeys(replace(term, scope="text") for term in terms):
            number, form = self._most_missed(term, rule)
            if number >= LEAST_SEEN and form not in elements and not any(fits(form) for fits in taken):
                found.append((number, form, term))
        found.sort(key=lambda one: -one[0])
        meant = (one for one in found if not is_quoted(rule.config, one[2].written))
        for number, form, term in islice(meant, MOST_TOLD):
            word = term.elements[0]
            yield rule.problem(
                f"{word} does not take '{form}', which stands in {number} {self._articles}",
                f'write {word}~ for all its forms, or "{word}" if this one is meant',
                term.written,
            )

    def _most_missed(self, term: Term, rule: ReadRule) -> tuple[int, str]:
        """The most frequent other form of a plain word, with the number of articles that hold it."""
        word = term.elements[0]
        plain = len(term.elements) == 1 and not has_wildcard(word) and INFLECTED not in word
        if not plain or len(word) < SHORTEST_MISSED or is_common(word, rule.languages):
            return 0, ""
        counts = self._stored.counts
        others = (form for form in forms(word, rule.languages) if form != word)
        return max(((counts.get(form, 0), form) for form in others), default=(0, ""))

    def _holding(self, term: Term) -> int:
        """How many stored articles surely hold a term of one word; 0 for phrases and inner wildcards."""
        if len(term.elements) > 1:
            return 0
        element = term.elements[0].partition(INFLECTED)[0]
        if not has_wildcard(element):
            return self._stored.counts.get(element, 0)
        prefix = element[:-1]
        if has_wildcard(prefix) or not element.endswith("*"):
            return 0
        first, behind = (bisect_left(self._sorted, end) for end in (prefix, f"{prefix}\U0010ffff"))
        return max((self._stored.counts[word] for word in self._sorted[first:behind]), default=0)


def _is_everyday(term: Term, rule: ReadRule) -> bool:
    return all(any(e in stopwords(code) for code in rule.languages) for e in term.elements)


def _enough(node: Node | None, is_meant: Callable[[Term], bool], most: int = 99) -> list[Term]:
    """The terms of a kind that make the node hold without anything of another kind, `most` of them joined."""
    if isinstance(node, Term):
        return [node] if node.scope == "text" and is_meant(node) else []
    if isinstance(node, Or):
        return [term for child in node.children for term in _enough(child, is_meant, most)]
    if isinstance(node, And | Near):
        children = node.children if isinstance(node, And) else (node.left, node.right)
        asked = [child for child in children if not isinstance(child, Not | DocumentTerm)]
        parts = [_enough(child, is_meant, most) for child in asked]
        return parts[0][:1] if parts and all(parts) and len(parts) <= most else []
    return []


def _positive(node: Node) -> Iterator[TextTerm | DocumentTerm]:
    """The leaves that are asked for, not those under NOT."""
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _positive(child)
    elif isinstance(node, Near):
        yield from _positive(node.left)
        yield from _positive(node.right)
    elif isinstance(node, AtLeast):
        yield from node.terms
    elif not isinstance(node, Not):
        yield node
