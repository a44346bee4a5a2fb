"""Turns at a host."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.lanes import Lanes
from monitor.feeds.pacing import HostPacer, StartRate, host_of


class Time:
    """A clock that moves only when somebody sleeps; sleepers wake in the order of their times."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def pacer(time: Time, *, per_host: int = 2, gap: float = 1.0) -> HostPacer:
    """A pacer on a clock of its own."""
    return HostPacer(per_host, gap, clock=time.clock, sleep=time.sleep)


def test_starts_at_one_host_keep_their_gap() -> None:
    """Four feeds of one host start a second apart; another host does not wait for them."""

    async def story() -> None:
        time = Time()
        paced = pacer(time)
        starts: list[tuple[str, float]] = []

        async def poll(host: str) -> None:
            async with paced.turn(host) as paused:
                assert paused == 0.0
                starts.append((host, time.now))

        await asyncio.gather(*(poll(host) for host in ("a", "a", "b", "a", "a")))
        assert [at for host, at in starts if host == "a"] == [100.0, 101.0, 102.0, 103.0]
        assert [at for host, at in starts if host == "b"] == [100.0]

    asyncio.run(story())


def test_no_more_than_so_many_at_once() -> None:
    """With no gap at all, a third request waits until one of two is over."""

    async def story() -> None:
        paced = pacer(Time(), per_host=2, gap=0.0)
        release = asyncio.Event()
        running = peak = done = 0

        async def poll() -> None:
            nonlocal running, peak, done
            async with paced.turn("a"):
                running += 1
                peak = max(peak, running)
                await release.wait()
                running -= 1
                done += 1

        tasks = [asyncio.create_task(poll()) for _ in range(7)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert running == 2
        release.set()
        await asyncio.gather(*tasks)
        assert (peak, done) == (2, 7)

    asyncio.run(story())


def test_a_pause_is_told_and_not_waited_for() -> None:
    """After "come back in an hour" each turn, also one that already waited, hears how long is left."""

    async def story() -> None:
        time = Time()
        paced = pacer(time)
        heard: list[float] = []

        async def first() -> None:
            async with paced.turn("a") as paused:
                heard.append(paused)
                paced.pause("a", 3600)

        async def later() -> None:
            async with paced.turn("a") as paused:
                heard.append(paused)

        await asyncio.gather(first(), later(), later())
        assert heard[0] == 0.0
        assert all(3590 <= paused <= 3600 for paused in heard[1:])
        assert paced.paused_for("a") == heard[-1]
        assert paced.paused_for("b") == 0.0
        paced.pause("a", 5)
        assert paced.paused_for("a") == heard[-1]
        time.now += 3601
        assert paced.paused_for("a") == 0.0
        async with paced.turn("a") as paused:
            assert paused == 0.0

    asyncio.run(story())


def test_a_failed_or_cancelled_turn_gives_its_place_back() -> None:
    """Neither an error inside the block nor a cancelled waiter blocks the host."""

    async def story() -> None:
        paced = pacer(Time(), per_host=1, gap=0.0)
        with pytest.raises(RuntimeError, match="boom"):
            async with paced.turn("a"):
                raise RuntimeError("boom")

        async def wait() -> None:
            async with paced.turn("a"):
                pass

        async with paced.turn("a"):
            waiter = asyncio.create_task(wait())
            await asyncio.sleep(0)
            waiter.cancel()
            await asyncio.wait([waiter])
            assert waiter.cancelled()
        async with paced.turn("a") as paused:
            assert paused == 0.0

    asyncio.run(story())


def test_hosts_no_longer_in_use_are_forgotten() -> None:
    """Ten thousand hosts, one after the other, leave little behind; a paused one is remembered."""

    async def story() -> None:
        time = Time()
        paced = pacer(time)
        paced.pause("paused", 1e9)
        for number in range(10_000):
            async with paced.turn(f"host{number}"):
                time.now += 2.0
        assert len(paced._hosts) <= 66
        assert paced.paused_for("paused") > 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://News.Example.org./feed?x=1", "news.example.org"),
        ("http://user:pass@example.org:8080/", "example.org"),
        ("http://[::1]:80/", "::1"),
        ("http://[::1", ""),
        ("not a url", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    """One host has one name, whatever the spelling; nonsense has none."""
    assert host_of(url) == host


def test_waiting_for_room_among_all_requests_does_not_close_the_gap() -> None:
    """Two of a host that waited together for one of the few rooms still start a second apart."""

    async def story() -> None:
        time = Time()
        paced = HostPacer(2, 1.0, clock=time.clock, sleep=time.sleep, at_once=1)
        starts: list[float] = []
        release = asyncio.Event()

        async def slow() -> None:
            async with paced.turn("slow"):
                await release.wait()
                time.now += 10.0

        async def poll() -> None:
            async with paced.turn("a"):
                starts.append(time.now)

        tasks = [asyncio.create_task(slow())]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(poll()) for _ in range(2)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert not starts
        release.set()
        await asyncio.gather(*tasks)
        assert len(starts) == 2
        assert starts[1] - starts[0] >= 1.0

    asyncio.run(story())


def test_a_pause_that_comes_while_waiting_for_room_is_heard() -> None:
    """Whoever had its turn at the host already, but no room yet, asks nothing during a pause."""

    async def story() -> None:
        time = Time()
        paced = HostPacer(2, 0.0, clock=time.clock, sleep=time.sleep, at_once=1)
        heard: list[float] = []

        async def poll() -> None:
            async with paced.turn("a") as paused:
                heard.append(paused)

        async with paced.turn("b"):
            waiting = asyncio.create_task(poll())
            for _ in range(5):
                await asyncio.sleep(0)
            paced.pause("a", 60.0)
        await waiting
        assert heard == [60.0]

    asyncio.run(story())


@given(st.floats(0.1, 200.0), st.lists(st.floats(0.0, 3.0), max_size=200))
def test_no_second_has_more_starts_than_the_rate_allows(rate: float, pauses: list[float]) -> None:
    """Whatever the rests between two asks: a second holds the rate, half of it, and one."""
    starts = StartRate(rate)
    now, begun = 0.0, []
    for pause in pauses:
        now += pause
        if starts.take(now):
            begun.append(now)
    for first in begun:
        inside = sum(first <= at < first + 1.0 for at in begun)
        assert inside <= rate * 1.5 + 1 + 1e-6


def test_a_rate_is_used_to_the_full() -> None:
    """Asked twice a second as by the tick, it lets through nearly all that it may."""
    starts = StartRate(50.0)
    begun = 0
    for tick in range(2 * 60):
        while starts.take(tick / 2):
            begun += 1
    assert 50 * 60 - 26 <= begun <= 50 * 60 + 26


def test_a_host_with_and_without_www_is_one() -> None:
    """They are one server, so they share places, the gap and a pause."""

    async def story() -> None:
        time = Time()
        paced = pacer(time)
        starts: list[float] = []

        async def poll(host: str) -> None:
            async with paced.turn(host):
                starts.append(time.now)

        await asyncio.gather(*(poll(host) for host in ("a.test", "www.a.test", "a.test")))
        assert starts == [100.0, 101.0, 102.0]
        paced.pause("www.a.test", 60.0)
        async with paced.turn("a.test") as paused:
            assert paused == 60.0
        assert paced.paused_for("www.a.test") == 60.0

    asyncio.run(story())


def test_a_redirected_feed_takes_its_turn_at_both_hosts() -> None:
    """The gap is kept at the host behind the redirect as well, and a pause of either holds."""

    async def story() -> None:
        time = Time()
        paced = pacer(time)
        starts: list[float] = []

        async def poll(*hosts: str) -> None:
            async with paced.turn(*hosts) as paused:
                assert paused == 0.0
                starts.append(time.now)

        await asyncio.gather(poll("a.test", "farm.test"), poll("b.test", "farm.test"), poll("farm.test"))
        assert sorted(starts) == [100.0, 101.0, 102.0]
        paced.pause("farm.test", 60.0)
        async with paced.turn("c.test", "farm.test") as paused:
            assert paused == 60.0

    asyncio.run(story())


def test_turns_at_each_other_s_host_end() -> None:
    """Two hosts that redirect to each other, one place each: whoever waits gets its turn."""

    async def story() -> None:
        time = Time()
        paced = pacer(time, per_host=1, gap=0.0)
        done = []

        async def poll(one: str, other: str) -> None:
            for _ in range(20):
                async with paced.turn(one, other):
                    await asyncio.sleep(0)
                    done.append(one)

        await asyncio.wait_for(asyncio.gather(poll("a", "b"), poll("b", "a")), 10)
        assert len(done) == 40

    asyncio.run(story())


def test_whether_a_turn_was_slow_is_told_in_the_end() -> None:
    """One that asked tells it, one that met a pause does not."""

    async def story() -> None:
        paced = HostPacer(2, 0.0, at_once=1)
        paced._lanes = Lanes(1, patience=0.0)
        told: list[bool] = []
        async with paced.turn("a", ended=told.append):
            while paced._lanes._slow._value != 1:  # noqa: ASYNC110 - it moves by itself
                await asyncio.sleep(0)
        assert told == [True]
        paced._lanes = Lanes(1)
        async with paced.turn("a", ended=told.append, slow=True):
            pass
        assert told == [True, False]
        paced.pause("a", 60.0)
        async with paced.turn("a", ended=told.append) as paused:
            assert paused > 0.0
        assert told == [True, False]

    asyncio.run(story())


def test_without_a_room_one_keeps_its_host_s_manners_and_nobody_from_the_rooms() -> None:
    """Gap, pause and number at once are those of all; with all rooms taken it begins all the same."""

    async def story() -> None:
        time = Time()
        paced = HostPacer(2, 1.0, clock=time.clock, sleep=time.sleep, at_once=1)
        starts: list[float] = []
        async with paced.turn("feeds.example"):
            for _ in range(2):
                async with paced.turn("a", room=False) as paused:
                    assert paused == 0.0
                    starts.append(time.now)
        async with paced.turn("a"):
            starts.append(time.now)
        assert [later - starts[0] for later in starts] == [0.0, 1.0, 2.0]
        paced.pause("a", 60)
        async with paced.turn("a", room=False) as paused:
            assert paused == 60.0

    asyncio.run(story())


def test_without_a_room_one_counts_among_those_at_a_host() -> None:
    """A third request waits for a page as it would for a feed."""

    async def story() -> None:
        paced = pacer(Time(), per_host=1, gap=0.0)
        release, inside = asyncio.Event(), asyncio.Event()

        async def page() -> None:
            async with paced.turn("a", room=False):
                inside.set()
                await release.wait()

        async def feed() -> None:
            async with paced.turn("a"):
                assert release.is_set()

        first = asyncio.create_task(page())
        await inside.wait()
        second = asyncio.create_task(feed())
        await asyncio.sleep(0)
        release.set()
        await asyncio.gather(first, second)

    asyncio.run(story())
