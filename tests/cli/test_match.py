"""`tocsin match` as a user types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from monitor.settings import EntityConfig
from tests.support.cli import Outcome, run
from tests.support.configs import write
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
[entities.doha]
aliases = ["Doha"]
[[feeds]]
name = "wire"
url = "https://wire.example/feed"
tags = ["world"]
language = "fr"
[[rules]]
name = "talks"
query = "@doha AND title:talks"
[[rules]]
name = "world-only"
query = "rain"
tags = ["world"]
[[rules]]
name = "french"
query = "rain"
lang = ["fr"]
[[rules]]
name = "off"
query = "rain"
enabled = false
"""


def lines(folder: Path, *items: dict[str, Any] | str) -> Path:
    """A .jsonl file with these articles; a text is written as it is."""
    file = folder / "articles.jsonl"
    file.write_text("\n".join(i if isinstance(i, str) else json.dumps(i) for i in items), encoding="utf-8")
    return file


def match(folder: Path, *arguments: str | Path, stdin: str = "") -> Outcome:
    """Run `tocsin match` with the configuration above."""
    return run("match", *arguments, "--config", write(folder, CONFIG), stdin=stdin)


def rules_of(outcome: Outcome) -> dict[Any, list[str]]:
    """For each article which rules hold."""
    assert outcome.code == 0, outcome.err
    return {shape["id"]: [m["rule"] for m in shape["matches"]] for shape in outcome.objects}


def test_articles_come_in_input_order_with_exact_hits(tmp_path: Path) -> None:
    """Each article is printed, also without a match; offsets count characters of the field as given."""
    file = lines(
        tmp_path,
        {"id": "b", "title": "😀  Talks", "body": "In\n\n  Doha, again"},
        "",
        {"id": 7, "title": "Nothing"},
        {"title": "No id", "summary": None},
    )
    outcome = match(tmp_path, file, "--json")
    assert list(rules_of(outcome)) == ["b", 7, f"{file}:4"]
    [found] = outcome.objects[0]["matches"]
    assert (found["rule"], found["strength"]) == ("talks", "strong")
    title, body = found["hits"]
    assert (title["field"], title["start"], title["end"], title["text"]) == ("title", 3, 8, "Talks")
    assert "entity" not in title
    assert (body["field"], body["start"], body["end"], body["entity"]) == ("body", 6, 10, "doha")


def test_a_feed_brings_its_tags_and_language(tmp_path: Path) -> None:
    """A configured feed is as good as its tags and language written out; others are warned about once."""
    file = lines(
        tmp_path,
        {"id": "feed", "title": "rain", "feed": "wire"},
        {"id": "own", "title": "rain", "tags": ["world"], "language": "en"},
        {"id": "other", "title": "rain", "feed": "elsewhere", "language": "en"},
    )
    outcome = match(tmp_path, file, "--json")
    assert rules_of(outcome) == {"feed": ["world-only", "french"], "own": ["world-only"], "other": []}
    assert outcome.err.count("elsewhere") == 1


def test_standard_input_is_jsonl(tmp_path: Path) -> None:
    """`-` stands among the files; its lines have their own names."""
    outcome = match(tmp_path, "-", "--json", stdin='{"title": "Doha talks"}\n')
    assert rules_of(outcome) == {"stdin:1": ["talks"]}


def test_text_and_pages_have_a_title_and_a_body(tmp_path: Path) -> None:
    """The first line of a .txt and the <title> of an .html are the title; scripts are not text."""
    text, page = tmp_path / "a.txt", tmp_path / "b.html"
    text.write_text("\n\nTalks resume\n\nThey met in Doha.\n")
    page.write_bytes(
        b"<html><head><meta charset=iso-8859-1><title>Talks &amp; tea</title><script>Doha</script></head>"
        b"<body><p>Caf\xe9 in <b>Doha</b></p></body></html>"
    )
    outcome = match(tmp_path, text, page, "--json")
    assert rules_of(outcome) == {str(text): ["talks"], str(page): ["talks"]}
    assert [hit["text"] for hit in outcome.objects[1]["matches"][0]["hits"]] == ["Talks", "Doha"]


