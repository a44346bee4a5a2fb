"""
A scenario as a time axis that can be read aloud: what happens, and what each receiver hears, in one text.

    27 22:10  a: flood in Bonn               a feed shows a new item; rules hold where their names stand
    27 22:20  b: copy of flood in Bonn       the other feed shows the same
    27 22:30  a: flood in Bonn + war begins  the item is edited: its headline and text say more
    27 22:40  phone: down                    also: up, refuses, locked, chokes on TITLE, loses 1, asks 10m
    27 22:50  reload calm                    the configuration of this name is put in force
    27 22:55  restart                        also: stop, start, kill, dies after_accept
    27 23:00  silence 2h rule=flood          also: end silence 1, retry phone
    28 07:00  -> phone: late digest talks in Doha, flood in Bonn
    28 12:00  end                            nothing else is heard until then

Times are what the clock shows in the newsroom's zone, with the day of the month; `*` marks the second time
that a clock shows it. Lines that begin with `->` are what is expected: exactly these are heard, at these
minutes. Nothing needs to be said of the ledger: it is held against matches and outbox after each line.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from monitor.alerts.walltime import shown
from monitor.config.durations import parse_duration
from monitor.model import Answer, AnswerClass
from tests.support.newsroom import Newsroom

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_LINE = re.compile(r"(\d\d) (\d\d:\d\d)(\*?) +(.+)")
_TAIL = timedelta(hours=25)  # in which nothing else is heard, where no line says how long
_TOLD = "-> "


def play(folder: Path, toml: str, text: str, **more: Any) -> Newsroom:
    """Play a scenario (see `Axis`); returns the newsroom at its end."""
    axis = Axis(folder, toml, text, **more)
    axis.plays()
    return axis.room


class Axis:
    """
    Plays scenarios in a newsroom that begins with the configuration `toml`.

    `others` are configurations that lines reload, by name. `start` is the date on which the axis begins, or
    date and time; without a time it begins an hour before its first line.
    """

    def __init__(
        self,
        folder: Path,
        toml: str,
        text: str,
        *,
        start: str = "2026-11-27",
        zone: str = "Europe/Paris",
        others: Mapping[str, str] | None = None,
    ) -> None:
        self.wanted = [line.strip() for line in dedent(text).strip().splitlines() if line.strip()]
        self._others = {"begun with": toml, **(others or {})}
        self._lines: list[str] = []
        self._told = 0
        self._day = datetime.fromisoformat(start).date()
        self.room = Newsroom(folder, toml, start if " " in start else f"{start} 00:00", zone)

    def plays(self) -> None:
        """Let all of it happen; what was heard is what the text says, at these times."""
        with self.room as room:
            for line in self.wanted:
                parts = _LINE.fullmatch(line)
                assert parts, f"not a line of an axis: {line}"
                day, clock, second, what = parts.groups()
                if what.startswith(_TOLD):
                    continue
                self._pass_to(self._moment(int(day), clock, second=bool(second)))
                self._lines.append(f"{day} {clock}{second} {what}")
                self._happen(what)
                self._listen()
            if not self.wanted[-1].endswith(" end"):
                self._pass_to(room.now + _TAIL)
            if not room.running:
                room.start()
            assert sorted(_even(self._lines)) == sorted(_even(self.wanted)), self.as_text()
            assert _even(self._lines) == _even(self.wanted), self.as_text()
            room.adds_up()

    def as_text(self) -> str:
        """What happened and what was heard."""
        return "\n".join(("what was heard:", *self._lines))

    def _moment(self, day: int, clock: str, *, second: bool) -> datetime:
        """The next time at which the clock shows this on this day of a month."""
        hour, minute = map(int, clock.split(":"))
        while self._day.day != day:
            self._day += timedelta(days=1)
        wall = datetime(self._day.year, self._day.month, self._day.day, hour, minute)  # noqa: DTZ001
        return wall.replace(tzinfo=self.room.zone, fold=int(second))

    def _pass_to(self, when: datetime) -> None:
        assert when.timestamp() >= self.room.now.timestamp() - 1, f"{when} is over"
        self.room.pass_to(datetime.fromtimestamp(when.timestamp(), tz=self.room.now.tzinfo))
        self.room.adds_up()
        self._listen()

    def _listen(self) -> None:
        """Write down what was heard since the last time."""
        for heard in self.room.heard[self._told :]:
            at = shown(self.room.zone, heard.at)
            mark = "*" if at.fold else ""
            self._lines.append(f"{at:%d %H:%M}{mark} {_TOLD}{heard.channel}: {heard.words}")
        self._told = len(self.room.heard)

    # --- what happens

    def _happen(self, what: str) -> None:
        room, words = self.room, what.split()
        name, _, rest = what.partition(": ")
        if name in room.items:
            self._show(name, rest)
        elif rest:
            self._receiver(name, rest.split())
        elif words[0] == "reload":
            room.reload(self._others[what.removeprefix("reload ")])
        elif words[0] == "silence":
            span = timedelta(seconds=parse_duration(words[1]))
            room.silence(span, **dict(word.split("=") for word in words[2:]))
        elif words[:2] == ["end", "silence"]:
            room.end_silence(int(words[2]))
        elif words[0] == "retry":
            room.retry(words[1])
        elif words[0] == "dies":
            room.dies_at(words[1], int(words[2]) if len(words) > 2 else 1)
        elif words[0] == "restart":
            room.stop()
            room.start()
        elif words[0] in ("start", "stop", "kill"):
            getattr(room, words[0])()
        else:
            assert words == ["end"], f"nothing is known that is called: {what}"

    def _show(self, feed: str, text: str) -> None:
        title, _, more = text.partition(" + ")
        if more:
            self.room.edits(title, more)
        elif title.startswith("copy of "):
            self.room.copies(title.removeprefix("copy of "), feed)
        else:
            self.room.rings(title, feed)

    def _receiver(self, channel: str, words: list[str]) -> None:
        room = self.room
        if words[0] == "loses":
            room.answers[channel] = [Answer(AnswerClass.UNKNOWN, "no answer")] * int(words[1])
        elif words[0] == "asks":
            wait = parse_duration(words[1])
            room.answers[channel] = [Answer(AnswerClass.RATE, "too many", 429, retry_after=wait)]
        elif words[:2] == ["chokes", "on"]:
            room.moods[channel] = " ".join(words)
        else:
            assert words[0] in ("up", "down", "refuses", "locked")
            room.moods[channel] = "well" if words[0] == "up" else words[0]


def _even(lines: Iterable[str]) -> list[str]:
    """Lines with single spaces; of several channels that hear something in one minute by their names."""
    found = [" ".join(line.split()) for line in lines]
    order: list[tuple[int, str]] = []
    place, before = 0, ""
    for line in found:
        minute, told, channel = line.partition(_TOLD)
        if not told or minute != before:
            place += 1
        before = minute if told else ""
        order.append((place, channel.partition(":")[0] if told else ""))
    return [line for _, line in sorted(zip(order, found, strict=True), key=lambda one: one[0])]
