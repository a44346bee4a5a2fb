"""
What `tocsin init --system` and `--user` install: folders, a first configuration, and the unit.

First everything is looked at and becomes a list of items, each with a state; then what is new is made.
Nothing that is there already is ever written over.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.template import SYSTEM_DATABASE, init_template
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SYSTEM_CONFIG = Path("/etc/tocsin/config.toml")
SYSTEM_UNITS = Path("/etc/systemd/system")
SHIPPED_COMMAND = re.compile(r"(?<==)\S+/bin/tocsin(?= )")
SHIPPED_CONFIG = re.compile(r"(?<=--config )\S+")
# What the unit takes away from the service, and by which of its lines.
HIDDEN = {"/home": "ProtectHome", "/root": "ProtectHome", "/run/user": "ProtectHome"} | {
    "/tmp": "PrivateTmp",  # noqa: S108 - named to keep clear of it
    "/var/tmp": "PrivateTmp",  # noqa: S108
}


class State(StrEnum):
    """How an item stands to what is there already."""

    NEW = "new"
    SAME = "same"
    KEPT = "kept"  # a file that is meant to be changed: the configuration
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Item:
    """A folder (`text` is None) or a file to make; `note` says what should be put right by hand."""

    path: Path
    mode: int
    what: str
    text: str | None = None
    yours: bool = False  # once written, it is the user's to change
    state: State = State.NEW
    note: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one kind of service keeps its things."""

    unit: str  # the shipped file
    unit_path: Path
    config: Path
    config_mode: int
    database: str
    manager: tuple[str, ...]  # how its manager is spoken to

    @property
    def credentials(self) -> Path:
        """The folder of secrets."""
        return self.config.parent / "credentials"


def system_layout(root: Path) -> Layout:
    """The service of the machine, under `root` ("/", but for packagers and tests)."""
    return Layout(
        unit="tocsin.service",
        unit_path=_below(root, SYSTEM_UNITS / "tocsin.service"),
        config=_below(root, SYSTEM_CONFIG),
        config_mode=0o644,
        database=SYSTEM_DATABASE,
        manager=("systemctl",),
    )


def user_layout(root: Path, env: Mapping[str, str]) -> Layout:
    """The service of one user; UsageError where nobody says where that user's home is."""
    if not env.get("HOME"):
        raise UsageError(
            "HOME is not set, so nobody knows where your files go", hint="set it: HOME=/home/you"
        )
    home = Path(env["HOME"])
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    state = Path(env.get("XDG_STATE_HOME") or home / ".local" / "state")
    return Layout(
        unit="tocsin-user.service",
        unit_path=_below(root, config / "systemd" / "user" / "tocsin.service"),
        config=_below(root, config / "tocsin" / "config.toml"),
        config_mode=0o600,
        database=str(state / "tocsin" / "tocsin.db"),
        manager=("systemctl", "--user"),
    )


def items_of(layout: Layout, unit: str) -> list[Item]:
    """Everything the layout asks for, in the order it is made, with its state as of now."""
    wanted = [
        Item(layout.config.parent, 0o755 if layout.config_mode & 0o044 else 0o700, "folder"),
        Item(
            layout.config,
            layout.config_mode,
            "the configuration: four feeds, one rule, alerts in the journal",
            init_template(database=layout.database),
            yours=True,
        ),
        Item(layout.credentials, 0o700, "folder for secrets, a file of mode 0600 each"),
        Item(layout.unit_path, 0o644, f"the unit, which runs {_command_of(unit)}", unit),
    ]
    return [_compared(item) for item in wanted]


def make(items: Iterable[Item]) -> list[Item]:
    """Make what is new, in order; returns what was made. Raises UsageError naming what could not be."""
    made = []
    for item in items:
        if item.state is not State.NEW:
            continue
        try:
            _make(item)
        except OSError as error:
            raise UsageError(
                f"cannot make {item.path}: {error.strerror}",
                hint="what stands before it in the list is made; mend this and run the same again",
            ) from error
        made.append(item)
    return made


def unit_text(layout: Layout, command: str, config: Path) -> str:
    """The shipped unit with the command and the configuration of this installation."""
    text = _shipped(layout.unit).read_text(encoding="utf-8")
    text = SHIPPED_COMMAND.sub(lambda _: command, text)
    return SHIPPED_CONFIG.sub(lambda _: unit_word(str(config)), text)


def command_line(argv0: str) -> str:
    """How a unit starts the Tocsin that runs now, spelt for a unit file; `argv0` is how it was called."""
    called = Path(argv0).absolute()
    beside = Path(sys.prefix) / "bin" / "tocsin"
    for path in (called, beside):
        if path.name == "tocsin" and path.is_file():
            return unit_word(str(path))
    return f"{unit_word(sys.executable)} -m monitor"


def unit_word(text: str) -> str:
    """A path as one word of a unit file: percent signs and dollars doubled, quoted where it has to be."""
    text = text.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")
    return '"' + text.replace('"', '\\"') + '"' if re.search(r"[\s\"';]", text) else text


def out_of_reach(argv0: str) -> str:
    """Why the system service could not run this installation, in words; empty where it could."""
    package = Path(__file__).parents[1]
    called = Path(argv0).absolute() if Path(argv0).name == "tocsin" else Path(sys.executable)
    for path in (called, Path(sys.executable).resolve(), Path(sys.base_prefix), Path(sys.prefix), package):
        for hidden, by in HIDDEN.items():
            if path.is_relative_to(hidden):
                return f"{path} lies under {hidden}, which the unit hides from the service ({by}=)"
        for folder in path.parents:
            if not folder.stat().st_mode & 0o001:
                return f"{path} lies in {folder}, which only its owner may enter"
    return ""


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _command_of(unit: str) -> str:
    found = re.search(r"^ExecStart=(.*) run ", unit, re.MULTILINE)
    return found.group(1) if found else "tocsin"


def _shipped(name: str) -> Path:
    """The unit file that came with this installation."""
    schemes = [sysconfig.get_path("data"), sysconfig.get_path("data", f"{os.name}_user")]
    # A checkout first: what an editable install put into the environment may be older than its file.
    places = [Path(__file__).parents[2] / "systemd" / name]
    places += [Path(scheme) / "share" / "tocsin" / name for scheme in schemes]
    for place in places:
        if place.is_file():
            return place
    raise UsageError(
        f"this installation came without {name}",
        hint="install the wheel, or work from a checkout; looked at " + ", ".join(map(str, places)),
    )


def _compared(item: Item) -> Item:
    try:
        there = item.path.lstat()
    except FileNotFoundError:
        return item
    except OSError as error:
        return replace(item, state=State.DIFFERS, note=f"cannot be looked at: {error.strerror}")
    if item.text is None:
        if not item.path.is_dir():
            return replace(item, state=State.DIFFERS, note="there is a file of that name")
        mode = there.st_mode & 0o7777
        wrong = mode != item.mode
        note = f"mode {mode:04o} instead of {item.mode:04o}: chmod {item.mode:o} {item.path}" if wrong else ""
        return replace(item, state=State.SAME, note=note)
    if item.yours:
        return replace(item, state=State.KEPT)
    try:
        same = item.path.read_text(encoding="utf-8") == item.text
    except (OSError, UnicodeDecodeError):
        same = False
    return replace(item, state=State.SAME if same else State.DIFFERS)


def _make(item: Item) -> None:
    if item.text is None:
        item.path.mkdir(parents=True, exist_ok=True)
    else:
        item.path.parent.mkdir(parents=True, exist_ok=True)
        with item.path.open("x", encoding="utf-8") as file:
            file.write(item.text)
    item.path.chmod(item.mode)
