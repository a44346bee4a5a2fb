"""The lines of the log: their form, what cannot be forged, and what is kept out."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Severity, State
from monitor.service import log
from monitor.service.redaction import Redactor
from monitor.settings import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    """Put the process's logging back as it was."""
    loggers = [logging.getLogger(name) for name in (None, log.OURS, *log.CHATTY)]
    levels = [logger.level for logger in loggers]
    handlers = list(loggers[0].handlers)
    yield
    logging.captureWarnings(capture=False)
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def written(message: str = "done", level: str = "info", *, log_format: str = "text", **fields: object) -> str:
    """The one line that an event becomes."""
    stream = io.StringIO()
    log.configure("debug", log_format, stream, {})
    log.event(log.get_logger("test"), level, message, **fields)
    text = stream.getvalue()
    assert text.endswith("\n")
    return text[:-1]


def fields_of(line: str) -> str:
    """The line without its time, level and sentence."""
    return STAMP.sub("", line).removeprefix("info done").strip()


def test_an_event_is_a_time_a_level_a_sentence_and_fields() -> None:
    """The text form reads as a sentence followed by key=value."""
    line = written("feed polled", feed="x", status=304, new=2)
    assert STAMP.match(line)
    assert STAMP.sub("", line) == "info feed polled feed=x status=304 new=2"


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ("plain", "v=plain"),
        ("", 'v=""'),
        ("two words", 'v="two words"'),
        ('a "b"', r'v="a \"b\""'),
        ("a=b", 'v="a=b"'),
        ("C:\\x", r'v="C:\\x"'),
        ("line\nbreak\r\t", r'v="line\nbreak\r\t"'),
        ("\x1b[31mred\x07", r'v="\x1b[31mred\x07"'),
        ("\u2028\u202e\u00a0", r'v="\u2028\u202e\xa0"'),
        ("\ud800", r'v="\ud800"'),
        ("état", "v=état"),
        (None, "v=null"),
        (True, "v=true"),
        (1.5, "v=1.5"),
        (float("nan"), "v=nan"),
        (["a", 2, None], "v=a,2,null"),
        ((), 'v=""'),
        (b"\xff", r'v="\\xff"'),
        (State.SENT, "v=sent"),
        (Severity.HIGH, "v=high"),
        (datetime(2026, 11, 24, 10, tzinfo=UTC), "v=2026-11-24T10:00:00Z"),
        (Path("/tmp/x"), "v=/tmp/x"),
        (ValueError("no"), 'v="ValueError: no"'),
        (Secret("hush-hush", source="env:X"), "v=Secret(<env:X>)"),
    ],
)
def test_values_are_bare_where_harmless_and_quoted_where_not(value: object, spelt: str) -> None:
    """Each kind of value has one spelling, and control characters never get through."""
    assert fields_of(written(v=value)) == spelt


@given(st.text(), st.text())
def test_no_text_breaks_out_of_its_line_or_field(message: str, value: str) -> None:
    """Whatever is logged, it is one printable line, and the next field still stands behind it."""
    line = written(message, v=value, end=1)
    assert line.isprintable()
    assert line.endswith(" end=1")
    assert STAMP.match(line)


def test_a_sentence_cannot_pose_as_fields() -> None:
    """A message that holds key=value is quoted."""
    assert STAMP.sub("", written("x status=200")) == 'info "x status=200"'


def test_a_hostile_field_name_is_tamed() -> None:
    """Names are letters, digits, dot, underscore and hyphen."""
    hostile: dict[str, Any] = {"a b=\n": 1}
    assert fields_of(written(**hostile)) == "a_b__=1"


def test_json_is_one_object_a_line() -> None:
    """The JSON form keeps types, and its own keys cannot be overwritten."""
    line = written("feed polled", log_format="json", feed="é\n", new=2, logger="x", tags=["a"])
    assert "\n" not in line
    assert line.isascii()
    found = json.loads(line)
    assert STAMP.match(found.pop("time") + " ")
    assert found == {
        "level": "info", "logger": "test", "message": "feed polled", "feed": "é\n", "new": 2, "logger_": "x",
        "tags": ["a"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "prefix"), [("debug", "<7>"), ("info", "<6>"), ("warning", "<4>"), ("error", "<3>")]
)
def test_the_journal_is_told_the_priority(level: str, prefix: str) -> None:
    """The journal stamps the time itself and reads the priority from the prefix."""
    assert written("x", level, log_format="journal", n=1) == f"{prefix}x n=1"


def test_auto_writes_for_the_journal_where_the_stream_is_the_journals(tmp_path: Path) -> None:
    """JOURNAL_STREAM names device and inode; another stream, or a stale variable, gets text."""
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        stat = os.fstat(stream.fileno())
        for named in (f"{stat.st_dev}:{stat.st_ino}", "1:2"):
            log.configure("info", "auto", stream, {"JOURNAL_STREAM": named})
            log.event(log.get_logger("test"), "info", "hello")
    first, second = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert first == "<6>hello"
    assert STAMP.match(second)


def test_auto_writes_text_without_a_file_behind_the_stream() -> None:
    """A stream in memory is nobody's journal."""
    assert STAMP.match(written(log_format="auto"))


def test_the_level_is_kept_and_configuring_again_replaces() -> None:
    """A reload may change level and stream, and no line comes twice."""
    first, second = io.StringIO(), io.StringIO()
    log.configure("info", "text", first, {})
    log.configure("warning", "text", second, {})
    log.event(log.get_logger("test"), "info", "quiet")
    log.event(log.get_logger("test"), "warning", "loud")
    assert first.getvalue() == ""
    assert [STAMP.sub("", line) for line in second.getvalue().splitlines()] == ["warning loud"]


