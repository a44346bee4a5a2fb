"""
Telegram, Slack, Discord, ntfy and a webhook under their real names, over TLS, in a network of their own.

The real process, the real plugins, nothing patched. What the services are sent is read by their grammars.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from monitor.delivery.webhook import signature
from tests.support import grammars
from tests.support.documents import Item
from tests.support.doubles import (
    DISCORD,
    HANG,
    HOOK,
    NTFY,
    RESET,
    SERVICES,
    SLACK,
    SLACK_API,
    TELEGRAM,
    Asked,
    Says,
    refusals,
)
from tests.support.realdesk import CHANNELS, HOOK_SECRET, HOSTS, NEW, SENTENCE, TITLE, RealDesk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.doubles import Doubles
    from tests.support.privatenet import Authority, PrivateNet

pytestmark = pytest.mark.slow
URLS = {name: url for name, (url, _) in CHANNELS.items()}
READ: dict[str, Callable[[dict[str, Any]], grammars.Seen]] = {
    TELEGRAM: lambda said: grammars.telegram(said["text"]),
    SLACK: lambda said: grammars.slack(said["text"]),
    SLACK_API: lambda said: grammars.slack(said["text"]),
    DISCORD: lambda said: grammars.discord(said["content"]),
}
PATHS = {
    TELEGRAM: "/bot123456789:AAHcanary-telegram-token-0123456789/sendMessage",
    SLACK: "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIcanary7",
    SLACK_API: "/api/chat.postMessage",
    DISCORD: "/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dVcanary",
    NTFY: "/",
    HOOK: "/in",
}


@pytest.fixture
def desk(net: PrivateNet, doubles: Doubles, authority: Authority, tmp_path: Path, known: Path) -> RealDesk:
    """All services as channels, after the first poll."""
    desk = RealDesk(tmp_path, net, doubles, authority.trusted)
    desk.configure(URLS, hook=True)
    desk.start(known)
    return desk


def test_the_network_has_no_outside(net: PrivateNet) -> None:
    """Loopback alone is there, and nothing leads away from it."""
    links = subprocess.run(
        [*net.under, "ip", "-o", "link"], capture_output=True, text=True, check=True
    ).stdout
    assert [line.split(": ")[1] for line in links.splitlines() if "UP" in line] == ["lo"]

    away = subprocess.run([*net.under, "ip", "route", "get", "192.0.2.1"], capture_output=True, check=False)
    assert away.returncode != 0
    assert b"unreachable" in away.stderr


def test_a_test_message_proves_each_channel(desk: RealDesk) -> None:
    """`channels test`: the right address, host and token; it says that it is a test; no secret is printed."""
    for name, host in HOSTS.items():
        done = desk.run("channels", "test", name)
        status = {DISCORD: 204, HOOK: 202}.get(host, 200)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"{name}: delivered: HTTP {status}\n"
        (request,) = desk.doubles.of(host)
        assert request.path == PATHS[host]
        assert "Tocsin test: this channel works" in request.body.decode()
    (bot,) = desk.doubles.of(SLACK_API)
    assert bot.headers["Authorization"] == "Bearer xoxb-1234-1234-4ddbc191d40ee098canary"


def test_an_alert_is_read_as_it_was_written(desk: RealDesk) -> None:
    """One poll, one message to each, with headline, sentence, hit and link, and nothing live in it."""
    done = desk.ring()
    assert done.returncode == 0, done.stderr
    assert "delivered 7" in done.stderr
    assert {host: len(desk.doubles.of(host)) for host in SERVICES} == dict.fromkeys(SERVICES, 1)
    for host, read in READ.items():
        seen = read(desk.doubles.of(host)[0].said)
        assert grammars.normal(TITLE) in grammars.normal(seen.text)  # full-width asterisks are alike
        assert grammars.says(seen.quoted.replace("\u2060", ""), SENTENCE), host
        assert "Doha" in seen.strong
        assert {address for address, _ in seen.links} == {"https://wire.example/new"}
    assert desk.doubles.of(DISCORD)[0].said["allowed_mentions"] == {"parse": []}
    telegram = desk.doubles.of(TELEGRAM)[0].said
    assert (telegram["parse_mode"], telegram["chat_id"]) == ("HTML", 12315544)
    assert desk.doubles.of(SLACK)[0].said["unfurl_links"] is False
    ntfy = desk.doubles.of(NTFY)[0]
    grammars.nothing_live(ntfy.said["title"], "chat")
    assert (ntfy.headers["X-Priority"], ntfy.headers["X-Click"]) == ("4", "https://wire.example/new")
    hook = desk.doubles.of(HOOK)[0]
    assert hook.said["title"] == TITLE
    assert hook.headers["X-Tocsin-Signature"] == signature(
        HOOK_SECRET, hook.headers["X-Tocsin-Timestamp"], hook.body
    )
    assert {row["state"] for row in desk.outbox().values()} == {"sent"}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_channel_that_is_refused_stops_and_the_operator_hears_of_it(
    desk: RealDesk, doubles: Doubles, status: int
) -> None:
    """Once, on another channel; what waits is kept, and goes out when the channel is mended."""
    for host, says in refusals(status).items():
        desk.doubles.say(host, says, says)
    done = desk.ring()
    assert done.returncode == 1
    rows = desk.outbox()
    assert rows.pop("log")["state"] == "sent"
    assert {(row["state"], row["attempts"]) for row in rows.values()} == {("retry", 1)}
    (said,) = desk.logged("notice")
    assert said.startswith("6 channels cannot deliver: ")
    assert set(said.partition(": ")[2].split(", ")) == HOSTS.keys()
    (notice,) = [one for one in desk.lines() if one["kind"] == "notice"]
    assert notice["excerpt"].count(": HTTP ") == len(HOSTS)
    kinds = {host: [_is_alert(request) for request in doubles.of(host)] for host in SERVICES}
    assert kinds == {host: [True] for host in SERVICES}, "nobody who is dead is told of the others"
    channels = {one["name"]: one for one in desk.asked("channels", "list")}
    assert all(channels[name]["paused_until"] and channels[name]["last_error"] for name in HOSTS)
    status_said = desk.run("status").stdout
    assert status_said.count("did not take its last message, ") == 5
    assert "and 1 more" in status_said
    assert "notice" in status_said
    assert "cannot deliver" in status_said
    assert "canary" not in done.stderr + done.stdout + status_said + json.dumps(channels)
    desk.env["TOCSIN_LOG_LEVEL"] = "debug"
    loud = desk.ring(Item("Doha again", guid="more", link="https://wire.example/more"), NEW)
    assert "canary" not in loud.stderr + loud.stdout
    assert {host: len(desk.doubles.of(host)) for host in SERVICES} == dict.fromkeys(SERVICES, 1), "stopped"
    assert desk.run("db", "check").returncode == 0
    (tried,) = desk.asked("channels", "test", "discord")  # its script has one more no
    assert (tried["delivered"], tried["status"]) == (False, status)
    assert "mend [channels.discord]" in tried["hint"]
    desk.doubles.script.clear()
    mended = desk.run("channels", "test", "telegram")
    assert "send them now: tocsin outbox retry --channel telegram" in mended.stderr
    assert desk.run("outbox", "retry", "--channel", "telegram").returncode == 0
    assert desk.run("run", "--once").returncode == 0
    sent = [row for row in desk.asked("outbox", "list", "--all") if row["channel"] == "telegram"]
    alerts = [row for row in sent if row["kind"] == "alert"]
    assert [(row["state"], row["attempts"]) for row in alerts] == [("sent", 2), ("sent", 1)]
    told = [request.said["text"] for request in desk.doubles.of(TELEGRAM)]
    titles = [text.partition("</b>")[0] for text in told if "https://wire.example/" in text]
    assert titles[1:] == [  # in the order in which it came, tried before or not
        "<b>[high] Talks in &lt;Doha&gt; &amp; @\u2060everyone *fails* _not_",
        "<b>[high] Doha again",
    ]


def test_refused_markup_goes_out_once_more_as_plain_text(desk: RealDesk) -> None:
    """A 400 is answered by the short plain message; a second one ends it, and the operator hears."""
    for host, says in refusals(400).items():
        desk.doubles.say(host, says, *([says] if host == DISCORD else []))
    assert desk.ring().returncode == 1
    assert {row["state"] for name, row in desk.outbox().items() if name != "log"} == {"retry"}
    assert desk.run("run", "--once", "--force").returncode == 1
    rows = desk.outbox()
    dead = rows.pop("discord")
    assert (dead["state"], dead["reason"], dead["attempts"]) == ("dead", "refused", 2)
    assert dead["last_error"] == "HTTP 400: the receiver does not accept this message"
    assert {row["state"] for row in rows.values()} == {"sent"}
    told = [title for title in desk.logged("notice") if "gave up" in title]
    assert told == [f"channel discord gave up a message: {dead['last_error']} (outbox {dead['id']})"]
    for host in (TELEGRAM, SLACK, SLACK_API, DISCORD, NTFY):
        alert, again = alerts_of(desk.doubles, host)[:2]
        key = {DISCORD: "content", NTFY: "message"}.get(host, "text")
        assert "</b>" not in again[key]
        assert len(again[key]) < len(alert[key])
        shown = again.get("title", "") + again[key]
        shown = re.sub(r"\\(.)", r"\1", shown) if host == DISCORD else html.unescape(shown)
        assert grammars.normal("[high] Talks in <Doha> & @everyone") in grammars.normal(shown)
        grammars.nothing_live(shown.replace("https://wire.example/new", ""), "chat")
    (listed,) = desk.asked("alerts", "list")
    ends = {one["channel"]: (one["state"], one["reason"]) for one in listed["deliveries"]}
    assert ends.pop("discord") == ("dead", "refused")
    assert set(ends.values()) == {("sent", "delivered")}
    assert desk.run("db", "check").returncode == 0


def test_a_rate_limit_is_kept_whoever_asks_again(desk: RealDesk) -> None:
    """Retry-After and Telegram's retry_after pause the channel that long, and no hand makes it shorter."""
    for host, says in refusals(429).items():
        desk.doubles.say(host, says, says)
    assert desk.ring().returncode == 1
    asked = {host: len(desk.doubles.of(host)) for host in SERVICES}
    rows = desk.outbox()
    assert rows.pop("log")["state"] == "sent"
    assert {row["state"] for row in rows.values()} == {"retry"}
    assert {row["last_error"] for row in rows.values()} == {
        "HTTP 429: too many messages for the receiver; it asks to wait 1000 s"
    }
    assert desk.logged("notice") == []
    desk.run("outbox", "retry", "--all")
    desk.run("run", "--once", "--force")
    assert {host: len(desk.doubles.of(host)) for host in SERVICES} == asked
    # The plugin of Discord tries once more by itself.
    assert asked == dict.fromkeys(SERVICES, 1) | {DISCORD: asked[DISCORD]}
    assert asked[DISCORD] <= 2


