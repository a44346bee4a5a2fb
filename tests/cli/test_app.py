"""What holds for every verb: common options, exit codes, errors in words, pipes that close."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor import __version__
from monitor.cli import app, context, output
from tests.support.cli import run
from tests.support.configs import SMALL, write
from tests.test_docs import verbs

ROOT = Path(__file__).parents[2]
VERBS = [name for name, _ in verbs()]


def test_version_is_printed() -> None:
    """`tocsin --version` names program and version on standard output."""
    assert run("--version").out == f"tocsin {__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_help_ends_with_an_example(verb: str) -> None:
    """The last paragraph of each verb's help is something to type, and names the verb."""
    outcome = run(*verb.split(), "--help")
    paragraph = " ".join(outcome.out.strip().split("\n\n")[-1].split())
    assert outcome.code == 0
    assert paragraph.startswith("Example: ")
    assert f"tocsin {verb}" in paragraph


def test_the_help_lists_the_verbs_in_the_order_of_a_first_acquaintance() -> None:
    """Each verb stands on one line of its own, whole, and none is left to chance."""
    listed = run("--help").out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert tuple(line.split()[0] for line in listed) == app.ORDER
    assert [line for line in listed if line.endswith("...") or len(line) > 80] == []


@pytest.mark.parametrize("arguments", [[], ["feeds"], ["db"]], ids=["tocsin", "feeds", "db"])
def test_without_a_verb_the_help_is_shown_as_talk(arguments: list[str]) -> None:
    """Nothing was asked for: the help goes to standard error and the exit code is 2."""
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("Usage: tocsin")


@pytest.mark.parametrize(
    "place",
    [
        ("--config", "{}", "config", "path"),
        ("config", "--config", "{}", "path"),
        ("config", "path", "--config={}"),
        ("config", "path", "-c", "{}"),
    ],
)
def test_the_configuration_may_be_named_anywhere(place: tuple[str, ...], tmp_path: Path) -> None:
    """--config is understood before, between and behind the words of a verb."""
    path = write(tmp_path, SMALL)
    outcome = run(*(word.format(path) for word in place))
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{path}\n", "")


