"""From the tables of one file to the frozen values of settings.py: paths made whole, secrets read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.config import checks
from monitor.config.feednames import default_name
from monitor.config.words import KeyPath, Problem, WrongValueError, about
from monitor.model import Severity
from monitor.settings import (
    ChannelConfig,
    EntityConfig,
    FeedConfig,
    Origin,
    QuietHours,
    RouteConfig,
    RuleConfig,
    RuleTest,
    Secret,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.config import schema
    from monitor.config.checks import SecretRef
    from monitor.config.secrets import Resolver
    from monitor.config.tables import Tables


@dataclass(slots=True)
class Parts:
    """What one file, or all of them joined, contributes to the configuration."""

    feeds: list[FeedConfig] = field(default_factory=list)
    opml: list[tuple[Path, tuple[str, ...], Origin]] = field(default_factory=list)
    rules: list[RuleConfig] = field(default_factory=list)
    routes: list[RouteConfig] = field(default_factory=list)
    entities: list[EntityConfig] = field(default_factory=list)
    channels: list[ChannelConfig] = field(default_factory=list)
    quiet_hours: list[QuietHours] = field(default_factory=list)


class Builder:
    """Builds the values of one file; its resolver collects what was wrong with secrets and addresses."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.file = resolver.file
        self.folder = resolver.folder

    def parts(self, tables: Tables) -> Parts:
        """All that is listed or named in the file."""
        return Parts(
            feeds=[self._feed(feed, ("feeds", i)) for i, feed in tables.feeds],
            opml=[
                (self.folder / item.file, tuple(item.tags or ()), Origin(self.file, ("opml", i)))
                for i, item in tables.opml
            ],
            rules=[self._rule(rule, ("rules", i)) for i, rule in tables.rules],
            routes=[self._route(route, ("routes", i)) for i, route in tables.routes],
            entities=[self._entity(name, item) for name, item in tables.entities.items()],
            channels=[self._channel(name, item) for name, item in tables.channels.items()],
            quiet_hours=[self._quiet(name, item) for name, item in tables.quiet_hours.items()],
        )

    def checked(self, given: str | SecretRef, path: KeyPath, check: Callable[[str], None]) -> Secret:
        """A secret whose value, where there is one, passes `check`."""
        secret = self.resolver.resolve(given, path)
        if secret.missing:
            return secret
        try:
            check(secret.reveal())
        except WrongValueError as wrong:
            source = "" if secret.source == "config" else f" (from {secret.source})"
            message = f"{about(path)}{source}: {wrong.message}"
            self.resolver.problems.append(Problem(self.file, path, wrong.code, message, wrong.hint))
            return Secret(None, source=secret.source, missing=wrong.message)
        return secret

    def _feed(self, feed: schema.Feed, path: KeyPath) -> FeedConfig:
        url = self.checked(feed.url, (*path, "url"), checks.feed_url)
        user, password = self._auth(feed.auth, (*path, "auth"))
        headers = {
            name: self.checked(value, (*path, "headers", name), _one_line)
            for name, value in feed.headers.items()
        }
        proxy = None
        if feed.proxy is not None:
            proxy = self.checked(feed.proxy, (*path, "proxy"), _proxy)
        return FeedConfig(
            name=feed.name or feed_name(url),
            url=url,
            tags=tuple(feed.tags or ()),
            every=feed.every,
            first_poll=feed.first_poll,
            language=feed.language,
            headers=headers,
            user=user,
            password=password,
            proxy=proxy,
            enabled=feed.enabled,
            full_text=feed.full_text,
            origin=Origin(self.file, path),
        )

    def _auth(self, auth: schema.Auth | None, path: KeyPath) -> tuple[str | None, Secret | None]:
        if auth is None:
            return None, None
        user = self.resolver.resolve(auth.user, (*path, "user"))
        password = self.resolver.resolve(auth.password, (*path, "password"))
        if user.missing:  # the password speaks for both: without a user it must not be sent
            return "?", Secret(None, source=password.source, missing=user.missing)
        return user.reveal(), password

    def _rule(self, rule: schema.Rule, path: KeyPath) -> RuleConfig:
        near = [
            {"a": tuple(n.a), "b": tuple(n.b), "within": n.within, "ordered": n.ordered}
            for n in rule.near or ()
        ]
        atleast = {"count": rule.atleast.count, "of": tuple(rule.atleast.of)} if rule.atleast else None
        return RuleConfig(
            name=rule.name,
            query=rule.query,
            any=tuple(rule.any or ()),
            all=tuple(rule.all or ()),
            none=tuple(rule.none or ()),
            near=tuple(near),
            atleast=atleast,
            scope=rule.scope,
            feeds=tuple(rule.feeds or ()),
            tags=tuple(rule.tags or ()),
            lang=tuple(rule.lang or ()),
            severity=Severity[rule.severity.upper()],
            weak=rule.weak,
            updates=rule.updates,
            budget=rule.budget,
            secret=rule.secret,
            allow_channels=None if rule.allow_channels is None else tuple(rule.allow_channels),
            enabled=rule.enabled,
            tests=tuple(
                RuleTest(test.match or test.no_match or "", match=test.match is not None)
                for test in rule.tests
            ),
            origin=Origin(self.file, path),
        )

    def _route(self, route: schema.Route, path: KeyPath) -> RouteConfig:
        match = {key: tuple(values) for key, values in route.match.model_dump(exclude_none=True).items()}
        return RouteConfig(
            match=match,
            channels=tuple(route.channels),
            continues=route.continue_,
            digest=tuple(route.digest or ()),
            group=route.group,
            group_by=route.group_by,
            origin=Origin(self.file, path),
        )

    def _entity(self, name: str, entity: schema.Entity) -> EntityConfig:
        context = entity.context.model_dump(exclude_none=True) if entity.context else {}
        return EntityConfig(
            name=name,
            aliases=tuple(entity.aliases),
            not_in=tuple(entity.not_in or ()),
            context={
                key: tuple(value) if isinstance(value, list) else value for key, value in context.items()
            },
            origin=Origin(self.file, ("entities", name)),
        )

    def _channel(self, name: str, channel: schema.Channel) -> ChannelConfig:
        path: KeyPath = ("channels", name)

        def read(key: str, given: str | SecretRef | None) -> Secret | None:
            return None if given is None else self.resolver.resolve(given, (*path, key))

        return ChannelConfig(
            name=name,
            type=channel.type,
            url=self._channel_url(channel, (*path, "url")),
            password=read("password", channel.password),
            secret=read("secret", channel.secret),
            path=None if channel.path is None else self.folder / channel.path,
            fallback=channel.fallback,
            title_template=channel.template.title if channel.template else None,
            body_template=channel.template.body if channel.template else None,
            origin=Origin(self.file, path),
        )

    def _channel_url(self, channel: schema.Channel, path: KeyPath) -> Secret | None:
        if channel.url is None or channel.type in ("terminal", "file"):
            return None
        check = checks.apprise_url if channel.type == "apprise" else checks.feed_url
        return self.checked(channel.url, path, check)

    def _quiet(self, name: str, quiet: schema.Quiet) -> QuietHours:
        return QuietHours(
            name=name,
            channels=tuple(quiet.channels),
            start=quiet.from_,
            end=quiet.to,
            days=tuple(quiet.days or ()),
            timezone=quiet.timezone,
            let_through=tuple(Severity[level.upper()] for level in quiet.let_through),
            origin=Origin(self.file, ("quiet_hours", name)),
        )


def feed_name(url: Secret) -> str:
    """The default name for a feed's address; a stand-in where the address is not known."""
    if url.missing:
        return f"feed-{url.source.replace(':', '-')}" if url.source != "config" else ""
    return default_name(url.reveal(), secret=url.source != "config")


def _one_line(value: str) -> None:
    if not value.isprintable():
        raise WrongValueError("control_character", "the value holds a line break or a control character")


def _proxy(value: str) -> None:
    if not value.startswith(("http://", "https://", "socks5://", "socks5h://")):
        hint = 'for example "http://proxy.example.org:3128"'
        raise WrongValueError("bad_url", "expected the address of a proxy", hint)
