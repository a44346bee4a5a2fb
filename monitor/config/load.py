"""
From TOML files to one Config, with every mistake of every file told at once.

The way: find the file, read it and those it includes (reading.py), validate each table by itself (schema.py),
build what has the right form (build.py), join it all, hold names against each other (references.py), and only
then, if anything is wrong, look up the lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.config import checks
from monitor.config.build import Builder, Parts
from monitor.config.confidential import Veil, veil_of_tables
from monitor.config.consistency import inconsistencies
from monitor.config.exposed import exposed_database, exposed_secret
from monitor.config.hasty import hasty_intervals
from monitor.config.lines import Lines, place_of
from monitor.config.narrow import narrow_rules
from monitor.config.opml import join_opml
from monitor.config.packs import entities_of
from monitor.config.private import unreachable_feeds
from monitor.config.reading import Source, pattern_of, read_sources
from monitor.config.references import (
    Names,
    channels_exist,
    duplicate_feeds,
    duplicates,
    packs_known,
    route_order,
    wrong_references,
)
from monitor.config.schema import SINGLE
from monitor.config.secrets import Resolver
from monitor.config.shut import shut_for_good
from monitor.config.tables import Tables, validate
from monitor.config.watchers import doubtful_watchers
from monitor.config.words import KeyPath, Problem, WrongValueError
from monitor.errors import ConfigError, UsageError
from monitor.model import Finding
from monitor.settings import ChannelConfig, Config, FeedConfig, Origin, Polling, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOG_LEVELS = ("debug", "info", "warning", "error")
_MAIN_ONLY = ("include", "entity_packs", *SINGLE)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line said; it wins over TOCSIN_DATABASE and TOCSIN_LOG_LEVEL, these over the file."""

    database: str | None = None
    log_level: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    The outcome of reading a configuration.

    `config` is None if any finding is an error. `partial` is what could be built all the same, for `check` to
    look at its rules; nothing may run on it. `texts` holds each file as read, to locate things in it. `veil`
    is what must not be said of secret rules, those included that could not be read.
    """

    config: Config | None
    findings: tuple[Finding, ...] = ()
    partial: Config | None = field(default=None, repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    veil: Veil = field(default_factory=Veil, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands, all counted from 1; `column` where it is known."""

    file: str
    line: int
    column: int | None = None


def find_config(flag: str | Path | None, env: Mapping[str, str], cwd: Path) -> Path:
    """The configuration file to use: --config, TOCSIN_CONFIG, then the search path; UsageError if none."""
    here = Path() if cwd == Path.cwd() else cwd
    for given, source in ((flag, "--config"), (env.get("TOCSIN_CONFIG"), "TOCSIN_CONFIG")):
        if given:
            path = here / Path(given).expanduser()
            if path.is_dir():
                path /= "config.toml"
            if not path.is_file():
                raise UsageError(f"{source}: there is no file {path}", hint="tocsin init makes a first one")
            return path
    home = env.get("XDG_CONFIG_HOME") or (f"{env['HOME']}/.config" if env.get("HOME") else "")
    places = [here / "config.toml", Path("/etc/tocsin/config.toml")]
    if home:
        places.insert(1, Path(home) / "tocsin" / "config.toml")
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in places)
    raise UsageError(
        f"no configuration found; looked at {looked}",
        hint="tocsin init makes a first one, --config FILE names another",
    )


