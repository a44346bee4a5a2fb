"""What facts mean, where no machine of a test can have them; and the readers of units, forms and locks."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.doctor.channels import ChannelFacts, judge_channels, wrong_form
from monitor.doctor.clock import ClockFacts, ZoneFacts, judge_clock, judge_offsets, judge_zone
from monitor.doctor.daemon import DaemonFacts, judge_daemon
from monitor.doctor.database import DatabaseFacts, has_wal_reset_bug, judge_database
from monitor.doctor.findings import CATALOGUE, Level, in_order
from monitor.doctor.gather import processes
from monitor.doctor.journal import JournalFacts, judge_journal
from monitor.doctor.limits import LimitFacts, judge_limits
from monitor.doctor.modes import Seen, judge_modes
from monitor.doctor.network import FeedFacts, judge_feeds
from monitor.doctor.rules import RuleFacts, judge_rules
from monitor.doctor.service import ServiceFacts, command_of, config_of, credentials_of, judge_service
from monitor.doctor.units import Settings, bytes_of, read_units, seconds
from monitor.doctor.watch import WatchFacts, judge_watch
from monitor.model import FetchResult, FetchStatus
from monitor.service import install
from monitor.service.standing import stands_still
from tests.doctor.clinic import Clinic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.doctor.findings import Finding

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DATABASE = Path("/var/lib/tocsin/tocsin.db")
UNIT = Path("/etc/systemd/system/tocsin.service")


def codes(findings: Iterable[Finding]) -> list[str]:
    """The codes alone."""
    return [one.code for one in findings]


def shipped() -> Settings:
    """The system unit as it is installed."""
    layout = install.system_layout(Path("/"))
    return read_units([(str(UNIT), install.unit_text(layout, "/opt/tocsin/bin/tocsin", layout.config))])


# --- clock -------------------------------------------------------------------------------------------


def test_a_clock_from_before_the_program() -> None:
    """A machine without a battery wakes up in 1970; a day is left for zones and slow copies."""
    assert codes(judge_clock(ClockFacts(NOW, built=NOW + timedelta(days=2)))) == ["clock_behind_program"]
    assert codes(judge_clock(ClockFacts(NOW, built=NOW + timedelta(hours=2)))) == ["ok"]
    assert codes(judge_clock(ClockFacts(NOW, last_tick=NOW + timedelta(minutes=1)))) == ["ok"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_one_wrong_server_never_decides(offsets: list[float]) -> None:
    """Of three servers or more that agree with us, one more that does not changes nothing."""
    agree = [0.0] * (len(offsets) + 1)
    assert codes(judge_offsets([*offsets, *agree])) == ["ok"]
    assert judge_offsets([]) == []


def test_zones() -> None:
    """What is configured counts, then the system's; where there is neither, that is said."""
    assert codes(judge_zone(ZoneFacts("Europe/Paris", None))) == ["ok"]
    assert codes(judge_zone(ZoneFacts(None, "Etc/UTC"))) == ["ok"]
    assert codes(judge_zone(ZoneFacts(None, None, "TZ names 'X'"))) == ["zone_unknown"]


# --- database and daemon -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ((3, 40, 1), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 7), False),
        ((3, 50, 6), True),
    ],
)
def test_versions_of_sqlite_that_can_damage_a_database(version: tuple[int, int, int], bug: bool) -> None:
    """3.7.0 to 3.51.2, but for two lines mended as well: a note, for only a second writer meets it."""
    assert has_wal_reset_bug(version) is bug
    found = judge_database(DatabaseFacts(DATABASE, schema="0001", head="0001", sqlite=version))
    assert ("sqlite_old" in codes(found)) is bug
    assert all(one.level < Level.WARNING for one in found)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"exists": False}, "not_started"),
        ({"schema": None}, "not_started"),
        ({"damage": None}, "database_not_read_whole"),
        ({"damage": ["row 7 missing from index"]}, "database_damaged"),
        ({"fault": "other", "message": "cannot be opened", "remedy": "check"}, "database_unusable"),
    ],
)
def test_what_a_database_s_facts_mean(facts: dict[str, Any], code: str) -> None:
    """Also what no test can plant: a disk that is too slow to read all of it."""
    found = judge_database(DatabaseFacts(DATABASE, **{"schema": "0001", "head": "0001", **facts}))
    assert code in codes(found)


