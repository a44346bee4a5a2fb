"""Which channels an alert goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.route import NO_ROUTES, Outcome, RouteFacts, explain_route
from monitor.model import Severity
from monitor.settings import RouteConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

ALL = ("phone", "desk", "screen")
CATCH_ALL = RouteConfig(channels=("desk",))


def route(
    routes: Sequence[RouteConfig],
    channels: Sequence[str],
    facts: RouteFacts,
    allowed: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """The channels an alert goes to."""
    return explain_route(routes, channels, facts, allowed).channels


def facts(**changes: Any) -> RouteFacts:
    """An alert as routes see it."""
    values: dict[str, Any] = {
        "severity": Severity.HIGH,
        "rule": "talks-in-doha",
        "feed": "lemonde-une",
        "tags": ("fr", "general"),
        "lang": "fr",
        "entities": ("taliban", "doha"),
        "kind": "first",
    }
    return RouteFacts(**{**values, **changes})


def to(*channels: str, continues: bool = False, **match: tuple[str, ...]) -> RouteConfig:
    """A route that wants these values."""
    return RouteConfig(match=match, channels=channels, continues=continues)


def test_without_routes_every_channel_gets_it() -> None:
    """No [[routes]]: every alert to every channel, in the order of the configuration."""
    assert route((), ALL, facts()) == ALL


@pytest.mark.parametrize(
    ("key", "values", "holds"),
    [
        ("severity", ("high",), True),
        ("severity", ("low", "high"), True),
        ("severity", ("urgent",), False),
        ("rule", ("talks-in-doha",), True),
        ("rule", ("talks-*",), True),
        ("rule", ("talks",), False),
        ("rule", ("Talks-In-Doha",), True),
        ("feed", ("lemonde-*",), True),
        ("feed", ("lefigaro-*",), False),
        ("tag", ("general",), True),
        ("tag", ("sport",), False),
        ("lang", ("fr",), True),
        ("lang", ("en", "fr"), True),
        ("lang", ("f",), False),
        ("entity", ("doha",), True),
        ("entity", ("@doha",), True),
        ("entity", ("kabul",), False),
        ("kind", ("first",), True),
        ("kind", ("update",), False),
    ],
)
def test_one_key(key: str, values: tuple[str, ...], holds: bool) -> None:
    """A key holds when one of its values is one of the alert's, globs included, whatever the case."""
    routes = (RouteConfig(match={key: values}, channels=("phone",)), CATCH_ALL)
    assert route(routes, ALL, facts()) == (("phone",) if holds else ("desk",))


@pytest.mark.parametrize(
    ("wanted", "lang", "holds"),
    [("en", "en-GB", True), ("en", "eng", False), ("en-gb", "en-GB", True), ("en-GB", "en", False)],
)
def test_a_language_includes_its_regions(wanted: str, lang: str, holds: bool) -> None:
    """`en` also means en-GB, never another language that begins with these letters."""
    assert route((to("phone", lang=(wanted,)), CATCH_ALL), ALL, facts(lang=lang)) == (
        ("phone",) if holds else ("desk",)
    )


@pytest.mark.parametrize(("key", "empty"), [("lang", None), ("tags", ()), ("entities", ())])
def test_what_is_not_known_matches_no_value(key: str, empty: object) -> None:
    """An alert without language, tags or entities fits no route that asks for one, not even `*`."""
    name = {"tags": "tag", "entities": "entity"}.get(key, key)
    routes = (RouteConfig(match={name: ("*",)}, channels=("phone",)), CATCH_ALL)
    assert route(routes, ALL, facts(**{key: empty})) == ("desk",)


def test_keys_are_and() -> None:
    """Every key of a route must hold."""
    routes = (to("phone", severity=("high",), tag=("sport",)), CATCH_ALL)
    assert route(routes, ALL, facts()) == ("desk",)
    assert route(routes, ALL, facts(tags=("sport",))) == ("phone",)


def test_the_first_route_that_matches_wins() -> None:
    """Later routes are not asked unless it continues."""
    assert route((to("phone"), to("screen")), ALL, facts()) == ("phone",)
    assert route((to("phone", continues=True), to("screen"), to("desk")), ALL, facts()) == ("phone", "screen")


def test_a_route_that_continues_and_does_not_match_adds_nothing() -> None:
    """`continue` matters only where the route matched."""
    routes = (to("phone", continues=True, severity=("urgent",)), CATCH_ALL)
    assert route(routes, ALL, facts()) == ("desk",)


def test_a_channel_is_named_once() -> None:
    """Two routes with one channel are one notification."""
    routes = (to("phone", "desk", continues=True), to("desk", "screen", "phone"))
    assert route(routes, ALL, facts()) == ("phone", "desk", "screen")


def test_a_route_without_channels_stores_only() -> None:
    """`channels = []` ends the search with nobody told."""
    assert route((to(severity=("high",)), CATCH_ALL), ALL, facts()) == ()
    assert route((to("phone", severity=("low",)),), ALL, facts()) == ()


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [(None, ("phone", "desk")), (("desk",), ("desk",)), (("screen",), ()), ((), ())],
)
def test_a_rule_may_allow_fewer_channels(allowed: tuple[str, ...] | None, expected: tuple[str, ...]) -> None:
    """`allow_channels` takes away, it never adds."""
    assert route((to("phone", "desk"),), ALL, facts(), allowed) == expected
    assert route((), ("phone", "desk"), facts(), allowed) == expected


