"""
What a query as it was typed tells of a slip: `doha|qatar`, `doha or qatar`, `a OR b c`, `WHO`. Pure.

All of it is lawful and means something; seldom what the writer meant. Only the text shows it: the tree of
`WHO` is that of `who`, and that of `a OR b c` is that of `a OR (b AND c)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.rules.globs import has_wildcard
from monitor.rules.lexer import Kind, Lexeme, lex
from monitor.rules.printer import print_query
from monitor.rules.problems import RuleProblem
from monitor.text.folding import SINGLE, classes
from monitor.text.language import is_common
from monitor.text.tokens import folded_tokens, pattern_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.rules.tree import Node
    from monitor.settings import RuleConfig

Key = tuple[str | int, ...]

LEAST_LETTERS = 3  # that a wildcard stands beside
_LIKE_OPERATORS = re.compile(r"(and|or|not|near|onear|atleast)(/\d+)?")
_GLUED = re.compile(r"[^\W\d_]{2,}\|[^\W\d_]{2,}|[^\W\d_]{4,}&[^\W\d_]{4,}")  # AT&T and R&B are words
_ENDS = (Kind.WORD, Kind.PHRASE, Kind.EXACT, Kind.ENTITY, Kind.REGEX, Kind.CLOSE)
_BEGINS = (*_ENDS[:-1], Kind.OPEN, Kind.FIELD, Kind.NOT, Kind.COUNT)
_TERMS = (Kind.WORD, Kind.PHRASE)
_LONGEST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule that can be used: its whole tree, that without its sources, and its languages."""

    config: RuleConfig
    tree: Node
    wish: Node | None
    languages: Sequence[str]

    def problem(self, message: str, hint: str, at: str | None = None) -> RuleProblem:
        """A warning about the rule, or about the term in it that is written `at`."""
        key, lexeme = _found(self.config, at) if at is not None else (_whole(self.config), None)
        column = lexeme.column if lexeme else None
        message = f"rule '{self.config.name}': {message}"
        return RuleProblem(self.config.name, message, column, hint, "warning", key)


def slips(rule: RuleConfig, tree: Node | None, languages: Sequence[str]) -> Iterator[RuleProblem]:
    """The warnings about a rule's texts, in their order; `tree` is what its query was read as."""
    for key, text in written(rule):
        try:
            lexemes = lex(text)
        except QueryError:
            continue  # compiling tells
        for lexeme in lexemes:
            found = _of_word(lexeme, languages, listed=key != ("query",))
            if found:
                yield _problem(rule, key, lexeme, *found)
        if key == ("query",):
            for found_at, message, hint in _of_neighbours(lexemes, tree):
                yield _problem(rule, key, found_at, message, hint)


def written(rule: RuleConfig) -> list[tuple[Key, str]]:
    """Each text of a rule that is read as a query or a term, with the key where it stands."""
    found: list[tuple[Key, str]] = [] if rule.query is None else [(("query",), rule.query)]
    for name in ("any", "all", "none"):
        found += [((name, index), text) for index, text in enumerate(getattr(rule, name))]
    for index, table in enumerate(rule.near):
        found += [pair for side in ("a", "b") for pair in _listed(("near", index, side), table[side])]
    return found + (_listed(("atleast", "of"), rule.atleast["of"]) if rule.atleast else [])


def is_quoted(rule: RuleConfig, text: str) -> bool:
    """Whether the rule has this text in quotes: then it is meant as it stands."""
    _, lexeme = _found(rule, text)
    return lexeme is not None and lexeme.kind is Kind.PHRASE


def _found(rule: RuleConfig, text: str) -> tuple[Key, Lexeme | None]:
    """Where a rule has a term that is written so: the key, and the lexeme in the text that stands there."""
    for key, whole in written(rule):
        if text not in whole:
            continue  # thousands of alternatives need not be read for each of them
        try:
            found = next((one for one in lex(whole) if one.kind in _TERMS and one.value == text), None)
        except QueryError:
            continue
        if found is not None:
            return key, found
    return _whole(rule), None


def _whole(rule: RuleConfig) -> Key:
    return ("query",) if rule.query is not None else ()


