"""The command line, run in this process: what it printed and how it ended."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from monitor.cli import app, context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[Any]:
        """The JSON values of the output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments: str | Path, stdin: str = "") -> Outcome:
    """
    Run `tocsin ARGUMENTS`. Nothing is left of the common options of an earlier run.

    `context.given` is shared by all verb modules, so it is emptied, not replaced.
    """
    empty = context.Context()
    for field in fields(empty):
        setattr(context.given, field.name, getattr(empty, field.name))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _standard_input(stdin):
        code = app.invoke([str(argument) for argument in arguments])
    logging.captureWarnings(capture=False)  # what `run` switched on belongs to a process that ends
    return Outcome(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _standard_input(text: str) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before