def test_a_query_needs_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is then named "query"; entities come from a configuration only if there is one."""
    monkeypatch.chdir(tmp_path)
    file = lines(tmp_path, {"id": 1, "title": "Rain in Doha"})
    outcome = run("match", "--query", "rain AND doha", file, "--json")
    assert rules_of(outcome) == {1: ["query"]}
    assert rules_of(match(tmp_path, "--query", "@doha", file, "--json")) == {1: ["query"]}


def test_a_bad_query_shows_the_place(tmp_path: Path) -> None:
    """The column is pointed at; exit 2."""
    outcome = match(tmp_path, "--query", "rain AND (", lines(tmp_path, {"title": "x"}))
    assert outcome.code == 2
    assert "^" in outcome.err


def test_chosen_rules_are_judged_even_if_disabled(tmp_path: Path) -> None:
    """--rule leaves out the others; who names a rule wants to see it."""
    file = lines(tmp_path, {"id": 1, "title": "rain", "feed": "wire"})
    outcome = match(tmp_path, file, "--rule", "off", "--rule", "french", "--json")
    assert rules_of(outcome) == {1: ["french", "off"]}
    unknown = match(tmp_path, file, "--rule", "frensh")
    assert unknown.code == 2
    assert "did you mean french?" in unknown.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{broken", "not JSON"),
        ("[[1, 2]]", "must be an object"),
        ('{"title": 5}', "'title' must be text"),
        ('{"tags": [1]}', "'tags' must be text or a list"),
        ('{"id": [1]}', "'id' must be"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_line_is_named_and_stops(tmp_path: Path, line: str, said: str) -> None:
    """What came before was judged, the line is told with file and number, nothing after it is swallowed."""
    file = lines(tmp_path, {"id": "good", "title": "rain"}, line, {"id": "after"})
    outcome = match(tmp_path, file, "--json")
    assert outcome.code == 2
    assert [shape["id"] for shape in outcome.objects] == ["good"]
    assert f"{file}:2: " in outcome.err
    assert said in outcome.err


def test_halves_of_characters_do_not_break_the_output(tmp_path: Path) -> None:
    """JSON may hold lone surrogates; they become a stand-in of the same length."""
    outcome = match(tmp_path, lines(tmp_path, '{"id": "a", "title": "\\ud800 talks \\ud800 Doha"}'), "--json")
    assert rules_of(outcome) == {"a": ["talks"]}
    outcome.out.encode()
    assert [hit["start"] for hit in outcome.objects[0]["matches"][0]["hits"]] == [2, 10]


@pytest.mark.parametrize("name", ["missing.txt", "picture.png"])
def test_files_that_cannot_be_read_are_told_first(tmp_path: Path, name: str) -> None:
    """Nothing is judged when one of the files is missing or of no known kind."""
    (tmp_path / "picture.png").write_bytes(b"x")
    outcome = match(tmp_path, lines(tmp_path, {"title": "rain"}), tmp_path / name, "--json")
    assert (outcome.code, outcome.out) == (2, "")
    assert name in outcome.err


@pytest.mark.parametrize("arguments", [(), ("a.txt", "--stored", "7d"), ("--stored", "soon")])
def test_a_senseless_command_is_exit_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Files or --stored with a time span, one of them."""
    assert match(tmp_path, *arguments).code == 2


def test_a_rule_that_cannot_be_used_is_not_passed_over(tmp_path: Path) -> None:
    """Judging without it would look like a no."""
    path = write(tmp_path, '[[rules]]\nname = "bad"\nquery = "rain AND ("\n')
    outcome = run("match", lines(tmp_path, {"title": "rain"}), "--config", path)
    assert outcome.code == 2
    assert f"{path}:3:" in outcome.err


def test_people_get_a_line_per_match(tmp_path: Path) -> None:
    """Name, title, rules and the hit in its surroundings; nothing that a terminal would obey."""
    file = lines(
        tmp_path,
        {"id": "a", "title": "Talks\u001b[2J go on", "body": f"{'far ' * 30}back in Doha, they met"},
        {"id": "b", "title": "Sun"},
    )
    outcome = match(tmp_path, file)
    [line] = outcome.out.splitlines()
    assert line.startswith("a  Talks [2J go on  [talks]  ")
    assert "back in Doha, they met" in line
    assert "1 of 2 articles match" in outcome.err


def test_stored_articles_are_judged(tmp_path: Path) -> None:
    """What was fetched in the time span is read from the database, with its feed's tags."""
    with Desk(tmp_path, feeds=["a"], entities=[EntityConfig("doha", ("Doha",))]) as desk:
        desk.now = datetime.now(UTC)
        desk.publish("a", Item("Talks in Doha", guid="1", link="https://a.example/1"), Item("Sun", guid="2"))
        desk.poll()
    text = CONFIG + f'[monitor]\ndatabase = "{desk.config.database}"\n'
    outcome = run("match", "--stored", "1d", "--json", "--config", write(tmp_path, text))
    assert sorted(rules_of(outcome).values()) == [[], ["talks"]]
    assert rules_of(outcome)["https://a.example/1"] == ["talks"]
