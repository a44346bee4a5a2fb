"""Entities: how alias strings are read, and what is said about wrong ones."""

# ruff: noqa: RUF001 - other scripts have capitals too

from __future__ import annotations

import pytest

from monitor.rules.entities import compile_alias, compile_entities
from monitor.rules.printer import print_query
from monitor.settings import EntityConfig


@pytest.mark.parametrize(
    ("text", "form", "languages"),
    [
        ("Doha", "doha", ()),
        ("Doha Round", '"doha round"', ()),
        ('"Doha Round"', '"doha round"', ()),
        ("al-Qaeda", '"al qaeda"', ()),
        ("{WHO}", "{WHO}", ()),
        ("{WHO}:en", "{WHO}", ("en",)),
        ("OMS:fr|es", "oms", ("fr", "es")),
        ("OMS:pt-BR", "oms", ("pt-br",)),
        ("Mission: Impossible", '"mission impossible"', ()),
        ("Ask.com", '"ask com"', ()),
        ("Yahoo?", "yahoo", ()),
    ],
)
def test_an_alias_is_plain_exact_or_bound_to_languages(
    text: str, form: str, languages: tuple[str, ...]
) -> None:
    """Plain text is a phrase without wildcards; braces are exact; a tail of codes binds it to languages."""
    alias = compile_alias(text)
    assert alias is not None
    assert print_query(alias.form) == form
    assert alias.languages == languages


@pytest.mark.parametrize("text", ["", " ", "...", '"', '""', "{}", "{+}", "-:fr"])
def test_an_alias_without_a_token_is_none(text: str) -> None:
    """Nothing could ever match it."""
    assert compile_alias(text) is None


def test_wrong_aliases_are_reported_and_the_entity_stays() -> None:
    """One bad string does not take the entity away from the rules that use it."""
    entities, problems = compile_entities([EntityConfig("e", ("good", "..."), ("{}",))])
    assert len(entities["e"].aliases) == 1
    assert [(p.entity, p.key, p.level) for p in problems] == [
        ("e", ("aliases", 1), "error"),
        ("e", ("not_in", 0), "error"),
    ]
    assert all(p.hint and p.message.startswith("entity 'e': ") for p in problems)


def test_a_star_in_an_alias_is_a_warning() -> None:
    """Aliases take no wildcards, and whoever writes one is told."""
    entities, (problem,) = compile_entities([EntityConfig("e", ("talib*", "{A*}"))])
    assert (problem.level, problem.key) == ("warning", ("aliases", 0))
    assert len(entities["e"].aliases) == 2


def test_wrong_company_is_reported_with_its_place() -> None:
    """A context is read like aliases are, and its mistakes are told."""
    _, problems = compile_entities(
        [EntityConfig("e", ("a",), context={"require_any": ["b", "..."], "unless": "-", "near": 60})]
    )
    assert [(p.key, p.level) for p in problems] == [
        (("context", "require_any", 1), "error"),
        (("context", "unless", 0), "error"),
    ]


@pytest.mark.parametrize(
    ("alias", "forms"),
    [
        ("OTAN", ["{OTAN}", "{Otan}"]),
        ("G7", ["{G7}", "{G7}"]),
        ("WHO", ["{WHO}"]),
        ("{OTAN}", ["{OTAN}"]),
        ("Otan", ["otan"]),
        ("UNESCO", ["unesco"]),
        ("U.S.", ['"u s"']),
        ("NATO CSTO", ['"nato csto"']),
        ("911", ["911"]),
        ('"NATO"', ["{NATO}", "{Nato}"]),
        ('"WHO"', ["{WHO}"]),
        ("ООН", ["{ООН}", "{Оон}"]),
    ],
)
def test_capitals_hold_as_they_stand_and_capitalised(alias: str, forms: list[str]) -> None:
    """An acronym of up to five letters is exact, and not capitalised where that is a common word."""
    entities, problems = compile_entities([EntityConfig("e", (alias,))], ("en",))
    assert not problems
    assert [print_query(found.form) for found in entities["e"].aliases] == forms
