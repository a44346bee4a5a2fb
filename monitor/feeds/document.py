"""
Makes a feed document readable before a parser sees it. Pure; runs inside the worker process.

Real documents are declared in one character set and written in another, start with a PHP warning, hold
control characters that XML forbids, or break off in the middle of an item. Each of these would send the
parser into its slow and forgiving mode, where a half-received item looks like a whole one. So the bytes
become text here, the text is cut at the last item that is known to be whole, and what follows is a
well-formed document far more often.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urljoin

MAX_ITEMS = 5_000

_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_DECLARED_LANGUAGE = re.compile(
    rb"(?:<(?:dc:)?language>|xml:lang\s*=\s*[\"'])\s*([a-zA-Z]{2})", re.IGNORECASE
)

# Only what is certain to be no comment and no declaration that reaches further than it seems to.
_PLAIN_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?[^<>]{0,500}\?>\s*){0,9}(?=<(?:[\w.-]{1,60}:)?(?:rss|feed|RDF)[\s>])"
)

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_WIDE_STARTS = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)

# What pages mean when they name the older, smaller set (the practice of browsers).
_WIDER = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "utf8": "utf-8",
}
# Names that a document may choose; Python knows others (idna, punycode, unicode_escape) that are no charsets.
_CHARSET_NAME = re.compile(
    r"(utf-?(8|16|32)|iso|windows|cp|koi8|gb|big5|euc|shift|sjis|mac|latin|ascii|us-ascii|tis|ks|hz)",
    re.IGNORECASE,
)
_MULTIBYTE = re.compile(r"gb|big5|euc|cp9|iso-?2022|hz|utf-?(16|32)", re.IGNORECASE)

# The usual old character sets of a language, for documents that declare none and are not UTF-8.
_BY_LANGUAGE = {
    "cp1250": "pl cs sk hu ro hr sl bs",
    "cp1251": "ru uk bg be sr mk",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he iw",
    "cp1256": "ar fa ur",
    "cp874": "th",
    "cp949": "ko",
    "euc_jp": "ja",
    "gb18030": "zh",
}
_OLD_CHARSETS = {
    language: charset for charset, languages in _BY_LANGUAGE.items() for language in languages.split()
}

_ILLEGAL_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ELEMENT = re.compile(r"<((?:[\w.-]{1,60}:)?([A-Za-z_][\w.-]{0,60}))(?=[\s/>])")
_FEED_ROOT = re.compile(r"<(?:\?xml\s|(?:[\w.-]{1,60}:)?(?:rss|feed|rdf)(?=[\s>]))", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w.-]{1,60}:)?(?:item|entry)\s*>", re.IGNORECASE)
# What urljoin would hand back as it is, in the time of our whole work on an item.
PLAIN_ADDRESS = re.compile(
    r"https?://[a-zA-Z0-9.-]+(?::[0-9]{1,5})?(?:/[!-\"$-:<->@-~]*)?(?:\?[!-\"$-~]+)?(?:#[!-~]+)?"
)

_PROLOG_LIMIT = 65_536
_JUNK_LIMIT = 4_096

_FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
_OTHER_ROOTS = {
    "html": "this is a web page, not a feed",
    "head": "this is a web page, not a feed",
    "body": "this is a web page, not a feed",
    "opml": "this is an OPML list of feeds, not a feed",
    "urlset": "this is a sitemap, not a feed",
    "sitemapindex": "this is a sitemap, not a feed",
}


class Prepared(NamedTuple):  # a dataclass would be the worker's only one: 4 ms, 1 MB
    """A document with so many items, ready for the parser, or, with `error` set, why there is none."""

    text: str = ""
    items: int = 0
    complete: bool = True
    warnings: tuple[str, ...] = ()
    error: str = ""


def decode(body: bytes, content_type: str) -> tuple[str, str]:
    """
    The text of a document and a warning (or "") when its declaration could not be believed.

    Order: byte order mark, HTTP charset, XML declaration, detection. Text that is valid UTF-8 is taken as
    UTF-8 even where a single-byte set is declared: other text hardly ever is valid UTF-8 by accident.
    """
    for bom, charset in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(charset, "replace"), ""
    for start, charset in _WIDE_STARTS:
        if body.startswith(start):
            return body.decode(charset, "replace"), ""
    declared = _declared(body, content_type)
    candidates = [*declared, "utf-8"]
    if not (declared and _MULTIBYTE.match(declared[0])):
        candidates.insert(0, "utf-8")
    if not declared:
        language = _DECLARED_LANGUAGE.search(body, 0, _JUNK_LIMIT)
        code = language[1].decode("ascii").lower() if language else ""
        candidates.append(_OLD_CHARSETS.get(code, "cp1252"))
    for charset in candidates:
        try:
            text = body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
        doubtful = bool(declared) and charset != declared[0] and not text.isascii()
        return text, f"declared as {declared[0]} but written in {charset}" if doubtful else ""
    return _least_damaged(body, candidates)


def plain_document(body: bytes, content_type: str) -> bytes | None:
    """
    From its root on, a document that says it is a feed in UTF-8 and has nothing odd before that; else None.

    It need not be decoded before it is parsed: the parser will find out whether it is UTF-8, and well-formed.
    """
    start = _PLAIN_START.match(body)
    if start is None:
        return None
    others = [charset for charset in _declared(body, content_type) if charset != "utf-8"]
    if others and (any(map(_MULTIBYTE.match, others)) or not body.isascii()):
        return None
    return body[start.end() :]


def from_root(text: str) -> str:
    """A document from its root on; "" if it declares entities or the first element is none of a feed."""
    root = _first_element(text)
    if root is None or root[2].lower() not in _FEED_ROOTS or "<!ENTITY" in text[: root.start()]:
        return ""
    return text[root.start() :]


def _declared(body: bytes, content_type: str) -> list[str]:
    """The charsets named by the HTTP header and by the XML declaration, in this order, widened."""
    http = _HTTP_CHARSET.search(content_type)
    xml = _XML_ENCODING.match(body)
    names = [http[1] if http else "", xml[1].decode("ascii") if xml else ""]
    known = [_WIDER.get(name.lower(), name.lower()) for name in names if _CHARSET_NAME.match(name)]
    return list(dict.fromkeys(known))


def _least_damaged(body: bytes, candidates: list[str]) -> tuple[str, str]:
    """The reading with the fewest unreadable characters, when no charset fits the whole document."""
    readings = []
    for charset in dict.fromkeys(candidates):
        try:
            text = body.decode(charset, "replace")
        except LookupError:
            continue
        readings.append((text.count("\ufffd"), charset, text))
    damaged, charset, text = min(readings, key=lambda reading: reading[0])
    return text, f"{damaged} characters could not be read as {charset}"


def prepare(text: str) -> Prepared:
    """
    Find the feed in a text, drop what XML forbids, and cut it where items are known to be whole.

    `complete` is False where the document broke off: its whole items may be used, but the server should be
    asked again as if this answer had never come. All steps are linear in the length of the text.
    """
    text = _ILLEGAL_IN_XML.sub("", text).lstrip("\ufeff \t\r\n")
    if not text:
        return Prepared(error="the document is empty")
    warnings: tuple[str, ...] = ()
    root = _first_element(text)
    if root is None or root[2].lower() not in _FEED_ROOTS:
        name = root[2].lower() if root else ""
        start = None if name in _OTHER_ROOTS else _FEED_ROOT.search(text, 0, _JUNK_LIMIT)
        if start is None:
            fallback = f"this is not a feed: its first element is <{name}>" if name else "this is not a feed"
            return Prepared(error=_OTHER_ROOTS.get(name, fallback))
        text = text[start.start() :]
        root = _first_element(text)
        if root is None or root[2].lower() not in _FEED_ROOTS:
            return Prepared(error="this is not a feed")
        warnings = ("text before the feed was skipped",)
    # Nothing before the root is news, and entity declarations are where small documents hide gigabytes.
    if "<!ENTITY" in text[: root.start()]:
        warnings = (*warnings, "entity declarations were ignored")
    text = text[root.start() :]
    return _cut(text, root[1], warnings)


def _first_element(text: str) -> re.Match[str] | None:
    """The first start tag behind declarations and comments, within the first 64 KB."""
    at = text.find("<")
    while 0 <= at < _PROLOG_LIMIT:
        if text.startswith("<!--", at):
            end = text.find("-->", at + 4)
        elif text.startswith(("<?", "<!"), at):
            end = text.find(">", at)
        else:
            element = _ELEMENT.match(text, at)
            if element:
                return element
            end = at
        if end < 0:
            return None
        at = text.find("<", end + 1)
    return None


def _cut(text: str, root: str, warnings: tuple[str, ...]) -> Prepared:
    """Keep the first 5,000 items, and no item that the end of the document cut through."""
    ends: list[int] = []
    for item in _ITEM_END.finditer(text):
        if len(ends) == MAX_ITEMS:
            kept = _closed(text, root, ends[-1])
            return Prepared(
                text=kept, items=MAX_ITEMS, warnings=(*warnings, f"only the first {MAX_ITEMS} items are used")
            )
        ends.append(item.end())
    last = ends[-1] if ends else 0
    if text.find("</" + root, last) >= 0 or text[text.find(">") - 1] == "/":
        return Prepared(text=text, items=len(ends), warnings=warnings)
    if not ends:
        return Prepared(error="the document breaks off before its first item is complete", complete=False)
    broken = (*warnings, "the document breaks off: only the items before the break are used")
    return Prepared(text=_closed(text, root, last), items=len(ends), complete=False, warnings=broken)


def _closed(text: str, root: str, end: int) -> str:
    """The text up to an item's end, with the elements closed that are still open there."""
    channel = text.find("<channel", 1, end) >= 0 > text.find("</channel", 0, end)
    return f"{text[:end]}{'</channel>' if channel else ''}</{root}>"


def absolute(base: str, link: str) -> str | None:
    """A link as an absolute http(s) address, or None: no other scheme is ever followed or shown."""
    if PLAIN_ADDRESS.fullmatch(link):
        return link
    try:
        joined = urljoin(base, link.strip())
    except ValueError:
        return None
    return joined if joined[:8].lower().startswith(("http://", "https://")) else None
