"""`tocsin alerts route`: where an alert would go, and what each route makes of it; nothing is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import complete, context, output
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from monitor.alerts.matchers import RouteFacts
    from monitor.alerts.passage import Place
    from monitor.alerts.route import Routed, Step, Way
    from monitor.config.load import Loaded
    from monitor.settings import Config

KINDS = ("first", "update")
Values = list[str] | None


def route_alert(
    *,
    rule: Annotated[
        str | None,
        typer.Option(
            help="The rule that rings; gives severity and allow_channels.", autocompletion=complete.rules
        ),
    ] = None,
    feed: Annotated[
        str | None, typer.Option(help="The feed; gives tags and language.", autocompletion=complete.feeds)
    ] = None,
    severity: Annotated[
        str | None, typer.Option(help="low, normal, high or urgent.", autocompletion=complete.severities)
    ] = None,
    tag: Annotated[Values, typer.Option(help="A tag of the feed; may be repeated.")] = None,
    lang: Annotated[str | None, typer.Option(help="The article's language.")] = None,
    entity: Annotated[Values, typer.Option(help="An entity that was found; may be repeated.")] = None,
    kind: Annotated[str, typer.Option(help="first or update.")] = "first",
    at: Annotated[str | None, typer.Option(help="When it rings, e.g. 23:30; default: now.")] = None,
) -> None:
    """Show where an alert would go, when, and what each route makes of it. Nothing is stored or sent."""
    from zoneinfo import ZoneInfo

    from monitor.alerts.route import explain_route
    from monitor.cli.times import moment
    from monitor.cli.words import known
    from monitor.config.load import require

    loaded = context.load(strict=False)
    config = require(loaded)
    zone, now = ZoneInfo(config.timezone), datetime.now(UTC)
    facts, allowed = _facts(
        config,
        rule=rule,
        feed=feed,
        severity=severity,
        tags=tag,
        lang=lang,
        entities=entity,
        kind=known(kind, KINDS, "kind"),
    )
    rings = moment(at, now, zone) if at else now
    every = [channel.name for channel in config.channels]
    routed = explain_route(config.routes, every, facts, allowed)
    places = [_place(config, way, facts, zone, rings) for way in routed.ways]
    if context.given.json:
        output.emit(_shape(loaded, config, facts, routed, places))
    else:
        _say_alert(facts)
        _tell_routes(loaded, config, routed)
        for way, place in zip(routed.ways, places, strict=True):
            output.out(f"{way.channel}: {_when(place, zone, rings)}")
        if routed.why_nowhere:
            output.out(f"nowhere: {routed.why_nowhere}")


def _facts(
    config: Config,
    *,
    rule: str | None,
    feed: str | None,
    severity: str | None,
    tags: Values,
    lang: str | None,
    entities: Values,
    kind: str,
) -> tuple[RouteFacts, Sequence[str] | None]:
    """What routes ask about the alert, and the channels its rule allows; names must be configured."""
    from monitor.alerts.matchers import RouteFacts
    from monitor.cli.words import known
    from monitor.model import Severity

    rules = {one.name: one for one in config.rules}
    feeds = {one.name: one for one in config.feeds}
    of_rule = rules[known(rule, rules, "rule")] if rule else None
    rule = of_rule.name if of_rule else None
    of_feed = feeds[known(feed, feeds, "feed")] if feed else None
    there = [one.name for one in config.entities]
    found = tuple(known(name.removeprefix("@"), there, "entity") for name in entities or ())
    labels = {level.label: level for level in Severity}
    level = labels[known(severity, labels, "severity")] if severity else None
    if level is None:
        level = of_rule.severity if of_rule else Severity.NORMAL
    facts = RouteFacts(
        severity=level,
        rule=rule or "",
        feed=feed or "",
        tags=tuple(tags) if tags else of_feed.tags if of_feed else (),
        lang=lang or (of_feed.language if of_feed else None),
        entities=found,
        kind=kind,
    )
    return facts, of_rule.allow_channels if of_rule else None


def _place(config: Config, way: Way, facts: RouteFacts, zone: tzinfo, rings: datetime) -> Place:
    """When it goes on this channel, if nothing else waits there and no budget is spent."""
    from monitor.alerts.passage import Call, ChannelNow, place
    from monitor.alerts.quiet import windows_of

    windows = windows_of(config.quiet_hours, config.timezone).get(way.channel, ())
    call = Call(facts.rule, facts.severity, way)
    return place([call], story="", feed=facts.feed, channel=ChannelNow(windows, zone), now=rings)


def _shape(
    loaded: Loaded, config: Config, facts: RouteFacts, routed: Routed, places: Sequence[Place]
) -> dict[str, Any]:
    return {
        "alert": {
            "severity": facts.severity.label,
            "rule": veil().rule(facts.rule) or None,
            "feed": facts.feed or None,
            "tags": list(facts.tags),
            "lang": facts.lang,
            "entities": list(facts.entities),
            "kind": facts.kind,
        },
        "routes": [
            {
                "route": step.number,
                **_where(loaded, config, step),
                "outcome": step.outcome.value,
                "why": _discreet(step.why),
                "channels": list(step.adds),
                "already": list(step.already),
                "forbidden": list(step.forbidden),
            }
            for step in routed.steps
        ],
        "channels": [
            {
                "channel": way.channel,
                "route": way.number,
                "reason": place.reason.word if place.reason else None,
                "told_at": output.rfc3339(place.told_at),
                "why": list(place.why),
            }
            for way, place in zip(routed.ways, places, strict=True)
        ],
        "why": routed.why_nowhere or None,
    }


def _where(loaded: Loaded, config: Config, step: Step) -> dict[str, Any]:
    """File and line of a route; nothing where there are none."""
    from monitor.config.load import locate

    origin = config.routes[step.number - 1].origin if step.number else None
    if origin is None:
        return {"file": None, "line": None}
    place = locate(loaded, origin)
    return {"file": place.file, "line": place.line}


def _say_alert(facts: RouteFacts) -> None:
    """Which alert this is about."""
    given = (
        ("rule", veil().rule(facts.rule)),
        ("feed", facts.feed),
        ("tags", " ".join(facts.tags)),
        ("language", facts.lang or ""),
        ("entities", " ".join(facts.entities)),
    )
    words = [f"{name} {value}" for name, value in given if value]
    output.say(", ".join((f"{facts.severity.label} alert", facts.kind, *words)))


def _tell_routes(loaded: Loaded, config: Config, routed: Routed) -> None:
    """A line for each route."""
    from pathlib import Path

    rows = []
    for step in routed.steps:
        where = _where(loaded, config, step)
        line = f"{Path(where['file']).name}:{where['line']}" if where["file"] else "-"
        rows.append(
            (step.number or "-", line, step.outcome.replace("_", " "), _given(step), _discreet(step.why))
        )
    output.table(("ROUTE", "WHERE", "OUTCOME", "CHANNELS", "WHY"), rows, empty="there are no routes")


def _discreet(why: str) -> str:
    """Why a route took an alert or not, without the names of hidden rules and entities."""
    from monitor.config.confidential import Veil as Words

    hidden = veil()
    names = frozenset(name for name in hidden.names if hidden.hides(name))
    return Words(names, hidden.entities).said(why, inside=False) if names else why


def _when(place: Place, zone: tzinfo, rings: datetime) -> str:
    """When it goes, and what it waits for."""
    if place.told_at <= rings:
        return "at once"
    return f"at {place.told_at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}: {'; '.join(place.why)}"


def _given(step: Step) -> str:
    """The channels a route gave; in brackets what it named in vain."""
    vain = [f"({name}: by an earlier route)" for name in step.already]
    vain += [f"({name}: not allowed)" for name in step.forbidden]
    return ", ".join((*step.adds, *vain))
