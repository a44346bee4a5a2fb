"""Single values of the configuration: each check returns the value to use or raises WrongValueError."""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from monitor.config.durations import duration_hint, parse_duration, parse_rate
from monitor.config.words import WrongValueError, did_you_mean, kind_of, listed, nearest, shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECRET_KINDS = ("env", "file", "credential")

_NAME = re.compile(r"[\w.][\w .&'+-]{0,79}")
_ENTITY = re.compile(r"[a-z0-9_-]+")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is to be read: `kind` is env, file or credential."""

    kind: str
    name: str


def text(value: object) -> str:
    """Text that is not empty and holds no control characters but line breaks and tabs."""
    if not isinstance(value, str):
        raise WrongValueError("wrong_type", f"expected text in quotes, found {kind_of(value)}")
    if not value.strip():
        raise WrongValueError("empty", "is empty", "write a value, or leave the key out")
    if any(ch < " " and ch not in "\n\r\t" for ch in value):
        raise WrongValueError("control_character", "holds a control character")
    return value


def line(value: object) -> str:
    """Text of one line without surrounding white space."""
    found = text(value)
    if not found.isprintable() or found != found.strip():
        raise WrongValueError("not_one_line", "expected one line without spaces around it")
    return found


def name(value: object) -> str:
    """A name that can be typed on a command line and used in a glob."""
    found = line(value)
    if not _NAME.fullmatch(found):
        hint = "use letters, digits, '-', '_' and '.', at most 80 of them"
        raise WrongValueError("bad_name", "is not a usable name", hint)
    return found


def entity_name(value: object) -> str:
    """The name of an entity: what may stand after @ in a query."""
    found = text(value)
    if not _ENTITY.fullmatch(found):
        raise WrongValueError("bad_name", "is not a usable entity name", "use only a-z, 0-9, '_' and '-'")
    return found


def texts(value: object) -> list[str]:
    """A list of texts with at least one element."""
    if isinstance(value, str):
        hint = "put it in square brackets, also when it is only one"
        raise WrongValueError("wrong_type", "expected a list of texts, found text", hint)
    if not isinstance(value, list):
        raise WrongValueError("wrong_type", f"expected a list of texts, found {kind_of(value)}")
    if not value:
        raise WrongValueError("empty", "is an empty list", "leave the key out, or write what it should hold")
    return [text(item) for item in value]


def text_or_texts(value: object) -> list[str]:
    """One text or a list of them, as a list."""
    return [text(value)] if isinstance(value, str) else texts(value)


def duration(value: object) -> float:
    """Seconds of a duration written as text."""
    if not isinstance(value, str):
        message = f'expected a duration such as "15m", found {kind_of(value)}'
        raise WrongValueError("bad_duration", message, duration_hint(value))
    try:
        return parse_duration(value)
    except ValueError as error:
        raise WrongValueError("bad_duration", str(error), duration_hint(value)) from None


def span(value: object) -> float:
    """A duration longer than zero."""
    seconds = duration(value)
    if seconds == 0:
        raise WrongValueError("bad_duration", "must be longer than zero")
    return seconds


def span_or_off(value: object) -> float | None:
    """A duration longer than zero, or None for "off"."""
    return None if value == "off" else span(value)


def rate(value: object) -> str:
    """A number per time such as "30/1h", as it was written."""
    if not isinstance(value, str):
        raise WrongValueError(
            "bad_rate", f'expected a number per time such as "20/1h", found {kind_of(value)}'
        )
    try:
        parse_rate(value)
    except ValueError as error:
        raise WrongValueError("bad_rate", str(error), 'for example "20/1h", "30/10m" or "2000/1d"') from None
    return value


def rate_or_off(value: object) -> str:
    """A number per time, or "off"."""
    return "off" if value == "off" else rate(value)


def first_poll(value: object) -> str:
    """What a feed's first poll does: "baseline", "alert" or a duration."""
    if isinstance(value, str) and value in ("baseline", "alert"):
        return value
    if isinstance(value, str) and (near := nearest(value, ("baseline", "alert"))):
        raise WrongValueError("bad_choice", 'expected "baseline", "alert" or "6h"', f"did you mean '{near}'?")
    try:
        span(value)
    except WrongValueError as wrong:
        message = 'expected "baseline", "alert" or a duration such as "6h"'
        raise WrongValueError("bad_choice", message, wrong.hint) from None
    return str(value)


