"""
Unit files as systemd reads them: sections, keys, drop-ins, lists that are emptied. Pure.

An assignment of nothing empties what came before; keys that are lists add up, of the others the last counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LISTS = frozenset(
    {
        *("SystemCallFilter", "RestrictAddressFamilies", "CapabilityBoundingSet", "AmbientCapabilities"),
        *(
            "LoadCredential",
            "LoadCredentialEncrypted",
            "Environment",
            "EnvironmentFile",
            "ExecStart",
            "ExecReload",
        ),
        *("IPAddressDeny", "IPAddressAllow", "ReadWritePaths", "BindPaths", "SetCredential", "DeviceAllow"),
        *("RestrictNamespaces", "SystemCallArchitectures"),
    }
)
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
_FALSE = frozenset({"0", "no", "n", "false", "f", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force, and which file gave each last."""

    values: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def all(self, key: str, section: str = "Service") -> tuple[str, ...]:
        """Every value of a list."""
        return self.values.get((section, key), ())

    def one(self, key: str, section: str = "Service") -> str:
        """The value that counts; "" where there is none."""
        values = self.all(key, section)
        return values[-1] if values else ""

    def place(self, key: str, section: str = "Service") -> str:
        """The file that said it last, or said that it is not to be."""
        return self.places.get((section, key), "")


def read_units(files: Iterable[tuple[str, str]]) -> Settings:
    """The settings of files given as (name, text), the fragment first, then its drop-ins in their order."""
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    places: dict[tuple[str, str], str] = {}
    for name, text in files:
        section = ""
        for line in re.sub(r"\\\n", " ", text).splitlines():
            stripped = line.strip()
            if not stripped or stripped[0] in "#;":
                continue
            if stripped.startswith("[") and stripped.endswith("]"):
                section = stripped[1:-1]
                continue
            key, sign, value = stripped.partition("=")
            if not sign:
                continue
            at = (section, key.strip())
            value = value.strip()
            places[at] = name
            if not value:
                values[at] = [""] if key.strip() in ("CapabilityBoundingSet", "AmbientCapabilities") else []
            elif key.strip() in _LISTS:
                values[at] = [v for v in values[at] if v] + [value]
            else:
                values[at] = [value]
    return Settings({at: tuple(v) for at, v in values.items()}, places)


def same(one: str, other: str) -> bool:
    """Whether two values mean the same: yes and true do."""
    return plain(one) == plain(other)


def plain(value: str) -> str:
    """A value in one spelling."""
    low = value.strip().lower()
    return "yes" if low in _TRUE else "no" if low in _FALSE else " ".join(low.split())


def seconds(text: str) -> float | None:
    """Seconds of a time span such as "1min 30s"; None for none, infinity, or what is no span."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
    total = 0.0
    for number, unit in re.findall(r"([0-9.]+)\s*([a-z]*)", text.lower()):
        if unit not in units or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", number):
            return None
        total += float(number) * units[unit]
    return total or None


def bytes_of(text: str) -> int | None:
    """Bytes of a size such as "1G"; None for none, infinity, or a share."""
    matched = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMGT]?)B?", text.strip(), re.IGNORECASE)
    if not matched:
        return None
    return int(float(matched[1]) * 1024 ** " KMGT".index(matched[2].upper() or " "))
