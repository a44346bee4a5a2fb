"""
From query text to lexemes: what is an operator, a field, a word, a phrase.

Typographic quotes and full-width brackets are read as ASCII. `|`, `&`, `-`, `@`, `/` and `field:` are special
only at the start of a run: after white space, a bracket, one of these operators, or the `:` of a field. So
`AT&T`, `24/7` and `a@b` are words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING, NoReturn

from monitor.errors import QueryError
from monitor.rules.tree import DOCUMENT_FIELDS, SCOPES, START

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(Enum):
    """What a lexeme is; the value is how an error message calls it."""

    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    COUNT = "ATLEAST"
    FIELD = "a field"
    WORD = "a word"
    PHRASE = "a phrase"
    EXACT = "an exact term"
    REGEX = "a regular expression"
    ENTITY = "an entity"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """
    One piece of a query.

    `text` is as written; `value` is what it stands for: a word, the inside of quotes, braces or slashes, a
    name. `number` is N of `NEAR/N`, `ATLEAST/N` and `"…"~N`; `flags` those of a regular expression, sorted.
    `column` counts code points from 1.
    """

    kind: Kind
    text: str
    column: int
    value: str = ""
    number: int | None = None
    flags: str = ""


_AS_ASCII = str.maketrans("“”„‟«»＂（）｛｝", '"""""""(){}')  # noqa: RUF001 - these look-alikes are the point
_RUN = re.compile(r'[^\s(){}"]+')
_HEAD = re.compile(r'([^\s(){}":]*):')
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/([^\s()]*)", re.DOTALL)
_COUNTED = re.compile(r"(NEAR|ONEAR|ATLEAST)/(.*)", re.DOTALL)
_MOST_DIGITS = 6  # a larger number of words is a slip, and int() of endless digits is slow
_PLAIN_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT, "NEAR": Kind.NEAR, "ONEAR": Kind.NEAR}
_SYMBOLS = {"|": Kind.OR, "&": Kind.AND}
_KNOWN_FIELDS = (*SCOPES, *DOCUMENT_FIELDS)
_REGEX_FLAGS = "is"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or lists some where none is near."""
    names = sorted(known)
    close = get_close_matches(word.casefold(), names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names[:20])}" if names else "none is configured"


def lex(query: str) -> list[Lexeme]:
    """All lexemes of a query, the last one of kind END. Raises QueryError."""
    return _Lexer(query).run()


