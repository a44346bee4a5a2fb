"""Whether health can be read where it should be, seen from outside."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from monitor.config.serving import Place
from monitor.service.health import Pulse, healthz
from monitor.service.knock import knock
from monitor.service.listener import Listener
from tests.support.documents import NOON
from tests.support.webserver import WebServer

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.service.listener import Question, Reply


async def answer(_: Question) -> Reply:
    """What the daemon says of itself; that it is ill is an answer, too."""
    return healthz(Pulse(NOON, NOON, stuck="the schedule was not looked at for 20 s"), NOON)


@pytest.mark.parametrize("where", ["127.0.0.1:0", "[::1]:0", "localhost:0", "./health.sock"])
def test_it_is_found_where_it_listens(where: str, tmp_path: Path) -> None:
    """On a port or on a socket, ill or well; and no more once it has gone."""

    async def body() -> tuple[str | None, str | None]:
        place = Place.of(where, tmp_path)
        assert place is not None
        listener = Listener(lambda: place, answer)
        await listener.look()
        asked = place if listener.address is None else Place(host=place.host, port=listener.address[1])
        try:
            there = await asyncio.to_thread(knock, asked)
        finally:
            listener.close()
        return there, await asyncio.to_thread(knock, asked)

    there, gone = asyncio.run(body())
    assert there == ""
    assert gone in ("nobody listens there", "there is no such socket")


def test_another_program_is_not_taken_for_us() -> None:
    """A web server that has the port; and one that takes the question and says nothing."""
    with WebServer() as web:
        host, port = web.url("/").split("/")[2].split(":")
        assert knock(Place(host=host, port=int(port))) == "another program answers there"
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert knock(Place(host="127.0.0.1", port=mute.getsockname()[1]), 0.2) == "no answer within 0.2 s"


def test_what_cannot_be_told_from_here_is_not_told(tmp_path: Path) -> None:
    """No name is looked up and no other machine asked."""
    assert knock(Place(host="monitor.example", port=9)) is None
    assert knock(Place(host="192.0.2.7", port=9)) is None
    assert knock(Place(path=tmp_path / "gone" / "health.sock")) == "there is no such socket"
