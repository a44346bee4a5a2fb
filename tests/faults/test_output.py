"""Output that cannot be written: a full disk behind a redirection, streams that were closed by the caller."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.configs import SMALL, write
from tests.support.daemon import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOCSIN = f"{sys.executable} -m monitor"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell."""
    return subprocess.run(
        ["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("verb", ["config show", "--help", "--version", "status --json"])
@pytest.mark.parametrize(
    ("where", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
def test_a_result_that_cannot_be_shown_is_a_failure_in_one_sentence(
    tmp_path: Path, verb: str, where: str, why: str
) -> None:
    """Exit 1 and the reason, once: not a traceback, not "unexpected", nothing more at the end of Python."""
    config = write(tmp_path, SMALL)
    done = shell(f"{TOCSIN} {verb} --config {config} {where}")
    assert (done.returncode, done.stderr) == (1, f"tocsin: the output cannot be written: {why}\n")


def test_closed_input_and_errors_do_not_break_a_verb(tmp_path: Path) -> None:
    """A service manager may close all it does not need; what can be shown is shown."""
    config = write(tmp_path, SMALL)
    done = shell(f"{TOCSIN} config path --config {config} <&- 2>&-")
    assert (done.returncode, done.stdout) == (0, f"{config}\n")
    assert shell(f"{TOCSIN} config path --config {config} <&- >&- 2>&-").returncode == 1


def test_a_closed_output_never_becomes_the_database(tmp_path: Path) -> None:
    """With all streams closed, no file that is opened later takes the place of one of them."""
    config = write(tmp_path, SMALL)
    done = shell(f"{TOCSIN} db migrate --config {config} <&- >&- 2>&-")
    assert done.returncode == 1
    assert (tmp_path / "tocsin.db").read_bytes()[:15] == b"SQLite format 3"
