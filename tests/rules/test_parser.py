"""The query language: what parses to which normal form, and what is refused, where and with which remedy."""
# ruff: noqa: RUF001 - typographic quotes and full-width brackets are part of the language

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.rules.parser import parse, parse_term
from monitor.rules.printer import print_query
from monitor.rules.tree import And, EntityTerm, Exact, Node, Or, Term, needs_a_term
from tests.support.trees import ENTITIES, nodes

if TYPE_CHECKING:
    from collections.abc import Callable

NORMAL_FORMS = {
    "Doha": "doha",
    "a b": "a AND b",
    "a AND b & c": "a AND b AND c",
    "a OR b | c": "a OR b OR c",
    "a OR b c": "a OR (b AND c)",
    "a b OR c d": "(a AND b) OR (c AND d)",
    "(a OR b) c": "(a OR b) AND c",
    "a (b c)": "a AND b AND c",
    "a -b": "a AND NOT b",
    "a AND NOT b": "a AND NOT b",
    "a NOT (b OR c)": "a AND NOT (b OR c)",
    "a -(b c)": "a AND NOT (b AND c)",
    "NOT (NOT a)": "NOT (NOT a)",
    '"etats unis"': '"etats unis"',
    "États-Unis": '"etats unis"',
    "AT&T": '"at t"',
    "24/7": '"24 7"',
    "a@b": '"a b"',
    "a|b": '"a b"',
    "12:30": '"12 30"',
    "https://x.org/a": '"https x org a"',
    '"talk* qatar"~2': '"talk* qatar"~2',
    '"doha"~2': "doha",
    '"a"b': "a AND b",
    "colo?r *stan": "colo?r AND *stan",
    "{New   York}": "{New York}",
    "{C++}": "{C++}",
    "@taliban": "@taliban",
    "title:a": "title:a",
    "title: a": "title:a",
    "text:a": "a",
    'title:(a OR "b c" {D} @who)': 'title:a OR (title:"b c" AND title:{D} AND title:@who)',
    "x -title:a": "x AND NOT title:a",
    "x -@who": "x AND NOT @who",
    "title:@who": "title:@who",
    "feed:LeMonde-*": "feed:lemonde-*",
    "feed:*": "feed:*",
    "lang:(fr OR en)": "lang:fr OR lang:en",
    'author:"Jane  Doe"': 'author:"jane doe"',
    "url:https://x.org/*": 'url:"https://x.org/*"',
    "（“a b” OR «c»）": '"a b" OR c',
    "and or near/5": 'and AND or AND "near 5"',
    '"OR"': "or",
    "a\n\tb": "a AND b",
    "|".join(["a "] * 3): "a OR a OR a",
    "a NEAR b": "a NEAR/5 b",
    "a NEAR/3 b": "a NEAR/3 b",
    "a ONEAR b ONEAR/2 c": "a ONEAR/5 b ONEAR/2 c",
    "a NEAR (b NEAR/2 c)": "a NEAR/5 (b NEAR/2 c)",
    '(a OR "b c") NEAR/5 @who': '(a OR "b c") NEAR/5 @who',
    "(a OR (b OR c)) NEAR d": "(a OR b OR c) NEAR/5 d",
    "NOT a NEAR b c": "NOT a NEAR/5 b AND c",
    "a OR b NEAR/0 c d": "a OR (b NEAR/0 c AND d)",
    "title:(a NEAR/3 b)": "title:(a NEAR/3 b)",
    "x ATLEAST/2(a OR b)": "x AND ATLEAST/2(a OR b)",
    "ATLEAST/3(a)": "ATLEAST/3(a)",
    "title:ATLEAST/2(a | {B})": "title:ATLEAST/2(a OR {B})",
    "x /ab+c/i": "x AND /ab+c/i",
    "/plain text/si": "/plain text/is",
    r"/a\/b/": r"/a\/b/",
    "x lead:a": "x AND lead:a",
    "start/50:a": "start/50:a",
    "start/050:(a NEAR b)": "start/50:(a NEAR/5 b)",
    "x taliban~": "x AND taliban~",
    '"taliban~ x"~1': '"taliban~ x"~1',
    "l'ami~": '"l ami~"',
}


