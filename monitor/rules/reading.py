"""
A document as the rules see it: a string of codes, the set of its keys, and where everything stands.

Tokens are numbered through title, summary and body, with one number for each border between them, so that one
string, one set and one search serve the whole document, and no phrase crosses a border. What costs (offsets,
clean spellings, places of terms) is worked out when asked for, once.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.rules import regexes
from monitor.rules.exact import CleanText
from monitor.rules.memo import BORDER_PIECE, EDGES
from monitor.rules.spans import phrase_runs
from monitor.rules.tree import LEAD_WORDS, Exact, Regex, Term, start_words
from monitor.text.tokens import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from monitor.model import Document
    from monitor.rules.memo import Memo
    from monitor.rules.spans import Run
    from monitor.rules.vocabulary import Leaf, Vocabulary
    from monitor.text.tokens import Token

_GAP = re.compile(r"\s+")


class Place(NamedTuple):
    """Where a term stands: its tokens, and `text[start:end]` of a field (0 title, 1 summary, 2 body)."""

    first: int
    last: int
    field: int
    start: int
    end: int


def _codes_of(pieces: list[str], memo: Memo) -> list[str]:
    """The codes of each piece; those that are new are learnt."""
    codes: list[Any] = list(map(memo.codes.get, pieces))
    at = -1
    try:
        while True:
            at = codes.index(None, at + 1)
            codes[at] = memo.learn(pieces[at])
    except ValueError:  # there is no other
        return codes


class _Field:
    """One text of a document: its pieces with their codes, and how token numbers become offsets."""

    __slots__ = ("_clean", "_offsets", "codes", "first", "pieces", "size", "text")

    def __init__(self, text: str, pieces: list[str], codes: list[str], first: int, size: int) -> None:
        self.text = text
        self.pieces = pieces
        self.codes = codes
        self.first = first
        self.size = size
        self._offsets: _Offsets | None = None
        self._clean: CleanText | None = None

    @property
    def clean(self) -> CleanText:
        if self._clean is None:
            self._clean = CleanText(self.text)
        return self._clean

    def offsets(self, first: int, last: int) -> tuple[int, int]:
        """The (start, end) of a run of the field's tokens, numbered within the field."""
        start, end = self.token(first)
        return start, end if first == last else self.token(last)[1]

    def token(self, number: int) -> tuple[int, int]:
        """The (start, end) of a token."""
        if self._offsets is None:
            self._offsets = _Offsets(self.text, self.pieces, self.codes)
        return self._offsets.token(number)

    def runs_of(self, spans: Iterable[tuple[int, int]]) -> Iterator[Run]:
        """
        The tokens that each of some rising spans touches; an empty run before the next one if none.

        Where spans are many the next is near: it is looked for in growing steps from the last.
        """
        first = 0
        for start, end in spans:
            low, step = first, 1
            while low + step <= self.size and self.token(low + step - 1)[1] <= start:
                low, step = low + step, 2 * step
            high = min(low + step, self.size)
            while low < high:
                middle = (low + high) // 2
                if self.token(middle)[1] <= start:
                    low = middle + 1
                else:
                    high = middle
            first = last = low
            while last < self.size and self.token(last)[0] < end:
                last += 1
            yield first, last - 1


