"""What receivers are really sent: each service's own plugin, its request caught on loopback and read back."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from monitor.alerts.render import Layout, render
from monitor.delivery.apprise_channel import AppriseChannel, load_plugin, unformatted
from monitor.delivery.handing import channel_kind, hand_over, watch_for
from monitor.model import AnswerClass, Severity
from monitor.settings import ChannelConfig, Secret
from tests.support import grammars
from tests.support.hostile import TEXTS
from tests.support.messages import PUBLISHED, message, outgoing
from tests.support.received import read
from tests.support.receivers import HttpReceiver, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.model import Outgoing

ANSWER = (
    b'{"ok": true, "access_token": "t", "user_id": "@a:b", "room_id": "!r:b", "event_id": "$1", "status": 1}'
)
FEW = [text for text in TEXTS[::17] if "\ud800" not in text]


@dataclass(frozen=True)
class Service:
    """A service: its URL on loopback, or the plugin's attribute that leads there; where the text stands."""

    kind: str
    url: str
    attribute: str = ""
    path: str = ""
    text: Callable[[dict[str, Any]], str] = lambda said: str(said["text"])


SERVICES = (
    Service("telegram", "tgram://123456789:abcdefg_hijklmnop/12315544/", "notify_url", "/bot"),
    Service(
        "slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "webhook_url", "/services"
    ),
    Service("slack", "slack://xoxb-1234-1234-abc124/#general", "api_url", "/api/{}"),
    Service("discord", "discord://123/abc", "notify_url", "/api/webhooks", lambda said: str(said["content"])),
    Service(
        "matrix",
        "matrix://user:secret@127.0.0.1:{port}/!room:b",
        text=lambda said: str(said["formatted_body"]),
    ),
    Service("mattermost", "mmost://127.0.0.1:{port}/abcdefghijklmnopqrstuvwxyz"),
    Service("rocket", "rocket://" + "a" * 24 + "/" + "b" * 40 + "@127.0.0.1:{port}/#general"),
    Service("gchat", "gchat://workspace/key/token", "notify_url", "/{workspace}"),
    Service("webex", "webex://" + "a" * 80, "notify_url", "/w", lambda said: str(said["markdown"])),
    Service("ntfy", "ntfy://127.0.0.1:{port}/topic", text=lambda said: str(said["message"])),
    Service("gotify", "gotify://127.0.0.1:{port}/token", text=lambda said: str(said["message"])),
    Service(
        "pushover",
        "pover://" + "u" * 30 + "@" + "t" * 30,
        "notify_url",
        "/1",
        lambda said: str(said["message"]),
    ),
    Service("posted", "json://127.0.0.1:{port}/x", text=lambda said: str(said["message"])),
)


class Caught:
    """A channel of this service whose requests end up in a receiver here."""

    def __init__(self, service: Service, receiver: HttpReceiver, more: str = "") -> None:
        self.service, self.receiver = service, receiver
        url = service.url.replace("{port}", str(receiver.port)) + more
        self.channel = AppriseChannel(ChannelConfig("desk", url=Secret(url)))
        self.plugin = load_plugin(unformatted(url))
        self.plugin.request_rate_per_sec = 0
        if service.attribute:
            setattr(self.plugin, service.attribute, f"http://127.0.0.1:{receiver.port}{service.path}")
        self.channel._plugin = self.plugin

    def send(self, told: Outgoing) -> tuple[Request, dict[str, Any]]:
        """Send one; gives the request that carried the message, and what it said."""
        before = len(self.receiver.requests)
        assert self.channel.send(told).kind is AnswerClass.OK
        for request in self.receiver.requests[before:]:
            said = _said(request)
            if said.keys() & {"text", "content", "message", "msgtype", "formatted_body", "markdown"}:
                return request, said
        raise AssertionError(f"no message among {self.receiver.requests[before:]}")


