"""Why a rule holds or does not: each node's truth, and the first part that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.model import Document, Strength
from monitor.rules.compiling import compile_query, compile_rules
from monitor.rules.explain import Explained, NodeVerdict, explain
from monitor.rules.printer import print_query
from monitor.rules.tree import needs_a_term
from monitor.settings import EntityConfig, RuleConfig
from tests.support.trees import ENTITIES, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Hit
    from monitor.rules.engine import CompiledRule, Engine
    from monitor.rules.tree import Node

ENTITY_CONFIGS = (
    EntityConfig("taliban", ("taliban", "talibans")),
    EntityConfig("doha", ("Doha",), ("Doha Round",)),
    EntityConfig("who", ("{WHO}", "OMS:fr")),
    EntityConfig("jordan", ("Jordan",), context={"require_any": ["Amman", "king"], "near": 3}),
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
    ("@doha", "@doha", "“Doha” is in the title, but inside “Doha Round”, which not_in of @doha names"),
    ("@who", "@who", "none of its 2 names is in title, summary, body"),
    ("summary:@taliban", "summary:@taliban", "but not in summary: it stands in the title"),
    ("summary:@who", "summary:@who", "none of its 2 names is in summary"),
    ("start/2:deal", "start/2:deal", "after the first 2 words of the body: it is word 3"),
    ("start/2:qatar", "start/2:qatar", "not in the first 2 words of the body: it stands in the summary"),
    ("lead:kabul", "lead:kabul", "not in title, summary, first 60 words of the body"),
    ("talibans NEAR/1 round", "talibans NEAR/1 round", "“Round” is 2 words away from “talibans”, NEAR/1"),
    (
        "round NEAR/1 @taliban",
        "round NEAR/1 @taliban",
        "in the title “talibans” is 2 words away from “Round”",
    ),
    ("(us OR x) NEAR/0 (qatar OR y)", "(us OR x) NEAR/0 (qatar OR y)", "“Qatar” is 2 words away from “US”"),
    ("qatar ONEAR/5 us", "qatar ONEAR/5 us", "“Qatar” stands after “US”: ONEAR/5 asks for the other order"),
    (
        "qatar NEAR talibans",
        "qatar NEAR/5 talibans",
        "in different fields: “Qatar” in the summary, “talibans”",
    ),
    ("qatar NEAR kabul", "qatar NEAR/5 kabul", "kabul: not in title, summary, body"),
    ("(x OR b) NEAR qatar", "(x OR b) NEAR/5 qatar", "x OR b: none of its 2 alternatives is there"),
    ("peace NEAR peace", "peace NEAR/5 peace", "it stands there once, and NEAR/5 asks for two places"),
    ("(a NEAR/0 peace) NEAR/1 on", "a NEAR/0 peace NEAR/1 on", "“on” is 4 words away from “A peace”"),
    ("ATLEAST/3(qatar OR peace)", "ATLEAST/3(qatar OR peace)", "found 2 of the 3 asked for"),
    ("title:ATLEAST/2(doha)", "title:ATLEAST/2(doha)", "found 1 of the 2 asked for in title"),
    (
        "/qat[aeiou]r/",
        "/qat[aeiou]r/",
        "not in title, summary, body; “Qatar” is, which the flag i would take",
    ),
    ("/kab.l/", "/kab.l/", "no word in title, summary, body is matched by it"),
    ("/peace treaty/s", "/peace treaty/s", "not found in title, summary, body"),
    ("title:/pea.e/", "title:/pea.e/", "in the article, but not in title: it stands in the body"),
    ("kabul~", "kabul~", "none of its forms is in title, summary, body: kabul"),
    ('"envoys us"~1', '"envoys us"~1', "not as this phrase with 1 word between in title, summary, body"),
    ('"peace talks"', '"peace talks"', '; “peace deal; the talks” is there, which "…"~2 would take'),
    ('"met qatar"~1', '"met qatar"~1', '; “met US envoys in Qatar” is there, which "…"~3 would take'),
    ('"who talks"', '"who talks"', "not as this phrase in title, summary, body"),
    ("@jordan", "@jordan", "its name is not in title, summary, body"),
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


# Articles in which an entity's name stands and does not count, and what is said of it.
DISCOUNTED = [
    (
        Document(title="Jordan scores again"),
        "@jordan",
        "its context asks for one of Amman, king within 3 words of it; there is none in this field",
    ),
    (
        Document(body="Jordan was, as so often, far from any king."),
        "@jordan",
        "one of Amman, king within 3 words of it; the nearest, “king”, is 7 words away",
    ),
    (
        Document(body="OMS is a mountain here.", language="en"),
        "@who",
        "“OMS” is in the body, but counts only in fr: this article is in en",
    ),
    (
        Document(title="LOOK WHO IS TALKING"),
        "@who",
        "“WHO” is in the title, in a text all in capitals, where it may be a common word",
    ),
    (
        Document(title="Talibani trucks"),
        "@taliban",
        "none of its 2 names is in title, summary, body; “talibani” is, which is no name of it",
    ),
]


@pytest.mark.parametrize(("document", "query", "why"), DISCOUNTED, ids=[d[2][:40] for d in DISCOUNTED])
def test_a_name_that_does_not_count_says_why(document: Document, query: str, why: str) -> None:
    """What the entity asks for beside its name, and what came nearest."""
    engine, _ = compile_rules([RuleConfig("r", query)], ENTITY_CONFIGS, languages=["en", "fr"])
    failed = explain(engine.rules["r"], document, engine).failed
    assert failed is not None
    assert why in failed.why


def test_a_near_and_a_count_show_the_places_of_their_parts() -> None:
    """Both are one line, with all hits that make them hold."""
    one = explained(RuleConfig("r", query="talibans NEAR/5 round AND ATLEAST/2(qatar OR peace)"))
    assert one.wish is not None
    assert [(c.kind, c.holds, [h.text for h in c.hits]) for c in one.wish.children] == [
        ("near", True, ["talibans", "Round"]),
        ("count", True, ["Qatar", "peace"]),
    ]


def test_a_repeated_summary_is_said_to_count_once() -> None:
    """Where the count of a reader and that of the rule differ, the reason is told."""
    document = Document(summary="Peace in Doha.", body="Peace in Doha. They met.")
    failed = explained(RuleConfig("r", query="ATLEAST/2(peace)"), document).failed
    assert failed is not None
    assert failed.why == (
        "found 1 of the 2 asked for (the summary stands in the body too, and is counted once)"
    )


def test_a_weak_match_says_what_rests_on_unconfirmed_lines() -> None:
    """The part that fails without them is named; the tree shows the whole text."""
    document = Document(title="Doha", body="Talks.\nRead also: Kabul", unconfirmed=((7, 23),))
    one = explained(RuleConfig("r", query="doha AND kabul"), document)
    assert (one.holds, one.strength, one.failed) == (True, Strength.WEAK, None)
    assert one.weak == "kabul: not in title, summary, body"
    assert one.wish is not None
    assert one.wish.holds


def test_a_strong_match_is_not_explained_by_unconfirmed_lines() -> None:
    """A NOT that only an unconfirmed line breaks does not make the tree say no."""
    document = Document(title="Doha", body="Talks.\nRead also: Kabul", unconfirmed=((7, 23),))
    one = explained(RuleConfig("r", query="doha AND NOT kabul"), document)
    assert (one.holds, one.strength, one.weak) == (True, Strength.STRONG, "")
    assert one.wish is not None
    assert one.wish.holds
    assert one.failed is None


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
