"""Pages in a real daemon, and in a run that ends: what is queued is read, and feeds do not wait for it."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.pages.wanted import Purpose
from monitor.store import sql
from monitor.store.connection import open_reader
from monitor.store.database import command_line_tx
from monitor.store.pages import queue_page
from tests.support.cli import run
from tests.support.daemon import DaemonProcess
from tests.support.documents import Item, rss
from tests.support.pagedesk import HTML, page
from tests.support.webserver import Hang, WebServer, answer

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

DOHA = "The delegations of both sides meet again in Doha on Thursday, the ministry of the host country said."


def configured(folder: Path, web: WebServer, polling: str = "") -> Path:
    """A feed of that server with one old item, a rule, alerts into a file."""
    web.on("/a", answer(200, rss(Item("Old talks", guid="1", link=web.url("/1")))))
    path = folder / "config.toml"
    path.write_text(
        '[monitor]\ndatabase = "t.db"\n'
        f'[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n{polling}'
        f'[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\n'
        '[[rules]]\nname = "doha"\nquery = "doha"\n'
        '[channels.file]\ntype = "file"\npath = "alerts.jsonl"\n',
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path


def want(folder: Path) -> None:
    """Put the page of the one article into the queue, from another process."""
    with command_line_tx(folder / "t.db") as tx:
        row = tx.row("SELECT id, feed_id, url FROM articles")
        assert row is not None
        queue_page(
            tx,
            article_id=row["id"],
            feed_id=row["feed_id"],
            url=row["url"],
            purpose=Purpose.MATCH,
            now=datetime.now(UTC),
            deadline=timedelta(hours=6),
        )


def article(folder: Path) -> sqlite3.Row:
    """The one article as it is stored."""
    reader = open_reader(folder / "t.db")
    try:
        found: sqlite3.Row = reader.execute(sql.ARTICLE, {"id": 1}).fetchone()
        return found
    finally:
        reader.close()


def test_a_run_reads_the_pages_that_are_wanted_and_delivers_what_they_ring(
    web: WebServer, tmp_path: Path
) -> None:
    """In the same run, and its summary says so."""
    config = configured(tmp_path, web)
    assert run("run", "--once", "--config", config).code == 0
    web.on("/1", answer(200, page(DOHA), Content_Type=HTML))
    want(tmp_path)
    outcome = run("run", "--once", "--json", "--config", config)
    assert outcome.code == 0
    [summary] = outcome.objects
    assert (summary["pages"], summary["pages_waiting"], summary["delivered"]) == (1, 0, 1)
    assert DOHA in article(tmp_path)["page"]
    [alert] = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(alert)["title"] == "Old talks"
    want(tmp_path)
    outcome = run("run", "--once", "--config", config)
    assert "pages" not in outcome.err, "nothing is left to read"


def test_a_run_leaves_what_is_to_wait_to_the_next(web: WebServer, tmp_path: Path) -> None:
    """It ends at once and says what waits."""
    config = configured(tmp_path, web)
    run("run", "--once", "--config", config)
    web.on("/1", answer(503))
    want(tmp_path)
    outcome = run("run", "--once", "--config", config)
    assert outcome.code == 0
    assert "pages asked for 1, pages waiting 1" in outcome.err


def test_a_daemon_reads_pages_while_it_polls(web: WebServer, tmp_path: Path) -> None:
    """What was queued beside it is found; the alert is delivered; SIGTERM ends it cleanly."""
    config = configured(tmp_path, web, 'fastest = "1s"\n')
    web.on("/1", answer(200, page(DOHA), Content_Type=HTML))
    with DaemonProcess(config, "--log-level", "debug") as daemon:
        daemon.wait_for("feed polled")
        want(tmp_path)
        daemon.wait_for_each("page read")
        daemon.wait_for_each("notification sent")
        daemon.send(signal.SIGTERM)
        assert daemon.ended() == 0, daemon.lines
    assert DOHA in article(tmp_path)["page"]


def test_a_page_that_hangs_keeps_no_feed_of_its_host_waiting(web: WebServer, tmp_path: Path) -> None:
    """The feed is polled again and again meanwhile; a stop breaks the page off and its row stays."""
    config = configured(tmp_path, web, 'fastest = "1s"\n')
    text = config.read_text(encoding="utf-8").replace("[[rules]]", 'every = "1s"\n[[rules]]', 1)
    config.write_text(text, encoding="utf-8")
    web.on("/1", Hang())
    with DaemonProcess(config, "--log-level", "debug") as daemon:
        daemon.wait_for("feed polled")
        want(tmp_path)
        web.wait_for_a_request("/1")
        before = web.targets().count("/a")
        web.wait_for_a_request("/a", before + 3)
        daemon.send(signal.SIGTERM)
        assert daemon.ended() == 0, daemon.lines
    assert web.targets().count("/1") == 1
    assert article(tmp_path)["page_why"] == ""
    reader = open_reader(tmp_path / "t.db")
    [row] = reader.execute(sql.PAGES_WAITING).fetchall()
    reader.close()
    assert row["attempts"] == 1
