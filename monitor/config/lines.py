"""
Where in a TOML file a key stands. tomllib gives no positions, and nothing is slower when nothing is wrong.

Theory of operation. A prefix of a file's lines that parses ends between two statements, and a path that is
present in one such prefix is present in every longer one. So the first parsable prefix that holds a path
ends with the statement that brought it, and the parsable prefix before it ends where that statement begins:
a bisection over prefixes finds both, with tomllib as the only judge of what TOML is.

Parsing long prefixes again and again is what costs, so the file is first cut into blocks, a block being a
[header] with the statements under it. A line that starts with "[" may also lie inside a string or an array;
it opens a block only if the lines since the last cut parse by themselves, which the inside of an open
statement never does. The bisection then runs over the lines of one block.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.config.tomltext import TOKENS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.words import KeyPath

_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t]*\n\s*|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A header and its statements: the table's path, and its lines counted from 0, `end` excluded."""

    path: KeyPath
    start: int
    body: int
    end: int


class Lines:
    """The lines of one TOML text that parses, ready to be asked where a path stands."""

    def __init__(self, text: str) -> None:
        self.lines = text.replace("\r\n", "\n").split("\n")
        self._blocks: list[Block] | None = None
        self._data: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The parsed text; empty where it does not parse."""
        if self._data is None:
            self._data = self._parse(0, len(self.lines)) or {}
        return self._data

    @property
    def blocks(self) -> list[Block]:
        """The file cut at its headers, in order; the first block has the path () and no header."""
        if self._blocks is None:
            self._blocks = self._cut()
        return self._blocks

    def line_of(self, path: KeyPath) -> int:
        """The line, from 1, where `path` stands; for a missing key, its table's line; 1 if there is none."""
        return self.statement(path)[0]

    def statement(self, path: KeyPath) -> tuple[int, int]:
        """First and last line, from 1, of the statement or header that brings `path`."""
        path = followed(self.data, path) if path else ()
        for block in self.blocks if path else ():
            depth = len(block.path)
            if depth and path == block.path[: len(path)]:
                return block.start + 1, block.start + 1
            if path[:depth] == block.path:
                rest = path[depth:]
                if holds(self._parse(block.body, block.end), rest):
                    return self._search(block, rest)
        return 1, 1

    def last_statement(self, block: Block) -> int:
        """The line, from 1, where the block's last statement ends; its header's where it has none."""
        end = block.end
        while end > block.body:
            last = self.lines[end - 1].strip()
            if (last and not last.startswith("#")) or self._parse(block.body, end - 1) is None:
                break
            end -= 1
        return end

    def _cut(self) -> list[Block]:
        cuts = [0]
        for at, line in enumerate(self.lines):
            if line.lstrip(" \t").startswith("[") and self._parse(cuts[-1], at) is not None:
                cuts.append(at)
        head, *rest = zip(cuts, [*cuts[1:], len(self.lines)], strict=True)
        blocks = [Block((), 0, 0, head[1])]
        counts: dict[KeyPath, int] = {}
        for start, end in rest:
            blocks.append(Block(self._header(start, counts), start, start + 1, end))
        return blocks

    def _header(self, at: int, counts: dict[KeyPath, int]) -> KeyPath:
        """The full path of a header line; `counts` remembers how long each array of tables is by now."""
        data: Any = self._parse(at, at + 1) or {}
        path: KeyPath = ()
        while isinstance(data, dict) and data:
            if path in counts:
                path += (counts[path] - 1,)
            ((key, data),) = data.items()
            path += (key,)
        if isinstance(data, list):
            counts[path] = counts.get(path, 0) + 1
            path += (counts[path] - 1,)
        return path

    def _search(self, block: Block, rest: KeyPath) -> tuple[int, int]:
        low, high = block.body, block.end  # absent after the lines up to low, present after those up to high
        while high - low > 1:
            at = middle = (low + high) // 2
            while at < high and (data := self._parse(block.body, at)) is None:
                at += 1
            if at == high:
                high = middle  # middle to high lies inside one open statement
            elif holds(data, rest):
                high = at
            else:
                low = at
        last = high
        while self._parse(block.body, last) is None:
            last += 1
        first = last - 1
        while self._parse(block.body, first) is None:
            first -= 1
        return self._element(block, first, last, rest), last

    def _element(self, block: Block, first: int, last: int, rest: KeyPath) -> int:
        """The line of an element in an array of several lines; else the statement's first line."""
        index = next((i for i, part in enumerate(rest) if isinstance(part, int)), None)
        if index is None:
            return first + 1
        for end in range(first + 1, last):
            if holds(parse([*self.lines[block.body : end], "]"]), rest[: index + 1]):
                return end
        return first + 1 if last == first + 1 else last

    def _parse(self, start: int, end: int) -> dict[str, Any] | None:
        return parse(self.lines[start:end])


def parse(lines: Sequence[str]) -> dict[str, Any] | None:
    """The data of these lines, or None where they are not TOML by themselves."""
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def followed(data: Any, path: KeyPath) -> KeyPath:
    """The longest start of `path` that exists in the data."""
    for depth, part in enumerate(path):
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return path[:depth]
    return path


def holds(data: Any, path: KeyPath) -> bool:
    """Whether the whole of `path` exists in the data."""
    return data is not None and followed(data, path) == path


def place_of(text: str, path: KeyPath, column: int = 1) -> tuple[int, int | None]:
    """
    Line and column in the file of the `column`th character of the text value at `path`.

    All count from 1, in code points; also right inside multi-line strings and behind escapes. The column is
    None where the value is not a text.
    """
    index = Lines(text)
    first, last = index.statement(path)
    value = _value(index.data, path)
    if not isinstance(value, str):
        return first, None
    whole = index.statement(path[:-1])[0] if path and isinstance(path[-1], int) else first
    chunk = "\n".join(index.lines[whole - 1 : last])
    skip = _equal_before(index.data, path, value)
    for token in TOKENS.finditer(chunk):
        if token[0].startswith("#") or _decoded(token[0]) != value:
            continue
        if skip:
            skip -= 1
            continue
        at = token.start() + _raw_offset(token[0], column)
        return whole + chunk.count("\n", 0, at), at - chunk.rfind("\n", 0, at)
    return first, None


def _value(data: Any, path: KeyPath) -> Any:
    if not holds(data, path):
        return None
    for part in path:
        data = data[part]
    return data


def _equal_before(data: Any, path: KeyPath, value: str) -> int:
    """How many earlier elements of the same list are the same text."""
    if not path or not isinstance(path[-1], int):
        return 0
    return sum(1 for other in _value(data, path[:-1])[: path[-1]] if other == value)


def _decoded(token: str) -> object:
    data = parse([f"x = {token}"])
    return data["x"] if data else None


def _raw_offset(token: str, column: int) -> int:
    """Where in a string as written its `column`th character stands, counted from the opening quote."""
    quotes = 3 if token.startswith(("'''", '"""')) else 1
    at = quotes + (1 if quotes == 3 and token[3:4] == "\n" else 0)
    end = len(token) - quotes
    left = column - 1
    while at < end:
        escape = _ESCAPE.match(token, at) if token.startswith('"') else None
        skipped = bool(escape and escape[0][1:].strip(" \t").startswith("\n"))
        if left == 0 and not skipped:
            break
        at = escape.end() if escape else at + 1
        left -= 0 if skipped else 1
    return min(at, end)
