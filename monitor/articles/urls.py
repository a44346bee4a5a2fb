"""
Web addresses of articles: one form to show and to fetch, one key to compare.

`clean_url` takes away only what is known to be there for counting readers. `url_key` goes further and drops
what usually makes no difference (scheme, `www.`, AMP forms, order of the query): two addresses with one key
are taken for one article, but nobody is ever sent to a key. Neither ever drops a parameter it does not know:
`?id=` and `?p=` are what many sites tell their articles apart by.

The list of counting parameters is written by hand from what their vendors document.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from urllib.parse import quote, unquote

_PARTS = re.compile(r"(https?)://([^/?#\\]*)(/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?:.*@)?(\[[0-9a-fA-F:.]+\]|[^:@\[\]\s<>\"'`{}|^%]+?)\.?(?::(\d*))?", re.DOTALL)
_MAX_CHARS = 8_000

_TRACKER_WORDS = """
    __twitter_impression _ga _gl _hsenc _hsmi campaign_id cmp cmpid dclid echobox fb_action_ids
    fb_action_types fb_ref fb_source fbclid gbraid gclid gclsrc guccounter guce_referrer
    guce_referrer_sig igsh igshid ito mc_cid mc_eid mkt_tok msclkid ref_src ref_url s_cid smid smtyp
    spm srsltid sr_share taid trk ttclid twclid usqp ved vero_id wbraid wickedid wt_mc wtmc xtor
    xtref yclid
