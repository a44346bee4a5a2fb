"""
A real OpenSMTPD in a private network: mail for desk@example.org goes into a maildir.

Without TLS: Debian 12's cannot do it beside its OpenSSL ("EVP lib" at each handshake).
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Self

from tests.support.daemon import PATIENCE, next_line
from tests.support.doubles import MAIL

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from tests.support.privatenet import PrivateNet

_CONFIGURATION = """
table people {{ "desk@example.org" = "nobody" }}
listen on lo port 25 hostname {host}
action "deliver" maildir "/var/mail/desk" virtual <people>
match from any for domain "example.org" action "deliver"
"""


class MailServer:
    """The server; what it says goes into `lines`."""

    def __init__(self, net: PrivateNet, folder: Path) -> None:
        self.lines: list[str] = []
        self._net = net
        self._box = net.mailboxes / "desk"
        shutil.rmtree(self._box, ignore_errors=True)
        self._box.mkdir()
        shutil.chown(self._box, "nobody")
        self._file = folder / "smtpd.conf"
        self._file.write_text(_CONFIGURATION.format(host=MAIL), encoding="ascii")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [*self._net.under, "smtpd", "-d", "-f", str(self._file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._net.inside(lambda: _until_open(25))
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        if self._process.stdout:
            self._process.stdout.close()

    def wait_for(self, *words: str) -> str:
        """The next line of its log that holds all these words."""
        return next_line(self._process, self.lines, words)

    def mails(self, count: int) -> list[EmailMessage]:
        """The mails in the maildir, once so many more were put there, in the order of their ids."""
        for _ in range(count):
            self.wait_for("mda delivery", "stat=Delivered")
        read = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted((self._box / "new").iterdir())
        ]
        return sorted(read, key=lambda mail: (mail["Date"].datetime, str(mail["Message-ID"])))


def _until_open(port: int) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.05)
    raise AssertionError(f"the mail server never listened on port {port}")
