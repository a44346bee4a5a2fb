"""Faults planted in a healthy installation, one at a time: each is found, and nothing else is."""

# ruff: noqa: D103 - the names say what is planted

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.doctor.findings import CATALOGUE
from monitor.service.alarm import Fault
from monitor.store.rows import to_db
from tests.doctor.clinic import PHONE, Clinic, told
from tests.support.store import add_article, add_feed, add_match, add_notification, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PLANTED: dict[str, tuple[Callable[[Clinic], None], set[str]]] = {}
# Where the installation cannot be used at all, what hangs on it is found as well.
MORE: dict[str, set[str]] = {}
DEADMAN = '[deadman]\nurl = "http://127.0.0.1:9/ping"\n'


def planted(*codes: str, also: tuple[str, ...] = ()) -> Callable[[Callable[[Clinic], None]], None]:
    """Note a fault under its own name, with the codes by which it is found."""
    assert set(codes) | set(also) <= CATALOGUE.keys()

    def note(plant: Callable[[Clinic], None]) -> None:
        PLANTED[plant.__name__] = (plant, set(codes))
        MORE[plant.__name__] = set(also)

    return note


def now() -> datetime:
    return datetime.now(UTC)


# --- configuration and files -------------------------------------------------------------------------


@planted("configuration_refused")
def a_key_that_is_not_one(clinic: Clinic) -> None:
    clinic.add('[alerts]\nbugdet = "off"\n')


@planted("configuration_refused")
def a_file_that_is_not_toml(clinic: Clinic) -> None:
    clinic.add('[[rules]]\nname = "x\n')


@planted("configuration_refused")
def a_rule_whose_test_fails(clinic: Clinic) -> None:
    clinic.add('[[rules]]\nname = "x"\nquery = "x"\n[[rules.tests]]\nmatch = "y"\n')


@planted("configuration_refused")
def an_unknown_zone(clinic: Clinic) -> None:
    clinic.replace("Europe/Paris", "Europe/Pari")


@planted("readable_secret")
def a_world_readable_configuration_with_a_token(clinic: Clinic) -> None:
    clinic.config.chmod(0o644)


@planted("readable_secret")
def a_secret_file_of_mode_0644(clinic: Clinic) -> None:
    file = clinic.config.with_name("phone.url")
    file.write_text(PHONE, encoding="utf-8")
    file.chmod(0o644)
    clinic.replace(f'url = "{PHONE}"', 'url = { file = "phone.url" }')


@planted("readable_secret")
def a_credential_that_others_may_read(clinic: Clinic) -> None:
    folder = clinic.config.with_name("credentials")
    folder.mkdir(mode=0o700)
    (folder / "phone").write_text(PHONE, encoding="utf-8")
    (folder / "phone").chmod(0o644)


@planted("writable_configuration")
def a_configuration_that_anybody_may_change(clinic: Clinic) -> None:
    clinic.config.chmod(0o602)


@planted("readable_database")
def a_database_that_others_may_read(clinic: Clinic) -> None:
    clinic.database.chmod(0o644)


@planted("writable_folder")
def a_folder_of_the_database_that_others_may_write_to(clinic: Clinic) -> None:
    clinic.database.parent.chmod(0o777)


@planted("readable_backup")
def a_backup_that_others_may_read(clinic: Clinic) -> None:
    copy = clinic.database.with_name("tocsin.db.20260101T000000Z.backup")
    copy.write_bytes(b"x")
    copy.chmod(0o604)


# --- disk --------------------------------------------------------------------------------------------


@planted("no_reserve")
def a_reserve_that_is_gone(clinic: Clinic) -> None:
    clinic.database.with_name("tocsin.db.reserve").unlink()


@planted("no_reserve")
def a_reserve_that_is_only_a_hole(clinic: Clinic) -> None:
    path = clinic.database.with_name("tocsin.db.reserve")
    path.unlink()
    with path.open("wb") as file:
        file.truncate(8 << 20)


# --- database ----------------------------------------------------------------------------------------


