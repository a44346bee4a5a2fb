"""Whose a host name is: the only place that knows where a registrable domain begins. Pure."""

from __future__ import annotations

# Two-letter countries sell names under these; elsewhere the last two labels are the domain.
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gouv", "net", "or", "org"})


def registrable(host: str) -> str:
    """
    The domain that somebody registered, as well as it can be told without a list of all suffixes.

    `edition.cnn.com` and `rss.cnn.com` are of one, as are `news.bbc.co.uk` and `feeds.bbc.co.uk`. An address
    of numbers, and a name of one or two labels, is its own; "" has none. `host` is in lower case.
    """
    labels = host.split(".")
    if host.startswith("[") or ":" in host or labels[-1].isdigit() or len(labels) < 3:
        return host
    under_country = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if under_country else labels[-2:])
