"""Which packages quick commands load: start-up is most of what a one-shot run costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import Item, rss
from tests.support.newsdesk import Desk
from tests.support.webserver import WebServer, answer

ROOT = Path(__file__).parents[2]
# What each kind of command may load, and nothing else; benchmarks/startup.py shows what it costs.
COMMAND_LINE = {"typer", "annotated_doc", "shellingham"}
CONFIGURATION = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
POLLING = {"h11"}
PROGRAM = """
import sys
before = set(sys.modules)
from monitor.cli.app import invoke
code = invoke(sys.argv[1:])
known = sys.stdlib_module_names
names = {name.partition(".")[0] for name in set(sys.modules) - before} - known
print("CODE", code, file=sys.stderr)
print(*sorted(n for n in names if n != "monitor" and not n.startswith("_sysconfigdata")), file=sys.stderr)
print(*sorted({name.partition(".")[0] for name in sys.modules} & known), file=sys.stderr)
"""


def loaded_by(*arguments: str | Path, stdlib: bool = False) -> set[str]:
    """The packages of others, or Python's own, that a command has loaded when it ends well."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *_, code, packages, own = done.stderr.split("\n")[:-1]
    assert code == "CODE 0", done.stderr
    return set((own if stdlib else packages).split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_load_the_command_line_alone(option: str) -> None:
    """Neither a database nor a network is touched to print a line."""
    assert loaded_by(option) <= COMMAND_LINE
    assert loaded_by(option, stdlib=True) & {"asyncio", "sqlite3", "ssl", "logging", "tomllib"} == set()


def test_verbs_that_read_load_the_configuration_and_no_network(tmp_path: Path) -> None:
    """What is read of the database is read by sqlite3 alone."""
    with Desk(tmp_path) as desk:
        desk.publish("a", Item("Old talks", guid="old", link="http://n.example/1"))
        desk.poll()
    config = tmp_path / "config.toml"
    config.write_text(
        '[monitor]\ndatabase = "desk.db"\n[[feeds]]\nname = "a"\nurl = "http://a.example/feed"\n'
        '[[rules]]\nname = "watch"\nquery = "feed:*"\n[channels.desk]\ntype = "terminal"\n',
        encoding="utf-8",
    )
    for verb in (["status"], ["alerts", "list"], ["outbox", "list"], ["feeds", "list"], ["explain", "1"]):
        assert loaded_by(*verb, "--config", config) <= COMMAND_LINE | CONFIGURATION, verb
    assert "ssl" not in loaded_by("status", "--config", config, stdlib=True)


def test_a_quiet_run_loads_what_polling_needs(tmp_path: Path) -> None:
    """A run that finds its feed unchanged needs no SQLAlchemy, httpx, feedparser, Apprise or scheduler."""
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
        first = loaded_by("run", "--once", "--config", config)
        assert first <= COMMAND_LINE | CONFIGURATION | POLLING, "the first run makes its file without Alembic"
        quiet = loaded_by("run", "--once", "--force", "--config", config)
        assert quiet <= COMMAND_LINE | CONFIGURATION | POLLING
        assert {"h11"} <= quiet, "the list above is about a run that polls"
        assert web.seen[1].header("if-none-match") == '"1"'