@planted("database_damaged", also=("rule_blind",))
def a_page_of_the_database_that_is_damaged(clinic: Clinic) -> None:
    with transaction(clinic.database) as tx:
        feed = add_feed(tx, "c")
        for number in range(300):
            add_match(tx, add_article(tx, feed, title=f"{number} " * 50), feed)
    clinic.stop()
    clinic.sql("SELECT 1")
    with sqlite3.connect(clinic.database) as con:
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [page] = con.execute("SELECT rootpage FROM sqlite_master WHERE name = 'articles'").fetchone()
        [size] = con.execute("PRAGMA page_size").fetchone()
    con.close()
    clinic.start()
    with clinic.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@planted("database_foreign")
def a_database_that_is_none(clinic: Clinic) -> None:
    clinic.database.write_bytes(b"this is no database" * 400)


@planted("database_foreign")
def a_database_of_another_program(clinic: Clinic) -> None:
    clinic.database.unlink()
    with sqlite3.connect(clinic.database) as con:
        con.execute("CREATE TABLE bookmarks (url)")
    con.close()
    clinic.database.chmod(0o600)


@planted("schema_newer")
def a_database_of_a_newer_version(clinic: Clinic) -> None:
    clinic.sql("UPDATE alembic_version SET version_num = '9999'")


@planted("schema_older")
def a_database_that_waits_for_its_migration(clinic: Clinic) -> None:
    clinic.sql("UPDATE alembic_version SET version_num = '0001'")


@planted("wal_large")
def a_write_ahead_log_that_nobody_puts_away(clinic: Clinic) -> None:
    holding(clinic, "con.execute('BEGIN'); con.execute('SELECT * FROM facts').fetchall()")
    clinic.fact("x", "y")
    with clinic.database.with_name("tocsin.db-wal").open("r+b") as file:
        file.truncate(200 << 20)


@planted("database_locked")
def a_program_that_never_ends_its_transaction(clinic: Clinic) -> None:
    holding(clinic, "con.execute('BEGIN IMMEDIATE')")


@planted("backup_old")
def a_backup_of_last_season(clinic: Clinic) -> None:
    copy = clinic.database.with_name("tocsin.db.20260101T000000Z.backup")
    copy.write_bytes(b"x")
    copy.chmod(0o600)
    old = (now() - timedelta(days=90)).timestamp()
    os.utime(copy, (old, old))


# --- outbox and daemon -------------------------------------------------------------------------------


@planted("dead_letters")
def a_dead_letter(clinic: Clinic) -> None:
    with transaction(clinic.database) as tx:
        add_notification(tx, "phone", state="dead")


@planted("backlog_old")
def a_notification_that_waits_since_yesterday(clinic: Clinic) -> None:
    with transaction(clinic.database) as tx:
        add_notification(tx, "phone", state="retry", created_at=now() - timedelta(days=1))


@planted("daemon_stopped")
def a_daemon_that_was_killed(clinic: Clinic) -> None:
    clinic.stop()


@planted("foreign_lock")
def a_lock_that_another_program_holds(clinic: Clinic) -> None:
    clinic.stop()
    clinic.start(called="backup-job")


@planted("daemon_stuck")
def a_daemon_that_stands_still(clinic: Clinic) -> None:
    clinic.sign(now() - timedelta(minutes=30))
    pretend(started=now() - timedelta(hours=1), installed=now() - timedelta(days=1))


@planted("daemon_stuck")
def a_daemon_that_was_stopped_by_a_signal(clinic: Clinic) -> None:
    os.kill(clinic.holder, signal.SIGSTOP)


@planted()
def a_daemon_that_starts_after_a_night_off(clinic: Clinic) -> None:
    clinic.sign(now() - timedelta(hours=9))


@planted("daemon_trouble")
def a_daemon_that_cannot_record(clinic: Clinic) -> None:
    lock = clinic.database.with_name("tocsin.db.lock")
    lock.write_bytes(f"{clinic.holder}\nthe disk is full".encode().ljust(2048))


@planted("older_program")
def a_daemon_older_than_its_program(clinic: Clinic) -> None:
    pretend(started=now() - timedelta(days=9), installed=now() - timedelta(days=1))


@planted("older_configuration")
def an_edit_that_nobody_reloaded(clinic: Clinic) -> None:
    clinic.fact("config_loaded", {"pid": clinic.holder, "path": str(clinic.config)})
    clinic.fact("config_differs", ["config.toml"])


