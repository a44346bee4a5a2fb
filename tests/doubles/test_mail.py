"""Mail, end to end: a real OpenSMTPD that puts it into a maildir, and servers that answer from a script."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import grammars
from tests.support.documents import Item
from tests.support.doubles import MAIL
from tests.support.mailserver import MailServer
from tests.support.privatenet import why_not
from tests.support.realdesk import NEW, SENTENCE, TITLE, RealDesk
from tests.support.receivers import HANG_UP, SmtpReceiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from tests.support.doubles import Doubles
    from tests.support.privatenet import Authority, PrivateNet

pytestmark = pytest.mark.slow
PLAIN = f"mailto://{MAIL}:25?from=tocsin@example.org&to=desk@example.org"
SECURE = f"mailtos://{MAIL}:587?from=tocsin@example.org&to=desk@example.org&mode=starttls"
NOBODY = f"mailto://{MAIL}:25?from=tocsin@example.org&to=stranger@example.org"
REPORT = (
    "Envoys of four countries met the movement in Doha on Monday to talk about frozen reserves, two officials"
    " said. The meeting, the third since the summer, lasted six hours and ended without a statement."
)
CHANGED = REPORT.replace("ended without a statement", "ended when 12 people were killed")


@pytest.fixture
def desk(net: PrivateNet, doubles: Doubles, authority: Authority, tmp_path: Path, known: Path) -> RealDesk:
    """One mail channel, after the first poll."""
    desk = RealDesk(tmp_path, net, doubles, authority.trusted)
    desk.configure({"desk": PLAIN})
    desk.start(known)
    return desk


@pytest.fixture
def server(net: PrivateNet, tmp_path: Path) -> Iterator[MailServer]:
    """A real mail server; skips loudly where there is none."""
    if reason := why_not("smtpd:opensmtpd"):
        pytest.skip(f"NOT TESTED with a real mail server: {reason}")
    with MailServer(net, tmp_path) as server:
        yield server


@contextmanager
def listening(desk: RealDesk, **options: Any) -> Iterator[SmtpReceiver]:
    """A server in the desk's network that answers from a script."""
    receiver = desk.net.inside(lambda: SmtpReceiver(**{"port": 25} | options).__enter__())
    try:
        yield receiver
    finally:
        desk.net.inside(lambda: receiver.__exit__(None, None, None))


def parts(mail: EmailMessage) -> tuple[str, grammars.Seen]:
    """The mail's text, and what a mail program shows of its page."""
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    return str(plain.get_content()), grammars.mail(str(page.get_content()).replace("\r\n", "\n"))


def test_an_alert_lies_in_the_mailbox(desk: RealDesk, server: MailServer) -> None:
    """Text and page with the same words, a list for filters, an id of ours, and one of each header."""
    assert desk.ring(NEW).returncode == 0
    (mail,) = server.mails(1)
    assert mail["Subject"] == f"[high] {TITLE}"
    assert mail["Return-Path"] == "<tocsin@example.org>"
    assert mail["Delivered-To"] == "desk@example.org"
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["List-Id"] == "Tocsin alerts <desk.tocsin.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    (row,) = (row for row in desk.outbox().values() if row["channel"] == "desk")
    assert row["state"] == "sent"
    assert mail["Message-ID"] == f"<{mail['X-Tocsin-Id']}@example.org>"
    assert mail["X-Tocsin-Id"].startswith(f"{row['id']}.")
    for name in ("From", "To", "Date", "Subject", "Message-ID", "References"):
        assert len(mail.get_all(name, [])) == 1, name
    text, seen = parts(mail)
    assert grammars.normal(SENTENCE.replace("Doha", "*Doha*")) in grammars.normal(text)
    assert grammars.says(seen.quoted, SENTENCE)
    assert "Doha" in seen.strong
    assert seen.links == [("https://wire.example/new", "https://wire.example/new")]
    assert not mail.defects


