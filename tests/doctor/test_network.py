"""Faults of names, certificates and servers, and the manners of whoever looks for them."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.doctor.findings import Level
from monitor.doctor.sampling import Candidate, choose, may_ask, wish
from monitor.store.rows import to_db
from tests.doctor.clinic import DOCUMENT, Clinic, http_date, told
from tests.support.configs import CHANNEL, RULE, write
from tests.support.receivers import dead_port
from tests.support.webserver import WebServer, answer, make_certificate, tls_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A healthy installation."""
    with Clinic(tmp_path) as made:
        yield made


def expect(clinic: Clinic, *codes: str) -> str:
    """These are found and nothing else; returns all that was told."""
    found = clinic.bad(feeds=8)
    assert {one.code for one in found} == set(codes), told(found)
    assert all(one.remedy for one in found)
    return told(clinic.look(feeds=8))


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, b"", "feed_missing"),
        (410, b"", "feed_gone"),
        (401, b"", "feed_login"),
        (403, b"", "feed_login"),
        (500, b"", "feed_unreachable"),
        (
            200,
            b"<!doctype html><html><head><title>Log in</title></head><body>Hello</body></html>",
            "feed_not_a_feed",
        ),
        (200, b"", "feed_not_a_feed"),
    ],
)
def test_a_feed_that_answers_something_else(clinic: Clinic, status: int, body: bytes, code: str) -> None:
    """One of two feeds: a warning that names it, and says what to type."""
    clinic.web.only("/a", answer(status, body, Date=http_date()))
    assert "warning " + code + " a:" in expect(clinic, code)


def test_a_feed_that_nobody_serves(clinic: Clinic) -> None:
    """One refused connection is that feed's; if all are, it is the network."""
    dead = dead_port()
    clinic.replace(clinic.web.url("/a"), f"http://127.0.0.1:{dead}/a")
    expect(clinic, "feed_unreachable")
    clinic.write(lambda text: text.replace(f":{clinic.web.port}/", f":{dead}/"))
    assert "none of 2 feeds could be reached" in expect(clinic, "nothing_reached")


