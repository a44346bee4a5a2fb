"""Two hundred matches at once, and a day without the receiver: nothing is lost, and nobody is flooded."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.delivery import policy
from monitor.delivery.apprise_channel import AppriseChannel, load_plugin
from monitor.delivery.outbox import OutboxWorker
from monitor.delivery.terms import terms_of
from monitor.delivery.webhook import WebhookChannel
from monitor.model import Severity
from monitor.pipeline import check_feed
from monitor.settings import ChannelConfig, Config, Secret
from monitor.store import sql
from monitor.store.database import Database
from tests.support import storm
from tests.support.newsdesk import Desk
from tests.support.receivers import HttpReceiver, Reply, Request, dead_port
from tests.support.virtual import InlineWriter, VirtualLoop, run_virtually

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.delivery.channels import Channel
    from tests.support.documents import Item

URL = "tgram://123456789:AAHcanary-telegram-token-0123456789/12315544/"
JSON = {"Content-Type": "application/json"}


class Storm:
    """A desk with one channel, and its worker, in virtual time."""

    def __init__(self, folder: Path, config: ChannelConfig, **more: Any) -> None:
        self.virtual: VirtualLoop | None = None
        self.telegram = storm.Telegram(self.seconds)
        self.desk = Desk(folder, rules=storm.RULES, channels=(), **more)
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

    def run(self, story: Callable[[VirtualLoop, OutboxWorker], Awaitable[None]], channel: Channel) -> None:
        """Let a story happen with a worker that delivers to the channel; the ledger adds up afterwards."""
        self.begun = self.desk.now
        self.desk.database.close()
        writer: Any = InlineWriter(self.desk.config.database)
        database = self.desk.database = Database(self.desk.config.database, writer)
        self.desk._deps = replace(self.desk._deps, database=database)

        async def together(loop: VirtualLoop) -> None:
            self.virtual = loop
            worker = OutboxWorker(database, self.clock, rng=lambda: 1.0)
            config: Config = self.desk.config
            worker.use({channel.name: channel}, (), terms_of(config.channels, config.rules, {}))
            await story(loop, worker)

        run_virtually(together)
        assert self.desk.adds_up()

    def clock(self) -> datetime:
        """The wall clock, which the desk sees, too."""
        self.desk.now = self.begun + timedelta(seconds=self.seconds())
        return self.desk.now

    async def poll(self, *items: Item) -> None:
        """The feed shows these, and is polled."""
        self.desk.publish("a", *items)
        self.clock()
        await check_feed(self.desk.plan.feeds["a"], self.desk.state("a"), self.desk.plan, self.desk._deps)

    def rows(self) -> list[sqlite3.Row]:
        """The outbox, oldest first."""
        return list(reversed(self.desk.database.reader.rows(sql.OUTBOX_ALL, count=1000)))

    def attempts(self) -> int:
        """How many were made in all."""
        return int(self.desk.database.reader.rows("SELECT count(*) FROM attempts")[0][0])


PHONE = ChannelConfig(name="phone", type="apprise", url=Secret(URL))


def telegram_at(port: int) -> AppriseChannel:
    """The real plugin; its service is on loopback."""
    channel = AppriseChannel(PHONE)
    channel._plugin = load_plugin(URL)
    channel._plugin.notify_url = f"http://127.0.0.1:{port}/bot"
    return channel


async def all_goes(_: VirtualLoop, worker: OutboxWorker) -> None:
    """Work until nothing waits."""
    await worker.finish()


def figures(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Say what was measured, past pytest's capturing."""
    with capsys.disabled():
        sys.stdout.write(f"\n    {text}\n")


def test_two_hundred_matches_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The urgent one at once, the most severe next, the rest in eight messages at the service's rate."""
    told = Storm(tmp_path, PHONE)
    told.desk.publish("a", *storm.storm())
    told.desk.poll()
    with told.desk, HttpReceiver(decide=told.answer) as receiver:
        told.run(all_goes, telegram_at(receiver.port))
        assert {row["state"] for row in told.rows()} == {"sent"}
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


