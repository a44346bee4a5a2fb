"""What people are told of channels in trouble: once, in one message, and never by one that is dead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.model import Answer, AnswerClass
from monitor.store import outbox as moves
from tests.support.channels import OK, FakeChannel, Picky
from tests.support.desk import Desk, begun, desk
from tests.support.store import GUARD, do

if TYPE_CHECKING:
    from pathlib import Path

REVOKED = Answer(AnswerClass.CONFIG, "HTTP 401: “invalid_auth”: the token is not accepted", 401)


def test_many_dead_channels_are_one_notice(tmp_path: Path) -> None:
    """A proxy forbids five channels: the sixth hears of them in one message, and they of nothing."""
    bad = [Picky(lambda _: REVOKED, name) for name in ("a", "b", "c", "d", "e")]
    log = FakeChannel("log")
    with desk(tmp_path, *bad, log) as d:
        d.use(*bad, log, notices_to=["a", "b", "c", "d", "e", "log"])
        for channel in bad:
            d.ring(channel.name)
        d.finish()
        (told,) = [out.message for out in log.given]
        assert told.title == "5 channels cannot deliver: a, b, c, d, e"
        for channel in bad:
            assert f"{channel.name}: HTTP 401: “invalid_auth”" in told.excerpt
            assert [out.message.kind for out in channel.given] == ["alert"]
        assert len(d.notices()) == 5
        d.passes(120, step=5)
        assert len(log.given) == 1, "said once"
        for channel in bad:
            channel.judge = lambda _: OK
        d.passes(30, step=5)
        assert all(len(channel.taken) == 1 for channel in bad), "no old notice for any of them"
        assert len(log.given) == 1


def test_a_channel_for_notices_alone_is_told_of_as_well(tmp_path: Path) -> None:
    """Its token was revoked, and no alert ever goes there: another one hears of it, once."""
    ops, phone = Picky(lambda _: REVOKED, "ops"), FakeChannel("phone")
    with desk(tmp_path, ops, phone) as d:
        d.use(ops, phone, notices_to=["ops", "phone"])
        do(d.database, lambda tx: moves.notice(tx, "config_refused", "", "x", d.clock.now, to=["ops"]))
        d.passes(30)
        assert [title.partition(": ")[0] for title in phone.titles] == ["channel ops cannot deliver"]


def test_a_reload_with_another_token_is_tried_at_once(tmp_path: Path) -> None:
    """Nobody who mended the configuration waits a quarter of an hour; all goes in its order."""
    revoked, mended = Picky(lambda _: REVOKED), FakeChannel()
    with desk(tmp_path, revoked) as d:
        ids = d.ring(count=3)
        d.passes(60)
        before = len(revoked.given)
        d.use(revoked)
        d.finish()
        assert len(revoked.given) == before, "a reload that changed nothing here"
        d.use(mended)
        d.finish()
        assert [out.outbox_id for out in mended.given] == ids


def test_where_nobody_is_left_to_be_told_nothing_is_sent(tmp_path: Path) -> None:
    """The notices stand in the database, for `status`."""
    bad = [Picky(lambda _: REVOKED, name) for name in ("a", "b")]
    with desk(tmp_path, *bad) as d:
        d.use(*bad, notices_to=["a", "b"])
        for channel in bad:
            d.ring(channel.name)
        d.passes(30)
        assert {subject for _, subject, _ in d.notices()} == {"a", "b"}
        assert {out.message.kind for channel in bad for out in channel.given} == {"alert"}


async def told(d: Desk, count: int) -> None:
    """Wait until so many notices stand in the database."""
    async with asyncio.timeout(GUARD):
        while len(d.notices()) < count:  # noqa: ASYNC110 - the database rings no bell
            await asyncio.sleep(0.01)


def test_a_notice_waits_for_others_and_no_longer(tmp_path: Path) -> None:
    """In the daemon ten seconds after the first; what fails later is a notice of its own."""
    bad, log = [Picky(lambda _: REVOKED, name) for name in ("a", "b", "c")], FakeChannel("log")
    with desk(tmp_path, *bad, log) as d:
        d.use(*bad, log, notices_to=["log"])

        async def story() -> None:
            for name in ("a", "b"):
                d.ring(name)
            d.worker.wake()
            await begun(bad[0])
            await begun(bad[1])
            await told(d, 2)
            assert log.given == []
            d.clock.advance(seconds=10)
            d.worker.wake()
            await begun(log)
            d.ring("c")
            d.worker.wake()
            await begun(bad[2])
            await told(d, 3)
            d.clock.advance(seconds=10)
            d.worker.wake()
            await begun(log, 2)

        d.run(story)
        assert log.titles[0] == "2 channels cannot deliver: a, b"
        assert log.titles[1].startswith("channel c cannot deliver: ")
