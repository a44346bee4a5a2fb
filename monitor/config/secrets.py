"""Secrets by reference: from an environment variable, a file, or a systemd credential."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from monitor.config.words import KeyPath, Problem, about, shown
from monitor.settings import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.checks import SecretRef
    from monitor.settings import Config

READABLE_BY_OTHERS = 0o044

_TOKEN_FREE = {
    "json",
    "jsons",
    "xml",
    "xmls",
    "form",
    "forms",
    "mailto",
    "mailtos",
    "dbus",
    "gnome",
    "syslog",
}
# Keys of a query that hold a secret, without "-" and "_".
_SECRET_KEYS = {
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "auth",
    "authkey",
    "authtoken",
    "key",
    "pass",
    "passwd",
    "password",
    "privatetoken",
    "pwd",
    "rsstoken",
    "secret",
    "sig",
    "signature",
    "token",
}


@dataclass(slots=True)
class Resolver:
    """
    Reads the secrets of one file and remembers what was wrong with them.

    `strict`: an unset variable or unreadable file is an error, else a warning. A credential outside of its
    systemd unit is always a warning: the same file is checked by hand and run by the unit.
    """

    env: Mapping[str, str]
    folder: Path
    file: str
    strict: bool = True
    problems: list[Problem] = field(default_factory=list)

    def resolve(self, given: str | SecretRef, path: KeyPath) -> Secret:
        """The secret at `path`; where it cannot be had, one that says why."""
        if isinstance(given, str):
            return Secret(given, source="config")
        if given.kind == "env":
            return self._from_env(given.name, path)
        if given.kind == "file":
            place = self.folder / Path(given.name).expanduser()
            secret = self._from_file(place, f"file:{given.name}", path)
            self._warn_of_readers(secret, place, path)
            return secret
        return self._from_credential(given.name, path)

    def _from_env(self, name: str, path: KeyPath) -> Secret:
        source = f"env:{name}"
        if value := self.env.get(name, "").strip():
            return self._usable(value, source, path)
        state = "empty" if name in self.env else "not set"
        message = f"the environment variable {shown(name)} is {state}"
        return self._missing(source, path, message, "set it, or take the secret from { file = … }")

    def _from_file(self, place: Path, source: str, path: KeyPath) -> Secret:
        try:
            value = place.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            reason = error.strerror or "it is not readable"
            return self._missing(
                source, path, f"the file {str(place)!r}: {reason}", "paths are relative to this file"
            )
        except UnicodeDecodeError:
            return self._missing(source, path, f"the file {str(place)!r} is not UTF-8 text", "")
        if not value.strip():
            return self._missing(
                source, path, f"the file {str(place)!r} is empty", "write the secret into it"
            )
        return self._usable(value, source, path)

    def _warn_of_readers(self, secret: Secret, place: Path, path: KeyPath) -> None:
        """A secret was put into a file of its own to be kept from others: say so where it is not."""
        try:
            exposed = not secret.missing and place.stat().st_mode & READABLE_BY_OTHERS
        except OSError:
            return
        if exposed:
            message = f"other users of this machine can read the file {str(place)!r}"
            self._note(path, "readable_secret", message, f"run: chmod 600 {place}", "warning")

    def _from_credential(self, name: str, path: KeyPath) -> Secret:
        source = f"credential:{name}"
        folder = self.env.get("CREDENTIALS_DIRECTORY", "")
        shut = bool(folder) and _is_shut(folder)
        if folder and not shut:
            return self._from_file(Path(folder) / name, source, path)
        given = f"LoadCredential={name}:/etc/tocsin/credentials/{name}"
        remedy = f"try it with: systemd-run --pty --property={given} tocsin …"
        if shut:
            remedy = "the daemon reads it at the reload"
        # The unit's ExecReload= runs beside the service: older systemd shows it the folder and shuts it.
        where = "to be read by the service's main process" if shut else "there inside the systemd unit"
        message = f"the credential {shown(name)} is only {where}"
        self._note(path, "missing_secret", message, remedy, "warning")
        return Secret(None, source=source, missing=f"{message}; {remedy}")

    def _usable(self, value: str, source: str, path: KeyPath) -> Secret:
        if value.isprintable():
            return Secret(value, source=source)
        message = f"the secret from {source} holds more than one line, or characters that cannot be typed"
        return self._missing(source, path, message, "keep only the secret itself")

    def _missing(self, source: str, path: KeyPath, message: str, hint: str) -> Secret:
        self._note(path, "missing_secret", message, hint, "error" if self.strict else "warning")
        return Secret(None, source=source, missing=f"{message}; {hint}" if hint else message)

    def _note(self, path: KeyPath, code: str, message: str, hint: str, level: str) -> None:
        self.problems.append(Problem(self.file, path, code, f"{about(path)}: {message}", hint, level))


def _is_shut(folder: str) -> bool:
    """Whether a folder is there and this process may not look into it."""
    try:
        os.stat(folder)  # noqa: PTH116 - Path.exists() would raise where a folder above it is shut
    except PermissionError:
        return True
    except OSError:
        return False
    return not os.access(folder, os.X_OK)


def carries_token(channel_url: str) -> bool:
    """Whether an Apprise address written into the file is likely to hold a password or a token."""
    return has_password(channel_url) or channel_url.partition(":")[0].lower() not in _TOKEN_FREE


def has_password(url: str) -> bool:
    """Whether an address has the form user:password@host."""
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return False


def secret_parts(url: str) -> list[str]:
    """
    The parts of a feed's address that no one else may read: its login, and tokens in its query.

    >>> secret_parts("https://joe:swordfish@news.example/feed?token=abc123&n=5")
    ['joe:swordfish', 'swordfish', 'abc123']
    """
    if "@" not in url and "?" not in url:  # as in most of thousands
        return []
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query)
    except ValueError:
        return []
    userinfo, _, _ = parts.netloc.rpartition("@")
    login = [unquote(userinfo), unquote(userinfo.partition(":")[2])] if userinfo else []
    return [part for part in (*login, *(value for key, value in pairs if _is_secret_key(key))) if part]


def secrets_of(config: Config) -> list[str]:
    """
    Every value of the configuration that no line of output may show.

    Of an address that stands in the file these are its secret parts, for the rest of it names the feed; one
    that is taken from elsewhere is secret as a whole. A login is also given as HTTP sends it.
    """
    found = [c.url for c in config.channels] + [c.password for c in config.channels]
    found += [c.secret for c in config.channels] + [f.password for f in config.feeds]
    found += [f.proxy for f in config.feeds] + [v for f in config.feeds for v in f.headers.values()]
    found += [f.url for f in config.feeds if f.url.source != "config"]
    found.append(config.deadman)
    values = [s.reveal() for s in found if s is not None and not s.missing]
    for feed in config.feeds:
        for address in (feed.url, feed.proxy):
            if address is not None and not address.missing:
                parts = secret_parts(address.reveal())
                values += [*parts, *(_as_sent(part) for part in parts if ":" in part)]
        if feed.user and feed.password and not feed.password.missing:
            values.append(_as_sent(f"{feed.user}:{feed.password.reveal()}"))
    return values


def _is_secret_key(key: str) -> bool:
    return key.lower().replace("-", "").replace("_", "") in _SECRET_KEYS


def _as_sent(login: str) -> str:
    return base64.b64encode(login.encode()).decode()
