"""Small configurations for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.load import Loaded, load_config

if TYPE_CHECKING:
    from collections.abc import Mapping

FEED = '[[feeds]]\nname = "lemonde"\nurl = "https://www.lemonde.fr/rss/une.xml"\n'
RULE = '[[rules]]\nname = "talks"\nquery = "talibans"\n'
CHANNEL = '[channels.screen]\ntype = "terminal"\n'
SMALL = f"{FEED}\n{RULE}\n{CHANNEL}"
ENV = {"TZ": "UTC"}


def write(folder: Path, text: str, name: str = "config.toml") -> Path:
    """A file that only its owner may read."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def load(
    folder: Path, text: str, *, env: Mapping[str, str] | None = None, strict_secrets: bool = True
) -> Loaded:
    """What loading this text as the main file gives."""
    path = write(folder, text)
    return load_config(path, env={**ENV, **(env or {})}, strict_secrets=strict_secrets)


def told(loaded: Loaded) -> list[str]:
    """The findings as "name:line: level: message"."""
    return [f"{Path(f.file).name}:{f.line}: {f.level}: {f.message}" for f in loaded.findings]
