"""Real Apprise against real HTTP receivers."""

from __future__ import annotations

import importlib
import json
import logging
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from monitor.delivery import apprise_channel
from monitor.delivery.apprise_channel import AppriseChannel, channel_url, load_plugin
from monitor.model import Answer, AnswerClass
from monitor.settings import ChannelConfig, Secret
from tests.support.messages import message, outgoing
from tests.support.receivers import HttpReceiver, Reply, dead_port, frozen_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator


def channel(url: str, *, password: str | None = None) -> AppriseChannel:
    """Build a channel for a URL."""
    return AppriseChannel(
        ChannelConfig("phone", url=Secret(url), password=Secret(password) if password else None)
    )


def send(url: str) -> Answer:
    """Send one alert to a URL."""
    return channel(url).send(outgoing())


def test_a_script_of_answers_is_classified_one_by_one() -> None:
    """500, 500, 429 with Retry-After and 200 are seen as what they are."""
    with HttpReceiver(500, 500, Reply(429, {"Retry-After": "7"}), 200) as receiver:
        sender = channel(f"json://127.0.0.1:{receiver.port}/x")
        answers = [sender.send(outgoing(attempt=attempt)) for attempt in (1, 2, 3, 4)]
    assert [answer.kind for answer in answers] == [
        AnswerClass.TRANSIENT,
        AnswerClass.TRANSIENT,
        AnswerClass.RATE,
        AnswerClass.OK,
    ]
    assert answers[2].retry_after == 7.0
    assert [answer.status for answer in answers] == [500, 500, 429, 200]
    assert len(receiver.requests) == 4
    assert {request.headers["X-Tocsin-Id"] for request in receiver.requests} == {"tocsin-7f3a"}


def test_what_is_posted() -> None:
    """Title and body arrive as plain text, and no picture of a foreign host with them."""
    with HttpReceiver() as receiver:
        told = message(title="5 < 6 & <b>bold</b> :smile: \\n")
        channel(f"json://127.0.0.1:{receiver.port}/x").send(outgoing(told))
    posted = json.loads(receiver.requests[0].body)
    assert posted["title"] == "[high] 5 < 6 & <b>bold</b> :smile: \\n"
    assert "https://news.example.org/doha" in posted["message"]
    assert b"github" not in receiver.requests[0].body


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401), AnswerClass.CONFIG),
        (Reply(404), AnswerClass.CONFIG),
        (Reply(410), AnswerClass.CONFIG),
        (Reply(400), AnswerClass.CONTENT),
        (Reply(413), AnswerClass.CONTENT),
        (Reply(503), AnswerClass.TRANSIENT),
        (Reply(hang_up=True), AnswerClass.UNKNOWN),
        (Reply(200, {"Content-Length": "100"}, b"short"), AnswerClass.UNKNOWN),
    ],
)
def test_answers(reply: Reply, kind: AnswerClass) -> None:
    """Each answer of a receiver gets its class, although Apprise only says failure."""
    with HttpReceiver(reply) as receiver:
        assert send(f"json://127.0.0.1:{receiver.port}/x").kind is kind


def test_redirects_are_not_followed_even_if_asked_for() -> None:
    """A redirect is an answer; the URL's own redirect=yes does not change that."""
    with HttpReceiver() as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/inner"
        with HttpReceiver(Reply(302, {"Location": target})) as receiver:
            answer = send(f"json://127.0.0.1:{receiver.port}/x?redirect=yes")
        assert answer.kind is AnswerClass.CONFIG
        assert elsewhere.requests == []


def test_the_url_cannot_bring_back_retries_or_silent_failure() -> None:
    """retry= would send twice unseen, optional= would call a failure a success: both are switched off."""
    with HttpReceiver(500, 200) as receiver:
        answer = send(f"json://127.0.0.1:{receiver.port}/x?retry=3&wait=0&optional=yes")
    assert answer.kind is AnswerClass.TRANSIENT
    assert len(receiver.requests) == 1


