"""Where health and metrics are served: what `[metrics] listen` means, and what is to be said of it. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Config

EXTRA = "pipx inject tocsin prometheus-client, or pip install 'tocsin[metrics]'"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen: the path of a socket, or host and port."""

    path: Path | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def of(cls, text: str, folder: Path) -> Place | None:
        """The place that the text names; None for "". Relative paths are looked for in `folder`."""
        if not text:
            return None
        if "/" in text:
            return cls(path=folder / Path(text).expanduser())
        host, _, port = text.rpartition(":")
        return cls(host=host.strip("[]"), port=int(port))

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return self.path is not None or is_loopback(self.host)

    def __str__(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return str(self.path) if self.path is not None else f"{shown}:{self.port}"


def place_of(config: Config) -> Place | None:
    """Where health and metrics are to be read; None where they are off."""
    return Place.of(config.metrics_listen, config.path.parent)


def is_loopback(host: str) -> bool:
    """Whether a host, as it stands in an address, is this machine and nobody else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def warnings(config: Config) -> Iterator[tuple[str, str, str]]:
    """What `check` says of `listen` that is lawful: code, message and hint of each."""
    place = place_of(config)
    if place is None:
        return
    if find_spec("prometheus_client") is None:
        message = "'listen' in [metrics] needs the package prometheus-client, which is not installed"
        yield "metrics_extra", message, f"{EXTRA}; till then /healthz is answered and /metrics is not"
    if not place.on_loopback:
        message = f"'listen' in [metrics]: other machines can reach {place}, and read there what is watched"
        hint = "127.0.0.1 or a socket is for this machine alone; others use ssh -L or a proxy with a login"
        yield "open_metrics", message, hint