@pytest.mark.parametrize(("query", "expected"), NORMAL_FORMS.items(), ids=NORMAL_FORMS.keys())
def test_a_query_has_one_normal_form(query: str, expected: str) -> None:
    """Precedence, scopes, folding and quotes all show in the normal form, which parses to the same tree."""
    tree = parse(query, ENTITIES)
    assert print_query(tree) == expected
    assert parse(expected, ENTITIES) == tree


ERRORS = {
    "": (1, "the query is empty", "at least one term"),
    "   ": (4, "the query is empty", "at least one term"),
    "a AND OR b": (7, "expected a term after AND, found OR", "quotes"),
    "a AND": (6, "expected a term after AND, found the end", "quotes"),
    "OR a": (1, "expected a term, found OR", "quotes"),
    "a || b": (4, "expected a term after |, found |", "quotes"),
    "(a": (3, "expected ) for the bracket at column 1, found the end", "close"),
    "a)": (2, "found ) without (", "remove it"),
    "()": (2, "expected a term after (, found )", "quotes"),
    "NOT NOT x": (5, "expected a term after NOT, found NOT", "one NOT"),
    "--x": (2, "expected a term after -, found -", "one NOT"),
    "a -": (3, "expected a term directly after -", "-word"),
    "a - b": (3, "expected a term directly after -", "-word"),
    "NOT doha": (1, "matches everything", "at least one term"),
    "-a -b": (1, "matches everything", "at least one term"),
    "a OR NOT b": (1, "matches everything", "at least one term"),
    "NOT lang:en": (1, "matches everything", "at least one term"),
    'a "b': (3, "this quote is not closed", '"'),
    "{WHO": (1, "this brace is not closed", "}"),
    "a}": (2, "found '}' without '{'", "braces"),
    '""': (1, "holds no letter or digit", "remove"),
    "{}": (1, "holds no letter or digit", "exact"),
    "{+}": (1, "holds no letter or digit", "exact"),
    "a ...": (3, "... holds no letter or digit", "remove"),
    "*": (1, "the wildcard '*' has no letter with it", "talk*"),
    '"a ?"': (1, "the wildcard '?' has no letter with it", "talk*"),
    '"a b"~x': (7, "expected a whole number after \"…\"~, found 'x'", "5"),
    '"a b"~': (7, 'expected a whole number after "…"~, found nothing', "5"),
    '"a b"~99999999': (7, "expected a whole number", "5"),
    '"a"-b': (4, "'-' stands directly after \"a\"", "space"),
    "titel:a": (1, "there is no field 'titel'", "did you mean 'title'?"),
    "Title:a": (1, "there is no field 'Title'", "did you mean 'title'?"),
    "zzz:a": (1, "there is no field 'zzz'", "known: author"),
    "title:body:x": (7, "the field body: stands inside the field title:", "one field"),
    "title:(a lang:en)": (10, "the field lang: stands inside the field title:", "one field"),
    "title:-x": (7, "expected a term after title:, found -", "quotes"),
    "title:": (7, "expected a term after title:, found the end", "quotes"),
    "lang:@who": (6, "lang: takes a word or quoted text, found @who", "lang:name"),
    'feed:"a b"~2': (6, "feed: takes a word or quoted text", "feed:name"),
    'feed:" "': (6, "feed: is empty", "feed:*"),
    "@talban": (1, "there is no entity 'talban'", "did you mean 'taliban'?"),
    "a @": (3, "expected the name of an entity after @", "@name"),
    "a NEAR/x b": (8, "expected a whole number after NEAR/, found 'x'", "NEAR/5"),
    "a NEAR/ b": (8, "expected a whole number after NEAR/, found nothing", "NEAR/5"),
    "ATLEAST/2 x": (11, "expected ( after ATLEAST/2, found x", "ATLEAST/2(a OR b)"),
    "start/x:y": (7, "expected a whole number after start/, found 'x'", "start/5"),
    "a /b": (3, "this regular expression is not closed", "quotes"),
    "a NEAR": (7, "expected a term after NEAR, found the end", "quotes"),
    "NEAR a": (1, "expected a term, found NEAR", "quotes"),
    "a NEAR NOT b": (8, "expected a term after NEAR, found NOT", "quotes"),
    "a NEAR/2 -b": (10, "expected a term after NEAR/2, found -", "quotes"),
    "title:a NEAR b": (1, "the field title: stands beside NEAR", "title:(a NEAR b)"),
    "a NEAR title:b": (8, "the field title: stands beside NEAR", "title:(a NEAR b)"),
    "a NEAR (b OR title:c)": (8, "the field title: cannot stand beside NEAR", "each pair"),
    "(a lang:en) NEAR b": (1, "an AND cannot stand beside NEAR", "each pair"),
    "(a b) NEAR c": (1, "an AND cannot stand beside NEAR", "each pair"),
    "a ONEAR (b OR -c)": (9, "a NOT cannot stand beside ONEAR", "each pair"),
    "a NEAR ATLEAST/2(b)": (8, "ATLEAST cannot stand beside NEAR", "each pair"),
    "a NEAR lang:en": (8, "the field lang: stands beside NEAR", "lang:(a NEAR b)"),
    "ATLEAST/0(a)": (1, "ATLEAST/0 always holds", "ATLEAST/2"),
    "ATLEAST/2(a b)": (1, "ATLEAST/2 counts terms", "outside"),
    "ATLEAST/2(a NEAR b)": (1, "ATLEAST/2 counts terms", "outside"),
    "ATLEAST/2(lang:en)": (1, "ATLEAST/2 counts terms", "outside"),
    "ATLEAST/2(title:a)": (1, "the field title: stands inside ATLEAST/2", "title:ATLEAST/2(a OR b)"),
    "ATLEAST/2(a OR body:b)": (1, "the field body: stands inside ATLEAST/2", "body:ATLEAST/2(a OR b)"),
    "ATLEAST/(a)": (9, "expected a whole number after ATLEAST/, found nothing", "ATLEAST/5"),
    "start/0:a": (1, "start/0 holds no word", "start/50"),
    "/a(?=b)/": (1, "look-ahead and look-behind cannot be had", "AND, NOT or NEAR"),
    r"/(a)\1/": (1, "back-references cannot be had", "write the alternatives out"),
    "/(/": (1, "it is no regular expression", "quotes"),
    "/abc/s": (1, "at least 4 plain characters", "without s"),
    "/a/x": (4, "has the flags i and s, found 'x'", "case-blind"),
    "/a/ii": (4, "has the flags i and s, found 'ii'", "case-blind"),
    "talk*~": (1, "talk*~ has a wildcard and ~", "bare word"),
    "~": (1, "holds no letter or digit", "remove"),
    "a" + " NEAR/2 b" * 51: (453, "more than 50 NEAR stand in one row", "AND"),
    "(" * 51 + "a": (51, "brackets nest deeper than 50", "split"),
}


