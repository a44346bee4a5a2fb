"""What check says of [deadman] and [canary]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.configs import SMALL, load

if TYPE_CHECKING:
    from pathlib import Path

CANARY = '[canary]\nchannels = ["screen"]\n'


@pytest.mark.parametrize(
    "table",
    [
        "",
        CANARY,
        f'{CANARY}every = "1m"\n',
        '[deadman]\nurl = { env = "PING" }\n',
        '[polling]\nallow_private = ["10.0.0.0/8"]\n[deadman]\nurl = { env = "HOME_PING" }\n',
    ],
)
def test_what_will_do(tmp_path: Path, table: str) -> None:
    """No finding at all."""
    env = {"PING": "https://hc.example/ping/1", "HOME_PING": "http://10.1.2.3:8000/ping/1"}
    loaded = load(tmp_path, SMALL + table, env=env)
    assert loaded.findings == ()
    assert loaded.config is not None


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "127.0.0.1", "localhost", "[::1]:3001"])
def test_a_private_address_is_warned_of(tmp_path: Path, host: str) -> None:
    """It would be refused; the address itself is not shown."""
    env = {"PING": f"http://{host}/ping/secret-token"}
    loaded = load(tmp_path, f'{SMALL}[deadman]\nurl = {{ env = "PING" }}\n', env=env)
    (finding,) = loaded.findings
    assert (finding.level, finding.code) == ("warning", "private_address")
    assert "refused when it is pinged" in finding.message
    assert "allow_private" in finding.hint
    assert "secret-token" not in str(finding) + finding.hint


@pytest.mark.parametrize("url", ["ftp://hc.example/x", "hc.example/ping", "https://"])
def test_what_is_no_web_address_is_an_error(tmp_path: Path, url: str) -> None:
    """As for feeds; the example is of a service that waits for pings."""
    loaded = load(tmp_path, f'{SMALL}[deadman]\nurl = "{url}"\n')
    (error,) = [finding for finding in loaded.findings if finding.level == "error"]
    assert "lemonde" not in error.hint


def test_a_canary_that_tells_nobody_is_warned_of(tmp_path: Path) -> None:
    """It is lawful, for somebody is found who takes the alarm."""
    loaded = load(tmp_path, f"{SMALL}[canary]\nchannels = []\n")
    (finding,) = loaded.findings
    assert (finding.level, finding.code) == ("warning", "canary_tells_nobody")


def test_a_canary_in_a_hurry_is_warned_of(tmp_path: Path) -> None:
    """Half of a period is what a round may take."""
    loaded = load(tmp_path, f'{SMALL}{CANARY}every = "10s"\n')
    (finding,) = loaded.findings
    assert (finding.level, finding.code) == ("warning", "hasty_canary")
    assert "late after 5 s" in finding.message


def test_a_canary_whose_channel_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Nobody would hear of it."""
    loaded = load(tmp_path, f'{SMALL}[canary]\nchannels = ["pager"]\n')
    assert "pager" in loaded.findings[0].message
    assert loaded.config is None
