"""
Texts that were damaged before they were published, and as they were meant. Pure.

Control characters stand for characters of Windows, and some texts in UTF-8 were encoded twice. Both are rare,
so texts are mended, as feedparser does it, only in documents where one of these is found.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WINDOWS_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_ENCODED_TWICE = re.compile(rb"\xc3[\x82-\x9f]\xc2")
_REFERENCE = re.compile(rb"&#(?:1[2-5]\d;|[xX]0*[89][\da-fA-F];|(?:19[4-9]|2[0-4]\d);&#1[2-9]\d;)")
# So many single bytes are looked at before the patterns are searched for.
_MANY = 200
_FEW = 60
_CONTROL = re.compile("[\x80-\x9f]")
# Any start of a character in UTF-8, taken for Latin-1, with what may follow.
_LOOKS_TWICE = re.compile("[\xc2-\xf4][\x80-\xbf]")
_WINDOWS = {chr(n): bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(0x80, 0xA0)}


def is_in(data: bytes) -> bool:
    """
    Whether some texts of a document in UTF-8 may need mending.

    Single bytes are found a hundred times quicker than patterns are, so these decide in nearly all documents.
    """
    find = data.find
    at = find(0xC2)
    for _ in range(_MANY):
        if at < 0:
            break
        if data[at + 1] < 0xA0 or (data[at - 2] == 0xC3 and data[at - 1] < 0xA0):
            return True
        at = find(0xC2, at + 1)
    if at >= 0 and (_WINDOWS_CONTROL.search(data, at) or _ENCODED_TWICE.search(data, at - 2)):
        return True
    at = find(b"#")
    for _ in range(_FEW):
        if at < 0:
            return False
        if data[at - 1] == 0x26 and data[at + 1] in b"12xX" and _REFERENCE.match(data, at - 1):
            return True
        at = find(b"#", at + 1)
    return at >= 0 and _REFERENCE.search(data, at - 1) is not None


def mended(text: str) -> str:
    """A text in UTF-8 that was taken for Latin-1 as it was meant, Windows' characters in their places."""
    if text.isascii():
        return text
    if _LOOKS_TWICE.search(text):
        with contextlib.suppress(UnicodeError):
            text = text.encode("latin-1").decode("utf-8")
    return _CONTROL.sub(_as_windows, text)


def _as_windows(control: re.Match[str]) -> str:
    return _WINDOWS[control[0]]


def mend(root: Element) -> None:
    """Mend all texts of a document."""
    for element in root.iter():
        if element.text:
            element.text = mended(element.text)
        if element.tail:
            element.tail = mended(element.tail)
