"""Terminal and file channels, the factory and the checks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.delivery.channels import FileChannel, TerminalChannel, build_channel, check_channel
from monitor.model import AnswerClass
from monitor.settings import ChannelConfig, Secret
from tests.support.messages import message, outgoing


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Ascii(io.TextIOWrapper):
    """A stream that knows no letter outside ASCII."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii")


# --- terminal ----------------------------------------------------------------------------------------


def test_a_plain_stream_gets_plain_lines() -> None:
    """Where no terminal is, a card is plain text."""
    stream = io.StringIO()
    assert TerminalChannel("screen", stream=stream).send(outgoing()).kind is AnswerClass.OK
    assert "\x1b" not in stream.getvalue()
    assert "HIGH" in stream.getvalue()
    assert "https://news.example.org/doha" in stream.getvalue()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal hits and severity are coloured."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    TerminalChannel("screen", stream=stream).send(outgoing())
    assert "\x1b[" in stream.getvalue()
    assert "talibans" in stream.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR even a terminal gets plain text."""
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    TerminalChannel("screen", stream=stream).send(outgoing())
    assert "\x1b" not in stream.getvalue()


def test_escape_codes_of_a_feed_never_reach_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed cannot recolour or retitle the terminal, and its brackets are no markup."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    hostile = message(title="\x1b]0;owned\x07 [bold]x[/bold] \x9b31m")
    TerminalChannel("screen", stream=stream).send(outgoing(hostile))
    assert "\x1b]0" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()
    assert "[bold]x[/bold]" in stream.getvalue()


def test_a_narrow_encoding_loses_letters_not_alerts() -> None:
    """A stream that cannot carry a letter gets a question mark."""
    stream = Ascii()
    assert TerminalChannel("screen", stream=stream).send(outgoing()).kind is AnswerClass.OK


def test_a_closed_stream_is_tried_again() -> None:
    """A terminal that went away is a passing failure."""
    stream = io.StringIO()
    stream.close()
    assert TerminalChannel("screen", stream=stream).send(outgoing()).kind is AnswerClass.TRANSIENT


# --- file --------------------------------------------------------------------------------------------


def file_channel(path: Path) -> FileChannel:
    """Build a file channel."""
    return FileChannel(ChannelConfig("log", type="file", path=path))


def test_each_alert_is_one_line(tmp_path: Path) -> None:
    """Every notification appends one line of JSON, readable by its owner alone."""
    path = tmp_path / "alerts.jsonl"
    channel = file_channel(path)
    for attempt in (1, 2):
        assert channel.send(outgoing(attempt=attempt)).kind is AnswerClass.OK
    assert [json.loads(line)["attempt"] for line in path.read_text().splitlines()] == [1, 2]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_is_not_glued_to_the_next(tmp_path: Path) -> None:
    """After a crash in mid-line the next alert begins on a line of its own."""
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"torn": ')
    file_channel(path).send(outgoing())
    assert json.loads(path.read_text().splitlines()[1])["id"] == "tocsin-7f3a"


def test_a_missing_folder_is_a_passing_failure(tmp_path: Path) -> None:
    """A folder may be mounted later; the cause is named."""
    answer = file_channel(tmp_path / "missing" / "alerts.jsonl").send(outgoing())
    assert answer.kind is AnswerClass.TRANSIENT
    assert "No such file or directory" in answer.detail


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """A line that does not fit is taken back whole, and tried again."""
    path = tmp_path / "alerts.jsonl"
    path.write_text("x" * 100 + "\n")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from monitor.delivery.channels import FileChannel; from monitor.settings import ChannelConfig\n"
        "from tests.support.messages import outgoing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))\n"
        "config = ChannelConfig('log', type='file', path=Path(sys.argv[1]))\n"
        "print(FileChannel(config).send(outgoing()).kind)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.strip() == "transient"
    assert path.read_text() == "x" * 100 + "\n"


def test_a_folder_in_the_place_of_the_file_needs_a_person(tmp_path: Path) -> None:
    """What no waiting will mend is a matter of configuration."""
    assert file_channel(tmp_path).send(outgoing()).kind is AnswerClass.CONFIG


def test_only_regular_files_are_written() -> None:
    """A device is no log of alerts."""
    assert file_channel(Path("/dev/null")).send(outgoing()).kind is AnswerClass.CONFIG


# --- factory and checks ------------------------------------------------------------------------------


def test_building_a_channel_imports_nothing_heavy() -> None:
    """Neither Apprise nor rich nor requests is loaded before the first send."""
    script = (
        "import sys; from monitor.delivery.channels import build_channel\n"
        "from monitor.settings import ChannelConfig, Secret\n"
        "for kind in ('apprise', 'webhook', 'terminal', 'file'):\n"
        "    build_channel(ChannelConfig(kind, type=kind, url=Secret('json://127.0.0.1/'))).close()\n"
        "print([name for name in ('apprise', 'rich', 'requests') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["apprise", "webhook"])
def test_a_missing_secret_is_said_with_its_remedy(kind: str) -> None:
    """Without its secret a channel answers config, naming what to do."""
    url = Secret(None, source="env:PHONE", missing="set the variable PHONE")
    answer = build_channel(ChannelConfig("phone", type=kind, url=url)).send(outgoing())
    assert (answer.kind, answer.detail) == (AnswerClass.CONFIG, "set the variable PHONE")


@pytest.mark.parametrize(
    ("config", "code", "word"),
    [
        (ChannelConfig("c", type="pigeon"), "channel-type", "pigeon"),
        (ChannelConfig("c", type="file"), "channel-path", "path"),
        (ChannelConfig("c", type="webhook"), "channel-url", "url"),
        (ChannelConfig("c", type="webhook", url=Secret("ftp://h/")), "channel-url", "https://"),
        (ChannelConfig("c", type="webhook", url=Secret("https:///x")), "channel-url", "not a valid"),
        (ChannelConfig("c", type="apprise"), "channel-url", "url"),
        (ChannelConfig("c", type="terminal", title_template="{nope}"), "template", "{nope}"),
        (ChannelConfig("c", url=Secret(None, missing="set X")), "channel-secret", "set X"),
    ],
)
def test_faulty_channels_are_found(config: ChannelConfig, code: str, word: str) -> None:
    """A check names what is wrong."""
    (problem,) = check_channel(config)
    assert problem.code == code
    assert word in problem.message


def test_good_channels_pass(tmp_path: Path) -> None:
    """A sound channel has no problems."""
    assert check_channel(ChannelConfig("c", type="terminal")) == ()
    assert check_channel(ChannelConfig("c", type="file", path=tmp_path / "x.jsonl")) == ()
    assert check_channel(ChannelConfig("c", type="webhook", url=Secret("https://h.example/x"))) == ()
