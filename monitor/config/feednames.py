"""
The name of a feed that was given none.

State belongs to a feed's name, so this rule must never change:

1. the host in lower case without a leading "www.", then the port if one is written, then the decoded path;
2. every run of characters that are not letters, digits or "_" becomes one "-"; none at either end;
3. six hex digits of the address's SHA-256 are added where the address has a query, or where the text would
   be longer than 80 characters (it is cut to make room). Userinfo and fragment never count: a new password
   is not a new feed;
4. an address that came from a secret may hide a token in its path: its name is the host and the six digits.

>>> default_name("https://www.lemonde.fr/rss/une.xml")
'lemonde-fr-rss-une-xml'
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit, urlunsplit

LONGEST = 80


def default_name(url: str, *, secret: bool = False) -> str:
    """The name of the feed at `url` (http or https, already checked); `secret` = do not show its path."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2].lower()
    bare = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
    digits = hashlib.sha256(bare.encode()).hexdigest()[:6]
    host = place.removeprefix("www.")
    slug = _slug(host if secret else f"{host} {unquote(parts.path)}")
    if secret or parts.query or len(slug) > LONGEST:
        return f"{slug[: LONGEST - 7].rstrip('-')}-{digits}"
    return slug


def _slug(text: str) -> str:
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")