def _said(request: Request) -> dict[str, Any]:
    try:
        said = json.loads(request.body)
    except ValueError:
        return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    return said if isinstance(said, dict) else {}


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[HttpReceiver]:
    """A receiver that says yes in the words of all services but Slack's webhook, which says a bare ok."""
    given = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    service = given.get("service") or by_kind(
        given.get("kind", "slack" if "users" in request.node.name else "ntfy")
    )
    plain = service.attribute == "webhook_url"
    reply = Reply() if plain else Reply(200, {"Content-Type": "application/json"}, ANSWER)
    with HttpReceiver(*[reply] * 400) as running:
        yield running


def hostile(text: str, severity: Severity = Severity.HIGH) -> Outgoing:
    """An alert full of one hostile text."""
    told = message(
        title=text, feed=text, excerpt=text[:500], marks=(), why=text, also=(text,), severity=severity
    )
    return outgoing(replace(told, changes=(text,), told_at=PUBLISHED))


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: f"{service.kind}-{service.attribute}")
def test_what_is_sent_is_what_was_rendered(service: Service, receiver: HttpReceiver) -> None:
    """No conversion of Apprise's touches our text, and the service's grammar finds nothing live in it."""
    caught = Caught(service, receiver)
    for text in FEW:
        told = hostile(text)
        request, said = caught.send(told)
        made = render(
            told, Layout(limit=caught.plugin.body_maxlen - (caught.plugin.title_maxlen <= 0)), service.kind
        )
        sent = replace(made, body=service.text(said), title=str(said.get("title", made.title)))
        if service.kind == "matrix":
            assert said["body"] == made.fields["body"]
        assert sent.body == made.body.strip(), "converted on the way"
        read(
            sent,
            "https://news.example.org/doha",
        )
        assert "@everyone" not in request.body.decode()
        assert "<!" not in request.body.decode()


@pytest.mark.parametrize("service", SERVICES[:-1], ids=lambda service: f"{service.kind}-{service.attribute}")
def test_the_urls_own_format_changes_nothing(service: Service, receiver: HttpReceiver) -> None:
    """A format in the URL would have Apprise read our text as something else."""
    more = ("&" if "?" in service.url else "?") + "format=markdown"
    _, said = Caught(service, receiver, more).send(outgoing(message(title="a *b* _c_ <d> `e`")))
    assert service.text(said) == service.text(
        Caught(service, receiver).send(outgoing(message(title="a *b* _c_ <d> `e`")))[1]
    )


STRANGERS = (
    Service("plain", "apprise://127.0.0.1:{port}/token", text=lambda said: str(said["body"])),
    Service("plain", "synology://127.0.0.1:{port}/token"),
)