class _Offsets:
    """Where the tokens of a text stand: worked out only for texts that have hits."""

    __slots__ = ("_counts", "_cut", "_ends", "_even", "_lead", "_pieces")

    def __init__(self, text: str, pieces: list[str], codes: list[str]) -> None:
        self._pieces = pieces
        self._counts = list(accumulate(map(len, codes)))  # tokens up to the end of each piece
        self._ends = list(accumulate(map(len, pieces)))
        self._cut: dict[int, list[Token]] = {}
        self._lead = 0
        # In most texts one character stands between any two pieces, and none around them.
        self._even = len(text) == self._ends[-1] + len(pieces) - 1
        if not self._even:
            gaps = list(map(len, _GAP.findall(text)))
            self._lead = gaps.pop(0) if text[:1].isspace() else 0
            self._ends = list(map(add, self._ends, accumulate([*gaps, 0][: len(pieces)])))

    def token(self, number: int) -> tuple[int, int]:
        """The (start, end) of a token."""
        index = bisect_right(self._counts, number)
        piece, at = self._pieces[index], self._start(index)
        bare = piece.strip(EDGES)
        if bare.isascii() and bare.isalnum():  # one token, as most pieces are
            start = at + piece.find(bare)
            return start, start + len(bare)
        tokens = self._cut.get(index)
        if tokens is None:  # a piece may be a megabyte long, and hold a thousand hits
            tokens = self._cut[index] = cut(piece)
        token = tokens[number - (self._counts[index - 1] if index else 0)]
        return at + token.start, at + token.end

    def _start(self, index: int) -> int:
        before = self._ends[index - 1] if index else 0
        return before + index if self._even else before + self._lead


