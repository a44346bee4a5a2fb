"""
The code that runs in the killable worker process: the only place where feedparser is imported.

The parent (parse.py) sends a document with its `content_type`, its `url` and the hashes of items that are
`known`, and gets JSON values back; monitor.killable says how, and within what limits.

Well-formed documents of the usual kinds are read by fast.py. It declines whatever is doubtful, and only then
is feedparser loaded: it knows every kind of feed there ever was, but takes ten times as long, and 10 MB.

The process can open no network connection it was not built to open, but feedparser, given bytes or a
string, opens a *local file* of that name. So it is only ever given a BytesIO.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

from monitor.feeds.dates import email_date, utc_text
from monitor.feeds.document import Prepared, absolute, decode, from_root, plain_document, prepare
from monitor.feeds.fast import parse_fast
from monitor.feeds.jsonfeed import looks_like_json, parse_json_feed
from monitor.feeds.limits import limited
from monitor.feeds.raw import hashes_of
from monitor.feeds.tree import MAX_DEPTH, DepthError, depth_before_error
from monitor.feeds.wishes import skips_in, waiting_time
from monitor.killable.child import serve

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Address space, a little more than memory in use. Before the first document it is 18 MB, with
# feedparser 30; an ordinary feed of 8 MB and 5,000 items takes 120 MB there.
_ADDRESS_SPACE = 160 * 1024 * 1024
_OPEN_FILES = 16


_WAITING = ("ttl", "sy_updateperiod", "sy_updatefrequency")
_MARKUP_TYPES = ("text/html", "application/xhtml+xml")


def parse_document(
    body: bytes, content_type: str, url: str, known: Collection[int] | None = None
) -> dict[str, Any]:
    """
    Parse one document into plain JSON values: `info`, `entries`, `parser`, `warnings`, `complete`, `error`.

    Never raises for anything a document holds; running out of memory is left to the caller.
    """
    if not body.strip():
        return {"error": "the document is empty"}
    if looks_like_json(body, content_type):
        return limited({"parser": "json", **parse_json_feed(body, url, known)})
    plain = plain_document(body, content_type)
    doubt = ""
    if plain is None:
        text, doubt = decode(body, content_type)
        plain = from_root(text).encode("utf-8", "surrogatepass")
    try:
        answer = parse_fast(plain, url, known) if plain else None
        if answer is None:
            return _laboriously(body, content_type, url, known, plain)
    except DepthError as problem:
        return {"error": f"this document is not read: {problem}"}
    if doubt:
        answer["warnings"].append(doubt)
    return limited(answer)


def _laboriously(
    body: bytes, content_type: str, url: str, known: Collection[int] | None, declined: bytes
) -> dict[str, Any]:
    """The same for a document that the fast path declined as it was, or that starts with something odd."""
    text, doubt = decode(body, content_type)
    ready = prepare(text)
    warnings = [doubt, *ready.warnings] if doubt else [*ready.warnings]
    if ready.error:
        return {"error": ready.error, "warnings": warnings, "complete": ready.complete}
    data = ready.text.encode()
    answer = parse_fast(data, url, known) if data != declined else None
    if answer is not None:
        answer["warnings"] = [*warnings, *answer["warnings"]]
        return limited({**answer, "complete": ready.complete})
    if depth_before_error(data) > MAX_DEPTH:
        raise DepthError
    return parse_with_feedparser(ready, warnings, url, known)


def parse_with_feedparser(
    ready: Prepared, warnings: list[str], url: str, known: Collection[int] | None = None
) -> dict[str, Any]:
    """The answer for a prepared document that fast.py declined; more warnings are added to those given."""
    try:
        parsed = _feedparser().parse(
            io.BytesIO(ready.text.encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except MemoryError:
        raise
    except Exception as problem:  # noqa: BLE001  feedparser raises many kinds on strange input; all mean the same
        return {"error": f"the parser could not read this document ({type(problem).__name__})"}
    entries = list(dict.get(parsed, "entries", ()))
    if parsed.get("bozo"):
        reason = str(parsed.get("bozo_exception", ""))[:200]
        warnings.append(f"not well-formed, read as far as possible: {reason}")
        if not ready.complete:
            entries = entries[:-1]  # the break may lie inside what only looked like the end of an item
    if ready.items and not entries:  # not an empty feed: that would count as a good answer
        error = f"none of its {ready.items} items could be read"
        return {"error": error, "warnings": warnings, "complete": ready.complete}
    if not parsed.get("version") and not entries:
        return {"error": "this is not a feed", "warnings": warnings}
    info = _info(parsed, url)
    info["skip_hours"], info["skip_days"] = skips_in(ready.text)
    base = info["link"] or url
    is_atom = info["format"].startswith("atom")
    answer = {"parser": "feedparser", "info": info, "warnings": warnings, "complete": ready.complete}
    if known is None:
        return limited({**answer, "entries": [_entry(entry, base, is_atom) for entry in entries]})
    hashes = [] if parsed.get("bozo") else hashes_of(ready.text.encode(), len(entries), base)
    answer["items"] = hashes
    answer["entries"] = [
        {**(_stub(entry, base) if raw in known else _entry(entry, base, is_atom)), "raw": raw}
        for entry, raw in zip(entries, hashes or [0] * len(entries), strict=True)
    ]
    return limited(answer)


@functools.cache
def _feedparser() -> Any:
    """feedparser, once a document needs it: most workers never do."""
    import feedparser  # noqa: PLC0415  see above

    feedparser.registerDateHandler(email_date)
    return feedparser


def _info(parsed: Any, url: str) -> dict[str, Any]:
    """What the document says about itself."""
    feed = parsed["feed"]
    home = absolute(url, str(feed.get("link") or ""))
    return {
        "title": str(feed.get("title") or ""),
        "link": home if feed.get("link") else None,
        "language": str(feed.get("language") or "") or None,
        "format": str(parsed.get("version") or "unknown"),
        "ttl": waiting_time(*(str(feed.get(key) or "") for key in _WAITING)),
        "updated": utc_text(dict.get(feed, "updated_parsed") or dict.get(feed, "published_parsed")),
        "self_url": next(
            (absolute(url, str(link["href"])) for link in feed.get("links") or () if _is_self(link)), None
        ),
    }


def _is_self(link: Any) -> bool:
    return bool(link.get("href")) and str(link.get("rel", "")).lower() == "self"


def _stub(entry: Any, base: str) -> dict[str, Any]:
    """Only what identifies an item."""
    guid = str(dict.get(entry, "id") or "").strip()
    return {"guid": guid or None, "link": _link(entry, base, guid)}


def _entry(entry: Any, base: str, is_atom: bool) -> dict[str, Any]:
    """One item as plain values; `dict.get` passes by feedparser's aliases, which are slow."""
    content, language = _content(dict.get(entry, "content"), is_atom)
    summary = _markup(dict.get(entry, "summary"), dict.get(entry, "summary_detail"), is_atom)
    guid = str(dict.get(entry, "id") or "").strip()
    source = dict.get(entry, "source") or {}
    title_detail = dict.get(entry, "title_detail") or {}
    return {
        "guid": guid or None,
        "link": _link(entry, base, guid),
        "title": _markup(dict.get(entry, "title"), title_detail, is_atom),
        # feedparser copies the content into a missing summary: one text would count twice.
        "summary": "" if summary == content else summary,
        "content": content,
        "published": utc_text(dict.get(entry, "published_parsed") or dict.get(entry, "created_parsed")),
        "updated": utc_text(dict.get(entry, "updated_parsed")),
        "authors": [name for name in map(_author, dict.get(entry, "authors") or ()) if name],
        "categories": [
            str(tag.get("label") or tag.get("term") or "") for tag in dict.get(entry, "tags") or ()
        ],
        "language": dict.get(entry, "language") or language or title_detail.get("language"),
        "source_title": source.get("title"),
        "source_url": absolute(base, str(source.get("href") or source.get("link") or "")) if source else None,
    }


