"""The units as systemd's own tools see them, and as a reader does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from monitor.service import install

ROOT = Path(__file__).parents[2]
UNITS = ["tocsin.service", "tocsin-user.service"]
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(
    ANALYZE is None,
    reason="NOT TESTED by systemd's own tools: systemd-analyze is missing (apt install systemd)",
)


def installed(name: str, folder: Path, command: str = "/bin/true") -> Path:
    """The unit as `tocsin init` would write it, with a program that is there on every machine."""
    layout = install.system_layout(folder)
    if name == "tocsin-user.service":
        layout = install.user_layout(folder, {"HOME": "/home/reader"})
    path = folder / "tocsin.service"
    text = install.unit_text(layout, command, Path("/") / layout.config.relative_to(folder))
    path.write_text(text, encoding="utf-8")
    return path


def analyze(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze; a user manager's paths are the test's own."""
    assert ANALYZE
    return subprocess.run(
        [ANALYZE, *map(str, arguments)],
        env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_to_say_about_a_unit(name: str, tmp_path: Path) -> None:
    """`systemd-analyze verify` is clean: no unknown key, no wrong value, no missing program."""
    scope = ["--user"] if name == "tocsin-user.service" else []
    done = analyze(*scope, "verify", installed(name, tmp_path), folder=tmp_path)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "tocsin" in line]
    assert (done.returncode, ours) == (0, [])


@needs_systemd
def test_a_wrong_key_would_be_found(tmp_path: Path) -> None:
    """The test above can fail."""
    path = installed("tocsin.service", tmp_path)
    path.write_text(
        path.read_text(encoding="utf-8").replace("[Service]", "[Service]\nWatchdog=1"), encoding="utf-8"
    )
    assert "Watchdog" in analyze("verify", path, folder=tmp_path).stderr


@needs_systemd
def test_the_exposure_stays_low(tmp_path: Path) -> None:
    """`systemd-analyze security` rates the system unit at 1.1 of 10 or better."""
    path = installed("tocsin.service", tmp_path)
    done = analyze("security", "--offline=true", "--threshold=11", path, folder=tmp_path)
    assert done.returncode == 0, done.stdout[-300:]


@pytest.mark.parametrize("name", UNITS)
def test_every_setting_of_a_unit_is_explained(name: str) -> None:
    """Each line of [Unit] and [Service] stands under a comment, but for the description."""
    lines = (ROOT / "systemd" / name).read_text(encoding="utf-8").splitlines()
    lines = lines[lines.index("[Unit]") : lines.index("[Install]")]
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"[A-Z]\w+=", line)
        and not before.startswith("#")
        and not line.startswith("Description=")
        and not (before.startswith(("Wants=", line.partition("=")[0] + "=")))
    ]
    assert bare == []


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_checks_before_it_reloads(name: str, tmp_path: Path) -> None:
    """The program is the one that was installed, and the check stands before the signal."""
    text = installed(name, tmp_path, '"/opt/my tocsin/bin/tocsin"').read_text(encoding="utf-8")
    config = (
        "/etc/tocsin/config.toml" if name == "tocsin.service" else "/home/reader/.config/tocsin/config.toml"
    )
    assert re.findall(r"^Exec\w+=.*", text, re.MULTILINE) == [
        f'ExecStart="/opt/my tocsin/bin/tocsin" run --config {config}',
        f'ExecReload="/opt/my tocsin/bin/tocsin" check --quiet --config {config}',
        "ExecReload=/bin/kill -HUP $MAINPID",
    ]


def test_both_units_travel_with_the_wheel() -> None:
    """What `tocsin init` installs is there without a checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    for name in UNITS:
        assert shared[f"systemd/{name}"] == f"share/tocsin/{name}"
        assert (ROOT / "systemd" / name).is_file()
