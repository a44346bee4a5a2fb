"""`tocsin match` as a user types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.cli import stored
from monitor.rules.ruletests import text_document
from monitor.settings import EntityConfig, FeedConfig, Secret
from tests.support.cli import Outcome, run
from tests.support.configs import write
from tests.support.documents import Item
from tests.support.newsdesk import Desk

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


PAGES = Path(__file__).parents[1] / "pages" / "html"


def test_a_page_is_read_as_an_article(tmp_path: Path) -> None:
    """Its furniture makes rules hold weakly at most, and both outputs say so."""
    page = PAGES / "most_read_inside.html"
    outcome = match(tmp_path, page, "--query", "talibans AND doha", "--json")
    assert [m["strength"] for m in outcome.objects[0]["matches"]] == ["strong"]
    weak = match(tmp_path, page, "--query", '"pneus hiver"', "--json")
    [found] = weak.objects[0]["matches"]
    assert (found["strength"], found["hits"][0]["field"]) == ("weak", "body")
    assert "note" not in weak.objects[0]
    assert "query (weak): " in match(tmp_path, page, "--query", '"pneus hiver"').out
    assert rules_of(match(tmp_path, page, "--query", "lang:fr AND talibans", "--json")) == {
        str(page): ["query"]
    }


def test_what_is_no_article_is_told_and_judged_weakly(tmp_path: Path) -> None:
    """A few words are a teaser; where no article is found, nothing of the text is confirmed, or lost."""
    short, other, empty = tmp_path / "short.html", tmp_path / "other.html", tmp_path / "empty.html"
    short.write_text("<title>News</title><p>They met in Doha.</p>")
    other.write_text("%PDF-1.4 Doha")
    empty.write_text("")
    outcome = match(tmp_path, short, other, empty, "--query", "doha", "--json")
    assert [[m["strength"] for m in shape["matches"]] for shape in outcome.objects] == [
        ["strong"],
        ["weak"],
        [],
    ]
    notes = [shape["note"] for shape in outcome.objects]
    assert notes[0] == "teaser only: the page gave 17 characters of text, fewer than 250"
    assert notes[1] == "no article was found, so nothing of its text is confirmed: this is no web page"
    assert notes[2].endswith("the page is empty")
    assert [line for line in outcome.err.splitlines() if line.startswith("warning")] == [
        f"warning: {file}: {note}" for file, note in zip((short, other, empty), notes, strict=True)
    ]


def test_a_text_goes_through_the_furniture_guard(tmp_path: Path) -> None:
    """What a label announces is weak, also in the count at the end."""
    text = tmp_path / "a.txt"
    text.write_text("Talks\n\nThey met in Doha.\nRead more\nRain again\nRead more: Rain everywhere\n")
    outcome = match(tmp_path, text)
    assert "talks: They met in *Doha*." in outcome.out
    assert "french (weak): *Rain* again" in outcome.out
    assert "everywhere" not in outcome.out
    assert "french      1, 1 weak" in outcome.err
    assert "talks       1\n" in outcome.err


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
    assert outcome.err.splitlines()[1:3] == ["    rain AND (", "              ^"]


def test_an_entity_of_a_pack_is_known_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the pack, with a configuration and without one."""
    file = lines(tmp_path, {"title": "x"})
    assert 'write entity_packs = ["world"]' in match(tmp_path, "--query", "@kabul", file).err
    bare_folder = tmp_path / "bare"
    bare_folder.mkdir()
    monkeypatch.chdir(bare_folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(bare_folder))
    bare = run("match", "--query", "@kabul", file)
    assert (bare.code, "at the top of a config.toml" in bare.err) == (2, True)


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


