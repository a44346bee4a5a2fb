"""Hostile texts and hostile queries: all are ordinary, and end."""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.model import Document
from monitor.rules.compiling import compile_query, compile_rules
from monitor.rules.hits import MOST_HITS
from monitor.rules.parser import parse, parse_term
from monitor.rules.printer import print_query
from monitor.settings import EntityConfig, RuleConfig
from tests.support.articles import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1_000_000
ENTITIES = (
    EntityConfig(
        "paris", ("Paris", "Paris Hilton Foundation", "PAR"), ("Paris Hilton", "Paris, Texas"),
        {"require_any": ["mayor", "x"], "near": 60, "unless": "nothing here"},
    ),
    EntityConfig("who", ("WHO", "{WHO}", "US"), (), {"require_any": ["health"]}),
    EntityConfig("doha", ("Doha", "الدوحة"), ("Doha Round",)),
)  # fmt: skip
QUERIES = (
    "x NEAR/10 y", "x NEAR/5 y NEAR/5 x", "x ONEAR/3 (x OR y)", 'ATLEAST/50(x OR "x y" OR y)', "@paris",
    "@paris NEAR/10 @doha", "@who", '"x y x"~6', '"paris hilton"~5', "a*a*a*b OR *x*", "{x y} OR {C++}",
    "/(a+)+b/", "/aaaa.*b/s", "/(?:a?){50}aaaaa+/s", "lead:(x NEAR y)", "paris~ talk~", "塔利班 NEAR/5 班",
    "{é} OR e*", '"the of a" OR doha', "x NEAR/999999 y", "x NOT (x NEAR/0 zz)",
    " OR ".join(f"w{n}x" for n in range(2000)), " OR ".join(f'"x w{n}"~3' for n in range(500)),
)  # fmt: skip


def filled(make: Callable[[random.Random], str], size: int) -> str:
    """Words to a length in characters."""
    rng = random.Random(1)
    out: list[str] = []
    length = 0
    while length < size:
        out.append(make(rng))
        length += len(out[-1]) + 1
    return " ".join(out)[:size]


def normal(size: int) -> str:
    """Sentences of all languages."""
    sentences = [sentence for own in SENTENCES.values() for sentence in own]
    return filled(lambda rng: rng.choice(sentences), size)