@pytest.mark.parametrize(("query", "expected"), ERRORS.items(), ids=[key[:20] for key in ERRORS])
def test_an_error_says_where_what_and_how_to_mend_it(query: str, expected: tuple[int, str, str]) -> None:
    """Every error has a column, a sentence with what was expected, and one remedy."""
    column, message, hint = expected
    with pytest.raises(QueryError) as caught:
        parse(query, ENTITIES)
    assert caught.value.column == column
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.query == query


def test_terms_keep_how_they_were_written() -> None:
    """Hits show the user's own spelling; it takes no part in equality."""
    tree = parse('"Les  Talibans"')
    assert isinstance(tree, Term)
    assert tree.written == "Les Talibans"
    assert tree == parse('"les talibans"')


def test_entities_are_checked_only_where_they_are_known() -> None:
    """Without a list of names any entity parses, so that a query can be read for itself."""
    assert parse("@whatever") == EntityTerm("whatever")
    with pytest.raises(QueryError, match="no entity"):
        parse("@whatever", ())


@pytest.mark.parametrize(
    ("query", "kinds"),
    [("a b OR c", (Or, And, Term, Term, Term)), ("{A} @who", (And, Exact, EntityTerm))],
)
def test_the_tree_is_made_of_typed_nodes(query: str, kinds: tuple[type, ...]) -> None:
    """Each node has the type of what it stands for, AND and OR being flat."""

    def walk(node: Node) -> list[type]:
        children = node.children if isinstance(node, And | Or) else ()
        return [type(node), *(kind for child in children for kind in walk(child))]

    assert tuple(walk(parse(query))) == kinds


