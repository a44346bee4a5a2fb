"""Durations and rates as people write them: "90s", "15m", "1h30m", "20/1h"."""

from __future__ import annotations

import re

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
LONGEST = 100 * 365 * 86400  # beyond this, date arithmetic overflows

_PART = re.compile(r"([0-9]{1,12})([smhdw])")
_WHOLE = re.compile(r"(?:[0-9]{1,12}[smhdw])+")
_NEARLY = re.compile(
    r"([0-9]{1,6}) ?(?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:(?:ou)?rs?)?"
    r"|(d)(?:ays?)?|(w)(?:eeks?)?)",
    re.IGNORECASE,
)


def parse_duration(text: str) -> float:
    """Seconds of a duration such as "90s", "15m" or "1h30m"; ValueError where it is not one."""
    if not _WHOLE.fullmatch(text):
        raise ValueError('expected a duration such as "15m"')
    units = [unit for _, unit in _PART.findall(text)]
    if len(set(units)) != len(units):
        raise ValueError("a unit stands twice in this duration")
    seconds = sum(int(count) * UNITS[unit] for count, unit in _PART.findall(text))
    if seconds > LONGEST:
        raise ValueError("this duration is longer than a hundred years")
    return float(seconds)


def parse_rate(text: str) -> tuple[int, float]:
    """Count and seconds of a rate such as "20/1h"; ValueError where it is not one."""
    count, slash, span = text.partition("/")
    if not slash or not re.fullmatch(r"[0-9]{1,9}", count) or int(count) == 0:
        raise ValueError('expected a number per time such as "20/1h"')
    seconds = parse_duration(span if "0" <= span[:1] <= "9" else f"1{span}")
    if seconds == 0:
        raise ValueError("the time after the slash is zero")
    return int(count), seconds


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back as these seconds, e.g. "1h30m"."""
    left = int(seconds)
    if left == 0:
        return "0s"
    text = ""
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, UNITS[unit])
        if unit == "d" and count and left:
            count, left = 0, left + count * UNITS["d"]  # 36h reads better than 1d12h
        text += f"{count}{unit}" if count else ""
    return text


def duration_hint(value: object) -> str:
    """How to write what was probably meant, e.g. for 900, "15 min" or "10 minutes"."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return f'write "{value}s" for seconds or "{value}m" for minutes'
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"[0-9]{1,9}", text):
            return f'a unit is missing: write "{text}s" for seconds or "{text}m" for minutes'
        if nearly := _NEARLY.fullmatch(text):
            unit = next(letter for letter in nearly.groups()[1:] if letter)
            return f'write "{nearly[1]}{unit.lower()}"'
    return 'units are s, m, h, d and w, as in "90s", "15m", "72h", "30d" or "1h30m"'
