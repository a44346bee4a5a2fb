"""Which modules quick commands load: start-up is most of what a one-shot run costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer

ROOT = Path(__file__).parents[2]
HEAVY = {
    *("alembic", "apprise", "apscheduler", "feedparser", "markdown", "requests", "rich", "sqlalchemy"),
    *("sqlmodel", "tomlkit", "yaml"),
}
PROGRAM = """
import sys
from monitor.cli.app import invoke
code = invoke(sys.argv[1:])
print("CODE", code, file=sys.stderr)
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules a command has loaded when it ends well."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *_, code, modules = done.stderr.splitlines()
    assert code == "CODE 0", done.stderr
    return set(modules.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(option: str) -> None:
    """Neither a database nor a network is touched to print a line."""
    assert loaded_by(option) & (HEAVY | {"feedparser", "httpx", "pydantic", "sqlite3"}) == set()


def test_a_quiet_run_loads_nothing_heavy(tmp_path: Path) -> None:
    """A run that finds its one feed unchanged needs no schema library, no Apprise and no scheduler."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(Item("Old talks", guid="old")), ETag='"1"'))
        web.on("/a", answer(304))
        config = tmp_path / "config.toml"
        config.write_text(
            '[monitor]\ndatabase = "t.db"\n[polling]\nallow_private = ["127.0.0.0/8"]\n'
            f'[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\n[[rules]]\nname = "r"\nquery = "doha"\n'
            '[channels.desk]\nurl = "json://127.0.0.1:9/x"\n',
            encoding="utf-8",
        )
        config.chmod(0o600)
        assert "alembic" in loaded_by("run", "--once", "--config", str(config)), "the first run migrates"
        assert loaded_by("run", "--once", "--force", "--config", str(config)) & HEAVY == set()
        assert web.seen[1].header("if-none-match") == '"1"'
