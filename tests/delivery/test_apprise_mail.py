"""Real Apprise against real mail servers."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from monitor.alerts.render import render
from monitor.delivery.apprise_channel import AppriseChannel
from monitor.delivery.mails import dress
from monitor.delivery.watch import Watch, _dressed, stamp
from monitor.model import AnswerClass, Severity
from monitor.settings import ChannelConfig, Secret
from tests.support import grammars
from tests.support.hostile import TEXTS
from tests.support.messages import HOSTILE, PUBLISHED, message, outgoing
from tests.support.receivers import HANG_UP, SmtpReceiver, dead_port, frozen_receiver

if TYPE_CHECKING:
    from email.message import EmailMessage


def channel(port: int, *, user: str = "", password: str | None = None, more: str = "") -> AppriseChannel:
    """Build an e-mail channel to a port on loopback."""
    url = f"mailto://{user}127.0.0.1:{port}?from=tocsin@example.org&to=desk@example.org{more}"
    return AppriseChannel(
        ChannelConfig("desk", url=Secret(url), password=Secret(password) if password else None)
    )


def test_an_alert_arrives_as_text_and_as_a_page() -> None:
    """Two parts with the same words, our subject, the address it was meant for."""
    with SmtpReceiver() as receiver:
        assert channel(receiver.port).send(outgoing()).kind is AnswerClass.OK
    (mail,) = receiver.mails
    assert mail.recipients == ["desk@example.org"]
    assert mail.message["Subject"] == "[high] Afghanistan : des pourparlers à Doha"
    assert mail.message.get_content_type() == "multipart/alternative"
    text, page = parts(mail.message)
    assert "Les *talibans*" in text
    assert "https://news.example.org/doha" in text
    seen = grammars.mail(page)
    assert seen.quoted == "Les talibans et les Américains se retrouvent à Doha."
    assert seen.links == [("https://news.example.org/doha", "https://news.example.org/doha")]
    assert [
        mail.message[name] for name in ("List-Id", "Auto-Submitted", "X-Priority", "Importance", "Priority")
    ] == [
        "Tocsin alerts <desk.tocsin.example.org>",
        "auto-generated",
        "2",
        "high",
        "urgent",
    ]
    assert mail.message["References"] is None


@pytest.mark.parametrize(
    ("severity", "priority"),
    [
        (Severity.LOW, ("5", "low")),
        (Severity.NORMAL, (None, None)),
        (Severity.HIGH, ("2", "high")),
        (Severity.URGENT, ("1", "high")),
    ],
)
def test_severity_is_said_in_the_headers(severity: Severity, priority: tuple[str | None, str | None]) -> None:
    """Mail programs read X-Priority or Importance; normal says nothing."""
    with SmtpReceiver() as receiver:
        channel(receiver.port).send(outgoing(message(severity=severity)))
    sent = receiver.mails[0].message
    assert (sent["X-Priority"], sent["Importance"]) == priority


def test_mails_of_one_story_stand_in_one_thread() -> None:
    """The first report and its update refer to one made-up first mail; each keeps a Message-ID of its own."""
    with SmtpReceiver() as receiver:
        sender = channel(receiver.port)
        sender.send(outgoing(message(story=12)))
        told = message(story=12, changes=("12 -> 30 dead",), told_at=PUBLISHED)
        sender.send(outgoing(told, message_id="tocsin-99"))
        sender.send(outgoing(message(story=13), message_id="tocsin-100"))
    first, update, other = (mail.message for mail in receiver.mails)
    assert first["References"] == update["References"] == "<story-12.desk.tocsin@example.org>"
    assert other["References"] == "<story-13.desk.tocsin@example.org>"
    assert (first["In-Reply-To"], update["In-Reply-To"]) == (None, "<story-12.desk.tocsin@example.org>")
    assert len({mail["Message-ID"] for mail in (first, update, other)}) == 3
    assert update["Subject"] == "[high] Update: Afghanistan : des pourparlers à Doha"
    assert "Update to what was told at 09:30: 12 -> 30 dead" in parts(update)[0]


def test_headers_of_the_urls_own_stay() -> None:
    """What a user adds with `+Name=` is kept, also where it is one of ours."""
    with SmtpReceiver() as receiver:
        channel(
            receiver.port, more="&%2BX-Desk=night&%2BList-Id=<mine.example.org>&name=Night%20D%C3%A9sk"
        ).send(outgoing())
    sent = receiver.mails[0].message
    assert (sent["X-Desk"], sent["List-Id"]) == ("night", "<mine.example.org>")
    assert sent["From"].addresses[0].display_name == "Night Désk"
    assert [len(sent.get_all(name, [])) for name in ("From", "To", "Date", "List-Id")] == [1, 1, 1, 1]


def test_a_mail_that_cannot_be_made_goes_out_as_the_plugin_made_it() -> None:
    """An alert in Apprise's clothes is better than none; its Message-ID is ours all the same."""
    watch = Watch("m-1", dress=broken)
    assert "Message-ID: <m-1@e.org>" in str(_dressed("Subject: x\n\nbody", watch, "me@e.org"))


