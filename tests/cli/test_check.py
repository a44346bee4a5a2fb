"""`tocsin check`: everything that is wrong with a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import run
from tests.support.configs import CHANNEL, FEED, RULE, SMALL, write
from tests.support.documents import Item
from tests.support.newsdesk import Desk


def test_a_query_is_pointed_at(tmp_path: Path) -> None:
    """A mistake in a query shows line and column of the file, the line, and a caret under the place."""
    path = write(tmp_path, f'{FEED}{CHANNEL}[[rules]]\nname = "r"\nquery = "doha AND AND qatar"\n')
    outcome = run("check", "--config", path)
    lines = outcome.out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{path}:8:"))
    assert ": error: " in lines[start]
    assert lines[start + 1] == '    query = "doha AND AND qatar"'
    assert lines[start + 2].index("^") == lines[start + 1].index("AND qatar")
    assert lines[-1] == "1 error, 0 warnings"
    assert outcome.code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("talibans", "@taliban"), "there is no entity 'taliban'"),
        (f'{SMALL}[[routes]]\nchannels = ["desk"]\n', "'desk'"),
        (f'{FEED}{RULE}[channels.desk]\nurl = "mailtoo://a@b.example"\n', "channel 'desk'"),
        (f'{FEED}{RULE}[[rules.tests]]\nmatch = "rien"\n{CHANNEL}', "should match, and does not"),
        (f'{FEED}{RULE}[[rules.tests]]\nno_match = "talibans"\n{CHANNEL}', "should not match, and does"),
        (SMALL + "[log]\nlevel = 7\n", "level"),
        (SMALL + "[log\n", "not closed"),
    ],
)
def test_every_error_makes_check_fail(text: str, said: str, tmp_path: Path) -> None:
    """Names, addresses, rule tests and TOML itself: exit 2, file and line, in words and as JSON."""
    path = write(tmp_path, text)
    shown = run("check", "--config", path)
    assert shown.code == 2
    assert said in shown.out
    told = run("check", "--json", "--config", path)
    assert told.code == 2
    finding = next(f for f in told.objects if f["level"] == "error")
    assert finding["file"] == str(path)
    assert finding["line"] > 0
    assert set(finding) <= {"file", "line", "column", "level", "code", "message", "hint"}
    assert f"{path}:{finding['line']}" in shown.out


def test_a_failing_rule_test_is_found_at_its_own_line(tmp_path: Path) -> None:
    """Not where the rule begins: where the example stands."""
    text = f'{FEED}{CHANNEL}{RULE}[[rules.tests]]\nmatch = "talibans"\n[[rules.tests]]\nmatch = "rien"\n'
    path = write(tmp_path, text)
    [finding] = run("check", "--json", "--config", path).objects
    assert text.splitlines()[finding["line"] - 1].startswith(("[[rules.tests]]", 'match = "rien"'))
    assert finding["line"] >= 11
    assert finding["code"] == "rule_test"


def test_warnings_are_told_and_do_not_fail(tmp_path: Path) -> None:
    """What is lawful and seldom meant is said; --quiet keeps silent about it."""
    path = write(tmp_path, SMALL + '[metrics]\nlisten = "0.0.0.0:9464"\n')
    outcome = run("check", "--config", path)
    assert outcome.code == 0
    assert "warning: 'listen' in [metrics]: other machines can reach 0.0.0.0:9464" in outcome.out
    assert outcome.out.endswith("all good, 1 warning\n")
    assert run("check", "--quiet", "--config", path).out == ""


def test_check_says_what_it_checked(tmp_path: Path) -> None:
    """The counts of what was found to be good."""
    path = write(tmp_path, SMALL)
    assert run("check", "--config", path).out == "1 feed, 1 rule, 1 channel, 0 rule tests: all good\n"


@pytest.mark.parametrize(
    "text",
    [
        '[channels.x]\nurl = "tgram://SESAME/x\n',
        '[channels.x]\nurl = "tgram://SESAME/x" or so\n',
        '[channels.x]\nurl = "tgramm://SESAME/x"\n',
        '[channels.x]\nurl = "tgram://SESAME"\n',
        '[channels.x]\nurll = "tgram://SESAME/x"\n',
        '[[feeds]]\nurl = "htps://u:SESAME@n.example/rss"\n',
        '[[feeds]]\nname = "a"\nurl = "https://n.example/rss"\nauth = "u:SESAME"\n',
    ],
)
@pytest.mark.parametrize("verb", ["check", "check --json", "check --debug", "status", "run --once"])
def test_a_mistake_beside_a_secret_does_not_show_it(text: str, verb: str, tmp_path: Path) -> None:
    """`check` runs at each reload, and what it prints ends in the system's log."""
    outcome = run(*verb.split(), "--config", write(tmp_path, text))
    assert outcome.code == (2 if "tgramm" not in text and 'SESAME"' not in text else outcome.code)
    assert "SESAME" not in outcome.out + outcome.err