"""
_TRACKERS = frozenset(_TRACKER_WORDS.split())
_TRACKER_FAMILIES = re.compile(
    r"(?:utm|mtm|pk|piwik|matomo|hsa)_"
    r"|at_(?:medium|campaign|creation|variant|network|platform|type|custom|link|format|channel|bbc|ptr|recipient|email|send)"
    r"|ns_(?:mchannel|campaign|source|linkname|fee)"
)
# Parameters that count readers only with certain values.
_FEEDISH = frozenset({"rss", "feed", "rssfeed", "atom", "rss_feed"})
_TRACKER_VALUES = {
    "ref": _FEEDISH | {"twitter", "facebook", "share", "newsletter", "tw", "fb", "social", "email", "mail"},
    "src": _FEEDISH,
    "from": _FEEDISH,
    "source": _FEEDISH,
    "partner": _FEEDISH,
}
_TRACKERS_BY_HOST = {
    "youtube.com": frozenset({"feature", "si", "pp"}),
    "youtu.be": frozenset({"feature", "si"}),
    "twitter.com": frozenset({"s", "t"}),
    "x.com": frozenset({"s", "t"}),
    "open.spotify.com": frozenset({"si"}),
    "news.google.com": frozenset({"oc", "hl", "gl", "ceid"}),
}
_TRACKER_FRAGMENT = re.compile(
    r"(?:xtor|echobox|utm_\w+|at_\w+|ns_\w+|ref|mc_cid|:~:text)=|:~:text|rss$", re.IGNORECASE
)
_AMP_VALUES = {"amp": frozenset({"", "1", "true", "amp"}), "outputtype": frozenset({"amp"})}
_AMP_PARAMETERS = frozenset({"amp_js_v", "amp_gsa", "amp_r", "amp_ct", "amp_tf"})

_KEY_PREFIXES = frozenset({"www", "www2", "m", "mobile", "amp"})
_INDEX = re.compile(r"/(?:index\.(?:s?html?|php|aspx?|jsp)|default\.aspx?)$", re.IGNORECASE)
_AMP_PATH = re.compile(r"(?<=.)/amp(?:\.html)?$|\.amp(?=\.html$)|\.amp$")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")
_ESCAPED = re.compile(r"%([0-9a-fA-F]{2})?")
_UNESCAPED = re.compile(r"[^A-Za-z0-9._~!#$%&'()*+,/:;=?@\[\]-]")
_AMPERSANDS = re.compile(r"^(?:amp;)+")
_ASCII_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT_IN_URL = "!#$%&'()*+,/:;=?@[]~"

_GOOGLE = re.compile(r"google\.[a-z]{2,3}(?:\.[a-z]{2})?")
_AMP_VIEWER = re.compile(r"/amp/(?:s/)?([^/]+\.[^/]+.*)")
_AMP_CACHE = re.compile(r"/[a-z]/(?:s/)?([^/]+\.[^/]+.*)")
_WRAPPERS = {
    "l.facebook.com": ("/l.php", ("u",)),
    "lm.facebook.com": ("/l.php", ("u",)),
    "out.reddit.com": ("/", ("url",)),
    "youtube.com": ("/redirect", ("q",)),
    "t.umblr.com": ("/redirect", ("z",)),
}
_OLD_GOOGLE_NEWS = re.compile(r"/(?:rss/)?(?:articles|read|__i/rss/rd/articles)/(CBM[\w-]+)")
_ADDRESS_BYTES = re.compile(rb"https?://[\x21-\x7e]+")


def clean_url(url: str) -> str:
    """The address to show and to fetch, without what only counts readers; "" if it is not http(s)."""
    parts = _split(url) if url else None
    if parts is None:
        return ""
    scheme, host, port, path, query, fragment = parts
    kept = "&".join(_kept_parameters(host, query)) if query else ""
    if fragment and _TRACKER_FRAGMENT.match(fragment):
        fragment = ""
    clean = f"{scheme}://{host}{port}{path}{'?' + kept if kept else ''}{'#' + fragment if fragment else ''}"
    return re.sub(r"\s", "%20", clean) if " " in clean else clean


@lru_cache(maxsize=256)
def url_key(url: str) -> str:
    """
    What two addresses of one article have in common; "" if it is not http(s).

    Without scheme, user, default port, `www.`, `m.`, `amp.`, trackers, AMP and index suffixes and the last
    slash; the query sorted by name, percent-encoding normalised; a fragment only where programs read it
    (`#!`, `#/`). The last ones are remembered: most items name their address as their guid, too.
    """
    parts = _split(url)
    if parts is None:
        return ""
    _, host, port, path, query, fragment = parts
    key = _without_prefixes(host) + ("" if port in (":80", ":443") else port) + _key_path(path)
    if query:
        kept = [_key_text(pair) for pair in _kept_parameters(host, query, amp=False)]
        if kept:
            kept.sort(key=_name)
            key += "?" + "&".join(kept)
    if fragment.startswith(("!", "/")) and len(fragment) > 1:
        key += "#" + _key_text(fragment)
    return key


def key_is_bare(key: str) -> bool:
    """Whether a key names only a host: a home page, which identifies no article."""
    return not any(mark in key for mark in "/?#")


def source_of(url: str) -> str:
    """
    The outlet behind an address: its host without `www.`; "" if it is not http(s).

    Not the registrable domain: that needs a list of suffixes that changes every week, and
    `edition.cnn.com` is a fair name for an outlet.
    """
    parts = _split(url) if url else None
    return parts[1].removeprefix("www.") if parts else ""


@lru_cache(maxsize=256)
def _split(url: str) -> tuple[str, str, str, str, str, str] | None:
    """
    Scheme, host, ":port" or "", path, query, fragment of the article an address leads to.

    The last ones are remembered: of each item's address several things are asked.
    """
    for _ in range(3):
        parts = _split_once(url)
        if parts is None:
            return None
        target = _wrapped(parts)
        if not target:
            return parts
        url = target
    return parts


def _split_once(url: str) -> tuple[str, str, str, str, str, str] | None:
    if len(url) > _MAX_CHARS:
        return None
    if not url.isprintable():
        url = "".join(char for char in url if char == " " or char.isprintable())
    match = _PARTS.fullmatch(url.strip())
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups(default="")
    named = _HOST.fullmatch(authority)
    if named is None:
        return None
    host, port = named[1].lower(), named[2] or ""
    if not host.isascii():
        host = _ascii_host(host)
    if not host or ".." in host or host.startswith("."):
        return None
    scheme = scheme.lower()
    port = port.lstrip("0")
    default = "80" if scheme == "http" else "443"
    return scheme, host, f":{port}" if port and port != default else "", path or "/", query, fragment


def _ascii_host(host: str) -> str:
    """An international host name in the form that goes over the wire; "" if it is none."""
    if len(host) > 253:
        return ""
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return name if _HOST.fullmatch(name) else ""  # some letters unfold to a space, or to what ends a host


def _wrapped(parts: tuple[str, str, str, str, str, str]) -> str:
    """The address inside a known redirector's or AMP viewer's address; "" if it is an ordinary one."""
    host, path, query = _without_prefixes(parts[1]), parts[3], parts[4]
    if host in _WRAPPERS:
        start, names = _WRAPPERS[host]
        return _inner(query, names) if path.startswith(start) else ""
    if host.endswith(".cdn.ampproject.org"):
        inner = _AMP_CACHE.fullmatch(path)
        return _joined(inner[1], query) if inner else ""
    if "google" not in host:
        return ""
    if _GOOGLE.fullmatch(host):
        viewer = _AMP_VIEWER.fullmatch(path)
        if viewer:
            return _joined(viewer[1], query)
        return _inner(query, ("q", "url")) if path == "/url" else ""
    old = _OLD_GOOGLE_NEWS.match(path) if host == "news.google.com" else None
    return _from_google_news(old[1]) if old else ""


def _inner(query: str, names: tuple[str, ...]) -> str:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if _AMPERSANDS.sub("", name) in names:  # escaped once too often
            value = unquote(value)
            if value.startswith(("http://", "https://")):
                return value
    return ""


def _joined(rest: str, query: str) -> str:
    return f"https://{rest}{'?' + query if query else ''}"


def _from_google_news(token: str) -> str:
    """Ids made before the summer of 2024 hold the address itself; younger ones hold nothing to read."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return ""
    found = _ADDRESS_BYTES.search(data)
    return found[0].decode("ascii") if found else ""


