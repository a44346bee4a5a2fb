"""`python -m monitor.store.compile_schema > monitor/store/newest.py`: the migrations' outcome as SQL text."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from monitor.store import schema

_HEADER = '''"""
What the migrations make of an empty file, as statements that make it at once. Written by `make sql`; do not
edit by hand.
"""

# ruff: noqa: D205, E501 - generated: one statement a line, however long
# fmt: off

'''


def text() -> str:
    """The module `newest.py`."""
    with tempfile.TemporaryDirectory() as folder:
        statements = schema.made_by_migrations(Path(folder) / "new.db")
    lines = [f"    {json.dumps(statement)},\n" for statement in statements]
    return f'{_HEADER}VERSION = "{schema.HEAD}"\nSTATEMENTS = (\n{"".join(lines)})\n'


if __name__ == "__main__":
    sys.stdout.write(text())
