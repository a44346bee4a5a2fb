"""Work in a killable process: values come back, and nothing it does takes longer than it may."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from monitor.killable import child, parent
from monitor.killable.parent import KillableProcess, KilledError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def run(
    story: Callable[[KillableProcess], Awaitable[None]],
    cpu: float = 5.0,
    wall: float = 60.0,
    *,
    one_shot: bool = False,
) -> None:
    """Run a story with a process that is closed at its end."""

    async def told() -> None:
        process = KillableProcess(
            "tests.support.killed", work="working", cpu_seconds=cpu, wall_seconds=wall, one_shot=one_shot
        )
        try:
            await story(process)
        finally:
            await process.close()

    asyncio.run(told())


async def ask(process: KillableProcess, wish: str, text: str = "") -> Any:
    """One request."""
    return await process.ask({"wish": wish}, text.encode())


def test_answers_come_from_one_process_in_turn() -> None:
    """Requests made at once get each their own answer, and a library's print is in none of them."""

    async def story(process: KillableProcess) -> None:
        answers = await asyncio.gather(
            *(ask(process, "garbage" if n % 2 else "answer", f"é{n}") for n in range(10))
        )
        assert [one["got"] for one in answers] == [f"é{n}" for n in range(10)]
        assert len({one["pid"] for one in answers}) == 1

    run(story)


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ("burn", "working took more than 0.2 s of processor time"),
        ("grow", "working needed more memory than it may take"),
        ("vanish", "the process for working broke down"),
    ],
)
def test_what_goes_wrong_costs_one_request(wish: str, why: str) -> None:
    """The reason is told, and the next request has a new process."""

    async def story(process: KillableProcess) -> None:
        first = await ask(process, "answer")
        with pytest.raises(KilledError, match=why) as caught:
            await ask(process, wish)
        assert caught.value.killed
        second = await ask(process, "answer", "again")
        assert second["got"] == "again"
        assert second["pid"] != first["pid"]

    run(story, cpu=0.2)


def test_a_process_that_does_nothing_is_waited_for_so_long() -> None:
    """Waiting ends by the wall clock; the process is gone afterwards."""

    async def story(process: KillableProcess) -> None:
        pid = (await ask(process, "answer"))["pid"]
        process.wall_seconds = 0.2
        with pytest.raises(KilledError, match=r"took longer than 0\.2 s"):
            await ask(process, "hang")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    run(story)


def test_a_cancelled_request_leaves_no_answer_behind() -> None:
    """What the process was doing ends with it; the next answer belongs to the next request."""

    async def story(process: KillableProcess) -> None:
        await ask(process, "answer")
        asked = asyncio.create_task(ask(process, "hang"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await ask(process, "answer", "next"))["got"] == "next"

    run(story)


def test_one_shot_leaves_no_process() -> None:
    """Each request has a process of its own."""

    async def story(process: KillableProcess) -> None:
        pids = [(await ask(process, "answer"))["pid"] for _ in range(2)]
        assert pids[0] != pids[1]
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    run(story, one_shot=True)


def test_a_module_that_is_not_there_is_a_breakdown() -> None:
    """Even that is told as a value of the request."""

    async def story() -> None:
        process = KillableProcess("tests.support.nowhere", work="working", cpu_seconds=1, wall_seconds=30)
        with pytest.raises(KilledError, match="broke down"):
            await process.ask({}, b"")
        await process.close()

    asyncio.run(story())


def test_parent_and_child_agree() -> None:
    """The two sides live in two processes and share a number."""
    assert parent._MEMORY_EXIT == child.MEMORY_EXIT


@pytest.mark.parametrize("wrong", ["pid2", "got"])
def test_an_answer_that_makes_no_sense_is_a_breakdown(wrong: str) -> None:
    """A process that gives one is not asked again."""

    def read(answer: Any) -> int:
        return int(answer[wrong])

    async def story(process: KillableProcess) -> None:
        first = await ask(process, "answer")
        with pytest.raises(KilledError, match="the process for working broke down") as caught:
            await process.ask_for(read, {"wish": "answer"}, b"no number")
        assert caught.value.killed
        assert (await ask(process, "answer"))["pid"] != first["pid"]

    run(story)


def test_code_that_takes_the_timer_away_is_ended_by_the_limit() -> None:
    """It counts whole seconds, and nobody but the kernel can move it."""

    async def story(process: KillableProcess) -> None:
        with pytest.raises(KilledError, match=r"took more than 0\.1 s of processor time"):
            await ask(process, "burn without a timer")
        assert (await ask(process, "answer", "again"))["got"] == "again"

    run(story, cpu=0.1)


def test_a_large_request_arrives_whole() -> None:
    """It is more than a pipe holds."""

    async def story(process: KillableProcess) -> None:
        assert (await ask(process, "answer", "é" * 1_000_000))["got"] == "é" * 1_000_000

    run(story)
