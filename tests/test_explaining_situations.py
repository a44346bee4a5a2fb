"""Hundreds of situations made by chance, each with its true first blocking stage known: explain names it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.carriers import article_ids, carriers_of, removed_carriers, site_of
from monitor.conclusion import conclude
from monitor.explaining import explain_article
from monitor.remedies import remedy
from monitor.stages import RuleNow
from monitor.store import sql
from monitor.unseen import Asked, never_seen
from tests.support.happenings import World
from tests.support.situations_list import MAKERS
from tests.support.ways import rules_now

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.stages import No
    from tests.support.happenings import Truth

EACH = 5  # worlds of each kind
WRONG_AT_MOST = 1  # of them all


def answered(world: World, truth: Truth) -> tuple[No | None, list[str]]:
    """The first no of the rule in question, and what is wrong with the answer as a whole."""
    desk, wrong = world.desk, []
    asked = dict(truth.asked)
    config = asked.pop("config", desk.config)
    running = asked.get("running")
    reader = desk.database.reader
    url = truth.url or world.spelled()
    ids = article_ids(reader, url)
    if not ids:
        question = Asked(desk.now, running, asked.get("published"))
        no = never_seen(
            carriers_of(reader, url, config), site_of(url), question, removed_carriers(reader, url)
        )
        if no.feed and not remedy(no, url).text:
            wrong.append("no remedy")
        return no, wrong
    rules, engine = rules_now(config)
    known = {rule.name for rule in rules}
    rules += [RuleNow(row["name"]) for row in reader.rows(sql.RULES) if row["name"] not in known]
    found = explain_article(reader, ids[0], config, engine, rules, now=desk.now, running=running)
    assert found is not None
    way = next(one for one in found.rules if one.rule.name == truth.rule)
    whole = conclude(found)
    if whole.told is not any(one.no is None for one in found.rules):
        wrong.append(f"as a whole: told {whole.told} by {whole.rule}")
    alone = conclude(replace(found, rules=(way,)))
    if alone.no != way.no or alone.rule != truth.rule:
        wrong.append("alone it is another")
    if way.no is not None and not remedy(way.no, url).text:
        wrong.append("no remedy")
    return way.no, wrong


def judged(name: str, seed: int, folder: Path) -> str:
    """What is wrong with the explanation of a world; "" where it is right."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World(folder, seed)
    try:
        truth = MAKERS[name](world)
        no, wrong = answered(world, truth)
        assert world.desk.adds_up()
    finally:
        world.close()
    said: tuple[Any, Any] = (no.stage.value, no.cause.value) if no else (None, None)
    if said != (truth.stage, truth.cause):
        wrong.append(f"said {said}, true is {(truth.stage, truth.cause)}")
    wrong += [f"not named: {word}" for word in truth.words if no is not None and word not in no.why]
    return f"{name} {seed} ({', '.join(world.trips)}): {'; '.join(wrong)}: {no}" if wrong else ""


@pytest.mark.parametrize("name", MAKERS)
def test_the_true_stage_is_named_with_its_facts(name: str, tmp_path: Path) -> None:
    """One world of each kind: the stage, the exact cause, and the words that name what did it."""
    assert not judged(name, 1, tmp_path)


@pytest.mark.slow
def test_of_hundreds_of_situations_hardly_one_is_wrong(tmp_path: Path, capsys: Any) -> None:
    """At least 300, at most one of them explained wrongly."""
    cases = [(name, seed) for seed in range(100, 100 + EACH) for name in MAKERS]
    wrong = [said for name, seed in cases if (said := judged(name, seed, tmp_path / f"{name}{seed}"))]
    with capsys.disabled():
        sys.stdout.write(f"\nexplained {len(cases) - len(wrong)} of {len(cases)} situations rightly\n")
    assert len(cases) >= 300
    assert len(wrong) <= WRONG_AT_MOST, "\n".join(wrong)
