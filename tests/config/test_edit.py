"""Changing a configuration that a person wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.edit import (
    ImportReport,
    NewFeed,
    add_feed,
    import_feeds,
    remove_feed,
    set_enabled,
)
from monitor.config.load import load_config, require
from monitor.config.tomltext import longer_list
from monitor.errors import UsageError
from tests.support.configs import CHANNEL, ENV, FEED, RULE, write

TEXT = """\
# My watch   (two spaces, kept)
[monitor]
languages = ["fr"]

# --- Sources ---

# the big one
[[feeds]]
name = "lemonde"   # the paper
url = "https://www.lemonde.fr/rss/une.xml"
# every = "10m"

[[feeds]]
url = "https://wire.example/rss"
tags = [
  "wire",  # paid
]
[feeds.headers]
"X-Key" = { env = "KEY" }
# the end of the sources

# --- Rules ---
# each with a test
[[rules]]
name = "talks"
query = '''
[[feeds]]
talibans'''

[channels.screen]
type = "terminal"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The text above as a file."""
    return write(tmp_path, TEXT)


def names(path: Path) -> list[str]:
    """The feeds of the configuration."""
    return [feed.name for feed in require(load_config(path, env=ENV, strict_secrets=False)).feeds]


def test_a_feed_is_added_behind_the_last_one(path: Path) -> None:
    """Everything else keeps its place, comments included."""
    add_feed(path, "bbc", "https://bbc.example/rss", ["en", 'odd "tag"'])
    new = '\n[[feeds]]\nname = "bbc"\nurl = "https://bbc.example/rss"\ntags = ["en", "odd \\"tag\\""]\n'
    behind = "# the end of the sources\n"
    assert path.read_text() == TEXT.replace(behind, behind + new)
    assert names(path) == ["lemonde", "wire-example-rss", "bbc"]


def test_a_feed_without_a_name_gets_the_default_one(path: Path) -> None:
    """Nothing is written for what was not said."""
    add_feed(path, None, "https://bbc.example/rss")
    assert '\n[[feeds]]\nurl = "https://bbc.example/rss"\n\n' in path.read_text()
    assert names(path)[-1] == "bbc-example-rss"


def test_the_first_feed_goes_to_the_end(tmp_path: Path) -> None:
    """A file without feeds, and without a last line break, gets them behind all else."""
    path = write(tmp_path, (RULE + CHANNEL).rstrip())
    add_feed(path, "a", "https://a.example/")
    assert path.read_text() == RULE + CHANNEL + '\n[[feeds]]\nname = "a"\nurl = "https://a.example/"\n'


def test_comments_above_the_next_table_stay_there(tmp_path: Path) -> None:
    """A comment that touches the next header belongs to it."""
    path = write(tmp_path, f"{FEED}# the rules\n{RULE}{CHANNEL}")
    add_feed(path, "a", "https://a.example/")
    assert f"# the rules\n{RULE}" in path.read_text()
    assert path.read_text().startswith(FEED + '\n[[feeds]]\nname = "a"\n')


@pytest.mark.parametrize("text", [TEXT, f"{RULE}{CHANNEL}{FEED}", f"{FEED}\n{RULE}\n{CHANNEL}"])
def test_removing_what_was_added_gives_the_old_bytes(tmp_path: Path, text: str) -> None:
    """Adding and removing are exact opposites."""
    path = write(tmp_path, text)
    add_feed(path, "a", "https://a.example/", ["t"])
    assert remove_feed(path, "a") == path
    assert path.read_text() == text


def test_a_feed_is_removed_with_its_inner_tables(path: Path) -> None:
    """By its default name too; what stands around it is untouched."""
    remove_feed(path, "wire-example-rss")
    start = TEXT.index('\n[[feeds]]\nurl = "https://wire')
    end = TEXT.index("\n# --- Rules")
    assert path.read_text() == TEXT[:start] + TEXT[end:]


def test_a_feed_is_switched_off_and_on(path: Path) -> None:
    """The key is written once, and changed where it stands."""
    set_enabled(path, "lemonde", enabled=False)
    url = 'url = "https://www.lemonde.fr/rss/une.xml"\n'
    assert path.read_text() == TEXT.replace(url, f"{url}enabled = false\n")
    set_enabled(path, "lemonde", enabled=True)
    assert path.read_text() == TEXT.replace(url, f"{url}enabled = true\n")


def test_switching_on_what_is_on_changes_nothing(path: Path) -> None:
    """Not even the file's time."""
    before = path.stat()
    set_enabled(path, "lemonde", enabled=True)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_an_included_feed_is_changed_where_it_stands(tmp_path: Path) -> None:
    """The main file is given, the right file is edited."""
    path = write(tmp_path, f'include = ["more/*.toml"]\n{FEED}{RULE}{CHANNEL}')
    more = write(tmp_path, '# more\n[[feeds]]\nname = "a"\nurl = "https://a.example/"\n', "more/a.toml")
    assert set_enabled(path, "a", enabled=False) == more
    assert more.read_text().endswith('url = "https://a.example/"\nenabled = false\n')
    assert remove_feed(path, "a") == more
    assert more.read_text() == "# more\n"


