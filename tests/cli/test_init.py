"""`tocsin init`: a first configuration, and a service that is shown before it is installed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.service import install
from tests.support.cli import run

ROOT = Path(__file__).parents[2]


def test_init_writes_a_configuration_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file for its owner alone, three commands to type next, and check finds nothing wrong."""
    monkeypatch.chdir(tmp_path)
    outcome = run("init")
    assert outcome.code == 0
    assert [line.split("  ")[1] for line in outcome.out.splitlines()[1:]] == [
        "tocsin check",
        "tocsin run --once",
        "tocsin run",
    ]
    assert (tmp_path / "config.toml").stat().st_mode & 0o777 == 0o600
    checked = run("check")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == "4 feeds, 1 rule, 1 channel, 2 rule tests: all good\n"


def test_init_in_another_folder_says_how_to_use_it(tmp_path: Path) -> None:
    """The folder is made, and the commands to type name the file."""
    outcome = run("init", tmp_path / "new" / "desk")
    path = tmp_path / "new" / "desk" / "config.toml"
    assert path.is_file()
    assert outcome.out.count(f"--config {path}") == 3


def test_init_never_overwrites(tmp_path: Path) -> None:
    """An existing file stays as it is, with exit 2 and a remedy."""
    path = tmp_path / "config.toml"
    path.write_text("# mine\n", encoding="utf-8")
    outcome = run("init", tmp_path)
    assert outcome.code == 2
    assert "tocsin init DIR" in outcome.err
    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_init_as_json(tmp_path: Path) -> None:
    """The file that was written, and the commands to type next."""
    (found,) = run("init", tmp_path, "--json").objects
    path = tmp_path / "config.toml"
    assert found == {
        "path": str(path),
        "next": [f"tocsin {verb} --config {path}" for verb in ("check", "run --once", "run")],
    }


# --- the service of the machine ---------------------------------------------------------------------


def test_a_service_is_shown_and_not_made_where_nobody_can_be_asked(tmp_path: Path) -> None:
    """Without a terminal and without --yes: the list, exit 2 with both remedies, and nothing on the disk."""
    outcome = run("init", "--system", "--root", tmp_path)
    assert outcome.code == 2
    assert [line.split()[:2] for line in outcome.out.splitlines()] == [
        ["make", f"{tmp_path}/etc/tocsin"],
        ["make", f"{tmp_path}/etc/tocsin/config.toml"],
        ["make", f"{tmp_path}/etc/tocsin/credentials"],
        ["make", f"{tmp_path}/etc/systemd/system/tocsin.service"],
    ]
    assert "--yes does it, --dry-run only shows it" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_the_same_and_is_no_failure(tmp_path: Path) -> None:
    """--dry-run wins over --yes."""
    outcome = run("init", "--system", "--root", tmp_path, "--dry-run", "--yes")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("make ") == 4
    assert list(tmp_path.iterdir()) == []


def test_a_service_is_installed(tmp_path: Path) -> None:
    """Modes, database, this very installation in the unit, a configuration that passes, what to type next."""
    outcome = run("init", "--system", "--root", tmp_path, "--yes")
    assert (outcome.code, outcome.err) == (0, "")
    etc, unit = tmp_path / "etc/tocsin", tmp_path / "etc/systemd/system/tocsin.service"
    modes = {
        path: path.stat().st_mode & 0o777 for path in (etc, etc / "config.toml", etc / "credentials", unit)
    }
    assert list(modes.values()) == [0o755, 0o644, 0o700, 0o644]
    assert 'database = "/var/lib/tocsin/tocsin.db"' in (etc / "config.toml").read_text(encoding="utf-8")
    assert run("check", "--config", etc / "config.toml").code == 0
    lines = unit.read_text(encoding="utf-8").splitlines()
    command = install.command_line("pytest")
    assert command.startswith(sys.prefix)
    assert f"ExecStart={command} run --config /etc/tocsin/config.toml" in lines
    assert f"ExecReload={command} check --quiet --config /etc/tocsin/config.toml" in lines
    assert "systemctl enable --now tocsin" in outcome.out


