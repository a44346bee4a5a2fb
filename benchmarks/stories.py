"""
What finding copies costs: `python -m benchmarks.stories [--articles 70000] [--short]`.

Fills a window of seven days with made-up articles, in a database as the daemon opens it, and times the last
thousand at 10,000 and at the end: sketch, look-up and insertion in CPU seconds, each look-up in wall
milliseconds, and bytes an article in the file. Articles have some 450 words (a page), or, with `--short`,
four in five have 40 (a teaser), as in feeds. One in ten is a copy of an earlier one, cut or edited. `--urls`
times the addresses instead.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
from itertools import accumulate
from pathlib import Path

from monitor.articles.urls import clean_url, url_key
from monitor.store.connection import open_writer
from monitor.store.story_index import insert, look_up
from monitor.store.tx import Tx
from monitor.stories.shingles import probe, shingles, sketch
from monitor.stories.titles import title_marks

TABLE = (
    "CREATE TABLE shingles (h BIGINT NOT NULL, day INTEGER NOT NULL, article_id INTEGER NOT NULL,"
    " PRIMARY KEY (h, day, article_id)) WITHOUT ROWID"
)
DAYS = 7
GROUP = 8  # articles a commit, as the writer groups them
TIMED = 1_000


class Newsroom:
    """Articles without end, the same at every run: words by Zipf's law."""

    def __init__(self, *, short: bool) -> None:
        self._dice = random.Random(7)
        syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "ou", "an")]
        self._words = [
            "".join(self._dice.choices(syllables, k=self._dice.randint(1, 4))) for _ in range(20_000)
        ]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._short = short
        self._last: list[str] = []

    def words(self, count: int) -> list[str]:
        """So many words."""
        return self._dice.choices(self._words, cum_weights=self._weights, k=count)

    def article(self) -> tuple[str, str]:
        """A title and a text."""
        if len(self._last) > 40 and self._dice.random() < 0.1:
            kept = [w if self._dice.random() < 0.95 else "x" for w in self._last]
            return " ".join(self.words(9)), " ".join(kept[: self._dice.randint(30, len(kept))])
        count = 40 if self._short and self._dice.random() < 0.8 else self._dice.randint(300, 600)
        self._last = self.words(count)
        return " ".join(self.words(9)), " ".join(self._last)


def run(articles: int, *, short: bool) -> None:
    """Fill, and print a line where it is timed."""
    newsroom = Newsroom(short=short)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stories.db"
        con = open_writer(path)
        con.row_factory = sqlite3.Row
        con.execute(TABLE)
        tx = Tx(con)
        marks = {each for each in (10_000, articles) if each <= articles}
        rows, first = 0, 0.0
        batch: list[tuple[str, str]] = []
        for number in range(1, articles + 1):
            batch.append(newsroom.article())
            timed = any(mark - TIMED < number <= mark for mark in marks)
            if len(batch) < TIMED:
                continue
            cpu, slow, found, written = work(tx, con, batch, number - TIMED, articles)
            rows += written
            batch.clear()
            if timed:
                con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                size = path.stat().st_size / number
                rate = TIMED / cpu
                first = first or rate
                p95 = sorted(slow)[int(len(slow) * 0.95)] * 1_000
                print(
                    f"{'teasers' if short else 'pages':8}{number:7,} articles: {rate:6,.0f} a second,"
                    f" look-up p95 {p95:.2f} ms, {size / 1_000:.2f} kB and {rows / number:.0f} rows each,"
                    f" {found:,} found; {first / rate:.2f} x the time at the first mark"
                )
        con.close()


def work(
    tx: Tx, con: sqlite3.Connection, batch: list[tuple[str, str]], start: int, articles: int
) -> tuple[float, list[float], int, int]:
    """Take articles through sketch, look-up and insertion; CPU seconds, look-up times, candidates, rows."""
    slow, found, rows = [], 0, 0
    began = time.process_time()
    for place, (title, text) in enumerate(batch):
        if place % GROUP == 0:
            con.execute("BEGIN IMMEDIATE")
        number = start + place
        day = 20_000 + number * DAYS // articles
        whole, titles = shingles(text), title_marks(title)
        asked = time.perf_counter()
        known = look_up(tx, probe(whole), titles, day)
        slow.append(time.perf_counter() - asked)
        found += bool(known.candidates)
        rows += insert(tx, number, sketch(whole), titles, day, stop=known.stop)
        if place % GROUP == GROUP - 1 or place == len(batch) - 1:
            con.execute("COMMIT")
    return time.process_time() - began, slow, found, rows


def urls() -> None:
    """Addresses a second: clean form and key of each."""
    dice = random.Random(3)
    hosts = ("www.", "m.")
    made = [
        f"https://{dice.choice(hosts)}example{dice.randrange(500)}.org/{dice.randrange(10**6)}/a.html"
        f"?id={dice.randrange(10**5)}&utm_source=rss&utm_medium=feed#xtor=RSS-1"
        for _ in range(30_000)
    ]
    began = time.process_time()
    for url in made:
        clean_url(url)
        url_key(url)
    print(f"addresses: {len(made) / (time.process_time() - began):,.0f} a second, clean form and key")


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=70_000)
    parser.add_argument("--short", action="store_true", help="four in five are teasers")
    parser.add_argument("--urls", action="store_true", help="only the addresses")
    chosen = parser.parse_args()
    urls()
    if not chosen.urls:
        run(chosen.articles, short=chosen.short)


if __name__ == "__main__":
    main()