def test_a_daemon_of_another_container() -> None:
    """It is not seen, and nobody is told to kill process 0."""
    hour_ago = NOW - timedelta(hours=1)
    still = stands_still(0, hour_ago, NOW)
    assert still
    found = judge_daemon(DaemonFacts(NOW, pid=0, ours=None, last_tick=hour_ago, still=still.what))
    assert codes(found) == ["daemon_stuck"]
    assert "kill 0" not in f"{found}"
    assert codes(judge_daemon(DaemonFacts(NOW, pid=0, ours=None, last_tick=NOW))) == ["ok"]


@pytest.mark.parametrize(
    ("facts", "code", "level"),
    [
        ({}, "daemon_stopped", Level.NOTE),
        ({"unit": True}, "daemon_stopped", Level.FAILURE),
        ({"last_tick": NOW - timedelta(minutes=10)}, "ok", Level.OK),  # cron
        ({"last_tick": NOW - timedelta(minutes=10), "unit": True}, "daemon_stopped", Level.FAILURE),
        ({"last_tick": NOW - timedelta(minutes=10), "crashed": True}, "daemon_stopped", Level.FAILURE),
        ({"last_tick": NOW - timedelta(days=2)}, "daemon_stopped", Level.WARNING),
        ({"pid": 7, "started": NOW, "program_gone": True}, "older_program", Level.WARNING),
        ({"pid": 7, "still": "stands still", "trouble": "the disk is full"}, "daemon_trouble", Level.FAILURE),
    ],
)
def test_a_daemon_that_does_not_run_or_runs_the_old(facts: dict[str, Any], code: str, level: Level) -> None:
    """One for cron is not expected to be there; one that was installed as a service is."""
    [found] = judge_daemon(DaemonFacts(NOW, **facts))
    assert (found.code, found.level) == (code, level)


# --- units -------------------------------------------------------------------------------------------


def test_a_unit_is_read_as_systemd_reads_it() -> None:
    """Drop-ins win, lists add up, nothing empties them, lines go on, comments are none."""
    settings = read_units(
        [
            ("unit", "[Unit]\nDescription=x\n[Service]\nA=1\nExecStart=one \\\n two\n# A=9\n;A=8\n"),
            ("a.conf", "[Service]\nA = 2\nSystemCallFilter=@x\nSystemCallFilter=~@y\nLoadCredential=p:/q\n"),
            (
                "b.conf",
                """[Service]
                ExecStart=
                ExecStart=-/bin/tocsin run --config '/etc/a b.toml'
                LoadCredential=
                """,
            ),
        ]
    )
    assert settings.one("A") == "2"
    assert settings.place("A") == "a.conf"
    assert settings.all("SystemCallFilter") == ("@x", "~@y")
    assert command_of(settings) == ["/bin/tocsin", "run", "--config", "/etc/a b.toml"]
    assert config_of(settings) == "/etc/a b.toml"
    assert credentials_of(settings) == {}
    assert settings.one("Nothing") == ""


@given(st.text())
def test_any_text_can_be_read_as_a_unit(text: str) -> None:
    """What somebody wrote into a drop-in breaks nothing."""
    settings = read_units(
        [("x", text), ("y", f"[Service]\nExecStart={text}\nMemoryMax={text}\nWatchdogSec={text}")]
    )
    command_of(settings)
    seconds(settings.one("WatchdogSec"))
    bytes_of(settings.one("MemoryMax"))
    judge_service(ServiceFacts(UNIT, settings=settings, shipped=shipped(), enabled=True))
    judge_journal(JournalFacts(settings=settings, unit=settings))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60", 60),
        ("1min 30s", 90),
        ("500ms", 0.5),
        ("0", None),
        ("infinity", None),
        ("", None),
        ("soon", None),
    ],
)
def test_spans_of_systemd(text: str, value: float | None) -> None:
    """None is for none: what is off never ends."""
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1G", 1 << 30), ("64M", 64 << 20), ("1.5K", 1536), ("12", 12), ("infinity", None), ("5%", None)],
)
def test_sizes_of_systemd(text: str, value: int | None) -> None:
    """By 1024, as systemd counts."""
    assert bytes_of(text) == value