def test_the_rest_of_the_unit_is_the_shipped_one(tmp_path: Path) -> None:
    """Only the lines with the program differ."""
    shipped = (ROOT / "systemd/tocsin.service").read_text(encoding="utf-8").splitlines()
    printed = run("init", "--system", "--root", tmp_path, "--print-unit").out.splitlines()
    assert len(shipped) == len(printed)
    changed = [a for a, b in zip(shipped, printed, strict=True) if a != b]
    assert [line.partition(" ")[0] for line in changed] == [
        "ExecStart=/opt/tocsin/bin/tocsin",
        "ExecReload=/opt/tocsin/bin/tocsin",
    ]


def test_a_second_run_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """Also after the configuration was edited, for it is the user's; exit 0."""
    run("init", "--system", "--root", tmp_path, "--yes")
    config = tmp_path / "etc/tocsin/config.toml"
    config.write_text("# mine\n", encoding="utf-8")
    outcome = run("init", "--system", "--root", tmp_path)
    assert outcome.code == 0
    assert outcome.err == "nothing to do: everything is there already\n"
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["as", "keep", "as", "as"]
    assert config.read_text(encoding="utf-8") == "# mine\n"


def test_a_unit_that_differs_is_left_alone(tmp_path: Path) -> None:
    """The rest is made, the difference can be looked at, and the exit code says that not all was done."""
    unit = tmp_path / "etc/systemd/system/tocsin.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    outcome = run("init", "--system", "--root", tmp_path, "--yes")
    assert outcome.code == 1
    assert f"tocsin init --system --print-unit | diff {unit} -" in outcome.err
    assert "DIFFERS" in outcome.out
    assert unit.read_text(encoding="utf-8") == "[Service]\nExecStart=/bin/true\n"
    assert (tmp_path / "etc/tocsin/config.toml").is_file()


def test_secrets_that_others_can_reach_are_pointed_out(tmp_path: Path) -> None:
    """A folder that is there with another mode keeps it, and the remedy is spelt out."""
    folder = tmp_path / "etc/tocsin/credentials"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    outcome = run("init", "--system", "--root", tmp_path, "--yes")
    assert outcome.code == 0
    assert f"mode 0755 instead of 0700: chmod 700 {folder}" in outcome.out
    assert folder.stat().st_mode & 0o777 == 0o755


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where a folder must be: which one, why, and what to do."""
    (tmp_path / "etc").write_text("", encoding="utf-8")
    outcome = run("init", "--system", "--root", tmp_path, "--yes")
    assert outcome.code != 0
    assert f"{tmp_path}/etc/tocsin" in outcome.out + outcome.err
    assert "unexpected" not in outcome.err


def test_a_service_as_json(tmp_path: Path) -> None:
    """What was to be made with state and mode, and whether it was."""
    (found,) = run("init", "--system", "--root", tmp_path, "--yes", "--json").objects
    assert found["done"] is True
    assert (found["commands"], found["obstacles"]) == ([], [])
    assert [(i["kind"], i["mode"], i["state"]) for i in found["items"]] == [
        ("folder", "0755", "new"),
        ("file", "0644", "new"),
        ("folder", "0700", "new"),
        ("file", "0644", "new"),
    ]
    (again,) = run("init", "--system", "--root", tmp_path, "--yes", "--json").objects
    assert again["done"] is False
    assert [i["state"] for i in again["items"]] == ["same", "kept", "same", "same"]


@pytest.mark.parametrize(("answer", "made"), [("y", True), ("n", False)])
def test_a_person_is_asked(tmp_path: Path, answer: str, made: bool) -> None:
    """On a terminal the list is shown first, and only a yes does it; a no is no failure."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "init", "--system", "--root", str(tmp_path)],
            cwd=ROOT,
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, "Do it? [y/N]" in done.stderr) == (0, True)
    assert (tmp_path / "etc").exists() == made
    assert ("nothing was done" in done.stderr) != made


