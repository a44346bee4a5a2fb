"""`tocsin doctor` as people and programs meet it: output, exit codes, and what it does when things break."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.doctor.examination import Check, checks_for, guarded
from monitor.doctor.findings import CATALOGUE, GROUPS, Level, found, span, well
from tests.doctor.clinic import Clinic
from tests.support.cli import run
from tests.support.configs import SMALL, write

if TYPE_CHECKING:
    from monitor.doctor.findings import Finding
    from monitor.doctor.site import Site

ROOT = Path(__file__).parents[2]


def test_every_check_is_one_json_object_a_finding(tmp_path: Path) -> None:
    """The shape that programs rely on; what has no place or no remedy says null."""
    path = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{SMALL}')
    outcome = run("doctor", "--offline", "--json", "--config", path)
    assert outcome.code == 0, outcome.out
    for one in outcome.objects:
        assert list(one) == ["check", "level", "code", "what", "where", "remedy"]
        assert one["check"] in GROUPS
        assert one["code"] == "ok" or one["code"] in CATALOGUE
        assert one["level"] in ("ok", "note", "warning", "failure")
        assert one["remedy"] or one["level"] == "ok"
    assert outcome.err == ""


def test_a_failure_is_exit_1_and_a_warning_is_not(tmp_path: Path) -> None:
    """What cron and monitoring go by."""
    path = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{SMALL}')
    (tmp_path / "t.db").touch(mode=0o604)
    warned = run("doctor", "--offline", "--config", path)
    assert "can read the database" in warned.out
    assert warned.code == 0
    path.chmod(0o602)
    failed = run("doctor", "--offline", "--quiet", "--config", path)
    assert failed.code == 1
    lines = failed.out.splitlines()
    assert lines[0].startswith("files         ✗ ")
    assert lines[1].strip() == f"run: chmod go-w {path}"
    assert lines[-1].startswith("1 failure")


def test_quiet_says_nothing_of_what_is_well(tmp_path: Path) -> None:
    """Nothing at all where all is well, as cron mails whatever is printed."""
    path = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{SMALL}')
    outcome = run("doctor", "--offline", "--quiet", "--config", path)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_it_works_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and looks at what there is: clock, certificates, limits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if Path("/etc/tocsin/config.toml").exists():
        pytest.skip("this machine has a Tocsin of its own")
    outcome = run("doctor", "--offline", "--json")
    assert outcome.code == 1
    codes = {one["code"]: one for one in outcome.objects}
    assert codes["no_configuration"]["remedy"].startswith("tocsin init makes a first one")
    assert {one["check"] for one in outcome.objects} >= {"clock", "system", "network", "service"}


@pytest.mark.parametrize("feeds", ["many", "-1", "1.5", ""])
def test_a_wrong_number_is_a_usage_error(feeds: str, tmp_path: Path) -> None:
    """Exit 2, with an example."""
    path = write(tmp_path, SMALL)
    outcome = run("doctor", f"--feeds={feeds}", "--config", path)
    assert outcome.code == 2
    assert "--feeds 20" in outcome.err


def test_a_check_that_breaks_is_a_finding(tmp_path: Path) -> None:
    """And so is one that hangs; neither its text nor its traceback is shown, for they may hold a secret."""
    with Clinic(tmp_path, daemon=False) as clinic:
        site = clinic.site()

    def breaks(_: Site) -> list[Finding]:
        raise ZeroDivisionError("kanari")

    released = threading.Event()

    def hangs(_: Site) -> list[Finding]:
        released.wait(30)
        return []

    [broken] = guarded(Check("disk", 5.0, breaks), site)
    assert (broken.code, broken.level) == ("check_crashed", Level.WARNING)
    assert "the check of disk broke (ZeroDivisionError)" in broken.what
    assert "kanari" not in f"{broken}"
    [late] = guarded(Check("disk", 0.01, hangs), site)
    released.set()
    assert late.code == "check_late"
    assert "--offline" in late.remedy


def test_every_check_survives_a_site_of_which_nothing_is_known(tmp_path: Path) -> None:
    """Without configuration and database, below an empty root, with an empty environment."""
    from datetime import UTC, datetime

    from monitor.doctor.site import Site

    site = Site(
        datetime.now(UTC), {}, tmp_path, no_config=("no_configuration", "none found", "make one"), feeds=0
    )
    for check in checks_for(site):
        assert "check_crashed" not in {one.code for one in guarded(check, site)}


def test_nothing_is_written(tmp_path: Path) -> None:
    """Every file is as it was, but for the index of SQLite's log, which each reader keeps."""
    with Clinic(tmp_path) as clinic:
        clinic.look(feeds=8)

        def all_of() -> dict[Path, tuple[int, bytes]]:
            files = (path for path in clinic.root.rglob("*") if path.is_file())
            return {p: (p.stat().st_mode, p.read_bytes()) for p in files if not p.name.endswith("-shm")}

        before = all_of()
        clinic.look(feeds=8, deep=True)
        assert all_of() == before


def test_the_secrets_of_the_daemon_s_environment_count(tmp_path: Path) -> None:
    """A variable that the service was given and the shell was not is no fault; its value is never shown."""
    with Clinic(tmp_path, daemon=False) as clinic:
        clinic.fill()
        token = "tgram://123456789:" + "B" * 35 + "/42"
        clinic.write(
            lambda text: re.sub(r'url = "tgram://[^"]*"', 'url = { env = "ONLY_OF_THE_SERVICE" }', text)
        )
        clinic.start()
        assert clinic.codes() == ["channel_secret_missing"]
        clinic.stop()
        os.environ["ONLY_OF_THE_SERVICE"] = token
        try:
            clinic.start()
        finally:
            del os.environ["ONLY_OF_THE_SERVICE"]
        assert clinic.codes() == []
        assert "B" * 35 not in repr(clinic.look())


