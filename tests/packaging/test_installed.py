"""What is installed from a wheel or from a source archive: the command works in a fresh folder, by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "TOCSIN_"))}
PYTHONS = ("3.11", "3.12", "3.13")
WELL = "exactly the 5 expected alerts came"


def built(folder: Path) -> dict[str, Path]:
    """The wheel and the source archive, made here, by their kinds."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both, built once."""
    return built(tmp_path_factory.mktemp("dist"))


def test_the_wheel_brings_what_is_not_python(archives: dict[str, Path]) -> None:
    """Units, examples, schema and manual pages lie where a system, or pipx, looks for them."""
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        names = {name.partition(".data/data/")[2] for name in wheel.namelist()}
    assert {
        "share/tocsin/tocsin.service",
        "share/tocsin/tocsin-user.service",
        "share/tocsin/config.example.toml",
        "share/tocsin/config.schema.json",
        "share/man/man1/tocsin.1",
        "share/man/man5/tocsin.toml.5",
    } <= names


def test_the_source_archive_holds_what_its_own_tests_need(archives: dict[str, Path]) -> None:
    """And nothing that was generated beside them."""
    with tarfile.open(archives["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    top = {name.partition("/")[0] for name in names}
    assert {"monitor", "tests", "docs", "systemd", "man", "pyproject.toml", "README.md", "LICENSE"} <= top
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_command_works_from_a_fresh_environment(
    kind: str, archives: dict[str, Path], tmp_path: Path
) -> None:
    """Dependencies are lent by this environment; the program is what the archive holds, and runs its demo."""
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", home], check=True, env=CLEAN)
    python = home / "bin" / "python"
    (site,) = home.glob("lib/python3*/site-packages")
    ours = sysconfig.get_path("purelib")
    (site / "lent.pth").write_text(f"{ours}\n")
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "--force-reinstall", archives[kind]], check=True, env=CLEAN, cwd=tmp_path)
    where: list[str | Path] = [python, "-c", "import monitor; print(monitor.__file__)"]
    found = subprocess.run(where, check=True, env=CLEAN, cwd=tmp_path, capture_output=True, text=True).stdout
    assert Path(found.strip()).is_relative_to(home)
    assert WELL in demo(home / "bin" / "tocsin", tmp_path)


def demo(tocsin: Path, folder: Path) -> str:
    """What `tocsin demo` says, in a folder of its own."""
    fresh = folder / "fresh"
    fresh.mkdir()
    done = subprocess.run(
        [tocsin, "demo"], cwd=fresh, env=CLEAN, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(fresh.iterdir()) == []
    return done.stdout + done.stderr


@pytest.mark.prove
@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_pipx_installs_it(kind: str, version: str, archives: dict[str, Path], tmp_path: Path) -> None:
    """With its dependencies, from the index this machine is set up for; the manual is there as well."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    tools = tmp_path / "tools"
    subprocess.run([sys.executable, "-m", "venv", tools], check=True, env=CLEAN)
    subprocess.run([tools / "bin" / "pip", "install", "--quiet", "pipx"], check=True, env=CLEAN)
    env = {
        **CLEAN,
        "PIPX_HOME": str(tmp_path / "home"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }
    command: list[str | Path] = [tools / "bin" / "pipx", "install", "--python", python, archives[kind]]
    subprocess.run(command, check=True, env=env, cwd=tmp_path, capture_output=True)
    assert WELL in demo(tmp_path / "bin" / "tocsin", tmp_path)
    assert (tmp_path / "man" / "man1" / "tocsin.1").exists()


def interpreter(version: str) -> str | None:
    """A Python of that version: this one, one on the path, or one that pyenv keeps."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")
