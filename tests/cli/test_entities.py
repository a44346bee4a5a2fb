"""`tocsin entities` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import run
from tests.support.configs import SMALL, load, told, write

ITEMS = Path(__file__).with_name("wikidata.json")
PACK = f'entity_packs = ["world"]\n{SMALL}'
OWN = PACK + '[entities.doha]\naliases = ["Doha"]\nnot_in = ["Doha Round"]\n'


def test_entities_say_where_they_come_from(tmp_path: Path) -> None:
    """The configuration's own come first and take the place of the pack's."""
    path = write(tmp_path, OWN)
    outcome = run("entities", "list", "--json", "--config", path)
    assert outcome.code == 0, outcome.err
    own, *packed = outcome.objects
    assert own == {
        "name": "doha",
        "source": str(path),
        "pack": None,
        "aliases": ["Doha"],
        "languages": [],
        "not_in": ["Doha Round"],
        "context": {},
    }
    assert {one["source"] for one in packed} == {"pack world"}
    assert "doha" not in {one["name"] for one in packed}


def test_entities_are_listed_in_columns(tmp_path: Path) -> None:
    """A person gets counts; without any entity the way to some is told."""
    outcome = run("entities", "list", "--config", write(tmp_path, OWN))
    header, doha, *rest = outcome.out.splitlines()
    assert header.split() == ["NAME", "SOURCE", "ALIASES", "MASKS", "CONTEXT", "LANGUAGES"]
    assert doha.split()[0::2][0] == "doha"
    assert doha.split()[2:5] == ["1", "1", "no"]
    assert len(rest) > 100
    empty = run("entities", "list", "--config", write(tmp_path, SMALL))
    assert (empty.code, empty.out) == (0, "")
    assert "entity_packs" in empty.err


def test_one_entity_is_shown_in_full_without_a_configuration() -> None:
    """A pack can be read before it is used."""
    outcome = run("entities", "list", "--pack", "world", "@georgia")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("@georgia  pack world\n  aliases       {Georgia}; ")
    for word in ("not in", "require any", "near          60", "unless"):
        assert f"  {word}" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pack", "wold"], "there is no entity pack 'wold'\n    did you mean world?"),
        (["--pack", "world", "talban"], "there is no entity 'talban'\n    did you mean taliban?"),
    ],
)
def test_wrong_names_name_the_nearest(arguments: list[str], message: str) -> None:
    """A slip of the finger costs one look."""
    outcome = run("entities", "list", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_check_says_which_pack_has_an_entity(tmp_path: Path) -> None:
    """Of a pack in use as the nearest name, of one not in use as the remedy."""
    wrong = run("check", "--config", write(tmp_path, PACK.replace("talibans", "@talban")))
    assert wrong.code == 2
    assert "did you mean 'taliban', of the pack 'world'?" in wrong.out
    unused = run("check", "--config", write(tmp_path, SMALL.replace("talibans", "@taliban")))
    assert "the pack 'world' has it: write entity_packs = [\"world\"]" in unused.out


def test_rules_and_routes_may_name_entities_of_a_pack(tmp_path: Path) -> None:
    """As if they stood in the file; a route that names none of them is told."""
    text = PACK.replace("talibans", "@taliban") + (
        '[[routes]]\nmatch = { entity = "@taliban" }\nchannels = ["screen"]\n'
        '[[routes]]\nmatch = { entity = "talban" }\nchannels = ["screen"]\n'
        '[[routes]]\nchannels = ["screen"]\n'
    )
    assert [line.partition("error: ")[2] for line in told(load(tmp_path, text))] == [
        "a route matches the entity 'talban': no such entity"
    ]


def test_a_pack_is_read_only_where_one_is_named(tmp_path: Path) -> None:
    """Whoever uses none pays nothing."""
    program = (
        "import sys; from monitor.cli.app import invoke; code = invoke(sys.argv[1:]);"
        "from monitor.config.packs import pack_entities; print(code, pack_entities.cache_info().currsize)"
    )
    for text, read in ((SMALL, "0 0"), (PACK, "0 1")):
        arguments = ["config", "path", "--config", str(write(tmp_path, text))]
        listed = ["rules", "list", *arguments[2:]]
        done = subprocess.run(
            [sys.executable, "-c", program, *listed], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout.splitlines()[-1] == read


def test_the_effective_configuration_shows_its_own_entities_only(tmp_path: Path) -> None:
    """What `config show` prints stays as long as what was written."""
    shown = run("config", "show", "--json", "--config", write(tmp_path, OWN)).objects[0]
    assert (shown["entity_packs"], list(shown["entities"])) == (["world"], ["doha"])


# --- import ------------------------------------------------------------------------------------------


def test_items_become_entities_that_load(tmp_path: Path) -> None:
    """The TOML on standard output is lawful; each name left out is told on the other side with its reason."""
    config = write(tmp_path, PACK)
    outcome = run("entities", "import", ITEMS, "--lang", "en", "--lang", "fr", "--config", config)
    assert outcome.code == 0, outcome.err
    found = tomllib.loads(outcome.out)["entities"]
    assert found["harbour-relief-union"]["aliases"] == [
        "Harbour Relief Union",
        "Union de secours des ports",
        "{HRU}",
        "{ICE}",
        "May:fr",
        "Union de secours",
    ]
    assert found["port-vellan"] == {"aliases": ["Port Vellan"]}
    assert told(load(tmp_path, PACK + outcome.out)) == []
    told_lines = outcome.err.splitlines()
    for line in (
        "Q900001: 'hr' (en) left out: shorter than three letters",
        "Q900001: '1904' (en) left out: only digits",
        "Q900001: '⚓' (en) left out: no letter or digit",
        "Q900001: 'harbour-relief union' (en) left out: the same as 'Harbour Relief Union' after folding",
        "Q900001: 'The' (en) left out: a common word in 'en'; write it by hand, with a context",
        "Q900002: 'Doha' (en) left out: already an alias of @doha",
        "Q900002: 'Vellan: the:en' (en) left out: cannot be written as an alias",
        "Q900003: left out: no name in the chosen languages was left",
        "Q900004: left out: Wikidata has no such item",
    ):
        assert line in told_lines
    assert told_lines[-1] == f"2 entities with 7 aliases, {len(told_lines) - 1} names left out"


def test_items_and_languages_can_be_chosen(tmp_path: Path) -> None:
    """One item, in one language, into a new file and never over an old one."""
    out = tmp_path / "entities.toml"
    arguments = ("entities", "import", ITEMS, "--id", "Q900003", "--lang", "ar", "--out", out)
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (0, ""), outcome.err
    assert tomllib.loads(out.read_text(encoding="utf-8")) == {
        "entities": {"q900003": {"aliases": ["ميناء فيلان"]}}
    }
    again = run(*arguments)
    assert again.code == 2
    assert "exists already" in again.err


def test_json_tells_entities_with_what_was_left_out() -> None:
    """One object an entity; nothing found is exit 1."""
    outcome = run(
        "entities", "import", "-", "--json", "--id", "Q900002", stdin=ITEMS.read_text(encoding="utf-8")
    )
    [port] = outcome.objects
    assert (port["name"], port["id"], port["aliases"]) == ("port-vellan", "Q900002", ["Port Vellan", "Doha"])
    assert [drop["name"] for drop in port["dropped"]] == ["Vellan: the:en"]
    assert run("entities", "import", ITEMS, "--id", "Q900004").code == 1


def item(**parts: Any) -> str:
    """An answer with one item."""
    return json.dumps({"entities": {"Q1": {"id": "Q1", **parts}}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value (line 1, column 1)"),
        ("[" * 100_000, "not JSON that can be read"),
        ("[]", "expected a JSON object of Wikidata items"),
        ("{}", "the file has no 'entities'"),
        ('{"error": {"code": "x"}}', "an error that Wikidata answered"),
        ('{"entities": []}', "the file has no 'entities'"),
        ('{"entities": {"Q1": 3}}', "Q1: expected an object, found int"),
        (item(labels=3), "Q1: 'labels' must be an object"),
        (item(labels={"en": "x"}), "Q1: labels.en: expected an object with 'value'"),
        (item(labels={"en": {"value": 3}}), "Q1: labels.en: expected an object with 'value'"),
        (item(aliases={"en": {"value": "x"}}), "Q1: aliases.en: expected a list"),
        (item(aliases={"en": [None]}), "Q1: aliases.en: expected an object with 'value'"),
        (item(sitelinks={"enwiki": {}}), "Q1: sitelinks.enwiki: expected an object with 'title'"),
    ],
)
def test_hostile_files_end_in_one_clear_sentence(text: str, message: str) -> None:
    """Whatever the file holds, it is told with its name, and there is no traceback."""
    outcome = run("entities", "import", "-", stdin=text)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.startswith("tocsin: stdin: ")


def test_wrong_arguments_are_told(tmp_path: Path) -> None:
    """A file that is not there, an item it has not, a language that is none."""
    for arguments, message in (
        ([tmp_path / "none.json"], "cannot be read"),
        ([ITEMS, "--id", "Q7"], "the file has no item Q7"),
        ([ITEMS, "--lang", "english!"], "--lang 'english!'"),
    ):
        outcome = run("entities", "import", *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert message in outcome.err


def test_odd_names_are_left_out_or_written_lawfully(tmp_path: Path) -> None:
    """Control characters, halves of characters, braces, quotes, line breaks: the output still loads."""
    odd = [
        'a "quoted" name',
        "{Braced} name",
        "back\\slash",
        "two\nlines",
        "bell\x07",
        "half\ud800",
        "x" * 300,
    ]
    text = item(aliases={"en": [{"value": name} for name in odd]})
    outcome = run("entities", "import", "-", stdin=text)
    assert outcome.code == 0, outcome.err
    [entity] = tomllib.loads(outcome.out)["entities"].values()
    assert {'a "quoted" name', "back\\slash", "two lines"} <= set(entity["aliases"])
    assert not any("\x07" in name or len(name) > 200 for name in entity["aliases"])
    assert told(load(tmp_path, SMALL + outcome.out)) == []