LISTED = {
    "doha": "doha",
    "doha round": '"doha round"',
    '"doha round"': '"doha round"',
    '"doha round"~2': '"doha round"~2',
    "@taliban": "@taliban",
    "{TTP}": "{TTP}",
    "title:sport": "title:sport",
    "title:white house": 'title:"white house"',
    "tag:sport": "tag:sport",
    "author:Jane Doe": 'author:"jane doe"',
    "and or": '"and or"',
}


@pytest.mark.parametrize(("text", "expected"), LISTED.items(), ids=LISTED.keys())
def test_a_string_in_a_list_is_one_term(text: str, expected: str) -> None:
    """One word is a term, several are a phrase, a field may stand before."""
    assert print_query(parse_term(text, ENTITIES)) == expected


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a OR b", 3), ("-a", 1), ("(a)", 1), ("a NEAR/2 b", 3), ("a & b", 3), ("@who b", 1),
        ('a "b c"', 3), ("", 1), ("title:", 7), ("@nobody", 1), ("title:body:x", 7), ("...", 1),
    ],
)  # fmt: skip
def test_a_list_holds_terms_only(text: str, column: int) -> None:
    """Operators, brackets, a leading minus and mixed terms in a list string are errors with a column."""
    with pytest.raises(QueryError) as caught:
        parse_term(text, ENTITIES)
    assert caught.value.column == column
    assert caught.value.hint


def test_the_scope_of_a_list_yields_to_a_term_of_its_own_field() -> None:
    """`scope` is the field of strings that name none."""
    assert print_query(parse_term("a", (), "title")) == "title:a"
    assert print_query(parse_term("body:a", (), "title")) == "body:a"
    assert print_query(parse_term("tag:a", (), "title")) == "tag:a"


@given(nodes)
def test_parsing_the_normal_form_gives_the_same_tree(tree: Node) -> None:
    """parse(print(tree)) == tree, for every tree that asks for a term."""
    assume(needs_a_term(tree))
    assert parse(print_query(tree), ENTITIES) == tree


_pieces = st.lists(
    st.sampled_from(
        ["a", "b ", " ", "(", ")", '"', "“", "{", "}", "@who", "@", "title:", "lang:", "start/", "AND ",
         "OR ", "NOT ", "NEAR/2 ", "NEAR ", "ONEAR/0 ", "lead:", "/s", "/a./",
         "ATLEAST/2", "-", "|", "&", "/", "~", "2", "*", "?", ":", "塔",
         "\u0301", "\ud800", "\u200d"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


def outcome(read: Callable[[str, tuple[str, ...]], Node], query: str) -> Node | QueryError:
    """The tree, or the query error; anything else goes through."""
    try:
        return read(query, ENTITIES)
    except QueryError as error:
        return error


@given(st.one_of(st.text(), _pieces), st.sampled_from([parse, parse_term]))
def test_nothing_but_a_query_error_escapes(query: str, read: Callable[[str, tuple[str, ...]], Node]) -> None:
    """Any text parses, or raises a QueryError whose column lies in the query (or just behind it)."""
    found = outcome(read, query)
    if isinstance(found, QueryError):
        assert 1 <= found.column <= len(query) + 1
        assert found.message
        assert found.hint
    else:
        assert parse(print_query(found), ENTITIES) == found


def test_a_very_long_query_is_read() -> None:
    """Length alone is no error: thousands of alternatives make one flat OR."""
    tree = parse(" OR ".join(f"w{n}" for n in range(5000)))
    assert isinstance(tree, Or)
    assert len(tree.children) == 5000
