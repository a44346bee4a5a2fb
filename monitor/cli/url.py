"""`tocsin url`: what becomes of an address, and by what two articles are one. Nothing is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from monitor.articles.weblinks import Weblink


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin url 'https://www.example.org/a?utm_source=rss'")(url)


def url(
    urls: Annotated[
        list[str], typer.Argument(metavar="URL…", help="Addresses; put each in quotes, for its & and ?.")
    ],
) -> None:
    """Show clean addresses, keys by which articles are one, and why."""
    from monitor.articles.weblinks import explained

    first: dict[str, str] = {}
    for number, link in enumerate(explained(u) for u in urls):
        if context.given.json:
            output.emit({"url": link.url, "clean": link.clean, "key": link.key, "why": list(link.why)})
            continue
        if number:
            output.out()
        _show(link, first.get(link.key, ""))
        first.setdefault(link.key, link.url)


def _show(link: Weblink, same: str) -> None:
    """An address with a line each for what becomes of it; `same` is one before it with this key."""
    output.out(output.colour(output.printable(link.url) or "(nothing)", "bold"))
    if not link.clean:
        output.out(f"  {output.colour('not a web address', 'red')}: {output.printable('; '.join(link.why))}")
        return
    output.out(f"  clean  {output.printable(link.clean)}")
    known = f"  equal to that of {output.printable(same)}" if same else ""
    output.out(f"  key    {output.printable(link.key)}{known}")
    for place, why in enumerate(link.why):
        output.out(f"  {'     ' if place else 'why  '}  {output.printable(why)}")
