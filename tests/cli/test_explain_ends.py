"""`tocsin explain` of files, and of what is not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_explain import URL, configured, explain, rung
from tests.support.store import transaction

if TYPE_CHECKING:
    from pathlib import Path

# --- files -----------------------------------------------------------------------------------------------


def test_a_file_is_judged_as_it_stands(tmp_path: Path) -> None:
    """Rules that hold are shown with their trees, others in a line; no database is needed."""
    article = tmp_path / "a.txt"
    article.write_text("Talks in Doha\nThey met in Qatar.", encoding="utf-8")
    outcome = explain(configured(tmp_path), article)
    assert (outcome.code, outcome.err) == (0, "")
    assert "rule talks · holds now" in outcome.out
    assert "body: They met in Qatar." in outcome.out
    assert "  ✗ rain  rain: not in title, summary, body" in outcome.out


def test_a_file_of_lines_gives_an_object_each(tmp_path: Path) -> None:
    """In input order, with each rule's verdict."""
    lines = tmp_path / "a.jsonl"
    lines.write_text("\n".join(json.dumps({"id": n, "title": t}) for n, t in enumerate(["Doha Qatar", "x"])))
    found = explain(configured(tmp_path), lines, "--rule", "talks", "--json").objects
    assert [(o["article"]["id"], o["rules"][0]["now"]["holds"]) for o in found] == [(0, True), (1, False)]
    assert set(found[0]["rules"][0]) == {"rule", "enabled", "error", "now"}


# --- how it ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("99", 1, "there is no article 99"),
        ("alert:99", 1, "there is no alert 99"),
        ("article:99999999999999999999", 1, "there is no article 99999999999999999999"),
        ("alert:99999999999999999999", 1, "there is no alert 99999999999999999999"),
        ("ftp://n.example/x", 2, "is no http or https address"),
        ("foo", 2, "foo is no address, number or file"),
        ("alert:x", 2, "alert:x is no address, number or file"),
        ("missing.txt", 2, "there is no file missing.txt"),
        ("", 2, "is no address, number or file"),
    ],
)
def test_what_is_not_there(tmp_path: Path, target: str, code: int, words: str) -> None:
    """An unknown number fails with 1, what is no target with 2, each with a remedy and nothing on stdout."""
    outcome = explain(rung(tmp_path), target)
    assert (outcome.code, outcome.out) == (code, "")
    assert words in outcome.err


def test_an_alerts_number_is_offered_where_no_article_has_it(tmp_path: Path) -> None:
    """Who types the number from `alerts list` is led on."""
    config = rung(tmp_path)
    with transaction(tmp_path / "desk.db") as tx:
        tx.run("UPDATE ledger SET alert_id = NULL")
        tx.run("UPDATE alerts SET id = 40")
    assert "tocsin explain alert:40" in explain(config, "40").err


def test_without_a_database_there_is_a_remedy(tmp_path: Path) -> None:
    """Before the first run no feed has shown anything, and the message says how to begin."""
    outcome = explain(configured(tmp_path), URL)
    assert outcome.code == 1
    assert "tocsin run" in outcome.err