TEXTS: dict[str, Callable[[int], str]] = {
    "one token": lambda size: "a" * size,
    "one long mixed token": lambda size: filled(lambda rng: rng.choice("abcdefé"), 2 * size).replace(" ", ""),
    "zalgo": lambda size: ("e" + "\u0301" * 500) * (size // 501),
    "zalgo words": lambda size: filled(lambda rng: "e" + "\u0301" * rng.randint(1, 80), size),
    "distinct tokens": lambda size: " ".join(f"t{n}" for n in range(size // 7)),
    "no space": lambda size: filled(lambda rng: rng.choice(["x", "y", "Paris"]), size).replace(" ", ","),
    "lone surrogates": lambda size: "\ud800" * size,
    "words with surrogates": lambda size: "x\ud800y Paris " * (size // 10),
    "NUL": lambda size: "x\0y\0" * (size // 4),
    "bidi marks": lambda size: "\u202ex\u202c \u200fParis\u200e y " * (size // 14),
    "x y": lambda size: "x y " * (size // 4),
    "x then y": lambda size: "x " * (size // 4) + "y " * (size // 4),
    "one entity in company": lambda size: "Paris mayor " * (size // 12),
    "one entity masked": lambda size: "Paris Hilton " * (size // 13),
    "shouted acronyms": lambda size: "PARIS WHO US " * (size // 13),
    "Han": lambda size: "塔利班" * (size // 3),
    "Thai": lambda size: "ตาลีบัน" * (size // 7),
    "white space": lambda size: " \n" * (size // 2),
    "dots": lambda size: "." * size,
    "halves": lambda size: "½" * size,
    "ligatures": lambda size: "\ufdfa" * (size // 10),
    "names with signs": lambda size: "C+" * (size // 2),
}


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS.keys())
def test_a_hostile_text_is_judged_like_any_other(make: Callable[[int], str]) -> None:
    """Forty thousand characters of anything are read, in each field, and hits point into them."""
    text = make(40_000)
    engine, problems = compile_rules(
        [RuleConfig(str(n), query) for n, query in enumerate(QUERIES)], ENTITIES, languages=("en",)
    )
    assert not problems
    for match in engine.match(Document(title=text[:500], body=text)):
        assert all(
            hit.text == (text[:500] if hit.field == "title" else text)[hit.start : hit.end]
            for hit in match.hits
        )


@pytest.mark.parametrize(
    ("query", "text", "hits"),
    [
        ("x NEAR/0 y", "x y " * 25_000, MOST_HITS),
        ("x NEAR/0 y NEAR/0 x", "x y " * 10_000, MOST_HITS),
        ("x NEAR/0 y", "x " * 50_000 + "y " * 50_000, 2),
        ("ATLEAST/50000(x)", "x " * 50_000, MOST_HITS),
        ("x NEAR/0 y", "x y " * 499, 998),
        ("x OR y", "x " * 999 + "z " * 5_000 + "y y", MOST_HITS),
        ("x OR y", "x " * 998 + "z " * 5_000 + "y", 999),
        ("ATLEAST/50001(x)", "x " * 50_000, None),
        ('ATLEAST/25001("x x")', "x " * 50_000, None),
        ("@paris", "Paris mayor " * 50_000, MOST_HITS),
        ("@paris", "Paris Hilton mayor " * 50_000, None),
        ("@paris", "Paris " * 50_000, None),
        ("@doha", "Doha," * 50_000, MOST_HITS),
        ('"x y"~999999', "x " + "z " * 100_000 + "y", 1),
        ("x NEAR/999999 y", "x " + "z " * 100_000 + "y", 2),
        ("t99999", " ".join(f"t{n}" for n in range(100_000)), 1),
        ("a", "a" * MEGABYTE, None),
        ("a*", "a" * MEGABYTE, 1),
        ("a*a*a*a*a*b", "a" * 10_000, None),
        ("/(a+)+/", "a" * MEGABYTE, 1),
        ("/(a+)+b/", "a" * MEGABYTE, None),
        ("{é}", "e\u0301\u00ad " * 10_000, MOST_HITS),
        ("塔利班", "塔利班" * 10_000, MOST_HITS),
        ("{½}", "½" * 10_000, None),
        ("1", "½ " * 10_000, MOST_HITS),
        ("x {y}", "x\0y\ud800", 2),
    ],
)
def test_a_hostile_text_is_judged_rightly(query: str, text: str, hits: int | None) -> None:
    """Near misses among many words are judged exactly; the first thousand hits are shown."""
    found = compile_query(query, ENTITIES).match(Document(body=text))
    assert (len(found[0].hits) if found else None) == hits


HOSTILE_QUERIES: dict[str, tuple[str, bool]] = {
    "10,000 brackets": ("(" * 10_000 + "a" + ")" * 10_000, False),
    "10,000 brackets to nowhere": ("(" * 10_000, False),
    "50 brackets of everything": ("(a OR b -(" * 24 + "a" + "))" * 24, True),
    "50,000 words": ("a " * 50_000, True),
    "1 MB word": ("a" * MEGABYTE, True),
    "1 MB of quotes": ('"' * MEGABYTE, False),
    "1 MB of stars": ("*" * MEGABYTE, False),
    "1 MB of stars and a letter": ("a" + "*" * MEGABYTE, True),
    "1 MB of minus": ("-" * MEGABYTE, False),
    "phrase of 50,000 words": ('"' + "a " * 50_000 + '"', True),
    "exact of 50,000 words": ("{" + "a " * 50_000 + "}", True),
    "1 MB of fields": ("title:" * 160_000, False),
    "1 MB regex": ("/" + "a" * MEGABYTE + "/", False),
    "slow for others": ("/(a+)+$/", True),
    "unfolds": ("/((a{100}){100}){100}/", False),
    "5,000 alternatives": (" OR ".join(f"w{n}" for n in range(5_000)), True),
    "5,000 alternatives beside NEAR": ("(" + " OR ".join(f"w{n}" for n in range(5_000)) + ") NEAR/3 x", True),
    "5,000 in a row": (" NEAR ".join(["x"] * 5_000), False),
    "a row in a row": ("(" + " NEAR ".join(["x"] * 40) + ") NEAR " + " NEAR ".join(["y"] * 40), False),
    "5,000 counted": ("ATLEAST/3(" + " OR ".join(f"w{n}" for n in range(5_000)) + ")", True),
    "5,000 negated": ("x " + " ".join(f"-w{n}" for n in range(5_000)), True),
    "endless number": ("a NEAR/" + "9" * 100_000 + " b", False),
    "endless slop": ('"a b"~' + "9" * 100_000, False),
    "lone surrogates": ("\ud800a {\udfff} /\ud800/", False),
    "NUL": ("a\0b", True),
    "bidi": ("\u202ea\u202c OR \u200eb", True),
    "zalgo": ("e" + "\u0301" * 100_000, True),
    "field chain": ("title:" * 1_000 + "a", False),
}


@pytest.mark.parametrize(("query", "lawful"), HOSTILE_QUERIES.values(), ids=HOSTILE_QUERIES.keys())
def test_a_hostile_query_is_used_or_refused(query: str, lawful: bool) -> None:
    """Nothing but a query error is raised; what is taken can be printed, read again, and judged."""
    if not lawful:
        with pytest.raises(QueryError) as caught:
            compile_query(query, ENTITIES)
        assert 1 <= caught.value.column <= len(query) + 1
        return
    engine = compile_query(query, ENTITIES)
    engine.match(Document(title="a x w4999 y", body="a b x y " * 100))
    tree = parse(query)
    assert parse(print_query(tree)) == tree


_SCRAPS = (
    "a", "b ", " ", "(", ")", '"', "“", "{", "}", "@who", "@", "title:", "lang:", "start/3:", " AND ", " OR ",
    " NOT ", " NEAR/2 ", " ONEAR ", "ATLEAST/2(", "-", "|", "&", "/", "~", "2", "*", "?", ":", "塔", "\u0301",
    "\ud800", "\u200d", "\0", "½", "[", "]", "\\", "+", ".", "$", "^", "\n", "İ", "ß", "\ufdfa",
    "/aaaa/s", "x*", "{C++}",
)  # fmt: skip
_DOCUMENT = Document(
    title="a b 塔 C++ ½ ß", summary="x [a] \ud800", body="aaaa (who) WHO a/b x\u0301 İ b\n2", language="en"
)


def is_lawful(read: Callable[[str, tuple[str, ...]], object], query: str) -> bool:
    """Whether a query is taken; if not, the error points into it, and anything else goes through."""
    column = 1
    try:
        read(query, ("who", "paris", "doha"))
    except QueryError as error:
        column = error.column
        return False
    finally:
        assert 1 <= column <= len(query) + 1, query
    return True


def fuzz(seed: int, rounds: int) -> int:
    """Random queries, parsed, compiled together and matched; how many of them were lawful."""
    rng = random.Random(seed)
    lawful: list[RuleConfig] = []
    total = 0
    for number in range(rounds):
        length = rng.randint(1, 12)
        if rng.random() < 0.8:
            query = "".join(rng.choices(_SCRAPS, k=length))
        else:
            query = "".join(
                chr(rng.randrange(sys.maxunicode + 1 if rng.random() < 0.3 else 0x250)) for _ in range(length)
            )
        if is_lawful(parse, query):
            lawful.append(RuleConfig(str(number), query))
        is_lawful(parse_term, query)
        if len(lawful) >= 500 or number == rounds - 1:
            engine, problems = compile_rules(lawful, ENTITIES)
            assert not [problem for problem in problems if problem.level == "error"]
            engine.match(_DOCUMENT)
            total += len(lawful)
            lawful = []
    return total


def test_random_queries_raise_nothing_but_query_errors() -> None:
    """Twenty thousand random strings parse or are refused; what parses compiles and matches."""
    assert fuzz(1, 20_000) > 2_000


@pytest.mark.prove
def test_a_million_random_queries_raise_nothing_but_query_errors() -> None:
    """The same for a million strings."""
    print(f"\n{fuzz(2, 1_000_000):,} of 1,000,000 random strings were queries, the rest refused")  # noqa: T201


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_judged(title: str, body: str) -> None:
    """No text makes the engine stumble."""
    engine, _ = compile_rules([RuleConfig(str(n), query) for n, query in enumerate(QUERIES[:20])], ENTITIES)
    for match in engine.match(Document(title=title, body=body)):
        assert match.hits


def cpu_seconds(text: str) -> float:
    """What a text costs engines that have not seen it: the least of three."""
    costs = []
    for _ in range(3):
        engine, _ = compile_rules([RuleConfig(str(n), q) for n, q in enumerate(QUERIES)], ENTITIES)
        engine.match(Document(body=normal(5_000)))
        start = time.process_time()
        engine.match(Document(body=text))
        costs.append(time.process_time() - start)
    return min(costs)


@pytest.mark.prove
def test_no_text_costs_twenty_times_a_normal_one() -> None:
    """Per character, in CPU time, with all hostile rules loaded; prints the table."""
    size = 200_000
    usual = cpu_seconds(normal(size)) / size
    print(f"\nnormal text: {usual * 1e6:.2f} us a character")  # noqa: T201
    ratios = {}
    for name, make in TEXTS.items():
        text = make(size)
        ratios[name] = cpu_seconds(text) / max(1, len(text)) / usual
        print(f"{name:24} {ratios[name]:6.1f} x")  # noqa: T201
    assert {name: ratio for name, ratio in ratios.items() if ratio > 20} == {}
