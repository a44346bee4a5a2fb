"""The journal's native protocol, over a real datagram socket that stands where journald's would."""

from __future__ import annotations

import logging
import os
import re
import socket
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.service import journal, log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = st.from_regex(r"\A[A-Z][A-Z0-9_]{0,30}\Z")
STAMP = re.compile(r"\A\d{4}-\d\d-\d\dT")


def decoded(datagram: bytes) -> dict[str, str]:
    """The fields of a datagram, read as journald reads them."""
    found = {}
    rest = datagram
    while rest:
        line, _, after = rest.partition(b"\n")
        name, sign, value = line.partition(b"=")
        if not sign:
            (size,) = struct.unpack("<Q", after[:8])
            value, rest = after[8 : 8 + size], after[8 + size :]
            assert rest[:1] == b"\n", "the value ends where its length says"
            rest = rest[1:]
        else:
            rest = after
        found[name.decode()] = value.decode()
    return found


@dataclass
class Journald:
    """What listens, and the stream that leads to it in place of stderr."""

    sock: socket.socket
    stream: TextIO
    path: Path
    log: Path

    def configure(self, log_format: str = "auto", level: str = "debug") -> None:
        """Let the process log as under systemd."""
        stat = os.fstat(self.stream.fileno())
        env = {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
        log.configure(level, log_format, self.stream, env, journal_socket=str(self.path))

    def entry(self) -> dict[str, str]:
        """The next entry."""
        return decoded(self.sock.recv(1 << 20))

    def lines(self) -> list[str]:
        """What was written to the stream instead."""
        self.stream.flush()
        return self.log.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journald]:
    """A journal of the test's own; the process's logging is put back afterwards."""
    loggers = [logging.getLogger(name) for name in (None, log.OURS, *log.CHATTY)]
    levels, handlers = [logger.level for logger in loggers], list(loggers[0].handlers)
    with (
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock,
        (tmp_path / "log").open("w", encoding="utf-8") as stream,
    ):
        sock.bind(str(tmp_path / "socket"))
        sock.settimeout(10)
        yield Journald(sock, stream, tmp_path / "socket", tmp_path / "log")
        logging.captureWarnings(capture=False)
        for handler in loggers[0].handlers:
            if handler not in handlers:
                handler.close()
        loggers[0].handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@given(st.dictionaries(NAMES, st.text()))
def test_whatever_is_sent_is_what_is_read(fields: dict[str, str]) -> None:
    """No value breaks out of its field, line breaks and NUL bytes included."""
    read = decoded(journal.encoded(fields))
    assert read == {n: v.encode("utf-8", "backslashreplace").decode() for n, v in fields.items()}


@given(st.text(min_size=1))
def test_every_name_is_one_the_journal_takes(name: str) -> None:
    """Capitals, digits and underscores, not at the beginning; at most 64."""
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", journal.field_name(name))


@pytest.mark.parametrize(
    ("level", "priority"), [("debug", "7"), ("info", "6"), ("warning", "4"), ("error", "3")]
)
def test_an_event_is_an_entry_with_its_fields(journald: Journald, level: str, priority: str) -> None:
    """The line that journalctl shows, its priority, and each field under a name one can ask for."""
    journald.configure()
    log.event(
        log.get_logger("poll"), level, "feed polled", feed="lemonde", new=2, rules=["a", "b"], next=None
    )
    assert journald.entry() == {
        "MESSAGE": "feed polled feed=lemonde new=2 rules=a,b next=null",
        "PRIORITY": priority,
        "SYSLOG_IDENTIFIER": "tocsin",
        "TOCSIN_EVENT": "feed polled",
        "TOCSIN_LOGGER": "poll",
        "TOCSIN_FEED": "lemonde",
        "TOCSIN_NEW": "2",
        "TOCSIN_RULES": "a,b",
        "TOCSIN_NEXT": "null",
    }
    assert journald.lines() == []


