"""
Invented dispatches and how they travel: reads `tests/stories/clusters/*.toml`.

A cluster has a title and a text (its first report), and versions of it. Of a version: `after` = minutes after
the first report; `want` = duplicate, update, or new (new and related both ring); `outlet` = "same" for the
first report's, else each has its own; `title`, `text`, `language` = its own; `paragraphs` = those of the text
that it keeps, counted from 0; `swap` = pairs to replace; `intro`, `outro` = a paragraph before or behind;
`teaser` = no more than this text is known.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.stories.likeness import Facts, of_article
from monitor.stories.replay import Desk, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

CLUSTERS = Path(__file__).resolve().parents[1] / "stories" / "clusters"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """One version of a dispatch with the verdict it should get."""

    cluster: str
    facts: Facts
    want: str

    def fulfilled_by(self, verdict: Verdict) -> bool:
        """Whether it rings if it should, and stays silent if it should."""
        return verdict.rings is (self.want != "duplicate")


def clusters(*names: str) -> list[list[Wanted]]:
    """The clusters of some files, each in the order of time."""
    found = []
    for name in names:
        for number, raw in enumerate(
            tomllib.loads((CLUSTERS / f"{name}.toml").read_text("utf-8"))["cluster"]
        ):
            found.append(sorted(_versions(raw, number), key=lambda wanted: wanted.facts.at))
    return found


def _versions(raw: dict[str, Any], number: int) -> Iterator[Wanted]:
    base = raw["text"].strip()
    for place, version in enumerate([{"after": 0, "want": "new"}, *raw["version"]]):
        text = version.get("text", base).strip()
        for old, new in version.get("swap", ()):
            assert old in text or "paragraphs" in version, (raw["name"], old)
            text = text.replace(old, new)
        parts = text.split("\n\n")
        if "paragraphs" in version:
            parts = [parts[each] for each in version["paragraphs"]]
        parts = [version.get("intro", ""), *parts, version.get("outro", "")]
        same = version.get("outlet") == "same"
        facts = of_article(
            number * 100 + place,
            version.get("title", raw["title"]),
            "\n\n".join(part for part in parts if part),
            "outlet0.example" if same else f"outlet{place}.example",
            NOON + timedelta(minutes=version["after"]),
            language=version.get("language", raw["language"]),
            full=not version.get("teaser", False),
        )
        yield Wanted(raw["name"], facts, version["want"])


def judged(group: list[Wanted]) -> list[tuple[Wanted, Verdict]]:
    """Each version of a cluster with the verdict it gets, seen in the order of time."""
    desk = Desk()
    return [(wanted, desk.see(wanted.facts)) for wanted in group]