def told(*routes: RouteConfig, **changes: Any) -> list[tuple[Outcome, str]]:
    """What each route did, and why."""
    return [(step.outcome, step.why) for step in explain_route(routes, ALL, facts(**changes)).steps]


def test_each_route_says_why_it_took_or_passed() -> None:
    """The first key that does not fit, or all of them that do; and which one ended the search."""
    routes = (
        to("phone", severity=("urgent", "low")),
        to("phone", severity=("high",), tag=("sport",)),
        to("phone", continues=True, severity=("high",), tag=("fr", "sport")),
        to("screen"),
        to("desk"),
    )
    assert told(*routes) == [
        (Outcome.PASSED, "its severity is high, wanted urgent or low"),
        (Outcome.PASSED, "its tag is fr, general, wanted sport"),
        (Outcome.TOOK, "severity high, tag fr or sport"),
        (Outcome.TOOK, "everything"),
        (Outcome.NOT_REACHED, "route 4 took it and does not continue"),
    ]
    assert told(to("phone", lang=("fr",)), lang=None) == [(Outcome.PASSED, "it has no language, wanted fr")]


def test_without_routes_that_is_the_reason() -> None:
    """One step, with every channel."""
    (step,) = explain_route((), ALL, facts()).steps
    assert (step.outcome, step.why, step.adds) == (Outcome.TOOK, NO_ROUTES, ALL)


def test_a_channel_gets_it_in_the_way_of_the_first_route_that_names_it() -> None:
    """At once by the first, so the digest of the second does not hold it back; the other way round, too."""
    once = RouteConfig(channels=("phone",), continues=True)
    later = RouteConfig(channels=("phone", "desk"), digest=("08:00",), continues=True)
    ways = explain_route((once, later), ALL, facts()).ways
    assert [(way.channel, way.number, way.digest) for way in ways] == [
        ("phone", 1, ()),
        ("desk", 2, ("08:00",)),
    ]
    step = explain_route((once, later), ALL, facts()).steps[1]
    assert (step.adds, step.already) == (("desk",), ("phone",))
    assert explain_route((later, once), ALL, facts()).ways[0].digest == ("08:00",)


def test_group_and_digest_travel_with_the_way() -> None:
    """What the outbox needs to know of the route."""
    grouped = RouteConfig(channels=("desk",), group=600.0, group_by="rule")
    (way,) = explain_route((grouped,), ALL, facts()).ways
    assert (way.group, way.group_by, way.why) == (600.0, "rule", "everything")


@pytest.mark.parametrize(
    ("routes", "allowed", "why"),
    [
        ((to("desk"),), None, ""),
        ((to(),), None, "route 1 has no channels: it only stores"),
        ((to("desk", severity=("low",)),), None, "no route takes it"),
        ((to("desk"),), ("phone",), "the rule's allow_channels leaves none of the channels"),
        ((), (), "the rule's allow_channels leaves none of the channels"),
    ],
)
def test_what_goes_nowhere_has_its_reason(
    routes: tuple[RouteConfig, ...], allowed: tuple[str, ...] | None, why: str
) -> None:
    """Whether nothing took it, it is only stored, or its rule forbids the channels."""
    assert explain_route(routes, ALL, facts(), allowed).why_nowhere == why


names = st.sampled_from(ALL)
some_routes = st.lists(
    st.builds(
        RouteConfig,
        match=st.dictionaries(
            st.just("severity"), st.lists(st.sampled_from([s.label for s in Severity]), min_size=1).map(tuple)
        ),
        channels=st.lists(names, max_size=3).map(tuple),
        continues=st.booleans(),
    ),
    max_size=4,
)


@given(some_routes, st.sampled_from(Severity), st.none() | st.lists(names, unique=True).map(tuple))
def test_nobody_is_told_twice_or_against_the_rule(
    routes: list[RouteConfig], severity: Severity, allowed: tuple[str, ...] | None
) -> None:
    """Channels are distinct, allowed and named by a route that matched."""
    chosen = route(routes, ALL, facts(severity=severity), allowed)
    assert len(chosen) == len(set(chosen))
    assert allowed is None or set(chosen) <= set(allowed)
    if routes:
        fitting = [r for r in routes if severity.label in r.match.get("severity", (severity.label,))]
        assert set(chosen) <= {c for r in fitting for c in r.channels}


@given(some_routes, st.sampled_from(Severity), st.none() | st.lists(names, unique=True).map(tuple))
def test_the_explanation_is_the_decision(
    routes: list[RouteConfig], severity: Severity, allowed: tuple[str, ...] | None
) -> None:
    """Each way is one that its route gave; what no route gave has no way; nowhere has a reason."""
    found = explain_route(routes, ALL, facts(severity=severity), allowed)
    assert [(way.number, way.channel) for way in found.ways] == [
        (step.number, channel) for step in found.steps for channel in step.adds
    ]
    assert len(found.steps) == max(len(routes), 1)
    assert all(step.outcome is Outcome.TOOK for step in found.steps if step.adds or step.forbidden)
    assert bool(found.why_nowhere) is not bool(found.ways)