def test_people_get_the_sentence_with_its_hits_marked(tmp_path: Path) -> None:
    """Name, title, each rule with the sentence that tells most; nothing that a terminal would obey."""
    file = lines(
        tmp_path,
        {
            "id": "a",
            "title": "Talks\u001b[2J go on",
            "body": f"Far. {'So far, ' * 10}back in Doha, they met. End.",
        },
        {"id": "b", "title": "Sun"},
        {"id": "c", "title": "Rain", "feed": "wire"},
    )
    outcome = match(tmp_path, file)
    talks, talks_why, rain, rain_why, french_why = outcome.out.splitlines()
    assert talks == "a  *Talks* [2J go on"
    assert talks_why == f"    talks: {'So far, ' * 10}back in *Doha*, they met."
    assert (rain, rain_why, french_why) == (
        "c  *Rain*",
        "    world-only: in the title",
        "    french: in the title",
    )
    said = outcome.err.splitlines()
    assert said[0] == "2 of 3 articles match"
    assert [line.split() for line in said[1:]] == [["talks", "1"], ["world-only", "1"], ["french", "1"]]


def test_a_list_of_sentences_is_a_body(tmp_path: Path) -> None:
    """Corpora come so; each sentence is a line, and one that comes twice stands twice."""
    file = lines(
        tmp_path,
        {"id": 1, "title": "Talks", "sentences": ["They met.", "In Doha.", "They met.", "In Doha."]},
        {"id": 2, "title": "Talks", "body": "", "sentences": ["In Doha."]},
    )
    outcome = match(tmp_path, file, "--json")
    assert rules_of(outcome) == {1: ["talks"], 2: []}
    hits = [(h["field"], h["start"]) for h in outcome.objects[0]["matches"][0]["hits"]]
    assert hits == [("title", 0), ("body", 13), ("body", 32)]
    broken = match(tmp_path, lines(tmp_path, {"sentences": [1]}), "--json")
    assert broken.code == 2
    assert "'sentences' must be text or a list of texts" in broken.err


def test_the_languages_of_the_configuration_reach_the_query(tmp_path: Path) -> None:
    """A word with ~ stands for its forms in them, in rules and in queries typed by hand."""
    path = write(tmp_path, '[monitor]\nlanguages = ["en"]\n[[rules]]\nname = "r"\nquery = "attack~"\n')
    file = lines(tmp_path, {"id": 1, "title": "Two attacks"})
    assert rules_of(run("match", file, "--json", "--config", path)) == {1: ["r"]}
    asked = run("match", file, "--query", "attack~", "--json", "--config", path)
    assert rules_of(asked) == {1: ["query"]}


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


def test_stored_articles_are_judged_through_every_feed(tmp_path: Path) -> None:
    """A rule for the feed that came second would have caught the article; one line for people says so."""
    feeds = [FeedConfig(n, Secret(f"https://{n}.example/feed"), tags=(n,)) for n in ("a", "b")]
    with Desk(tmp_path, feeds=feeds) as desk:
        desk.now = datetime.now(UTC)
        for name in ("a", "b"):
            desk.publish(name, Item("Talks in Doha", guid="1", link="https://n.example/1"))
            desk.poll(name)
    text = f"""\
[monitor]
database = "{desk.config.database}"
[[feeds]]
name = "a"
url = "https://a.example/feed"
tags = ["a"]
[[feeds]]
name = "b"
url = "https://b.example/feed"
tags = ["b"]
[[rules]]
name = "second"
query = "talks"
tags = ["b"]
[[rules]]
name = "neither"
query = "talks feed:b tag:a"
"""
    path = write(tmp_path, text)
    outcome = run("match", "--stored", "1d", "--json", "--config", path)
    [shape] = outcome.objects
    assert [m["rule"] for m in shape["matches"]] == ["second"]
    assert (shape["title"], shape["feeds"]) == ("Talks in Doha", ["a", "b"])
    shown = run("match", "--stored", "1d", "--rule", "second", "--config", path)
    head, why, link = shown.out.splitlines()
    assert head.endswith("  a, b  *Talks* in Doha")
    assert why == "    second: in the title"
    assert link.strip() == f"https://n.example/1  article {shape['article']}"
    assert shown.err == "1 of 1 article matches\n"
    assert (
        run("match", "--stored", "1d", "--query", "kabul", "--config", path).err == "0 of 1 article matches\n"
    )