@pytest.mark.parametrize("service", STRANGERS, ids=lambda service: service.url.partition(":")[0])
def test_services_we_do_not_know_get_nothing_live(service: Service, receiver: HttpReceiver) -> None:
    """Whatever Apprise makes of plain text for them, no address, mention or command of a feed's is left."""
    caught = Caught(service, receiver)
    for text in FEW[::3]:
        request = len(receiver.requests)
        assert caught.channel.send(hostile(text)).kind is AnswerClass.OK
        (sent,) = receiver.requests[request:]
        shown = sent.body.decode().replace("https://news.example.org/doha", "").replace("127.0.0.1", "")
        words = json.dumps(_said(sent), ensure_ascii=False).replace("https://news.example.org/doha", "")
        # A payload may hold JSON as a text: its escapes are read as its receiver reads them.
        words = re.sub(r"\\+u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), words)
        grammars.nothing_live(words.replace("\\n", " "), "chat")
        assert "@everyone" not in shown
        assert "<!" not in words


def by_kind(kind: str) -> Service:
    """The service of a kind."""
    return next(service for service in SERVICES if service.kind == kind)


@pytest.mark.parametrize(
    ("kind", "severity", "header", "fields"),
    [
        ("telegram", Severity.LOW, "", {"disable_notification": True, "parse_mode": "HTML"}),
        ("telegram", Severity.URGENT, "", {"disable_notification": False}),
        ("discord", Severity.LOW, "", {"flags": 4096, "allowed_mentions": {"parse": []}}),
        ("discord", Severity.URGENT, "", {"allowed_mentions": {"parse": []}, "tts": False}),
        ("slack", Severity.HIGH, "", {"mrkdwn": True, "unfurl_links": False, "attachments": []}),
        ("matrix", Severity.LOW, "", {"msgtype": "m.notice", "format": "org.matrix.custom.html"}),
        ("matrix", Severity.HIGH, "", {"msgtype": "m.text"}),
        ("ntfy", Severity.LOW, "2", {"topic": "topic"}),
        ("ntfy", Severity.NORMAL, "3", {}),
        ("ntfy", Severity.HIGH, "4", {}),
        ("ntfy", Severity.URGENT, "5", {}),
        ("gotify", Severity.LOW, "", {"priority": 2}),
        (
            "gotify",
            Severity.URGENT,
            "",
            {
                "priority": 10,
                "extras": {"client::notification": {"click": {"url": "https://news.example.org/doha"}}},
            },
        ),
        (
            "pushover",
            Severity.LOW,
            "",
            {"priority": "-1", "sound": "none", "url": "https://news.example.org/doha"},
        ),
        ("pushover", Severity.HIGH, "", {"priority": "0", "sound": "pushover"}),
        ("pushover", Severity.URGENT, "", {"priority": "1", "sound": "siren"}),
    ],
)
def test_severity_in_the_services_own_terms(
    kind: str, severity: Severity, header: str, fields: dict[str, Any], receiver: HttpReceiver
) -> None:
    """Priority, sound, silence and the address a tap opens are said as each service wants them."""
    request, said = Caught(by_kind(kind), receiver).send(outgoing(message(severity=severity)))
    assert {name: said[name] for name in fields} == fields
    assert request.headers.get("X-Priority", "") == header
    if kind == "ntfy":
        assert request.headers["X-Click"] == "https://news.example.org/doha"


@pytest.mark.parametrize(
    ("kind", "more", "name", "value"),
    [
        ("ntfy", "?priority=min", "X-Priority", "min"),
        ("ntfy", "?click=https://mine.example/", "X-Click", "https://mine.example/"),
        ("gotify", "?priority=low", "priority", 0),
        ("pushover", "?priority=emergency&sound=bike", "priority", "2"),
        ("pushover", "?sound=bike", "sound", "bike"),
        ("telegram", "?silent=no", "disable_notification", False),
        ("discord", "?flags=2", "flags", 2),
    ],
)
def test_what_the_url_says_for_itself_stays(
    kind: str, more: str, name: str, value: object, receiver: HttpReceiver
) -> None:
    """A priority, sound or target in the channel's URL is the user's own wish."""
    request, said = Caught(by_kind(kind), receiver, more).send(outgoing(message(severity=Severity.LOW)))
    assert (request.headers.get(name) if name.startswith("X-") else said[name]) == value


def test_a_wanted_address_reaches_ntfy_whole(receiver: HttpReceiver) -> None:
    """Apprise would encode its per cent signs a second time."""
    told = outgoing(message(url="https://news.example.org/a%20b?c=d+e&f=é"))
    request, _ = Caught(by_kind("ntfy"), receiver).send(told)
    assert request.headers["X-Click"] == "https://news.example.org/a%20b?c=d+e&f=%C3%A9"


def test_a_users_template_may_place_markup_and_a_feed_may_not(receiver: HttpReceiver) -> None:
    """The template's own words are in the service's markup; what fills its fields is literal."""
    caught = Caught(by_kind("slack"), receiver)
    caught.channel._config = replace(
        caught.channel._config, body_template="<!here> *{title}* {outlet} <{link}|read>"
    )
    told = outgoing(message(title="<!channel> *x*", feed="@everyone"))
    _, said = caught.send(told)
    assert said["text"].startswith("<!here> *&lt;")
    assert said["text"].endswith("<https://news.example.org/doha|read>")
    assert "<!channel>" not in said["text"]
    assert "@everyone" not in said["text"]


def test_a_services_own_address_is_known_by_its_plugin(receiver: HttpReceiver) -> None:
    """Slack's webhook as Slack shows it is Slack, though its scheme is https."""
    url = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert channel_kind(load_plugin(url), url) == "slack"
    for odd in ("slack://T05X/Ft07X/X1/Y2?mode=workflow", "matrix://t@127.0.0.1?mode=slack"):
        plugin = load_plugin(odd)
        assert plugin is not None
        assert channel_kind(plugin, odd) == "plain"


def test_teams_finds_no_mention_in_a_feeds_words() -> None:
    """Apprise rings whoever stands between <at> and </at> in a body for Teams."""
    url = "workflows://host.example/workflow1/signature1"
    plugin = load_plugin(url)
    assert "entities" in json.dumps(plugin.gen_payload(body="<at>bob@corp.example</at>"))
    for text in ("<at>bob@corp.example</at>", "<AT>bob</AT> x", "a <at>b</at>"):
        made = render(hostile(text), Layout(), channel_kind(plugin, url))
        assert made.kind == "teams"
        assert "entities" not in json.dumps(plugin.gen_payload(body=made.body))


class Sealing:
    """A mail plugin that signs: what it is given is what will be sent."""

    title_maxlen, body_maxlen, pgp_mode = 250, 32768, "sign"

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    @staticmethod
    def schemas() -> set[str]:
        return {"mailto"}

    def send(self, **told: Any) -> bool:
        self.given = told
        return True


def test_what_is_signed_is_not_changed_afterwards() -> None:
    """With PGP the text goes to the plugin, and nothing is put on the mail later but its id."""
    plugin, url = Sealing(), "mailto://127.0.0.1?to=a@b.example&pgp=sign"
    told = outgoing()
    made = render(told, Layout(), "email")
    assert made.mail is not None
    assert watch_for(told, made, plugin, "mailto").dress is None
    config = ChannelConfig("desk", url=Secret(url))
    assert hand_over(plugin, url, told, config, UTC).kind is AnswerClass.OK
    assert (plugin.given["body"], plugin.given["body_format"]) == (made.mail.text, "text")


def test_only_the_messages_own_request_is_touched(receiver: HttpReceiver) -> None:
    """Matrix logs in and joins first: what is put into the message goes into no other request."""
    caught = Caught(by_kind("matrix"), receiver)
    before = threading.active_count()
    caught.send(outgoing(message(severity=Severity.LOW)))
    others = [_said(request) for request in receiver.requests[:-1]]
    assert others
    assert all("msgtype" not in said for said in others)
    assert threading.active_count() <= before + 1


def test_bodies_of_strangers_are_refused_by_the_parsers() -> None:
    """The parsers these tests stand on do refuse what Apprise would have let through."""
    for parse, text in (
        (grammars.telegram, "<b>x</b> @someone"),
        (grammars.telegram, "5 < 6"),
        (grammars.telegram, '<a href="x" onclick="y">z</a>'),
        (grammars.telegram, "see evil.example"),
        (grammars.slack, "<!channel> x"),
        (grammars.slack, "<@U123>"),
        (grammars.slack, "a _b_ c"),
        (grammars.slack, "a & b"),
        (grammars.discord, "@everyone"),
        (grammars.discord, "[a](https://evil.example)"),
        (grammars.discord, "# head"),
        (grammars.discord, "- item"),
        (grammars.matrix, "<script>x</script>"),
        (grammars.matrix, "<b>open"),
        (grammars.mail, '<!DOCTYPE html>\n<html><img src="x"></html>'),
    ):
        with pytest.raises(grammars.RefusedError):
            parse(text)
