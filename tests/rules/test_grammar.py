"""
The parser against lark: the grammar of the language's description, and the refusals of its fine print.

A plain scanner turns a query into letters, one a lexeme; lark reads these by the grammar; what the fine print
refuses beyond the grammar is listed here, each in a rule of its own.
"""
# ruff: noqa: RUF001 - typographic quotes and full-width brackets are part of the language

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import lark
import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.rules.parser import parse
from monitor.rules.printer import print_query
from tests.support.naive_text import words
from tests.support.trees import ENTITIES, nodes

if TYPE_CHECKING:
    from monitor.rules.tree import Node

GRAMMAR = r"""
start: or
or: and ("|" and)*
and: not ("&"? not)*
not: NO? near
near: prim (NEAR prim)*
prim: group | field | count | term
group: "(" or ")"
field: FIELD (group | count | term)
count: COUNT group
term: WORD | EXACT | REGEX | NAME
NO: "!"
NEAR: "n"
FIELD: "t" | "d"
COUNT: "c"
WORD: "w" | "p" | "v" | "z"
EXACT: "x"
REGEX: "r"
NAME: "e"
"""
ORACLE = lark.Lark(GRAMMAR, parser="lalr")

_ASCII = str.maketrans("“”„‟«»＂（）｛｝", '"""""""(){}')
_ANYWHERE = re.compile(
    r'(?P<space>\s+)|(?P<bracket>[()])|"(?P<phrase>[^"]*)"(?P<slop>~[^\s(){}"]*)?|\{(?P<exact>[^}]*)\}'
)
_RUN = re.compile(r'[^\s(){}"]+')
_AT_START = re.compile(
    r"(?P<operator>[|&])|(?P<minus>-)(?=[^\s)])|/(?P<regex>(?:[^/\\]|\\.)+)/(?P<flags>[^\s()]*)"
    r"|@(?P<name>[^\s(){}\"]+)|(?P<doc>lang|feed|tag|category|source|author|url):"
    r"|(?P<text>title|summary|body|lead|text|start/0*[1-9][0-9]*):",
    re.DOTALL,
)
_OPERATORS = {"AND": "&", "OR": "|", "NOT": "!", "NEAR": "n", "ONEAR": "n"}


class RefusedError(Exception):
    """The query is not in the language."""


def need(*conditions: object) -> None:
    """Refuse the query unless all of this holds."""
    if not all(conditions):
        raise RefusedError


def is_number(digits: str) -> bool:
    """A whole number of at most six digits."""
    return bool(re.fullmatch("[0-9]{1,6}", digits))


def is_term(text: str) -> bool:
    """A term holds a letter or digit, no wildcard stands alone, and none goes with an inflection."""
    # A wildcard belongs to the token it touches; alone it is no token.
    pieces = re.split(r"[^\w*?\u0300-\u036f]+|_", text)
    if not words(re.sub(r"[*?]+", "x", text)) or any(piece and not piece.strip("*?") for piece in pieces):
        return False
    inflected = [re.findall(r"[\w*?]+", word)[-1:] for word in text.split() if word.endswith("~")]
    return not any(set("".join(last)) & {"*", "?"} for last in inflected)


def check_regex(pattern: str, flags: str) -> None:
    """RE2 compiles it; with s some literal of four characters is needed, by the strings tried here."""
    need(set(flags) <= {"i", "s"}, len(set(flags)) == len(flags))
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error:
        raise RefusedError from None
    plain = re.sub(r"\(.*\)", ".", pattern, flags=re.DOTALL)
    need("s" not in flags or ("|" not in plain and re.search(r"[^\\.^$*+?{}|\[\]]{4}(?![*?{])", plain)))


