"""
From lexemes to a query tree: a Pratt parser, and the terms that rule lists hold.

Binding powers, weakest first: OR 1, AND 2 (words side by side are AND), NOT 3 (a prefix), NEAR 4. The scope
of a field prefix is pushed down to the terms while parsing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from monitor.errors import QueryError
from monitor.rules.exact import exact_literal
from monitor.rules.facts import document_value
from monitor.rules.globs import INFLECTED, has_wildcard
from monitor.rules.lexer import Kind, Lexeme, lex, nearest
from monitor.rules.regexes import RegexError
from monitor.rules.regexes import check as check_regex
from monitor.rules.tree import (
    DOCUMENT_FIELDS,
    NEAR_WORDS,
    And,
    AtLeast,
    DocumentTerm,
    EntityTerm,
    Exact,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Term,
    TextTerm,
    all_of,
    any_of,
    children_of,
    needs_a_term,
    scoped,
)
from monitor.text.tokens import folded_tokens, pattern_tokens

if TYPE_CHECKING:
    from collections.abc import Collection

_OR_POWER, _AND_POWER, _NOT_POWER, _NEAR_POWER = 1, 2, 3, 4
_DEEPEST = 50
_TERM_KINDS = (Kind.WORD, Kind.PHRASE, Kind.EXACT, Kind.ENTITY, Kind.REGEX)
_OPERATOR_KINDS = (Kind.AND, Kind.OR, Kind.NOT, Kind.NEAR, Kind.COUNT, Kind.OPEN, Kind.CLOSE)


def parse(query: str, entities: Collection[str] | None = None) -> Node:
    """
    The tree of a query.

    `entities` are the known names; None accepts any. Raises QueryError, with the column, for everything that
    is not in the language and for a query that could hold without any term.
    """
    parser = _Parser(query, lex(query), entities)
    tree = parser.whole()
    if not needs_a_term(tree):
        raise QueryError(
            "this query matches everything: it could hold without any term",
            query=query,
            column=1,
            hint="ask for at least one term beside NOT; feed:* stands for every article",
        )
    return tree


def parse_term(text: str, entities: Collection[str] | None = None, scope: str = "text") -> Node:
    """
    The term that a string in a rule's list stands for: one word is a term, several are a phrase.

    A field prefix in the string wins over `scope`. Operators and brackets are refused.
    """
    return _Parser(text, lex(text), entities).listed(scope)


def _described(lexeme: Lexeme) -> str:
    return lexeme.text if lexeme.kind is not Kind.END else "the end"


def _no_place(node: Node, scope: str) -> str:
    """What in a side of NEAR has no place in the text, in words; "" where all has."""
    if isinstance(node, And):
        return "an AND"
    if isinstance(node, Not):
        return "a NOT"
    if isinstance(node, AtLeast):
        return "ATLEAST"
    if isinstance(node, DocumentTerm):
        return f"the field {node.field}:"
    if isinstance(node, TextTerm):
        return "" if node.scope == scope else f"the field {node.scope}:"
    return next((wrong for child in children_of(node) if (wrong := _no_place(child, scope))), "")


def _nested(node: Node) -> int:
    """How many NEAR stand inside one another: a row of them nests to the left."""
    below = max(map(_nested, children_of(node)), default=0)
    return below + isinstance(node, Near)


class _Parser:
    def __init__(self, query: str, lexemes: list[Lexeme], entities: Collection[str] | None) -> None:
        self.query = query
        self.lexemes = lexemes
        self.entities = entities
        self.at = 0
        self.depth = 0
        self.field: str | None = None  # of the field prefix whose brackets we are in

    @property
    def here(self) -> Lexeme:
        return self.lexemes[self.at]

    def take(self) -> Lexeme:
        lexeme = self.here
        self.at += 1
        return lexeme

    def fail(self, message: str, lexeme: Lexeme, *, hint: str) -> NoReturn:
        raise QueryError(message, query=self.query, column=lexeme.column, hint=hint)

    # --- operators

    def whole(self) -> Node:
        if self.here.kind is Kind.END:
            self.fail(
                "the query is empty", self.here, hint="write at least one term; feed:* is every article"
            )
        tree = self.expression(_OR_POWER)
        rest = self.lexemes[self.at]
        if rest.kind is not Kind.END:  # only a closing bracket stops an expression early
            self.fail("found ) without ( before it", rest, hint="remove it, or open a bracket before")
        return tree

    def expression(self, power: int) -> Node:
        children = [self.negation() if power > _AND_POWER else self.expression(power + 1)]
        while power <= _AND_POWER and self.joins(power):
            children.append(self.expression(power + 1))
        return children[0] if len(children) == 1 else (any_of if power == _OR_POWER else all_of)(children)

    def joins(self, power: int) -> bool:
        """Step over the operator of this power, if the expression goes on with one."""
        kind = self.here.kind
        if kind is (Kind.OR if power == _OR_POWER else Kind.AND):
            self.take()
            return True
        side_by_side = kind in _TERM_KINDS or kind in (Kind.OPEN, Kind.NOT, Kind.FIELD, Kind.COUNT)
        return power == _AND_POWER and side_by_side

    def negation(self) -> Node:
        if self.here.kind is not Kind.NOT:
            return self.near()
        operator = self.take()
        if self.here.kind is Kind.NOT:
            self.fail(
                f"expected a term after {operator.text}, found {self.here.text}",
                self.here,
                hint="one NOT is enough; two undo each other",
            )
        return Not(self.near())

    def near(self) -> Node:
        first = self.here
        left = self.primary()
        if self.here.kind is not Kind.NEAR:
            return left
        self.check_operand(left, first, self.here)
        while self.here.kind is Kind.NEAR:
            operator = self.take()
            first = self.here
            right = self.primary()
            self.check_operand(right, first, operator)
            within = NEAR_WORDS if operator.number is None else operator.number
            left = Near(left, right, within, ordered=operator.value == "ONEAR")
            if _nested(left) > _DEEPEST:
                self.fail(
                    f"more than {_DEEPEST} {operator.value} stand in one row",
                    operator,
                    hint="join shorter rows with AND",
                )
        return left

    def check_operand(self, side: Node, first: Lexeme, operator: Lexeme) -> None:
        """NEAR joins places in the text: a side that has no place of its own is refused."""
        if first.kind is Kind.FIELD:
            self.fail(
                f"the field {first.text} stands beside {operator.text}",
                first,
                hint=f"put the field before brackets: {first.text}(a {operator.text} b)",
            )
        wrong = _no_place(side, self.field or "text")
        if wrong:
            self.fail(
                f"{wrong} cannot stand beside {operator.text}, which joins terms, phrases, entities "
                "and OR-groups of these",
                first,
                hint=f"write the {operator.text} of each pair, and join those with AND or NOT",
            )

    # --- terms

    def primary(self) -> Node:
        lexeme = self.here
        if lexeme.kind is Kind.OPEN:
            return self.bracket()
        if lexeme.kind is Kind.FIELD:
            return self.fielded()
        if lexeme.kind is Kind.COUNT:
            return self.count()
        if lexeme.kind not in _TERM_KINDS:
            before = f" after {self.lexemes[self.at - 1].text}" if self.at else ""
            self.fail(
                f"expected a term{before}, found {_described(lexeme)}",
                lexeme,
                hint="write a word, phrase, {EXACT} or @entity here; an operator in quotes is a word",
            )
        return self.term(self.take())

    def bracket(self) -> Node:
        opened = self.take()
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(
                f"brackets nest deeper than {_DEEPEST}",
                opened,
                hint="split the rule, or make an entity of the alternatives",
            )
        inside = self.expression(_OR_POWER)
        if self.here.kind is not Kind.CLOSE:
            self.fail(
                f"expected ) for the bracket at column {opened.column}, found {_described(self.here)}",
                self.here,
                hint="close the bracket with )",
            )
        self.take()
        self.depth -= 1
        return inside

    def fielded(self) -> Node:
        self.open_field()
        tree = self.primary()
        self.field = None
        return tree

    def open_field(self) -> None:
        prefix = self.take()
        if self.field is not None:
            self.fail(
                f"the field {prefix.text} stands inside the field {self.field}:",
                prefix,
                hint="give each term one field, and close the brackets before the next",
            )
        self.field = prefix.value

    def count(self) -> Node:
        counted = self.take()
        assert counted.number is not None
        if not counted.number:
            self.fail("ATLEAST/0 always holds", counted, hint="write ATLEAST/2(a OR b)")
        if self.here.kind is not Kind.OPEN:
            self.fail(
                f"expected ( after {counted.text}, found {_described(self.here)}",
                self.here,
                hint=f"write {counted.text}(a OR b)",
            )
        scope = self.field or "text"
        inside = self.bracket()
        terms = inside.children if isinstance(inside, Or) else (inside,)
        if not all(isinstance(term, TextTerm) for term in terms):
            self.fail(
                f"{counted.text} counts terms and OR-groups of terms",
                counted,
                hint=f"write {counted.text}(a OR b), and join other conditions outside with AND",
            )
        wrong = next((t.scope for t in terms if isinstance(t, TextTerm) and t.scope != scope), None)
        if wrong:
            self.fail(
                f"the field {wrong}: stands inside {counted.text}",
                counted,
                hint=f"put the field before it: {wrong}:{counted.text}(a OR b)",
            )
        return AtLeast(counted.number, cast("tuple[TextTerm, ...]", terms))

    def term(self, lexeme: Lexeme) -> Node:
        if self.field in DOCUMENT_FIELDS:
            return self.document_term(lexeme, self.field)
        return scoped(self.text_term(lexeme), self.field or "text")

    def document_term(self, lexeme: Lexeme, field: str) -> DocumentTerm:
        if lexeme.kind not in (Kind.WORD, Kind.PHRASE) or lexeme.number is not None:
            self.fail(
                f"{field}: takes a word or quoted text, found {lexeme.text}",
                lexeme,
                hint=f'write {field}:name, {field}:na* or {field}:"two words"',
            )
        value = document_value(lexeme.value)
        if not value:
            self.fail(f"{field}: is empty", lexeme, hint=f"write {field}:name, or {field}:* for any")
        return DocumentTerm(field, value)

    def text_term(self, lexeme: Lexeme) -> TextTerm:
        if lexeme.kind is Kind.REGEX:
            return self.regex(lexeme)
        if lexeme.kind is Kind.ENTITY:
            return self.entity(lexeme)
        if lexeme.kind is Kind.EXACT:
            return self.exact(lexeme)
        return self.words(lexeme, lexeme.value, lexeme.number or 0)

    def regex(self, lexeme: Lexeme) -> Regex:
        try:
            check_regex(lexeme.value, lexeme.flags)
        except RegexError as error:
            self.fail(f"the regular expression {lexeme.text}: {error}", lexeme, hint=error.hint)
        return Regex(lexeme.value, lexeme.flags)

    def entity(self, lexeme: Lexeme) -> EntityTerm:
        if self.entities is not None and lexeme.value not in self.entities:
            self.fail(
                f"there is no entity '{lexeme.value}'", lexeme, hint=nearest(lexeme.value, self.entities)
            )
        return EntityTerm(lexeme.value)

    def exact(self, lexeme: Lexeme) -> Exact:
        literal = exact_literal(lexeme.value)
        if not folded_tokens(literal):
            self.fail(
                f"{lexeme.text} holds no letter or digit",
                lexeme,
                hint="write the exact spelling: {WHO}, {C++}",
            )
        return Exact(literal)

    def words(self, lexeme: Lexeme, text: str, slop: int) -> Term:
        elements = self.elements(lexeme, text)
        if not elements:
            self.fail(
                f"{lexeme.text} holds no letter or digit",
                lexeme,
                hint="remove it, or put a space between an operator and its neighbours",
            )
        for element in elements:
            if not element.strip("*?"):
                self.fail(
                    f"the wildcard '{element}' has no letter with it",
                    lexeme,
                    hint="a wildcard works inside one word: talk*, *stan; feed:* is every article",
                )
        return Term(elements, slop if len(elements) > 1 else 0, written=" ".join(text.split()))

    def elements(self, lexeme: Lexeme, text: str) -> tuple[str, ...]:
        """The folded tokens of a term; a word that ends in ~ stands for its inflections too."""
        if "~" not in text:
            return pattern_tokens(text)
        found: list[str] = []
        for word in text.split():
            tokens = list(pattern_tokens(word))
            if tokens and word.endswith(INFLECTED):
                if has_wildcard(tokens[-1]):
                    self.fail(
                        f"{word} has a wildcard and ~",
                        lexeme,
                        hint=f"write {word.rstrip('~')} for the wildcard, or the bare word with ~",
                    )
                tokens[-1] += INFLECTED
            found += tokens
        return tuple(found)

    # --- strings in a rule's lists

    def listed(self, scope: str) -> Node:
        for lexeme in self.lexemes:
            if lexeme.kind in _OPERATOR_KINDS:
                self.fail(
                    f"a list holds terms, not operators: found {lexeme.text}",
                    lexeme,
                    hint="write each term as a string of its own, use none for NOT, or use query",
                )
        if self.here.kind is Kind.FIELD:
            self.open_field()
        elif scope != "text":
            self.field = scope
        terms = self.lexemes[self.at : -1]
        if not terms:
            self.fail("expected a term, found the end", self.here, hint="write a term, or remove the string")
        return self.term(terms[0] if len(terms) == 1 else self.joined(terms))

    def joined(self, terms: list[Lexeme]) -> Lexeme:
        """Several words of a list string as one: they are a phrase."""
        for lexeme in terms:
            if lexeme.kind is not Kind.WORD:
                self.fail(
                    f"{lexeme.text} cannot stand beside other words in one string",
                    lexeme,
                    hint="write it as a string of its own",
                )
        start = terms[0].column - 1
        text = self.query[start : terms[-1].column - 1 + len(terms[-1].text)]
        return Lexeme(Kind.WORD, text, terms[0].column, text)
