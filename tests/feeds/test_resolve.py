"""From names to addresses that may be connected to."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from monitor.feeds.addresses import parse_ranges
from monitor.feeds.problem import FetchError
from monitor.feeds.resolve import DnsPool, checked_addresses
from monitor.model import FetchStatus
from tests.support.webserver import FakeResolver

LOOPBACK = parse_ranges(["127.0.0.0/8"])


def found(*addresses: str) -> list[Any]:
    """What `getaddrinfo` returns for these addresses."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]


def test_a_name_is_looked_up_once_for_all_who_ask() -> None:
    """Ten who ask for one name at the same time share one lookup; the next one asks anew."""
    asked: list[bytes] = []
    go = threading.Event()

    def lookup(host: bytes, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        go.wait(5)
        return found("127.0.0.1", "127.0.0.1", "127.0.0.2")

    async def story() -> None:
        pool = DnsPool(lookup=lookup)
        tasks = [asyncio.create_task(pool("a.test")) for _ in range(10)]
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(*tasks) == [["127.0.0.1", "127.0.0.2"]] * 10
        await pool("a.test")

    asyncio.run(story())
    assert asked == [b"a.test", b"a.test"]


def test_dead_names_do_not_hold_up_a_good_one() -> None:
    """With ninety-nine lookups stuck the last thread still answers; a stuck one ends by its time-out."""
    release = threading.Event()

    def lookup(host: bytes, *_: Any, **__: Any) -> list[Any]:
        if host.startswith(b"dead"):
            release.wait(20)
        return found("127.0.0.1")

    async def story() -> None:
        pool = DnsPool(lookup=lookup, timeout=1.5)
        dead = [asyncio.create_task(pool(f"dead{number}")) for number in range(99)]
        await asyncio.sleep(0)
        assert await pool("good") == ["127.0.0.1"]
        assert not any(task.done() for task in dead)
        for outcome in await asyncio.gather(*dead, return_exceptions=True):
            assert isinstance(outcome, FetchError)
            assert outcome.message == "DNS: no answer within 1.5 s"

    try:
        asyncio.run(story())
    finally:
        release.set()


def test_a_thread_is_started_only_where_none_is_idle() -> None:
    """A hundred lookups one after the other need one thread, ten at once need ten, and no more."""
    together = threading.Barrier(10)

    def lookup(host: bytes, *_: Any, **__: Any) -> list[Any]:
        if host.startswith(b"together"):
            together.wait(5)
        return found("127.0.0.1")

    async def story() -> None:
        pool = DnsPool(lookup=lookup, threads=10)
        for number in range(100):
            await pool(f"alone{number}")
            while pool._idle < 1:  # noqa: ASYNC110 - it is on its way back
                await asyncio.sleep(0)
        assert pool._free_threads == 9
        await asyncio.gather(*(pool(f"together{number}") for number in range(10)))
        await asyncio.gather(*(pool(f"more{number}") for number in range(50)))
        assert pool._free_threads == 0

    asyncio.run(story())


def test_a_lookup_nobody_waits_for_is_not_begun() -> None:
    """What has timed out in the queue does not keep a thread from those who still wait."""
    release = threading.Event()
    asked: list[bytes] = []

    def lookup(host: bytes, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if host == b"dead":
            release.wait(5)
        return found("127.0.0.1")

    async def story() -> None:
        pool = DnsPool(lookup=lookup, threads=1, timeout=0.1)
        await asyncio.gather(pool("dead"), pool("queued"), return_exceptions=True)
        release.set()
        assert await pool("good") == ["127.0.0.1"]

    asyncio.run(story())
    assert asked == [b"dead", b"good"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "DNS: no such host"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "DNS: the name server does not answer"),
        (socket.gaierror(socket.EAI_FAIL, "x"), "DNS: the lookup failed"),
        (UnicodeError("label too long"), "DNS: the name cannot be looked up"),
        (OSError("too many open files"), "DNS: the name cannot be looked up"),
    ],
)
def test_errors_are_sentences(error: Exception, sentence: str) -> None:
    """Each way in which a lookup fails is told in words, and the pool goes on."""
    failures = [error]

    def lookup(*_: Any, **__: Any) -> list[Any]:
        if failures:
            raise failures.pop()
        return found("127.0.0.1")

    async def story() -> None:
        pool = DnsPool(lookup=lookup, threads=1)
        with pytest.raises(FetchError) as caught:
            await pool("a.test")
        assert (caught.value.status, caught.value.message) == (FetchStatus.NETWORK, sentence)
        assert await pool("a.test") == ["127.0.0.1"]

    asyncio.run(story())


def test_a_pool_outlives_its_loop() -> None:
    """The same pool serves one loop after the other, also when a lookup ended after its loop."""
    release = threading.Event()

    def lookup(host: bytes, *_: Any, **__: Any) -> list[Any]:
        if host == b"slow":
            release.wait(5)
        return found("127.0.0.1")

    async def leave(pool: DnsPool) -> None:
        with pytest.raises(FetchError):
            await pool("slow")

    async def ask(pool: DnsPool) -> list[str]:
        return list(await pool("good"))

    pool = DnsPool(lookup=lookup, threads=1, timeout=0.05)
    asyncio.run(leave(pool))
    release.set()
    pool._timeout = 5.0
    assert asyncio.run(ask(pool)) == ["127.0.0.1"]


def test_localhost_is_found_by_the_real_resolver() -> None:
    """The system's own resolver is what a pool asks by default."""

    async def ask() -> list[str]:
        return list(await DnsPool()("localhost"))

    assert set(asyncio.run(ask())) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("addresses", "sentence"),
    [
        (["127.0.0.1", "10.0.0.1"], "a.test points to 10.0.0.1, a private address"),
        (["10.0.0.1", "127.0.0.1"], "a.test points to 10.0.0.1, a private address"),
        (["8.8.8.8", "169.254.169.254"], "a.test points to 169.254.169.254, a link-local address"),
        (["2606:4700::1111", "fe80::1%eth0"], "a.test points to fe80::1%eth0, a link-local address"),
    ],
)
def test_one_denied_address_refuses_the_name(addresses: list[str], sentence: str) -> None:
    """Mixed answers are refused whole, and the sentence names the address and the remedy."""
    with pytest.raises(FetchError) as caught:
        asyncio.run(checked_addresses("a.test", FakeResolver(a_test=addresses), LOOPBACK))
    assert caught.value.status is FetchStatus.REFUSED
    assert caught.value.message == f"{sentence}; add its range to [polling] allow_private to permit it"


def test_families_take_turns_and_four_are_enough() -> None:
    """A host with many IPv6 addresses and no IPv6 route still gets its IPv4 attempt second."""
    many = ["2606:4700::1", "2606:4700::2", "2606:4700::3", "1.1.1.1", "1.0.0.1"]
    tried = asyncio.run(checked_addresses("a.test", FakeResolver(a_test=many), ()))
    assert tried == ["2606:4700::1", "1.1.1.1", "2606:4700::2", "1.0.0.1"]


def test_an_address_asks_no_resolver() -> None:
    """A literal is judged and used as it is; a name without addresses is an error of the network."""
    resolver = FakeResolver(empty_test=[])
    assert asyncio.run(checked_addresses("0x7f.1", resolver, LOOPBACK)) == ["127.0.0.1"]
    assert resolver.asked == []
    with pytest.raises(FetchError, match="DNS: the name has no address"):
        asyncio.run(checked_addresses("empty.test", resolver, LOOPBACK))
