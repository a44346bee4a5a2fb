"""The configuration `tocsin init` writes: short, commented, and ready to run as it is."""

from __future__ import annotations

import json
from importlib.resources import files

SYSTEM_DATABASE = "/var/lib/tocsin/tocsin.db"


def init_template(*, system: bool = False, database: str = "") -> str:
    """
    The starter configuration, with its database beside it or at `database`.

    `system` = for the systemd service, which keeps its database under /var/lib.
    """
    text = files("monitor.config").joinpath("starter.toml").read_text(encoding="utf-8")
    place = database or (SYSTEM_DATABASE if system else "")
    if not place:
        return text
    line = next(line for line in text.splitlines() if line.startswith("database = "))
    return text.replace(line, f"database = {json.dumps(place, ensure_ascii=False)}")
