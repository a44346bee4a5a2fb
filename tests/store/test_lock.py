"""One daemon per database: the lock and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from monitor.errors import DaemonRunningError
from monitor.store.lock import DaemonLock, fault_of, holder_of, trouble_of

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from monitor.store.lock import DaemonLock
lock = DaemonLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_with_the_first_one_named(tmp_path: Path) -> None:
    """The message says which process is at work, and the hint what to do."""
    path = tmp_path / "tocsin.db"
    first = DaemonLock(path)
    first.acquire()
    with pytest.raises(DaemonRunningError, match=str(os.getpid())) as caught:
        DaemonLock(path).acquire()
    assert "stop it first" in caught.value.hint
    first.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    """After release the next one gets it; releasing twice, or what was never held, does nothing."""
    path = tmp_path / "tocsin.db"
    first, second = DaemonLock(path), DaemonLock(path)
    second.release()
    first.acquire()
    first.release()
    first.release()
    second.acquire()
    assert holder_of(path) == os.getpid()
    second.release()


def test_nobody_holds_a_lock_that_is_free(tmp_path: Path) -> None:
    """No lock file, or one that was left behind, means that nobody is at work."""
    path = tmp_path / "tocsin.db"
    assert holder_of(path) is None
    lock = DaemonLock(path)
    lock.acquire()
    lock.release()
    assert holder_of(path) is None


def test_databases_do_not_share_a_lock(tmp_path: Path) -> None:
    """Two databases in one folder can each have their daemon."""
    one, other = DaemonLock(tmp_path / "one.db"), DaemonLock(tmp_path / "other.db")
    one.acquire()
    other.acquire()
    one.release()
    other.release()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    """A process that is killed holds nothing: the next one takes over, and writes its own number."""
    path = tmp_path / "tocsin.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert holder_of(path) == process.pid
        with pytest.raises(DaemonRunningError, match=str(process.pid)):
            DaemonLock(path).acquire()
        process.kill()
        process.wait(30)
    assert holder_of(path) is None
    lock = DaemonLock(path)
    lock.acquire()
    assert holder_of(path) == os.getpid()
    lock.release()


def test_what_the_canary_found_outlives_the_process(tmp_path: Path) -> None:
    """Beside what the database suffers from, neither of which overwrites the other."""
    path = tmp_path / "tocsin.db"
    lock = DaemonLock(path)
    lock.acquire()
    lock.say("the disk\nis full")
    lock.note_fault('{"why": "the writer"}')
    assert (trouble_of(path), fault_of(path)) == ("the disk is full", '{"why": "the writer"}')
    lock.say()
    assert (trouble_of(path), fault_of(path)) == ("", '{"why": "the writer"}')
    lock.release()
    assert fault_of(path) == "", "nobody is at work"
    another = DaemonLock(path)
    another.acquire()
    assert another.fault == fault_of(path) == '{"why": "the writer"}'
    another.note_fault()
    another.release()
    last = DaemonLock(path)
    last.acquire()
    assert last.fault == ""
    last.release()


def test_long_words_leave_room_for_each_other(tmp_path: Path) -> None:
    """Each line is cut for itself."""
    path = tmp_path / "tocsin.db"
    lock = DaemonLock(path)
    lock.acquire()
    lock.say("é" * 5000)
    lock.note_fault("f" * 5000)
    assert set(trouble_of(path)) == {"é"}
    assert len(fault_of(path)) == 1900
    assert holder_of(path) == os.getpid()
    lock.release()
