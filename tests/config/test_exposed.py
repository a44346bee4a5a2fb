"""Files that other users of the machine can read or replace, and feeds at addresses polling refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.config.load import load_config
from monitor.config.secrets import secret_parts, secrets_of
from tests.support.configs import FEED, RULE, SMALL, load, told, write

if TYPE_CHECKING:
    from pathlib import Path

LOGIN_OPML = '<opml><body><outline xmlUrl="https://joe:swordfish@a.example/"/></body></opml>'


def warned(folder: Path, text: str) -> list[str]:
    """The warnings and their remedies on one line each, with {folder} for the folder."""
    found = [f"{f.message} | {f.hint}" for f in load(folder, text).findings if f.level == "warning"]
    return [line.replace(str(folder), "{folder}") for line in found]


def test_a_secret_s_own_file_that_others_can_read(tmp_path: Path) -> None:
    """It was put there to be kept from them."""
    write(tmp_path, "swordfish\n", "k").chmod(0o640)
    text = f'{FEED}headers = {{ "X-Key" = {{ file = "k" }} }}\n{RULE}[channels.s]\ntype = "terminal"\n'
    [warning] = warned(tmp_path, text)
    assert "other users of this machine can read the file '{folder}/k'" in warning
    assert warning.endswith("| run: chmod 600 {folder}/k")
    (tmp_path / "k").chmod(0o600)
    assert warned(tmp_path, text) == []


def test_an_included_file_that_others_can_read(tmp_path: Path) -> None:
    """The warning names that file, not the main one."""
    more = write(tmp_path, '[channels.phone]\nurl = "ntfy://joe:swordfish@push.example/t"\n', "more.toml")
    more.chmod(0o644)
    [line] = told(load(tmp_path, f'include = ["more.toml"]\n{FEED}{RULE}'))
    assert line.startswith("more.toml:2: warning: a secret stands in this file")


@pytest.mark.parametrize(("opml", "mode", "count"), [(LOGIN_OPML, 0o644, 1), (LOGIN_OPML, 0o600, 0)])
def test_an_opml_file_with_a_login(tmp_path: Path, opml: str, mode: int, count: int) -> None:
    """Readers export addresses with everything that is in them."""
    write(tmp_path, opml, "f.opml").chmod(mode)
    text = f'[[opml]]\nfile = "f.opml"\n{RULE}[channels.s]\ntype = "terminal"\n'
    found = warned(tmp_path, text)
    assert len(found) == count
    assert all("holds a login" in line and "chmod 600 {folder}/f.opml" in line for line in found)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://a.example/feed?token=abcd1234&n=5", ["abcd1234"]),
        ("https://a.example/feed?API_KEY=abcd1234", ["abcd1234"]),
        ("https://a.example/feed?auth=a%20b&sig=xyz", ["a b", "xyz"]),
        ("https://joe:sword%40fish@a.example/", ["joe:sword@fish", "sword@fish"]),
        ("https://a.example/feed?category=world&id=7", []),
        ("https://[broken/", []),
    ],
)
def test_the_secret_parts_of_a_feed_s_address(tmp_path: Path, url: str, parts: list[str]) -> None:
    """A login, and the values of the query that name themselves; with them the file should be private."""
    assert secret_parts(url) == parts
    if "broken" not in url:
        path = tmp_path / "config.toml"
        text = SMALL.replace("https://www.lemonde.fr/rss/une.xml", url)
        write(tmp_path, text)
        path.chmod(0o644)
        codes = [f.code for f in load_config(path, env={"TZ": "UTC"}).findings]
        assert codes == (["readable_secret"] if parts else [])


def test_every_form_of_a_login_is_known_as_a_secret(tmp_path: Path) -> None:
    """Also as HTTP sends it: user and password in base64."""
    auth = 'auth = { user = "joe", password = "swordfish" }\n'
    config = load(tmp_path, f'{FEED}{auth}proxy = "http://me:carp@p.example:1"\n{RULE}').config
    assert config
    assert {"swordfish", "am9lOnN3b3JkZmlzaA==", "carp", "bWU6Y2FycA=="} <= set(secrets_of(config))


def test_a_database_that_others_can_read_or_replace(tmp_path: Path) -> None:
    """The file's mode and the folder's, each with its chmod; a folder with the sticky bit is fine."""
    text = f'[monitor]\ndatabase = "state/t.db"\n{SMALL}'
    database = write(tmp_path, "", "state/t.db")
    assert warned(tmp_path, text) == []
    database.chmod(0o644)
    database.parent.chmod(0o777)
    found = warned(tmp_path, text)
    assert [line.split("| run: ")[1] for line in found] == [
        "chmod 600 {folder}/state/t.db",
        "chmod go-w {folder}/state",
    ]
    database.parent.chmod(0o1777)
    assert len(warned(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1:8080", "a loopback address"),
        ("localhost", "a loopback address"),
        ("2130706433", "a loopback address"),
        ("192.168.1.4", "a private address"),
        ("[fd00::1]", "a private address"),
        ("169.254.169.254", "a link-local address"),
        ("93.184.216.34", ""),
        ("cafe.example", ""),
    ],
)
def test_a_feed_that_polling_will_refuse(tmp_path: Path, host: str, kind: str) -> None:
    """An address that is spelt out is judged as polling does; the remedy makes it lawful."""
    text = SMALL.replace("www.lemonde.fr", host)
    found = load(tmp_path, text).findings
    assert [f.message for f in found] == (
        [f"feed 'lemonde' is at {kind}, which is refused when it is polled"] if kind else []
    )
    if kind:
        assert found[0].line == 3
        allowed = found[0].hint.partition("add ")[2].partition(" to ")[0]
        assert load(tmp_path, f"[polling]\n{allowed}\n{text}").findings == ()
