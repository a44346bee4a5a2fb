"""
From the bytes of a web page to its clean article. Runs inside the worker process; pure, but not quick.

Theory of operation. The page becomes text (charset.py), then one tree. trafilatura says which lines are the
article (article.py); readability and the page's own statement confirm them (confirm.py). Beside them stand
three cheap witnesses that can only speak *against* a line: what the text itself says (furniture.py: labels,
titles below labels, words about the site), where the line stands (blocks.py: in a list of related articles,
in a cookie notice, hidden), and whether it is nothing but a link. Whatever speaks against a line that was
kept takes its confirmation, not the line: rules may hold on it weakly, and nobody loses it in silence. What
nobody took for the article is listed as cut, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from monitor.pages import article, confirm
from monitor.pages.blocks import Block, blocks_of
from monitor.pages.charset import decode
from monitor.pages.metadata import stated
from monitor.pages.values import Cut, Extracted, Line
from monitor.text.furniture import marks, without_furniture
from monitor.text.html import one_line
from monitor.text.labels import label_of
from monitor.text.language import UNKNOWN, guess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_PAGE = 5_000_000  # bytes

_TITLE_CHARS = 500
_SHORT_TITLE = 3  # words: a title below may be a rubric ("LIVE")
_LINE_CHARS = 20_000
_TEXT_CHARS = 500_000
_MOST_CUTS = 1_000
_CUT_CHARS = 1_000
_TELLING = 25  # characters of a piece that stands in the article by no accident
_ALL_LINK = 0.8  # of the characters of a line
_LAYOUT_ROW = 300  # characters of a row that cannot be one of figures
_MUCH = 0.3  # of the article's characters
_PAGES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain")
_NO_PAGE = re.compile(r"\s*(?:%PDF|\{|<\?xml[^>]*>\s*<(?:rss|feed)\b)")
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_TITLE_PARTS = re.compile("\\s[-\u2013\u2014|\u00b7]\\s")
_WORD = re.compile(r"\w+")


def extract(body: bytes, content_type: str, url: str) -> Extracted:
    """
    The clean article of a page; `error` is set where there is none to be had.

    `url` is where the page came from, after redirects; "" for a file. Raises nothing but MemoryError.
    """
    refused = _refused(body, content_type)
    if refused:
        return Extracted(error=refused)
    text = decode(body, content_type)
    if _NO_PAGE.match(text):
        return Extracted(error="this is no web page")
    try:
        tree = article.tree_of(_CONTROLS.sub("", text))
        if tree is None:
            return Extracted(error="this is no web page")
        return _of_tree(tree, url)
    except MemoryError:
        raise
    except Exception as problem:  # noqa: BLE001 - libraries fail in many ways on strange pages; all mean the same
        return Extracted(error=f"the page could not be read ({type(problem).__name__})")


def _refused(body: bytes, content_type: str) -> str:
    """Why nobody should look at this as a page, or ""."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and kind not in _PAGES:
        return f"this is no web page but {one_line(kind, 60)}"
    if len(body) > MAX_PAGE:
        return f"the page is larger than {MAX_PAGE // 1_000_000} MB"
    return "" if body.strip() else "the page is empty"


def _of_tree(tree: Any, url: str) -> Extracted:
    facts = stated(tree, url)
    named = article.facts_of(tree)
    title = one_line(_title(named.title or facts.headline, facts.heading), _TITLE_CHARS)
    blocks = blocks_of(tree)
    found = _bounded(_parted(article.lines_of(tree), blocks), title)
    kept, cut = without_furniture(found, title)
    voices, voted = confirm.opinions(tree, facts.body, [line.text for line in kept])
    lines = _judged(kept, blocks, voices, voted=voted)
    text = "\n".join(line.text for line in lines)
    language = facts.language or guess(f"{title}\n{text}")
    return Extracted(
        title=title,
        lines=lines,
        cut=(*cut, *_cut_away(blocks, lines, cut, title)),
        language=None if language == UNKNOWN else language,
        published=facts.published,
        updated=facts.updated,
        authors=named.authors,
        canonical=facts.canonical,
        og_url=facts.og_url,
        live=facts.live,
        paywalled=facts.paywalled,
    )


