"""
What an address means: the one place where the text of a URL becomes a host, a port and a request's target.

Judged, looked up, connected to and shown is what stands in a `Target`, so there is no second reading of the
text. What different programs read differently (a backslash or a second @ before the path, letters of another
width) is refused rather than read.

Most addresses are plain, and then nothing in them needs to be looked at twice; the others httpx reads. It is
loaded for the first of them: a run that meets none starts without it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from monitor.feeds.addresses import STANDARD_PORTS, literal
from monitor.feeds.problem import FetchError
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.feeds.addresses import Address
    from monitor.feeds.lean_httpx import httpx

_USUAL = {"http": 80, "https": 443}
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# What httpx gives back as it came: no capital, login, escape, dot segment, empty port or odd character.
_PLAIN = re.compile(
    r"(https?)://"
    r"((?=[^/?#:]{1,253}(?:[/:?]|\Z))[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.[a-z][a-z0-9]{0,62}"
    r"|(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})"
    r"(?::([1-9]\d{0,4}))?"
    r"(/(?:[A-Za-z0-9_~!$&'()*+,;=:@-]|/(?!\.)|(?<!/)\.|%[0-9A-F]{2})*(?:\?[A-Za-z0-9_.~!$&()*+,;=:@/?-]*)?)",
    re.ASCII,
)
_BEFORE_THE_PATH = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2}([^/?#]*)")
_JOINERS = (0x200C, 0x200D)  # invisible, and part of Persian and Indic words: IDNA knows where they may stand
_LONGEST = 65_536  # what httpx reads at most


class Target(NamedTuple):
    """
    An address taken apart.

    `host` is an address or a name in its one plain form, `address` the former as a number; `netloc` and
    `path` are what a request says. `url` is the whole without login and fragment; `login` is user and
    password.
    """

    scheme: str
    host: str
    address: Address | None
    port: int
    netloc: bytes
    path: bytes
    url: str
    login: tuple[str, str] | None = None


def target_of(text: str, ports: Iterable[int] = ()) -> Target:
    """
    Read an address; `ports` may be asked beside the usual ones.

    Raises FetchError (REFUSED), with a sentence without secrets, for what is no web address, for what could
    be read in two ways, and for a port that nobody named.
    """
    text = text.strip().partition("#")[0]
    return _permitted(_plain(text) or _read(_url(text, "the address is not a valid URL")), ports)


def redirected(target: Target, location: str, ports: Iterable[int] = ()) -> Target:
    """
    Where a redirect leads from `target`; raises FetchError as `target_of` does.

    A fragment is not sent, and a login in a redirect is not ours to use.
    """
    from monitor.feeds.lean_httpx import httpx  # noqa: PLC0415 - see above

    location = _decoded(location)
    _unequivocal(location)
    try:
        url = httpx.URL(target.url).join(location).copy_with(fragment=None, userinfo=b"")
    except (httpx.InvalidURL, ValueError):
        raise _refused("the server redirects to something that is no URL") from None
    return _permitted(_read(url), ports)


def proxy_of(text: str) -> Target:
    """Read a proxy's address; any port may be named. Raises FetchError (REFUSED)."""
    url = _url(text, "the proxy's address is not a valid URL")
    if url.scheme != "http" or not url.host or not 0 < _port(url) < 65_536:
        raise _refused("only a proxy with an http:// address can be used")
    return _read(url)


def same_origin(one: Target, two: Target) -> bool:
    """Scheme, host and port agree, or the same host has merely moved from http to https."""
    if one.host != two.host:
        return False
    upgraded = (one.scheme, one.port, two.scheme, two.port) == ("http", 80, "https", 443)
    return upgraded or (one.scheme, one.port) == (two.scheme, two.port)


def target_of_url(url: httpx.URL) -> Target:
    """The same for what httpx has read already, whatever its port; raises FetchError (REFUSED)."""
    return _read(url)


@lru_cache(maxsize=4096)  # each poll asks it of the same feed
def _plain(text: str) -> Target | None:
    found = _PLAIN.fullmatch(text)
    if found is None or len(text) > _LONGEST:
        return None
    scheme, host, port, path = found.groups()
    number = int(port) if port else _USUAL[scheme]
    if number > 65_535 or (port and number == _USUAL[scheme]):
        return None
    netloc = f"{host}:{port}" if port else host
    address = literal(host) if host[-1].isdigit() else None
    return Target(scheme, host, address, number, netloc.encode(), path.encode(), text)


def _read(url: httpx.URL) -> Target:
    if url.scheme not in ("http", "https"):
        raise _refused("only http and https addresses are fetched")
    port = _port(url)
    if not url.host or not 0 < port < 65_536:
        raise _refused("the address names no host or no lawful port")
    host = url.raw_host.decode("ascii").removesuffix(".")
    address = literal(host)
    if address is None and not _NAME.fullmatch(host):
        raise _refused("the address names no valid host")
    login = (url.username, url.password) if url.userinfo else None
    shown = str(url.copy_with(userinfo=b"")) if login else str(url)
    plain = host if address is None else str(address)
    return Target(url.scheme, plain, address, port, url.netloc, url.raw_path, shown, login)


def _permitted(target: Target, ports: Iterable[int]) -> Target:
    if target.port not in STANDARD_PORTS and target.port not in ports:
        raise _refused(
            f"port {target.port} is none of the web's usual ones (80, 443, 8080, 8443); "
            "it is asked only if the address of a configured feed names it"
        )
    return target


def _url(text: str, sentence: str) -> httpx.URL:
    from monitor.feeds.lean_httpx import httpx  # noqa: PLC0415 - see above

    _unequivocal(text)
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise _refused(sentence) from None


def _unequivocal(text: str) -> None:
    """Refuse what a browser, a library and a person would take for different hosts."""
    found = _BEFORE_THE_PATH.match(text)
    if found is None:
        return
    place = found[1]
    slashes = text[: found.start(1)]
    if "\\" in place or "\\" in slashes or place.count("@") > 1:
        raise _refused("the address can be read in two ways: it holds a backslash or a second @ in its host")
    host = place.rpartition("@")[2]
    if not host.isascii() and any(_is_wide(c) for c in host):
        raise _refused("the address can be read in two ways: it writes its host in letters of another width")


def _is_wide(character: str) -> bool:
    """Full and half width, the other full stops of IDNA, what is invisible, circled or of mathematics."""
    code = ord(character)
    return (
        0xFF00 <= code <= 0xFFEF
        or code == 0x3002
        or 0x2460 <= code <= 0x24FF
        or 0x1D400 <= code <= 0x1D7FF
        or (0x2000 <= code <= 0x206F and code not in _JOINERS)
    )


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else _USUAL.get(url.scheme, 0)


def _decoded(raw: str) -> str:
    """A Location field as text: most servers mean UTF-8, some write latin-1."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return raw


def _refused(sentence: str) -> FetchError:
    return FetchError(FetchStatus.REFUSED, sentence)
