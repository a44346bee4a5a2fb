"""The manual pages say what exists: they are those that would be written now, and a formatter takes them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.cli import manual
from monitor.config.jsonschema import json_schema
from tests.test_docs import verbs

MAN = Path(__file__).parents[2] / "man"


@pytest.mark.parametrize("name", [manual.VERBS, manual.KEYS])
def test_the_committed_page_is_the_one_that_would_be_written(name: str) -> None:
    """`make man` writes it again."""
    assert (MAN / name).read_text(encoding="utf-8") == manual.pages()[name]


@pytest.mark.parametrize("name", [manual.VERBS, manual.KEYS])
def test_a_formatter_has_nothing_to_say(name: str) -> None:
    """Every warning of groff is on, and there is none."""
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed: how the manual pages look is not checked")
    command = ["groff", "-man", "-ww", "-Kutf8", "-Tutf8", str(MAN / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_every_verb_and_every_key_is_in_the_manual() -> None:
    """None is forgotten, whatever is added."""
    text = manual.pages()
    for name, _command in verbs():
        assert f'"tocsin {name.replace("-", chr(92) + "-")}' in text[manual.VERBS], name
    for key in json_schema()["properties"]:
        assert key in text[manual.KEYS], key
