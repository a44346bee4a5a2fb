"""
A healthy installation below a folder of a test's own, for faults to be planted in.

    with Clinic(folder) as clinic:
        clinic.database.chmod(0o644)
        assert "readable_database" in clinic.codes()

Everything is real but the daemon, for which a small program named tocsin holds the lock; test_healthy.py
starts the real one. Feeds are asked only where `look` is told so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from monitor.cli import context
from monitor.cli.doctor import site_of
from monitor.doctor.examination import checks_for, examine
from monitor.doctor.findings import Finding, Level
from monitor.service import install
from monitor.store import sql
from monitor.store.reserve import Reserve
from monitor.store.rows import to_db
from tests.support.configs import write
from tests.support.documents import Item, rss
from tests.support.store import add_feed, new_database, transaction
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.doctor.site import Site

HOLDER = """\
import fcntl, os, sys
handle = os.open(sys.argv[-1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(handle, fcntl.LOCK_EX)
os.pwrite(handle, f"{os.getpid()}\\n".encode().ljust(2048), 0)
print("held", flush=True)
sys.stdin.read()
"""
DOCUMENT = rss(Item("Old talks in Doha", guid="old", link="http://127.0.0.1:9/old", age=1))
PHONE = "tgram://123456789:" + "A" * 35 + "/42"


class Clinic:
    """Two feeds that `web` serves, a rule, three channels, a unit and a journal."""

    def __init__(self, folder: Path, *, daemon: bool = True) -> None:
        self.root = folder / "root"
        self.config = self.root / "etc/tocsin/config.toml"
        self.database = self.root / "var/lib/tocsin/tocsin.db"
        self.unit = self.root / "etc/systemd/system/tocsin.service"
        self.web = WebServer()
        self._daemon = daemon
        self._holders: list[subprocess.Popen[str]] = []

    # --- building ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.web.__enter__()
        for path in ("/a", "/b"):
            self.web.on(path, answer(200, DOCUMENT, ETag='"1"', Date=http_date()))
        self.root.mkdir()
        for name in ("etc/tocsin", "var/lib", "var/log/journal", "opt/tocsin/bin", "etc/systemd/system"):
            (self.root / name).mkdir(parents=True)
        self.database.parent.mkdir(mode=0o700)
        program = self.root / "opt/tocsin/bin/tocsin"
        program.write_text(HOLDER, encoding="utf-8")
        layout = install.system_layout(Path("/"))
        self.unit.write_text(
            install.unit_text(layout, "/opt/tocsin/bin/tocsin", layout.config), encoding="utf-8"
        )
        wants = self.unit.parent / "multi-user.target.wants"
        wants.mkdir()
        (wants / "tocsin.service").symlink_to("/etc/systemd/system/tocsin.service")
        (self.root / "etc/systemd/journald.conf").write_text("[Journal]\n", encoding="utf-8")
        (self.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Paris")
        (self.root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="utf-8")
        self.write()
        if self._daemon:
            self.fill()
            self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
        self.web.__exit__(*exc)

    def text(self) -> str:
        """The configuration of a healthy installation."""
        return f"""\
[monitor]
database = "{self.database}"
timezone = "Europe/Paris"
contact = "desk@example.org"
[polling]
allow_private = ["127.0.0.0/8", "::1/128"]
per_host_gap = "0s"
[[feeds]]
name = "a"
url = "{self.web.url("/a")}"
[[feeds]]
name = "b"
url = "{self.web.url("/b", "localhost")}"
[[rules]]
name = "doha"
query = "doha"
[channels.phone]
url = "{PHONE}"
[channels.log]
type = "file"
path = "{self.database.parent}/alerts.jsonl"
[channels.screen]
type = "terminal"
"""

    def write(self, change: Callable[[str], str] = lambda text: text) -> None:
        """Write the configuration, with a change."""
        write(self.config.parent, change(self.text()))

    def replace(self, old: str, new: str) -> None:
        """Write the configuration with one text in another's place."""
        assert old in self.text()
        self.write(lambda text: text.replace(old, new))

    def add(self, more: str) -> None:
        """Write the configuration with more at its end."""
        self.write(lambda text: text + more)

    def fill(self) -> None:
        """A database that knows both feeds as polled twenty minutes ago, and its reserve."""
        now = datetime.now(UTC)
        new_database(self.database.parent)
        with transaction(self.database) as tx:
            for name in ("a", "b"):
                ago = now - timedelta(minutes=20)
                times = {"added_at": ago, "baseline_at": ago, "last_poll_at": ago, "last_good_at": ago}
                add_feed(tx, name, polls=1, next_poll_at=now + timedelta(minutes=10), **times)
        self.sign(now)
        assert Reserve(self.database).make()

    def start(self, *, called: str = "tocsin", lock: Path | None = None) -> subprocess.Popen[str]:
        """Have a process of this name hold the lock."""
        program = self.root / "opt/tocsin/bin" / called
        if not program.exists():
            program.write_text(HOLDER, encoding="utf-8")
        path = lock or self.database.with_name("tocsin.db.lock")
        line = [sys.executable, "-S", "-E", str(program), "run", str(path)]
        holder = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._holders.append(holder)
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        return holder

    def stop(self) -> None:
        """End every process that was started."""
        while self._holders:
            holder = self._holders.pop()
            holder.send_signal(signal.SIGCONT)  # a test may have stopped it
            holder.communicate(timeout=20)

    @staticmethod
    def not_modified() -> tuple[bytes]:
        """What a server answers to those who know its document."""
        return (answer(304, ETag='"1"', Date=http_date()),)

    # --- what the daemon wrote -----------------------------------------------------------------------

    def sign(self, at: datetime, value: str = "at work") -> None:
        """The daemon's last sign of life."""
        self.fact("last_tick", value, at)

    def fact(self, name: str, value: object, at: datetime | None = None) -> None:
        """A fact of the database."""
        text = value if isinstance(value, str) else json.dumps(value)
        with transaction(self.database) as tx:
            tx.run(sql.FACT_UPSERT, name=name, value=text, at=to_db(at or datetime.now(UTC)))

    def sql(self, statement: str, *values: object) -> None:
        """Change what is stored."""
        with transaction(self.database) as tx:
            tx.rows(statement, **{f"p{n}": value for n, value in enumerate(values)})

    @property
    def holder(self) -> int:
        """The process that holds the lock."""
        return self._holders[0].pid

    # --- looking -------------------------------------------------------------------------------------

    def site(self, *, feeds: int | None = 0, deep: bool = False) -> Site:
        """The installation as `tocsin doctor` sees it."""
        for one in fields(context.given):
            setattr(context.given, one.name, one.default)
        context.given.config = str(self.config)
        return site_of(count=feeds, deep=deep, root=self.root)

    def look(self, *, feeds: int | None = 0, deep: bool = False) -> list[Finding]:
        """Everything that is found; of the feeds so many are asked."""
        site = self.site(feeds=feeds, deep=deep)
        return examine(site, checks_for(site))

    def bad(self, *, feeds: int | None = 0, deep: bool = False) -> list[Finding]:
        """What is worse than a note."""
        return [one for one in self.look(feeds=feeds, deep=deep) if one.level >= Level.WARNING]

    def codes(self, *, feeds: int | None = 0, deep: bool = False) -> list[str]:
        """The codes of what is worse than a note."""
        return [one.code for one in self.bad(feeds=feeds, deep=deep)]


def http_date(ahead: float = 0.0) -> str:
    """The time of an HTTP header, so many seconds ahead."""
    from email.utils import format_datetime

    return format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)


def told(findings: Iterable[Finding]) -> str:
    """Findings as text, for a failing test."""
    return "\n".join(f"{f.level.label} {f.code} {f.where}: {f.what} -> {f.remedy}" for f in findings)


def as_nobody() -> bool:
    """Whether rights of files count for us at all."""
    return os.geteuid() != 0
