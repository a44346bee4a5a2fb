"""
The engine: which rules hold for a document, and where.

Theory of operation. Compiling gives everything that rules ask for a one-character key (vocabulary.py) and
each rule a test in sets of keys (compiled.py). A rule is filed under its *anchors*, the rarest group of keys
of which a document must have one. Matching a document then takes four steps:

1. its pieces are looked up in the memo and become a string of codes and a set of keys (reading.py, memo.py);
2. keys that others bring along are added: phrases found in the string, entities named by an alias;
3. the rules filed under the keys that are there are tested, each with a few set operations in C;
4. what is left and has more to it (NEAR, scopes, exact spellings, company of entities) is judged (judge.py).

So a rule that shares no anchor with an article costs nothing, and ten thousand times as many rules make an
article a few times as expensive. An engine's verdicts never change after it was built; a changed
configuration builds a new one aside, which takes over the memo's pieces and replaces the old one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from operator import add
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from monitor.model import RuleMatch, Strength
from monitor.rules.binding import Binder
from monitor.rules.compiled import compile_test
from monitor.rules.costs import Costs
from monitor.rules.frequency import Frequencies
from monitor.rules.judge import Judge
from monitor.rules.memo import MOST_PIECES, Memo
from monitor.rules.reading import Reading
from monitor.rules.tree import (
    EntityTerm,
    Node,
    asked_for,
)
from monitor.rules.vocabulary import Leaf, Vocabulary, leaf_of, literal_of
from monitor.settings import RuleConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from monitor.model import Document, Hit
    from monitor.rules.compiled import Test
    from monitor.rules.entities import Entity

_MANY = 80  # phrases whose words a document has
_Rows: TypeAlias = "dict[str, tuple[_Row, ...]]"
_Loose: TypeAlias = "dict[str, tuple[Leaf, ...]]"


class _Row(NamedTuple):
    """A phrase of plain words, filed under its rarest: `other` is the next, `codes` all of them in order."""

    other: str
    codes: str
    key: str


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """
    A rule ready to be judged.

    `wish` is the tree without the rule's lang, feeds and tags (None if it has only these). `hash` (signed 64
    bits) changes when, and only when, something that decides the verdict changes: the normal form of the
    query, the sources, the aliases and masks of the entities used.
    """

    config: RuleConfig
    tree: Node
    wish: Node | None
    hash: int

    @property
    def name(self) -> str:
        """The rule's name, which is its id."""
        return self.config.name