def test_a_dead_port_is_a_passing_failure() -> None:
    """Nobody was reached, so nothing can be repeated."""
    answer = send(f"json://127.0.0.1:{dead_port()}/x")
    assert answer.kind is AnswerClass.TRANSIENT
    assert "refuses" in answer.detail


def test_a_frozen_receiver_leaves_the_outcome_unknown() -> None:
    """A receiver that took the request and never answered may have it."""
    with frozen_receiver() as port:
        assert send(f"json://127.0.0.1:{port}/x?cto=0.2&rto=0.2").kind is AnswerClass.UNKNOWN


def test_it_sends_in_the_calling_thread() -> None:
    """No pool of Apprise's own takes part, so one receiver cannot starve another."""
    with HttpReceiver() as receiver:
        before = set(threading.enumerate())
        send(f"json://127.0.0.1:{receiver.port}/x")
        new = {thread.name.partition("-")[0] for thread in set(threading.enumerate()) - before}
        assert new <= {"Thread"}, "the receiver's own, one a request"


def test_limits_of_the_service_are_kept() -> None:
    """What does not fit is cut by us, with the link kept, and sent as one message."""
    with HttpReceiver() as receiver:
        sender = channel(f"json://127.0.0.1:{receiver.port}/x")
        sender._plugin = load_plugin(f"json://127.0.0.1:{receiver.port}/x")
        sender._plugin.body_maxlen = 160
        sender.send(outgoing(message(excerpt="mot " * 300, marks=())))
    (request,) = receiver.requests
    posted = json.loads(request.body)
    assert len(posted["title"]) + len(posted["message"]) < 160
    assert "https://news.example.org/doha" in posted["message"]


def test_templates_of_the_channel_are_used() -> None:
    """A channel's own layout reaches the receiver."""
    with HttpReceiver() as receiver:
        config = ChannelConfig(
            "phone",
            url=Secret(f"json://127.0.0.1:{receiver.port}/x"),
            title_template="{feed}",
            body_template="{id}",
        )
        AppriseChannel(config).send(outgoing())
    posted = json.loads(receiver.requests[0].body)
    assert (posted["title"], posted["message"]) == ("lemonde-une", "tocsin-7f3a")


@pytest.mark.parametrize("url", ["", "nonsense", "tgrm://a/b", "slack://", "mailto://"])
def test_an_unusable_url_is_a_matter_of_configuration(url: str) -> None:
    """A URL that makes no channel is answered, not raised."""
    assert send(url).kind is AnswerClass.CONFIG


def test_a_broken_plugin_leaves_the_outcome_unknown() -> None:
    """What a plugin raises in mid-send does not get out, and may have been sent."""
    sender = channel("json://127.0.0.1/x")
    sender._plugin = object()
    assert sender.send(outgoing()).kind is AnswerClass.UNKNOWN


def test_modules_of_known_services_are_right() -> None:
    """The short way to a plugin gives the same class as Apprise's full registry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = importlib.import_module("apprise.manager_plugins").NotificationManager()
        for schema, name in apprise_channel._MODULES.items():
            assert known[schema].__module__.startswith(f"apprise.plugins.{name}")
        assert type(load_plugin("tgram://123456789:abcdefg_hijklmnop/12315544/")) is known["tgram"]


# --- passwords ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "password", "whole"),
    [
        ("mailto://user@host?to=a@b.org", "p/w@:?", "mailto://user:p%2Fw%40%3A%3F@host?to=a@b.org"),
        ("mailto://user@host", "pw", "mailto://user:pw@host"),
        ("mailtos://me%40x.org@host:465/to", "pw", "mailtos://me%40x.org:pw@host:465/to"),
    ],
)
def test_a_separate_password_is_put_into_the_url(url: str, password: str, whole: str) -> None:
    """The password is percent-encoded behind the user's name."""
    config = ChannelConfig("desk", url=Secret(url), password=Secret(password))
    assert channel_url(config) == whole


