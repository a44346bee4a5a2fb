"""Hundreds of situations made by chance, each with its true first blocking stage known: explain names it."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.carriers import article_ids, carriers_of, removed_carriers, site_of
from monitor.conclusion import conclude
from monitor.explaining import explain_article
from monitor.remedies import remedy
from monitor.stages import Cause, No, RuleNow, Stage
from monitor.store import sql
from monitor.store.outbox import retry_by_hand
from monitor.store.silences import expire_silence
from monitor.unseen import Asked, never_seen
from tests.support.cli import run
from tests.support.happenings import World
from tests.support.situations_list import MAKERS
from tests.support.ways import do, rules_now

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.happenings import Truth

EACH = 5  # worlds of each kind
WRONG_AT_MOST = 1  # of them all


def answered(world: World, truth: Truth) -> tuple[No | None, list[str]]:
    """The first no of the rule in question, and what is wrong with the answer as a whole."""
    desk = world.desk
    wrong: list[str] = []
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
        return no, wrong + unusable(world, no, url)
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
    return way.no, wrong + (unusable(world, way.no, url) if way.no is not None else [])


def unusable(world: World, no: No, url: str) -> list[str]:
    """What is wrong with the remedy of a no: there is none, or what it tells to type would not help."""
    found = remedy(no, url)
    if not found.text:
        return ["no remedy"]
    verb = found.command.partition(" {")[0].split()
    if verb[:3] == ["tocsin", "outbox", "retry"]:
        number = int(verb[3])
        done = do(world.desk, lambda tx: retry_by_hand(tx, number, world.desk.now))
        return [] if done else ["its remedy is not possible"]
    if verb[:3] == ["tocsin", "silence", "expire"]:
        return (
            []
            if do(world.desk, lambda tx: expire_silence(tx, int(verb[3]), world.desk.now))
            else ["no silence"]
        )
    return []


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


@pytest.mark.parametrize(
    ("part", "why", "text"),
    [
        ("@doha", "“Doha” is in the title, but inside “Doha Round”", "which names the entity takes"),
        ("title:envoys", "in the article, but not in title: it stands in the summary", "without that scope"),
        ("talk", "not in title, summary, body; “talks” is, which talk* would take", "if it were written so"),
        ("kabul", "not in title, summary, body", "another form"),
    ],
)
def test_what_is_missing_has_a_remedy_of_its_own(part: str, why: str, text: str) -> None:
    """By what came nearest to it."""
    no = No(Stage.TEXT, f"{part}: {why}", "a", Cause.MISSING, {"rule": "talks", "part": part, "why": why})
    assert text in remedy(no).text


@pytest.mark.parametrize("cause", Cause)
def test_what_a_remedy_tells_to_type_is_a_command(cause: Cause) -> None:
    """Each cause has one, in words; its command is one of Tocsin's verbs, with options that it has."""
    facts = dict.fromkeys(["rule", "channel", "feed", "of", "outbox", "silence"], "1")
    found = remedy(No(Stage.TEXT, "", "1", cause, facts), "https://n.example/1")
    assert found.text or cause in (Cause.HUSHED, Cause.UNKNOWN)
    if not found.command.startswith("tocsin "):
        assert not found.command or found.command == "systemctl reload tocsin"
        return
    words = shlex.split(found.command)[1:]
    depth = 2 if words[0] in ("feeds", "rules", "outbox", "channels", "silence", "alerts") else 1
    shown = run(*words[:depth], "--help")
    assert shown.code == 0, found.command
    assert all(word in shown.out for word in words if word.startswith("--"))


@pytest.mark.slow
def test_of_hundreds_of_situations_hardly_one_is_wrong(tmp_path: Path, capsys: Any) -> None:
    """At least 300, at most one of them explained wrongly."""
    cases = [(name, seed) for seed in range(100, 100 + EACH) for name in MAKERS]
    wrong = [said for name, seed in cases if (said := judged(name, seed, tmp_path / f"{name}{seed}"))]
    with capsys.disabled():
        sys.stdout.write(f"\nexplained {len(cases) - len(wrong)} of {len(cases)} situations rightly\n")
    assert len(cases) >= 300
    assert len(wrong) <= WRONG_AT_MOST, "\n".join(wrong)
