"""`tocsin status` and `tocsin config`: what is going on, and what is in force."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.store import sql
from monitor.store.clock import OFFLINE, STEPPED
from monitor.store.lock import DaemonLock
from monitor.store.process import AT_WORK, ENDED
from monitor.store.rows import Episode, to_db
from monitor.store.rows import write as as_row
from tests.support.cli import run
from tests.support.configs import CONTRACT, SMALL, write
from tests.support.store import add_article, add_feed, add_ledger, add_match, add_notification, new_database
from tests.support.store import transaction as unit

ROOT = Path(__file__).parents[2]
KEYS = {"feeds", "outbox", "alerts_24h", "last_alert", "last_tick", "daemon"}


def desk(folder: Path) -> Path:
    """A configuration of three feeds whose database knows two of them."""
    now = datetime.now(UTC)
    more = '[[feeds]]\nname = "b"\nurl = "https://b.example/"\n[[feeds]]\nname = "c"\nurl = "https://c.example/"\n'
    path = write(folder, f'[monitor]\ndatabase = "{folder}/tocsin.db"\n{SMALL}{more}enabled = false\n')
    with unit(new_database(folder)) as tx:
        lemonde = add_feed(tx, "lemonde", polls=2, last_good_at=now, baseline_at=now, next_poll_at=now)
        add_feed(tx, "b", polls=2, failures=2, first_failure_at=now, next_poll_at=now)
        article = add_article(tx, lemonde, title="Des talibans au Louvre")
        add_ledger(tx, add_match(tx, article, lemonde), "", "suppressed", "baseline")
        add_notification(tx, "screen")
        tx.run(sql.FACT_UPSERT, name="last_tick", value="", at=to_db(now - timedelta(minutes=3)))
    return path


def test_status_before_the_first_run(tmp_path: Path) -> None:
    """No database is no error: exit 0, everything at nought, and what to do."""
    path = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{SMALL}')
    outcome = run("status", "--config", path)
    assert outcome.code == 0
    assert "not started yet" in outcome.out
    [shape] = run("status", "--json", "--config", path).objects
    assert set(shape) >= KEYS
    assert shape["feeds"] == {"total": 1, "ok": 0, "failing": 0, "silent": 0, "disabled": 0}
    assert shape["daemon"] == "stopped"
    assert not (tmp_path / "t.db").exists()


def test_status_tells_of_an_outage_a_set_clock_and_gaps(tmp_path: Path) -> None:
    """Each a line, and a key in JSON; the outage only while a daemon runs that could see it."""
    path = desk(tmp_path)
    now = datetime.now(UTC)
    quiet = run("status", "--json", "--config", path).objects[0]
    assert (quiet["offline_since"], quiet["clock_step"], quiet["gaps_24h"]) == (None, None, 0)
    with unit(tmp_path / "tocsin.db") as tx:
        tx.run(sql.FACT_UPSERT, name=OFFLINE, value="", at=to_db(now - timedelta(minutes=5)))
        tx.run(sql.FACT_UPSERT, name=STEPPED, value="-3600", at=to_db(now - timedelta(hours=2)))
        for hours in (1, 30):
            ends = {"since": to_db(now - timedelta(hours=99)), "until": to_db(now - timedelta(hours=hours))}
            tx.run(sql.GAP_INSERT, id=tx.next_id("gaps"), feed_id=1, **ends)
    [stopped] = run("status", "--json", "--config", path).objects
    assert (stopped["offline_since"], stopped["crashed"]) == (None, False)
    assert stopped["clock_step"]["seconds"] == -3600
    assert stopped["gaps_24h"] == 1
    lock = DaemonLock(tmp_path / "tocsin.db")
    lock.acquire()
    told = run("status", "--config", path).out
    [running] = run("status", "--json", "--config", path).objects
    lock.release()
    assert datetime.fromisoformat(running["offline_since"]) < now
    assert "network  offline: no server can be reached, noticed 5 min ago" in told
    assert "clock    set back by 60 min, 2 h ago" in told
    assert "gaps     1 gap in 24 h" in told


def test_status_counts_feeds_outbox_and_alerts(tmp_path: Path) -> None:
    """The contract's shape, from the configuration and the database together."""
    [shape] = run("status", "--json", "--config", desk(tmp_path)).objects
    assert set(shape) >= KEYS
    assert shape["feeds"] == {"total": 2, "ok": 1, "failing": 1, "silent": 0, "disabled": 1}
    assert shape["outbox"] == {"ready": 1}
    assert shape["baseline_matches"] == 1
    assert datetime.fromisoformat(shape["last_tick"]) < datetime.now(UTC)


