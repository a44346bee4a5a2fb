"""Secrets: where they come from, and that no message ever shows one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from monitor.config.load import load_config
from monitor.config.show import render, show
from tests.support.configs import ENV, FEED, RULE, SMALL, load, told, write

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import ChannelConfig

CANARY = "hunter2canary"


def channel(folder: Path, body: str, env: dict[str, str] | None = None) -> ChannelConfig:
    """The one channel of a configuration that must load."""
    loaded = load(folder, f"{FEED}{RULE}\n[channels.phone]\n{body}\n", env=env)
    assert loaded.config, told(loaded)
    return loaded.config.channels[0]


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    """{ env } reads the variable."""
    phone = channel(tmp_path, 'url = { env = "PHONE" }', {"PHONE": f"ntfy://{CANARY}"})
    assert phone.url is not None
    assert phone.url.reveal() == f"ntfy://{CANARY}"
    assert phone.url.source == "env:PHONE"


def test_a_secret_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    """{ file } is relative to the file that names it; the line break at its end does not count."""
    write(tmp_path, f"ntfy://{CANARY}\r\n", "secrets/phone.url")
    phone = channel(tmp_path, 'url = { file = "secrets/phone.url" }')
    assert phone.url is not None
    assert phone.url.reveal() == f"ntfy://{CANARY}"


def test_a_secret_comes_from_systemd(tmp_path: Path) -> None:
    """{ credential } is read from $CREDENTIALS_DIRECTORY."""
    write(tmp_path, f"ntfy://{CANARY}\n", "run/phone")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "run")}
    phone = channel(tmp_path, 'url = { credential = "phone" }', env)
    assert phone.url is not None
    assert phone.url.reveal() == f"ntfy://{CANARY}"


def test_a_credential_outside_the_unit_is_a_warning_with_a_remedy(tmp_path: Path) -> None:
    """The configuration stays usable; asking for the value tells the systemd-run line."""
    phone = channel(tmp_path, 'url = { credential = "phone" }')
    assert phone.url is not None
    with pytest.raises(LookupError, match=r"systemd-run .*LoadCredential=phone:"):
        phone.url.reveal()


def test_a_credential_that_is_shut_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that a unit's reload runs beside the service may not see it; the daemon reads it itself."""
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))  # root may enter any folder
    phone = channel(tmp_path, 'url = { credential = "phone" }', {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert phone.url is not None
    with pytest.raises(LookupError, match="only to be read by the service's main process"):
        phone.url.reveal()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('{ env = "PHONE" }', "the environment variable 'PHONE' is not set"),
        ('{ env = "EMPTY" }', "the environment variable 'EMPTY' is empty"),
        ('{ file = "none" }', "No such file or directory"),
        ('{ file = "blank" }', "is empty"),
        ('{ file = "two" }', "holds more than one line"),
        ('{ file = "latin" }', "is not UTF-8 text"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_secret_that_cannot_be_had(tmp_path: Path, source: str, message: str, strict: bool) -> None:
    """It is an error, or a warning where secrets need not be at hand; then asking for it says why."""
    write(tmp_path, "\n", "blank")
    write(tmp_path, f"{CANARY}\n{CANARY}\n", "two")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    text = f"{FEED}{RULE}\n[channels.phone]\nurl = {source}\n"
    loaded = load(tmp_path, text, env={"EMPTY": ""}, strict_secrets=strict)
    (finding,) = loaded.findings
    assert finding.level == ("error" if strict else "warning")
    assert message in finding.message
    assert finding.line == 9
    assert loaded.partial is not None
    secret = loaded.partial.channels[0].url
    assert secret is not None
    with pytest.raises(LookupError, match=r"PHONE|EMPTY|none|blank|two|more than one|latin"):
        secret.reveal()


@pytest.mark.parametrize(
    "text",
    [
        f'{SMALL}[channels.p]\nurl = ["{CANARY}"]\n',
        f'{SMALL}[channels.p]\nurl = "{CANARY}"\n',
        f'{SMALL}[channels.p]\nurl = "ntfy://x"\npassword = {{ value = "{CANARY}" }}\n',
        f'{SMALL}[channels.p]\nurl = "ntfy://x"\npassword = {{ env = ["{CANARY}"] }}\n',
        f'{SMALL}[channels.p]\nurl = "ntfy://x"\npasword = "{CANARY}"\n',
        f'{SMALL}[channels.p]\ntype = "{CANARY}"\nurl = "ntfy://x"\n',
        f'{SMALL}[channels.p]\ntype = "webhook"\nurl = "{CANARY}"\nsecret = 5\n',
        f'{SMALL}[channels.p]\nurl = {{ env = "tgram://{CANARY}/1" }}\n',
        f'{SMALL}[channels.p]\nurl = {{ env = "BAD" }}\n',
        f'{SMALL}[channels.p]\nurl = "ntfy://x"\nfallback = "tgram://{CANARY}/1"\n',
        f'{SMALL}[channels."tgram://{CANARY}/1"]\nurl = "ntfy://x"\n',
        f'{SMALL}[[routes]]\nchannels = ["tgram://{CANARY}/1"]\n',
        f'{SMALL}[deadman]\nurl = "{CANARY}"\n',
        f'{SMALL}[deadman]\nurl = "https://x.org:{CANARY}/"\n',
        f'{FEED}auth = "user:{CANARY}"\n{RULE}',
        f'{FEED}auth = {{ user = "u", password = 5, passwort = "{CANARY}" }}\n{RULE}',
        f'{FEED}headers = "X-Key: {CANARY}"\n{RULE}',
        f'{FEED}headers = {{ "Bearer {CANARY}" = "Authorization" }}\n{RULE}',
        f'{FEED}headers = {{ "X-Key" = "{CANARY}\\n" }}\n{RULE}',
        f'{FEED}headers = {{ "X-Key" = ["{CANARY}"] }}\n{RULE}',
        f'{FEED}proxy = "{CANARY}"\n{RULE}',
        f'[[feeds]]\nurl = "ftp://user:{CANARY}@example.org/"\n{RULE}',
        f'[[feeds]]\nurl = "https://user:{CANARY} @example.org/"\n{RULE}',
        f'[[feeds]]\nurl = "https://user:{CANARY}@[example.org/"\n{RULE}',
        f'[[feeds]]\nurl = "https://u:{CANARY}@a.b/"\n[[feeds]]\nurl = "https://u:{CANARY}@a.b/"\n{RULE}',
        f'{SMALL}[channels.p]\nurl = "ntfy://{CANARY}\n',
        f"{SMALL}[channels.p]\nurl = ntfy://{CANARY}\n",
        f'{SMALL}[channels.p]\nurl = "ntfy://x"\npassword = "{CANARY}\\q"\n',
        f'{SMALL}[monitor]\ndatabase = "postgresql://tocsin:{CANARY}@localhost/x"\n',
    ],
)
def test_no_finding_shows_a_secret(tmp_path: Path, text: str) -> None:
    """Whatever the mistake, the value of a secret key stands in no message, hint or name."""
    loaded = load(tmp_path, text, env={"BAD": CANARY})
    assert loaded.findings
    assert CANARY not in repr(loaded.findings)
    assert CANARY not in repr(loaded)


def test_the_effective_configuration_shows_no_secret(tmp_path: Path) -> None:
    """Neither the dictionary nor the TOML of `config show` holds one, wherever secrets may stand."""
    text = (
        f'[[feeds]]\nurl = "https://u:{CANARY}@example.org/rss?key={CANARY}"\nproxy = "http://u:{CANARY}@p"\n'
        f'auth = {{ user = "{CANARY}", password = "{CANARY}" }}\nheaders = {{ "X-Key" = "{CANARY}" }}\n'
        f'[[feeds]]\nurl = {{ env = "WIRE" }}\n'
        f'[channels.a]\nurl = "tgram://{CANARY}/1"\npassword = "{CANARY}"\nfallback = "b"\n'
        f'[channels.b]\ntype = "webhook"\nurl = "https://h.example/{CANARY}"\nsecret = {{ env = "WIRE" }}\n'
        f'[deadman]\nurl = "https://d.example/{CANARY}"\n{RULE}'
    )
    loaded = load(tmp_path, text, env={"WIRE": f"https://w.example/{CANARY}"})
    assert loaded.config, told(loaded)
    for shown in (str(show(loaded.config)), render(loaded.config), repr(loaded), repr(loaded.config)):
        assert CANARY not in shown
    assert show(loaded.config)["feeds"][0]["url"] == "https://***@example.org/rss?***"
    assert show(loaded.config)["feeds"][1]["url"] == "<env:WIRE>"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('[channels.p]\nurl = "tgram://123456789:abc/1"\n', 8),
        ('[channels.p]\nurl = "mailto://u:p@mail.example.org"\n', 8),
        ('[channels.p]\nurl = "mailto://u@mail.example.org"\npassword = "p"\n', 9),
        ('[channels.p]\ntype = "webhook"\nurl = "https://h.example/"\nsecret = "s"\n', 10),
        ('[[feeds]]\nurl = "https://u:p@example.org/"\n', 8),
        ('[[feeds]]\nurl = "https://example.org/"\nheaders = { "X-Key" = "k" }\n', 9),
        ('[[feeds]]\nurl = "https://example.org/"\nauth = { user = "u", password = "p" }\n', 9),
    ],
)
def test_a_readable_file_with_a_secret_is_a_warning(tmp_path: Path, body: str, line: int) -> None:
    """The first secret's line is named, and how to close the file; a closed file is fine."""
    path = write(tmp_path, f"{FEED}{RULE}{body}")
    path.chmod(0o644)
    found = [f for f in load_config(path, env=ENV).findings if f.code == "readable_secret"]
    assert [(f.line, f.level) for f in found] == [(line, "warning")]
    assert "chmod 600" in found[0].hint
    path.chmod(0o600)
    assert not [f for f in load_config(path, env=ENV).findings if f.code == "readable_secret"]


@pytest.mark.parametrize(
    "body",
    [
        '[channels.p]\nurl = "json://127.0.0.1:8900/tocsin"\n',
        '[channels.p]\nurl = "mailto://u@mail.example.org?to=desk@example.org"\npassword = { env = "P" }\n',
        '[channels.p]\nurl = { env = "P" }\n',
    ],
)
def test_a_readable_file_without_a_secret_is_fine(tmp_path: Path, body: str) -> None:
    """Secrets by reference, and addresses that hold none, may be read by anybody."""
    path = write(tmp_path, f"{FEED}{RULE}{body}")
    path.chmod(0o644)
    assert not load_config(path, env={**ENV, "P": "ntfy://p"}).findings


def test_a_missing_user_keeps_the_password_at_home(tmp_path: Path) -> None:
    """Where the user of a feed cannot be had, asking for its password says why."""
    text = f'{FEED}auth = {{ user = {{ env = "U" }}, password = "p" }}\n{RULE}'
    loaded = load(tmp_path, text, strict_secrets=False)
    assert loaded.config
    password = loaded.config.feeds[0].password
    assert password is not None
    with pytest.raises(LookupError, match="'U' is not set"):
        password.reveal()
