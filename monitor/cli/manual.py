"""
The manual pages tocsin(1) and tocsin.toml(5), written from what exists: verbs, options and keys.

`make man` writes them into man/; a test holds the committed files against what would be written.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main

from monitor import __version__
from monitor.cli import app as command_line
from monitor.config.jsonschema import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

VERBS, KEYS = "tocsin.1", "tocsin.toml.5"
_DESCRIPTION = """\
Tocsin polls RSS, Atom and JSON feeds, holds rules against what is published, and tells each new story once,
through any service that Apprise knows, a webhook, a file or the terminal. Feeds, rules and channels stand in
one TOML file, see tocsin.toml(5); what was seen and told is kept in one database file.

Data goes to standard output, talk to standard error. On a terminal tables are drawn; --json gives one object
a line for lists, in shapes that do not change."""
_COMMON = (
    ("--config FILE", "The configuration; default: the first of the files below that is there."),
    ("--database FILE", "Another database than the configuration names."),
    ("--json", "Print JSON, on every verb that shows something."),
    ("--log-level LEVEL", "debug, info, warning or error."),
    ("--debug", "Show tracebacks of errors; secrets in them are masked."),
    ("--reveal", "Show what secret rules ask for, and what their alerts are about."),
)
_EXIT = (
    ("0", "All is well."),
    ("1", "What was asked for failed: a feed, a delivery, a test of a rule."),
    ("2", "The command line or the configuration is wrong, a failing test in it included."),
    ("130", "Interrupted."),
)
_FILES = (
    (
        "./config.toml",
        "Looked at first, then $XDG_CONFIG_HOME/tocsin/config.toml, then /etc/tocsin/config.toml.",
    ),
    ("/var/lib/tocsin/tocsin.db", "The database of the system service that `tocsin init --system` installs."),
)
_ENVIRONMENT = (
    ("TOCSIN_CONFIG", "The configuration, where --config is not given."),
    ("TOCSIN_DATABASE, TOCSIN_LOG_LEVEL", "Win over the file; the options win over them."),
    ("NO_COLOR", "Where it is set nothing is coloured."),
)
_SIGNALS = (
    ("SIGHUP", "Reads the configuration again; a wrong one is refused, and the old one stays in force."),
    (
        "SIGTERM, SIGINT",
        "Ends the daemon in order: deliveries under way get their answers, the rest is kept.",
    ),
)
_FORM = """\
The file is TOML. Unknown keys are errors, with the nearest right spelling. Names are ids: who renames a feed
or a rule starts a new one. Durations are text: "90s", "15m", "72h", "30d". Paths are relative to the file
they stand in. A secret (an address, a password, a header) may be given as text, or as { env = "NAME" },
{ file = "path" } or { credential = "name" } (of systemd). `tocsin check` says what is wrong, with file and
line; `tocsin config show` prints what is in effect."""
_EXAMPLE = """\
[[feeds]]
url = "https://www.lemonde.fr/rss/une.xml"

[[rules]]
name = "talks-in-doha"
query = '(taliban OR talibans) AND (doha OR qatar)'
severity = "high"