def _kept_parameters(host: str, query: str, *, amp: bool = True) -> list[str]:
    """The parameters of a query that are not known to be counters, in their order."""
    own = _TRACKERS_BY_HOST.get(_without_prefixes(host), frozenset())
    pairs = query.split("&")
    if "amp;" in query:  # a link that was escaped twice
        pairs = [_AMPERSANDS.sub("", pair) for pair in pairs]
    kept = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        name = name.lower()
        if not name or name in _TRACKERS or name in own or _TRACKER_FAMILIES.match(name):
            continue
        if name in _TRACKER_VALUES and value.lower() in _TRACKER_VALUES[name]:
            continue
        if not amp and (name in _AMP_PARAMETERS or value.lower() in _AMP_VALUES.get(name, ())):
            continue
        kept.append(pair)
    return kept


def _name(pair: str) -> str:
    return pair.partition("=")[0]


def _without_prefixes(host: str) -> str:
    """The host without the labels that stand for a form of the site, as long as a name remains."""
    while True:
        label, _, rest = host.partition(".")
        if label not in _KEY_PREFIXES or "." not in rest:
            return host.replace(".m.wiki", ".wiki")
        host = rest


def _key_path(path: str) -> str:
    """A path in its one form, without AMP and index suffixes and the last slash; "" for a home page."""
    path = _key_text(path)
    if "/." in path and _DOT_SEGMENT.search(path):
        path = _without_dots(path)
    path = path.rstrip("/")
    while "index." in path or "amp" in path or "efault." in path:
        shorter = _AMP_PATH.sub("", _INDEX.sub("", path)).rstrip("/")
        if shorter.startswith("/amp/"):
            shorter = shorter[4:]
        if shorter == path:
            break
        path = shorter
    return path


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)


def _key_text(text: str) -> str:
    """Text of an address with every character encoded in its one way: reserved ones left as they are."""
    if "%" in text:
        text = _ESCAPED.sub(_one_way, text)
    return quote(text, safe=_KEPT_IN_URL) if _UNESCAPED.search(text) else text


def _one_way(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    char = chr(int(match[1], 16))
    return char if char in _ASCII_UNRESERVED else match[0].upper()
