"""
Texts and rules to measure the rules engine on: real articles where there are some, made-up ones beside them.

Real articles come from `../shared/corpus` (stories, pages, feeds); without it there are only made-up ones.
Made-up text follows Zipf's law over 300,000 invented words, with names, punctuation and sentences.
"""

from __future__ import annotations

import json
import random
import re
from bisect import bisect
from collections import Counter
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path

from monitor.feeds.parse import parsed_feed
from monitor.feeds.worker import parse_document
from monitor.model import Document
from monitor.settings import RuleConfig
from monitor.text.html import html_to_text
from monitor.text.tokens import folded_tokens

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
SHORTEST, LONGEST = 300, 900  # words of an article that is measured
_SYLLABLES = (
    "ba be bi bo da de do fa ga ka ke ki ko la le li lo ma me mi mo na ne no pa ra re ri ro sa se ta te to va"
)


def real_texts() -> list[str]:
    """Every distinct text of the corpus that is long enough to be one; none where there is no corpus."""
    found: dict[str, None] = {}
    stories = CORPUS / "stories" / "ecbplus.jsonl"
    if stories.exists():
        for line in stories.read_text(encoding="utf-8").splitlines():
            found[" ".join(json.loads(line)["sentences"])] = None
    for page in sorted((CORPUS / "pages" / "html").glob("*.html")):
        lines = html_to_text(page.read_text(encoding="utf-8", errors="replace")).splitlines()
        found["\n".join(line for line in lines if len(line.split()) >= 8)] = None
    for file in sorted((CORPUS / "feeds" / "real").rglob("*")):
        if file.is_file() and file.stat().st_size < 3_000_000:
            parsed = parsed_feed(parse_document(file.read_bytes(), content_type="", url=""))
            for entry in parsed.entries:
                text = entry.content or entry.summary
                if len(text) > 1500:
                    found[html_to_text(text)] = None
    return list(found)


def invented_texts(count: int, seed: int = 3) -> list[str]:
    """Texts by Zipf's law, 300 to 900 words each."""
    rng = random.Random(seed)
    words = sorted({_word(rng) for _ in range(500_000)})[:300_000]
    rng.shuffle(words)
    weights = list(accumulate(1 / (rank + 2.7) ** 1.07 for rank in range(len(words))))
    texts = []
    for _ in range(count):
        pieces: list[str] = []
        for number in range(rng.randint(SHORTEST, LONGEST)):
            word = words[bisect(weights, rng.random() * weights[-1])]
            if number % 17 == 0 or rng.random() < 0.06:
                word = word.capitalize()
            end = "." if number % 17 == 16 else "," if rng.random() < 0.07 else ""
            pieces.append(word + end)
        texts.append(" ".join(pieces))
    return texts


def measured(texts: list[str]) -> list[str]:
    """Those of a length that an article has."""
    return [text for text in texts if SHORTEST <= len(text.split()) <= LONGEST]


def document(text: str) -> Document:
    """A text as an article: its first sentence is the title."""
    title, _, body = text.partition(". ")
    return Document(title=title[:200], body=body)


def rules_for(texts: list[str], count: int, seed: int = 1) -> list[RuleConfig]:
    """
    Rules as a news desk has them, in the words of these texts.

    35 % any of two to five names, 30 % a name and a word of context, 15 % the same without another word, 10 %
    NEAR, 10 % three words of context. 45 % of the names are of two words (a third of them really occur), 20 %
    rare words, 35 % words that occur nowhere; context words stand in 0.1 to 10 % of the texts.
    """
    maker = Maker(texts, seed)
    return [RuleConfig(f"rule-{number}", maker.query()) for number in range(count)]


class Maker:
    """Makes the queries, and their parts, from the words of these texts."""

    def __init__(self, texts: list[str], seed: int) -> None:
        self.rng = random.Random(seed)
        seen: Counter[str] = Counter()
        names: Counter[tuple[str, str]] = Counter()
        for text in texts:
            pieces = text.split()
            seen.update(set(folded_tokens(text)))
            names.update(
                (one, two)
                for one, two in pairwise(pieces)
                if one[:1].isupper() and two[:1].isupper() and one.isalpha() and two.isalpha()
            )
        words = [(n / len(texts), word) for word, n in seen.items() if len(word) > 2 and word.isalpha()]
        self.context = sorted((share, word) for share, word in words if 0.001 <= share <= 0.1)
        self.rare = sorted(word for share, word in words if share * len(texts) <= 2)
        self.names = sorted(names)

    def query(self) -> str:
        """One rule's query, of the kinds and shares told in `rules_for`."""
        kind = self.rng.random()
        if kind < 0.35:
            return self.any(2, 5, self.name)
        if kind < 0.80:
            query = f"{self.any(1, 3, self.name)} AND {self.any(1, 3, self.word)}"
            return query if kind < 0.65 else f"{query} NOT {self.any(1, 2, self.word)}"
        if kind < 0.90:
            left, right = self.any(1, 2, self.name), self.any(1, 2, self.word)
            return f"{left} NEAR/{self.rng.randint(3, 15)} {right}"
        return f"{self.word()} AND {self.word()} AND {self.word()} NOT {self.word()}"

    def any(self, least: int, most: int, term: object) -> str:
        """Between `least` and `most` terms, as alternatives."""
        assert callable(term)
        terms = [term() for _ in range(self.rng.randint(least, most))]
        return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"

    def word(self) -> str:
        """A word of context: its share of the texts is spread evenly over the powers of ten."""
        share = 10 ** self.rng.uniform(-3, -1)
        at = bisect(self.context, (share, "")) + self.rng.randint(-20, 20)
        return f'"{self.context[min(max(at, 0), len(self.context) - 1)][1]}"'

    def name(self) -> str:
        """A name of two words, a rare word or one that occurs nowhere."""
        kind = self.rng.random()
        if kind < 0.45:
            one, two = self.rng.choice(self.names)
            return (
                f'"{one} {two}"' if self.rng.random() < 1 / 3 else f'"{one} {_word(self.rng).capitalize()}"'
            )
        return self.rng.choice(self.rare) if kind < 0.65 else _word(self.rng)


def _word(rng: random.Random) -> str:
    parts = _syllables()
    return "".join(rng.choice(parts) for _ in range(rng.randint(2, 5))) + rng.choice("nrstl")


@cache
def _syllables() -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", _SYLLABLES))