class Engine:
    """All rules of a configuration, compiled. Safe to share between threads; never changes its verdicts."""

    def __init__(
        self,
        rules: Sequence[CompiledRule],
        vocabulary: Vocabulary,
        entities: Mapping[str, Entity],
        frequencies: Frequencies | None = None,
        *,
        memo_size: int = MOST_PIECES,
    ) -> None:
        self.rules: Mapping[str, CompiledRule] = MappingProxyType({rule.name: rule for rule in rules})
        self._ordered = tuple(self.rules.values())
        self._vocabulary = vocabulary
        self._entities = entities
        self._memo_size = memo_size
        vocabulary.close()
        self._implied = vocabulary.implied
        cost = Costs(vocabulary, entities, frequencies or Frequencies())
        self._always: list[Test] = []
        self._tests = self._file_tests(cost)
        self._rows, self._loose = self._file_phrases(cost)
        self._raw = [(leaf.key, literal_of(leaf)) for leaf in vocabulary.raw]
        vocabulary.forget()
        self._memo = Memo(vocabulary, memo_size)
        self._others: Engine | None = None
        self._asked_for = frozenset(leaf_of(t).key for rule in rules for t in asked_for(rule.tree))

    # --- compiling

    def _file_tests(self, cost: Callable[[str], float]) -> dict[str, tuple[Test, ...]]:
        """The tests of all rules under their anchors."""
        tests: dict[str, tuple[Test, ...]] = {}
        many: defaultdict[str, list[Test]] = defaultdict(list)
        for number, rule in enumerate(self._ordered):
            test, anchors = compile_test(number, rule.tree, cost)
            if anchors is None:
                self._always.append(test)
            for key in anchors or ():
                if key not in tests:
                    tests[key] = (test,)  # most keys have one, and a list costs more
                else:
                    many[key].append(test)
        for key, more in many.items():
            tests[key] += tuple(more)
        return tests

    def _file_phrases(self, cost: Callable[[str], float]) -> tuple[_Rows, _Loose]:
        """The phrases that are rows of plain words, and those the judge must find, under their rarest key."""
        rows: defaultdict[str, list[_Row]] = defaultdict(list)
        loose: defaultdict[str, list[Leaf]] = defaultdict(list)
        shared = {code: code for code in self._vocabulary.words.values()}
        for leaf in self._vocabulary.phrases:
            first, *others = sorted([shared.get(key, key) for key in leaf.parts], key=cost)
            if leaf.sure:
                rows[first].append(_Row(others[0], leaf.parts, leaf.key))
            else:
                loose[first].append(leaf)
        return (
            {key: tuple(found) for key, found in rows.items()},
            {key: tuple(found) for key, found in loose.items()},
        )

    def take_over(self, other: Engine, still: Callable[[], bool] = lambda: True) -> None:
        """Learn the pieces of text that another engine remembers, as long as `still` says so."""
        self._memo.prefill(other.remembered(), still)

    def anchors(self) -> frozenset[str]:
        """The plain words that rules are filed under."""
        return frozenset(word for word, code in self._vocabulary.words.items() if code in self._tests)

    @property
    def contents(self) -> tuple[tuple[object, ...], Memo]:
        """What it is made of, for those who weigh it: its own tables, and its memo."""
        tables = (self._ordered, self._vocabulary, self._entities, self._always, self._tests, self._rows)
        return (*tables, self._loose, self._raw), self._memo

    def remembered(self) -> list[str]:
        """The pieces of text whose codes are known."""
        return list(self._memo.codes)

    def forget(self, but: Iterable[str] = ()) -> None:
        """Begin a new memo that knows these pieces alone; verdicts do not depend on it."""
        self._memo = Memo(self._vocabulary, self._memo_size)
        self._memo.prefill(but)

    @property
    def entities(self) -> Mapping[str, Entity]:
        """All configured entities, compiled."""
        return self._entities

    # --- matching

    def match(self, document: Document) -> tuple[RuleMatch, ...]:
        """
        The rules that hold for a document, in the order of the configuration, with their hits.

        Strong = holds with the unconfirmed lines blanked out; weak = holds only with them.
        """
        if not (document.unconfirmed or document.doubtful):
            return self._match(document, Strength.STRONG)
        strong = self._match(confirmed(document), Strength.STRONG)
        known = {match.rule for match in strong}
        weak = [match for match in self._match(document, Strength.WEAK) if match.rule not in known]
        if not weak:
            return strong
        order = {name: number for number, name in enumerate(self.rules)}
        return tuple(sorted((*strong, *weak), key=lambda match: order[match.rule]))

    def holding(self, document: Document) -> tuple[str, ...]:
        """The names of the rules that hold for the whole of a document, in order: `match` without hits."""
        return tuple([rule.name for rule in self._holding(document)[1]])

    def touches(self, document: Document) -> bool:
        """
        Whether a term or an entity that some rule asks for stands in a document, whatever else it asks for.

        A look at keys alone: where a term is more than its words (exact spellings, extra words, entities that
        need company), these are enough.
        """
        return not self._asked_for.isdisjoint(self._read(document)[0].keys)

    def _match(self, document: Document, strength: Strength) -> tuple[RuleMatch, ...]:
        judge, rules = self._holding(document)
        return tuple([RuleMatch(rule.name, strength, judge.hits(rule.tree)) for rule in rules])

    def _holding(self, document: Document) -> tuple[Judge, list[CompiledRule]]:
        reading, candidates = self._read(document)
        keys = reading.keys
        judge = Judge(reading, self._vocabulary, self._entities, self._elsewhere)
        holding: set[int] = set()
        for tests in (self._always, *candidates):
            for number, is_open, needs, groups, excluded, facts, tree in tests:
                if not is_open:
                    holding.add(number)
                    continue
                if number in holding or (needs and not keys.issuperset(needs)):
                    continue
                for group in groups:
                    if keys.isdisjoint(group):
                        break
                else:
                    if (
                        (not excluded or keys.isdisjoint(excluded))
                        and (not facts or all(map(judge.holds, facts)))
                        and (tree is None or judge.holds(tree))
                    ):
                        holding.add(number)
        return judge, [self._ordered[number] for number in sorted(holding)]

    def _read(self, document: Document) -> tuple[Reading, list[tuple[Test, ...]]]:
        """Read a document: all its keys, and the rules filed under them."""
        memo = self._memo
        if memo.is_full:
            memo = self._memo = Memo(self._vocabulary, self._memo_size)
        reading = Reading(document, self._vocabulary, memo)
        keys, codes = reading.keys, reading.codes
        if self._implied:
            self._add(keys, self._implied_by(keys))
        if self._rows:
            self._add(keys, self._phrases_in(codes, keys))
        if self._raw:
            text = f"{document.title}\n{document.summary}\n{document.body}".casefold()
            self._add(keys, {key for key, literal in self._raw if literal in text})
        if self._loose:
            # What is not a row of plain words is found by the judge: here it is promised where its parts are.
            there = [self._loose[key] for key in keys & self._loose.keys()]
            self._add(keys, {leaf.key for found in there for leaf in found if keys.issuperset(leaf.parts)})
        return reading, list(filter(None, map(self._tests.get, keys)))

    def _implied_by(self, keys: AbstractSet[str]) -> set[str]:
        implied = self._implied
        return {other for key in keys & implied.keys() for other in implied[key]}

    def _add(self, keys: set[str], new: set[str]) -> None:
        """Add keys, and those that come with them."""
        if new:
            keys |= new
            if self._implied:
                keys |= self._implied_by(new)

    def _phrases_in(self, codes: str, keys: set[str]) -> set[str]:
        """The keys of the phrases of plain words that stand in a string of codes."""
        there = filter(None, map(self._rows.get, keys))
        tried = [row for found in there for row in found if row.other in keys]
        if len(tried) < _MANY:
            return {key for _, row, key in tried if row in codes}
        # With many to look for, knowing all pairs of neighbours costs less than searching for each phrase.
        pairs = set(map(add, codes, codes[1:]))
        return {key for _, row, key in tried if row[:2] in pairs and (len(row) == 2 or row in codes)}

    def judge(self, document: Document) -> Judge:
        """A judge for trees that were compiled into this engine."""
        return Judge(self._read(document)[0], self._vocabulary, self._entities, self._elsewhere)

    def judge_text(self, name: str, document: Document) -> tuple[bool, tuple[Hit, ...]]:
        """Whether a rule holds for a text whatever its source (lang, feeds, tags left out), and its hits."""
        wish = self.rules[name].wish
        if wish is None:
            return True, ()
        judge = self.judge(document)
        return (True, judge.hits(wish)) if judge.holds(wish) else (False, ())

    def _elsewhere(self, document: Document) -> bool:
        """Whether an entity that no rule asks for has a certain hit: it speaks for a doubtful one."""
        if self._others is None:
            used = set(self._vocabulary.entities.values())
            unused = {name: entity for name, entity in self._entities.items() if name not in used}
            vocabulary = Vocabulary()
            binder = Binder(vocabulary, unused)
            trees = [binder.bind(EntityTerm(name)) for name in unused]
            rules = [CompiledRule(RuleConfig(n), t, t, 0) for n, t in zip(unused, trees, strict=True)]
            self._others = Engine(rules, vocabulary, unused)
            self._others._others = self._others  # noqa: SLF001 - it knows of no others
        return self._others is not self and bool(self._others.match(document))


def confirmed(document: Document) -> Document:
    """The document with what is not confirmed blanked out: offsets stay."""
    return replace(
        document,
        summary=_blanked(document.summary, document.doubtful),
        body=_blanked(document.body, document.unconfirmed),
        doubtful=(),
        unconfirmed=(),
    )


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
