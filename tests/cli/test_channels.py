"""`tocsin channels`: what is known of them, and a message to try one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.cli.channels import REMEDIES
from monitor.model import AnswerClass
from monitor.store.outbox import save_channel
from monitor.store.rows import ChannelState
from tests.support.cli import run
from tests.support.installed import SCREEN, configured
from tests.support.receivers import HttpReceiver, Reply, dead_port
from tests.support.store import NOW, new_database, transaction

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2-and-more"
HOOK = '[channels.hook]\ntype = "webhook"\nurl = "{url}"\n'


def test_the_list_shows_pauses_and_answers(tmp_path: Path) -> None:
    """A pause that is over is none."""
    database = new_database(tmp_path)
    soon = datetime.now(UTC) + timedelta(hours=3)
    with transaction(database) as tx:
        save_channel(tx, ChannelState("desk", soon, "rate", NOW, NOW, "429 too many"))
        save_channel(tx, ChannelState("old", NOW, "rate"))
    config = configured(tmp_path, database, SCREEN + SCREEN.replace("desk", "old"))
    desk, old = run("channels", "list", "--json", "--config", config).objects
    assert (desk["name"], desk["type"], desk["last_error"]) == ("desk", "terminal", "429 too many")
    assert desk["last_ok"] == "2026-03-01T12:00:00Z"
    assert desk["paused_until"] is not None
    assert old["paused_until"] is None
    table = run("channels", "list", "--config", config).out
    assert "429 too many" in table


def test_the_list_never_shows_an_address(tmp_path: Path) -> None:
    """Nor does a test that fails: the address is a secret."""
    place = f"user:{SECRET}@127.0.0.1:{dead_port()}/{SECRET}"
    channels = HOOK.format(url=f"http://{place}") + f'[channels.room]\nurl = "json://{place}"\n'
    config = configured(tmp_path, tmp_path / "none.db", channels)
    for verb in (("list",), ("list", "--json"), ("test", "hook"), ("test", "room", "--json", "--debug")):
        outcome = run("channels", *verb, "--config", config)
        assert SECRET not in outcome.out + outcome.err


def test_before_the_first_run_channels_are_listed_all_the_same(tmp_path: Path) -> None:
    """Without a database nothing is known of them but what the file says."""
    outcome = run("channels", "list", "--config", configured(tmp_path, tmp_path / "none.db"))
    assert outcome.code == 0
    assert outcome.out.splitlines()[1].split()[:2] == ["desk", "terminal"]


def test_a_test_message_goes_to_the_terminal(tmp_path: Path) -> None:
    """The card says that it is a test."""
    outcome = run("channels", "test", "desk", "--config", configured(tmp_path, tmp_path / "none.db"))
    assert outcome.code == 0
    assert "● TEST" in outcome.out
    assert "desk: delivered: shown\n" in outcome.err


def test_json_stays_json_when_the_channel_is_the_terminal(tmp_path: Path) -> None:
    """The card goes to standard error then."""
    config = configured(tmp_path, tmp_path / "none.db")
    outcome = run("channels", "test", "desk", "--json", "--config", config)
    (told,) = outcome.objects
    assert told == {
        "channel": "desk",
        "delivered": True,
        "answer": "ok",
        "detail": "shown",
        "status": None,
        "retry_after": None,
        "hint": None,
    }
    assert "● TEST" in outcome.err


def test_a_test_message_goes_to_a_file(tmp_path: Path) -> None:
    """Marked as a test, in the shape of every notification."""
    file = tmp_path / "alerts.jsonl"
    config = configured(tmp_path, tmp_path / "none.db", f'[channels.log]\ntype = "file"\npath = "{file}"\n')
    assert run("channels", "test", "log", "--config", config).code == 0
    assert json.loads(file.read_text())["kind"] == "test"


def test_what_the_receiver_says_decides(tmp_path: Path) -> None:
    """Exit 1 with its answer where it did not take the message."""
    with HttpReceiver(200, 404) as receiver:
        config = configured(
            tmp_path, tmp_path / "none.db", HOOK.format(url=f"http://127.0.0.1:{receiver.port}/in")
        )
        assert run("channels", "test", "hook", "--config", config).code == 0
        outcome = run("channels", "test", "hook", "--config", config)
    assert outcome.code == 1
    first, then = outcome.err.splitlines()
    assert first == (
        "hook: not delivered: HTTP 404: there is nothing at this address; check the channel's URL"
    )
    assert then.strip() == "mend [channels.hook] in the configuration, then: tocsin channels test hook"
    assert [json.loads(r.body)["kind"] for r in receiver.requests] == ["test", "test"]


@pytest.mark.parametrize(
    ("reply", "answer", "words"),
    [
        (Reply(400), "content", "short and plain"),
        (Reply(401), "config", "mend [channels.hook]"),
        (Reply(429, {"Retry-After": "70"}), "rate", "alerts wait by themselves"),
        (Reply(500), "transient", "for seven days"),
        (Reply(hang_up=True), "unknown", "look whether it arrived"),
    ],
)
def test_every_no_comes_with_what_to_do(tmp_path: Path, reply: Reply, answer: str, words: str) -> None:
    """For people and for programs: the class, the status and the wait stand in the object."""
    with HttpReceiver(reply, reply) as receiver:
        hook = HOOK.format(url=f"http://127.0.0.1:{receiver.port}/in")
        config = configured(tmp_path, tmp_path / "none.db", hook)
        outcome = run("channels", "test", "hook", "--config", config)
        (told,) = run("channels", "test", "hook", "--json", "--config", config).objects
    assert outcome.code == 1
    assert outcome.out == ""
    assert words in outcome.err.splitlines()[1]
    assert (told["answer"], told["delivered"]) == (answer, False)
    assert words in told["hint"]
    assert told["status"] == (None if reply.hang_up else reply.status)
    assert told["retry_after"] == (70.0 if reply.status == 429 else None)


def test_every_class_of_no_has_a_remedy() -> None:
    """None is left to guesses."""
    assert set(REMEDIES) == {kind.value for kind in AnswerClass} - {"ok"}


def test_a_yes_that_proves_little_says_so(tmp_path: Path) -> None:
    """A program behind json:// may do anything with it."""
    with HttpReceiver() as receiver:
        room = f'[channels.room]\nurl = "json://127.0.0.1:{receiver.port}/x"\n'
        outcome = run(
            "channels", "test", "room", "--config", configured(tmp_path, tmp_path / "none.db", room)
        )
    assert outcome.code == 0
    assert "look whether it arrived" in outcome.err


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("config", "alerts for it are paused (in 9 min); send them now: tocsin outbox retry --channel desk"),
        ("rate", "its receiver asked for a pause before: alerts go out again in 9 min"),
    ],
)
def test_a_mended_channel_says_when_what_waits_goes_out(tmp_path: Path, reason: str, hint: str) -> None:
    """At once by hand, where the channel was to be mended; a pause that the receiver asked for holds."""
    database = new_database(tmp_path)
    with transaction(database) as tx:
        soon = datetime.now(UTC) + timedelta(minutes=9, seconds=30)
        save_channel(tx, ChannelState("desk", soon, reason, NOW, NOW, "no"))
    outcome = run("channels", "test", "desk", "--config", configured(tmp_path, database))
    assert outcome.code == 0
    assert outcome.err.splitlines() == ["desk: delivered: shown", f"    {hint}"]