def load_config(
    path: Path,
    *,
    env: Mapping[str, str],
    overrides: Overrides | None = None,
    strict_secrets: bool = True,
    texts: Mapping[Path, str] | None = None,
    reveal: bool = False,
) -> Loaded:
    """
    Read the configuration at `path` and everything it includes; nothing raises but a wrong override.

    `strict_secrets=False` makes secrets that cannot be read warnings. `texts` stands in for files on the
    disk, to try a change before it is written. What is wrong with a secret rule is told without what it asks
    for, unless `reveal`.
    """
    sources, problems = read_sources(path, texts or {})
    main = sources[0]
    names, joined, main_routes, main_tables = Names(), Parts(), [], Tables()
    for source in sources:
        tables, found = validate(_own_tables(source, main, problems), source.file)
        problems += [*found, *inconsistencies(tables, source.file)]
        problems += exposed_secret(tables, source.path, source.file)
        resolver = Resolver(env, source.path.parent, source.file, strict_secrets, problems)
        builder = Builder(resolver)
        parts = builder.parts(tables)
        names.add_raw(source.data)
        if source is main:
            main_tables, main_builder, main_routes = tables, builder, parts.routes
        _join(joined, parts)
    included_routes = joined.routes[len(main_routes) :]  # the main file comes first
    joined.routes = [*main_routes[:-1], *included_routes, *main_routes[-1:]]
    problems += [*duplicates(joined), *duplicate_feeds(joined)]
    digests = {s.path: s.digest for s in sources if s.digest} | join_opml(joined, problems, texts or {})
    names.add_parts(joined)
    joined.entities += entities_of(main_tables.entity_packs, names.entities)
    names.entities.update(entity.name for entity in joined.entities)
    if all(source.parsed for source in sources):  # a file that could not be read may hold the names
        problems += wrong_references(joined, names)
        problems += route_order(main_routes, included_routes, main.file)
        problems += _uses_of_main(main_tables, main.file, names)
        problems += _empty(main, sources)
    problems += packs_known(main_tables.entity_packs, main.file)
    config = _config(path, sources, main_tables, main_builder, joined)
    patterns = tuple(pattern_of(path, pattern) for pattern in main_tables.include)
    config = replace(config, digests=digests, include=patterns)
    config = _override(config, env, overrides or Overrides())
    problems += exposed_database(config.database, main.file)
    problems += unreachable_feeds(config)
    problems += hasty_intervals(config)
    problems += [problem for problem in narrow_rules(config) if problem.level == "error"]
    problems += doubtful_watchers(config)
    problems += shut_for_good(config)
    veil = veil_of_tables([(source.file, source.data) for source in sources])
    if not reveal:
        problems = [veil.problem(problem) for problem in problems]
    findings = _located(problems, sources)
    usable = not any(finding.level == "error" for finding in findings)
    texts_read = {source.file: source.text for source in sources}
    return Loaded(config if usable else None, findings, config, texts_read, veil)


def require(loaded: Loaded) -> Config:
    """The configuration, or ConfigError with all findings."""
    if loaded.config is None:
        raise ConfigError(loaded.findings)
    return loaded.config


def locate(source: Loaded | Mapping[str, str], origin: Origin, key: KeyPath = (), column: int = 1) -> Place:
    """
    Where the `column`th character of the text at `key` in a table stands in its file.

    For a rule's query: `locate(loaded, rule.origin, ("query",), 17)`; for a list element ("any", 1). Right
    inside multi-line strings and behind escapes. `source` is what was loaded, or file names with their texts.
    """
    texts = source.texts if isinstance(source, Loaded) else source
    text = texts.get(origin.file)
    if text is None:
        return Place(origin.file, 1)
    line, found = place_of(text, (*origin.path, *key), column)
    return Place(origin.file, line, found)


