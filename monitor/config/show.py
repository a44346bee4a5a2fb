"""The configuration as it is in effect, in the file's own words, with every secret masked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from monitor.config.durations import format_duration
from monitor.config.tomltext import toml_key, toml_value
from monitor.settings import RuleConfig

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from monitor.settings import ChannelConfig, Config, FeedConfig, RouteConfig, Secret


def show(config: Config) -> dict[str, Any]:
    """Every effective value, defaults included; secrets are "***" or, by reference, "<env:NAME>"."""
    return {
        "path": str(config.path),
        "files": [str(path) for path in config.files],
        "entity_packs": list(config.entity_packs),
        "monitor": {
            "database": str(config.database),
            "timezone": config.timezone,
            "languages": list(config.languages),
            "contact": config.contact,
            "retention": format_duration(config.retention),
        },
        "polling": {
            "every": format_duration(config.polling.every),
            "fastest": format_duration(config.polling.fastest),
            "slowest": format_duration(config.polling.slowest),
            "first_poll": config.polling.first_poll,
            "concurrency": config.polling.concurrency,
            "per_host": config.polling.per_host,
            "per_host_gap": format_duration(config.polling.per_host_gap),
            "allow_private": list(config.polling.allow_private),
        },
        "feeds": [_feed(feed) for feed in config.feeds],
        "entities": {
            entity.name: {
                "aliases": list(entity.aliases),
                "not_in": list(entity.not_in),
                "context": _plain(entity.context),
            }
            for entity in config.entities
            if entity.pack is None
        },
        "rules": [_rule(rule) for rule in config.rules],
        "channels": {channel.name: _channel(channel) for channel in config.channels},
        "routes": [_route(route) for route in config.routes],
        "stories": {"window": _duration(config.story_window) or "off"},
        "alerts": {"budget": config.budget, "digest": config.digest},
        "pages": {
            key: format_duration(value) if isinstance(value, float) else value
            for key, value in config.pages.items()
        },
        "notices": None if config.notices is None else {"channels": list(config.notices)},
        "quiet_hours": {
            quiet.name: {
                "channels": list(quiet.channels),
                "from": quiet.start,
                "to": quiet.end,
                "days": list(quiet.days),
                "timezone": quiet.timezone,
                "let_through": [severity.label for severity in quiet.let_through],
            }
            for quiet in config.quiet_hours
        },
        "log": {"level": config.log_level, "format": config.log_format},
        "metrics": {"listen": config.metrics_listen},
        "deadman": None if config.deadman is None else {"url": _masked(config.deadman)},
        "canary": _canary(config.canary),
    }


def render(config: Config) -> str:
    """The same as TOML text; keys without a value are left out."""
    values = {key: value for key, value in show(config).items() if key not in ("path", "files")}
    lines = [f"# {config.path}", *(f"# includes {path}" for path in config.files[1:])]
    plain = {key: value for key, value in values.items() if key == "entity_packs"}
    lines += _pairs(plain)
    for key, value in values.items():
        if key in plain or value is None:
            continue
        if isinstance(value, list):
            for item in value:
                lines += ["", f"[[{key}]]", *_pairs(item)]
        elif key in ("entities", "channels", "quiet_hours"):
            for name, item in value.items():
                lines += ["", f"[{key}.{toml_key(name)}]", *_pairs(item)]
        else:
            lines += ["", f"[{key}]", *_pairs(value)]
    return "\n".join(lines) + "\n"


def without_secret_rules(config: Config, names: Mapping[str, str], entities: Collection[str]) -> Config:
    """
    The configuration as it may be shown anybody.

    `names` are the public names of secret rules, `entities` those that only such rules ask for.
    """

    def shown(rule: RuleConfig) -> RuleConfig:
        if rule.name not in names:
            return rule
        kept = {"severity": rule.severity, "weak": rule.weak, "updates": rule.updates, "budget": rule.budget}
        return RuleConfig(
            name=names[rule.name],
            query="***",
            secret=True,
            allow_channels=rule.allow_channels,
            enabled=rule.enabled,
            tests=tuple(replace(test, text="***") for test in rule.tests),
            **kept,  # type: ignore[arg-type]  # each has its own type
        )

    def matched(route: RouteConfig) -> RouteConfig:
        match = dict(route.match)
        if "rule" in match:
            match["rule"] = tuple(names.get(value, value) for value in match["rule"])
        if "entity" in match:
            match["entity"] = tuple(
                "***" if value.removeprefix("@") in entities else value for value in match["entity"]
            )
        return replace(route, match=match)

    return replace(
        config,
        rules=tuple(map(shown, config.rules)),
        entities=tuple(entity for entity in config.entities if entity.name not in entities),
        routes=tuple(map(matched, config.routes)),
    )


def public_url(url: str) -> str:
    """A feed's address for people: userinfo and the values of its query are masked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    userinfo, at, place = parts.netloc.rpartition("@")
    query = "***" if parts.query else ""
    return urlunsplit((parts.scheme, f"{'***' if userinfo else ''}{at}{place}", parts.path, query, ""))


