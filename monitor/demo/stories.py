"""The content of the sample newsroom: outlets and stories, read from the two data files beside it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
EXTENSIONS = {"rss2": "rss", "atom": "atom", "rss1": "rdf", "json": "json"}


@dataclass(frozen=True, slots=True)
class Story:
    """An article of the newsroom; `rule` is the one demo rule that matches it, or empty."""

    key: str
    home: str
    title: str
    summary: str
    body: tuple[str, ...] = ()
    rule: str = ""

    @property
    def path(self) -> str:
        """Where the article's page stands on the newsroom's server."""
        return f"/story/{self.home}/{self.key}"

    @property
    def text(self) -> str:
        """Everything a feed says of it."""
        return "\n".join((self.title, self.summary, *self.body))


@dataclass(frozen=True, slots=True)
class Outlet:
    """A fictional newspaper, radio or agency; `old` is what its feed holds at the start, newest first."""

    slug: str
    title: str
    host: str
    language: str
    format: str
    quirk: str
    old: tuple[Story, ...]

    @property
    def feed_path(self) -> str:
        """Where its feed is served."""
        return f"/feeds/{self.slug}.{EXTENSIONS[self.format]}"

    @property
    def listed_path(self) -> str:
        """Where the configuration says that its feed is: an older address for the outlet that moved."""
        return f"/old{self.feed_path}" if self.quirk == "moved" else self.feed_path

    def listed_url(self, base_url: str) -> str:
        """
        The address in the configuration, on the newsroom that serves `base_url`.

        The broken outlet has a host of its own: its Retry-After holds for everything on the same host.
        """
        site = base_url if self.answers else base_url.replace("//127.0.0.1", "//127.0.0.2", 1)
        return site + self.listed_path

    @property
    def answers(self) -> bool:
        """Whether its feed can be read at all."""
        return self.quirk != "broken"


@cache
def outlets() -> tuple[Outlet, ...]:
    """All outlets, in the order of the file."""
    return tuple(_outlet(table) for table in _load("outlets.toml")["outlets"])


@cache
def stories() -> Mapping[str, Story]:
    """What is published while the demo runs, by key."""
    return {key: _story(key, table["home"], table) for key, table in _load("stories.toml")["stories"].items()}


def slug_of(title: str) -> str:
    """The title as the end of an address: plain letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _outlet(table: Mapping[str, Any]) -> Outlet:
    slug = table["slug"]
    return Outlet(
        slug=slug,
        title=table["title"],
        host=table["host"],
        language=table["language"],
        format=table["format"],
        quirk=table.get("quirk", ""),
        old=tuple(_story(slug_of(old["title"]), slug, old) for old in table["old"]),
    )


def _story(key: str, home: str, table: Mapping[str, Any]) -> Story:
    return Story(
        key=key,
        home=home,
        title=table["title"],
        summary=table["summary"],
        body=tuple(table.get("body", ())),
        rule=table.get("rule", ""),
    )


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))
