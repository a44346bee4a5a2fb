"""
The log: one line an event, in a form that nothing logged can break out of, and without secrets.

Every record of the process, ours and other libraries', goes through one handler. An event is a fixed sentence
with named fields:

    log = get_logger("poll")
    event(log, "info", "feed polled", feed="lemonde-une", status=304, new=0)

    text     2026-11-24T10:00:00Z info feed polled feed=lemonde-une status=304 new=0
    journal  the same sentence with its fields, and each field once more by name: TOCSIN_FEED=lemonde-une, …;
             where the journal does not take it: <6>feed polled feed=lemonde-une status=304 new=0
    json     {"time": "2026-11-24T10:00:00Z", "level": "info", "logger": "poll", "message": "feed polled", …}

Values stand bare where they are harmless and quoted where not; line breaks and control characters are always
escaped, so a hostile headline can forge no line, no field and no terminal sequence.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import sys
import traceback
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from monitor.service import journal
from monitor.service.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OURS = "monitor"
# Libraries whose lower levels name addresses, headers or every single job.
CHATTY = ("apprise", "apscheduler", "asyncio", "httpcore", "httpx", "urllib3")
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3}  # syslog's, which the journal takes
LONGEST_VALUE = 2_000  # characters: a headline of a megabyte is not a log line
LONGEST_TRACEBACK = 20_000
MOST_VALUES = 50  # of a list
PACKAGE = Path(__file__).parents[1]

_FIELDS = "tocsin_fields"  # the attribute of a record that carries them
_BARE = re.compile(r'[^\s"=\\]+')
_SENTENCE = re.compile(r'[^\s"=\\]+( [^\s"=\\]+)*')
_redactor = Redactor()


def get_logger(name: str) -> logging.Logger:
    """The logger of one part of Tocsin, "poll" or "delivery" for instance."""
    return logging.getLogger(f"{OURS}.{name}")


def event(logger: logging.Logger, level: str, message: str, /, **fields: object) -> None:
    """Log a fixed sentence with what varies as fields; `level` is debug, info, warning or error."""
    if logger.isEnabledFor(LEVELS[level]):  # most of what polls say is not heard
        logger.log(LEVELS[level], message, extra={_FIELDS: fields}, stacklevel=2)


def failure(logger: logging.Logger, message: str, error: BaseException, /, **fields: object) -> None:
    """Log an exception nobody expected: its type and place; the traceback too where the level is debug."""
    logger.error(message, exc_info=error, extra={_FIELDS: fields}, stacklevel=2)


def redact(values: Iterable[str]) -> None:
    """Register secrets that no line of the log may show from now on; of less than four characters, none."""
    _redactor.add(values)


def confide(words: Iterable[str], names: Mapping[str, str]) -> None:
    """Register what secret rules ask for, and their names with what stands for each."""
    _redactor.confide(words, names)


def redacted(text: str) -> str:
    """The text without any registered secret, for what is shown elsewhere than in the log."""
    return _redactor.discreet(text)


def configure(
    level: str = "info",
    log_format: str = "auto",
    stream: TextIO | None = None,
    env: Mapping[str, str] | None = None,
    journal_socket: str = journal.SOCKET,
) -> None:
    """
    Send the process's log to `stream` (default: stderr); calling it again replaces what was set before.

    `log_format` is auto, text, json or journal. In the journal's form a stream that leads to the journal is
    bypassed: entries go to its socket, with their fields. Other libraries are heard from warnings on, never
    below.
    """
    stream = sys.stderr if stream is None else stream
    threshold = LEVELS[level]
    env = os.environ if env is None else env
    style = _style(log_format, stream, env)
    native = style == "journal" and _is_journal(stream, env.get("JOURNAL_STREAM", ""))
    lines = _Formatter(style, threshold <= logging.DEBUG)
    handler = _Handler(stream, lines, journal.Journal(journal_socket) if native else None)
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _Handler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    logging.getLogger(OURS).setLevel(threshold)
    for name in (None, *CHATTY):
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(capture=True)


def _style(log_format: str, stream: TextIO, env: Mapping[str, str]) -> str:
    if log_format != "auto":
        return log_format
    return "journal" if not stream.isatty() and _is_journal(stream, env.get("JOURNAL_STREAM", "")) else "text"


def _is_journal(stream: TextIO, named: str) -> bool:
    """
    Whether this very stream leads to the journal.

    The variable alone does not say so: a shell in a desktop session inherits it, and then writes to a file.
    """
    try:
        stat = os.fstat(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return False
    return named == f"{stat.st_dev}:{stat.st_ino}"


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines that its stream can spell, and keeps quiet when it cannot write at all."""

    def __init__(self, stream: TextIO, lines: _Formatter, to_journal: journal.Journal | None) -> None:
        super().__init__(stream)
        self._lines = lines
        self.setFormatter(lines)
        self._journal = to_journal

    def emit(self, record: logging.LogRecord) -> None:
        if self._journal is None or not self._told(self._journal, record):
            super().emit(record)

    def _told(self, to_journal: journal.Journal, record: logging.LogRecord) -> bool:
        try:
            return to_journal.send(self._lines.entry(record))
        except Exception:  # noqa: BLE001 - as in logging's own handlers: nothing logged may stop its caller
            return False

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()
        super().close()

    def format(self, record: logging.LogRecord) -> str:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return super().format(record).encode(encoding, "backslashreplace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Nothing: a full disk or a closed terminal behind the log must not stop what is being logged."""


class _Formatter(logging.Formatter):
    def __init__(self, form: str, tracebacks: bool) -> None:
        super().__init__()
        self._form = form
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        level = _level_word(record.levelno)
        message, fields = self._parts(record)
        time = _instant(datetime.fromtimestamp(record.created, UTC))
        logger = record.name.removeprefix(f"{OURS}.")
        if self._form == "json":
            known = {"time": time, "level": level, "logger": logger, "message": message}
            return json.dumps(known | {f"{n}_" if n in known else n: value for n, value in fields.items()})
        line = _line(message, _with_speaker(record, fields))
        return f"<{PRIORITIES[level]}>{line}" if self._form == "journal" else f"{time} {level} {line}"

    def entry(self, record: logging.LogRecord) -> dict[str, str]:
        """The record as the journal's fields; MESSAGE is the whole line, as journalctl shows nothing else."""
        message, fields = self._parts(record)
        named = {journal.field_name(name): _bare_text(_joined(value)) for name, value in fields.items()}
        return named | {
            "MESSAGE": _line(message, _with_speaker(record, fields)),
            "PRIORITY": str(PRIORITIES[_level_word(record.levelno)]),
            "SYSLOG_IDENTIFIER": "tocsin",
            "TOCSIN_EVENT": message,
            "TOCSIN_LOGGER": record.name.removeprefix(f"{OURS}."),
        }

    def _parts(self, record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
        """The sentence and the fields, as JSON knows them, without secrets."""
        fields = {_key(name): _value(value) for name, value in getattr(record, _FIELDS, {}).items()}
        if record.exc_info and record.exc_info[1]:
            fields |= _described(record.exc_info[1], self._tracebacks)
        return _string(_message(record), ours=record.name.startswith(f"{OURS}.")), fields


def _with_speaker(record: logging.LogRecord, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a line; of a library that is not ours, with its name."""
    return fields if record.name.startswith(f"{OURS}.") else fields | {"logger": record.name}


def _level_word(number: int) -> str:
    """The nearest of our levels at or below: libraries invent levels of their own."""
    return next((word for word, least in reversed(LEVELS.items()) if number >= least), "debug")


def _message(record: logging.LogRecord) -> str:
    """What is said; of our own records what is put into the sentence is looked at, the sentence is ours."""
    try:
        if record.args and record.name.startswith(f"{OURS}."):
            return str(str(record.msg) % _discreet(record.args))
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library's wrong arguments must not cost the event
        return str(record.msg)


def _discreet(args: Any) -> Any:
    """The arguments of a message: numbers as they are, all else as text without what is confidential."""
    if not isinstance(args, tuple):
        return {name: _plainly(value) for name, value in args.items()}
    return tuple(_plainly(value) for value in args)


def _plainly(value: object) -> object:
    return value if isinstance(value, (int, float)) else redacted(_text_of(value))


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _value(value: object) -> Any:
    """The value as JSON knows it, without secrets: null, boolean, number, string, or a list of these."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _string(value.value if isinstance(value.value, str) else value.name.lower())
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value if redacted(str(value)) == str(value) else _string(str(value))
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(one) for one in list(value)[:MOST_VALUES]]
    if isinstance(value, bytes):
        return _string(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, BaseException):
        return _string(f"{type(value).__name__}: {_text_of(value)}")
    return _string(_text_of(value))


def _text_of(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - whatever it is, it must not cost the event
        return f"<unprintable {type(value).__name__}>"


def _string(text: str, longest: int = LONGEST_VALUE, *, ours: bool = False) -> str:
    """Without secrets, then cut: the other way round could leave half of a secret standing."""
    text = _redactor(text) if ours else redacted(text)
    return text if len(text) <= longest else f"{text[:longest]}…"


def _instant(time: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _line(message: str, fields: Mapping[str, Any]) -> str:
    """The sentence and its fields; a sentence that could be taken for fields is quoted."""
    plain = _SENTENCE.fullmatch(message) and message.isprintable()
    sentence = message if plain else _quoted(message)
    return " ".join([sentence, *(f"{name}={_spelt(value)}" for name, value in fields.items())])


def _spelt(value: Any) -> str:
    """A value as it stands behind the equals sign."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = str(_joined(value))
    return text if _BARE.fullmatch(text) and text.isprintable() else _quoted(text)


def _joined(value: Any) -> Any:
    """A list as one text, anything else as it is."""
    return ",".join(map(_bare_text, value)) if isinstance(value, list) else value


def _bare_text(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _escape(c) for c in escaped) + '"'


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _described(error: BaseException, tracebacks: bool) -> dict[str, Any]:
    described = {"error": _value(error), "at": _place(error)}
    if tracebacks:
        described["traceback"] = _string("".join(traceback.format_exception(error)), LONGEST_TRACEBACK)
    return described


def _place(error: BaseException) -> str:
    """The innermost line of ours that the error came through, else the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(PACKAGE)]
    if ours:
        return f"{Path(ours[-1].filename).relative_to(PACKAGE)}:{ours[-1].lineno}"
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
