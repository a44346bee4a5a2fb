"""Rules are filed by what is stored, and a new engine knows what the old one knew; verdicts stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.model import Document
from monitor.plan import build_plan
from monitor.service.learning import MANY_RULES, refiled
from monitor.service.reload import built_aside
from monitor.settings import Config, RuleConfig
from tests.support.store import add_article, add_feed, do, new_database, opened

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.plan import Plan


def plan_of(folder: Path, count: int = MANY_RULES) -> Plan:
    """So many rules, each of a word that every stored article has and one that none has."""
    rules = tuple(RuleConfig(f"r{n}", f"qatar AND x{n % 7}y") for n in range(count))
    config = Config(
        path=folder / "c.toml", files=(), database=folder / "tocsin.db", timezone="UTC", rules=rules
    )
    return build_plan(config)[0]


def test_many_rules_are_filed_under_their_rare_words(tmp_path: Path) -> None:
    """The word of five letters is in every article, the short one in none: the store knows better."""
    with opened(tmp_path) as database:
        feed = do(database, add_feed)
        do(database, lambda tx: [add_article(tx, feed, title="Talks in Qatar") for _ in range(60)])
        guessed = plan_of(tmp_path)
        learnt = refiled(guessed)
    document = Document(title="Qatar", body="x3y")
    assert learnt.engine.match(document) == guessed.engine.match(document)
    assert "qatar" in guessed.engine.anchors()
    assert "qatar" not in learnt.engine.anchors()


def test_few_rules_or_no_store_change_nothing(tmp_path: Path) -> None:
    """There is nothing to gain, or nothing to learn from."""
    few, many = plan_of(tmp_path, 3), plan_of(tmp_path)
    assert refiled(few) is few
    assert refiled(many) is many, "there is no database"
    new_database(tmp_path)
    assert refiled(many) is many, "nothing is stored yet"


def test_a_plan_built_aside_knows_the_pieces_of_the_old_one(tmp_path: Path) -> None:
    """What the old engine had read need not be worked out again."""
    old = plan_of(tmp_path, 3)
    old.engine.match(Document(body="Doha, again"))
    rules = (*old.config.rules, RuleConfig("doha", "doha"))
    new = built_aside(lambda: build_plan(replace(old.config, rules=rules))[0], old.engine)
    assert {"Doha,", "again"} <= set(new.engine.remembered())
    assert [match.rule for match in new.engine.match(Document(body="Doha, again"))] == ["doha"]
