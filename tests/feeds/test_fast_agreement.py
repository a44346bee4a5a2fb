"""
The fast path beside feedparser on thousands of documents that are not part of this project.

Differences that are left, all of them on purpose unless marked "harmless":
- guid: feedparser forgets to leave the xml:base of a content and resolves later guids against it;
- link, info.link, source_url: the last link wins there, the first one here; a source without an address has
  the feed's page for its address there and none here;
- title: elements inside elements that neither of us knows count there;
- summary, content: a picture's caption, or the iTunes summary, replaces the description there; Atom's plain
  content is its own summary there; `<svg>` in XHTML keeps its xmlns there (harmless);
- authors: an iTunes author may change the author before it there;
- language: an item without a title has none there, and the xml:lang of its element here;
- info.format: RDF that declares the prefix of Atom is called Atom there.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from monitor.feeds import worker
from monitor.feeds.document import Prepared, decode, prepare
from monitor.feeds.fast import parse_fast
from monitor.feeds.jsonfeed import looks_like_json

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "feeds"
URL = "https://example.org/feed"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus/feeds"),
]


def prepared(folder: str) -> list[Prepared]:
    """All XML feeds of a folder, as the parsers get them."""
    found = []
    for path in sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file()):
        body = path.read_bytes()
        if not looks_like_json(body, ""):
            ready = prepare(decode(body, "")[0])
            if not ready.error:
                found.append(ready)
    return found


def compared(folder: str) -> tuple[Counter[str], Counter[str]]:
    """How often each field was compared and equal; also documents: well-formed, accepted, with all items."""
    seen: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for ready in prepared(folder):
        expected = worker.parse_with_feedparser(ready, [], URL)
        quick = parse_fast(ready.text.encode(), URL)
        if expected.get("warnings"):
            assert quick is None, "accepted although it is not well-formed"
            continue
        seen["documents"] += 1
        if quick is None:
            continue
        same["documents"] += 1
        got = worker._limited(quick)
        seen["items"] += 1
        if len(expected.get("entries", ())) != len(got["entries"]):
            continue
        same["items"] += 1
        for field, value in expected["info"].items():
            seen[f"info.{field}"] += 1
            same[f"info.{field}"] += got["info"][field] == value
        for ours, theirs in zip(got["entries"], expected["entries"], strict=True):
            theirs["categories"] = list(dict.fromkeys(theirs["categories"]))
            seen["entries"] += 1
            for field, value in theirs.items():
                seen[field] += 1
                same[field] += ours[field] == value
    return seen, same


IDENTICAL = ["published", "updated", "link", "title", "categories", "info.updated", "info.language"]


@pytest.mark.parametrize(
    ("folder", "entries", "accepted", "floor"),
    [("real", 4_800, 0.82, 0.984), ("fixtures", 950, 0.45, 0.97)],
)
def test_agreement_with_feedparser(folder: str, entries: int, accepted: float, floor: float) -> None:
    """Nearly every field of every document that the fast path accepts is what feedparser says."""
    seen, same = compared(folder)
    shares = {field: same[field] / count for field, count in seen.items() if field != "entries"}
    print({field: round(share, 4) for field, share in shares.items()}, dict(seen))  # noqa: T201  with -s
    assert seen["entries"] >= entries
    assert shares.pop("documents") >= accepted
    assert {field: share for field, share in shares.items() if share < floor} == {}
    if folder == "real":
        assert {field: shares[field] for field in IDENTICAL if shares[field] < 0.9995} == {}