def _masked(secret: Secret | None) -> str | None:
    if secret is None:
        return None
    return "***" if secret.source == "config" else f"<{secret.source}>"


def _feed(feed: FeedConfig) -> dict[str, Any]:
    inline = feed.url.source == "config" and not feed.url.missing
    has_auth = feed.user is not None or feed.password is not None
    return {
        "name": feed.name,
        "url": public_url(feed.url.reveal()) if inline else _masked(feed.url),
        "tags": list(feed.tags),
        "every": _duration(feed.every),
        "first_poll": feed.first_poll,
        "language": feed.language,
        "headers": {name: _masked(value) for name, value in feed.headers.items()},
        "auth": {"user": "***", "password": _masked(feed.password)} if has_auth else None,
        "proxy": _masked(feed.proxy),
        "enabled": feed.enabled,
        "full_text": feed.full_text,
    }


def _rule(rule: RuleConfig) -> dict[str, Any]:
    lists = ("any", "all", "none", "feeds", "tags", "lang")
    return {
        "name": rule.name,
        "query": rule.query,
        **{key: list(getattr(rule, key)) or None for key in lists},
        "near": [_plain(near) for near in rule.near] or None,
        "atleast": None if rule.atleast is None else _plain(rule.atleast),
        "scope": rule.scope,
        "severity": rule.severity.label,
        "weak": rule.weak,
        "updates": rule.updates,
        "budget": rule.budget,
        "secret": rule.secret,
        "allow_channels": None if rule.allow_channels is None else list(rule.allow_channels),
        "enabled": rule.enabled,
        "tests": [{"match" if test.match else "no_match": test.text} for test in rule.tests],
    }


def _channel(channel: ChannelConfig) -> dict[str, Any]:
    template = {"title": channel.title_template, "body": channel.body_template}
    return {
        "type": channel.type,
        "url": _masked(channel.url),
        "password": _masked(channel.password),
        "secret": _masked(channel.secret),
        "path": None if channel.path is None else str(channel.path),
        "fallback": channel.fallback,
        "template": template if any(template.values()) else None,
    }


def _route(route: RouteConfig) -> dict[str, Any]:
    return {
        "match": {key: list(values) for key, values in route.match.items()},
        "channels": list(route.channels),
        "continue": route.continues,
        "digest": list(route.digest) or None,
        "group": _duration(route.group),
        "group_by": route.group_by,
    }


def _canary(canary: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if canary is None:
        return None
    return {"every": format_duration(canary["every"]), "channels": list(canary["channels"])}


def _duration(seconds: float | None) -> str | None:
    return None if seconds is None else format_duration(seconds)


def _plain(table: Mapping[str, object]) -> dict[str, object]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}


def _pairs(table: Mapping[str, Any]) -> list[str]:
    said = {key: value for key, value in table.items() if value not in (None, {}, []) or key == "channels"}
    return [f"{toml_key(key)} = {toml_value(value)}" for key, value in said.items()]
