"""A feed that is published to, a receiver that counts, and the configuration between them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from monitor.store import sql
from tests.support.documents import Item, rss
from tests.support.receivers import HttpReceiver
from tests.support.store import LEASED
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self


class Watch:
    """`with Watch(config_folder, database) as w: w.publish("talks"); … w.told()`."""

    def __init__(self, folder: Path, database: Path, *, feeds: int = 1, broken: bool = False) -> None:
        self.database = database
        self.config = folder / "config.toml"
        self.web = WebServer()
        self.receiver = HttpReceiver()
        self._feeds = feeds
        self._broken = broken  # the first feed's XML, so that a process of its own has to read it
        self._items: list[Item] = []
        self.publish("old")

    def publish(self, *titles: str) -> None:
        """Put items on top of what every feed lists; each feed has its own."""
        for title in titles:
            self._items.insert(0, Item(title, guid=title, age=1.0))
        for n in range(self._feeds):
            own = [Item(f"{i.title} of {n} in Doha", guid=f"{n}-{i.guid}", age=i.age) for i in self._items]
            document = rss(*own)
            if self._broken and n == 0:
                document = document.replace(b"</channel>", b"<br></channel>")
            self.web.only(f"/{n}", answer(200, document))

    def told(self) -> Counter[str]:
        """How often each alert came, by title."""
        return Counter(b["title"] for b in self._bodies() if b["kind"] == "alert")

    def notices(self) -> list[str]:
        """What Tocsin said about itself."""
        return [b["title"] for b in self._bodies() if b["kind"] == "notice"]

    def wait_for(self, title: str) -> None:
        """Block until every feed's item of this title, or this notice, has come."""
        for n in range(self._feeds):
            self.receiver.wait_for(f"{title} of {n} in Doha".encode())

    def expected(self, *titles: str) -> Counter[str]:
        """Each of them once."""
        return Counter(f"{t} of {n} in Doha" for t in titles for n in range(self._feeds))

    def adds_up(self, database: Path | None = None) -> None:
        """The file is whole, and ledger, matches and outbox agree."""
        # SQLite would resolve a path into another mount namespace to one of ours, hence the copy. The log is
        # left where even the last checkpoint failed.
        source = database or self.database
        copy = shutil.copyfile(source, self.config.with_name("copy.db"))
        if (log := source.with_name(source.name + "-wal")).exists():
            shutil.copyfile(log, copy.with_name("copy.db-wal"))
        with closing(sqlite3.connect(copy)) as con:
            assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert con.execute(sql.LEDGER_ORPHANS).fetchall() == []
            assert con.execute(sql.LEDGER_STRAY).fetchall() == []
            assert con.execute(LEASED).fetchall() == []

    def _bodies(self) -> list[dict[str, str]]:
        return [json.loads(r.body) for r in self.receiver.requests]

    def __enter__(self) -> Self:
        self.web.__enter__()
        self.receiver.__enter__()
        text = (
            f'[monitor]\ndatabase = "{self.database}"\n'
            '[polling]\nfastest = "1s"\nper_host = 8\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
            "[[rules]]\nname = \"doha\"\nquery = 'doha'\n"
            f'[channels.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:{self.receiver.port}/"\n'
        )
        for n in range(self._feeds):
            text += f'[[feeds]]\nname = "f{n}"\nurl = "{self.web.url(f"/{n}")}"\nevery = "1s"\n'
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.receiver.__exit__(kind, error, trace)
        self.web.__exit__(kind, error, trace)