@planted("configuration_not_taken")
def a_reload_that_was_refused(clinic: Clinic) -> None:
    clinic.fact("config_loaded", {"pid": clinic.holder, "path": str(clinic.config)})
    clinic.fact("config_refused", {"message": "config.toml:3: 'x' is no key", "hint": "", "more": 0})


@planted("unit_other_configuration")
def a_daemon_on_another_configuration(clinic: Clinic) -> None:
    clinic.fact("config_loaded", {"pid": clinic.holder, "path": "/srv/other.toml"})


@planted("offline")
def a_machine_that_is_cut_off(clinic: Clinic) -> None:
    clinic.fact("offline_since", "", now() - timedelta(minutes=9))


# --- service and journal -----------------------------------------------------------------------------


def drop_in(clinic: Clinic, text: str) -> None:
    """A drop-in, as `systemctl edit tocsin` writes it."""
    folder = clinic.unit.with_name("tocsin.service.d")
    folder.mkdir()
    (folder / "override.conf").write_text(text, encoding="utf-8")


@planted("unit_loosened")
def a_drop_in_that_opens_the_home_directories(clinic: Clinic) -> None:
    drop_in(clinic, "[Service]\nProtectHome=no\nReadWritePaths=/home\n")


@planted("unit_loosened")
def a_drop_in_that_empties_the_filter_of_calls(clinic: Clinic) -> None:
    drop_in(clinic, "[Service]\nSystemCallFilter=\n")


@planted("unit_loosened")
def a_unit_with_a_wall_cut_out(clinic: Clinic) -> None:
    edit_unit(clinic, "NoNewPrivileges=yes\n", "")


@planted("unit_no_watchdog")
def a_unit_without_its_watchdog(clinic: Clinic) -> None:
    edit_unit(clinic, "WatchdogSec=60\n", "")


@planted("unit_no_watchdog")
def a_drop_in_that_switches_the_watchdog_off(clinic: Clinic) -> None:
    drop_in(clinic, "[Service]\nWatchdogSec=0\n")


@planted("unit_no_restart")
def a_unit_that_is_not_started_again(clinic: Clinic) -> None:
    drop_in(clinic, "[Service]\nRestart=no\n")


@planted("unit_gives_up")
def a_unit_that_gives_up(clinic: Clinic) -> None:
    edit_unit(clinic, "StartLimitIntervalSec=0\n", "")


@planted("unit_program_missing")
def a_unit_whose_program_is_gone(clinic: Clinic) -> None:
    (clinic.root / "opt/tocsin/bin/tocsin").unlink()


@planted("unit_credential_missing")
def a_credential_that_is_not_there(clinic: Clinic) -> None:
    drop_in(clinic, "[Service]\nLoadCredential=phone:/etc/tocsin/credentials/phone\n")


@planted("unit_not_enabled")
def a_unit_that_does_not_start_at_boot(clinic: Clinic) -> None:
    (clinic.unit.parent / "multi-user.target.wants/tocsin.service").unlink()


@planted("unit_other_configuration")
def a_unit_that_runs_another_configuration(clinic: Clinic) -> None:
    edit_unit(clinic, "run --config /etc/tocsin/config.toml", "run --config /etc/tocsin/old.toml")


@planted("journal_volatile")
def a_journal_in_memory(clinic: Clinic) -> None:
    (clinic.root / "etc/systemd/journald.conf").write_text("[Journal]\nStorage=volatile\n", encoding="utf-8")


@planted("journal_volatile")
def a_journal_without_its_folder(clinic: Clinic) -> None:
    (clinic.root / "var/log/journal").rmdir()


@planted("journal_off")
def a_journal_that_keeps_nothing(clinic: Clinic) -> None:
    (clinic.root / "etc/systemd/journald.conf").write_text("[Journal]\nStorage=none\n", encoding="utf-8")


@planted("journal_small")
def a_journal_of_a_few_megabytes(clinic: Clinic) -> None:
    folder = clinic.root / "etc/systemd/journald.conf.d"
    folder.mkdir()
    (folder / "small.conf").write_text("[Journal]\nSystemMaxUse=8M\n", encoding="utf-8")


@planted("journal_suppresses")
def a_journal_that_suppresses(clinic: Clinic) -> None:
    text = "[Journal]\nRateLimitIntervalSec=30s\nRateLimitBurst=50\n"
    (clinic.root / "etc/systemd/journald.conf").write_text(text, encoding="utf-8")


