"""Secrets by reference: from an environment variable, a file, or a systemd credential."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.config.words import KeyPath, Problem, about, shown
from monitor.settings import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.checks import SecretRef

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
            return self._from_file(place, f"file:{given.name}", path)
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