@pytest.mark.parametrize("url", ["mailto://host", "mailto://user:old@host", "nonsense", "mailto://@host"])
def test_a_password_without_its_place_is_refused(url: str) -> None:
    """Without a user, or with two passwords, the form that is needed is said, and the password is not."""
    config = ChannelConfig("desk", url=Secret(url), password=Secret("canary"))
    with pytest.raises(LookupError, match="user@host") as caught:
        channel_url(config)
    assert "canary" not in str(caught.value)
    assert AppriseChannel(config).send(outgoing()).kind is AnswerClass.CONFIG


# --- secrets -----------------------------------------------------------------------------------------


class Everything(logging.Handler):
    """Keeps what any logger says."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture
def everything() -> Iterator[Everything]:
    """Listen at the root logger at the lowest level."""
    root = logging.getLogger()
    before, handler = root.level, Everything()
    root.addHandler(handler)
    root.setLevel(1)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def test_secrets_are_in_no_detail_and_no_log(
    everything: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong at DEBUG, tokens in user, password, path, query and header are printed nowhere."""
    details = []
    for reply in (Reply(200), Reply(401), Reply(500), Reply(429), Reply(hang_up=True)):
        with HttpReceiver(reply) as receiver:
            urls = (
                f"json://user:canary-a@127.0.0.1:{receiver.port}/canary-b?+X-Key=canary-c&-q=canary-d",
                f"gotify://127.0.0.1:{receiver.port}/canary-e0123456",
                f"ntfy://canary-f:canary-g@127.0.0.1:{receiver.port}/canary-h",
            )
            details += [send(url).detail for url in urls]
    details += [send(url).detail for url in ("tgram://canary-i/x", "slack://canary-j", "canary-k")]
    details.append(send(f"json://canary-l:canary-m@127.0.0.1:{dead_port()}/canary-n").detail)
    out, err = capfd.readouterr()
    assert all(details)
    assert "canary" not in "\n".join([*details, *everything.said, out, err])


# --- services with a fixed host, led to a double -----------------------------------------------------

JSON = {"Content-Type": "application/json"}


def test_telegram_says_how_long_to_wait() -> None:
    """Telegram's own retry_after is heard, an unknown chat is a matter of configuration, text is escaped."""
    url = "tgram://123456789:abcdefg_hijklmnop/12315544/"
    busy = Reply(429, JSON, b'{"ok": false, "parameters": {"retry_after": 31}}')
    lost = Reply(400, JSON, b'{"ok": false, "description": "Bad Request: chat not found"}')
    with HttpReceiver(busy, lost, Reply(200, JSON, b'{"ok": true}')) as receiver:
        sender = channel(url)
        sender._plugin = load_plugin(url)
        sender._plugin.notify_url = f"http://127.0.0.1:{receiver.port}/bot"
        told = outgoing(message(title="<b>x</b> [bank](https://evil.example)"))
        answers = [sender.send(told) for _ in range(3)]
    assert [answer.kind for answer in answers] == [AnswerClass.RATE, AnswerClass.CONFIG, AnswerClass.OK]
    assert answers[0].retry_after == 31.0
    text = json.loads(receiver.requests[-1].body)["text"]
    assert "<b>[high] &lt;b&gt;x&lt;/b&gt; [bank]" in text
    assert "](" not in text


def test_slack_fails_with_a_200() -> None:
    """Slack's ok:false under a 200 is read, and a feed cannot call the whole channel."""
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general"
    with HttpReceiver(Reply(200, JSON, b'{"ok": false, "error": "channel_not_found"}')) as receiver:
        sender = channel(url)
        sender._plugin = load_plugin(url)
        sender._plugin.webhook_url = f"http://127.0.0.1:{receiver.port}/services"
        answers = [sender.send(outgoing(message(title="<!channel> look"))) for _ in range(2)]
    assert [answer.kind for answer in answers] == [AnswerClass.CONFIG, AnswerClass.OK]
    assert b"<!channel>" not in receiver.requests[0].body
