"""`tocsin config`: which file is in use, and what it comes to."""

from __future__ import annotations

import typer

from monitor.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="Which file is in use, and what it comes to.", **SETTINGS)
    group.command(epilog="Example: tocsin config show --json")(show)
    group.command(epilog='Example: $EDITOR "$(tocsin config path)"')(path)
    group.command(epilog="Example: tocsin config schema > config.schema.json")(schema)
    app.add_typer(group, name="config")


def show() -> None:
    """Print every effective value, defaults included. Secrets are masked, and what secret rules ask for."""
    from monitor.cli.veil import veil
    from monitor.config.show import render, without_secret_rules
    from monitor.config.show import show as values

    config = context.config()
    hidden = veil()
    shown = without_secret_rules(config, hidden.names, hidden.entities) if hidden.names else config
    if context.given.json:
        output.emit(values(shown))
    else:
        output.out(render(shown).rstrip())


def path() -> None:
    """Print the path of the configuration file in use."""
    found = context.config_path().absolute()
    if context.given.json:
        output.emit({"path": str(found)})
    else:
        output.out(str(found))


def schema() -> None:
    """
    Print the JSON Schema of a configuration file, for editors.

    Beside the file, with `#:schema ./config.schema.json` as its first line, it lets editors complete keys.
    """
    from monitor.config.jsonschema import text

    output.out(text())
