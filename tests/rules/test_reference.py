"""The engine against the slow evaluator, on trees of every kind of node that Hypothesis finds and shrinks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Document
from monitor.rules.compiling import compile_rules
from monitor.rules.parser import parse
from monitor.rules.printer import print_query
from monitor.rules.tree import Node, needs_a_term
from monitor.settings import EntityConfig, RuleConfig
from tests.support.reference import articles, judged
from tests.support.trees import ENTITIES, nodes

LANGUAGES = ("en",)
ENTITY_CONFIGS = (
    EntityConfig("taliban", ("a", "IT", "TALKS"), ("a b",)),
    EntityConfig("doha", ("Doha", "doha talks"), ("doha c",), {"require_any": ["b", "Doha"], "near": 2}),
    EntityConfig("who", ("{WHO}", "it:fr"), (), {"require_any": ["c"], "unless": "color"}),
)
_texts = st.lists(
    st.sampled_from(
        ["a", "b", "c", "doha", "Doha", "DOHA,", "ÉTATS-unis", "talks", "talk", "color", "24/7", "塔利班",
         "It", "IT", "WHO", "who", "Afghanistan", "½", "C++", "\n"]
    ),
    max_size=9,
).map(" ".join)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Short articles, some with lines that were not confirmed."""
    body = draw(_texts)
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, len(body)))
    return Document(
        title=draw(_texts),
        summary=draw(st.one_of(_texts, st.just(body[:20]))),
        body=body,
        language=draw(st.sampled_from([None, "en", "fr"])),
        unconfirmed=draw(st.sampled_from([(), ((start, end),)])) if start < end else (),
    )


@given(st.lists(nodes.filter(needs_a_term), min_size=1, max_size=4), documents())
def test_the_engine_agrees_with_the_slow_evaluator(rules: list[Node], document: Document) -> None:
    """Anchors, keys, memo and shared places change no verdict, no strength and no hit."""
    queries = [print_query(tree) for tree in rules]
    engine, problems = compile_rules(
        [RuleConfig(str(n), query) for n, query in enumerate(queries)], ENTITY_CONFIGS, languages=LANGUAGES
    )
    assert not [problem for problem in problems if problem.level == "error"]
    found = {match.rule: (match.strength, match.hits) for match in engine.match(document)}
    read = articles(document, ENTITY_CONFIGS, LANGUAGES)
    for number, query in enumerate(queries):
        assert found.get(str(number)) == judged(parse(query, ENTITIES), read), query
