"""The query language by example: every row of the table, and what is refused."""

from __future__ import annotations

import pytest

from monitor.errors import QueryError
from monitor.model import Document
from monitor.rules.compiling import compile_query
from monitor.rules.parser import parse
from tests.support.reference import articles, judged
from tests.support.worked import ENTITIES, LANGUAGES, ROWS, WORKED

REFUSED = [
    "NOT doha", "-a", "a OR -b", "NOT (a b)", "NOT lang:en", "(NOT a) OR (NOT b)", "NOT feed:x -lang:y",
    "a AND", "a OR", "OR", "a NOT", "()", "(a", "a)", "a AND OR b", "a AND AND b", "a NOT NOT b", "--a",
    "title:body:x", "title:(body:x)", "title:(a lang:en)", "lang:(en a:b)", "foo:bar", "title:a NEAR b",
    "a NEAR title:b", "a NEAR NOT b", "a NEAR (b c)", "a NEAR ATLEAST/2(b)", "a NEAR (b -c)",
    "a NEAR lang:en",
    "NEAR", "a NEAR", "a NEAR/x b", "a NEAR/ b", "a NEAR/-1 b", "ATLEAST/2 x", "ATLEAST/0(x)", "ATLEAST/x(a)",
    "ATLEAST/2(a b)", "ATLEAST/2(a NEAR b)", "ATLEAST/2(NOT a)", "ATLEAST/2(title:a)", "ATLEAST/2()",
    "start/x:y", "start/0:y", "start/:y", '""', "{}", "...", '"..."', "{+}", "-", "a - b", "@", "@nobody",
    '"a', "{a", "a}", "*", "?", '"a *"', "talk*~", "~", "/a", "/(/", "/abc/s", "/a/x", "/(?=a)/", r"/(a)\1/",
    "", "   ", '"a b"~x', '"a b"~', "lang:{en}", "lang:@x", 'feed:"a"~2', "title:", "title:-a", "lang:",
]  # fmt: skip


def documents(text: str) -> list[Document]:
    """What a row's text stands for."""
    if "|" in text:
        title, summary, body = (part.strip() for part in f"{text}||".split("|")[:3])
        return [Document(title=title, summary=summary, body=body)]
    return [Document(title=text), Document(summary=text), Document(body=text)]


@pytest.mark.parametrize(("query", "text", "marked"), ROWS)
def test_what_holds_and_what_is_marked(query: str, text: str, marked: str | None) -> None:
    """Engine and slow evaluator say what the row says."""
    engine = compile_query(query, ENTITIES, languages=LANGUAGES)
    tree = parse(query, [entity.name for entity in ENTITIES])
    for document in documents(text):
        found = engine.match(document)
        hits = " + ".join(hit.text for hit in found[0].hits) if found else None
        assert hits == marked
        expected = judged(tree, articles(document, ENTITIES, LANGUAGES))
        assert expected == ((found[0].strength, found[0].hits) if found else None)


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_refused(query: str) -> None:
    """A query that is not in the language, or asks for nothing, is a query error."""
    with pytest.raises(QueryError):
        compile_query(query, ENTITIES)


FACTS = Document(
    title="t", language="en-US", feed="lemonde-une", tags=("FR", "general"), categories=("World News",),
    source="lemonde.fr", authors=("Jane Doe", "A. N. Other"), url="https://www.lemonde.fr/Une/a.html",
)  # fmt: skip

ABOUT_FACTS = [
    ("lang:en", True), ("lang:EN-us", True), ("lang:fr", False), ("lang:e*", True), ("lang:en_US", True),
    ("t -lang:fr", True), ("t -lang:en", False), ("feed:lemonde-une", True),
    ("feed:LeMonde-*", True), ("feed:lemonde", False), ("tag:fr", True), ("tag:g*", True),
    ("tag:sport", False), ("tag:world*", False), ('category:"world news"', True), ("category:world", False),
    ("category:fr", False), ("source:lemonde.fr", True), ("source:*.fr", True), ("source:monde.fr", False),
    ('author:"jane doe"', True), ('author:"a. n. other"', True), ("author:jane*", True),
    ("author:doe", False),
    ("url:*/une/*", True), ("url:https://www.lemonde.fr/*", True), ("url:lemonde", False),
    ("t feed:(x OR lemonde-une)", True), ("feed:l?monde-une", True), ("feed:*", True), ("x feed:*", False),
    ("tag:fr tag:general", True), ("tag:(fr -general)", False), ("lang:en OR x", True),
]  # fmt: skip


@pytest.mark.parametrize(("query", "holds"), ABOUT_FACTS)
def test_document_fields_are_equal_or_glob(query: str, holds: bool) -> None:
    """Facts are compared whole, case-blind, with wildcards; they leave no hits."""
    found = compile_query(query, ENTITIES).match(FACTS)
    assert bool(found) is holds
    assert all(hit.term == "t" for match in found for hit in match.hits)


@pytest.mark.parametrize(
    ("language", "query", "holds"),
    [
        (None, "t lang:en", True), (None, "t NOT lang:en", False), ("en", "t NOT lang:fr", True),
        ("fr-CA", "t lang:fr", True), ("fr-CA", "t lang:fr-FR", False), ("frr", "t lang:fr", False),
        ("fr", "@lang", True), ("fr-BE", "@lang", True), (None, "@lang", True), ("en", "@lang", False),
        ("fr", "@who", True), ("es-MX", "@who", True), (None, "@who", True), ("en", "@who", False),
    ],
)  # fmt: skip
def test_languages_choose_articles_and_aliases(language: str | None, query: str, holds: bool) -> None:
    """An unknown language passes, and never satisfies NOT; an alias may be bound to languages."""
    document = Document(title="t: la Manche, OMS health", language=language)
    assert bool(compile_query(query, ENTITIES, languages=LANGUAGES).match(document)) is holds


def test_the_table_is_long_enough() -> None:
    """More than two hundred cases beside the worked ones."""
    assert len(ROWS) - len(WORKED) > 200