def test_a_credential_that_the_unit_loads_is_looked_at(tmp_path: Path) -> None:
    """Outside the unit it is not there; the file it is loaded from is, and its form can be seen."""
    with Clinic(tmp_path) as clinic:
        folder = clinic.config.with_name("credentials")
        folder.mkdir(mode=0o700)
        secret = folder / "phone"
        secret.write_text("tgram://123456789:" + "B" * 35 + "/42\n", encoding="utf-8")
        secret.chmod(0o600)
        drop_in = clinic.unit.with_name("tocsin.service.d")
        drop_in.mkdir()
        line = "[Service]\nLoadCredential=phone:/etc/tocsin/credentials/phone\n"
        (drop_in / "phone.conf").write_text(line, encoding="utf-8")
        clinic.write(lambda text: re.sub(r'url = "tgram://[^"]*"', 'url = { credential = "phone" }', text))
        assert clinic.codes() == []
        secret.write_text("tgram://123456789:abc/42\n", encoding="utf-8")
        assert clinic.codes() == ["credential_form"]
        # What is encrypted cannot be judged, and is not taken for the secret.
        (drop_in / "phone.conf").write_text(
            line.replace("Credential=", "CredentialEncrypted="), encoding="utf-8"
        )
        assert clinic.codes() == []
        # Read from the service's environment it is as good.
        (drop_in / "phone.conf").write_text('[Service]\nEnvironment="A=b" "PHONE=x"\n', encoding="utf-8")
        clinic.write(lambda text: re.sub(r'url = "tgram://[^"]*"', 'url = { env = "PHONE" }', text))
        assert clinic.codes() == []


def test_the_secret_of_a_feed_may_be_the_service_s(tmp_path: Path) -> None:
    """What the unit's file of variables names is not missing; what nobody gives is."""
    with Clinic(tmp_path) as clinic:
        feed = f'url = "{clinic.web.url("/a")}"'
        clinic.replace(feed, f'{feed}\nheaders = {{ "X-Key" = {{ env = "FEED_KEY_OF_A_TEST" }} }}')
        assert clinic.codes() == ["feed_secret_missing"]
        drop_in = clinic.unit.with_name("tocsin.service.d")
        drop_in.mkdir()
        line = "[Service]\nEnvironmentFile=-/etc/default/tocsin\n"
        (drop_in / "keys.conf").write_text(line, encoding="utf-8")
        (clinic.root / "etc/default").mkdir()
        (clinic.root / "etc/default/tocsin").write_text("# keys\nFEED_KEY_OF_A_TEST=x\n", encoding="utf-8")
        assert clinic.codes() == []


def test_a_remedy_names_what_there_is_to_be_told(tmp_path: Path) -> None:
    """A service, a daemon without one, or nobody."""
    with Clinic(tmp_path) as clinic:
        clinic.replace('contact = "desk@example.org"\n', "")
        remedies = {one.code: one.remedy for one in clinic.look()}
        assert remedies["no_contact"].endswith(", then: systemctl reload tocsin")
        clinic.unit.unlink()
        remedies = {one.code: one.remedy for one in clinic.look()}
        assert remedies["no_contact"].endswith(f", then: kill -HUP {clinic.holder}")
        clinic.stop()
        remedies = {one.code: one.remedy for one in clinic.look()}
        assert remedies["no_contact"].endswith("under [monitor]"), "nobody is there to be told"


def test_what_is_only_worth_a_note(tmp_path: Path) -> None:
    """No contact, and a rule that is lawful and seldom meant: exit 0, and nothing of them with --quiet."""
    with Clinic(tmp_path) as clinic:
        slip = '[[rules]]\nname = "slip"\nquery = "doha and qatar"\n'
        clinic.write(lambda text: text.replace('contact = "desk@example.org"\n', "") + slip)
        notes = [one.code for one in clinic.look() if one.level is Level.NOTE and one.code != "sqlite_old"]
        assert set(notes) == {"no_contact", "configuration_advice", "unwatched"}
        assert clinic.bad() == []


def test_it_is_quick(tmp_path: Path) -> None:
    """A process of its own, without any feed: the whole of it costs little."""
    path = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{SMALL}')
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "doctor", "--offline", "--config", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all well" in done.stdout or "notes" in done.stdout


def test_the_words_of_findings() -> None:
    """Lengths of time as people say them; a level of its own where a case is milder."""
    assert [span(s) for s in (5, 90, 150, 7300, 200_000)] == ["5 s", "1 min", "2 min", "2 h", "2 d"]
    assert found("clock_off", "x").level is Level.FAILURE
    assert found("clock_off", "x", level=Level.NOTE).level is Level.NOTE
    assert well("clock", "x").code == "ok"
    assert {group for group, _ in CATALOGUE.values()} <= set(GROUPS)


def test_the_document_lists_everything_that_can_be_found() -> None:
    """Code, group and usual level of each finding, in docs/doctor.md, and none that is not there."""
    text = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    listed: dict[str, tuple[str, str]] = {}
    group = ""
    for line in text.splitlines():
        group = line.removeprefix("### ") if line.startswith("### ") else group
        if row := re.match(r"\| `([a-z_]+)` \| (\w+) \|", line):
            listed[row[1]] = (group, row[2])
    assert listed == {code: (kind, level.label) for code, (kind, level) in CATALOGUE.items()}
    assert len(rows) == len(listed), "each with its meaning and its remedy"