def test_an_update_joins_the_thread_of_its_story(desk: RealDesk, server: MailServer) -> None:
    """Both refer to the story's made-up first mail; the update answers it, and says what changed."""
    first = Item("Envoys meet in Doha", guid="t", link="https://wire.example/t", text=REPORT)
    other = Item(
        "Doha airport opens a third runway", guid="o", link="https://wire.example/o", text="It is long."
    )
    assert desk.ring(first).returncode == 0
    assert desk.ring(Item(first.title, first.guid, first.link, CHANGED), other).returncode == 0
    mails = {str(mail["Subject"]): mail for mail in server.mails(3)}
    told = mails["[high] Envoys meet in Doha"]
    update = mails["[high] Update: Envoys meet in Doha"]
    apart = mails["[high] Doha airport opens a third runway"]
    assert told["References"] == update["References"] == update["In-Reply-To"]
    assert told["References"].startswith("<story-")
    assert told["References"].endswith(".desk.tocsin@example.org>")
    assert told["In-Reply-To"] is None
    assert apart["References"] not in (None, told["References"])
    assert len({mail["Message-ID"] for mail in mails.values()}) == 3
    text, seen = parts(update)
    assert "Update to what was told at" in text
    assert "12" in text
    assert "Update to what was told at" in seen.text


def test_mail_goes_out_encrypted_or_not_at_all(desk: RealDesk, authority: Authority) -> None:
    """STARTTLS with a certificate that is trusted; without, nothing leaves and the answer says why."""
    desk.configure({"desk": SECURE})
    tls = authority.context()
    with listening(desk, tls=tls, port=587) as receiver:
        done = desk.run("channels", "test", "desk")
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("desk: delivered: SMTP 250: accepted\n    look whether it arrived")
        assert len(receiver.mails) == 1
        desk.env = {}
        (told,) = desk.asked("channels", "test", "desk")
        assert (told["answer"], told["detail"]) == ("config", "the receiver's certificate is not trusted")
        assert len(receiver.attempts) == 1


def test_a_real_server_knows_who_is_not_there(desk: RealDesk, server: MailServer) -> None:
    """What it refuses for good is dead at once, and told on another channel."""
    desk.configure({"desk": NOBODY})
    assert desk.ring(NEW).returncode == 1
    row = desk.outbox()["desk"]
    assert (row["state"], row["attempts"]) == ("dead", 1)
    assert row["last_error"].startswith("SMTP 5")
    assert row["last_error"].endswith("the mail server refuses the recipient for good")
    (notice,) = desk.logged("notice")
    assert notice == f"channel desk gave up a message: {row['last_error']} (outbox {row['id']})"
    server.wait_for("failed-command", "stranger@example.org")


@pytest.mark.parametrize(
    ("script", "first", "then", "notices"),
    [
        ({"data": ["451 4.3.0 try later"]}, ("retry", "SMTP 451 4.3.0: "), "sent", 0),
        ({"rcpt": ["452 4.2.2 mailbox full"]}, ("retry", "SMTP 452 4.2.2: "), "sent", 0),
        ({"rcpt": ["450 4.2.0 greylisted"]}, ("retry", "SMTP 450 4.2.0: "), "retry", 0),
        ({"data": ["421 4.3.2 going down"]}, ("retry", "SMTP 421 4.3.2: "), "retry", 0),
        ({"data": ["554 5.6.0 no", "554 5.6.0 no"]}, ("retry", "SMTP 554 5.6.0: "), "dead", 1),
        ({"data": ["552 5.3.4 too big"]}, ("retry", "SMTP 552 5.3.4: "), "sent", 0),
        ({"mail": ["553 5.7.1 not yours", "553 5.7.1 no"]}, ("retry", "SMTP 553 5.7.1: "), "retry", 1),
        ({"data": [HANG_UP]}, ("retry", "the connection ended without an answer"), "sent", 0),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_what_a_mail_server_says_decides(
    desk: RealDesk, script: dict[str, list[str]], first: tuple[str, str], then: str, notices: int
) -> None:
    """The row after the first try and after a second by hand; a busy server is given its time."""
    with listening(desk, **script) as receiver:
        assert desk.ring(NEW).returncode == 1
        row = desk.outbox()["desk"]
        assert row["state"] == first[0]
        assert row["last_error"].startswith(first[1])
        desk.run("run", "--once", "--force")
        row = desk.outbox()["desk"]
        assert row["state"] == then
        assert len(desk.logged("notice")) == notices
        if then == "sent":
            (mail,) = receiver.mails
            assert len({attempt["Message-ID"] for attempt in receiver.attempts}) == 1
            repeat = "may be a repeat" in parts(mail.message)[0]
            assert repeat is first[1].startswith("the connection ended")