def test_an_import_writes_only_what_is_new(path: Path) -> None:
    """Listed addresses are left out, equal default names get a number."""
    new = [
        NewFeed("https://www.lemonde.fr/rss/une.xml"),
        NewFeed("https://a.example/x", tags=("t",)),
        NewFeed("http://a.example/x"),
        NewFeed("https://a.example/x", tags=("u", "t")),
    ]
    report = import_feeds(path, new)
    assert report == ImportReport(
        added=(
            NewFeed("https://a.example/x", "a-example-x", ("t", "u")),
            NewFeed("http://a.example/x", "a-example-x-2"),
        ),
        known=("lemonde",),
    )
    assert names(path) == ["lemonde", "wire-example-rss", "a-example-x", "a-example-x-2"]
    assert 'name = "a-example-x"' not in path.read_text(), "a default name need not be written"
    before = path.stat()
    assert import_feeds(path, new).added == ()
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_an_import_keeps_names_that_are_free(path: Path) -> None:
    """A name that is taken gets a number."""
    new = [NewFeed("https://a.example/x", "mine"), NewFeed("https://b.example/x", "lemonde")]
    assert [feed.name for feed in import_feeds(path, new).added] == ["mine", "lemonde-2"]
    assert names(path)[2:] == ["mine", "lemonde-2"]


def test_listed_feeds_get_new_tags(path: Path) -> None:
    """Written where the feed stands: into its list, or below its address; all else stays."""
    new = [
        NewFeed("https://www.lemonde.fr/rss/une.xml", tags=("fr", 'odd "tag"')),
        NewFeed("https://wire.example/rss", tags=("wire", "fast")),
    ]
    report = import_feeds(path, new)
    assert report == ImportReport(
        merged={"lemonde": ("fr", 'odd "tag"'), "wire-example-rss": ("fast",)},
    )
    url = 'url = "https://www.lemonde.fr/rss/une.xml"\n'
    assert path.read_text() == TEXT.replace(url, url + 'tags = ["fr", "odd \\"tag\\""]\n').replace(
        '"wire",  # paid', '"wire", "fast",  # paid'
    )
    feeds = require(load_config(path, env=ENV, strict_secrets=False)).feeds
    assert [feed.tags for feed in feeds] == [("fr", 'odd "tag"'), ("wire", "fast")]
    assert import_feeds(path, new) == ImportReport(known=("lemonde", "wire-example-rss"))


def test_tags_are_written_into_included_files(tmp_path: Path) -> None:
    """New feeds go into the main file; those of an OPML file or of one list cannot be given tags."""
    path = write(tmp_path, f'include = ["more/*.toml"]\n[[opml]]\nfile = "list.opml"\n{FEED}{RULE}{CHANNEL}')
    more = write(tmp_path, '[[feeds]]\r\nname = "a"\r\nurl = "https://a.example/"\r\n', "more/a.toml")
    write(tmp_path, 'feeds = [{ name = "b", url = "https://b.example/" }]\n', "more/b.toml")
    write(tmp_path, '<opml><outline xmlUrl="https://c.example/"/></opml>', "list.opml")
    new = [NewFeed(f"https://{letter}.example/", tags=("t",)) for letter in "abcd"]
    report = import_feeds(path, new)
    assert [feed.name for feed in report.added] == ["d-example"]
    assert report.merged == {"a": ("t",)}
    assert report.stuck == {"b": ("t",), "c-example": ("t",)}
    assert more.read_bytes() == (b'[[feeds]]\r\nname = "a"\r\nurl = "https://a.example/"\r\ntags = ["t"]\r\n')