def test_status_for_people(tmp_path: Path) -> None:
    """Daemon, feeds with the names of those that fail, outbox, alerts, and what the feeds already match."""
    outcome = run("status", "--config", desk(tmp_path))
    assert outcome.code == 0
    assert "stopped, last sign 3 min ago" in outcome.out
    assert "1 failing (b)" in outcome.out
    assert "1 ready" in outcome.out
    assert "Des talibans au Louvre (lemonde, rule talks)" in outcome.out


def test_status_sees_a_running_daemon(tmp_path: Path) -> None:
    """Whoever holds the database's lock is at work."""
    path = desk(tmp_path)
    lock = DaemonLock(tmp_path / "tocsin.db")
    lock.acquire()
    try:
        [shape] = run("status", "--json", "--config", path).objects
    finally:
        lock.release()
    assert (shape["daemon"], shape["pid"]) == ("running", os.getpid())


def test_config_show_is_toml_and_json_without_a_secret(tmp_path: Path) -> None:
    """Every effective value; addresses, passwords and header values are masked in both forms."""
    write(tmp_path, "SESAME\n", "k")
    path = write(tmp_path, CONTRACT.replace('"s"', '"SESAME"').replace("https://hooks.", "https://SESAME."))
    for verb in (("config", "show"), ("config", "show", "--json")):
        outcome = run(*verb, "--config", path)
        assert outcome.code == 0, outcome.err
        assert "SESAME" not in outcome.out + outcome.err
    assert tomllib.loads(run("config", "show", "--config", path).out)["monitor"]["retention"] == "90d"
    [shape] = run("config", "show", "--json", "--config", path).objects
    assert shape["polling"]["every"] == "15m"


BROKEN = [
    pytest.param("quary = 1\n", id="unknown key"),
    pytest.param('[[rules]]\nname = "x\n', id="not TOML"),
    pytest.param('[[feeds]]\nurl = "not an address"\n', id="wrong value"),
]


@pytest.mark.parametrize("wrong", BROKEN)
def test_status_with_a_broken_configuration(tmp_path: Path, wrong: str) -> None:
    """What the database knows is shown all the same, with what is wrong in the file; exit 2."""
    path = desk(tmp_path)
    text = path.read_text(encoding="utf-8").replace("tocsin.db", "other.db")
    (tmp_path / "tocsin.db").rename(tmp_path / "other.db")
    path.write_text(f"{text}\n{wrong}", encoding="utf-8")
    outcome = run("status", "--config", path)
    assert outcome.code == 2
    assert f"cannot be used as it is now: {path}:" in outcome.out
    assert "2: 1 ok, 1 failing (b)" in outcome.out
    assert "1 ready" in outcome.out
    outcome = run("status", "--json", "--config", path)
    assert outcome.code == 2
    [shape] = outcome.objects
    assert shape["config"]["error"]["message"].startswith(f"{path}:")
    assert shape["feeds"]["failing"] == 1


def test_status_takes_the_database_it_is_given(tmp_path: Path) -> None:
    """With a file that tells nothing at all, --database says where to look."""
    desk(tmp_path)
    path = write(tmp_path, "= = =\n", "broken.toml")
    outcome = run("status", "--config", path, "--database", tmp_path / "tocsin.db")
    assert outcome.code == 2
    assert "1 ready" in outcome.out


def test_status_on_a_read_only_disk(tmp_path: Path) -> None:
    """Nothing can be written beside the database: it is read all the same, by a process of its own."""
    path = desk(tmp_path)
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" -m monitor status -c "$3"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"this machine gives no mount namespace: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "1 ready" in done.stdout