def clock_time(value: object) -> str:
    """A time of day such as "22:00"."""
    if not isinstance(value, str):
        message = f'expected a time such as "22:00", found {kind_of(value)}'
        raise WrongValueError("bad_time", message, "put it in quotes")
    if not _TIME.fullmatch(value):
        hint = (
            f'write "0{value}"'
            if _TIME.fullmatch(f"0{value}")
            else 'hours and minutes, from "00:00" to "23:59"'
        )
        raise WrongValueError("bad_time", 'expected a time such as "22:00"', hint)
    return value


def end_time(value: object) -> str:
    """A time of day at which something ends; "24:00" is the end of the day."""
    return "24:00" if value == "24:00" else clock_time(value)


def clock_times(value: object) -> list[str]:
    """One time of day or a list of them, sorted."""
    if not isinstance(value, list):
        return [clock_time(value)]
    if not value:
        raise WrongValueError("empty", "is an empty list", "leave the key out for messages at once")
    return sorted({clock_time(item) for item in value})


def days(value: object) -> list[str]:
    """Days of the week: "sat" and ranges like "mon-fri" (also over the week's end) as single days."""
    found: set[str] = set()
    for item in texts(value):
        first, _, last = item.lower().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            hint = f"the days are {', '.join(DAYS)}"
            raise WrongValueError("bad_day", 'expected days such as "sat" or "mon-fri"', hint)
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update(DAYS[i % 7] for i in range(start, end + 1 if end >= start else end + 8))
    return [day for day in DAYS if day in found]


def timezone(value: object) -> str:
    """The name of a zone of the time zone database."""
    found = text(value)
    try:
        ZoneInfo(found)
    except (ValueError, OSError, LookupError):
        near = nearest(found, available_timezones())
        hint = f"did you mean '{near}'?" if near else 'names look like "Europe/Paris" or "UTC"'
        raise WrongValueError("bad_timezone", "is not a known time zone", hint) from None
    return found


def language(value: object) -> str:
    """A language code such as "fr" or "en-US"."""
    found = text(value)
    if not _LANGUAGE.fullmatch(found):
        raise WrongValueError(
            "bad_language", "expected a language code", 'codes look like "fr", "en" or "pt-BR"'
        )
    return found


def cidr(value: object) -> str:
    """A network such as "127.0.0.0/8"; a lone address is a network of one."""
    found = text(value)
    try:
        return str(ipaddress.ip_network(found))
    except ValueError:
        pass
    try:
        hint = f'the network itself is "{ipaddress.ip_network(found, strict=False)}"'
    except ValueError:
        hint = 'networks look like "127.0.0.0/8", "192.168.1.0/24" or "fd00::/8"'
    raise WrongValueError("bad_network", "expected a network", hint) from None


def database(value: object) -> str:
    """The path of the embedded database."""
    found = line(value)
    scheme = found.partition(":")[0].lower()
    if scheme.startswith("postgres"):
        hint = 'give a file name, such as "tocsin.db"'
        raise WrongValueError("not_in_this_version", "postgresql:// is not in this version", hint)
    if "://" in found or found.startswith(":"):
        raise WrongValueError("bad_path", "expected the path of a file", 'for example "tocsin.db"')
    return found


def header_name(value: object) -> str:
    """The name of an HTTP header."""
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise WrongValueError("bad_header", "holds a key that is not the name of a header")
    return value


def listen(value: object) -> str:
    """Where metrics are served: "", "host:port" or the path of a socket."""
    if value == "":
        return ""
    found = line(value)
    host, colon, port = found.rpartition(":")
    if "/" in found or (host and colon and re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535):
        return found
    hint = 'for example "127.0.0.1:9464" or "/run/tocsin/metrics.sock"; "" switches it off'
    raise WrongValueError("bad_address", "expected an address with a port, or the path of a socket", hint)