def test_a_service_wants_root_and_a_place_that_the_unit_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each obstacle comes with its remedy, the list is shown all the same, and nothing is tried."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(install, "out_of_reach", lambda _: "/home/me/x lies under /home")
    monkeypatch.setattr(install, "SYSTEM_CONFIG", Path("/etc/tocsin-of-a-test/config.toml"))
    outcome = run("init", "--system", "--yes")
    assert outcome.code == 2
    assert "only root may do this\n    sudo " in outcome.err
    assert "/home/me/x lies under /home" in outcome.err
    assert not Path("/etc/tocsin-of-a-test").exists()


# --- the service of a user --------------------------------------------------------------------------


def test_a_users_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the home directory, for its owner alone, with absolute places in unit and configuration."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    outcome = run("init", "--user", "--yes")
    assert (outcome.code, outcome.err) == (0, "")
    config, unit = tmp_path / ".config/tocsin/config.toml", tmp_path / ".config/systemd/user/tocsin.service"
    assert [p.stat().st_mode & 0o777 for p in (config.parent, config, config.parent / "credentials")] == [
        0o700,
        0o600,
        0o700,
    ]
    assert f'database = "{tmp_path}/.local/state/tocsin/tocsin.db"' in config.read_text(encoding="utf-8")
    assert f"run --config {config}\n" in unit.read_text(encoding="utf-8")
    assert "systemctl --user enable --now tocsin" in outcome.out
    assert "loginctl enable-linger" in outcome.out
    assert run("check", "--config", config).code == 0
    assert run("init", "--user", "--yes").err == "nothing to do: everything is there already\n"


def test_a_users_own_places_are_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CONFIG_HOME and XDG_STATE_HOME decide where they are set."""
    monkeypatch.setenv("HOME", "/home/nobody-here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert run("init", "--user", "--yes").code == 0
    assert f'"{tmp_path}/s/tocsin/tocsin.db"' in (tmp_path / "c/tocsin/config.toml").read_text(
        encoding="utf-8"
    )


def test_without_a_home_there_is_no_users_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cron job without HOME gets a sentence, not a traceback."""
    monkeypatch.delenv("HOME")
    outcome = run("init", "--user", "--yes")
    assert (outcome.code, "HOME is not set" in outcome.err) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--system", "--user"),
        ("--system", "somewhere"),
        ("--user", "somewhere"),
        ("--yes",),
        ("--dry-run",),
        ("--print-unit",),
    ],
)
def test_options_that_do_not_go_together(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, a remedy, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    outcome = run("init", *arguments)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 2
    assert list(tmp_path.iterdir()) == []


# --- words of unit files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/opt/tocsin/bin/tocsin", "/opt/tocsin/bin/tocsin"),
        ("/opt/100% sure/tocsin", '"/opt/100%% sure/tocsin"'),
        ("/opt/$HOME/tocsin", "/opt/$$HOME/tocsin"),
        ('/opt/a "b"/tocsin', '"/opt/a \\"b\\"/tocsin"'),
        ("/opt/a\\b", "/opt/a\\\\b"),
    ],
)
def test_a_path_is_one_word_of_a_unit(path: str, word: str) -> None:
    """Blanks are quoted, and nothing is taken for a specifier or a variable."""
    assert install.unit_word(path) == word


def test_an_installation_is_found_by_how_it_was_called(tmp_path: Path) -> None:
    """The command itself, the one beside this Python, else the module."""
    called = tmp_path / "tocsin"
    called.write_text("", encoding="utf-8")
    assert install.command_line(str(called)) == str(called)
    assert install.command_line("/nowhere/tocsin") in (
        f"{sys.prefix}/bin/tocsin",
        f"{sys.executable} -m monitor",
    )


def test_an_installation_in_a_home_is_out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the unit hides is named with the line that hides it; what only the owner may enter, too."""
    monkeypatch.setattr(sys, "executable", "/home/me/venv/bin/python")
    assert install.out_of_reach("tocsin-x").startswith("/home/me/venv/bin/python lies under /home, which")
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    monkeypatch.setattr(install, "HIDDEN", {})
    monkeypatch.setattr(sys, "executable", str(shut / "python"))
    assert "which only its owner may enter" in install.out_of_reach("tocsin-x")
