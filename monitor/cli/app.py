"""The `tocsin` command: its verbs, and what happens to errors."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monitor import __version__
from monitor.cli import complete, context, output
from monitor.errors import ConfigError, QueryError, TocsinError

COMMON = "Anywhere on the line: --config FILE, --json, --debug, --reveal, --database FILE, --log-level LEVEL."
_REFUSED_WRITES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
SETTINGS: dict[str, Any] = {
    "rich_markup_mode": None,  # rich costs 60 ms; plain help is as clear
    "pretty_exceptions_enable": False,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}

# Verbs in the order of the help, which is that of a first acquaintance; typer would put groups last.
ORDER = (
    *(
        "init",
        "check",
        "run",
        "demo",
        "fetch",
        "extract",
        "match",
        "stories",
        "url",
        "explain",
        "feeds",
        "rules",
        "entities",
    ),
    *("alerts", "silence", "outbox", "channels", "status", "doctor", "db", "config"),
)


class InOrder(TyperGroup):
    """The root command, whose help lists the verbs in their order."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All verbs; one that the order does not name comes last."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    name="tocsin", cls=InOrder, help=f"Watches news feeds and rings, once.\n\n{COMMON}", **SETTINGS
)


def example(text: str) -> str:
    """The example that ends a verb's help."""
    return f"Example: {text}"


def _version(asked: bool) -> None:
    if asked:
        output.out(f"tocsin {__version__}")
        raise typer.Exit


@app.callback(epilog=example("tocsin init && tocsin check && tocsin run"))
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Watches news feeds and rings, once, when something you care about is published."""


def load_verbs() -> None:
    """Let each verb module add its verbs, once."""
    if app.registered_commands:
        return
    from monitor.cli import (
        alerts,
        channels,
        check,
        config,
        db,
        demo,
        doctor,
        entities,
        explain,
        extract,
        feeds,
        fetch,
        init,
        match,
        outbox,
        rules,
        run,
        silence,
        status,
        stories,
        url,
    )

    for module in (
        init,
        check,
        run,
        demo,
        fetch,
        extract,
        match,
        stories,
        url,
        explain,
        feeds,
        rules,
        entities,
        alerts,
        silence,
        outbox,
        channels,
        status,
        doctor,
        config,
        db,
    ):
        module.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; ends the process with the exit code of the contract."""
    _fill_closed_streams()
    for stream in (
        sys.stdout,
        sys.stderr,
    ):  # a terminal of Latin-1 has no "≤": a "?" in its place, not an error
        if isinstance(stream, io.TextIOWrapper) and not output.is_unicode(stream):
            stream.reconfigure(errors="replace")
    sys.exit(invoke(sys.argv[1:] if arguments is None else arguments))


def invoke(arguments: list[str]) -> int:
    """Run the command line; returns its exit code. A traceback is shown with --debug only."""
    try:
        rest = context.take(arguments)
        if complete.ASKED in os.environ:
            complete.prepare(os.environ)
        load_verbs()
        result = app(args=rest, prog_name="tocsin", standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        output.say("interrupted")
        return 130
    except BrokenPipeError:
        return _reader_left()
    except SystemExit as stop:
        # Typer turns a broken pipe into exit 1, which would mean that what was asked for failed.
        if isinstance(stop.__context__, BrokenPipeError):
            return _reader_left()
        raise
    except Exception as error:  # noqa: BLE001 - the last place that can say what went wrong
        if isinstance(error, OSError) and _is_about_output(error):
            return _cannot_show(error)
        return _report(error)
    finally:
        context.close()
    return int(result or 0)


def _reader_left() -> int:
    """Whoever read our output has had enough: no failure, but Python would complain once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return 0


def _fill_closed_streams() -> None:
    """
    Give a process that was started with closed streams ones that lead nowhere.

    Else the next file that is opened, the database perhaps, becomes standard output. Reading from a closed
    input and writing to a closed output fail as they should; what is said on a closed stderr is lost.
    """
    handle = os.open(os.devnull, os.O_RDONLY)
    while handle <= 2:
        handle = os.dup(handle)
    os.close(handle)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as we do
    if sys.stdout is None:  # handle 1 is open for reading alone, so every write to it is refused
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the same


def _is_about_output(error: OSError) -> bool:
    """Whether a write to something already open was refused; errors of opening a file name the file."""
    return error.filename is None and error.errno in _REFUSED_WRITES


def _cannot_show(error: OSError) -> int:
    """What was asked for cannot be written where it should go, a full disk for instance."""
    _reader_left()
    output.say(f"tocsin: the output cannot be written: {error.strerror}")
    return 1


def _report(error: Exception) -> int:
    """Say what went wrong in words; returns the exit code."""
    if context.given.debug:
        import traceback

        from monitor.service.log import redacted

        context.hide_secrets()
        output.say(redacted("".join(traceback.format_exception(error))).rstrip())
    if isinstance(error, ConfigError):
        for finding in error.findings:
            output.say(f"{finding.level}: {finding}" if finding.level == "warning" else str(finding))
        return 2
    if isinstance(error, QueryError):
        output.say(f"tocsin: {error.message}\n{output.pointed(error.query, error.column)}")
        if error.hint:
            output.say(f"    {error.hint}")
        return 2
    if isinstance(error, TocsinError):
        output.say(f"tocsin: {error.message}")
        if error.hint:
            output.say(f"    {error.hint}")
        return error.exit_code
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # click's usage errors
        if type(error).__name__ == "NoArgsIsHelpError":  # the message is the whole help
            output.say(error.format_message())
            return int(error.exit_code)
        output.say(f"tocsin: {error.format_message()}")
        asked = getattr(getattr(error, "ctx", None), "command_path", None) or "tocsin"
        output.say(f"    see {asked} --help")
        return int(error.exit_code)
    # Its text is left to --debug: what nobody expected may hold anything, a secret included.
    output.say(f"tocsin: unexpected {type(error).__name__} {_place(error)}")
    output.say("    this is a bug; run it again with --debug for the details to report")
    return 1


def _place(error: Exception) -> str:
    """Where in our own code an exception passed last, for a bug report."""
    import traceback

    ours = [f for f in traceback.extract_tb(error.__traceback__) if "/monitor/" in f.filename]
    if not ours:
        return "outside of Tocsin"
    return f"in monitor/{ours[-1].filename.rpartition('/monitor/')[2]}, line {ours[-1].lineno}"