def template(value: object) -> str:
    """A text with {names} to fill in; nothing is looked up inside the values."""
    found = text(value)
    try:
        names = [field for _, field, _, _ in string.Formatter().parse(found) if field is not None]
    except ValueError:
        hint = 'write "{{" and "}}" for braces that are meant as such'
        raise WrongValueError("bad_template", "has a brace without its partner", hint) from None
    if not all(re.fullmatch(r"[a-z_]+", field) for field in names):
        raise WrongValueError("bad_template", "may hold only plain names such as {title} or {link}")
    return found


def secret(value: object) -> str | SecretRef:
    """A value given as text, or the place to read it from; never shown in a message."""
    if isinstance(value, str):
        if not value.strip():
            raise WrongValueError("empty", "is empty", "write a value, or leave the key out")
        return value
    forms = '"…", { env = "NAME" }, { file = "path" } or { credential = "name" }'
    if not isinstance(value, dict):
        raise WrongValueError(
            "wrong_type", f"expected text or a table, found {kind_of(value)}", f"write {forms}"
        )
    for key in value:
        if key not in SECRET_KINDS:
            raise WrongValueError("unknown_key", f"unknown key {shown(key)}", did_you_mean(key, SECRET_KINDS))
    if len(value) != 1:
        given = " and ".join(value) + " are both set" if value else "nothing is set"
        raise WrongValueError("secret_source", f"{given}: exactly one is needed", f"write {forms}")
    ((kind, place),) = value.items()
    if not isinstance(place, str) or not place.strip():
        raise WrongValueError("wrong_type", f"the {kind} must be a name in quotes", f"write {forms}")
    if kind == "env" and not _VARIABLE.fullmatch(place):
        hint = "the name of a variable, such as TOCSIN_PHONE, not its value"
        raise WrongValueError("secret_source", "the env must be a name of letters, digits and '_'", hint)
    if kind == "credential" and "/" in place:
        raise WrongValueError("secret_source", "the credential must be a name, not a path", f"write {forms}")
    return SecretRef(kind, place)


def feed_url(value: str) -> None:
    """An address a feed can be fetched from; the message never repeats it."""
    _web_url(value, 'for example "https://www.lemonde.fr/rss/une.xml"')


def ping_url(value: str) -> None:
    """An address that a ping can ask; the message never repeats it."""
    _web_url(value, 'for example "https://hc-ping.com/…", as the service that waits for pings shows it')


def _web_url(value: str, example: str) -> None:
    if _BLANK.search(value):
        raise WrongValueError("bad_url", "the address holds a space or a control character", example)
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongValueError(
            "bad_url", "the address cannot be read: look at host and port", example
        ) from None
    if parts.scheme in ("http", "https") and host:
        return
    message = "expected an http:// or https:// address"
    if parts.scheme in ("feed", "rss"):
        raise WrongValueError("bad_url", message, f"write https:// in place of {parts.scheme}://")
    if "://" not in value and "." in value:
        raise WrongValueError("bad_url", message, "write https:// in front of it")
    raise WrongValueError("bad_url", message, example)


def apprise_url(value: str) -> None:
    """An address that can be one of Apprise's; whether Apprise knows it is seen at the first use."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://", value):
        hint = 'for example "mailto://user@mail.example.org" or "ntfy://topic"'
        raise WrongValueError(
            "bad_url", "expected an Apprise address, which starts with a service and ://", hint
        )


def choice(value: object, options: list[str]) -> WrongValueError:
    """What to say of a value that is none of the options."""
    if isinstance(value, str):
        near = nearest(value, options)
        hint = f"did you mean '{near}'?" if near else ""
        return WrongValueError("bad_choice", f"expected {listed(options)}", hint)
    return WrongValueError(
        "bad_choice", f"expected {listed(options)}, found {kind_of(value)}", "put it in quotes"
    )
