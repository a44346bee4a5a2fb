"""Our own webhook against real receivers."""

from __future__ import annotations

import json

import pytest

from monitor.delivery.webhook import WebhookChannel, signature
from monitor.model import AnswerClass
from monitor.settings import ChannelConfig, Secret
from tests.support.messages import outgoing
from tests.support.receivers import HttpReceiver, Reply, basic, dead_port, frozen_receiver


def channel(
    port: int, *, path: str = "/hook", secret: str | None = None, user: str = "", timeout: float = 5.0
) -> WebhookChannel:
    """Build a webhook to a port on loopback."""
    config = ChannelConfig(
        "hook",
        type="webhook",
        url=Secret(f"http://{user}127.0.0.1:{port}{path}"),
        secret=Secret(secret) if secret else None,
    )
    return WebhookChannel(config, contact="desk@example.org\r\nX: y", timeout=timeout)


def test_the_posted_object() -> None:
    """One POST with the stable object, our id and our name."""
    with HttpReceiver() as receiver:
        answer = channel(receiver.port, path="/a%20b?x=1").send(outgoing(attempt=2))
    assert answer.kind is AnswerClass.OK
    (request,) = receiver.requests
    told = json.loads(request.body)
    assert (told["id"], told["attempt"], told["severity"]) == ("tocsin-7f3a", 2, "high")
    assert request.path == "/a%20b?x=1"
    assert request.headers["X-Tocsin-Id"] == "tocsin-7f3a"
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.headers["User-Agent"].startswith("Tocsin/")
    assert "desk@example.org" in request.headers["User-Agent"]
    assert "X-Tocsin-Signature" not in request.headers


def test_the_signature_can_be_verified() -> None:
    """With a secret, time and body are signed."""
    with HttpReceiver() as receiver:
        channel(receiver.port, secret="canary-hmac").send(outgoing())
    (request,) = receiver.requests
    stamp = request.headers["X-Tocsin-Timestamp"]
    assert request.headers["X-Tocsin-Signature"] == signature("canary-hmac", stamp, request.body)


def test_the_signature_is_the_documented_one() -> None:
    """HMAC-SHA256 over the timestamp, a dot and the body, as any other tool computes it."""
    expected = "sha256=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"
    assert signature("k", "1", b"{}") == expected


def test_user_and_password_become_basic_authentication() -> None:
    """Userinfo in the address is sent as a header, not in the address."""
    with HttpReceiver() as receiver:
        channel(receiver.port, user="me:p%40ss@").send(outgoing())
    assert receiver.requests[0].headers["Authorization"] == basic("me", "p@ss")


@pytest.mark.parametrize(
    ("reply", "kind", "wait"),
    [
        (Reply(204, body=b""), AnswerClass.OK, None),
        (Reply(500), AnswerClass.TRANSIENT, None),
        (Reply(503, {"Retry-After": "9"}), AnswerClass.TRANSIENT, 9.0),
        (Reply(429, {"Retry-After": "7"}), AnswerClass.RATE, 7.0),
        (Reply(401), AnswerClass.CONFIG, None),
        (Reply(413), AnswerClass.CONTENT, None),
        (Reply(hang_up=True), AnswerClass.UNKNOWN, None),
    ],
)
def test_answers(reply: Reply, kind: AnswerClass, wait: float | None) -> None:
    """Each answer of a receiver gets its class."""
    with HttpReceiver(reply) as receiver:
        answer = channel(receiver.port).send(outgoing())
    assert (answer.kind, answer.retry_after) == (kind, wait)


def test_redirects_are_not_followed() -> None:
    """A redirect is an answer, not an address to go to."""
    with HttpReceiver() as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/inner"
        with HttpReceiver(Reply(302, {"Location": target})) as receiver:
            assert channel(receiver.port).send(outgoing()).kind is AnswerClass.CONFIG
        assert elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the configured host is contacted."""
    with HttpReceiver() as proxy, HttpReceiver() as receiver:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert channel(receiver.port).send(outgoing()).kind is AnswerClass.OK
        assert proxy.requests == []


def test_a_dead_port_is_a_passing_failure() -> None:
    """Nobody was reached, so nothing can be repeated."""
    assert channel(dead_port()).send(outgoing()).kind is AnswerClass.TRANSIENT


def test_a_frozen_receiver_leaves_the_outcome_unknown() -> None:
    """A receiver that took the request and never answered may have it."""
    with frozen_receiver() as port:
        assert channel(port, timeout=0.2).send(outgoing()).kind is AnswerClass.UNKNOWN


def test_secrets_stay_out_of_the_detail() -> None:
    """No answer repeats the address, the password or the secret."""
    for port, timeout in ((dead_port(), 5.0), (0, 5.0)):
        sender = channel(
            port, path="/canary-path", secret="canary-hmac", user="u:canary-pw@", timeout=timeout
        )
        assert "canary" not in sender.send(outgoing()).detail
