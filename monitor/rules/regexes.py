"""
Regular expressions of users: on a linear-time engine (RE2), never on `re`.

Python's `re` tries again and again: `(a+)+$` takes 39 s on 26 characters, and holds up the whole process
meanwhile. RE2 takes time in proportion to the text, whatever the pattern; what cannot be had that way
(look-around, back-references) it does not have, and such a pattern is refused with that reason.

A pattern that looks anywhere in a text (flag `s`) must hold a literal of four characters or more: texts
without that literal are passed over at the speed of a substring search.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

LEAST_LITERAL = 4
LONGEST_PATTERN = 1000
_MEMORY = 1 << 22  # bytes for one compiled pattern: a repeat like (a{1000}){1000} is refused

# What a pattern is made of, as far as its literals go: the first that fits, in this order.
_PIECE = re.compile(
    r"(?P<repeat>\{\d*,?\d*\})"
    r"|(?P<set>\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\])"
    r"|(?P<bracket>[()])"
    r"|(?P<sign>[.^$*+?{}|\[\]])"
    r"|(?P<escaped>\\[^\w\s])"
    r"|(?P<meaning>\\.)"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_CODED = re.compile(r"\\[xpPQEC0-9]")
_LOOKS = re.compile(r"\(\?<?[=!]")
_REFERS = re.compile(r"\\[1-9]|\(\?P=|\\k")


class RegexError(ValueError):
    """A pattern that cannot be used; the text says why, `hint` what to do instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def check(pattern: str, flags: str) -> None:
    """Raise RegexError for a pattern that this engine cannot or will not run."""
    compiled(pattern, flags)
    if "s" in flags and len(required_literal(pattern)) < LEAST_LITERAL:
        raise RegexError(
            f"with the flag s it must hold at least {LEAST_LITERAL} plain characters in a row",
            "without s it is matched against single words, which needs no such part",
        )


@lru_cache(maxsize=4096)
def compiled(pattern: str, flags: str) -> Any:
    """The pattern for RE2; raises RegexError."""
    import re2  # noqa: PLC0415 - a native library that most configurations never need

    if len(pattern) > LONGEST_PATTERN:
        raise RegexError(
            f"it is longer than {LONGEST_PATTERN} characters", "write the alternatives as terms with OR"
        )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = "i" not in flags
    options.dot_nl = True
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        raise RegexError(*_explained(pattern, error)) from None


def _explained(pattern: str, error: Exception) -> tuple[str, str]:
    reason = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    if _LOOKS.search(pattern):
        return "look-ahead and look-behind cannot be had in bounded time", "use AND, NOT or NEAR beside it"
    if _REFERS.search(pattern):
        return "back-references cannot be had in bounded time", "write the alternatives out"
    if "too large" in text or "out of memory" in text:
        return "it unfolds to too large a machine", "use smaller repeat counts"
    return f"it is no regular expression ({text})", "a text to be found as it stands goes into quotes"


def whole(pattern: str, flags: str, token: str) -> bool:
    """Whether the pattern is the whole of a token; lone halves of characters match nothing."""
    return fits(compiled(pattern, flags), token)


def alternation(patterns: list[tuple[str, str]]) -> Any | None:
    """One pattern that fits a token if any of these does; None where that cannot be had."""
    if not patterns:
        return None
    try:
        return compiled_any("|".join(f"(?i:{p})" if "i" in f else f"(?:{p})" for p, f in patterns))
    except RegexError:
        return None


def compiled_any(pattern: str) -> Any:
    """A pattern made of many, with memory for all of them; raises RegexError."""
    import re2  # noqa: PLC0415 - as above

    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 1 << 26
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        raise RegexError(*_explained(pattern, error)) from None


def fits(pattern: Any, token: str) -> bool:
    """Whether a compiled pattern is the whole of a token; lone halves of characters match nothing."""
    try:
        return pattern.fullmatch(token) is not None
    except UnicodeError:
        return False


def places(pattern: str, flags: str, text: str) -> list[tuple[int, int]]:
    """The (start, end) of every match in a text, from left to right, empty ones left out."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")  # a lone half becomes one "?": offsets hold
    found = compiled(pattern, flags).finditer(text)
    return [match.span() for match in found if match.end() > match.start()]


@lru_cache(maxsize=4096)
def required_literal(pattern: str) -> str:
    """
    The longest run of characters that every match must hold, in case-folded form; "" if none is certain.

    Only what stands outside of brackets is looked at, and nothing where the pattern is an alternation or
    spells characters by number or name.
    """
    if _CODED.search(pattern):
        return ""
    best = run = ""
    depth = 0
    for found in _PIECE.finditer(pattern):
        kind, piece = found.lastgroup, found.group()
        if kind == "bracket":
            depth += 1 if piece == "(" else -1
        elif piece == "|" and not depth:
            return ""
        quantifier = pattern[found.end() : found.end() + 1]
        if depth or kind not in ("plain", "escaped") or (quantifier and quantifier in "*?{"):
            best, run = max(best, run, key=len), ""
            continue
        run += piece[-1]
        if quantifier == "+":
            best, run = max(best, run, key=len), ""
    return max(best, run, key=len).casefold()