def broken(message: str | bytes, sender: str) -> bytes:
    """Fail as the standard library does where a header cannot be read."""
    raise ValueError(sender)


@pytest.mark.parametrize("text", [text for text in TEXTS[::40] if text.strip()])
def test_hostile_feeds_get_through_as_words_alone(text: str) -> None:
    """Both parts read back hold the words and nothing that is live; no header comes from a feed."""
    told = outgoing(message(title=text, feed=text, excerpt=text[:500], marks=(), related=text, story=3))
    with SmtpReceiver() as receiver:
        assert channel(receiver.port).send(told).kind is AnswerClass.OK
    sent = receiver.mails[0].message
    plain, page = parts(sent)
    seen = grammars.mail(page)
    assert grammars.says(seen.quoted, text[:500])
    assert {address for address, _ in seen.links} <= {"https://news.example.org/doha"}
    grammars.nothing_live(plain.replace("https://news.example.org/doha", ""), "address")
    known = (
        "from to subject date message-id x-tocsin-id list-id auto-submitted references x-application"
        " x-priority importance priority mime-version content-type"
    )
    assert {name.lower() for name in sent} <= set(known.split())
    assert grammars.says(str(sent["Subject"]), "[high] " + (text if grammars.normal(text) else "(no title)"))


def test_every_subject_says_what_the_title_says() -> None:
    """All hostile texts: one subject, the same words when decoded, lines that any server takes."""
    given = "From: tocsin@example.org\nTo: desk@example.org\nSubject: x\nMessage-ID: <a@b>\n\n"
    bad = {}
    for text in TEXTS:
        told = outgoing(message(title=text, severity=Severity.NORMAL))
        raw = dress(given, render(told, kind="email"), "m-1", "desk", "tocsin@example.org")
        sent = message_from_bytes(raw, policy=policy.default)
        whole = text[:20_000] if grammars.normal(text) else "(no title)"
        if grammars.normal(text) == "" and grammars.normal(str(sent["Subject"])) == "":
            continue
        if not grammars.says(str(sent["Subject"]), whole) or len(sent.get_all("Subject", [])) != 1:
            bad[text[:60]] = str(sent["Subject"])
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert raw.isascii()
    assert bad == {}


def parts(sent: EmailMessage) -> tuple[str, str]:
    """The text and the page of a mail."""
    plain, page = sent.get_body(("plain",)), sent.get_body(("html",))
    assert plain is not None
    assert page is not None
    return str(plain.get_content()), str(page.get_content()).replace("\r\n", "\n")


def test_the_message_id_is_the_same_over_all_attempts() -> None:
    """A 451 and its retry carry one Message-ID, ours, so that mail clients collapse copies."""
    with SmtpReceiver(data=["451 4.3.0 try later"]) as receiver:
        sender = channel(receiver.port)
        first = sender.send(outgoing(attempt=1))
        second = sender.send(outgoing(attempt=2))
    assert (first.kind, second.kind) == (AnswerClass.TRANSIENT, AnswerClass.OK)
    assert first.status == 451
    assert [sent.get_all("Message-ID") for sent in receiver.attempts] == [["<tocsin-7f3a@example.org>"]] * 2
    assert [sent.get_all("X-Tocsin-Id") for sent in receiver.attempts] == [["tocsin-7f3a"]] * 2
    assert len(receiver.mails) == 1


@pytest.mark.parametrize(
    ("script", "kind", "status"),
    [
        ({"rcpt": ["550 5.1.1 no such user"]}, AnswerClass.REFUSED, 550),
        ({"rcpt": ["450 4.2.0 greylisted"]}, AnswerClass.RATE, 450),
        ({"rcpt": ["452 4.2.2 mailbox full"]}, AnswerClass.TRANSIENT, 452),
        ({"mail": ["553 5.7.1 not your address"]}, AnswerClass.CONFIG, 553),
        ({"mail": ["530 5.7.0 login first"]}, AnswerClass.CONFIG, 530),
        ({"data": ["552 5.3.4 too big"]}, AnswerClass.CONTENT, 552),
        ({"data": ["554 5.6.0 no"]}, AnswerClass.CONTENT, 554),
        ({"data": ["550 5.7.1 looks like spam"]}, AnswerClass.CONTENT, 550),
        ({"data": ["421 4.3.2 going down"]}, AnswerClass.RATE, 421),
    ],
)
def test_replies(script: dict[str, list[str]], kind: AnswerClass, status: int) -> None:
    """Each reply gets its class by code and stage, although Apprise only says failure."""
    with SmtpReceiver(**script) as receiver:  # type: ignore[arg-type]  # the keys are stages
        answer = channel(receiver.port).send(outgoing())
    assert (answer.kind, answer.status) == (kind, status)
    assert receiver.mails == []


