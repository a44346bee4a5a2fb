"""The world around a newsroom: receivers that write down what they get, a process that dies when told."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from monitor.alerts.quiet import quiet_until
from monitor.model import Answer, AnswerClass
from monitor.service.parts import Parts
from monitor.store.database import Database
from tests.support.newsdesk import Documents, InProcessParser
from tests.support.virtual import InlineWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.delivery.channels import Channel
    from monitor.model import Outgoing
    from monitor.service.app import App
    from monitor.settings import ChannelConfig, Config
    from monitor.store.tx import Tx
    from monitor.store.writer import Priority

T = TypeVar("T")
_WORDS = """
    acre amber anchor apron arbour attic axle baker balcony banjo barley basin beacon bellows birch bishop
    bolt bonnet border bottle bramble brick broom bucket buckle bugle butcher button cabin cable candle
    canvas cargo carpet castle cedar cellar chalk chapel charcoal cherry chimney cider clay clerk cloak
    clover cobbler comet compass copper coral cork cotton cradle crane crayon creek cricket crown crystal
    cupboard curtain daisy dam dentist desert diary diesel donkey drawer drum eagle easel elbow ember engine
    envelope fabric falcon farmer feather fence ferry fiddle fig flannel flask flint flute forest fountain
    fox furnace gallery garden garlic garment geyser ginger glacier glove goblet granite grape gravel guitar
    hammer harbour harvest hazel hedge helmet herring hinge honey hood hornet ink island ivory jacket jar
    jetty jug juniper kettle kitchen kite
"""
WORDS = tuple(_WORDS.split())


class DiedError(Exception):
    """The process is no more: nothing can be written."""


@dataclass(frozen=True)
class Heard:
    """A message that a receiver got."""

    at: datetime
    channel: str
    outgoing: Outgoing
    quiet: bool = False  # the channel was, for a message of this severity

    @property
    def words(self) -> str:
        """What its reader sees first: "late digest talks in Doha, flood in Bonn (may be a repeat)"."""
        message = self.outgoing.message
        if message.kind == "notice":
            return f"notice {message.title.partition(': ')[0]}"
        marks = {
            "late": message.late,
            "digest": message.kind == "digest",
            "update": message.told_at is not None,
        }
        titles = ", ".join(self.titles)
        repeat = " (may be a repeat)" if self.outgoing.maybe_repeat else ""
        return " ".join((*(mark for mark, on in marks.items() if on), titles)) + repeat

    @property
    def titles(self) -> tuple[str, ...]:
        """The headlines it tells."""
        message = self.outgoing.message
        return tuple(entry.title for entry in message.entries) or (message.title,)


class Fuse:
    """
    Ends the process at a named point, reached for the nth time; until then, and without a point, never.

    Points: "before_commit", "after_commit", "before_accept" and "after_accept" of a message by its receiver.
    """

    def __init__(self) -> None:
        self.point, self.left, self.dead = "", 0, False

    def at(self, point: str) -> None:
        """The process is at this point now."""
        if self.dead:
            raise DiedError
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                self.dead = True
                raise DiedError


class FusedWriter(InlineWriter):
    """Each unit in a transaction of its own, unless the process dies."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        super().__init__(path)
        self._fuse = fuse

    def submit(
        self, unit: Callable[[Tx], T], priority: Priority | None = None, *, synced: bool = True
    ) -> Future[T]:
        def watched(tx: Tx) -> T:
            done = unit(tx)
            self._fuse.at("before_commit")
            return done

        done = super().submit(watched, priority, synced=synced)
        try:
            self._fuse.at("after_commit")
        except DiedError as error:
            done = Future()
            done.set_exception(error)
        return done

    def truncate_log(self) -> None:
        """Nobody else reads the file."""


class World(Protocol):
    """What receivers know: the time, their moods and next answers, and where to write what they heard."""

    documents: Documents
    heard: list[Heard]
    moods: dict[str, str]
    answers: dict[str, list[Answer]]
    fuse: Fuse

    @property
    def now(self) -> datetime: ...

    @property
    def app(self) -> App: ...


class Receiver:
    """A channel's receiver: well, down, refusing, or answering what it was told to."""

    def __init__(self, name: str, room: World) -> None:
        self.name = name
        self._room = room

    def send(self, outgoing: Outgoing) -> Answer:
        room, fuse = self._room, self._room.fuse
        mood = room.moods.get(self.name, "well")
        answers = room.answers.get(self.name)
        if mood in ("down", f"chokes on {outgoing.message.title}"):
            return Answer(AnswerClass.TRANSIENT, "connection refused")
        if mood == "refuses":
            return Answer(AnswerClass.REFUSED, "no such chat", 400)
        if mood == "locked":
            return Answer(AnswerClass.CONFIG, "wrong password", 401)
        answer = answers.pop(0) if answers else Answer(AnswerClass.OK, "taken", 200)
        with contextlib.suppress(DiedError):
            fuse.at("before_accept")
            if answer.kind in (AnswerClass.OK, AnswerClass.UNKNOWN):
                windows = room.app.plan.windows.get(self.name, ())
                quiet = quiet_until(windows, room.now, outgoing.message.severity) is not None
                room.heard.append(Heard(room.now, self.name, outgoing, quiet))
            fuse.at("after_accept")
        return answer

    def close(self) -> None:
        """Nothing is open."""


class NewsroomParts(Parts):
    """The parts that touch the world touch the newsroom."""

    def __init__(self, room: World) -> None:
        self._room = room

    def database(self, path: Path) -> Database:
        writer: Any = FusedWriter(path, self._room.fuse)
        database = Database(path, writer)
        database.reserve.size = 64 << 10
        return database

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Any:
        return self._room.documents

    def parser(self) -> Any:
        return InProcessParser()

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        return Receiver(channel.name, self._room)