# --- clock and system --------------------------------------------------------------------------------


@planted("clock_went_back")
def a_sign_of_life_from_the_future(clinic: Clinic) -> None:
    clinic.sign(now() + timedelta(hours=3))


@planted("zone_unknown")
def a_machine_without_a_zone(clinic: Clinic) -> None:
    clinic.replace('timezone = "Europe/Paris"\n', "")
    (clinic.root / "etc/localtime").unlink()


@planted("zone_unknown")
def a_zone_that_is_not_known(clinic: Clinic) -> None:
    clinic.replace('timezone = "Europe/Paris"\n', "")
    (clinic.root / "etc/localtime").unlink()
    (clinic.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Atlantis")


@planted("few_open_files")
def too_few_open_files(clinic: Clinic) -> None:
    subprocess.run(["prlimit", f"--pid={clinic.holder}", "--nofile=100:100"], check=True)


@planted("memory_limit_low")
def a_unit_with_too_little_memory(clinic: Clinic) -> None:
    clinic.stop()
    clinic.sign(now(), "ended")
    drop_in(clinic, "[Service]\nMemoryMax=64M\n")


MORE["a_unit_with_too_little_memory"] = {"daemon_stopped"}


# --- feeds, rules, channels --------------------------------------------------------------------------


@planted("feed_unreachable", "rule_partly_blind")
def a_feed_that_has_failed_since_yesterday(clinic: Clinic) -> None:
    fail(clinic, "a", 500, "the server answered 500 Internal Server Error")
    trouble(clinic, 1, "failing")


@planted("rule_blind")
def a_rule_that_hears_nothing(clinic: Clinic) -> None:
    for number in (1, 2):
        trouble(clinic, number, "silent")


@planted("feed_gone")
def a_feed_that_said_it_is_gone(clinic: Clinic) -> None:
    clinic.sql("UPDATE feeds SET gone = 1, next_poll_at = NULL WHERE name = 'a'")


@planted("feed_secret_missing")
def a_feed_whose_password_is_missing(clinic: Clinic) -> None:
    feed = f'url = "{clinic.web.url("/a")}"'
    clinic.replace(feed, f'{feed}\nauth = {{ user = "u", password = {{ env = "NO_SUCH_VARIABLE" }} }}')


@planted("channel_secret_missing")
def a_variable_that_is_not_set(clinic: Clinic) -> None:
    clinic.replace(f'url = "{PHONE}"', 'url = { env = "NO_SUCH_VARIABLE" }')


@planted("channel_secret_missing")
def a_file_of_a_secret_that_is_not_there(clinic: Clinic) -> None:
    clinic.replace(f'url = "{PHONE}"', 'url = { file = "nothing" }')


@planted("channel_secret_missing")
def a_credential_that_the_unit_does_not_load(clinic: Clinic) -> None:
    clinic.replace(f'url = "{PHONE}"', 'url = { credential = "phone" }')


@planted("channel_url")
def an_unknown_service(clinic: Clinic) -> None:
    clinic.replace("tgram://", "tgrm://")


@planted("channel_url")
def an_address_without_its_parts(clinic: Clinic) -> None:
    clinic.replace(PHONE, "slack://T0000")


@planted("channel_targets")
def a_channel_with_two_receivers(clinic: Clinic) -> None:
    clinic.replace(PHONE, f"{PHONE}/43")


@planted("credential_form")
def a_token_of_the_wrong_form(clinic: Clinic) -> None:
    clinic.replace("A" * 35, "A" * 20)


@planted("channel_folder")
def a_file_channel_that_is_a_folder(clinic: Clinic) -> None:
    (clinic.database.parent / "alerts.jsonl").mkdir()


@planted("channel_refusing")
def a_channel_that_refused_its_last_message(clinic: Clinic) -> None:
    statement = (
        "INSERT INTO channels (name, pause_reason, last_error_at, last_error) VALUES ('phone', '', :p0, :p1)"
    )
    clinic.sql(statement, to_db(now() - timedelta(hours=1)), "403 Forbidden")


# --- what looks after Tocsin itself -----------------------------------------------------------------


def listening(clinic: Clinic, place: str) -> None:
    """Let health and metrics be wanted at this place."""
    clinic.add(f'[metrics]\nlisten = "{place}"\n')


@planted("canary_missing")
def a_canary_that_does_not_come_through(clinic: Clinic) -> None:
    clinic.add('[canary]\nchannels = ["phone"]\n')
    fault = Fault(now() - timedelta(hours=3), "the outbox is not delivered", now(), ("phone",))
    lock = clinic.database.with_name("tocsin.db.lock")
    lock.write_bytes(f"{clinic.holder}\n\n{fault.dump()}".encode().ljust(2048))


@planted("deadman_held")
def a_ping_that_is_held_back(clinic: Clinic) -> None:
    clinic.add(DEADMAN)
    clinic.fact("deadman", {"held": "every feed fails", "since": now().isoformat()})


@planted("deadman_unanswered")
def a_ping_that_nobody_answers(clinic: Clinic) -> None:
    clinic.add(DEADMAN)
    clinic.fact("deadman", {"error": "the server refused the connection", "since": now().isoformat()})


@planted("health_unread")
def a_place_where_another_program_answers(clinic: Clinic) -> None:
    listening(clinic, clinic.web.url("/").split("/")[2])


@planted("health_unread")
def a_socket_in_a_folder_that_is_not_there(clinic: Clinic) -> None:
    listening(clinic, "/nonexistent/metrics.sock")


# --- planting ----------------------------------------------------------------------------------------

_held: list[subprocess.Popen[str]] = []


def holding(clinic: Clinic, doing: str) -> None:
    """Another program that has the database open and does not let go."""
    program = f"import sqlite3, sys\ncon = sqlite3.connect({str(clinic.database)!r}, isolation_level=None)\n"
    program += f"{doing}\n"
    program += "print('held', flush=True)\nsys.stdin.read()\n"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    _held.append(process)
    assert process.stdout
    assert process.stdout.readline() == "held\n"


def edit_unit(clinic: Clinic, old: str, new: str) -> None:
    """Change the unit itself."""
    text = clinic.unit.read_text(encoding="utf-8")
    assert old in text
    clinic.unit.write_text(text.replace(old, new), encoding="utf-8")


def fail(clinic: Clinic, name: str, http: int, message: str) -> None:
    """Let the daemon's last poll of a feed have failed, since yesterday."""
    values = "failures = 9, last_http = :p1, last_message = :p2, first_failure_at = :p3"
    statement = f"UPDATE feeds SET {values} WHERE name = :p0"
    clinic.sql(statement, name, http, message, to_db(now() - timedelta(days=1)))


def trouble(clinic: Clinic, feed: int, kind: str) -> None:
    """Let a feed be in trouble since yesterday, and that be told."""
    statement = (
        "INSERT INTO episodes (id, feed_id, kind, since, detail, told_at) VALUES "
        "((SELECT coalesce(max(id), 0) + 1 FROM episodes), :p0, :p1, :p2, '', :p2)"
    )
    clinic.sql(statement, feed, kind, to_db(now() - timedelta(days=1)))


_pretended: dict[str, datetime] = {}


def pretend(*, started: datetime, installed: datetime) -> None:
    """Let holder and program be of that age: no process can be older than its test."""
    _pretended.update(started=started, installed=installed)


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """A healthy installation."""
    from monitor.doctor.gather import processes

    for name in ("_started", "installed_at"):
        real = getattr(processes, name)
        key = name.removeprefix("_").removesuffix("_at")
        monkeypatch.setattr(
            processes, name, lambda *pid, key=key, real=real: _pretended.get(key) or real(*pid)
        )
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    with Clinic(tmp_path) as made:
        yield made
    _pretended.clear()
    while _held:
        _held.pop().communicate(timeout=20)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_and_nothing_else(name: str, clinic: Clinic) -> None:
    """By its code, with a remedy; what else is found hangs on it."""
    plant, codes = PLANTED[name]
    plant(clinic)
    found = clinic.bad()
    assert codes <= {one.code for one in found}, told(found)
    assert {one.code for one in found} <= codes | MORE[name], told(found)
    assert all(one.remedy for one in found), told(found)


def test_there_are_many_faults() -> None:
    """Twenty-five were asked for."""
    assert len(set().union(*(codes for _, codes in PLANTED.values()))) >= 25
