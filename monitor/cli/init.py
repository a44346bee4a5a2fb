"""`tocsin init`: a first configuration; with --system or --user a whole service, shown before it is made."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.service.install import Item, Layout

WORDS = {"new": "make", "same": "as is", "kept": "keep", "differs": "DIFFERS"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(
        epilog="Example: tocsin init ~/.config/tocsin, or: sudo /opt/tocsin/bin/tocsin init --system"
    )(init)


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where; default: here.")] = None,
    *,
    system: Annotated[
        bool, typer.Option("--system", help="Install the service of this machine: needs root.")
    ] = False,
    user: Annotated[
        bool, typer.Option("--user", help="Install a service of your own, without root.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With a service: do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With a service: show what it would do.")
    ] = False,
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help="With a service: print the unit file, and do nothing.")
    ] = False,
    root: Annotated[Path | None, typer.Option("--root", hidden=True)] = None,
) -> None:
    """
    Write a first config.toml, or install a service.

    The file is commented, and never written over an existing one; what to type next is said.
    With --system or --user: install a whole systemd service, after it has shown what it would do.
    """
    if system and user:
        raise UsageError("--system and --user are two services", hint="choose one")
    if system or user:
        if folder is not None:
            raise UsageError(
                f"--{'system' if system else 'user'} has folders of its own",
                hint="--dry-run shows which files it would make",
            )
        _install(system=system, yes=yes, dry_run=dry_run, print_unit=print_unit, root=root)
    elif yes or dry_run or print_unit or root:
        raise UsageError("this option goes with --system or --user", hint="tocsin init --system --dry-run")
    else:
        _write((folder or Path()) / "config.toml")


def _write(path: Path) -> None:
    from monitor.config.template import init_template

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(init_template())
    except FileExistsError:
        raise UsageError(
            f"{path} exists already, and is left as it is", hint="name another folder: tocsin init DIR"
        ) from None
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", hint="name a folder you may write to"
        ) from None
    path.chmod(0o600)
    given = "" if path == Path("config.toml") else f" --config {shlex.quote(str(path))}"
    steps = [
        (f"tocsin check{given}", "what is wrong in it, and where"),
        (f"tocsin run --once{given}", "one round: learns what is there, shows what already matches"),
        (f"tocsin run{given}", "watches, until Ctrl-C"),
    ]
    if context.given.json:
        output.emit({"path": str(path), "next": [command for command, _ in steps]})
        return
    output.out(f"wrote {path}: four feeds, one rule, alerts in the terminal. Next:")
    _show_steps(steps)


def _install(*, system: bool, yes: bool, dry_run: bool, print_unit: bool, root: Path | None) -> None:
    """Show what would be made, ask, make it, and say what to type next."""
    from monitor.service import install

    top = Path("/") if root is None else root.absolute()
    layout = install.system_layout(top) if system else install.user_layout(top, os.environ)
    config = Path("/") / layout.config.relative_to(top)
    unit = install.unit_text(layout, install.command_line(sys.argv[0]), config)
    if print_unit:
        output.out(unit.rstrip("\n"))
        return
    items = install.items_of(layout, unit)
    new = [item for item in items if item.state == "new"]
    commands = _commands(layout, new) if root is None else []
    obstacles = _obstacles(system=system, root=root)
    asked = not (yes or dry_run)
    if not context.given.json:
        _show(items, commands, owner="root" if system else "you")
        for message, hint in obstacles:
            output.say(f"but: {message}\n    {hint}")
    done = bool(new) and not obstacles and not dry_run and _agreed(asked=asked)
    if done:
        install.make(items)
        for command in commands:
            _run(command)
    if context.given.json:
        output.emit(_as_json(items, commands, obstacles, done=done))
    elif done or not new:
        _sum_up(layout, config, made=len(new))
    elif asked and not obstacles:
        output.say("nothing was done")
    _end(items, obstacles, dry_run=dry_run, option="--system" if system else "--user")


def _end(items: Sequence[Item], obstacles: Sequence[tuple[str, str]], *, dry_run: bool, option: str) -> None:
    """The exit code: 2 where it could not begin, 1 where a file that differs was left alone."""
    if dry_run:
        return
    if obstacles and any(item.state == "new" for item in items):
        raise typer.Exit(2)
    differing = [item for item in items if item.state == "differs"]
    for item in differing:
        if item.text is not None and not context.given.json:
            output.say(f"{item.path} is not what this version would install, and was left as it is. Compare:")
            output.say(f"    tocsin init {option} --print-unit | diff {shlex.quote(str(item.path))} -")
            output.say("    keep changes of your own in a drop-in (systemctl edit tocsin), remove the file,")
            output.say("    and run the same again")
    if differing:
        raise typer.Exit(1)


def _obstacles(*, system: bool, root: Path | None) -> list[tuple[str, str]]:
    """What stands in the way, with remedies."""
    from monitor.service.install import out_of_reach

    if not system or root is not None:
        return []
    found = []
    called = shlex.quote(str(Path(sys.argv[0]).absolute()))
    if os.geteuid() != 0:
        found.append(("only root may do this", f"sudo {called} init --system"))
    if reason := out_of_reach(sys.argv[0]):
        remedy = "/usr/bin/python3 -m venv /opt/tocsin && /opt/tocsin/bin/pip install .   (and use that one)"
        found.append((f"the service could not start this installation: {reason}", remedy))
    return found


def _commands(layout: Layout, new: Iterable[Item]) -> list[tuple[str, ...]]:
    """The manager reads a new unit, where one is running."""
    run = os.environ.get("XDG_RUNTIME_DIR") if "--user" in layout.manager else "/run"
    folder = "systemd" if "--user" in layout.manager else "systemd/system"
    running = bool(run) and Path(str(run), folder).is_dir() and shutil.which(layout.manager[0])
    return (
        [(*layout.manager, "daemon-reload")]
        if running and any(i.path == layout.unit_path for i in new)
        else []
    )


def _run(command: tuple[str, ...]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - systemctl alone
    if done.returncode:
        raise TocsinError(
            f"`{shlex.join(command)}` failed: {done.stderr.strip() or done.returncode}",
            hint="the files are in place; run it by hand",
        )


def _agreed(*, asked: bool) -> bool:
    if not asked:
        return True
    if context.given.json or not sys.stdin.isatty():
        raise UsageError(
            "nothing was done: there is nobody to ask", hint="--yes does it, --dry-run only shows it"
        )
    return typer.confirm("Do it?", err=True)


def _show(items: Sequence[Item], commands: Sequence[tuple[str, ...]], *, owner: str) -> None:
    width = max(len(str(item.path)) for item in items)
    for item in items:
        made = f"{item.what}; mode {item.mode:04o}, owner {owner}"
        there = {
            "same": "there already",
            "kept": "yours, left as it is",
            "differs": "there, with other content",
        }
        text = made if item.state == "new" else item.note or there[item.state]
        output.out(f"{WORDS[item.state]:8} {str(item.path).ljust(width)}  {text}")
    for command in commands:
        output.out(f"{'run':8} {shlex.join(command)}")


def _sum_up(layout: Layout, config: Path, *, made: int) -> None:
    if not made:
        output.say("nothing to do: everything is there already")
        return
    user = "--user" in layout.manager
    tocsin = "tocsin" if shutil.which("tocsin") else shlex.quote(str(Path(sys.argv[0]).absolute()))
    manager = shlex.join(layout.manager)
    given = f" --config {shlex.quote(str(config))}"
    output.out("done. Next:")
    _show_steps(
        [
            (f"$EDITOR {shlex.quote(str(config))}", "feeds, rules, and a channel that reaches you"),
            (f"{tocsin} check{given}", "what is wrong in it, and where"),
            (f"{manager} enable --now tocsin", "watches from now on, and after each start of the machine"),
            *([("loginctl enable-linger", "also while you are not logged in")] if user else []),
            (f"journalctl {'--user ' if user else ''}-u tocsin -f", "what it does"),
        ]
    )


def _show_steps(steps: Sequence[tuple[str, str]]) -> None:
    width = max(len(command) for command, _ in steps)
    for command, why in steps:
        output.out(f"  {command.ljust(width)}   {why}")


def _as_json(
    items: Sequence[Item],
    commands: Sequence[tuple[str, ...]],
    obstacles: Sequence[tuple[str, str]],
    *,
    done: bool,
) -> dict[str, object]:
    return {
        "items": [
            {
                "path": str(item.path),
                "kind": "folder" if item.text is None else "file",
                "mode": f"{item.mode:04o}",
                "state": str(item.state),
                **({"note": item.note} if item.note else {}),
            }
            for item in items
        ],
        "commands": [shlex.join(command) for command in commands],
        "obstacles": [{"message": message, "hint": hint} for message, hint in obstacles],
        "done": done,
    }