def test_a_missing_secret_fails_the_check_but_not_the_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check and run refuse; verbs that only look at things work all the same."""
    monkeypatch.delenv("TOCSIN_TEST_PHONE", raising=False)
    path = write(tmp_path, f'{FEED}{RULE}[channels.phone]\nurl = {{ env = "TOCSIN_TEST_PHONE" }}\n')
    assert run("check", "--config", path).code == 2
    assert run("run", "--once", "--config", path).code == 2
    assert run("status", "--config", path).code == 0
    assert run("channels", "list", "--config", path).code == 0


def test_a_slip_in_a_rule_is_a_warning_with_its_place(tmp_path: Path) -> None:
    """The daemon runs all the same; --quiet says nothing of it."""
    text = f'{FEED}{CHANNEL}[[rules]]\nname = "r"\nquery = """\ntalks AND\n (doha|qatar OR kabul)"""\n'
    path = write(tmp_path, text)
    outcome = run("check", "--json", "--config", path)
    [finding] = outcome.objects
    assert outcome.code == 0
    assert (finding["level"], finding["code"], finding["column"]) == ("warning", "query", 3)
    assert text.splitlines()[finding["line"] - 1] == ' (doha|qatar OR kabul)"""'
    assert finding["hint"] == "did you mean doha | qatar?"
    assert run("check", "--quiet", "--config", path).out == ""
    shown = run("check", "--config", path).out
    assert "(doha|qatar OR kabul)" in shown
    assert "      ^" in shown


def test_stored_articles_tell_of_words_that_are_missed_or_common(tmp_path: Path) -> None:
    """What stands in most of them, and forms that a rule does not take."""
    with Desk(tmp_path, feeds=["a"]) as desk:
        items = [Item(f"Attacks and police, report {n}", guid=str(n)) for n in range(60)]
        desk.publish("a", *items)
        desk.poll()
    text = f"""{FEED}{CHANNEL}[[rules]]
name = "r"
query = "police OR (attack AND kabul)"
[monitor]
database = "{desk.config.database}"
languages = ["en"]
"""
    found = run("check", "--json", "--config", write(tmp_path, text)).objects
    messages = {f["column"]: f["message"] for f in found if "column" in f}
    assert messages == {
        10: "rule 'r': police stands in 60 of the newest 60 articles, and is enough for the rule to hold",
        21: "rule 'r': attack does not take 'attacks', which stands in 60 of the newest 60 articles",
    }


@pytest.mark.parametrize("content", [None, b"", b"no database at all", b"SQLite format 3\0" + b"x" * 200])
def test_a_database_that_cannot_be_read_is_no_finding(tmp_path: Path, content: bytes | None) -> None:
    """What is only advice does not fail a check."""
    database = tmp_path / "other.db"
    if content is not None:
        database.write_bytes(content)
        database.chmod(0o600)
    path = write(tmp_path, f'{SMALL}[monitor]\ndatabase = "{database}"\n')
    outcome = run("check", "--json", "--config", path)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("name", ["config.example.toml", "monitor/config/starter.toml"])
def test_the_configurations_that_come_with_it_have_no_slips(name: str) -> None:
    """Who begins with them is not taught to read over warnings."""
    path = Path(__file__).parents[2] / name
    outcome = run("check", "--json", "--config", path)
    assert [f for f in outcome.objects if f["code"] in ("query", "rule")] == []