class Reading:
    """
    A document that was read once, for all rules.

    `codes` is the string of word codes, `keys` the set of all keys that the document may have: those of sure
    leaves are facts, the others promises.
    """

    def __init__(self, document: Document, vocabulary: Vocabulary, memo: Memo) -> None:
        self.document = document
        title, summary = document.title.split(), document.summary.split()
        self._pieces = pieces = [*title, BORDER_PIECE, *summary, BORDER_PIECE, *document.body.split()]
        self._ends = (len(title), len(title) + 1 + len(summary))
        self._piece_codes = piece_codes = _codes_of(pieces, memo)
        self._fields: list[_Field] = []
        self._mixed_codes = codes = "".join(piece_codes)
        # Of the pieces' codes, which are there already; taking the string apart would make each anew.
        self.keys = keys = set(piece_codes)
        for several in [code for code in keys if len(code) != 1]:
            keys.remove(several)
            keys.update(several)
        mixed = keys & memo.mixed.keys() if memo.mixed else set()
        for code in mixed:
            word, every = memo.mixed[code]
            codes = codes.replace(code, word)
            keys.update(every)
        self.codes = codes
        self._vocabulary = vocabulary
        self._memo = memo
        self._seen = mixed
        self._positions: dict[str, list[int]] = {}
        self._runs: dict[str, list[Run]] = {}
        self._places: dict[str, list[Place]] = {}

    @property
    def fields(self) -> list[_Field]:
        """Title, summary and body."""
        if not self._fields:
            document, (one, two) = self.document, self._ends
            texts = (document.title, document.summary, document.body)
            ranges = (slice(0, one), slice(one + 1, two), slice(two + 1, None))
            first = 0
            for text, part in zip(texts, ranges, strict=True):
                codes = self._piece_codes[part]
                size = len("".join(codes))
                self._fields.append(_Field(text, self._pieces[part], codes, first, size))
                first += size + 1
        return self._fields

    def bounds(self, scope: str) -> tuple[int, int]:
        """The numbers of the first token of a scope and of the one behind its last."""
        title, summary, body = self.fields
        if scope == "text":
            return 0, len(self.codes)
        if scope == "title":
            return 0, title.size
        if scope == "summary":
            return summary.first, summary.first + summary.size
        if scope == "body":
            return body.first, body.first + body.size
        words = start_words(scope)
        if words is None:
            return 0, body.first + min(LEAD_WORDS, body.size)
        return body.first, body.first + min(words, body.size)

    def field_bounds(self, field: int) -> tuple[int, int]:
        """The numbers of a field's first token and of the one behind its last."""
        first = self.fields[field].first
        return first, first + self.fields[field].size

    def positions(self, key: str) -> list[int]:
        """The numbers of the tokens that have a key, rising."""
        known = self._positions.get(key)
        if known is None:
            holders = {
                key,
                *self._vocabulary.holders(key),
                *(self._memo.bearers.get(key, set()) & self._seen),
            }
            found: list[int] = []
            for holder in holders:
                at = self._mixed_codes.find(holder)
                while at >= 0:
                    found.append(at)
                    at = self._mixed_codes.find(holder, at + 1)
            if len(holders) > 1:
                found = sorted(set(found))
            known = self._positions[key] = found
        return known

    def runs(self, leaf: Leaf) -> list[Run]:
        """Where a leaf that is no entity stands, whatever the scope, rising."""
        known = self._runs.get(leaf.key)
        if known is None:
            known = self._runs[leaf.key] = self._find(leaf)
        return known

    def within(self, leaf: Leaf, scope: str) -> list[Run]:
        """Where a leaf stands in a scope: what a border of the scope cuts through does not count."""
        runs = self.runs(leaf)
        if scope == "text" or not runs:
            return runs
        low, high = self.bounds(scope)
        return [run for run in runs if low <= run[0] and run[1] < high]

    def places(self, leaf: Leaf) -> list[Place]:
        """The same with offsets."""
        runs = self.runs(leaf)
        known = self._places.get(leaf.key)
        if known is None:
            known = self._places[leaf.key] = [self._placed(run) for run in runs]
        return known

    def each_place(self, leaf: Leaf, scope: str, chosen: AbstractSet[Run] | None) -> Iterator[Place]:
        """The places in a scope, rising, of all or the chosen runs; worked out one by one."""
        runs = self.runs(leaf)
        known = self._places.get(leaf.key)
        low, high = (0, len(self.codes) + 1) if scope == "text" else self.bounds(scope)
        for index, run in enumerate(runs):
            if low <= run[0] and run[1] < high and (chosen is None or run in chosen):
                yield self._placed(run) if known is None else known[index]

    def field_of(self, number: int) -> int:
        """The field that a token stands in."""
        if number >= self.fields[2].first:
            return 2
        return 1 if number >= self.fields[1].first else 0

    def _placed(self, run: Run) -> Place:
        index = self.field_of(run[0])
        field = self.fields[index]
        start, end = field.offsets(run[0] - field.first, run[1] - field.first)
        return Place(run[0], run[1], index, start, end)

    def _find(self, leaf: Leaf) -> list[Run]:
        form = leaf.form
        if isinstance(form, Regex) and not leaf.parts:
            return self._remember(
                leaf, [regexes.places(form.pattern, form.flags, f.text) for f in self.fields]
            )
        if len(leaf.parts) == 1 and leaf.sure:
            return [(at, at) for at in self.positions(leaf.parts)]
        if any(part not in self.keys for part in leaf.parts):
            return []
        if isinstance(form, Exact):
            if len(leaf.parts) > 1 and not self._phrase(leaf.parts, 0):
                return []
            return self._remember(leaf, [f.clean.places(form.literal) if f.text else [] for f in self.fields])
        assert isinstance(form, Term), "an entity is found by the judge"
        if leaf.sure:
            return self._substrings(leaf.parts)
        return self._phrase(leaf.parts, form.slop)

    def _substrings(self, parts: str) -> list[Run]:
        longer = len(parts) - 1
        found = []
        at = self.codes.find(parts)
        while at >= 0:
            found.append((at, at + longer))
            at = self.codes.find(parts, at + 1)
        return found

    def _phrase(self, parts: str, slop: int) -> list[Run]:
        positions = [self.positions(part) for part in parts]
        if not all(positions):
            return []
        found: list[Run] = []
        for field in self.fields:
            low, high = field.first, field.first + field.size
            here = [places[bisect_left(places, low) : bisect_left(places, high)] for places in positions]
            if all(here):
                found += phrase_runs(here, slop)
        return found

    def _remember(self, leaf: Leaf, spans: list[list[tuple[int, int]]]) -> list[Run]:
        """Turn spans of the fields' texts into runs, and keep them as this leaf's places."""
        places = []
        for index, (field, found) in enumerate(zip(self.fields, spans, strict=True)):
            for (start, end), (first, last) in zip(found, field.runs_of(found), strict=True):
                places.append(Place(field.first + first, field.first + last, index, start, end))
        self._places[leaf.key] = places
        return [(place.first, place.last) for place in places]