SHUT_ELSEWHERE = {"apprise", "urllib3"}  # the channel that uses them shuts them for good: they print tokens


@pytest.mark.parametrize("name", sorted({*log.CHATTY} - SHUT_ELSEWHERE))
def test_other_libraries_are_heard_from_warnings_on(name: str) -> None:
    """Even at debug their lower levels stay out, and what comes says who speaks."""
    stream = io.StringIO()
    log.configure("debug", "text", stream, {})
    logging.getLogger(f"{name}.part").info("GET http://example.org/?key=1")
    logging.getLogger(f"{name}.part").warning("took %d s", 5)
    assert STAMP.sub("", stream.getvalue()) == f"warning took 5 s logger={name}.part\n"


def test_python_warnings_go_the_same_way() -> None:
    """A library's warning becomes one line too."""
    stream = io.StringIO()
    log.configure("info", "text", stream, {})
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old\nthing", UserWarning, stacklevel=1)
    assert stream.getvalue().count("\n") == 1
    assert "old\\nthing" in stream.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json", "journal"])
def test_secrets_appear_in_no_part_of_a_line(log_format: str) -> None:
    """Message, fields, numbers, lists, exceptions and tracebacks are all redacted."""
    log.redact(["sëcret-token", "271828182"])
    stream = io.StringIO()
    log.configure("debug", log_format, stream, {})
    logging.getLogger("elsewhere").error("POST %s", "sëcret-token")
    try:
        int("no sëcret-token")
    except ValueError as error:
        log.failure(log.get_logger("test"), "it broke", error, n=271828182, v=["sëcret-token"])
    text = stream.getvalue()
    assert "traceback" in text
    for spelling in ("sëcret-token", "s\\u00ebcret-token", "s\\xebcret-token", "271828182"):
        assert spelling not in text


def test_a_long_value_is_cut_after_it_was_redacted() -> None:
    """A headline of a megabyte costs two thousand characters, and no half secret stands at the cut."""
    log.redact(["cut-me-not"])
    line = fields_of(written(v="x" * (log.LONGEST_VALUE - 4) + "cut-me-not" + "y" * 1000))
    assert line == "v=" + "x" * (log.LONGEST_VALUE - 4) + "***y…"


def test_a_failure_is_one_event_with_its_place() -> None:
    """Above debug an exception is type, message and place, without a traceback."""
    stream = io.StringIO()
    log.configure("info", "text", stream, {})
    try:
        log.LEVELS["loud"]
    except KeyError as error:
        log.failure(log.get_logger("test"), "poll failed", error, feed="x")
    assert re.fullmatch(
        r'error poll failed feed=x error="KeyError: \'loud\'" at=test_log\.py:\d+\n',
        STAMP.sub("", stream.getvalue()),
    )


def test_the_place_is_ours_where_the_error_came_through_us() -> None:
    """The innermost line of the package says more than a line deep inside a library."""
    stream = io.StringIO()
    log.configure("info", "text", stream, {})
    try:
        log.redact([1])  # type: ignore[list-item]
    except AttributeError as error:
        log.failure(log.get_logger("test"), "it broke", error)
    assert re.search(r" at=service/redaction\.py:\d+\n", stream.getvalue())


def test_wrong_arguments_and_unprintable_values_do_not_cost_the_event() -> None:
    """What cannot be formatted is logged as far as it goes."""

    class Sulky:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert fields_of(written(v=Sulky())) == 'v="<unprintable Sulky>"'
    record = logging.makeLogRecord({"name": "other", "levelno": 30, "msg": "%d and %d", "args": (1,)})
    assert "%d and %d" in log._Formatter("text", tracebacks=False).format(record)


def test_a_stream_that_fails_is_borne() -> None:
    """A closed or full stream raises nothing into what is being logged."""
    stream = io.StringIO()
    log.configure("info", "text", stream, {})
    stream.close()
    log.event(log.get_logger("test"), "error", "unheard")


def test_a_stream_that_knows_ascii_only_gets_escapes() -> None:
    """A line never fails for the stream's encoding."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    log.configure("info", "text", stream, {})
    log.event(log.get_logger("test"), "info", "été")
    assert raw.getvalue().endswith(b"info \\xe9t\\xe9\n")


def test_what_secret_rules_ask_for_is_masked_in_what_varies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole words in any case, in fields, arguments, errors and what libraries say; our sentences stay."""
    monkeypatch.setattr(log, "_redactor", Redactor())
    log.confide(["kanaword", "Kana", "phrase", "channel"], {"kananame": "secret-3f2a9c"})
    line = written("channel paused", rule="kananame", text="a KANAWORD and kana-phrase, kanawords")
    assert line.endswith('info channel paused rule=secret-3f2a9c text="a *** and ***-***, kanawords"')
    stream = io.StringIO()
    log.configure("debug", "text", stream, {})
    logging.getLogger("monitor.x").error(
        "channel %s failed %d times: %s", "kananame", 3, ValueError("kanaword")
    )
    logging.getLogger("elsewhere").error("channel kanaword")
    try:
        int("kanaword")
    except ValueError as error:
        log.failure(log.get_logger("x"), "channel broke", error)
    text = stream.getvalue()
    assert "kana" not in text.lower().replace("secret-3f2a9c", "")
    assert "channel secret-3f2a9c failed 3 times: ***" in text
    assert "error *** *** logger=elsewhere" in text
    assert log.redacted("kanaword") == "***"