def test_facts_of_a_daemon_that_is_gone_are_not_shown(tmp_path: Path) -> None:
    """What it refused says nothing of the next one, nor of a one-shot run at work now."""
    path = desk(tmp_path)
    with unit(tmp_path / "tocsin.db") as tx:
        at = to_db(datetime.now(UTC))
        tx.run(sql.FACT_UPSERT, name="config_loaded", value='{"path": "/x", "pid": 1}', at=at)
        tx.run(sql.FACT_UPSERT, name="config_refused", value='{"message": "m", "hint": "", "more": 0}', at=at)
    lock = DaemonLock(tmp_path / "tocsin.db")
    lock.acquire()
    try:
        [shape] = run("status", "--json", "--config", path).objects
    finally:
        lock.release()
    assert (shape["config"]["path"], shape["config"]["refused"]) == (str(path), None)


def test_status_tells_of_troubles_and_blind_rules(tmp_path: Path) -> None:
    """Silence counts, what is certain is told, and each rule says which of its feeds it does not hear."""
    path = desk(tmp_path)
    now = datetime.now(UTC)
    with unit(tmp_path / "tocsin.db") as tx:
        for feed_id, kind, hours, detail in ((1, "frozen", 30, "9 h"), (2, "failing", 3, "HTTP 500")):
            since = now - timedelta(hours=hours)
            tx.run(sql.EPISODE_INSERT, **as_row(Episode(feed_id, feed_id, kind, since, detail)))
    [shape] = run("status", "--json", "--config", path).objects
    assert shape["feeds"] == {"total": 2, "ok": 0, "failing": 1, "silent": 1, "disabled": 1}
    assert shape["silent"] == ["lemonde"]
    assert [(t["feed"], t["kind"]) for t in shape["troubles"]] == [("lemonde", "frozen")]
    (blind,) = shape["blind"]
    assert (blind["feeds"], blind["blind"]) == (2, ["b", "lemonde"])
    told = run("status", "--config", path).out
    assert "feeds    2: 0 ok, 1 failing (b), 1 silent (lemonde), 1 disabled" in told
    assert (
        "trouble  lemonde is frozen: the same document each time, where its longest pause is usually 9 h"
        in told
    )
    assert f"blind    {blind['rule']}: 2 of its 2 feeds for over 2 h (b, lemonde)" in told
    states = {f["name"]: f["state"] for f in run("feeds", "list", "--json", "--config", path).objects}
    assert states == {"lemonde": "frozen", "b": "failing", "c": "disabled"}


def test_gaps_are_named_in_status_and_in_the_list(tmp_path: Path) -> None:
    """With the feed that may have dropped items."""
    path = desk(tmp_path)
    now = datetime.now(UTC)
    with unit(tmp_path / "tocsin.db") as tx:
        ends = {"since": to_db(now - timedelta(hours=9)), "until": to_db(now - timedelta(hours=1))}
        tx.run(sql.GAP_INSERT, id=1, feed_id=1, **ends)
    assert "gaps     1 gap in 24 h (lemonde), where items" in run("status", "--config", path).out
    assert [g["feed"] for g in run("status", "--json", "--config", path).objects[0]["gaps"]] == ["lemonde"]
    assert "; 1 gap in 24 h" in run("feeds", "list", "--config", path).out
    counts = [f["gaps_24h"] for f in run("feeds", "list", "--json", "--config", path).objects]
    assert sorted(counts) == [0, 0, 1]


@pytest.mark.parametrize(
    ("left", "said"), [(AT_WORK, "stopped: it was killed or crashed"), (ENDED, "stopped")]
)
def test_a_daemon_that_did_not_end_in_order_is_named(left: str, said: str, tmp_path: Path) -> None:
    """By what it wrote last; while one is at work that says nothing."""
    path = desk(tmp_path)
    with unit(tmp_path / "tocsin.db") as tx:
        tx.run(sql.FACT_UPSERT, name="last_tick", value=left, at=to_db(datetime.now(UTC)))
    assert run("status", "--config", path).out.startswith(f"daemon   {said}, last sign 0 s ago\n")
    assert run("status", "--json", "--config", path).objects[0]["crashed"] == (left == AT_WORK)
    lock = DaemonLock(tmp_path / "tocsin.db")
    lock.acquire()
    assert run("status", "--config", path).out.startswith("daemon   running (process ")
    lock.release()