def scan(query: str) -> str:
    """The lexemes of a query as letters."""
    text = query.translate(_ASCII)
    out = []
    at = 0
    starts = True
    while at < len(text):
        found = _ANYWHERE.match(text, at)
        if found is None and starts:
            found = _AT_START.match(text, at)
            if found and found["regex"] is not None:
                found = _AT_START.match(query, at)
            need(found or text[at] not in "|&-/@")
        if found:
            letter, starts = _lexeme(found, query)
            out.append(letter)
            at = found.end()
            continue
        run = _RUN.match(text, at)
        need(run)
        assert run
        need(starts or run[0][0] not in "|&-/@")
        if starts and ":" in run[0]:
            head, rest = run[0].split(":", 1)
            need(not head.startswith("start/"), not head.isalpha() or rest.startswith("//"))
        out.append(_word(run[0]))
        at, starts = run.end(), False
    return "".join(out)


def _lexeme(found: re.Match[str], query: str) -> tuple[str, bool]:
    """The letter of a lexeme, and whether a run starts behind it."""
    kind = found.lastgroup
    if kind in ("space", "bracket"):
        return found[0].strip(), True
    if kind in ("phrase", "slop"):
        inside = query[found.start("phrase") : found.end("phrase")]
        need(not found["slop"] or is_number(found["slop"][1:]))
        if found["slop"]:
            return "p" if is_term(inside) else "z", False
        return _letter(inside), False
    if kind == "exact":
        need(words(found["exact"]))
        return "x", False
    if kind == "flags":
        check_regex(found["regex"], found["flags"])
        return "r", False
    if kind == "name":
        need(found["name"] in ENTITIES)
        return "e", False
    if kind == "text":
        need(not found["text"].startswith("start/") or is_number(found["text"][6:]))
    letters = {"operator": "&" if found[0] == "&" else "|", "minus": "!", "doc": "d", "text": "t"}
    assert kind
    return letters[kind], True


def _letter(text: str) -> str:
    """The letter: w for a term, v for what only a document field takes, z for nothing."""
    return "w" if is_term(text) else "v" if text.strip() else "z"


def _word(run: str) -> str:
    if run in _OPERATORS:
        return _OPERATORS[run]
    counted = re.fullmatch(r"(NEAR|ONEAR|ATLEAST)/(.*)", run, re.DOTALL)
    if counted:
        need(is_number(counted[2]))
        if counted[1] == "ATLEAST":
            need(int(counted[2]))
            return "c"
        return "n"
    return _letter(run)


# --- what the fine print refuses beyond the grammar


def kinds(tree: Any) -> set[str]:
    """The sorts of nodes in a tree; and, or, near only where they join, not only where it negates."""
    if isinstance(tree, lark.Token):
        return set()
    found = {str(tree.data)} if tree.data in ("field", "count") or len(tree.children) > 1 else set()
    return found.union(*map(kinds, tree.children))


def check(tree: Any, field: str = "") -> bool:
    """Refuse what has no place where it stands; else the truth of the tree where no term holds."""
    if isinstance(tree, lark.Token):
        need(tree.value in ("w", "v") if field == "d" else tree.value not in ("v", "z"))
        return False
    children = tree.children
    if tree.data == "field":
        need(not field)  # a field inside a field's brackets
        return check(children[1], str(children[0]))
    if tree.data == "count":
        need(field != "d", not kinds(children[1]) & {"and", "not", "near", "field", "count"})
        return check(children[1], field) and False
    if tree.data == "near" and len(children) > 1:
        need(field != "d")
        sides = children[::2]
        for side in sides:
            need(not kinds(side) & {"and", "not", "field", "count"})
        truths = [check(side, field) for side in sides]  # each, also behind a false one
        return any(truths) and False
    if tree.data == "not" and len(children) > 1:
        return not check(children[1], field)
    truths = [check(child, field) for child in children]
    return any(truths) if tree.data == "or" else all(truths)


def accepts(query: str) -> bool:
    """Whether the description of the language has this query."""
    try:
        tree = ORACLE.parse(scan(query))
        need(not check(tree.children[0]))  # a query that holds where no term does matches everything
    except (RefusedError, lark.exceptions.UnexpectedInput):
        return False
    return True


