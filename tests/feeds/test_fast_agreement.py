"""
The fast path beside feedparser on thousands of documents that are not part of this project.

Every difference belongs to a class, and docs/parsing.md says for each class who is right and why. What
belongs to none counts against the promise of 99 %. `pytest -s` prints the figures that stand in that table.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.feeds import damage, worker
from monitor.feeds.document import Prepared, decode, prepare
from monitor.feeds.entries import WORDS
from monitor.feeds.fast import _NAMES, _feed, parse_fast
from monitor.feeds.jsonfeed import looks_like_json
from monitor.feeds.limits import limited
from monitor.feeds.tree import DepthError, Names, grown
from monitor.text.html import html_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "feeds"
TABLE = Path(__file__).resolve().parents[2] / "docs" / "parsing.md"
URL = "https://example.org/feed"
FIELDS = ("guid", "link", "title", "published", "updated", "text", "authors", "categories")
INFO = ("title", "link", "language", "format", "ttl", "updated", "self_url", "skip_hours", "skip_days")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus/feeds"),
]


def prepared(folder: str) -> Iterator[Prepared]:
    """All XML feeds of a folder, as the parsers get them."""
    for path in sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file()):
        body = path.read_bytes()
        if not looks_like_json(body, ""):
            ready = prepare(decode(body, "")[0])
            if not ready.error:
                yield ready


def words(markup: Any) -> str:
    """A text without its markup and its spaces."""
    return " ".join(html_to_text(str(markup)).split())


def shown(entry: dict[str, Any], field: str) -> Any:
    """A field as it is compared: texts as they will be matched, categories as a set."""
    if field == "text":
        return words(f"{entry['summary']} {entry['content']}")
    if field == "categories":
        return sorted(set(entry["categories"]))
    return words(entry[field]) if field == "title" else entry[field]


def class_of(field: str, ours: Any, theirs: Any, item: Element) -> str:  # noqa: C901  a list of cases
    """The class that a difference belongs to (docs/parsing.md); "" for none."""
    inside = [words(element.text or "") for child in item for element in list(child.iter())[1:]]
    captions = [words(child.text or "") for child in item if _NAMES[child.tag] == "caption"]
    summaries = [words(child.text or "") for child in item if _NAMES[child.tag] in ("summary", "content")]
    if field in ("title", "text", "authors") and words(damage.mended(str(theirs))) == words(
        damage.mended(str(ours))
    ):
        return "encoded twice"
    if field == "text":
        rest = theirs
        for part in (ours, *summaries):
            rest = rest.replace(part, "")
        extra = rest.split()
        if any(theirs.find(one) >= 0 for one in (*captions, *inside) if one):
            return "captions and other elements' texts"
        if sorted(theirs.split()) == sorted(ours.split()):
            return "order of two texts"
        if not extra or len(summaries) > 1:
            return "one of several texts"
    if field == "title" and words(theirs) in inside:
        return "captions and other elements' texts"
    if field == "guid" and theirs and ours and str(theirs).endswith(str(ours)):
        return "an id is not resolved"
    if field == "link":
        links = [child for child in item if _NAMES[child.tag] in ("link", "guid")]
        if len(links) > 1 or not links:
            return "last link wins"
    if field == "authors" and set(ours) <= set(theirs):
        return "the owner is no author"
    return ""


def compared(folder: str) -> tuple[Counter[str], Counter[str], Counter[tuple[str, str]]]:
    """How often each field was compared and was equal, and how often it differed in which class."""
    seen: Counter[str] = Counter()
    same: Counter[str] = Counter()
    classes: Counter[tuple[str, str]] = Counter()
    for ready in prepared(folder):
        data = ready.text.encode()
        expected = worker.parse_with_feedparser(ready, [], URL)
        try:
            quick = parse_fast(data, URL)
        except DepthError:
            quick = None
        if any("not well-formed" in warning for warning in expected.get("warnings", ())):
            assert quick is None, "accepted although it is not well-formed"
            continue
        seen["documents"] += 1
        if quick is None:
            continue
        same["documents"] += 1
        got = limited(quick)
        root, unknown = grown(data)
        _, items, _, _ = _feed(root, Names(WORDS, unknown) if unknown else _NAMES)
        seen["items"] += 1
        if len(expected.get("entries", ())) != len(got["entries"]):
            continue
        same["items"] += 1
        for field in INFO:
            seen[f"info.{field}"] += 1
            same[f"info.{field}"] += got["info"][field] == expected["info"][field]
        for ours, theirs, item in zip(got["entries"], expected["entries"], items, strict=True):
            for field in FIELDS:
                mine, other = shown(ours, field), shown(theirs, field)
                seen[field] += 1
                same[field] += mine == other
                if mine != other:
                    classes[field, class_of(field, mine, other, item) or "none"] += 1
    return seen, same, classes


@pytest.mark.parametrize(
    ("folder", "entries", "accepted", "floor"),
    [("real", 5_000, 0.95, 0.99), ("fixtures", 1_900, 0.88, 0.98)],
)
def test_agreement_with_feedparser(folder: str, entries: int, accepted: float, floor: float) -> None:
    """Every field of the documents that the fast path accepts is what feedparser says where that is right."""
    seen, same, classes = compared(folder)
    shares = {field: same[field] / count for field, count in seen.items()}
    print(folder, {field: round(share, 4) for field, share in shares.items()}, dict(seen), dict(classes))  # noqa: T201  with -s
    assert seen["title"] >= entries
    assert shares["documents"] >= accepted
    assert shares["items"] >= 0.995
    unexplained = {field: classes[field, "none"] / seen[field] for field in FIELDS}
    assert {field: share for field, share in unexplained.items() if share > 0.01} == {}
    assert {
        field: share for field, share in shares.items() if field != "documents" and share < floor - 0.01
    } == {}
    table = TABLE.read_text("utf-8")
    assert [name for _, name in classes if name != "none" and f"| {name} |" not in table] == []
    if folder == "real":
        exact = ("published", "updated", "info.updated", "info.language", "info.ttl", "info.skip_hours")
        assert {field: shares[field] for field in exact if shares[field] < 0.9995} == {}


def test_no_document_is_too_much() -> None:
    """Every document of the corpus, broken or not, is answered with items or a sentence."""
    answered = 0
    for folder in ("real", "fixtures"):
        for path in sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file()):
            answer = worker.parse_document(path.read_bytes(), "", URL, frozenset())
            assert answer.get("error") or "entries" in answer
            answered += 1
    assert answered > 3_000