[channels.phone]
url = { env = "TOCSIN_PHONE" }"""
_LISTS = ("feeds", "opml", "rules", "routes")
_NAMED = ("entities", "channels", "quiet_hours")


def pages() -> dict[str, str]:
    """Both pages, by file name, as text for man(1)."""
    return {VERBS: "\n".join(_verbs_page()) + "\n", KEYS: "\n".join(_keys_page()) + "\n"}


def main(folder: str = "man") -> None:
    """Write both pages."""
    for name, text in pages().items():
        Path(folder, name).write_text(text, encoding="utf-8")


def _verbs_page() -> Iterator[str]:
    yield from _head("TOCSIN", 1, "Tocsin", "tocsin", "watch news feeds and ring, once")
    yield from (".SH SYNOPSIS", ".B tocsin", r".I VERB", "[", ".I OPTION", "… ] [", ".I ARGUMENT", "… ]")
    yield from _section("DESCRIPTION", _DESCRIPTION)
    yield from _listed("COMMON OPTIONS", _COMMON)
    yield ".SH VERBS"
    command_line.load_verbs()
    root: Any = typer.main.get_command(command_line.app)
    for path, command in _commands(root, ()):
        yield from _verb(path, command)
    yield from _listed("EXIT STATUS", _EXIT)
    yield from _listed("FILES", _FILES)
    yield from _listed("ENVIRONMENT", _ENVIRONMENT)
    yield from _listed("SIGNALS", _SIGNALS)
    yield from (".SH SEE ALSO", ".BR tocsin.toml (5),", ".BR systemctl (1)")


def _keys_page() -> Iterator[str]:
    yield from _head("TOCSIN.TOML", 5, "Tocsin", "tocsin.toml", "configuration of tocsin(1)")
    yield from _section("DESCRIPTION", _FORM)
    schema = json_schema()
    top = schema["properties"]
    yield ".SH TOP OF THE FILE"
    for key, form in top.items():
        if form.get("type") == "array" and key not in _LISTS:
            yield from _key(key, form)
    for key, form in top.items():
        if form.get("type") == "array" and key not in _LISTS:
            continue
        yield from _table(key, form, schema["$defs"])
    yield from (".SH EXAMPLE", ".nf", *map(_line, _EXAMPLE.split("\n")), ".fi")
    yield from (".SH SEE ALSO", ".BR tocsin (1)")


def _head(title: str, section: int, source: str, name: str, purpose: str) -> Iterator[str]:
    yield rf'.TH {title} {section} "" "{source} {__version__}" "{source}"'
    yield ".SH NAME"
    yield rf"{_inline(name)} \- {_inline(purpose)}"


def _section(title: str, text: str) -> Iterator[str]:
    yield f".SH {title}"
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield from map(_line, paragraph.split("\n"))


def _listed(title: str, items: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {title}"
    for term, text in items:
        yield from _term(term, text)


def _term(term: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield rf"\fB{_inline(term)}\fR"
    yield _line(text)


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb with its words, in the order of `tocsin --help`."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name in command.list_commands(None):
        yield from _commands(inner[name], (*path, name))


def _verb(path: tuple[str, ...], command: Any) -> Iterator[str]:
    shown = [one for one in command.params if not one.hidden and "--help" not in one.opts]
    options = [one for one in shown if one.param_type_name == "option"]
    arguments = [one.metavar or one.name.upper() for one in shown if one not in options]
    usage = " ".join(("tocsin", *path, *(["[OPTIONS]"] if options else []), *arguments))
    yield f'.SS "{_inline(usage)}"'
    for number, paragraph in enumerate((command.help or "").strip().split("\n\n")):
        if number:
            yield ".PP"
        yield _line(" ".join(paragraph.split()))
    for option in options:
        names = ", ".join((*option.opts, *option.secondary_opts))
        value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
        yield from _term(f"{names}{value}", option.help or "")
    if command.epilog:
        yield ".PP"
        yield _line(command.epilog)


def _table(name: str, form: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """A table of the file with its keys, then the tables inside it."""
    heading = f"[[{name}]]" if name in _LISTS else f"[{name}.NAME]" if name in _NAMED else f"[{name}]"
    definition = _definition(form, definitions)
    yield f'.SH "{_inline(heading)}"'
    yield _line(form.get("description") or definition["description"])
    yield from _keys("", definition, definitions)


def _keys(prefix: str, definition: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    for key, form in definition["properties"].items():
        inner = _definition(form, definitions)
        yield from _key(f"{prefix}{key}", form)
        if "properties" in inner and not form.get("anyOf"):
            yield from _keys(f"{prefix}{key}.", inner, definitions)


def _key(name: str, form: dict[str, Any]) -> Iterator[str]:
    default = f" = {_toml(form['default'])}" if form.get("default") not in (None, [], {}) else ""
    choices = f" One of {', '.join(map(_toml, form['enum']))}." if "enum" in form else ""
    yield from _term(f"{name}{default}", f"{form.get('description', '')}{choices}")


def _definition(form: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The table that a form names, itself, in a list or under names."""
    items, named = form.get("items"), form.get("additionalProperties")
    for place in (
        form,
        *(inner for inner in (items, named) if isinstance(inner, dict)),
        *form.get("allOf", ()),
    ):
        if "$ref" in place:
            found: dict[str, Any] = definitions[place["$ref"].rpartition("/")[2]]
            return found
    return form


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _line(text: str) -> str:
    """Text as a line of its own, which must not begin with a request of the formatter."""
    shown = _inline(text)
    return rf"\&{shown}" if shown.startswith((".", "'")) else shown


def _inline(text: str) -> str:
    """Text inside a line; a hyphen that is typed must be copied as one."""
    quoted = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text.replace("\\", r"\e"))
    return quoted.replace("-", r"\-").replace('"', r"\(dq")


if __name__ == "__main__":
    main(*sys.argv[1:])
