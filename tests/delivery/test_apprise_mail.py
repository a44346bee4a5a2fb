"""Real Apprise against real mail servers."""

from __future__ import annotations

import pytest

from monitor.delivery.apprise_channel import AppriseChannel
from monitor.delivery.watch import stamp
from monitor.model import AnswerClass
from monitor.settings import ChannelConfig, Secret
from tests.support.messages import HOSTILE, message, outgoing
from tests.support.receivers import HANG_UP, SmtpReceiver, dead_port, frozen_receiver


def channel(port: int, *, user: str = "", password: str | None = None, more: str = "") -> AppriseChannel:
    """Build an e-mail channel to a port on loopback."""
    url = f"mailto://{user}127.0.0.1:{port}?from=tocsin@example.org&to=desk@example.org{more}"
    return AppriseChannel(
        ChannelConfig("desk", url=Secret(url), password=Secret(password) if password else None)
    )


def test_an_alert_arrives_as_plain_text() -> None:
    """One text part, our subject, the address it was meant for."""
    with SmtpReceiver() as receiver:
        assert channel(receiver.port).send(outgoing()).kind is AnswerClass.OK
    (mail,) = receiver.mails
    assert mail.recipients == ["desk@example.org"]
    assert mail.message["Subject"] == "[high] Afghanistan : des pourparlers à Doha"
    assert mail.message.get_content_type() == "text/plain"
    assert "Les *talibans*" in mail.message.get_content()


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
