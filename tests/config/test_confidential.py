"""What is said of a configuration with secret rules in it: where, what is wrong, and no word of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.config.confidential import veil_of, veil_of_tables, words_of
from monitor.config.load import load_config, require
from tests.support.cli import run
from tests.support.configs import ENV, FEED, load, write

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = '[channels.desk]\ntype = "terminal"\n'
SECRET = """
[entities.kanaent]
aliases = ["Kana Alias"]
[entities.doha]
aliases = ["Doha"]
[[rules]]
name = "kananame"
secret = true
query = '"Kana Phrase" OR kanaword~ OR @kanaent OR @doha OR rain'
[[rules.tests]]
match = "Kana test of rain"
[[rules]]
name = "open"
query = "rain OR @doha"
"""


def test_words_are_those_of_secret_rules_alone(tmp_path: Path) -> None:
    """Not what an open rule asks for as well, nor operators, nor short words."""
    veil = veil_of(require(load(tmp_path, FEED + SECRET + CHANNEL)))
    assert veil.rules == {"kananame"}
    assert veil.entities == {"kanaent"}
    assert veil.words == {"kana", "phrase", "kanaword", "kanaent", "alias"}


def test_tables_as_they_stand_give_the_same(tmp_path: Path) -> None:
    """Also where a mistake keeps them from being read."""
    import tomllib

    text = FEED + SECRET + CHANNEL
    read = veil_of(require(load(tmp_path, text)))
    raw = veil_of_tables([(str(tmp_path / "config.toml"), tomllib.loads(text))])
    assert (raw.rules, raw.entities, raw.tables) == (read.rules, read.entities, read.tables)
    assert raw.words == read.words


def test_without_secret_rules_nothing_is_hidden(tmp_path: Path) -> None:
    """Nothing is looked for either."""
    assert (
        veil_of(require(load(tmp_path, FEED + SECRET.replace("secret = true\n", "") + CHANNEL))).words
        == frozenset()
    )


@pytest.mark.parametrize(
    ("mistake", "instead", "said"),
    [
        ("OR rain'", "OR (rain'", "a confidential rule"),
        ("secret = true", "secret = true\nseverty = 1", "unknown key"),
        ("secret = true", "secret = true\nfeeds = ['kanafeed']", "a confidential rule: there is no feed"),
        ('match = "Kana test', 'no_match = "Kana test', "a confidential rule should not match, and does"),
        ('name = "open"', 'name = "kananame"', "rule"),
        ("[entities.kanaent]", "[entities.kanaent]\nkind = 'kanaword'", "unknown key"),
        ("@kanaent OR", "@kanaents OR", "a confidential rule"),
    ],
)
def test_a_mistake_is_told_without_what_it_is_about(
    tmp_path: Path, mistake: str, instead: str, said: str
) -> None:
    """With place, kind and remedy; whoever asks is told all."""
    text = FEED + SECRET + CHANNEL
    assert mistake in text
    path = write(tmp_path, text.replace(mistake, instead))
    outcome = run("check", "--config", path)
    assert outcome.code == 2
    assert "kana" not in outcome.out.lower()
    assert said in outcome.out
    assert f"{path}:" in outcome.out
    assert "--reveal shows all of it" in outcome.out or "stands twice" in outcome.out
    told = run("check", "--reveal", "--config", path)
    assert told.code == 2
    assert "kana" in told.out.lower()


def test_findings_hold_no_word_unless_asked_for(tmp_path: Path) -> None:
    """Loading itself keeps silent: what is loaded goes into logs and notices."""
    path = write(tmp_path, FEED + SECRET.replace("secret = true", "secret = true\nseverty = 1") + CHANNEL)
    assert "kananame" not in str(load_config(path, env=ENV).findings)
    kept = load_config(path, env=ENV, reveal=True).findings
    assert len(kept) == len(load_config(path, env=ENV).findings)


def test_what_may_be_a_term_is_found() -> None:
    """Words, in phrases and expressions as well; no operators, fields, or words of three letters."""
    text = 'title:"Kana Phrase" AND NOT {WHOM} OR /kanaex.*/i OR tri OR harbour-deal~'
    assert list(words_of(text)) == ["kana", "phrase", "whom", "kanaex", "harbour-deal", "harbour", "deal"]