def test_the_environment_names_the_configuration_and_the_flag_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TOCSIN_CONFIG is used without --config, and only then."""
    first, second = write(tmp_path, SMALL, "first.toml"), write(tmp_path, SMALL, "second.toml")
    monkeypatch.setenv("TOCSIN_CONFIG", str(first))
    assert run("config", "path").out == f"{first}\n"
    assert run("config", "path", "--config", second).out == f"{second}\n"


def test_database_and_log_level_are_overridden_by_flag_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flag before TOCSIN_* before the file."""
    path = write(tmp_path, SMALL)
    monkeypatch.setenv("TOCSIN_DATABASE", str(tmp_path / "env.db"))
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "error")

    def effective(*flags: str | Path) -> tuple[str, str]:
        shown = run("config", "show", "--json", "--config", path, *flags).objects[0]
        return Path(shown["monitor"]["database"]).name, shown["log"]["level"]

    assert effective() == ("env.db", "error")
    assert effective("--database", tmp_path / "flag.db", "--log-level", "debug") == ("flag.db", "debug")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["bogus"], 2, "bogus"),
        (["check", "extra"], 2, "extra"),
        (["check", "--quick"], 2, "--quick"),
        (["status", "--config"], 2, "--config needs a value"),
        (["status", "--config", "missing.toml"], 2, "missing.toml"),
        (["status", "--log-level", "loud"], 2, "--log-level"),
        (["status", "--database", "postgresql://x/y"], 2, "not in this version"),
        (["run", "--force"], 2, "--force goes with --once"),
        (["match"], 2, "match"),
        (["match", "missing.jsonl", "--query", "doha"], 2, "missing.jsonl"),
        (["match", "missing.txt", "--query", "(doha"], 2, "^"),
        (["fetch", "missing.xml"], 2, "missing.xml"),
        (["fetch", "http://127.0.0.1:9/feed"], 1, "allow_private"),
        (["fetch", "ftp://news.example.org/feed"], 1, "http"),
        (["alerts", "show", "first"], 2, "ID"),
        (["alerts", "list"], 1, "tocsin run"),
        (["outbox", "list"], 1, "tocsin run"),
        (["outbox", "retry"], 2, "--all"),
        (["feeds", "show", "lemond"], 2, "lemonde"),
        (["feeds", "add", "news"], 2, "http"),
        (["feeds", "import", "missing.opml"], 2, "missing.opml"),
        (["rules", "test", "talk"], 2, "talks"),
        (["channels", "test", "scren"], 2, "screen"),
        (["db", "check"], 1, "tocsin run"),
        (["init", "."], 2, "exists already"),
        (["url"], 2, "URL"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors_are_words_on_standard_error(
    arguments: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1 for what failed, 2 for wrong usage; a sentence that names the culprit, never a traceback."""
    write(tmp_path, SMALL)
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)
    assert outcome.code == code, outcome.err
    assert said in outcome.err
    assert outcome.err.startswith("tocsin: ")
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_without_a_configuration_verbs_say_where_they_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, the places, and how to get a first file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "TOCSIN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    outcome = run("status")
    assert outcome.code == 2
    assert f"{tmp_path}/.config/tocsin/config.toml" in outcome.err
    assert "tocsin init" in outcome.err


@pytest.mark.parametrize("verb", ["feeds list", "run --once", "config show", "match x.txt"])
def test_a_wrong_configuration_is_told_with_file_and_line(verb: str, tmp_path: Path) -> None:
    """Every verb that needs the configuration ends with 2 and every mistake of the file."""
    path = write(tmp_path, SMALL.replace("query", "quary") + 'quiet = 3\n[monitor]\nlanguages = "fr"\n')
    outcome = run(*verb.split(), "--config", path)
    assert outcome.code == 2
    assert outcome.out == ""
    for line in (7, 11, 13):
        assert f"{path}:{line}: " in outcome.err
    assert "did you mean 'query'?" in outcome.err


def unexpected(capsys: pytest.CaptureFixture[str], *, debug: bool) -> str:
    """What is said about an exception that nobody expected."""
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    context.given.debug = debug
    try:
        assert app._report(caught.value) == 1
    finally:
        context.given.debug = False
    return capsys.readouterr().err


def test_an_unexpected_error_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Its kind, its place and what to do; not its text, which may hold anything."""
    said = unexpected(capsys, debug=False)
    assert said.startswith("tocsin: unexpected JSONDecodeError ")
    assert "--debug" in said
    assert "Traceback" not in said
    assert "Expecting" not in said


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """With --debug the whole of it is printed before the sentence."""
    said = unexpected(capsys, debug=True)
    assert said.startswith("Traceback")
    assert "Expecting" in said


@pytest.mark.parametrize("verb", ["match", "config"])
def test_a_closed_pipe_is_no_error(verb: str, tmp_path: Path) -> None:
    """A reader that stops reading ends the verb silently, with 0, in mid-stream or at the end."""
    path = write(tmp_path, SMALL)
    articles = tmp_path / "articles.jsonl"
    articles.write_text("".join(f'{{"id": {n}, "title": "talibans"}}\n' for n in range(3000)), "utf-8")
    arguments = ["match", str(articles), "--json"] if verb == "match" else ["config", "path"]
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments, "--config", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    with process.stderr:
        said = process.stderr.read()
    assert (process.wait(30), said) == (0, b"")


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("a OR", 5, ["a OR", "    ^"]),
        ("a AND\n b OR\nc", 11, [" b OR", "    ^"]),
        ("a\n", 2, ["a", " ^"]),
        ("多哈 (", 4, ["多哈 (", "     ^"]),
        ("a\tb\x1b[2J )", 9, ["a b [2J )", "        ^"]),
        ("x" * 100 + ")" + "y" * 100, 101, ["…" + "x" * 60 + ")" + "y" * 59 + "…", " " * 61 + "^"]),
        ("", 1, ["", "^"]),
    ],
)
def test_a_place_in_a_query_is_pointed_at(text: str, column: int, shown: list[str]) -> None:
    """The caret stands below the character, whatever lines, wide letters and controls come before."""
    assert output.pointed(text, column).splitlines() == ["    " + line for line in shown]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_every_character_is_no_error(encoding: str, tmp_path: Path) -> None:
    """People see a "?" in its place; JSON is whole, for it can spell each character."""
    article = tmp_path / "a.txt"
    article.write_text("Толки in Doha — ≤ 5\n\nThe talks went on.\n", encoding="utf-8")

    def seen(*more: str) -> str:
        command = [sys.executable, "-m", "monitor", *more]
        done = subprocess.run(
            command, check=False, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode(encoding)

    assert "?" in seen("match", "--query", "doha", str(article))
    line = json.dumps({"id": "Толки", "title": "Толки in Doha"})
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    found = json.loads(seen("match", "--json", "--query", "doha", str(tmp_path / "a.jsonl")))
    assert found["id"] == "Толки"


@pytest.mark.parametrize(
    ("line", "help_of"),
    [
        ("nonsense", "tocsin"),
        ("silence add --nonsense x", "tocsin silence add"),
        ("explain", "tocsin explain"),
    ],
)
def test_a_slip_points_to_the_help_of_its_verb(line: str, help_of: str) -> None:
    """Not to that of all."""
    outcome = run(*line.split())
    assert outcome.code == 2
    assert outcome.err.endswith(f"    see {help_of} --help\n")
