"""Why a rule holds or does not: each node's truth, and the first part that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.model import Document, Strength
from monitor.rules.engine import CompiledRule, Engine, compile_query, compile_rules
from monitor.rules.explain import Explained, NodeVerdict, explain
from monitor.rules.printer import print_query
from monitor.rules.tree import needs_a_term
from monitor.settings import EntityConfig, RuleConfig
from tests.support.trees import ENTITIES, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Hit
    from monitor.rules.tree import Node

ENTITY_CONFIGS = (
    EntityConfig("taliban", ("taliban", "talibans")),
    EntityConfig("doha", ("Doha",), ("Doha Round",)),
    EntityConfig("who", ("{WHO}", "OMS:fr")),
)
ARTICLE = Document(
    title="Les talibans au Doha Round",
    summary="Who met US envoys in Qatar?",
    body="A peace deal; the talks went on.",
    language="fr",
    feed="lemonde",
    tags=("fr", "general"),
    categories=("World",),
    source="lemonde.fr",
    url="https://lemonde.fr/1",
)


def explained(config: RuleConfig, document: Document = ARTICLE) -> Explained:
    """The rule, explained."""
    engine, problems = compile_rules([config], ENTITY_CONFIGS)
    assert [p for p in problems if p.level == "error"] == []
    return explain(engine.rules[config.name], document, engine)


# The query, the first part that fails, and what is said of it.
FAILURES = [
    ("doha AND kabul", "kabul", "not in title, summary, body"),
    ("kabul AND doha", "kabul", "not in title, summary, body"),
    ("doha AND (kabul OR herat)", "kabul OR herat", "none of its 2 alternatives holds"),
    ("doha AND (kabul OR (herat AND doha))", "kabul OR (herat AND doha)", "none of its 2 alternatives"),
    ("title:qatar", "title:qatar", "in the article, but not in title"),
    ("title:kabul", "title:kabul", "not in title"),
    ("taliban", "taliban", "not in title, summary, body; “talibans” is, which taliban* would take"),
    ("tal", "tal", "not in title, summary, body"),
    ('"deal peace"', '"deal peace"', "its words are there, but not as this phrase"),
    ('"peace treaty"', '"peace treaty"', "“treaty” not in the article"),
    ('"war treaty"', '"war treaty"', "“war”, “treaty” not in the article"),
    ("{us}", "{us}", "its words are there, but not spelt exactly so in title, summary, body"),
    ("{Kabul}", "{Kabul}", "not in title, summary, body"),
    ("doha AND NOT qatar", "NOT qatar", "“Qatar” is in the summary"),
    ("doha -@taliban", "NOT @taliban", "“talibans” is in the title"),
    ("doha AND NOT (qatar AND peace)", "NOT (qatar AND peace)", "“Qatar” is in the summary"),
    ("doha AND NOT (kabul OR peace)", "NOT (kabul OR peace)", "“peace” is in the body"),
    ("doha AND NOT feed:lemonde", "NOT feed:lemonde", "feed:lemonde holds"),
    ("@doha", "@doha", "“Doha” is there, but does not count as @doha: see its entity"),
    ("@who", "@who", "none of its 2 names is in title, summary, body"),
    ("title:@taliban AND summary:@taliban", "summary:@taliban", "none of its 2 names is in summary"),
    ("doha AND feed:bbc", "feed:bbc", "the article's feed is lemonde"),
    ("doha AND tag:sport", "tag:sport", "the feed's tags: fr, general"),
    ("doha AND category:sport", "category:sport", "the article's categories: World"),
    ("doha AND author:ann", "author:ann", "the article has no authors"),
    ("doha AND source:bbc.co.uk", "source:bbc.co.uk", "the article's source is lemonde.fr"),
    ("doha AND url:*/2", 'url:"*/2"', "the article's url is https://lemonde.fr/1"),
    ("doha AND lang:en", "lang:en", "the article's language is fr"),
    ("doha AND (lang:en OR lang:de)", "lang:en OR lang:de", "the article's language is fr"),
]


@pytest.mark.parametrize(("query", "text", "why"), FAILURES, ids=[f[0] for f in FAILURES])
def test_the_first_part_that_failed_is_named(query: str, text: str, why: str) -> None:
    """For a no: which part, in normal form, and why, in words."""
    failed = explained(RuleConfig("r", query=query)).failed
    assert failed is not None
    assert failed.text == text
    assert why in failed.why


@pytest.mark.parametrize(
    ("options", "text", "why"),
    [
        ({"feeds": ("bbc", "rfi")}, "feed:bbc OR feed:rfi", "the article's feed is lemonde"),
        ({"tags": ("sport",)}, "tag:sport", "the feed's tags: fr, general"),
        ({"lang": ("en",)}, "lang:en", "the article's language is fr"),
        ({"lang": ("en",), "feeds": ("bbc",)}, "lang:en", "the article's language is fr"),
    ],
)
def test_a_wrong_source_is_named_before_the_text(options: dict[str, Any], text: str, why: str) -> None:
    """What a rule asks of the source comes before what it asks of the text, failing or not."""
    for query in ("qatar", "kabul"):
        one = explained(RuleConfig("r", query=query, **options))
        assert one.wrong_source is not None
        assert one.failed == one.wrong_source
        assert (one.wrong_source.text, one.wrong_source.why) == (text, why)
        assert one.wish is not None
        assert one.wish.holds == (query == "qatar")


def test_a_rule_of_sources_alone_has_no_tree() -> None:
    """A rule that names its feeds only is explained by them."""
    one = explained(RuleConfig("r", feeds=("lemonde",)))
    assert (one.holds, one.wish, one.failed, one.strength) == (True, None, None, Strength.STRONG)
    assert [s.holds for s in one.sources] == [True]


def test_an_unknown_language_is_said_to_pass() -> None:
    """A yes that rests on what is not known says so."""
    one = explained(RuleConfig("r", query="doha", lang=("en",)), Document(title="Doha"))
    assert one.holds
    assert one.sources[0].why == "the article's language is not known, which passes"


def test_each_part_shows_its_places() -> None:
    """The tree has the shape of the query, each term with where it stands."""
    one = explained(RuleConfig("r", query="@taliban AND (kabul OR qatar)"))
    assert one.holds
    assert one.wish is not None
    first, second = one.wish.children
    assert (one.wish.kind, second.kind) == ("all", "any")
    assert [(h.field, h.text, h.entity) for h in first.hits] == [("title", "talibans", "taliban")]
    assert [(c.text, c.holds, [h.text for h in c.hits]) for c in second.children] == [
        ("kabul", False, []),
        ("qatar", True, ["Qatar"]),
    ]


# --- laws ------------------------------------------------------------------------------------------------

_texts = st.lists(
    st.sampled_from(["a", "b", "c", "doha", "Doha Round", "Etats", "Unis", "talks", "color", "WHO", "24"]),
    max_size=6,
).map(" ".join)
documents = st.builds(
    Document,
    title=_texts,
    summary=_texts,
    body=_texts,
    language=st.sampled_from([None, "a", "fr"]),
    feed=st.sampled_from(["a", "b"]),
)


def _engine(tree: Node) -> tuple[CompiledRule, Engine]:
    engine = compile_query(
        print_query(tree), [EntityConfig(name, ("a b", "doha"), ("doha round",)) for name in ENTITIES]
    )
    return engine.rules["query"], engine


def _all(node: NodeVerdict) -> Iterator[NodeVerdict]:
    yield node
    for child in node.children:
        yield from _all(child)


def _hits_of_yes(node: NodeVerdict) -> set[Hit]:
    """The hits of branches that hold, none from under NOT: what a match records."""
    if node.kind == "not" or not node.holds:
        return set()
    return set(node.hits).union(*(_hits_of_yes(child) for child in node.children))


@given(nodes, documents)
def test_the_tree_agrees_with_the_engine(tree: Node, document: Document) -> None:
    """The root's truth is the engine's, its hits are the match's, and each node follows from its children."""
    assume(needs_a_term(tree))
    rule, engine = _engine(tree)
    one = explain(rule, document, engine)
    matches = engine.match(document)
    assert one.wish is not None
    assert one.holds == one.wish.holds == bool(matches)
    assert _hits_of_yes(one.wish) == (set(matches[0].hits) if matches else set())
    for node in _all(one.wish):
        truths = [child.holds for child in node.children]
        if node.kind == "all":
            assert node.holds == all(truths)
        elif node.kind == "any":
            assert node.holds == any(truths)
        elif node.kind == "not":
            assert [not node.holds] == truths
        else:
            assert node.children == ()
            assert node.holds or node.hits == ()
        assert node.holds or node.why


@given(nodes, documents)
def test_the_first_failure_is_a_failure(tree: Node, document: Document) -> None:
    """A rule that holds names no failure; one that does not names a part of it that fails, with a reason."""
    assume(needs_a_term(tree))
    rule, engine = _engine(tree)
    one = explain(rule, document, engine)
    assert one.wish is not None
    if one.holds:
        assert one.failed is None
    else:
        assert one.failed in list(_all(one.wish))
        assert one.failed is not None
        assert not one.failed.holds
