"""`tocsin demo`: the real daemon on a bundled sample newsroom."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from monitor.demo.runner import Outcome, Scene

WELCOME = """\
Twelve made-up newsrooms open on this machine, and the real daemon watches them: one answers slowly, one has
moved, one is broken. They publish for some seven seconds. Rules: the Taliban and Doha (or Qatar) together;
Covid-19. What was published before must stay silent, and so must copies and edits.
"""


KEEPING = """
Still running, until Ctrl-C removes it all. In another terminal:
  tocsin status --config {scene.config}
  tocsin alerts list --config {scene.config}
The newsroom is at {scene.base_url}/, the database at {scene.database}"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin demo --keep")(demo)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Go on after the summary, until Ctrl-C.")] = False,
) -> None:
    """Run the real daemon on a bundled newsroom. Exit 0 only if exactly the expected alerts came."""
    import asyncio

    from monitor.demo.runner import run_demo
    from monitor.service import log

    log.configure("debug" if context.given.debug else "error", "text")
    output.say(WELCOME)

    def ready(outcome: Outcome, scene: Scene) -> None:
        if context.given.json:
            output.emit(asdict(outcome) | {"good": outcome.good})
        else:
            tell(outcome)
        if keep:
            output.say(KEEPING.format(scene=scene))
        sys.stdout.flush()

    cards = sys.stderr if context.given.json else sys.stdout
    outcome = asyncio.run(run_demo(keep=keep, cards=cards, ready=ready))
    if not outcome.good:
        raise typer.Exit(1)


def tell(outcome: Outcome) -> None:
    """The figures, and what was not as the script says."""
    output.out(
        f"{outcome.feeds} feeds, asked {outcome.requests} times ({outcome.not_modified} times unchanged)"
    )
    output.out(f"{outcome.seen} items seen, {outcome.matched} matches")
    output.out(f"{outcome.alerts} alerts" + _first(outcome))
    for sentence, number in outcome.suppressed.items():
        output.out(f"{number} silent: {sentence}")
    output.out(f"{outcome.seconds:g} seconds")
    for rule, path in outcome.missing:
        output.out(output.colour(f"missing: rule {rule} for {path}", "red"))
    for rule, path in outcome.uncalled_for:
        output.out(output.colour(f"uncalled for: rule {rule} for {path}", "red"))
    if not outcome.suppressed_as_expected:
        output.out(output.colour("the silent matches are not those of the script", "red"))
    if outcome.good:
        output.out(output.colour(f"exactly the {outcome.alerts} expected alerts came", "green"))


def _first(outcome: Outcome) -> str:
    return "" if outcome.first_alert is None else f", the first {outcome.first_alert:g} s after the start"
