"""What `tocsin explain` says of an article beside its rules: its page, what of it is confirmed, its story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.alerts.safe import one_line
from monitor.cli import output
from monitor.cli.explain_lines import line, when
from monitor.cli.story_words import joined_shape, joined_words
from monitor.stages import PageState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.explaining import Explanation
    from monitor.model import Document, Hit
    from monitor.stages import PageNow

MOST_PASSAGES = 3  # shown of what is not confirmed
_PASSAGE = 60  # characters of each
_PURPOSES = {
    "match": "to look for the rules' words in it",
    "compare": "to compare later copies with it",
    "decide": "to know whether its story was told",
}


# --- JSON ------------------------------------------------------------------------------------------------


def beside_shape(one: Explanation) -> dict[str, Any]:
    """What the object of an article has beside its own columns."""
    page = one.beside.page
    return {
        "page": {
            "state": page.state.value,
            "why": page.why or None,
            "purpose": page.purpose or None,
            "attempts": page.attempts,
            "next_attempt": output.rfc3339(page.next_attempt),
            "deadline": output.rfc3339(page.deadline),
            "hold_until": output.rfc3339(page.hold_until),
        },
        "teaser_only": page.teaser_only,
        "unconfirmed": [
            {"field": field, "start": start, "end": end, "text": text}
            for field, start, end, text in _passages(one.document)
        ],
        "joined": joined_shape(one.beside.joined),
        "reports": one.reports,
        "outlets": list(one.outlets),
    }


# --- for people ------------------------------------------------------------------------------------------


def tell_beside(one: Explanation, now: datetime) -> None:
    """The page, what of the text is not confirmed, and the story, a line each where there is something."""
    if said := _page_words(one, now):
        line(f"page   {said}", hang=7)
    passages = list(_passages(one.document))
    if passages:
        shown = ", ".join(f"“{one_line(text, _PASSAGE)}”" for *_, text in passages[:MOST_PASSAGES])
        more = f" and {len(passages) - MOST_PASSAGES} more" if len(passages) > MOST_PASSAGES else ""
        line(f"text   not confirmed as the article's own: {shown}{more}", hang=7)
    if said := _story_words(one):
        line(f"story  {said}", hang=7)


def is_confirmed(hit: Hit, document: Document) -> bool:
    """Whether a hit stands in text that is confirmed as the article's own."""
    spans = {"body": document.unconfirmed, "summary": document.doubtful}.get(hit.field, ())
    return not any(start < hit.end and hit.start < end for start, end in spans)


def _passages(document: Document | None) -> Iterator[tuple[str, int, int, str]]:
    """What is not confirmed, with its field and place."""
    if document is not None:
        for field, spans in (("summary", document.doubtful), ("body", document.unconfirmed)):
            text: str = getattr(document, field)
            yield from ((field, start, end, text[start:end]) for start, end in spans)


def _page_words(one: Explanation, now: datetime) -> str:
    page = one.beside.page
    if page.state is PageState.READ and one.row is not None:
        return f"read, {len(one.row['page']):,} characters, which stand as the body"
    if page.state is PageState.NONE:
        return f"none: {output.printable(page.why)}; rules were judged on title and teaser alone"
    return _waiting_words(page, now) if page.state is PageState.WAITING else ""


def _waiting_words(page: PageNow, now: datetime) -> str:
    purpose = f" {_PURPOSES[page.purpose]}" if page.purpose in _PURPOSES else ""
    tried = f", tried {page.attempts} {'time' if page.attempts == 1 else 'times'}" if page.attempts else ""
    at = page.next_attempt
    due = "due now" if at is None or at <= now else when(at, now)
    late = when(page.deadline, now)
    so_far = f" ({output.printable(page.why)})" if page.why else ""
    text = f"not read yet{tried}{so_far}, wanted{purpose}; next try {due}, given up {late}"
    if page.hold_until is not None and page.hold_until > now:
        text += f"; what waits for it is decided {when(page.hold_until, now)} at the latest"
    return text


def _story_words(one: Explanation) -> str:
    joined = one.beside.joined
    story = one.row["story_id"] if one.row is not None else 0
    others = f"; {one.reports} reports by {len(one.outlets)} outlets" if one.reports > 1 else ""
    if joined is None:
        return f"{story}, which it began{others}" if others else ""
    if joined.story != story:
        return f"{story}, its own{others}; related to story {joined.story}: {joined_words(joined)}"
    return f"{story}, {_RELATIONS.get(joined.relation, joined.relation)}: {joined_words(joined)}{others}"


_RELATIONS = {"duplicate": "a copy", "joins": "joined in silence", "update": "an update"}