def test_a_certificate_that_has_expired(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that is trusted but for its date."""
    pem = make_certificate(tmp_path / "tls", "localhost", days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with WebServer(tls_server(pem)) as tls:
        tls.on("/b", answer(200, DOCUMENT))
        clinic.replace(clinic.web.url("/b", "localhost"), tls.url("/b", "localhost"))
        assert "certificate has expired" in expect(clinic, "feed_certificate")


def test_no_name_can_be_looked_up(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer is told once, with the file that names it."""

    def silent(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    said = expect(clinic, "no_dns")
    assert "/etc/resolv.conf: no name could be looked up: DNS: the name server does not answer" in said


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="a network without anything needs root and unshare: this is NOT tested on a real one here",
)
def test_a_machine_without_a_network(tmp_path: Path) -> None:
    """The whole command in a network namespace in which there is nothing."""
    feeds = "".join(f'[[feeds]]\nname = "{n}"\nurl = "https://{n}.example/feed"\n' for n in "ab")
    config = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/t.db"\n{feeds}{RULE}{CHANNEL}')
    done = subprocess.run(
        [
            "unshare",
            "--net",
            sys.executable,
            "-m",
            "monitor",
            "doctor",
            "--json",
            "--quiet",
            "-c",
            str(config),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1, done.stderr
    assert {one["code"] for one in found} == {"no_dns"}, done.stdout


def test_no_resolver_at_all(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty resolv.conf, as some containers have it."""

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "DNS: no such host" in expect(clinic, "name_unresolved")
    (clinic.root / "etc/resolv.conf").write_text("# nothing\n", encoding="utf-8")
    assert "names no server" in expect(clinic, "no_dns")
    (clinic.root / "etc/resolv.conf").unlink()
    assert "there is no /etc/resolv.conf" in expect(clinic, "no_dns")


def test_certificates_that_are_not_there(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle that a variable names in vain, and one that is empty."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    expect(clinic, "certificates_missing")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    expect(clinic, "no_certificates")


@pytest.mark.parametrize(
    ("ahead", "level"), [(3600.0, Level.FAILURE), (-86_400.0, Level.FAILURE), (90.0, Level.WARNING)]
)
def test_a_clock_that_is_off(clinic: Clinic, ahead: float, level: Level) -> None:
    """Two servers say what time it is."""
    for path in ("/a", "/b"):
        clinic.web.only(path, answer(200, DOCUMENT, Date=http_date(ahead)))
    found = [one for one in clinic.bad(feeds=8) if one.code == "clock_off"]
    assert [one.level for one in found] == [level], told(found)
    assert "that of 2 servers" in found[0].what


def test_one_server_s_clock_is_not_believed(clinic: Clinic) -> None:
    """If only one was asked, its clock may be the wrong one; a cached copy says how old it is."""
    clinic.web.only("/a", answer(404))
    clinic.web.only("/b", answer(200, DOCUMENT, Date=http_date(7200)))
    clock = [one for one in clinic.bad(feeds=8) if one.code == "clock_off"]
    assert [one.level for one in clock] == [Level.WARNING]
    clinic.web.only("/b", answer(200, DOCUMENT, Date=http_date(-7200), Age="7200"))
    assert "clock_off" not in clinic.codes(feeds=8)


# --- manners -----------------------------------------------------------------------------------------


def test_a_retry_after_is_respected(clinic: Clinic) -> None:
    """A feed's own and its host's: not one request, and a note that says why."""
    later = to_db(datetime.now(UTC) + timedelta(hours=2))
    clinic.sql("UPDATE feeds SET forbidden_until = :p0 WHERE name = 'a'", later)
    clinic.sql("INSERT INTO host_pauses (host, until, why) VALUES ('localhost', :p0, '')", later)
    found = clinic.look(feeds=None)
    assert clinic.web.seen == []
    assert [f.where for f in found if f.code == "feed_paused"] == ["a", "b"], told(found)
    assert "asked to be left alone for another" in told(found)
    assert [f for f in found if f.level >= Level.WARNING] == []


def test_a_floor_and_the_daemon_s_own_question_are_respected(clinic: Clinic) -> None:
    """Its server wants an hour between two questions; the other is about to be asked by the daemon."""
    clinic.sql("UPDATE feeds SET floor = 3600.0 WHERE name = 'a'")
    soon = to_db(datetime.now(UTC) + timedelta(seconds=5))
    clinic.sql("UPDATE feeds SET next_poll_at = :p0 WHERE name = 'b'", soon)
    found = clinic.look(feeds=None)
    assert clinic.web.seen == []
    assert [f for f in found if f.level >= Level.WARNING] == []


def test_nobody_is_asked_where_no_wish_can_be_read(clinic: Clinic) -> None:
    """A database of another version may hold a Retry-After; and the daemon may have asked this second."""
    clinic.sql("UPDATE feeds SET last_poll_at = :p0", to_db(datetime.now(UTC) + timedelta(seconds=2)))
    clinic.look(feeds=None)
    assert clinic.web.seen == []
    clinic.sql("UPDATE alembic_version SET version_num = '0001'")
    found = clinic.look(feeds=None)
    assert clinic.web.seen == []
    assert [one.where for one in found if one.code == "check_forbidden"] == ["feeds"]


def test_one_feed_of_a_site_is_asked(clinic: Clinic) -> None:
    """Unless all are wanted; and none where the network is left out."""
    more = "".join(f'[[feeds]]\nname = "c{n}"\nurl = "{clinic.web.url(f"/c{n}")}"\n' for n in range(5))
    for number in range(5):
        clinic.web.on(f"/c{number}", answer(200, DOCUMENT, Date=http_date()))
    clinic.add(more)
    clinic.look(feeds=0)
    assert clinic.web.seen == []
    clinic.look(feeds=8)
    assert len(clinic.web.seen) == 2
    assert clinic.bad(feeds=None) == []
    assert len(clinic.web.seen) == 9


def test_an_answer_that_asks_for_patience_is_a_note(clinic: Clinic) -> None:
    """It is not our fault, and not for ever."""
    clinic.web.only("/a", answer(429, Retry_After="600"))
    found = clinic.look(feeds=8)
    [one] = [f for f in found if f.code == "feed_paused"]
    assert (one.level, one.where) == (Level.NOTE, "a")
    assert "asks to be left alone, for 10 min" in one.what


def test_a_private_address_is_refused_as_by_the_daemon(clinic: Clinic) -> None:
    """The walls of the daemon stand here as well: without permission nothing of this machine is asked."""
    clinic.write(lambda text: text.replace('allow_private = ["127.0.0.0/8", "::1/128"]\n', ""))
    found = {one.code for one in clinic.bad(feeds=8)}
    assert found == {"configuration_warning", "feed_refused"}
    assert clinic.web.seen == []


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({}, True),
        ({"asked_at": NOW - timedelta(seconds=30)}, False),
        ({"asked_at": NOW - timedelta(seconds=90)}, True),
        ({"asked_at": NOW - timedelta(seconds=90), "floor": 300.0}, False),
        ({"asked_at": NOW + timedelta(days=1)}, True),
        ({"asked_at": NOW + timedelta(seconds=5)}, False),
        ({"forbidden_until": NOW + timedelta(seconds=1)}, False),
        ({"forbidden_until": NOW - timedelta(seconds=1)}, True),
        ({"host_until": NOW + timedelta(seconds=1)}, False),
        ({"gone": True}, False),
        ({"lacks_address": True}, False),
        ({"next_at": NOW + timedelta(seconds=10)}, False),
    ],
)
def test_who_may_be_asked(change: dict[str, Any], asked: bool) -> None:
    """Beside a running daemon."""
    feed = Candidate("a", "a.example", **change)
    assert may_ask(feed, NOW, running=True) is asked
    assert not (wish(feed, NOW) and asked)


def test_those_that_fail_are_asked_first() -> None:
    """Of each site one, and of that the one that fails; never more than wanted."""
    feeds = [Candidate(f"{site}{n}", site, failing=n == 2) for site in "abc" for n in range(4)]
    rng = random.Random(1)
    assert sorted(choose(feeds, 8, rng)) == ["a2", "b2", "c2"]
    assert len(choose(feeds, 2, rng)) == 2
    assert choose(feeds, 0, rng) == []
    assert len(choose(feeds, None, rng)) == 12