@pytest.mark.parametrize(
    ("drop_in", "code"),
    [
        ("PrivateTmp=no", "unit_loosened"),
        ("ProtectSystem=full", "unit_loosened"),
        ("SystemCallFilter=@mount", "unit_loosened"),
        ("RestrictAddressFamilies=AF_NETLINK", "unit_loosened"),
        ("CapabilityBoundingSet=CAP_NET_ADMIN", "unit_loosened"),
        ("ReadWritePaths=/home/", "unit_loosened"),
        ("BindPaths=/srv/x -/:/y", "unit_loosened"),
        ("IPAddressDeny=", "ok"),
        ("ReadWritePaths=/srv/alerts", "ok"),
        ("UMask=0022", "unit_loosened"),
        ("DeviceAllow=/dev/sda", "unit_loosened"),
        ("PrivateTmp=true", "ok"),
        ("SystemCallFilter=~@debug", "ok"),
        ("RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_INET", "ok"),
        ("MemoryMax=2G\nWatchdogSec=120\nEnvironment=A=b\nLoadCredential=phone:/x", "ok"),
    ],
)
def test_what_loosens_a_sandbox(drop_in: str, code: str) -> None:
    """Stricter is no fault, and neither is what is meant to be set."""
    path = f"{UNIT}.d/override.conf"
    layout = install.system_layout(Path("/"))
    text = install.unit_text(layout, "/opt/tocsin/bin/tocsin", layout.config)
    settings = read_units([(str(UNIT), text), (path, f"[Service]\n{drop_in}\n")])
    found = judge_service(ServiceFacts(UNIT, settings=settings, shipped=shipped(), enabled=True))
    assert codes(found) == [code], found
    assert code == "ok" or found[0].where == path


def test_what_systemd_says() -> None:
    """A unit that was edited and not read again, and a daemon that keeps dying."""
    settings = shipped()
    state = {"NeedDaemonReload": "yes", "NRestarts": "9", "ActiveState": "active"}
    found = judge_service(ServiceFacts(UNIT, settings=settings, shipped=settings, enabled=True, state=state))
    assert codes(found) == ["unit_not_reloaded", "unit_restarts"]


def test_no_unit_is_a_note() -> None:
    """Whoever runs it by hand may."""
    [found] = judge_service(ServiceFacts(None))
    assert (found.code, found.level) == ("no_unit", Level.NOTE)
    assert judge_journal(JournalFacts(here=False)) == []