def test_tags_and_feeds_go_into_one_file_whatever_it_is_called(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path, or one through a link, names the same file twice."""
    link = path.parent / "link.toml"
    link.symlink_to(path.name)
    monkeypatch.chdir(path.parent)
    for number, name in enumerate(("config.toml", "./config.toml", "link.toml", str(link))):
        new = [
            NewFeed("https://wire.example/rss", tags=(f"t{number}",)),
            NewFeed(f"https://a.example/{number}"),
        ]
        import_feeds(Path(name), new)
        feeds = require(load_config(Path(name), env=ENV, strict_secrets=False)).feeds
        assert feeds[1].tags[-1] == f"t{number}"
        assert feeds[-1].url.reveal() == f"https://a.example/{number}"
    assert len(feeds) == 6


def test_an_import_that_would_not_load_changes_nothing(path: Path) -> None:
    """Neither the new feed nor the tags."""
    new = [
        NewFeed("https://www.lemonde.fr/rss/une.xml", tags=("fr",)),
        NewFeed("https://a.example/x", "a/b"),
    ]
    with pytest.raises(UsageError, match="nothing was changed"):
        import_feeds(path, new)
    assert path.read_text() == TEXT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('tags = ["a"]', 'tags = ["a", "n", "é"]'),
        ("tags=['a',]  # [b]", 'tags=[\'a\', "n", "é",]  # [b]'),
        ("tags = [ ]", 'tags = ["n", "é" ]'),
        ('tags = [\n  "a",  # paid ]\n]', 'tags = [\n  "a", "n", "é",  # paid ]\n]'),
        ('tags = ["x]#y"]', 'tags = ["x]#y", "n", "é"]'),
        ("tags = 'no list'", None),
        ("tags = [1]", None),
    ],
)
def test_a_list_grows_where_it_stands(before: str, after: str | None) -> None:
    """Comments, layout and quotes stay."""
    assert longer_list(before, ["n", "é"]) == after


def test_the_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    """A link stays a link, and the file behind it stays private; no temporary file is left."""
    real = write(tmp_path, TEXT, "real/watch.toml")
    real.chmod(0o640)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    add_feed(link, "a", "https://a.example/")
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in real.parent.iterdir()] == ["watch.toml"]


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    """The whole file keeps one kind of line end."""
    path = tmp_path / "config.toml"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    add_feed(path, "a", "https://a.example/")
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") == TEXT.count("\n") + 4


@pytest.mark.parametrize(
    ("name", "url", "message"),
    [
        ("lemonde", "https://a.example/", "feed 'lemonde' stands twice"),
        ("a", "a.example/rss", "expected an http"),
        ("a*", "https://a.example/", "is not a usable name"),
        ("a", "https://www.lemonde.fr/rss/une.xml", "listed already"),
        (None, "https://[a", "cannot be read"),
    ],
)
def test_a_change_that_would_not_load_is_refused(
    path: Path, name: str | None, url: str, message: str
) -> None:
    """The file stays as it was."""
    with pytest.raises(UsageError, match=message):
        add_feed(path, name, url)
    assert path.read_text() == TEXT


def test_a_feed_that_a_rule_names_cannot_be_removed(tmp_path: Path) -> None:
    """The rule would not load any more."""
    path = write(tmp_path, f'{FEED}{RULE}feeds = ["lemonde"]\n{CHANNEL}')
    with pytest.raises(UsageError, match="rule 'talks': there is no feed 'lemonde'"):
        remove_feed(path, "lemonde")
    assert path.read_text().startswith(FEED)


def test_an_unknown_feed_gets_the_nearest_name(path: Path) -> None:
    """Nothing is changed."""
    with pytest.raises(UsageError) as raised:
        remove_feed(path, "lemond")
    assert raised.value.hint == "did you mean 'lemonde'?"


def test_feeds_in_one_list_are_left_to_the_hand(tmp_path: Path) -> None:
    """Such a list (feeds = [ … ]) is lawful, and rare enough not to be edited."""
    text = f'feeds = [ {{ name = "a", url = "https://a.example/" }} ]\n{RULE}{CHANNEL}'
    path = write(tmp_path, text)
    for change in (
        lambda: add_feed(path, "b", "https://b.example/"),
        lambda: remove_feed(path, "a"),
        lambda: set_enabled(path, "a", enabled=False),
    ):
        with pytest.raises(UsageError, match="stand in one list"):
            change()
    assert path.read_text() == text


def test_a_feed_from_an_opml_file_is_changed_there(tmp_path: Path) -> None:
    """The configuration does not hold it."""
    write(tmp_path, '<opml><body><outline xmlUrl="https://a.example/"/></body></opml>', "f.opml")
    path = write(tmp_path, f'{FEED}{RULE}{CHANNEL}[[opml]]\nfile = "f.opml"\n')
    with pytest.raises(UsageError, match="comes from an OPML file"):
        remove_feed(path, "a-example")
