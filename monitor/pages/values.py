"""What is learnt from a web page, as frozen values. Pure; imports no library, so anybody may import it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.text.lines import Cut, Line, unconfirmed_spans

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Cut", "Extracted", "Line", "unconfirmed_spans", "usable"]

_LEAST_CHARS = 250  # of article text; less is a caption, a paywall's first line or a page of another kind


@dataclass(frozen=True, slots=True)
class Extracted:
    """
    The clean article of a page, or, with `error` set, why there is none.

    `canonical` and `og_url` are absolute and lie within the page's own registrable domain; `published` is
    aware UTC and stands only where the page states it for machines; `language` is declared, else guessed,
    else None. `live`: a live blog. `paywalled`: the page says that its text is not free. `killed`: the error
    came of the process that read the page being killed.
    """

    title: str = ""
    lines: tuple[Line, ...] = ()
    cut: tuple[Cut, ...] = ()
    language: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    canonical: str | None = None
    og_url: str | None = None
    live: bool = False
    paywalled: bool = False
    error: str = ""
    killed: bool = False

    @property
    def text(self) -> str:
        """All lines: what is stored, shingled and shown."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confirmed(self) -> str:
        """The lines that rules may match on."""
        return "\n".join(line.text for line in self.lines if not line.why)

    @property
    def unconfirmed(self) -> tuple[tuple[int, int], ...]:
        """The (start, end) spans in `text` of lines that are not confirmed, neighbours as one."""
        return unconfirmed_spans(self.lines)


def usable(extracted: Extracted, teaser: str) -> str:
    """Why a page's text is no better than the teaser, or "" where it is to be used instead of it."""
    if extracted.error:
        return extracted.error
    length = len(extracted.text)
    if length < _LEAST_CHARS:
        return f"the page gave {length} characters of text, fewer than {_LEAST_CHARS}"
    if length < len(teaser):
        return "the page gave less text than the teaser"
    return ""