def parses(query: str) -> bool:
    """Whether our parser takes it."""
    try:
        parse(query, ENTITIES)
    except QueryError:
        return False
    return True


_PIECES = (
    "a", "b", "doha", "AND", "OR", "NOT", "NEAR", "ONEAR", "NEAR/2", "ONEAR/0", "NEAR/x", "ATLEAST/2",
    "ATLEAST/0",
    "(", ")", "(", ")", " ", " ", " ", "|", "&", "-", '"a b"', '"', "“c”", "{D}", "{", "}", "@who", "@nobody",
    "@",
    "title:", "body:", "lead:", "start/3:", "start/0:", "start/", "lang:", "feed:", "foo:", "x:1", "12:30",
    "http://x",
    "/ab/", "/a.c/i", "/abcd/s", "/abc/s", "/", "/(/", "/a/x", "talk*", "*", "?", "s~", "t*~",
    "~", "~2", "...", "AT&T",
    "a|b", "24/7", "塔", "（", "）", "NOT ", " AND ", " OR ", " NEAR/1 ", "é", "'",
)  # fmt: skip


_PARTS = (
    '"a b"', "a", "{D}", "@who", "title:b", "(a OR b)", "(a NEAR/2 b)", "ATLEAST/2(a | b)", "lang:(en OR fr)",
    "/abcd/s", "t*", "(a -b)",
)  # fmt: skip


def mutated(rng: random.Random, query: str) -> str:
    """The query with a piece dropped, doubled, or put in."""
    parts = re.findall(r"\s+|\w+|.", query, re.DOTALL)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(parts) + 1)
        parts[at : at + rng.randint(0, 1)] = [rng.choice(_PIECES)] if rng.random() < 0.6 else []
    return "".join(parts)


def disagree(query: str) -> str | None:
    """A sentence if parser and oracle do not say the same."""
    expected, found = accepts(query), parses(query)
    return None if expected is found else f"{query!r}: the grammar says {expected}, the parser {found}"


@given(nodes)
def test_the_oracle_takes_what_is_printed(tree: Node) -> None:
    """Every printed tree is in the grammar where our parser takes it, and refused where it does not."""
    printed = print_query(tree)
    if not set(printed) & {"/", "{"}:  # literals of regular expressions are not the oracle's subject
        assert disagree(printed) is None


@given(st.randoms(use_true_random=False))
def test_parser_and_grammar_take_the_same_random_queries(rng: random.Random) -> None:
    """Random rows of pieces are taken by both or by none."""
    assert disagree("".join(rng.choice(_PIECES) for _ in range(rng.randint(1, 9)))) is None


def _row(rng: random.Random) -> str:
    """A row of pieces, or a query that went through some mutations."""
    if rng.random() < 0.5:
        return "".join(rng.choice(_PIECES) for _ in range(rng.randint(1, 12)))
    parts = [rng.choice(_PARTS) for _ in range(rng.randint(1, 4))]
    return mutated(rng, rng.choice([" ", " AND ", " OR ", " NOT ", " NEAR/3 ", " -"]).join(parts))


@pytest.mark.parametrize("seed", range(4))
def test_parser_and_grammar_take_the_same_mutated_queries(seed: int) -> None:
    """A thousand queries a seed, of pieces and of mutated good queries; a good part of them lawful."""
    rng = random.Random(seed)
    rows = [_row(rng) for _ in range(1000)]
    assert [said for row in rows if (said := disagree(row))] == []
    lawful = sum(map(accepts, rows))
    assert 100 <= lawful <= 900


@pytest.mark.prove
def test_parser_and_grammar_take_the_same_hundred_thousand_queries() -> None:
    """The same on 100,000 queries."""
    rng = random.Random(7)
    rows = [_row(rng) for _ in range(100_000)]
    assert [said for row in rows if (said := disagree(row))] == []
