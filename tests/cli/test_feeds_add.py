"""Sources into the file and out of it: `tocsin feeds add`, `remove`, `import`, `export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run
from tests.support.feedfile import CONFIG, WIRE, config

if TYPE_CHECKING:
    from pathlib import Path


def test_a_feed_is_added_and_removed(tmp_path: Path) -> None:
    """The file is as before afterwards, comments included."""
    path = config(tmp_path)
    before = path.read_text()
    url = "https://www.rfi.fr/fr/rss"
    added = run("feeds", "add", url, "--tag", "fr", "--tag", "radio", "--config", path)
    assert added.code == 0, added.err
    assert "added rfi-fr-fr-rss" in added.err
    assert 'tags = ["fr", "radio"]' in path.read_text()
    again = run("feeds", "add", url, "--config", path)
    assert again.code == 2
    assert run("feeds", "remove", "rfi-fr-fr-rss", "--config", path).code == 0
    assert path.read_text() == before


def test_opml_is_imported_and_exported(tmp_path: Path) -> None:
    """Folders are tags; what is listed is not listed twice; a secret address is not exported."""
    path = config(tmp_path)
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="Asia">'
        '<outline text="Dawn" xmlUrl="https://dawn.example/rss"/></outline>'
        f'<outline text="Wire" xmlUrl="{WIRE}"/><outline text="Odd" xmlUrl="ftp://odd.example/"/>'
        "</body></opml>"
    )
    outcome = run("feeds", "import", opml, "--config", path)
    assert outcome.code == 0, outcome.err
    assert "1 new of 3 feeds" in outcome.err
    assert "'Odd'" in outcome.err
    exported = run("feeds", "export", "--config", path)
    assert 'xmlUrl="https://dawn.example/rss"' in exported.out
    assert '<outline text="Asia">' in exported.out
    assert "snow" in exported.err
    assert "sesame" not in exported.out + exported.err
    assert "0 new" in run("feeds", "import", opml, "--config", path).err


@pytest.mark.parametrize("text", [None, "<html/>"])
def test_what_is_no_opml_changes_nothing(tmp_path: Path, text: str | None) -> None:
    """A missing file, or one of another kind: exit 2."""
    path, opml = config(tmp_path), tmp_path / "feeds.opml"
    if text is not None:
        opml.write_text(text)
    outcome = run("feeds", "import", opml, "--config", path)
    assert outcome.code == 2
    assert "feeds.opml" in outcome.err
    assert path.read_text() == CONFIG.format(url=WIRE)