def test_a_service_that_takes_less_than_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else uses the token, too: each 429 is obeyed to the second, and nothing is lost."""
    told = Storm(tmp_path, PHONE)
    told.telegram = storm.Telegram(told.seconds, most=4)
    told.desk.publish("a", *storm.storm())
    told.desk.poll()

    async def for_ten_minutes(loop: VirtualLoop, worker: OutboxWorker) -> None:
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(600)
        await worker.stop(1)
        await running

    with told.desk, HttpReceiver(decide=told.answer) as receiver:
        told.run(for_ten_minutes, telegram_at(receiver.port))
    said, refused = told.telegram.said, told.telegram.refused
    figures(
        capsys, f"{len(said)} messages at {[round(when) for when, _ in said]} s, {len(refused)} times 429"
    )
    assert sorted(storm.marks_in(text for _, text in said)) == list(range(200)), "each is named once"
    assert len(refused) <= 3
    assert len(said) <= 1 + 8


def hours_down(number: int) -> list[Item]:
    """What a feed shows in that hour: three reports, now and then one that is urgent or severe."""
    words = ["town", "town", "town"]
    if number % 6 == 5:
        words[0] = "evacuation"
    if number % 4 == 2:
        words[1] = "alarm"
    return [storm.item(number * 3 + n, word, hours=-number) for n, word in enumerate(words)]


@pytest.mark.parametrize(
    ("each", "down"),
    [
        pytest.param(3, None, id="a backlog"),
        pytest.param(0, None, id="a few", marks=pytest.mark.slow),
        pytest.param(3, 503, id="a backlog behind a gateway", marks=pytest.mark.slow),
    ],
)
def test_a_receiver_that_was_down_for_a_day(
    tmp_path: Path, each: int, down: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything arrives once, in order, marked late; a backlog as urgent ones and digests."""
    port, hours = dead_port(), 24
    hook = ChannelConfig(name="desk", type="webhook", url=Secret(f"http://127.0.0.1:{port}/in"))
    told = Storm(tmp_path, hook)
    requests: list[Request] = []

    async def a_day(loop: VirtualLoop, worker: OutboxWorker) -> None:
        running = asyncio.create_task(worker.run())
        gateway = HttpReceiver(decide=lambda _: Reply(down or 200), port=port) if down else nullcontext()
        with gateway:
            await hourly(worker)
        with HttpReceiver(port=port) as back:
            await asyncio.sleep(policy.LONGEST_REST + 5)
            requests.extend(back.requests)
        await worker.stop(1)
        await running

    async def hourly(worker: OutboxWorker) -> None:
        for hour in range(hours):
            items = hours_down(hour) if each else hours_down(hour)[:1] if hour % 5 == 1 else []
            if items:
                await told.poll(*reversed(items))  # newest first, as feeds do
                worker.wake()
            await asyncio.sleep(3600)

    with told.desk:
        told.run(a_day, WebhookChannel(hook))
        rows, attempts = told.rows(), told.attempts()
    said = [json.loads(request.body) for request in requests]
    ids = [one["id"] for one in said]
    entries = [(one, entry) for one in said for entry in (one["entries"] or [one])]
    named = [(entry["severity"], storm.marks_in([entry["title"]])[0]) for _, entry in entries]
    inversions = sum(
        earlier > later
        for place, (severity, earlier) in enumerate(named)
        for other, later in named[place + 1 :]
        if other == severity
    )
    figures(
        capsys,
        f"{len(named)} matches in {len(said)} messages after 24 h; {attempts} attempts, {inversions}"
        f" inversions, {len(named) - len(set(named))} named twice, {len(ids) - len(set(ids))} sent twice",
    )
    wanted = range(hours * 3) if each else [hour * 3 for hour in range(hours) if hour % 5 == 1]
    assert sorted(number for _, number in named) == list(wanted)
    assert len(set(ids)) == len(ids)
    # A message that makes its receiver fail looks the same as a receiver that fails: others are tried, too.
    assert inversions <= (1 if down else 0)
    assert all(one["late"] for one in said)
    assert not any(one["maybe_repeat"] for one in said)
    assert {row["state"] for row in rows} == {"sent"}
    if down:
        assert len(said) <= 4 + 8
    elif each:
        kinds = [one["kind"] for one in said]
        assert kinds == ["alert"] * 4 + ["digest"] * (len(kinds) - 4)
        assert len(kinds) <= 4 + 8
        ranks = [Severity[severity.upper()] for severity, _ in named]
        assert ranks == sorted(ranks, reverse=True), "the most severe first"
    else:
        assert [number for _, number in named] == list(wanted)
        assert {one["kind"] for one in said} == {"alert"}
    assert attempts <= 24 * 60
