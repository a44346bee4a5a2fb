"""
Dates as feeds write them. Pure.

feedparser reads many forms, but not those of e-mail (the one that RSS asks for) without a zone, with months
in another language than English, or with the zone names of Europe and Asia.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from time import struct_time

# By their first letters, in English, French, German, Spanish, Portuguese, Italian and Dutch.
_MONTH_STARTS = (
    "jan ene gen",
    "feb fév fev",
    "mar mär mrt",
    "apr avr abr",
    "may mai mag mei",
    "jun juin giu",
    "jul juil lug",
    "aug aoû aou ago",
    "sep set",
    "oct okt out ott",
    "nov",
    "dec déc dez dic",
)
_MONTHS = {start: number for number, starts in enumerate(_MONTH_STARTS, 1) for start in starts.split()}
_ZONES = {
    **dict.fromkeys(("", "z", "ut", "utc", "gmt", "wet"), 0),
    **dict.fromkeys(("cet", "met", "bst", "west"), 1),
    **dict.fromkeys(("cest", "mest", "eet", "sast"), 2),
    **dict.fromkeys(("eest", "msk", "trt"), 3),
    **dict.fromkeys(("hkt", "sgt"), 8),
    **dict.fromkeys(("jst", "kst"), 9),
    "aest": 10,
    "aedt": 11,
    "nzst": 12,
    "nzdt": 13,
    "edt": -4,
    **dict.fromkeys(("est", "cdt"), -5),
    **dict.fromkeys(("cst", "mdt"), -6),
    **dict.fromkeys(("mst", "pdt"), -7),
    "pst": -8,
}
_EMAIL_DATE = re.compile(
    r"(?:[^\W\d]{2,12}\.?,?\s+)?(\d{1,2})\.?\s+([^\W\d]{3,12})\.?\s+(\d{4}),?\s+"
    r"(\d{1,2}):(\d\d)(?::(\d\d))?\s*(?:([+-])(\d\d):?(\d\d)|([^\W\d]{0,4}))\s*"
)
_W3C_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_USUAL_MONTHS = {
    f" {name.capitalize()} ": f"{number:02}"
    for number, name in enumerate((starts.split()[0] for starts in _MONTH_STARTS), 1)
}
_USUAL_ZONES = dict.fromkeys((" GMT", " UTC", " Z", " +0000", " -0000", "Z", "+00:00", "-00:00"), timedelta())
for _hours in range(1, 13):
    for _minutes in ("00", "30"):
        for _sign in "+-":
            _zone = timedelta(minutes=int(f"{_sign}{_hours * 60 + int(_minutes)}"))
            _USUAL_ZONES[f" {_sign}{_hours:02}{_minutes}"] = _USUAL_ZONES[
                f"{_sign}{_hours:02}:{_minutes}"
            ] = _zone


def email_date(text: str) -> struct_time | None:
    """What `email_moment` reads, as feedparser wants it."""
    moment = email_moment(text)
    return moment.timetuple() if moment else None


def email_moment(text: str) -> datetime | None:
    """
    The time of a date as in e-mail ("Mon, 23 Nov 2026 12:00:00 +0100"); None if it is another form.

    It is in UTC and carries no zone, which is quicker: a document has dozens.
    """
    match = _EMAIL_DATE.fullmatch(text.lower())
    if match is None:
        return None
    day, name, year, hour, minute, second, sign, hours, minutes, zone = match.groups()
    month = _MONTHS.get(name[:3]) or _MONTHS.get(name[:4])
    if month is None or (sign is None and zone not in _ZONES):
        return None
    ahead = _ZONES.get(zone, 0) * 60
    if sign:
        ahead = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    try:
        local = datetime(int(year), month, int(day), int(hour), int(minute), int(second or 0))  # noqa: DTZ001  see above
        return local - timedelta(0, ahead * 60) if ahead else local
    except (ValueError, OverflowError):
        return None


def feed_date(text: str) -> str | None:
    """
    A date of RSS or Atom as RFC 3339 in UTC; None for years that no news item can have.

    Raises ValueError for what is in neither of the forms that these formats ask for. Nearly all documents
    write one of two forms to the letter: these are told by where their signs stand.
    """
    if text[3:5] == ", " and text[19:23:3] == "::":  # Mon, 03 Nov 2026 12:00:00 GMT
        month = _USUAL_MONTHS.get(text[7:12])
        written = f"{text[12:16]}-{month}-{text[5:7]}T{text[17:25]}"
        zone = _USUAL_ZONES.get(text[25:]) if month and text[16] == " " else None
    elif text[4:17:3] == "--T::":  # 2026-11-03T12:00:00Z
        written = text[:19]
        zone = _USUAL_ZONES.get(text[19:])
    else:
        return _any_date(text)
    if zone is None or not "1991" <= written[:4] <= "2099":
        return _any_date(text)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return _any_date(text)
    return (moment - zone).isoformat() + "Z" if zone else written + "Z"


def _any_date(text: str) -> str | None:
    """A date in any form of the two standards."""
    if text[4:5] == "-":
        found = rfc3339(text) if _W3C_DATE.fullmatch(text) else None
        if found is None and "1990" <= text[:4] <= "2100":
            raise ValueError(text)
        return found
    return _any_email_date(text)


def _any_email_date(text: str) -> str | None:
    """A date as in e-mail in any of its forms."""
    moment = email_moment(text)
    if moment is None:
        raise ValueError(text)
    return moment_text(moment)


def rfc3339(value: str) -> str | None:
    """A date text as RFC 3339 in UTC, or None if it is none; without a zone it means UTC."""
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment_text(moment)


def moment_text(moment: datetime) -> str | None:
    """A time in UTC as RFC 3339 text; None for years that no news item can have."""
    if not 1990 <= moment.year <= 2100:
        return None
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def utc_text(moment: struct_time | None) -> str | None:
    """What `moment_text` makes of feedparser's times; None for no time."""
    if not moment or not 1990 <= moment[0] <= 2100:
        return None
    year, month, day, hour, minute, second = moment[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
