"""Line numbers from tomllib alone: the bisection must agree with the plain search, and with the eye."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.lines import Lines, holds, parse, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.words import KeyPath

DOCUMENT = '''\
# a comment first
title = "x"
"quoted key" = 1
dotted.inner.deep = [1, 2]
dotted.other = """
[feeds]
not = "a table"
"""

[monitor]   # a header with a comment
database = "tocsin.db"
languages = [
  "fr",     # [monitor]
  "en",

  "de",
]

[[feeds]]
url = "https://one.example"
tags = ["a"]

  [[feeds]]
  # nothing but a comment
  url = "https://two.example"
  auth = { user = "u", password = { env = "X" } }

[feeds.headers]
"X-Key" = "k"

[[rules]]
name = "a"
query = \'\'\'
[[rules]]
  # not a comment
doha # \'\'\'
[[rules.tests]]
match = "m"
[[rules.tests]]
no_match = """n"""

[channels.desk]
near = [
  [
    1],
  [2],
  { a = ["x"], b = "]" },
]
[channels."a.b"]
type = 'file'
[[rules]]
name = "b"
[[rules.tests]]
match = "later"
'''


def paths_of(data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path in the data, tables and elements included."""
    if path:
        yield path
    pairs: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        yield from paths_of(value, (*path, key))


def statement_by_plain_search(text: str, path: KeyPath) -> tuple[int, int]:
    """First and last line of the statement that brings `path`: every prefix is tried, one after the other."""
    lines = text.split("\n")
    first = 0
    for end in range(1, len(lines) + 1):
        data = parse(lines[:end])
        if data is None:
            continue
        if holds(data, path):
            return first + 1, end
        first = end
    raise AssertionError(path)


@pytest.mark.parametrize("path", list(paths_of(tomllib.loads(DOCUMENT))), ids=repr)
def test_the_fast_search_equals_the_plain_one(path: KeyPath) -> None:
    """On every path of an awkward document both find the same statement."""
    first, last = statement_by_plain_search(DOCUMENT, path)
    found_first, found_last = Lines(DOCUMENT).statement(path)
    assert first <= found_first <= found_last == last
    if not any(isinstance(part, int) for part in path[1:]) or first == last:
        assert found_first == first


values = st.sampled_from(
    ["1", '"x"', "[\n1,\n2,\n]", "'''\n[t]\n'''", '"""\nk = 1\n"""', "{ a = 1 }", "[ # c\n[1],\n]"]
)
statements = st.tuples(st.sampled_from("abcd"), values).map(lambda pair: f"{pair[0]} = {pair[1]}")
headers = st.sampled_from(["[t]", "[[l]]", "[t.u]", "[[l.m]]", "[l.n]", "# [c]", ""])


@settings(deadline=None)  # the plain search is slow by nature
@given(st.lists(st.one_of(statements, headers), max_size=12).map("\n".join))
def test_the_fast_search_equals_the_plain_one_anywhere(text: str) -> None:
    """The same for any mixture of headers and statements that is TOML."""
    data = parse(text.split("\n"))
    for path in paths_of(data or {}):
        first, last = statement_by_plain_search(text, path)
        found_first, found_last = Lines(text).statement(path)
        assert (found_last, first <= found_first) == (last, True)
        if not any(isinstance(part, int) for part in path):
            assert found_first == first


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("dotted", "inner", "deep", 1), 4),
        (("dotted", "other"), 5),
        (("monitor",), 10),
        (("monitor", "languages"), 12),
        (("monitor", "languages", 0), 13),
        (("monitor", "languages", 2), 16),
        (("feeds",), 19),
        (("feeds", 1), 23),
        (("feeds", 1, "auth", "password", "env"), 26),
        (("feeds", 1, "headers"), 28),
        (("rules", 0, "query"), 33),
        (("rules", 0, "tests", 1), 39),
        (("rules", 1, "tests", 0, "match"), 54),
        (("channels", "desk", "near", 0), 45),
        (("channels", "desk", "near", 2, "b"), 47),
        (("channels", "a.b", "type"), 50),
        (("feeds", 1, "missing"), 23),
        (("feeds", 7), 19),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_a_path_stands_where_the_eye_sees_it(path: KeyPath, line: int) -> None:
    """Keys, headers and elements of long lists; a missing key points at its table."""
    assert Lines(DOCUMENT).line_of(path) == line


def test_a_text_that_is_not_toml_has_one_line() -> None:
    """Nothing but line 1 can be said where nothing parses."""
    assert Lines("a = [\n").line_of(("a",)) == 1


@pytest.mark.parametrize(
    ("text", "path", "column", "place"),
    [
        ("q = 'doha AND'", ("q",), 6, (1, 11)),
        ('q = "doha AND"', ("q",), 1, (1, 6)),
        ('q = "a \\"b\\" AND"', ("q",), 7, (1, 14)),
        ('q = "\\u00e9 x"', ("q",), 3, (1, 13)),
        ("[[rules]]\nq = '''\n  a AND\n  (b\n'''", ("rules", 0, "q"), 9, (4, 1)),
        ("[[rules]]\nq = '''\n  a AND\n  (b\n'''", ("rules", 0, "q"), 11, (4, 3)),
        ("q = '''a\nb'''", ("q",), 3, (2, 1)),
        ('q = """\na \\\n   b"""', ("q",), 3, (3, 4)),
        ('any = ["x", "y", "x"] # "x"', ("any", 2), 1, (1, 19)),
        ("any = [\n  'x', # 'y'\n  'y y',\n]", ("any", 1), 3, (3, 6)),
        ('tests = [{ match = "m" }, { match = "n" }]', ("tests", 1, "match"), 1, (1, 38)),
        ("q = 'doha'", ("q",), 5, (1, 10)),
        ("q = 'doha'", ("q",), 99, (1, 10)),
        ("q = 1", ("q",), 1, (1, None)),
        ("q = 'Ёж и'", ("q",), 4, (1, 9)),
        ("q = '''a\r\nb'''", ("q",), 3, (2, 1)),
    ],
)
def test_a_character_of_a_text_is_found_in_the_file(
    text: str, path: KeyPath, column: int, place: tuple[int, int | None]
) -> None:
    """Through quotes, escapes, several lines and lists; the end of the text is a place too."""
    assert place_of(text, path, column) == place
