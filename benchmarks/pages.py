"""
What reading pages costs, and how well it is done.

`python benchmarks/pages.py`: pages a second on one core and the slowest page, for the test suite's own pages
and, where ../shared/corpus is at hand, for its 216 real ones. With the latter, how many of the segments to
keep and to drop stand in the text and in its confirmed lines (counted as trafilatura's evaluation counts: a
segment is there if it stands in the text letter by letter), and the same for each extractor alone. Last, what
a feed's own text costs (summary.py), which is read in the daemon itself.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.articles.summary import cleaned
from monitor.pages.article import lines_of, tree_of
from monitor.pages.charset import decode
from monitor.pages.confirm import readability_text
from monitor.pages.extract import extract
from monitor.text.html import html_to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / "tests" / "pages" / "html"
CORPUS = ROOT.parent / "shared" / "corpus" / "pages"
SUMMARY = "<p>Ministers of six countries <b>met</b> in the capital to talk about water and grain.</p>\n" * 8
ROUNDS = 300


def speed(name: str, bodies: Sequence[bytes]) -> None:
    """Pages a second of processor time, and the slowest page."""
    took = []
    for body in bodies:
        start = time.process_time()
        extract(body, "", "https://www.example.org/a")
        took.append(time.process_time() - start)
    took.sort()
    middle, high = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(
        f"{name:<12} {len(bodies):>4} pages  {len(bodies) / sum(took):6.1f} pages/s a core   "
        f"median {middle * 1000:4.0f} ms   p95 {high * 1000:4.0f} ms   slowest {took[-1] * 1000:4.0f} ms"
    )


def score(name: str, texts: Sequence[str], rows: Sequence[dict[str, list[str]]]) -> None:
    """Precision, recall and F1 over the segments of all pages."""
    kept = dropped = leaked = 0
    for text, row in zip(texts, rows, strict=True):
        here = sum(segment in text for segment in row["keep"])
        kept, dropped = kept + here, dropped + len(row["keep"]) - here
        leaked += sum(segment in text for segment in row["drop"])
    precision, recall = kept / (kept + leaked), kept / (kept + dropped)
    f1 = 2 * kept / (2 * kept + dropped + leaked)
    print(f"{name:<36} P {precision:.3f}   R {recall:.3f}   F1 {f1:.3f}")


def rate(name: str, call: Callable[[str], object]) -> None:
    """Microseconds a call."""
    start = time.process_time()
    for _ in range(ROUNDS):
        call(SUMMARY)
    print(f"{name:<36} {(time.process_time() - start) / ROUNDS * 1e6:6.0f} us for {len(SUMMARY)} characters")


def main() -> None:
    """Print the figures."""
    extract((OWN / "english.html").read_bytes(), "", "")  # the libraries make their tables at first use
    speed("own pages", [path.read_bytes() for path in sorted(OWN.glob("*.html"))])
    if (CORPUS / "gold.jsonl").is_file():
        rows = [json.loads(line) for line in (CORPUS / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
        bodies = [(CORPUS / "html" / row["file"]).read_bytes() for row in rows]
        speed("real pages", bodies)
        found = [extract(body, "", "") for body in bodies]
        score("text", [one.text for one in found], rows)
        score("confirmed", [one.confirmed for one in found], rows)
        trees = [tree_of(decode(body, "")) for body in bodies]
        score("trafilatura alone", ["\n".join(lines_of(tree)) for tree in trees], rows)
        score("readability alone", [readability_text(tree) for tree in trees], rows)
    rate("a feed's text, its markup only", html_to_text)
    rate("a feed's text, clean", cleaned)


if __name__ == "__main__":
    main()
