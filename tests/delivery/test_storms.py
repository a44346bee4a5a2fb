"""Two hundred matches at once, and a day without the receiver: nothing is lost, and nobody is flooded."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.delivery.apprise_channel import AppriseChannel, load_plugin
from monitor.delivery.outbox import OutboxWorker
from monitor.delivery.terms import terms_of
from monitor.settings import ChannelConfig, Config, Secret
from monitor.store import sql
from monitor.store.database import Database
from tests.support import storm
from tests.support.newsdesk import Desk
from tests.support.receivers import HttpReceiver, Reply, Request
from tests.support.virtual import InlineWriter, VirtualLoop, run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

URL = "tgram://123456789:AAHcanary-telegram-token-0123456789/12315544/"
JSON = {"Content-Type": "application/json"}


class Storm:
    """A desk whose channel leads to a Telegram on loopback, and a worker in virtual time."""

    def __init__(self, folder: Path) -> None:
        self.virtual: VirtualLoop | None = None
        self.telegram = storm.Telegram(self.seconds)
        self.desk = Desk(folder, rules=storm.RULES, channels=())
        config = ChannelConfig(name="phone", type="apprise", url=Secret(URL))
        self.desk.change(channels=(config,), budget="off")
        self.desk.publish("a", storm.item(9999, hours=48))
        self.desk.poll()

    def seconds(self) -> float:
        """Virtual time."""
        return self.virtual.virtual if self.virtual else 0.0

    def answer(self, request: Request) -> Reply:
        """What Telegram says."""
        wait = self.telegram.take(request.body)
        said = storm.too_many(wait) if wait else storm.GOOD
        return Reply(429 if wait else 200, JSON, json.dumps(said).encode())

    def channel(self, port: int) -> AppriseChannel:
        """The real plugin; its service is on loopback."""
        channel = AppriseChannel(self.desk.config.channels[0])
        channel._plugin = load_plugin(URL)
        channel._plugin.notify_url = f"http://127.0.0.1:{port}/bot"
        return channel

    def deliver(self, port: int) -> list[dict[str, Any]]:
        """Work until nothing waits; the outbox then."""
        noon, path = self.desk.now, self.desk.config.database
        self.desk.database.close()
        writer: Any = InlineWriter(path)
        database = Database(path, writer)

        async def story(loop: VirtualLoop) -> None:
            self.virtual = loop
            worker = OutboxWorker(database, lambda: noon + timedelta(seconds=loop.virtual), rng=lambda: 1.0)
            config: Config = self.desk.config
            worker.use({"phone": self.channel(port)}, (), terms_of(config.channels, config.rules, {}))
            await worker.finish()

        try:
            run_virtually(story)
            assert not database.reader.rows(sql.LEDGER_STRAY)
            assert not database.reader.rows(sql.LEDGER_ORPHANS)
            return [dict(row) for row in reversed(database.reader.rows(sql.OUTBOX_ALL, count=1000))]
        finally:
            database.close()


@contextmanager
def served(storm_: Storm) -> Iterator[int]:
    """The port of its Telegram."""
    with HttpReceiver(decide=storm_.answer) as receiver:
        yield receiver.port


def figures(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Say what was measured, past pytest's capturing."""
    with capsys.disabled():
        sys.stdout.write(f"\n    {text}\n")


def test_two_hundred_matches_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The urgent one at once, the most severe next, the rest in eight messages at the service's rate."""
    told = Storm(tmp_path)
    told.desk.publish("a", *storm.storm())
    told.desk.poll()
    with served(told) as port:
        rows = told.deliver(port)
    said, telegram = told.telegram.said, told.telegram
    longest = max(len(text.encode("utf-16-le")) // 2 for _, text in said)
    figures(
        capsys, f"{len(said)} messages at {[round(when) for when, _ in said]} s, longest {longest}, no 429"
    )
    assert storm.marks_in([said[0][1]]) == [150]
    assert said[0][0] <= 2
    assert len(said) <= 1 + 8
    assert sorted(storm.marks_in(text for _, text in said)) == list(range(200)), "each is named once"
    severe = [n for n in range(0, 200, 5) if n != 150]
    assert set(storm.marks_in(text for _, text in said[1:3])) >= set(severe)
    assert set(storm.marks_in([said[1][1]])) <= set(severe)
    assert telegram.refused == []
    assert {row["state"] for row in rows} == {"sent"}