@pytest.mark.parametrize(
    ("says", "error", "repeat"),
    [
        (Says(500, "oops"), "HTTP 500: the receiver has a problem", False),
        (RESET, "the connection ended without an answer; it may have arrived", True),
        (HANG, "the connection ended without an answer; it may have arrived", True),
    ],
    ids=["500", "reset", "hang"],
)
def test_what_passes_is_tried_again(desk: RealDesk, says: Says, error: str, repeat: bool) -> None:
    """Without a notice; where nobody can know whether it arrived the next may be a repeat, and says so."""
    hosts = [host for host in SERVICES if host != HOOK or says is not HANG]  # the webhook waits 10 s
    for host in hosts:
        desk.doubles.say(host, says)
    assert desk.ring().returncode == 1
    rows = desk.outbox()
    waiting = {name: rows[name] for name, host in HOSTS.items() if host in hosts}
    assert {(row["state"], row["last_error"]) for row in waiting.values()} == {("retry", error)}
    assert desk.logged("notice") == []
    assert desk.run("run", "--once", "--force").returncode == 0
    assert {row["state"] for row in desk.outbox().values()} == {"sent"}
    for host in hosts:
        first, second = (request.body.decode() for request in desk.doubles.of(host))
        assert ("may be a repeat" in second or '"maybe_repeat":true' in second) is repeat
        assert "may be a repeat" not in first
    if HOOK in hosts:
        once, again = desk.doubles.of(HOOK)
        assert once.headers["X-Tocsin-Id"] == again.headers["X-Tocsin-Id"]


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(desk: RealDesk) -> None:
    """Without the authority in the environment nothing is sent, by any of them."""
    desk.env = {}
    for name in HOSTS:
        (told,) = desk.asked("channels", "test", name)
        assert (told["answer"], told["detail"]) == ("config", "the receiver's certificate is not trusted")
    assert desk.doubles.requests == []
    assert len(desk.doubles.broken) == len(HOSTS)


def test_a_dead_service_holds_up_no_other(desk: RealDesk) -> None:
    """One hangs, the others have the alert long before it is given up."""
    desk.doubles.say(TELEGRAM, HANG)
    assert desk.ring().returncode == 1
    assert all(len(desk.doubles.of(host)) == 1 for host in SERVICES)
    rows = desk.outbox()
    assert rows.pop("telegram")["state"] == "retry"
    assert {row["state"] for row in rows.values()} == {"sent"}


def alerts_of(doubles: Doubles, host: str) -> list[dict[str, Any]]:
    """What a service was told of the alert, not of channels in trouble."""
    return [request.said for request in doubles.of(host) if _is_alert(request)]


def _is_alert(request: Asked) -> bool:
    return "Talks in" in request.body.decode()
