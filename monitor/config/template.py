"""The configuration `tocsin init` writes: short, commented, and ready to run as it is."""

from __future__ import annotations

from importlib.resources import files

SYSTEM_DATABASE = "/var/lib/tocsin/tocsin.db"


def init_template(*, system: bool = False) -> str:
    """The starter configuration; `system` = for the systemd service, with its database under /var/lib."""
    text = files("monitor.config").joinpath("starter.toml").read_text(encoding="utf-8")
    if not system:
        return text
    return text.replace('database = "tocsin.db"', f'database = "{SYSTEM_DATABASE}"')