def test_a_database_that_cannot_be_read_spoils_no_test(tmp_path: Path) -> None:
    """The message went out; that is what was asked."""
    (tmp_path / "t.db").write_bytes(b"no database" * 100)
    outcome = run("channels", "test", "desk", "--config", configured(tmp_path, tmp_path / "t.db"))
    assert (outcome.code, outcome.err) == (0, "desk: delivered: shown\n")


def test_a_missing_secret_is_said(tmp_path: Path) -> None:
    """The variable is named, so that it can be set."""
    assert "TOCSIN_NOT_SET" not in os.environ
    hook = '[channels.hook]\ntype = "webhook"\nurl = { env = "TOCSIN_NOT_SET" }\n'
    config = configured(tmp_path, tmp_path / "none.db", hook)
    outcome = run("channels", "test", "hook", "--config", config)
    assert outcome.code == 1
    assert "TOCSIN_NOT_SET" in outcome.err


def test_an_unknown_channel_is_a_usage_error(tmp_path: Path) -> None:
    """With the nearest name as a hint."""
    outcome = run("channels", "test", "dsk", "--config", configured(tmp_path, tmp_path / "none.db"))
    assert outcome.code == 2
    assert "did you mean desk?" in outcome.err


def test_a_config_without_channels_has_the_terminal(tmp_path: Path) -> None:
    """It is what alerts would go to."""
    config = configured(tmp_path, tmp_path / "none.db", "")
    (only,) = run("channels", "list", "--json", "--config", config).objects
    assert (only["name"], only["type"]) == ("terminal", "terminal")
