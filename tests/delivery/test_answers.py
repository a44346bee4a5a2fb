"""What services answer, as their plugins get it: how long to wait, what Slack means, pages of strangers."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from monitor.delivery.apprise_channel import AppriseChannel, load_plugin, unformatted
from monitor.delivery.webhook import WebhookChannel
from monitor.model import Answer, AnswerClass
from monitor.settings import ChannelConfig, Secret
from tests.support.messages import outgoing
from tests.support.receivers import HttpReceiver, Reply

if TYPE_CHECKING:
    from tests.support.receivers import Request

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>"
# A service: its URL, and the plugin's attribute that leads it to loopback.
SERVICES = {
    "telegram": ("tgram://123456789:abcdefg_hijklmnop/12315544/", "notify_url", "/bot"),
    "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "webhook_url", "/services"),
    "slackbot": ("slack://xoxb-1234-1234-abc124/#general", "api_url", "/api/{}"),
    "discord": ("discord://123/abc", "notify_url", "/api/webhooks"),
    "matrix": ("matrix://user:secret@127.0.0.1:{port}/!room:b", "", ""),
    "ntfy": ("ntfy://127.0.0.1:{port}/topic", "", ""),
    "gotify": ("gotify://127.0.0.1:{port}/token", "", ""),
    "mattermost": ("mmost://127.0.0.1:{port}/abcdefghijklmnopqrstuvwxyz", "", ""),
    "pushover": ("pover://" + "u" * 30 + "@" + "t" * 30, "notify_url", "/1"),
}


def ask(service: str, receiver: HttpReceiver) -> Answer:
    """Send one through the service's own plugin."""
    url, attribute, path = SERVICES[service]
    url = url.replace("{port}", str(receiver.port))
    channel = AppriseChannel(ChannelConfig("desk", url=Secret(url)))
    channel._plugin = load_plugin(unformatted(url))
    channel._plugin.request_rate_per_sec = 0
    if attribute:
        setattr(channel._plugin, attribute, f"http://127.0.0.1:{receiver.port}{path}")
    return channel.send(outgoing())


def said(body: dict[str, Any], status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    return Reply(
        status,
        JSON | {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps(body).encode(),
    )


LOGGED_IN = said({"access_token": "t", "user_id": "@a:b", "home_server": "b", "room_id": "!room:b"})


@pytest.mark.parametrize(
    ("service", "no", "wait"),
    [
        ("telegram", said({"ok": False, "parameters": {"retry_after": 1000}}, 429), 1000),
        ("slack", Reply(429, {"Retry-After": "1000"}, b"rate_limited"), 1000),
        ("slackbot", said({"ok": False, "error": "ratelimited"}, 429, Retry_After="1000"), 1000),
        ("discord", said({"message": "slow", "retry_after": 999.25, "global": False}, 429), 999.25),
        ("discord", said({"retry_after": 64.57}, 429, Retry_After="65", X_RateLimit_Scope="user"), 65),
        ("matrix", said({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 900_500}, 429), 900.5),
        ("ntfy", said({"code": 42901, "error": "limit reached"}, 429, Retry_After="1000"), 1000),
        ("pushover", Reply(429, {"Retry-After": "Sun, 01 Mar 2020 12:00:00 GMT"}, b"{}"), 0),
        ("mattermost", Reply(429, {}, b"no"), None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_service_that_says_wait_is_asked_once_and_heard(
    service: str, no: Reply, wait: float | None
) -> None:
    """No plugin sleeps in our place or asks again by itself, whatever way its service says how long."""

    def decide(request: Request) -> Reply:
        return LOGGED_IN if service == "matrix" and "/send/" not in request.path else no

    with HttpReceiver(decide=decide) as receiver:
        begun = time.monotonic()
        answer = ask(service, receiver)
        assert time.monotonic() - begun < 10
        asked = [r for r in receiver.requests if service != "matrix" or "/send/" in r.path]
    assert (answer.kind, answer.retry_after) == (AnswerClass.RATE, wait)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        ("invalid_auth", AnswerClass.CONFIG, "“invalid_auth”: the token"),
        ("token_revoked", AnswerClass.CONFIG, "“token_revoked”: the token"),
        ("account_inactive", AnswerClass.CONFIG, "“account_inactive”: the token"),
        ("missing_scope", AnswerClass.CONFIG, "“missing_scope”: the token may not do this"),
        ("not_in_channel", AnswerClass.CONFIG, "nobody was let into it"),
        ("channel_not_found", AnswerClass.CONFIG, "there is no such channel"),
        ("is_archived", AnswerClass.CONFIG, "“is_archived”"),
        ("restricted_action_read_only_channel", AnswerClass.CONFIG, "may not do this"),
        ("ratelimited", AnswerClass.RATE, "“ratelimited”"),
        ("rate_limited", AnswerClass.RATE, "“rate_limited”"),
        ("msg_too_long", AnswerClass.CONTENT, "“msg_too_long”"),
        ("invalid_blocks_format", AnswerClass.CONTENT, "“invalid_blocks_format”"),
        ("internal_error", AnswerClass.TRANSIENT, "“internal_error”: the receiver has a problem"),
        ("something_new_canary", AnswerClass.TRANSIENT, "the receiver says it failed"),
    ],
)
def test_what_slack_says_under_a_200(error: str, kind: AnswerClass, word: str) -> None:
    """Its own word is repeated where we know it, with what it means; others are not quoted."""
    with HttpReceiver(*[said({"ok": False, "error": error})] * 3) as receiver:
        answer = ask("slackbot", receiver)
    assert (answer.kind, answer.status) == (kind, 200)
    assert word in answer.detail
    assert "canary" not in answer.detail


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_web_page_is_no_yes(service: str) -> None:
    """A proxy, a login or an error page answers 200 in the service's place: nothing was delivered."""

    def decide(request: Request) -> Reply:
        return LOGGED_IN if service == "matrix" and "/send/" not in request.path else Reply(200, HTML, PAGE)

    with HttpReceiver(decide=decide) as receiver:
        answer = ask(service, receiver)
    assert answer.kind is AnswerClass.TRANSIENT
    assert "a web page answers instead of the service" in answer.detail


def test_a_program_of_yours_may_answer_with_a_page() -> None:
    """A webhook and json:// take any 2xx for a yes, as the manual says."""
    with HttpReceiver(*[Reply(200, HTML, PAGE)] * 2) as receiver:
        hook = ChannelConfig("hook", type="webhook", url=Secret(f"http://127.0.0.1:{receiver.port}/in"))
        assert WebhookChannel(hook).send(outgoing()).kind is AnswerClass.OK
        own = ChannelConfig("own", url=Secret(f"json://127.0.0.1:{receiver.port}/in"))
        assert AppriseChannel(own).send(outgoing()).kind is AnswerClass.OK