def test_a_user_s_service_without_linger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end at log-out; with linger there is nothing to say."""
    with Clinic(tmp_path) as clinic:
        clinic.unit.unlink()
        home = tmp_path / "home"
        folder = home / ".config/systemd/user"
        (folder / "default.target.wants").mkdir(parents=True)
        layout = install.user_layout(Path("/"), {"HOME": str(home)})
        text = install.unit_text(layout, str(clinic.root / "opt/tocsin/bin/tocsin"), clinic.config)
        unit = folder / "tocsin.service"
        unit.write_text(text, encoding="utf-8")
        (folder / "default.target.wants/tocsin.service").symlink_to(unit)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        # Paths of a user's unit are not below the root that stands for the machine.
        (tmp_path / "root" / str(clinic.root).lstrip("/")).parent.mkdir(parents=True)
        (tmp_path / "root" / str(clinic.root).lstrip("/")).symlink_to(clinic.root)
        found = clinic.bad()
        assert codes(found) == ["no_linger"]
        assert found[0].remedy.startswith("let it run always: loginctl enable-linger ")
        linger = clinic.root / "var/lib/systemd/linger"
        linger.mkdir(parents=True)
        (linger / found[0].remedy.rpartition(" ")[2]).touch()
        assert clinic.bad() == []


# --- limits, feeds, rules, channels ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"open_files": 1024, "concurrency": 32}, "ok"),
        ({"open_files": 1024, "concurrency": 400}, "few_open_files"),
        ({"memory": 100 << 20}, "memory_limit_low"),
        ({"memory": 1 << 30, "memory_used": 950 << 20}, "memory_short"),
        ({"memory": 1 << 30, "memory_used": 200 << 20}, "ok"),
    ],
)
def test_limits(facts: dict[str, Any], code: str) -> None:
    """The default of systemd is enough for the default of Tocsin, and not for ten times that."""
    for unit in (True, False):
        assert codes(judge_limits(LimitFacts(unit=unit, **facts))) == [code]


def test_modes() -> None:
    """Anybody who may write the configuration is a failure, a group a warning; a sticky folder is none."""
    seen = [Seen(Path("/c"), mode, "configuration") for mode in (0o100602, 0o100620, 0o41777, 0o100644)]
    assert [one.level for one in judge_modes(seen)] == [Level.FAILURE, Level.WARNING]
    [folder, file] = judge_modes(
        [Seen(Path("/k"), 0o40755, "credential"), Seen(Path("/k/a"), 0o100640, "credential")]
    )
    assert (folder.remedy, file.remedy) == ("run: chmod 700 /k", "run: chmod 600 /k/a")


def test_a_hiccup_is_no_trouble() -> None:
    """What the daemon wrote down counts once it has lasted an hour."""
    for minutes, expected in ((5, ["ok"]), (90, ["feed_unreachable"])):
        since = NOW - timedelta(minutes=minutes)
        feed = FeedFacts("a", recorded="reset", since=since, polled=True)
        found = judge_feeds([feed, FeedFacts("b", polled=True)], NOW)
        assert codes(found) == expected
        if expected == ["ok"]:
            assert "1 of 2 fared well" in found[0].what
            assert "1 have failed" not in found[0].what
            assert "1 has failed for less than an hour (a)" in found[0].what


def test_many_feeds_are_told_in_few_lines() -> None:
    """Ten by name, the rest in one line; a feed that has moved is a note."""
    result = FetchResult(FetchStatus.HTTP_ERROR, http_status=500, message="the server answered 500")
    feeds = [FeedFacts(f"f{n}", result=result, host=f"h{n}") for n in range(40)]
    found = judge_feeds(feeds, NOW)
    assert len(found) == 11
    assert found[-1].what.startswith("and 30 more feeds: ")
    moved = FetchResult(FetchStatus.NOT_MODIFIED, permanent_url="https://a.example/new")
    [note, well] = sorted(judge_feeds([FeedFacts("a", result=moved)], NOW), key=lambda f: -f.level)
    assert (note.code, note.level, well.code) == ("feed_moved", Level.NOTE, "ok")
    assert "a.example" not in f"{note}", "an address may hold a secret"


def test_rules_that_are_blind() -> None:
    """Wholly blind is a failure; of many that miss some feeds ten are named."""
    found = judge_rules([RuleFacts("a", 1, ["x"]), *(RuleFacts(f"r{n}", 9, ["x"]) for n in range(20))])
    assert codes(found) == ["rule_blind", *["rule_partly_blind"] * 11]
    assert judge_rules([RuleFacts("nothing", 0)])[0].code == "ok"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("tgram://123456789:" + "A" * 35 + "/42", True),
        ("tgram://bot123456789:" + "A" * 35 + "/42", True),
        ("tgram://123456789%3A" + "A" * 35 + "/42?format=html", True),
        ("tgram://123456789:" + "A" * 34 + "/42", False),
        ("tgram://123456789/42", False),
        ("slack://T01234567/B01234567/" + "a" * 24, True),
        ("slack://T01234567/B01234567/" + "a" * 24 + "/#news", True),
        ("slack://bot@T01234567/B01234567/" + "a" * 24, True),
        ("slack://xoxb-1234-1234-abcd/#news", True),
        ("slack://bot@xoxb-1234-1234-abcd/#news", True),
        ("slack://T01234567/B01234567/" + "a" * 20, False),
        ("discord://123456789012345678/" + "a" * 68, True),
        ("discord://12345/" + "a" * 68, False),
        ("discord://123456789012345678/" + "a" * 20, False),
        ("pover://" + "a" * 30 + "@" + "b" * 30, True),
        ("pover://" + "a" * 30 + "@b", False),
        ("json://localhost", True),
        ("mailto://user@mail.example.org", True),
        ('"json://localhost"', False),
        ("'json://localhost", False),
    ],
)
def test_forms_of_credentials(url: str, right: bool) -> None:
    """As the services hand them out; services that are not known here are not judged."""
    assert (wrong_form(url) == "") is right


@given(st.text(min_size=1))
def test_no_address_is_ever_told(url: str) -> None:
    """Whatever stands in it, a finding holds nothing of it but its service."""
    secret = "kanari" + re.sub(r"\W", "", url)[:20]
    for scheme in ("tgram", "slack", "discord", "pover", "json"):
        found = judge_channels([ChannelFacts("phone", url=f"{scheme}://{url}/{secret}")], NOW)
        assert secret not in f"{found}"


# --- processes and the catalogue ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("/opt/tocsin/bin/python3 /opt/tocsin/bin/tocsin run", True),
        ("/usr/bin/python3.12 -I -X dev -m monitor run --config x", True),
        ("tocsin run", True),
        ("python3 -c import_tocsin tocsin", False),
        ("vim tocsin", False),
        ("sqlite3 /var/lib/tocsin/tocsin.db", False),
        ("python3 backup.py tocsin", False),
        ("python3", False),
        ("python3 -m", False),
    ],
)
def test_which_process_is_tocsin(line: str, ours: bool) -> None:
    """By what it runs, not by what it is given."""
    assert processes.is_tocsin(line.split()) is ours


def test_our_own_process_can_be_described() -> None:
    """From the real /proc: when it began, whose it is, what it may open."""
    me = processes.describe(os.getpid())
    assert me.uid == os.geteuid()
    assert me.started is not None
    assert abs((datetime.now(UTC) - me.started).total_seconds()) < 3600
    assert processes.open_files(os.getpid())
    assert processes.describe(2**22 + 1).ours is None
    processes.memory_of("self")
    assert processes.locks_on(Path("/no/such/file")) == []


def test_when_a_daemon_s_own_program_was_installed(tmp_path: Path) -> None:
    """The doctor may be another installation than the daemon: then only that one's files count."""
    package = tmp_path / "lib/python3.12/site-packages/monitor"
    package.mkdir(parents=True)
    (package / "a.py").touch()
    os.utime(package / "a.py", (1e9, 1e9))
    then = datetime.fromtimestamp(1e9, UTC)
    assert processes.installed_at(processes.Holder(7, prefix=tmp_path)) == then
    assert processes.installed_at(processes.Holder(7, prefix=tmp_path / "none")) is None
    assert processes.installed_at(processes.describe(os.getpid())) == processes.installed_at()