def _markup(value: Any, detail: Any, is_atom: bool) -> str:
    """
    A text construct as markup. RSS says nothing about its texts, so they are markup.

    Atom's plain texts are taken at their word for `<`, but not for `&`: escaped twice is far commoner than
    a title that means to show an entity.
    """
    text = str(value or "")
    if is_atom and detail and detail.get("type") not in _MARKUP_TYPES:
        return text.replace("<", "&lt;")
    return text


def _content(parts: Any, is_atom: bool) -> tuple[str, str | None]:
    """The longest text among an item's contents, and its language; pictures and binary parts are none."""
    best, language = "", None
    for part in parts or ():
        kind = str(part.get("type") or "")
        if not kind.startswith("text/") and kind not in _MARKUP_TYPES:
            continue
        text = _markup(part.get("value"), part, is_atom)
        if len(text) > len(best):
            best, language = text, part.get("language")
    return best, language


def _link(entry: Any, base: str, guid: str) -> str | None:
    """
    The address of the item: the original behind FeedBurner, the first alternate link, or a guid that is one.

    feedparser's own `link` is the *last* link-like element, which may belong to a picture or a comment form.
    """
    original = dict.get(entry, "feedburner_origlink")
    if original:
        return absolute(base, str(original))
    alternates = [
        link for link in dict.get(entry, "links") or () if link.get("rel") == "alternate" and link.get("href")
    ]
    alternates.sort(key=lambda link: link.get("type") not in _MARKUP_TYPES)
    for link in alternates:
        address = absolute(base, str(link["href"]))
        if address:
            return address
    return absolute("", guid) if " " not in guid else None


def _author(author: Any) -> str:
    return str(author.get("name") or author.get("email") or "")


def main() -> None:
    """Answer requests until the input ends."""
    serve(_answer, address_space=_ADDRESS_SPACE, open_files=_OPEN_FILES)


def _answer(header: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    return parse_document(body, header["content_type"], header["url"], frozenset(header["known"]))
