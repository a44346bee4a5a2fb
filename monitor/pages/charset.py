"""The bytes of a web page as text. Pure; inside the worker process."""

from __future__ import annotations

import re

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HTTP = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,20})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{2,20})", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,20})[\"']")
_LANGUAGE = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?([a-z]{2})", re.IGNORECASE)
_HEAD = 4_096  # bytes in which a page has to name its charset

# What pages mean when they name the older, smaller set (the practice of browsers).
_WIDER = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
}
# Names that a page may choose; Python knows others (idna, unicode_escape) that are no charsets.
_KNOWN = re.compile(
    r"(utf-?(8|16)|iso|windows|cp|koi8|gb|big5|euc|shift|sjis|x-sjis|mac|latin|ascii|us-ascii|tis|ks|hz)",
    re.IGNORECASE,
)
_BY_LANGUAGE = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl"), "cp1250"),
    **dict.fromkeys(("ru", "uk", "bg", "sr", "mk", "be"), "cp1251"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    "el": "cp1253",
    "tr": "cp1254",
    "he": "cp1255",
    "th": "cp874",
    "ko": "cp949",
    "ja": "euc_jp",
    "zh": "gb18030",
}


def decode(body: bytes, content_type: str) -> str:
    """
    The text of a page. Order: byte order mark, UTF-8, HTTP's charset, the page's own, its language's usual.

    Valid UTF-8 is taken as such even where another set is named: other text hardly ever is, by accident.
    """
    for bom, charset in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(charset, "replace")
    head = body[:_HEAD]
    named = [found[1] for found in [_HTTP.search(content_type)] if found]
    named += [
        found[1].decode("ascii", "replace") for found in (_META.search(head), _XML.match(head)) if found
    ]
    language = _LANGUAGE.search(head)
    last = _BY_LANGUAGE.get(language[1].decode().lower(), "cp1252") if language else "cp1252"
    known = [_WIDER.get(name.lower(), name.lower()) for name in named if _KNOWN.match(name)]
    candidates = list(dict.fromkeys(["utf-8", *known, last]))
    for charset in candidates:
        try:
            return body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    # A page of two charsets, or one cut in mid-character: the reading with the fewest unreadable characters.
    readings = (_with_gaps(body, charset) for charset in candidates)
    return min(readings, key=lambda text: text.count("\ufffd"))


def _with_gaps(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")
