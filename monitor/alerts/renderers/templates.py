"""
A user's own wording: plain named fields, filled with a feed's words as data. Pure.

No `str.format`: it would follow attributes and indices, and pad to any width. A title is plain text. A body's
own words are in the channel's markup, so that `<!channel>` in a Slack template rings and `<b>` in a
Telegram template is bold; what the fields bring in never is.
"""

from __future__ import annotations

from html.parser import HTMLParser
from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FIELDS = ("title", "link", "outlet", "time", "excerpt", "rule", "severity", "why", "also", "id")
OLDER = {"feed": "outlet", "rules": "rule"}  # names of before that still are understood
_TELEGRAM_TAGS = frozenset(
    (
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "a",
        "code",
        "pre",
        "blockquote",
        "tg-spoiler",
    )
)
_MATRIX_TAGS = _TELEGRAM_TAGS - {"tg-spoiler"} | frozenset(
    (
        "p",
        "br",
        "hr",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "div",
        "span",
        "table",
        "tr",
        "td",
    )
)
_HTML = {"telegram": _TELEGRAM_TAGS, "matrix": _MATRIX_TAGS}
_EMPTY = frozenset(("br", "hr"))


def check_template(text: str, kind: str = "plain") -> str | None:
    """
    Say what is wrong with a user's template, or None.

    Only named fields may stand in braces. Where a channel writes HTML (`kind` telegram or matrix) the
    template's own tags must be known ones and closed, and inside a tag only {link} is safe.
    """
    names = ", ".join(f"{{{name}}}" for name in FIELDS)
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        return f"the template has a lone brace ({error}); write {{{{ or }}}} for a real one"
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in FIELDS and name not in OLDER:
            return f"the template names an unknown field {{{name}}}; there are: {names}"
        if spec or conversion:
            return f"the template formats {{{name}}}; only the bare name is understood: {{{name}}}"
    return _html_fault(text, _HTML[kind]) if kind in _HTML else None


def fill(template: str, values: Mapping[str, str], literal: Callable[[str], str] = str) -> str:
    """Put values into a checked template; `literal` is applied to the template's own words."""
    out = []
    for words, name, _, _ in Formatter().parse(template):
        out.append(literal(words))
        if name is not None:
            out.append(values[OLDER.get(name, name)])
    return "".join(out)


class _Tags(HTMLParser):
    def __init__(self, known: frozenset[str]) -> None:
        super().__init__(convert_charrefs=False)
        self.known, self.open, self.fault = known, [""], ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.known:
            self.fault = self.fault or f"the template has a tag <{tag}> that this service does not know"
        for name, value in attrs:
            place = (value or "").replace("{link}", "")
            if "{" in name or "{" in place:
                self.fault = self.fault or "inside a tag of the template only {link} may stand"
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1] != tag:
            self.fault = self.fault or f"the template closes <{tag}>, which is not the tag that is open"
        elif len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self._lone(data)

    def handle_decl(self, decl: str) -> None:
        self._lone(decl)

    def handle_comment(self, data: str) -> None:
        self._lone(data)

    def handle_pi(self, data: str) -> None:
        self._lone(data)

    def unknown_decl(self, data: str) -> None:
        self._lone(data)

    def _lone(self, _: str) -> None:
        self.fault = self.fault or "the template has a lone <; write &lt; for a real one"


def _html_fault(text: str, known: frozenset[str]) -> str | None:
    tags = _Tags(known)
    tags.feed(text)
    tags.close()
    if tags.fault:
        return tags.fault
    if len(tags.open) > 1:
        return f"the template leaves <{tags.open[-1]}> open"
    return None
