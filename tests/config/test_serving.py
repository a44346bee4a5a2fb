"""What [metrics] listen means, and what `check` says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import serving
from monitor.config.load import require
from monitor.config.serving import Place, is_loopback, place_of
from tests.support.configs import SMALL, load


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("127.0.0.1:9464", Place(host="127.0.0.1", port=9464), "127.0.0.1:9464"),
        ("[::1]:9464", Place(host="::1", port=9464), "[::1]:9464"),
        ("/run/x.sock", Place(path=Path("/run/x.sock")), "/run/x.sock"),
        ("./x.sock", Place(path=Path("/etc/tocsin/x.sock")), "/etc/tocsin/x.sock"),
    ],
)
def test_a_place_is_a_port_or_a_path(text: str, place: Place, shown: str) -> None:
    """Paths are relative to the configuration's folder."""
    found = Place.of(text, Path("/etc/tocsin"))
    assert found == place
    assert str(found) == shown


def test_nothing_is_nowhere() -> None:
    """The default."""
    assert Place.of("", Path("/")) is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "news.example", "localhost.example", "")],
)
def test_loopback_is_this_machine_alone(host: str, *, loopback: bool) -> None:
    """By address, or by the one name that means it."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("listen", "installed", "codes"),
    [
        ("", False, []),
        ("127.0.0.1:1", True, []),
        ("/run/x.sock", False, ["metrics_extra"]),
        ("0.0.0.0:1", True, ["open_metrics"]),
        ("[::]:1", False, ["metrics_extra", "open_metrics"]),
    ],
)
def test_what_is_lawful_and_needs_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: str, installed: bool, codes: list[str]
) -> None:
    """A package that is not there, and a door that others can reach; each with its remedy."""
    monkeypatch.setattr(serving, "find_spec", lambda _: object() if installed else None)
    config = require(load(tmp_path, f'{SMALL}[metrics]\nlisten = "{listen}"\n'))
    found = list(serving.warnings(config))
    assert [code for code, _, _ in found] == codes
    assert all(message and hint for _, message, hint in found)
    assert (place_of(config) is None) == (listen == "")
