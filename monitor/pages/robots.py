"""
What a site's robots.txt allows us to fetch. Pure; the only importer of protego.

Protego reads the file as RFC 9309 and its users do: wildcards, the longest rule wins, groups merge, misspelt
fields are understood. The standard library's parser knows no wildcards and takes the first rule. What a
hostile file could do to it is kept away here: only so many bytes are read, and groups for other robots are
folded into one, since rules are copied into every group they are for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

AGENT = "Tocsin"
MAX_ROBOTS = 512_000  # bytes; RFC 9309 asks for at least 500 KiB

_MOST_DELAY = 3_600.0  # seconds: a delay beyond an hour is a mistake or a joke
_LINE_CHARS = 2_000
_OTHERS = "-"  # a name that no robot has
_AGENT_LINE = re.compile(r"\s*user[- ]?agent\b\s*:?\s*(.*?)\s*(?:#.*)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Robots:
    """A site's wishes. `why` names what they rest on, where it is not a file."""

    rules: Protego | None = None
    allowed: bool = True
    why: str = ""

    def allows(self, url: str, agent: str = AGENT) -> bool:
        """Whether this robot may fetch an address of the site."""
        if self.rules is None:
            return self.allowed
        try:
            return bool(self.rules.can_fetch(url, agent))
        except ValueError:  # no address
            return False

    def delay(self, agent: str = AGENT) -> float | None:
        """The seconds the site asks for between two requests; None where it names none."""
        delay = self.rules.crawl_delay(agent) if self.rules is not None else None
        return None if delay is None else min(float(delay), _MOST_DELAY)


def read(body: bytes, agent: str = AGENT) -> Robots:
    """The wishes that stand in a file; what cannot be read in it is passed over."""
    text = body[:MAX_ROBOTS].decode("utf-8", "replace").lstrip("\ufeff")
    return Robots(Protego.parse(_folded(text, agent.lower())))


def answered(status: int | None, body: bytes = b"", agent: str = AGENT) -> Robots:
    """
    The wishes that follow from asking for the file; `status` is None where nobody answered.

    As RFC 9309 has it: what is not there forbids nothing, and a site in trouble is left alone.
    """
    if status is not None and 200 <= status < 300:
        return read(body, agent)
    if status is not None and status != 429 and 400 <= status < 500:
        return Robots(why=f"there is no robots.txt (HTTP {status})")
    told = f"HTTP {status}" if status is not None else "no answer"
    return Robots(allowed=False, why=f"robots.txt could not be asked for ({told})")


def _folded(text: str, agent: str) -> str:
    """The same wishes for this agent, with all groups for others under one name."""
    lines: list[str] = []
    for raw in text.splitlines():
        line = raw[:_LINE_CHARS]
        found = _AGENT_LINE.match(line)
        if found and found[1]:
            name = found[1].lower().strip("* ") or "*"
            line = f"User-agent: {name if name == '*' or agent.startswith(name) else _OTHERS}"
            if lines and lines[-1] == line:
                continue
        lines.append(line)
    return "\n".join(lines)
