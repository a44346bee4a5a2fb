"""`tocsin run`: the daemon, or one round for cron."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.plan import Plan
    from monitor.service.once import OnceSummary
    from monitor.settings import Config

_ARENA_MAX = -8  # M_ARENA_MAX of <malloc.h>
EXAMPLE = "Example: tocsin run --once --force --config /etc/tocsin/config.toml"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=EXAMPLE)(run)


def run(
    once: Annotated[
        bool, typer.Option("--once", help="Poll all due feeds, deliver, and exit (for cron).")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="With --once: polls and retries due or not, except what a Retry-After or a 410 forbids.",
        ),
    ] = False,
) -> None:
    """Watch the feeds until told to stop. By SIGTERM or Ctrl-C; SIGHUP reads the configuration again."""
    from monitor.errors import UsageError

    if force and not once:
        raise UsageError("--force goes with --once", hint="tocsin run --once --force")
    context.given.reveal = False  # what a daemon says goes into logs and notices
    loaded = context.load(strict=True)
    from monitor.config.load import require

    config = require(loaded)  # where it is refused, warnings are told with the errors
    for finding in loaded.findings:
        if finding.level == "warning":
            output.say(f"warning: {finding}")
    plan = _refuse_bad_rules(config)
    from monitor.cli.check import rule_test_findings

    # A start is not refused for them: with nothing watched, every alert would be lost.
    for finding in rule_test_findings(config, plan.engine, loaded.texts):
        output.say(f"warning: {finding}")
    _settle_memory()
    if once:
        from monitor.service import log

        level = _level(config)
        if level == "info" and context.interactive():
            level = "warning"  # one line of summary says it all
        log.configure(level, config.log_format)
        _once(config, force=force)
    else:
        _log_as(config)
        _daemon(config)


def _settle_memory() -> None:
    """
    Let the garbage collector leave alone what is there to stay: modules, configuration, rules.

    It would look through them again and again, for polling makes many objects that soon end.
    """
    import gc

    gc.freeze()
    gc.collect()  # of nothing, so that what comes is compared with that: else cycles would wait too long
    _share_memory()


def _share_memory() -> None:
    """
    Let all threads take memory from one place (glibc's arenas), which costs 2 of 88 MB less.

    Each thread would have one of its own, and what it gives back nobody else can use. No run fails for want
    of it: another C library has no arenas, some Pythons no ctypes, and some systems forbid what that needs.
    """
    with contextlib.suppress(ImportError, AttributeError, OSError, MemoryError):
        import ctypes

        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _level(config: Config) -> str:
    return "debug" if context.given.debug else config.log_level


def _log_as(config: Config) -> None:
    """Log as this configuration says, from now on."""
    from monitor.service import log

    log.configure(_level(config), config.log_format)


def _once(config: Config, *, force: bool) -> None:
    import asyncio

    from monitor.service.once import run_once

    bar = output.Bar("polling")
    summary = asyncio.run(run_once(config, force=force, progress=bar.show))
    bar.clear()
    if context.given.json:
        output.emit({name: getattr(summary, name) for name in summary.__dataclass_fields__})
    else:
        _tell(config, summary)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def _tell(config: Config, summary: OnceSummary) -> None:
    output.say(
        f"polled {summary.polled}, new {summary.new}, matched {summary.matched}, "
        f"delivered {summary.delivered}"
        + (f", not delivered {summary.failed}" if summary.failed else "")
        + (f", waiting for another attempt {summary.waiting}" if summary.waiting else "")
        + (f", pages asked for {summary.pages}" if summary.pages else "")
        + (f", pages waiting {summary.pages_waiting}" if summary.pages_waiting else "")
    )
    if summary.offline:
        output.say("offline: no server could be reached; nothing is held against the feeds, they stay due")
    if summary.baseline:
        from monitor.service.preview import preview
        from monitor.store.database import Reader

        reader = Reader(config.database)
        for line in preview(reader, after=summary.last_match_before):
            output.say(line)
        reader.close()


def _daemon(config: Config) -> None:
    import asyncio
    from functools import partial

    from monitor.service.daemon import run_daemon

    _refuse_bad_channels(config)
    load = partial(load_again, config)
    asyncio.run(run_daemon(config, load=load, tell=output.say, applied=_log_as))


def load_again(started_with: Config) -> Plan:
    """
    The configuration as it is in the files now, compiled; ConfigError with everything wrong in it.

    A running daemon refuses what `check` refuses, failing rule tests included, and what only a new start
    could put in force. Called in a thread beside the daemon, so it must not touch what the daemon uses.
    """
    from monitor.cli.check import all_findings
    from monitor.config.load import require
    from monitor.errors import ConfigError
    from monitor.plan import build_plan
    from monitor.service.hush import hush

    # The file it began with: where that one is gone, the next on the search path is somebody else's.
    loaded = context.load(strict=True, path=started_with.path)
    if loaded.partial is not None:
        hush(loaded.partial, veil=loaded.veil)
    errors = [finding for finding in all_findings(loaded) if finding.level == "error"]
    if errors:
        raise ConfigError(errors)
    config = require(loaded)
    _refuse_an_empty_watch(config)
    _refuse_another_database(config, started_with, loaded.texts)
    return build_plan(config)[0]


def _refuse_another_database(config: Config, started_with: Config, texts: Mapping[str, str]) -> None:
    """What is stored, and the lock that keeps a second daemon away, belong to the file it began with."""
    from monitor.config.load import locate
    from monitor.errors import ConfigError
    from monitor.model import Finding
    from monitor.settings import Origin

    if config.database.absolute() == started_with.database.absolute():
        return
    place = locate(texts, Origin(str(config.path), ("monitor", "database")))
    message = "'database' in [monitor]: another database needs a restart, a reload keeps the one in use"
    hint = f"restart the daemon (systemctl restart tocsin), or write {started_with.database} again"
    raise ConfigError([Finding(place.file, place.line, message, "needs_restart", hint=hint)])


def _refuse_an_empty_watch(config: Config) -> None:
    """A file that an editor emptied on a full disk must not end the watch without a word."""
    from monitor.errors import ConfigError
    from monitor.model import Finding

    for table, there in (
        ("[[feeds]]", any(f.enabled for f in config.feeds)),
        ("[[rules]]", bool(config.rules)),
    ):
        if not there:
            message = f"no {table} left: taken for a mistake, since a daemon is running"
            hint = "if it is meant, stop the daemon instead: systemctl stop tocsin"
            raise ConfigError([Finding(str(config.path), 1, message, "empty_watch", hint=hint)])


def _refuse_bad_rules(config: Config) -> Plan:
    from monitor.cli.check import rule_findings
    from monitor.errors import ConfigError
    from monitor.plan import build_plan

    plan, problems = build_plan(config)
    errors = [p for p in problems if p.level == "error"]
    if errors:
        raise ConfigError(rule_findings(config, errors))
    return plan


def _refuse_bad_channels(config: Config) -> None:
    """The daemon refuses what `check` refuses; a one-shot run saves the time and finds out when it sends."""
    from monitor.cli.check import channel_findings
    from monitor.errors import ConfigError

    errors = [f for f in channel_findings(config) if f.level == "error"]
    if errors:
        raise ConfigError(errors)
