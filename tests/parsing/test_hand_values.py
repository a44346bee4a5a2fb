"""Documents as they are met in the wild, and values that were worked out by hand (documents.toml)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from monitor.feeds.worker import parse_document
from monitor.text.html import html_to_text

DOCUMENTS = tomllib.loads(Path(__file__).with_name("documents.toml").read_text("utf-8"))["documents"]
TEXTS = ("title", "summary", "content")


@pytest.mark.parametrize("document", DOCUMENTS, ids=[document["name"] for document in DOCUMENTS])
def test_hand_reviewed_values(document: dict[str, Any]) -> None:
    """Every value that is given for a document is what the worker reads from it."""
    answer = parse_document(document["body"].encode(), "", "https://news.example/feed")
    assert answer["parser"] == document["parser"]
    assert {key: answer["info"].get(key) for key in document.get("info", {})} == document.get("info", {})
    found = []
    for entry, expected in zip(answer["entries"], document["items"], strict=True):
        fields = {key: entry.get(key) for key in expected if key != "none"}
        for key in TEXTS:
            if key in fields:
                fields[key] = " ".join(html_to_text(fields[key]).split())
        nothing = [key for key in expected.get("none", []) if entry[key] is None]
        found.append({**fields, "none": nothing} if nothing else fields)
    assert found == document["items"]


def test_there_are_enough() -> None:
    """Forty documents, and of each the reason why it is here."""
    assert len(DOCUMENTS) >= 40
    assert len({document["name"] for document in DOCUMENTS}) == len(DOCUMENTS)
    assert all(document["about"] for document in DOCUMENTS)