def test_memory_of_control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The least limit on the way up counts, and caches do not."""
    monkeypatch.setattr(processes, "PROC", tmp_path / "proc")
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cgroup").write_text("0::/system.slice/tocsin.service\n", encoding="ascii")
    groups = tmp_path / "cgroup"
    for folder, most, now in (
        ("", "max", 9),
        ("system.slice", "900", 800),
        ("system.slice/tocsin.service", "500", 400),
    ):
        (groups / folder).mkdir(parents=True, exist_ok=True)
        (groups / folder / "memory.max").write_text(f"{most}\n", encoding="ascii")
        (groups / folder / "memory.current").write_text(f"{now}\n", encoding="ascii")
        (groups / folder / "memory.stat").write_text("anon 1\ninactive_file 150\n", encoding="ascii")
    assert processes.memory_of(7, groups) == (500, 250)
    assert processes.memory_of(8, groups) == (None, None)


def test_each_finding_of_the_catalogue_is_met_in_a_test() -> None:
    """Nothing can be found that no test finds."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [code for code in CATALOGUE if f'"{code}"' not in text] == []


def test_what_looks_after_tocsin() -> None:
    """Both are optional; what is on and fares badly is told in the words of `status`, each with a remedy."""
    off = [judge_watch(WatchFacts(NOW, canary=c, deadman=d)) for c in (False, True) for d in (False, True)]
    assert [codes(found) for found in off] == [["unwatched"], ["unwatched"], ["unwatched"], ["ok"]]
    both = WatchFacts(NOW, canary=True, deadman=True, listen="127.0.0.1:9464")
    assert judge_watch(both)[0].what.endswith("health is read at 127.0.0.1:9464")
    since = NOW - timedelta(hours=2)
    [found] = judge_watch(replace(both, canary_since=since, canary_why="the outbox is not delivered"))
    assert "the outbox is not delivered; no channel took the alarm" in found.what
    assert (found.code, found.level) == ("canary_missing", Level.FAILURE)
    [found] = judge_watch(replace(both, held="every feed fails", ping_since=since))
    assert found.what == "the dead-man ping is held back, since 2 h ago: every feed fails"


def test_findings_are_told_by_group_and_the_worst_first() -> None:
    """As people read them."""
    from monitor.doctor.findings import found, well

    told = in_order(
        [
            found("no_contact", "x"),
            well("clock", "x"),
            found("configuration_refused", "x"),
            found("clock_off", "x"),
        ]
    )
    assert codes(told) == ["configuration_refused", "no_contact", "clock_off", "ok"]
