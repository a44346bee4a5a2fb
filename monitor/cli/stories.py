"""`tocsin stories`: which articles of a file tell one story, and what would ring; stores nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from monitor.cli.files import Judged
    from monitor.stories.likeness import Facts
    from monitor.stories.replay import Verdict

_START = datetime(2000, 1, 1, tzinfo=UTC)  # for files that date nothing: all at one moment


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin stories articles.jsonl --json")(stories)


def stories(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Articles, one a line (.jsonl), as for match; - = stdin."),
    ],
    updates: Annotated[
        str, typer.Option("--updates", metavar="WHEN", help="substance, all or none: what rings again.")
    ] = "substance",
) -> None:
    """Tell which articles of a file tell one story, and why. Stores nothing."""
    from monitor.cli.files import from_files
    from monitor.errors import UsageError
    from monitor.stories.replay import WINDOW, Desk

    if updates not in ("substance", "all", "none"):
        raise UsageError(f"--updates is substance, all or none, not {updates!r}")
    config = context.config_if_any()
    window = WINDOW if config is None else timedelta(seconds=config.story_window or 0)
    desk, names, last = Desk(window=window, updates=updates), list[str | int](), _START
    rang = 0
    for number, judged in enumerate(from_files(files, {})):
        last = judged.published or last
        verdict = desk.see(_facts(number, judged, last))
        names.append(judged.id)
        rang += verdict.rings
        _show(judged, verdict, names)
    if not context.given.json:
        noun = "article" if len(names) == 1 else "articles"
        output.say(f"{len(names)} {noun}, {desk.stories} stories; {rang} would ring")


def _facts(number: int, judged: Judged, at: datetime) -> Facts:
    """An article as it is compared: its body, or its summary where there is none."""
    from monitor.articles.urls import url_key
    from monitor.stories.likeness import of_article
    from monitor.text.domains import registrable
    from monitor.text.language import guess

    document = judged.document
    text = document.body or document.summary
    return of_article(
        number,
        document.title,
        text,
        registrable(document.source),
        at,
        language=document.language or guess(f"{document.title}. {text}"),
        full=bool(document.body),
        url_key=url_key(document.url),
    )


def _show(judged: Judged, verdict: Verdict, names: list[str | int]) -> None:
    of = verdict.likeness.of
    shape = {
        "id": judged.id,
        "story": verdict.story,
        "decision": verdict.decision,
        "of": None if of is None else names[of],
        "score": verdict.likeness.score,
        "reason": verdict.reason,
    }
    if context.given.json:
        output.emit(shape)
        return
    title = judged.document.title or (judged.document.body or judged.document.summary)[:60]
    like = "" if of is None else f" (like {output.printable(str(names[of]))})"
    output.out(
        f"story {verdict.story:<4} {verdict.decision:<9}  {output.printable(str(judged.id))}  "
        f"{output.printable(' '.join(title.split()))}"
    )
    output.out(f"    {output.printable(verdict.reason)}{like}")