def _listed(key: Key, value: object) -> list[tuple[Key, str]]:
    if isinstance(value, str):
        return [(key, value)]
    assert isinstance(value, list | tuple), "the configuration has checked it"
    return [((*key, index), str(text)) for index, text in enumerate(value)]


def _problem(rule: RuleConfig, key: Key, lexeme: Lexeme, message: str, hint: str) -> RuleProblem:
    return RuleProblem(rule.name, f"rule '{rule.name}': {message}", lexeme.column, hint, "warning", key)


def _of_word(lexeme: Lexeme, languages: Sequence[str], *, listed: bool) -> tuple[str, str] | None:
    """What a single word or phrase shows: message and remedy."""
    if lexeme.kind not in (Kind.WORD, Kind.PHRASE):
        return None
    text = lexeme.value
    for element in pattern_tokens(text) if has_wildcard(text) else ():
        letters = element.replace("*", "").replace("?", "")
        if has_wildcard(element) and 0 < len(letters) < LEAST_LETTERS and letters.isascii():
            return f"'{element}' takes a great many words", "write more letters beside the wildcard"
        if "?" in element and SINGLE in classes(letters):
            return (
                f"'{element}' never holds: each such character is a word of its own",
                'leave the ? out, or let one more stand between two in a phrase: "塔 班"~1',
            )
    if lexeme.kind is Kind.PHRASE:
        return None
    if _GLUED.fullmatch(text):
        sign = "|" if "|" in text else "&"
        spaced = text.replace(sign, f" {sign} ")
        hint = "write each as a string of its own" if listed else f"did you mean {spaced}?"
        return f"'{text}' is one phrase: {sign} is an operator only between spaces", hint
    folded = folded_tokens(text)
    if len(text) > 1 and text.isupper() and len(folded) == 1 and is_common(folded[0], languages):
        return (
            f"{text} also takes the common word '{folded[0]}'",
            f"write {{{text}}} for these capitals alone",
        )
    return None


def _of_neighbours(lexemes: Sequence[Lexeme], tree: Node | None) -> Iterator[tuple[Lexeme, str, str]]:
    """What words show side by side: where, message, remedy."""
    names: list[Lexeme] = []
    for before, lexeme in zip([None, *lexemes], lexemes, strict=False):
        if lexeme.kind is Kind.WORD and _LIKE_OPERATORS.fullmatch(lexeme.text):
            operator = lexeme.text.upper()
            yield (
                lexeme,
                f"'{lexeme.text}' is a word here, not an operator",
                f'did you mean {operator}? the word itself is written "{lexeme.text}"',
            )
        if _is_name(lexeme) and (names or before is None or before.kind is not Kind.FIELD):
            names.append(lexeme)
            continue
        if len(names) > 1:
            yield _side_by_side(names)
        names = []
    mixed = _mixed(lexemes)
    if mixed is not None:
        read = print_query(tree) if tree is not None else ""
        hint = "put brackets around what belongs together"
        if read and len(read) <= _LONGEST_SHOWN:
            hint += f"; it is read as: {read}"
        yield mixed, "AND and OR stand side by side without brackets, and AND binds closer", hint


def _is_name(lexeme: Lexeme) -> bool:
    text = lexeme.text
    return lexeme.kind is Kind.WORD and text[0].isupper() and text[1:].islower() and text.isalpha()


def _side_by_side(names: Sequence[Lexeme]) -> tuple[Lexeme, str, str]:
    phrase = " ".join(name.text for name in names)
    return names[0], f"{phrase} asks for these words anywhere in the article", f'did you mean "{phrase}"?'


def _mixed(lexemes: Sequence[Lexeme]) -> Lexeme | None:
    """The first lexeme at which a level of brackets has both AND and OR, words side by side included."""
    levels: list[set[Kind]] = [set()]
    for before, lexeme in zip([None, *lexemes], lexemes, strict=False):
        operator = lexeme.kind if lexeme.kind in (Kind.AND, Kind.OR) else None
        if before is not None and before.kind in _ENDS and lexeme.kind in _BEGINS:
            operator = Kind.AND
        if operator is not None:
            levels[-1].add(operator)
            if len(levels[-1]) > 1:
                return lexeme
        if lexeme.kind is Kind.OPEN:
            levels.append(set())
        elif lexeme.kind is Kind.CLOSE and len(levels) > 1:
            levels.pop()
    return None
