"""`tocsin demo`: the whole of Tocsin once, as a newcomer sees it."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.cli import demo
from monitor.demo import runner
from monitor.demo.runner import Outcome
from monitor.demo.script import expected
from tests.support.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = Outcome(
    seconds=8.8,
    first_alert=2.5,
    feeds=12,
    requests=95,
    not_modified=53,
    seen=90,
    matched=17,
    alerts=5,
    suppressed={"the item was already in the feed when Tocsin first polled it": 7},
    missing=(),
    uncalled_for=(),
    suppressed_as_expected=True,
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary folders are made where the test can see what is left of them; the log is put back."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield tmp_path
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
    logging.captureWarnings(capture=False)


def test_the_demo_rings_exactly_as_promised(own_folder: Path) -> None:
    """Exit 0, a card for each alert, the summary, nothing unforeseen on standard error, nothing left over."""
    outcome = run("demo")
    assert outcome.code == 0, outcome.out + outcome.err
    titles = [alert.title for alert in expected().alerts]
    assert outcome.out.count("● ") == len(titles)
    assert f"exactly the {len(titles)} expected alerts came" in outcome.out
    assert "12 feeds, asked " in outcome.out
    assert "5 silent: the same story was told on this channel" in outcome.out
    assert outcome.err.strip() == demo.WELCOME.strip()
    assert list(own_folder.iterdir()) == []


def test_a_demo_that_waits_in_vain_says_for_what(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 1 at its limit, in order, and takes its folder away."""
    monkeypatch.setattr(runner, "LIMIT", 0.05)
    outcome = run("demo", "--json")
    assert (outcome.code, outcome.out) == (1, "")
    assert "waited 0.05 s for each feed to be asked once, in vain" in outcome.err
    assert "Traceback" not in outcome.err
    assert list(own_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(GOOD, missing=(("covid", "/story/x"),)), "missing: rule covid for /story/x"),
        (replace(GOOD, uncalled_for=(("covid", "/y"),)), "uncalled for: rule covid for /y"),
        (replace(GOOD, suppressed_as_expected=False), "the silent matches are not those of the script"),
    ],
)
def test_what_went_wrong_is_named(wrong: Outcome, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of surprise makes the demo fail, in words."""
    demo.tell(wrong)
    told = capsys.readouterr().out
    assert said in told
    assert "exactly" not in told
    assert not wrong.good
