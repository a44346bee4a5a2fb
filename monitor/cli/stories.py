"""`tocsin stories`: which articles of a file tell one story, and what would ring; stores nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.cli.files import Judged
    from monitor.stories.likeness import Facts
    from monitor.stories.replay import Verdict

_START = datetime(2000, 1, 1, tzinfo=UTC)  # for files that date nothing: all at one moment


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin stories articles.jsonl --updates all")(stories)


def stories(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Articles in the order in which they came, one a line (.jsonl; - = stdin): id, title, body "
            "or summary, url or outlet, published, language. A .txt or .html file is one article.",
        ),
    ],
    updates: Annotated[
        str,
        typer.Option(
            "--updates",
            metavar="WHEN",
            help="Which changes ring again: substance (numbers, outcomes, much that is new, a new passage "
            "that the headline tells of, corrections), all, or none.",
        ),
    ] = "substance",
) -> None:
    """Tell which articles of a file tell one story. And why, and which would ring; stores nothing."""
    from monitor.cli.files import from_files
    from monitor.errors import UsageError
    from monitor.stories.replay import WINDOW, Desk

    if updates not in ("substance", "all", "none"):
        raise UsageError(f"--updates is substance, all or none, not {updates!r}")
    config = context.config_if_any()
    window = WINDOW if config is None else timedelta(seconds=config.story_window or 0)
    desk, names, last = Desk(window=window, updates=updates), list[str | int](), _START
    count = Counter[str]()
    for number, judged in enumerate(from_files(files, {})):
        last = judged.published or last
        verdict = desk.see(_facts(number, judged, last))
        names.append(judged.id)
        count[verdict.decision] += 1
        _show(judged, verdict, names)
    if not context.given.json:
        output.say(_summary(count, desk.stories))


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
    of, reason = verdict.likeness.of, verdict.reason
    if verdict.rings and not verdict.likeness.relation.rings:
        reason += "; the story was told longer ago than the window, so it rings again"
    if context.given.json:
        output.emit(
            {
                "id": judged.id,
                "story": verdict.story,
                "decision": verdict.decision,
                "of": None if of is None else names[of],
                "score": verdict.likeness.score,
                "reason": reason,
                "level": verdict.likeness.level.value,
            }
        )
        return
    title = judged.document.title or (judged.document.body or judged.document.summary)[:60]
    decision = output.colour(f"{verdict.decision:<9}", "dim" if verdict.decision == "duplicate" else "green")
    output.out(
        f"story {verdict.story:<4} {decision}  {output.printable(str(judged.id))}  "
        f"{output.printable(' '.join(title.split()))}"
    )
    if of is not None:
        output.out(f"           like {output.printable(str(names[of]))}: {output.printable(reason)}")


def _summary(count: Mapping[str, int], stories: int) -> str:
    """How many articles tell how many stories, and what would ring."""
    number = sum(count.values())
    if not number:
        return "there is no article in it"
    articles = "1 article tells" if number == 1 else f"{number} articles tell"
    silent = count.get("duplicate", 0)
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(count.items()) if kind != "duplicate")
    told = f"{number - silent} would ring ({kinds}), {silent} stay silent"
    return f"{articles} {stories} {'story' if stories == 1 else 'stories'}: {told}"
