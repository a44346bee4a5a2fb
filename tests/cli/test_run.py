"""`tocsin run --once`: what it says, and how it ends."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store.lock import DaemonLock
from tests.support.cli import run
from tests.support.configs import RULE, SMALL, write
from tests.support.documents import Item, rss
from tests.support.webserver import Hang, WebServer, answer

ROOT = Path(__file__).parents[2]
OLD = Item("Old talks in Doha", guid="old", link="https://n.example/old", age=48)
NEW = Item("Talks in Doha", guid="new", link="https://n.example/new", age=1)


def config(folder: Path, web: WebServer, *feeds: str, more: str = "") -> Path:
    """Feeds of the server, one rule, alerts into a file."""
    text = f'[monitor]\ndatabase = "{folder}/t.db"\n[[rules]]\nname = "doha"\nquery = "doha"\n'
    text += '[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
    text += "".join(
        f'[[feeds]]\nname = "{f}"\nurl = "{web.url("/" + f)}"\nfull_text = "never"\n' for f in feeds
    )
    return write(folder, text + (more or f'[channels.desk]\ntype = "file"\npath = "{folder}/alerts.jsonl"\n'))


def test_the_first_run_learns_and_the_second_rings(web: WebServer, tmp_path: Path) -> None:
    """The first says what the feeds already match; the next delivers what is new, in one line each."""
    web.on("/a", answer(200, rss(OLD)))
    web.on("/a", answer(200, rss(NEW, OLD)))
    path = config(tmp_path, web, "a")
    first = run("run", "--once", "--config", path)
    assert (first.code, first.out) == (0, "")
    assert "polled 1, new 1, matched 1, delivered 0\n" in first.err
    assert "1 item already in your feeds match; new ones will ring" in first.err
    assert "Old talks in Doha (a, rule doha)" in first.err
    second = run("run", "--once", "--force", "--config", path)
    assert second.code == 0
    assert "polled 1, new 1, matched 1, delivered 1\n" in second.err
    assert "already in your feeds" not in second.err
    alert = json.loads((tmp_path / "alerts.jsonl").read_text(encoding="utf-8"))
    assert alert["title"] == "Talks in Doha"


def test_nothing_due_is_nothing_asked(web: WebServer, tmp_path: Path) -> None:
    """A second run in the same minute polls nothing unless it is forced."""
    web.on("/a", answer(200, rss(OLD)))
    path = config(tmp_path, web, "a")
    run("run", "--once", "--config", path)
    assert "polled 0," in run("run", "--once", "--config", path).err
    assert len(web.seen) == 1
    assert "polled 1," in run("run", "--once", "--force", "--config", path).err


def test_the_summary_as_json(web: WebServer, tmp_path: Path) -> None:
    """One object on standard output."""
    web.on("/a", answer(200, rss(OLD)))
    [summary] = run("run", "--once", "--json", "--config", config(tmp_path, web, "a")).objects
    assert {"polled": 1, "new": 1, "matched": 1, "delivered": 0, "failed": 0, "exit_code": 0}.items() <= (
        summary.items()
    )


def test_alerts_show_the_time_of_the_configured_zone(web: WebServer, tmp_path: Path) -> None:
    """Whoever reads an alert lives somewhere: [monitor] timezone says where."""
    web.on("/a", answer(200, rss(NEW)))
    path = config(tmp_path, web, "a", more='first_poll = "alert"\n[channels.screen]\ntype = "terminal"\n')
    text = path.read_text(encoding="utf-8").replace("[monitor]\n", '[monitor]\ntimezone = "Asia/Tokyo"\n')
    outcome = run("run", "--once", "--config", write(tmp_path, text))
    assert "Talks in Doha" in outcome.out
    assert " JST\n" in outcome.out


def test_one_feed_of_two_down_is_no_failure(web: WebServer, tmp_path: Path) -> None:
    """Exit 0 as long as some feed answers."""
    web.on("/a", answer(200, rss(OLD)))
    web.on("/b", answer(500))
    outcome = run("run", "--once", "--config", config(tmp_path, web, "a", "b"))
    assert outcome.code == 0
    assert "polled 2" in outcome.err


def test_every_feed_down_is_a_failure(web: WebServer, tmp_path: Path) -> None:
    """Exit 1: cron writes a mail."""
    web.on("/a", answer(500))
    assert run("run", "--once", "--config", config(tmp_path, web, "a")).code == 1


def test_a_failed_delivery_is_a_failure(web: WebServer, tmp_path: Path) -> None:
    """Exit 1, and the summary counts what was not delivered; the outbox keeps it."""
    web.on("/a", answer(200, rss(OLD)))
    web.on("/a", answer(200, rss(NEW, OLD)))
    channel = f'[channels.desk]\ntype = "file"\npath = "{tmp_path}/missing/alerts.jsonl"\n'
    path = config(tmp_path, web, "a", more=channel)
    run("run", "--once", "--config", path)
    outcome = run("run", "--once", "--force", "--config", path)
    assert outcome.code == 1
    assert "delivered 0, not delivered 1" in outcome.err
    [kept] = run("outbox", "list", "--json", "--config", path).objects
    assert (kept["channel"], kept["state"]) == ("desk", "retry")


def test_a_database_at_work_is_left_alone(web: WebServer, tmp_path: Path) -> None:
    """Exit 1, naming the process that holds it; nothing is asked."""
    path = config(tmp_path, web, "a")
    lock = DaemonLock(tmp_path / "t.db")
    lock.acquire()
    try:
        outcome = run("run", "--once", "--config", path)
    finally:
        lock.release()
    assert outcome.code == 1
    assert "another Tocsin (process " in outcome.err
    assert web.seen == []


def test_a_wrong_rule_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """Exit 2 with file, line and column; no database is made."""
    path = write(tmp_path, SMALL.replace("talibans", "talibans AND"))
    outcome = run("run", "--once", "--config", path, "--database", tmp_path / "t.db")
    assert outcome.code == 2
    assert f"{path}:7:" in outcome.err
    assert not (tmp_path / "t.db").exists()


def test_a_refused_configuration_tells_each_warning_once(tmp_path: Path) -> None:
    """Together with its errors."""
    path = write(tmp_path, f"{SMALL}[channels.hook]\nurl = 'ntfys://user:pass@ntfy.example/x'\n[nonsense]\n")
    path.chmod(0o644)
    outcome = run("run", "--config", path)
    assert outcome.code == 2
    assert outcome.err.count("warning: ") == 1, outcome.err


def test_a_failing_rule_test_is_told_and_does_not_keep_the_watch_from_starting(
    web: WebServer, tmp_path: Path
) -> None:
    """A start without any rule in force would lose every alert; a reload keeps the old ones instead."""
    web.on("/a", answer(200, rss(Item("Talks in Doha", guid="1"))))
    path = config(tmp_path, web, "a")
    text = path.read_text(encoding="utf-8") + '[[rules]]\nname = "x"\nquery = "x"\n'
    path.write_text(text + '[[rules.tests]]\nmatch = "y"\n', encoding="utf-8")
    outcome = run("run", "--once", "--config", path)
    assert outcome.code == 0, outcome.err
    assert "warning: " in outcome.err
    assert "rule 'x' should match, and does not: 'y'" in outcome.err


def test_an_interrupt_ends_a_run_with_130(web: WebServer, tmp_path: Path) -> None:
    """Ctrl-C in mid-poll: no traceback, the database is closed, the feed is still due."""
    web.on("/a", Hang())
    path = config(tmp_path, web, "a")
    # Tests that run in the background of a shell ignore the signal, and so would what they start.
    heard = ["env", "--default-signal=INT"]
    process = subprocess.Popen(
        [*heard, sys.executable, "-m", "monitor", "run", "--once", "--config", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    web.wait_for_a_request()
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in said
    assert not (tmp_path / "t.db-wal").exists()
    [feed] = run("feeds", "list", "--json", "--config", path).objects
    assert feed["state"] == "new"


def test_a_run_without_a_network_says_so_and_blames_no_feed(web: WebServer, tmp_path: Path) -> None:
    """No host can be reached: exit 1, in words, no feed is failing, all are due at the next run."""
    text = f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{RULE}'
    text += '[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
    text += f'[channels.desk]\ntype = "file"\npath = "{tmp_path}/alerts.jsonl"\n'
    for number in range(2, 8):  # the server listens on 127.0.0.1 alone
        text += f'[[feeds]]\nname = "f{number}"\nurl = "http://127.0.0.{number}:{web.port}/"\n'
    path = write(tmp_path, text)
    for _ in range(2):
        outcome = run("run", "--once", "--config", path)
        assert outcome.code == 1
        assert "offline: no server could be reached" in outcome.err
        [shape] = run("status", "--json", "--config", path).objects
        assert shape["failing"] == []
        assert shape["offline_since"] is None
    [summary] = run("run", "--once", "--json", "--config", path).objects
    assert summary["offline"] is True


_THREADS = """
import ctypes, sys, threading
if sys.argv[1] == "shared":
    from monitor.cli.run import _share_memory
    _share_memory()
libc, all_here = ctypes.CDLL(None), threading.Barrier(4)
libc.malloc.restype = ctypes.c_void_p
def take():
    all_here.wait(30)
    libc.malloc(100_000)
    all_here.wait(30)
threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_stats()
"""


def test_a_run_needs_no_ctypes(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some Pythons are built without it: the run takes more memory, and goes on."""
    monkeypatch.setitem(sys.modules, "ctypes", None)
    web.on("/a", answer(200, rss(OLD)))
    outcome = run("run", "--once", "--config", config(tmp_path, web, "a"))
    assert (outcome.code, "polled 1, new 1" in outcome.err) == (0, True)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a heap for each thread")
@pytest.mark.parametrize(("how", "alone"), [("shared", True), ("each", False)])
def test_threads_share_their_memory(how: str, *, alone: bool) -> None:
    """A run has one heap for all its threads; without our doing they would have several."""
    command = [sys.executable, "-c", _THREADS, how]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    assert (told.count("Arena ") == 1) is alone, told
