"""
Every broken configuration of tests/configs, as `check` and as a running daemon meet it.

The files in `refused` hold mistakes that only `check` finds (in queries, rule tests and channels) or that
take several files; their first comments announce the findings as those in `bad` do, with the name of the
file in front where it is not the main one.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from monitor.cli.check import all_findings
from monitor.config.load import load_config
from tests.support.cli import run
from tests.support.configs import ENV, as_comments, spread
from tests.support.daemon import DaemonProcess
from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer

CONFIGS = Path(__file__).parent.parent / "configs"
REFUSED = sorted((CONFIGS / "refused").glob("*.toml"))
BAD = [path for path in sorted((CONFIGS / "bad").glob("*.toml")) if "# expect: " in path.read_text("utf-8")]
RUNNING = """\
[monitor]
database = "tocsin.db"
[polling]
fastest = "1s"
per_host_gap = "0s"
allow_private = ["127.0.0.0/8"]
[[feeds]]
name = "a"
url = "{url}"
every = "1s"
[[rules]]
name = "doha"
query = "doha"
[channels.file]
type = "file"
path = "alerts.jsonl"
[notices]
channels = ["notices"]
[channels.notices]
type = "file"
path = "notices.jsonl"
[[routes]]
channels = ["file"]
[log]
format = "json"
"""


@pytest.mark.parametrize("bad", REFUSED, ids=lambda path: path.stem)
def test_check_tells_the_mistake_with_its_line_and_remedy(bad: Path, tmp_path: Path) -> None:
    """Nothing but what the file announces; and `check` ends with 2."""
    text = bad.read_text(encoding="utf-8")
    path = spread(tmp_path, text, bad.name)
    findings = all_findings(load_config(path, env=ENV))
    found = [line for finding in findings for line in as_comments(finding, tmp_path, path)]
    assert found == text.partition("\n\n")[0].splitlines()
    assert run("check", "--config", path).code == 2


@pytest.mark.slow
def test_a_running_daemon_refuses_each_and_goes_on(tmp_path: Path) -> None:
    """One daemon is given every broken file by SIGHUP: it says why each time, and rings by its old rules."""
    old = Item("Old talks in Doha", guid="old", link="https://n.example/old", age=48)
    new = Item("Talks in Doha", guid="g1", link="https://n.example/1", age=1)
    broken = [*BAD, *REFUSED]
    assert len(broken) >= 100
    with WebServer() as web:
        web.on("/a", answer(200, rss(old)))
        running = RUNNING.format(url=web.url("/a"))
        path = spread(tmp_path, running)
        with DaemonProcess(path) as daemon:
            daemon.wait_for("already in your feeds")
            for bad in broken:
                text = bad.read_text(encoding="utf-8")
                spread(tmp_path, text)
                daemon.send(signal.SIGHUP)
                line = daemon.wait_for("the configuration is refused, the old one stays in force")
                assert _first_expected(text, bad, tmp_path) in json.loads(line)["error"], bad.name
            [shape] = run("status", "--json", "--config", path).objects
            assert shape["config"]["refused"]["message"] == json.loads(line)["error"]
            assert shape["daemon"] == "running"
            web.on("/a", answer(200, rss(new, old)))
            daemon.wait_for("notification sent", '"channel": "file"')
            spread(tmp_path, running)
            daemon.send(signal.SIGHUP)
            daemon.wait_for("configuration reloaded")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
    delivered = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["title"] for line in delivered] == ["Talks in Doha"]
    pushed = (tmp_path / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(pushed) >= 0.9 * len(broken), "two files may hold the same mistake in the same line"


def _first_expected(text: str, bad: Path, folder: Path) -> str:
    """The message of the first error a file announces."""
    announced = text.partition("\n\n")[0].splitlines()
    first = next(line for line in announced if line.startswith("# expect: "))
    message = first.removeprefix("# expect: ").partition(": ")[2]
    return message.replace("{folder}", str(folder)).replace(bad.name, "config.toml")