def test_a_wrong_password_is_a_matter_of_configuration() -> None:
    """535 asks for a person; the password is in no detail."""
    with SmtpReceiver(password="right") as receiver:
        answer = channel(receiver.port, user="me@", password="canary").send(outgoing())
        assert (answer.kind, answer.status) == (AnswerClass.CONFIG, 535)
        assert "canary" not in answer.detail
        assert channel(receiver.port, user="me@", password="right").send(outgoing()).kind is AnswerClass.OK


def test_a_login_that_is_not_offered_is_a_matter_of_configuration() -> None:
    """A server without AUTH cannot take a password, however often it is tried."""
    with SmtpReceiver() as receiver:
        answer = channel(receiver.port, user="me@", password="pw").send(outgoing())
    assert answer.kind is AnswerClass.CONFIG


def test_a_missing_starttls_is_a_matter_of_configuration() -> None:
    """A server that offers no encryption is not talked to in the clear."""
    with SmtpReceiver() as receiver:
        answer = channel(receiver.port, more="&mode=starttls").send(outgoing())
    assert answer.kind is AnswerClass.CONFIG
    assert receiver.attempts == []


def test_a_dead_port_is_a_passing_failure() -> None:
    """Nobody was reached, so nothing can be repeated."""
    assert channel(dead_port()).send(outgoing()).kind is AnswerClass.TRANSIENT


def test_a_frozen_server_before_the_text_is_a_passing_failure() -> None:
    """A server that never greets cannot have the message."""
    with frozen_receiver() as port:
        assert channel(port, more="&cto=0.2").send(outgoing()).kind is AnswerClass.TRANSIENT


def test_a_server_lost_after_the_text_leaves_the_outcome_unknown() -> None:
    """The whole text went over and no reply came back: it may have been accepted."""
    with SmtpReceiver(data=[HANG_UP]) as receiver:
        assert channel(receiver.port).send(outgoing()).kind is AnswerClass.UNKNOWN
    assert len(receiver.attempts) == 1


def test_a_server_that_refuses_to_serve() -> None:
    """A greeting with 554 asks for a person."""
    with frozen_receiver(b"554 no service for you\r\n") as port:
        answer = channel(port, more="&cto=0.2").send(outgoing())
    assert (answer.kind, answer.status) == (AnswerClass.CONFIG, 554)


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if len(text) < 400])
def test_hostile_titles_make_no_headers(hostile: str) -> None:
    """Whatever a title holds, the message has one subject on one line and no header of the feed's."""
    with SmtpReceiver() as receiver:
        told = message(title=hostile, excerpt=hostile, marks=())
        assert channel(receiver.port).send(outgoing(told)).kind is AnswerClass.OK
    mail = receiver.mails[0].message
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject", [])) == 1
    assert not any(char < " " for char in str(mail["Subject"]))
    assert receiver.mails[0].recipients == ["desk@example.org"]


@pytest.mark.parametrize(
    ("mail", "stamped"),
    [
        (
            "Subject: x\nMessage-ID: <old@h>\n\nbody",
            "Subject: x\nMessage-ID: <m-1@e.org>\nX-Tocsin-Id: m-1\n\nbody",
        ),
        (
            "message-id:\n <old@h>\nSubject: x\n\nMessage-ID: in the body\n\nx",
            "Subject: x\nMessage-ID: <m-1@e.org>\nX-Tocsin-Id: m-1\n\nMessage-ID: in the body\n\nx",
        ),
        (
            "Subject: x\r\nMessage-ID: <old@h>\r\nTo: y\r\n\r\nbody",
            "Subject: x\r\nTo: y\r\nMessage-ID: <m-1@e.org>\r\nX-Tocsin-Id: m-1\r\n\r\nbody",
        ),
        ("Subject: x\n\na\r\n\r\nb", "Subject: x\nMessage-ID: <m-1@e.org>\nX-Tocsin-Id: m-1\n\na\r\n\r\nb"),
    ],
)
def test_stamping_replaces_the_id_and_nothing_else(mail: str, stamped: str) -> None:
    """Exactly one Message-ID is left, whatever the line ends, and the body is untouched."""
    assert stamp(mail, "m-1", "me@e.org") == stamped
    assert stamp(mail.encode(), "m-1", "me@e.org") == stamped.encode()


def test_an_odd_id_cannot_break_out_of_its_header() -> None:
    """The id is reduced to letters that are safe in a header."""
    made = stamp("Subject: x\n\nbody", "a\nBcc: v@e.org>", "me@e.org\nBcc: v")
    assert "\nBcc" not in str(made)