def _title(found: str, heading: str) -> str:
    """The title found, or the longest part of the page's `<title>` where that was cut at its first dash."""
    if len(found.split()) < _SHORT_TITLE and found in heading:
        return max(_TITLE_PARTS.split(heading), key=len) or found
    return found


def _parted(lines: list[str], blocks: Sequence[Block]) -> list[str]:
    """
    The lines, those that are rows of a layout table taken apart.

    Old pages put menu, article and footer into the cells of one table, whose row trafilatura makes one line.
    """
    parted: list[str] = []
    for line in lines:
        if article.CELL_SIGN not in line or len(line) < _LAYOUT_ROW:
            parted.append(line)
            continue
        row = f" {_key(line)} "
        pieces = [block.text for block in blocks if (key := _key(block.text)) and f" {key} " in row]
        parted += pieces or [line]
    return parted


def _bounded(lines: list[str], title: str) -> list[str]:
    """The first lines that fit into what an article may have, without those that only repeat its title."""
    kept, size, heading = [], 0, _key(title)
    for line in lines:
        size += len(line)
        if size > _TEXT_CHARS:
            break
        if _key(line) != heading:
            kept.append(line[:_LINE_CHARS])
    return kept


def _judged(
    lines: Sequence[Line], blocks: Sequence[Block], voices: Sequence[confirm.Opinion], *, voted: bool
) -> tuple[Line, ...]:
    """The lines, each with the first thing that speaks against it."""
    places = _places(blocks)
    stands = [_against(places.get(_key(line.text), ())) for line in lines]
    believed = _believed(lines, stands)
    judged = []
    for line, place in zip(lines, stands, strict=True):
        why = line.why or (place if place in believed else "")
        if not why and voices and not any(voice.holds(line.text) for voice in voices):
            why = "a second extractor did not find it" if voted else "not in the text that the page states"
        judged.append(Line(line.text, why))
    return tuple(judged)


def _places(blocks: Sequence[Block]) -> Mapping[str, Sequence[str]]:
    """What each piece of the page has against it, "" for nothing, by its words."""
    said = marks([block.text for block in blocks], reach=[block.box for block in blocks])
    found: dict[str, list[str]] = defaultdict(list)
    for block, mark in zip(blocks, said, strict=True):
        below = "" if mark.cut or not mark.why.startswith("below") else mark.why
        found[_key(block.text)].append(_why(block) or below)
    return found


def _against(reasons: Sequence[str]) -> str:
    """What the places of a line say against it; one good place is enough."""
    return reasons[0] if reasons and all(reasons) else ""


def _believed(lines: Sequence[Line], stands: Sequence[str]) -> set[str]:
    """
    The places that may speak against lines: not those that hold much of the article.

    A page whose whole text stands in a `form`, or in something "with-sidebar", says nothing by it.
    """
    sizes: Counter[str] = Counter()
    for line, place in zip(lines, stands, strict=True):
        sizes[place] += len(line.text)
    return {place for place, size in sizes.items() if place and size < _MUCH * sizes.total()}


def _why(block: Block) -> str:
    if block.hidden:
        return "hidden"
    if block.place:
        return block.place
    return "only a link" if block.linked >= _ALL_LINK else ""


def _cut_away(
    blocks: Sequence[Block], lines: Sequence[Line], already: Sequence[Cut], title: str
) -> list[Cut]:
    """The pieces of the page that are not among the lines, in the order of the page, each once."""
    kept = {_key(line.text) for line in lines} | {_key(cut.text) for cut in already} | {_key(title), ""}
    whole = f" {' '.join(_key(line.text) for line in lines)} "
    found: list[Cut] = []
    for block in blocks:
        key = _key(block.text)
        if key in kept:
            continue
        label = label_of(block.text)
        why = f"label “{label.text}”" if label else _why(block)
        # Part of a line, most likely; but a word that menus have in common with the article is none.
        if (not why or len(key) >= _TELLING) and f" {key} " in whole:
            continue
        kept.add(key)
        why = why or "not part of the article"
        found.append(Cut(one_line(block.text, _CUT_CHARS), why))
        if len(found) >= _MOST_CUTS:
            break
    return found


def _key(text: str) -> str:
    """A text by its words alone."""
    return " ".join(_WORD.findall(text.lower()))