def test_many_stored_articles_are_read_in_pages(tmp_path: Path) -> None:
    """Each once, in order, whatever the size of a page."""
    number = stored.PAGE + 3
    with Desk(tmp_path) as desk:
        desk.now = datetime.now(UTC)
        items = [Item(f"Talks {n}", guid=str(n), link=f"https://a.example/{n}") for n in range(number)]
        desk.publish("a", *items)
        desk.poll()
    path = write(tmp_path, f'[monitor]\ndatabase = "{desk.config.database}"\n')
    outcome = run("match", "--stored", "1d", "--query", "talks", "--json", "--config", path)
    found = [shape["article"] for shape in outcome.objects]
    assert len(found) == number
    assert found == sorted(set(found))


# --- the world's texts -----------------------------------------------------------------------------------

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpus"
PAGE = SHARED / "pages" / "talibans-doha.html"
SEED = SHARED / "seed" / "talibans-doha.txt"
STORIES = SHARED / "stories" / "ecbplus.jsonl"
WORLD = """\
[entities.taliban]
aliases = ["taliban", "talibans"]
[entities.doha]
aliases = ["Doha"]
"""


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("talibans", {"talibans"}),
        ("Doha", {"Doha"}),
        ('"etats unis"', {"États-Unis"}),
        ("@taliban NEAR/10 @doha", {"talibans", "Doha"}),
        ("title:talibans", {"talibans"}),
        ("title:doha", set()),
        ("taliban -talibans", set()),
        ("lead:délégation", {"délégation"}),
    ],
)
def test_a_real_article_is_found_as_a_reader_reads_it(query: str, found: set[str], tmp_path: Path) -> None:
    """Each hit is the text at its offsets; a title's term is not found in the body."""
    if not SEED.exists():
        pytest.skip(f"{SEED} is not here")
    outcome = run("match", SEED, "--query", query, "--json", "--config", write(tmp_path, WORLD))
    [shape] = outcome.objects
    hits = [hit for one in shape["matches"] for hit in one["hits"]]
    assert {hit["text"] for hit in hits} == found
    document = text_document(SEED.read_text(encoding="utf-8"))
    for hit in hits:
        assert getattr(document, hit["field"])[hit["start"] : hit["end"]] == hit["text"]
    if query.startswith("title:"):
        assert {hit["field"] for hit in hits} <= {"title"}


def test_a_corpus_of_sentences_is_judged(tmp_path: Path) -> None:
    """Hundreds of stories kept as lists of sentences: every hit is exact, and rare names are rare."""
    if not STORIES.exists():
        pytest.skip(f"{STORIES} is not here")
    path = write(tmp_path, WORLD)
    outcome = run("match", STORIES, "--query", "earthquake OR indonesia", "--json", "--config", path)
    bodies = {}
    for line in STORIES.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        bodies[item["id"]] = "\n".join(item["sentences"])
    assert [shape["id"] for shape in outcome.objects] == list(bodies)
    matched = [shape for shape in outcome.objects if shape["matches"]]
    assert 0 < len(matched) < len(bodies) / 2
    for shape in matched:
        body = bodies[shape["id"]]
        folded = body.casefold()
        assert "earthquake" in folded or "indonesia" in folded
        for hit in shape["matches"][0]["hits"]:
            assert body[hit["start"] : hit["end"]] == hit["text"]
            assert hit["text"].casefold() in {"earthquake", "indonesia"}


@pytest.mark.skipif(not PAGE.is_file(), reason="needs ../shared/corpus/pages")
def test_the_page_this_project_was_born_from(tmp_path: Path) -> None:
    """The rules on its report hold; those on its furniture do not hold strongly."""
    strong = []
    for query in ("talibans", "doha", "covid-19", "bataclan", '"pneus hiver"', "cookies", "sicile"):
        for file in (PAGE, SEED):
            [shape] = match(tmp_path, file, "--query", query, "--json").objects
            strong += [query for m in shape["matches"] if m["strength"] == "strong"]
    assert strong == ["talibans", "talibans", "doha", "doha"]