def test_the_form_journal_is_native_too_where_the_stream_is_the_journals(journald: Journald) -> None:
    """`format = "journal"` says the same as auto does under systemd."""
    journald.configure("journal")
    log.event(log.get_logger("poll"), "info", "hello")
    assert journald.entry()["MESSAGE"] == "hello"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_form_that_was_asked_for_is_kept(journald: Journald, log_format: str) -> None:
    """Who wants text or JSON lines in the journal gets them."""
    journald.configure(log_format)
    log.event(log.get_logger("poll"), "info", "hello")
    assert len(journald.lines()) == 1


def test_a_field_cannot_overwrite_the_journals_own(journald: Journald) -> None:
    """A field named message or priority has our prefix, and one named event loses to the sentence."""
    journald.configure()
    log.event(log.get_logger("t"), "info", "hello", priority="0", event="forged", logger="x", MESSAGE="no")
    entry = journald.entry()
    assert (entry["PRIORITY"], entry["TOCSIN_PRIORITY"]) == ("6", "0")
    assert (entry["TOCSIN_EVENT"], entry["TOCSIN_LOGGER"]) == ("hello", "t")
    assert entry["TOCSIN_MESSAGE"] == "no"


def test_line_breaks_stay_inside_their_field_and_out_of_the_line(journald: Journald) -> None:
    """A hostile headline forges neither a field nor a second line."""
    journald.configure()
    log.event(log.get_logger("t"), "info", "new", title="a\nPRIORITY=0\nMESSAGE=all is well")
    entry = journald.entry()
    assert entry["PRIORITY"] == "6"
    assert entry["TOCSIN_TITLE"] == "a\nPRIORITY=0\nMESSAGE=all is well"
    assert entry["MESSAGE"] == r'new title="a\nPRIORITY=0\nMESSAGE=all is well"'


def test_no_field_of_an_entry_holds_a_secret(journald: Journald) -> None:
    """Message, fields, lists, exceptions and tracebacks are redacted before they are sent."""
    log.redact(["journal-canary"])
    journald.configure()
    try:
        int("no journal-canary")
    except ValueError as error:
        log.failure(log.get_logger("t"), "journal-canary broke", error, v=["journal-canary"])
    entry = journald.entry()
    assert entry["TOCSIN_TRACEBACK"].count("\n") > 1
    assert not [name for name, value in entry.items() if "journal-canary" in value]


def test_other_libraries_say_who_speaks(journald: Journald) -> None:
    """A record of somebody else's is an entry like ours."""
    journald.configure()
    logging.getLogger("elsewhere").warning("took %d s", 5)
    entry = journald.entry()
    assert entry["MESSAGE"] == "took 5 s logger=elsewhere"
    assert (entry["TOCSIN_LOGGER"], entry["PRIORITY"]) == ("elsewhere", "4")


def test_an_entry_that_is_too_long_becomes_a_line(journald: Journald) -> None:
    """What does not fit into a datagram is written to the stream, with its priority."""
    journald.configure()
    many = {f"field{n}": "x" * log.LONGEST_VALUE for n in range(500)}
    log.event(log.get_logger("t"), "warning", "long", **many)
    (line,) = journald.lines()
    assert line.startswith("<4>long field0=xxx")


def test_a_journal_that_is_gone_and_comes_back(journald: Journald) -> None:
    """Without a socket lines go to the stream; a new socket at the same place is used at once."""
    journald.configure()
    journald.path.unlink()
    log.event(log.get_logger("t"), "error", "alone", n=1)
    assert journald.lines() == ["<3>alone n=1"]
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as again:
        again.bind(str(journald.path))
        again.settimeout(10)
        log.event(log.get_logger("t"), "info", "back")
        assert decoded(again.recv(10_000))["MESSAGE"] == "back"
    assert len(journald.lines()) == 1


def test_a_stale_variable_means_lines(journald: Journald) -> None:
    """A shell in a desktop session inherits JOURNAL_STREAM; what it writes to is a file all the same."""
    for log_format, expected in (("auto", STAMP.pattern), ("journal", r"\A<6>")):
        log.configure(
            "info", log_format, journald.stream, {"JOURNAL_STREAM": "1:2"}, journal_socket=str(journald.path)
        )
        log.event(log.get_logger("t"), "info", "hello")
        assert re.match(expected, journald.lines()[-1])