def system_timezone(env: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str:
    """The zone this machine keeps: TZ, else where /etc/localtime points, else UTC."""
    target = str(localtime.resolve()) if localtime.is_symlink() else ""
    for name in (env.get("TZ", "").removeprefix(":"), target.rpartition("zoneinfo/")[2]):
        try:
            return ZoneInfo(name).key if name else "UTC"
        except (ValueError, OSError, LookupError):
            continue
    return "UTC"


def _own_tables(source: Source, main: Source, problems: list[Problem]) -> dict[str, object]:
    """The tables a file may have: an included one none of those that stand once."""
    if source is main:
        return source.data
    for key in source.data:
        if key in _MAIN_ONLY:
            what = f"'{key}'" if key in ("include", "entity_packs") else f"[{key}]"
            message = f"{what} may stand only in the main file, {main.file}"
            problems.append(Problem(source.file, (key,), "main_file_only", message, "move it there"))
    return {key: value for key, value in source.data.items() if key not in _MAIN_ONLY}


def _join(joined: Parts, parts: Parts) -> None:
    joined.feeds += parts.feeds
    joined.opml += parts.opml
    joined.rules += parts.rules
    joined.routes += parts.routes
    joined.entities += parts.entities
    joined.channels += parts.channels
    joined.quiet_hours += parts.quiet_hours


def _uses_of_main(tables: Tables, file: str, names: Names) -> Iterable[Problem]:
    """Channels that [notices] and [canary] name."""
    for key, table, user in (("notices", tables.notices, "[notices]"), ("canary", tables.canary, "[canary]")):
        if table is not None:
            yield from channels_exist(table.channels, Origin(file, (key,)), "channels", user, names)


def _empty(main: Source, sources: list[Source]) -> Iterable[Problem]:
    """Warnings for what a configuration can hardly do without."""
    given = {key for source in sources for key, value in source.data.items() if value}
    if not given & {"feeds", "opml"}:
        yield Problem(
            main.file, (), "no_feeds", "there are no [[feeds]] to poll", "tocsin feeds add URL", "warning"
        )
    if "rules" not in given:
        hint = "add [[rules]] with a name and a query"
        yield Problem(
            main.file, (), "no_rules", "there are no [[rules]], so nothing will ring", hint, "warning"
        )
    if "channels" not in given:
        message = "there are no [channels], so alerts appear in the terminal only"
        yield Problem(main.file, (), "no_channels", message, "add [channels.NAME] with an address", "warning")


def _config(path: Path, sources: list[Source], tables: Tables, builder: Builder, parts: Parts) -> Config:
    deadman: Secret | None = None
    if tables.deadman is not None:
        deadman = builder.checked(tables.deadman.url, ("deadman", "url"), checks.ping_url)
    canary = tables.canary
    polling = tables.polling
    return Config(
        path=path,
        files=tuple(source.path for source in sources),
        database=path.parent / Path(tables.monitor.database).expanduser(),
        timezone=tables.monitor.timezone or system_timezone(builder.resolver.env),
        languages=tuple(tables.monitor.languages),
        contact=tables.monitor.contact,
        retention=tables.monitor.retention,
        polling=Polling(**{**polling.model_dump(), "allow_private": tuple(polling.allow_private)}),
        feeds=tuple(_distinct(parts.feeds)),
        entities=tuple(parts.entities),
        entity_packs=tuple(tables.entity_packs),
        rules=tuple(parts.rules),
        channels=tuple(parts.channels) or (ChannelConfig("terminal", type="terminal"),),
        routes=tuple(parts.routes),
        quiet_hours=tuple(parts.quiet_hours),
        story_window=tables.stories.window,
        budget=tables.alerts.budget,
        digest=tables.alerts.digest,
        notices=tuple(tables.notices.channels) if tables.notices else None,
        log_level=tables.log.level,
        log_format=tables.log.format,
        metrics_listen=tables.metrics.listen,
        pages=tables.pages.model_dump(),
        deadman=deadman,
        canary={"every": canary.every, "channels": tuple(canary.channels)} if canary else None,
    )


def _distinct(feeds: list[FeedConfig]) -> list[FeedConfig]:
    """Feeds by name; one that stands twice (same name and address: a warning) keeps all its tags."""
    by_name: dict[str, FeedConfig] = {}
    for feed in feeds:
        first = by_name.get(feed.name)
        if first:
            tags = tuple(dict.fromkeys((*first.tags, *feed.tags)))
            by_name[feed.name] = replace(first, tags=tags)
        else:
            by_name[feed.name] = feed
    return list(by_name.values())


def _override(config: Config, env: Mapping[str, str], overrides: Overrides) -> Config:
    """The flags, then the environment; a path given there is relative to where the command was typed."""
    for key, flag in (("database", "--database"), ("log_level", "--log-level")):
        variable = f"TOCSIN_{key.upper()}"
        value = getattr(overrides, key) or env.get(variable)
        source = flag if getattr(overrides, key) else variable
        if not value:
            continue
        if key == "database":
            try:
                config = replace(config, database=Path(checks.database(value)).expanduser())
            except WrongValueError as wrong:
                raise UsageError(f"{source}: {wrong.message}", hint=wrong.hint) from None
        elif value.lower() not in LOG_LEVELS:
            raise UsageError(f"{source}: expected one of {', '.join(LOG_LEVELS)}")
        else:
            config = replace(config, log_level=value.lower())
    return config


def _located(problems: list[Problem], sources: list[Source]) -> tuple[Finding, ...]:
    """Problems with their lines, in the order of file and line."""
    lines = {source.file: Lines(source.text) for source in sources}
    found = []
    for problem in problems:
        message = problem.message
        if problem.other:
            file, path = problem.other
            line = lines[file].line_of(path)
            place = f"line {line}" if file == problem.file else f"{file}:{line}"
            message = message.replace("{other}", place)
        line = problem.line or lines[problem.file].line_of(problem.path)
        found.append(
            Finding(problem.file, line, message, problem.code, problem.level, problem.column, problem.hint)
        )
    return tuple(sorted(found, key=lambda f: (f.file, f.line, f.column or 0, f.message)))
