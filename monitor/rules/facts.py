"""Facts about an article that document fields ask for: language, feed, tags, source, authors, address."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from monitor.rules.globs import glob

if TYPE_CHECKING:
    from monitor.model import Document
    from monitor.rules.tree import DocumentTerm


def document_value(text: str) -> str:
    """The form in which facts and asked-for values are compared: case-blind, white space as one space."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold()).split())


def speaks(language: str | None, wanted: str) -> bool:
    """
    Whether a text in `language` passes for `wanted`, which may be a glob.

    `en` also holds for en-US. An unknown language passes: a miss is worse than a look.
    """
    if not language:
        return True
    spoken = document_value(language).replace("_", "-")
    asked = wanted.replace("_", "-")
    return any(glob(form).fullmatch(spoken) for form in (asked, f"{asked}-*"))


def fact_holds(term: DocumentTerm, document: Document) -> bool:
    """Whether the document has the fact: any of its tags, categories or authors will do."""
    if term.field == "lang":
        return speaks(document.language, term.value)
    facts = {
        "feed": (document.feed,),
        "tag": document.tags,
        "category": document.categories,
        "source": (document.source,),
        "author": document.authors,
        "url": (document.url,),
    }[term.field]
    asked = glob(term.value)
    return any(asked.fullmatch(document_value(fact)) for fact in facts)