class _Lexer:
    def __init__(self, query: str) -> None:
        self.query = query
        self.ascii = query.translate(_AS_ASCII)
        self.at = 0
        self.run_starts = True
        self.out: list[Lexeme] = []

    def run(self) -> list[Lexeme]:
        while self.at < len(self.ascii):
            character = self.ascii[self.at]
            if character.isspace():
                self.at += 1
                self.run_starts = True
            elif character in "()":
                self.add(Kind(character), 1)
                self.run_starts = True
            elif character == '"':
                self.phrase()
            elif character == "{":
                self.exact()
            elif character == "}":
                self.fail("found '}' without '{' before it", hint="an exact term stands in braces: {WHO}")
            else:
                self.open_run(character)
        self.out.append(Lexeme(Kind.END, "the end", len(self.query) + 1))
        return self.out

    def fail(self, message: str, *, hint: str, at: int | None = None) -> NoReturn:
        column = (self.at if at is None else at) + 1
        raise QueryError(message, query=self.query, column=column, hint=hint)

    def add(self, kind: Kind, length: int, value: str = "", number: int | None = None) -> None:
        text = self.query[self.at : self.at + length]
        self.out.append(Lexeme(kind, text, self.at + 1, value, number))
        self.at += length
        self.run_starts = False

    def number(self, digits: str, *, after: str, at: int) -> int:
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
            found = f"'{digits}'" if digits else "nothing"
            self.fail(f"expected a whole number after {after}, found {found}", at=at, hint=f"write {after}5")
        return int(digits)

    def phrase(self) -> None:
        end = self.ascii.find('"', self.at + 1)
        if end < 0:
            self.fail("this quote is not closed", hint='put a " at the end of the phrase')
        inside = self.query[self.at + 1 : end]
        slop = None
        after = end + 1
        if self.ascii.startswith("~", after):
            found = _RUN.match(self.ascii, after)
            assert found
            slop = self.number(found.group()[1:], after='"…"~', at=after + 1)
            after = found.end()
        self.add(Kind.PHRASE, after - self.at, inside, slop)

    def exact(self) -> None:
        end = self.ascii.find("}", self.at + 1)
        if end < 0:
            self.fail("this brace is not closed", hint="put a } at the end of the exact term")
        self.add(Kind.EXACT, end + 1 - self.at, self.query[self.at + 1 : end])

    def open_run(self, first: str) -> None:
        if not self.run_starts:
            if first in "|&/@-" and self.out:
                # After a closing quote or brace: a word by the letter, an operator by intent.
                self.fail(
                    f"'{first}' stands directly after {self.out[-1].text}",
                    hint=f"put a space before '{first}'",
                )
            self.word(self.rest_of_run())
        elif first in _SYMBOLS:
            self.add(_SYMBOLS[first], 1)
            self.run_starts = True
        elif first == "-":
            self.minus()
        elif first == "/":
            self.regex()
        elif first == "@":
            self.entity(self.rest_of_run())
        elif (head := _HEAD.match(self.ascii, self.at)) and self.field(head[1]):
            self.run_starts = True
        else:
            self.word(self.rest_of_run())

    def rest_of_run(self) -> str:
        """The run from here; asked for only where all of it is read, or a megabyte of - would be slow."""
        found = _RUN.match(self.ascii, self.at)
        assert found
        return found.group()

    def minus(self) -> None:
        following = self.ascii[self.at + 1 : self.at + 2]
        if not following or following.isspace() or following == ")":
            self.fail("expected a term directly after -", hint="write -word, or NOT word")
        self.add(Kind.NOT, 1)
        self.run_starts = True

    def regex(self) -> None:
        found = _REGEX.match(self.query, self.at)
        if not found:
            self.fail(
                "this regular expression is not closed", hint="close it with /, or put the text in quotes"
            )
        pattern, flags = found.groups()
        if not set(flags) <= set(_REGEX_FLAGS) or len(set(flags)) < len(flags):
            self.fail(
                f"a regular expression has the flags i and s, found '{flags}'",
                at=found.start(2),
                hint="i: case-blind; s: anywhere in the text; or put the text in quotes",
            )
        lexeme = Lexeme(Kind.REGEX, found.group(), self.at + 1, pattern, flags="".join(sorted(flags)))
        self.out.append(lexeme)
        self.at = found.end()
        self.run_starts = False

    def entity(self, run: str) -> None:
        if run == "@":
            self.fail("expected the name of an entity after @", hint="write @name, as in [entities.name]")
        self.add(Kind.ENTITY, len(run), run[1:])

    def field(self, head: str) -> bool:
        """Read `field:` if the run starts with one; whatever else has a colon is a word."""
        value = head
        if head.startswith(START):
            words = self.number(head[len(START) :], after=START, at=self.at + len(START))
            if not words:
                self.fail("start/0 holds no word", hint="write start/50: for the first 50 words of the body")
            value = f"{START}{words}"
        elif head not in _KNOWN_FIELDS:
            if head.isalpha() and not self.ascii.startswith("//", self.at + len(head) + 1):
                self.fail(
                    f"there is no field '{head}'",
                    hint=f"{nearest(head, _KNOWN_FIELDS)} (or put the words in quotes)",
                )
            return False
        self.add(Kind.FIELD, len(head) + 1, value)
        return True

    def word(self, run: str) -> None:
        if run in _PLAIN_OPERATORS:
            self.add(_PLAIN_OPERATORS[run], len(run), run)
            return
        counted = _COUNTED.fullmatch(run)
        if counted:
            name, digits = counted.groups()
            number = self.number(digits, after=f"{name}/", at=self.at + len(name) + 1)
            self.add(Kind.COUNT if name == "ATLEAST" else Kind.NEAR, len(run), name, number)
            return
        self.add(Kind.WORD, len(run), self.query[self.at : self.at + len(run)])
