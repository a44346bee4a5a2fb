"""
What some rule asks for, as one-character codes: the alphabet in which documents are read.

Theory of operation. Every word that a rule asks for gets a code, one character; all other words of a text
share the code `NOTHING`. So a text becomes a string of codes, one a token, and a phrase in it is a substring
search in C. What is not simply a word (a wildcard, an exact spelling, a token regex, the inflections of a
word) gets a *key*, a character of the same alphabet that never stands in a text: which keys a token has is
worked out once, at the first sight of it (memo.py). Phrases and entities have keys too. So whatever a rule
asks for, the question whether a document may have it is whether a character is in a set.

A leaf is `sure` where its key says all: the word, wildcard, phrase or plain entity is there. Else (extra
words, exact spellings with signs, raw regular expressions, entities with masks or company) the key only says
that a closer look is worth while.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.globs import INFLECTED, glob, has_wildcard
from monitor.rules.inflection import forms
from monitor.rules.regexes import required_literal
from monitor.rules.tree import EntityTerm, Exact, Or, Regex, Term, TextTerm, scoped
from monitor.text.folding import SPLIT, WORD, classes
from monitor.text.tokens import folded_tokens, tokenise

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from monitor.rules.entities import Entity
    from monitor.rules.tree import Node

NOTHING = "\0"  # a token that no rule asks for
BORDER = "\1"  # between the fields of a document: no phrase crosses it
_FEW = 16  # alternatives; more are looked up by key
_FIRST_CODE = 2
_LAST_CODE = 0x10FFFF


class TooManyWordsError(Exception):
    """More different words than there are characters: over a million."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """
    A term without its scope, as the engine looks for it.

    `key` is in the set of a document's keys wherever the term may stand; `parts` are the keys of its tokens
    in order ("" for an entity and a raw regular expression). `form` is the term itself.
    """

    form: TextTerm
    key: str
    parts: str
    sure: bool


class Vocabulary:
    """All words, keys and leaves that rules and entities ask for. Filled while rules are compiled."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}  # folded token -> code
        self.spellings: dict[str, str] = {}  # exact surface -> key, wherever it stands
        self.alone: dict[str, str] = {}  # exact surface -> key, where no + or # follows
        self.implied: dict[str, tuple[str, ...]] = {}  # key -> the keys that are there with it
        self.prefixes: dict[str, str] = {}  # "talk" of talk* -> key
        self.suffixes: dict[str, str] = {}  # "stan" of *stan -> key
        self.globs: dict[str, list[tuple[re.Pattern[str], str]]] = defaultdict(list)  # by first letter, or ""
        self.regexes: list[tuple[str, str, str]] = []  # pattern, flags, key
        self.phrases: list[Leaf] = []  # to be found by their codes
        self.raw: list[Leaf] = []  # regular expressions over raw text, by their literal
        self.entities: dict[str, str] = {}  # key -> name
        self.of_entities: dict[TextTerm, Leaf] = {}  # the leaves of aliases, masks and company
        self.leaves: dict[TextTerm, Leaf] = {}
        self.by_key: dict[str, Leaf] = {}
        self.costs: dict[str, str] = {}  # a key that is not a word -> a folded word that tells how rare it is
        self._patterns: dict[str, str] = {}  # wildcard or inflected element -> key
        self._inflections: dict[
            str, tuple[str, ...]
        ] = {}  # key of an inflected element -> codes of its forms
        self._indexed: dict[int, tuple[Or, dict[str, list[Node]], list[Node]]] = {}
        self._next = _FIRST_CODE

    @property
    def next_code(self) -> int:
        """The first code that stands for nothing yet."""
        return self._next

    def new_key(self) -> str:
        """A character that nothing else stands for."""
        if self._next > _LAST_CODE:
            raise TooManyWordsError
        key = chr(self._next)
        self._next += 1
        return key

    def imply(self, key: str, other: str) -> None:
        """Wherever `key` is, `other` is too."""
        known = self.implied.get(key, ())
        if other not in known:
            self.implied[key] = (*known, other)

    def make_leaf(self, term: Term | Exact | Regex) -> Leaf:
        """The leaf of a term, whatever its scope; made at the first request."""
        form = scoped(term, "text")
        known = self.leaves.get(form)
        if known is None:
            known = self.leaves[form] = self._make(form)
            self.by_key.setdefault(known.key, known)
        return known

    def entity(self, entity: Entity) -> Leaf:
        """The leaf of an entity: its key is there with each of its aliases."""
        form = EntityTerm(entity.name)
        known = self.leaves.get(form)
        if known is None:
            key = self.new_key()
            for alias in (*entity.aliases, *entity.others):
                self.of_entities[alias.form] = self.make_leaf(alias.form)
            aliases = [self.of_entities[alias.form] for alias in entity.aliases]
            sure = entity.is_plain and all(leaf.sure for leaf in aliases)
            known = self.leaves[form] = self.by_key[key] = Leaf(form, key, "", sure)
            self.entities[key] = entity.name
            for leaf in aliases:
                self.imply(leaf.key, key)
        return known

    def holders(self, key: str) -> tuple[str, ...]:
        """The word codes that have a key without being it."""
        return self._inflections.get(key, ())

    def close(self) -> None:
        """Make `implied` complete: what is implied by what is implied is implied. After the last rule."""
        for key in list(self.implied):
            every: dict[str, None] = {}
            waiting = list(self.implied[key])
            while waiting:
                other = waiting.pop()
                if other not in every:
                    every[other] = None
                    waiting += self.implied.get(other, ())
            self.implied[key] = tuple(every)

    def forget(self) -> None:
        """Drop what only compiling needs."""
        self.by_key, self.costs, self._patterns, self.phrases = {}, {}, {}, []
        self.leaves = {}

    def alternatives(self, node: Or, keys: AbstractSet[str]) -> Iterable[Node]:
        """The children of an OR that may hold where a document has `keys`."""
        if len(node.children) <= _FEW:
            return node.children
        known = self._indexed.get(id(node))  # hashing thousands of children would cost more than they do
        if known is None:
            by_key: dict[str, list[Node]] = defaultdict(list)
            others: list[Node] = []
            for child in node.children:
                if isinstance(child, TextTerm):
                    by_key[leaf_of(child).key].append(child)
                else:
                    others.append(child)
            known = self._indexed[id(node)] = (node, by_key, others)
        _, by_key, others = known
        return [child for key in keys & by_key.keys() for child in by_key[key]] + others

    # --- making leaves

    def _make(self, form: TextTerm) -> Leaf:
        if isinstance(form, Term):
            return self._term(form)
        if isinstance(form, Exact):
            return self._exact(form)
        assert isinstance(form, Regex), "an entity has a way of its own"
        if "s" not in form.flags:
            key = self.new_key()
            self.regexes.append((form.pattern, form.flags, key))
            return Leaf(form, key, key, sure=True)
        leaf = Leaf(form, self.new_key(), "", sure=False)
        self.raw.append(leaf)
        return leaf

    def _term(self, form: Term) -> Leaf:
        parts = "".join(map(self._element, form.elements))
        if len(parts) == 1:
            return Leaf(form, parts, parts, sure=True)
        plain = not form.slop and all(element in self.words for element in form.elements)
        leaf = Leaf(form, self.new_key(), parts, sure=plain)
        self.phrases.append(leaf)
        return leaf

    def _element(self, element: str) -> str:
        """The key of one token of a term."""
        if INFLECTED not in element and not has_wildcard(element):
            return self.word(element)
        known = self._patterns.get(element)
        if known is None:
            known = self._patterns[element] = self.new_key()
            if INFLECTED in element:
                word, _, languages = element.partition(INFLECTED)
                codes = tuple(map(self.word, forms(word, languages.split(",") if languages else ())))
                for code in codes:
                    self.imply(code, known)
                self._inflections[known] = codes
                self.costs[known] = word
            else:
                self._wildcard(element, known)
        return known

    def _wildcard(self, element: str, key: str) -> None:
        bare = element.strip("*")
        if "*" not in bare and "?" not in bare and element == bare + "*":
            self.prefixes[bare] = key
        elif "*" not in bare and "?" not in bare and element == "*" + bare:
            self.suffixes[bare] = key
        else:
            self.globs[element[0].strip("*?")].append((glob(element), key))

    def word(self, folded: str) -> str:
        """The code of a word, given at the first request."""
        code = self.words.get(folded)
        if code is None:
            code = self.words[folded] = self.new_key()
        return code

    def _exact(self, form: Exact) -> Leaf:
        tokens = tokenise(form.literal)
        kinds = classes(form.literal)
        if set(kinds) <= {WORD, SPLIT} and unicodedata.is_normalized("NFC", form.literal):
            surfaces = [form.literal[t.start : t.end] for t in tokens]
            one = len(surfaces) == 1 and surfaces[0] == form.literal
            table = self.alone if one else self.spellings
            parts = ""
            for surface, token in zip(surfaces, tokens, strict=True):
                if surface not in table:
                    table[surface] = self.new_key()
                    self.costs[table[surface]] = token.folded
                parts += table[surface]
            if one:
                return Leaf(form, parts, parts, sure=True)
        else:
            parts = "".join(map(self.word, folded_tokens(form.literal)))
        if len(parts) == 1:
            key = self.new_key()
            self.imply(parts, key)
            self.costs[key] = tokens[0].folded
            return Leaf(form, key, parts, sure=False)
        leaf = Leaf(form, self.new_key(), parts, sure=False)
        self.phrases.append(leaf)
        return leaf


def leaf_of(term: TextTerm) -> Leaf:
    """The leaf of a bound term."""
    assert term.leaf is not None, "the tree was not bound to an engine"
    return term.leaf


def literal_of(leaf: Leaf) -> str:
    """The case-folded text without which a raw regular expression cannot match."""
    assert isinstance(leaf.form, Regex)
    return required_literal(leaf.form.pattern)
