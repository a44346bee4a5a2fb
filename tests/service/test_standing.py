"""A daemon that is there and does nothing is not called running well."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.service.standing import QUIET, Standstill, stands_still
from tests.support.documents import NOON

if TYPE_CHECKING:
    from pathlib import Path


def test_a_stopped_process_is_named_with_what_lets_it_go_on() -> None:
    """Whatever its last sign of life was; once it goes on, so does what is said."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        what = f"stands still: process {process.pid} was stopped by a signal"
        assert stands_still(process.pid, NOON, NOON) == Standstill(what, f"kill -CONT {process.pid}")
        process.send_signal(signal.SIGCONT)
        assert process.stdin
        process.stdin.close()
    assert stands_still(process.pid, NOON, NOON) is None


def test_a_heartbeat_that_does_not_come_is_named() -> None:
    """After two minutes; not while nothing can be recorded, for then there is none to be had."""
    assert stands_still(os.getpid(), NOON, NOON + QUIET) is None
    late = NOON + QUIET + timedelta(seconds=61)
    assert stands_still(os.getpid(), NOON, late) == Standstill("stands still: no sign of life for 3 min")
    assert stands_still(os.getpid(), None, late) is None
    assert stands_still(None, NOON, late) is None


def test_without_proc_only_the_heartbeat_counts(tmp_path: Path) -> None:
    """Another system, or a container that hides it."""
    assert stands_still(1, NOON, NOON, proc=tmp_path) is None
