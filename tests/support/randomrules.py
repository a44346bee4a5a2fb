"""
Random rules and entities in the words of given articles, so that they hold for a good part of them.

Queries are made as text, in all spellings that the language allows; `Maker` takes words from one article at a
time (its focus), so that terms of one rule meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.rules.parser import parse
from monitor.settings import EntityConfig
from tests.support.naive_text import is_letter, words

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from monitor.model import Document
    from monitor.rules.tree import Node

_SCOPES = ("title", "summary", "body", "lead", "text", "start/5", "start/30", "start/1")
_SAFE = re.compile(r"[^\s(){}\"“”„‟«»＂（）｛｝*?~\\/\[\]^$.|+]+")  # noqa: RUF001 - as in the lexer


def _literal(text: str) -> str:
    """A text as the inside of a regular expression."""
    return re.sub(r"([^\w\s])", r"\\\1", text)


class Maker:
    """Makes rules for a pool of articles."""

    def __init__(self, rng: random.Random, pool: Sequence[Document]) -> None:
        self.rng = rng
        self.pool = pool
        self.texts = [text for d in pool for text in (d.title, d.summary, d.body) if text.strip()]
        counts = Counter(token.folded for text in self.texts for token in words(text))
        self.common = [word for word, _ in counts.most_common(40)]
        self.entities: tuple[EntityConfig, ...] = ()
        self.focus = rng.choice(self.texts)
        self.entities = tuple(self.entity(f"e{number}") for number in range(8))

    def look_at(self) -> None:
        """Take another article's words from here on."""
        self.focus = self.rng.choice(self.texts)

    # --- pieces of text

    def surface(self) -> str:
        """A word as it stands in the focus, or a common one."""
        if self.rng.random() < 0.25:
            return self.rng.choice(self.common)
        found = words(self.focus)
        if not found:
            return "a"
        token = self.rng.choice(found)
        return self.focus[token.start : token.end]

    def stretch(self, most: int = 3) -> str:
        """Some words in a row, with what stands between them."""
        found = words(self.focus)
        if len(found) < 2:
            return self.surface()
        at = self.rng.randrange(len(found) - 1)
        last = min(len(found) - 1, at + self.rng.randint(1, most) - 1)
        return self.focus[found[at].start : found[last].end]

    def respelt(self, word: str) -> str:
        """The same folded word in another spelling."""
        how = self.rng.randrange(6)
        if how == 0:
            return word.upper()
        if how == 1:
            return unicodedata.normalize("NFD", word)
        if how == 2 and len(word) > 1:
            return word[0] + "\u00ad" + word[1:]
        return word

    def word(self) -> str:
        """A bare word of a query."""
        word = "".join(_SAFE.findall(self.surface())) or "a"
        if not any(map(is_letter, word)) or word in ("AND", "OR", "NOT", "NEAR", "ONEAR"):
            return "a"
        how = self.rng.random()
        if how < 0.12:
            return self.wild(word)
        if how < 0.18:
            return word.rstrip("s") + "~"
        return self.respelt(word)

    def wild(self, word: str) -> str:
        """A word with wildcards in it."""
        at = self.rng.randint(0, len(word))
        to = self.rng.randint(at, len(word))
        how = self.rng.randrange(5)
        found = (
            word[:to] + "*", "*" + word[at:], word[:at] + "*" + word[to:],
            word[:at] + "?" + word[at + 1 :], word[:1] + "*" + word[1:to] + "?*",
        )[how]  # fmt: skip
        return found if any(map(is_letter, found)) else word + "*"

    def phrase(self) -> str:
        """Several words in quotes, some with wildcards, perhaps with slop and gaps for it."""
        found = [self.focus[t.start : t.end] for t in words(self.focus)] or ["a"]
        at = self.rng.randrange(len(found))
        size = self.rng.randint(2, 4)
        row = found[at : at + size]
        if self.rng.random() < 0.4 and len(row) > 2:
            del row[1]
        row = ["".join(_SAFE.findall(word)) or "a" for word in row]
        row = [self.wild(word) if self.rng.random() < 0.1 else word for word in row]
        slop = self.rng.choice(["", "", "~1", "~2", "~6"])
        inside = self.rng.choice([" ", " ", "-", "’", "  "]).join(row)  # noqa: RUF001 - an apostrophe of a newspaper
        return f'"{inside}"{slop}' if words(inside) else "a"

    def exact(self) -> str:
        """A stretch of text in braces."""
        text = self.stretch()
        if self.rng.random() < 0.2:
            text = text.upper()
        text = re.sub(r"[{}“”„‟«»＂｛｝\"]", " ", text)  # noqa: RUF001 - as in the lexer
        return "{" + text + "}" if words(text) else "a"

    def regex(self) -> str:
        """A regular expression that `re` and RE2 read alike."""
        word = "".join(c for c in self.surface() if c.isalnum()) or "a"
        if self.rng.random() < 0.5:
            at = self.rng.randint(0, len(word))
            rest = self.rng.choice([".*", ".?", "[a-z]+", ".+", "(?:s|e|n)?"])
            return f"/{_literal(word[:at])}{rest}/{self.rng.choice(['', 'i'])}"
        if self.rng.random() < 0.08:  # no letter in it: a place between two words
            dots = [r"/ ?\.\.\.\./s", "/ -- -*/s", "/ ----/s", "/[.]* ----?/s"]
            return self.rng.choice(dots)
        text = self.stretch(4)
        text = re.sub(r"[\\()\s]+", " ", text)
        if len(text) < 5 or any(c in text for c in '"{}') or not text.isprintable() or "İ" in text:
            return self.rng.choice(["/[a-c]+/i", r"/\.? — /s"])
        at = self.rng.randint(0, len(text) - 4)
        tail = self.rng.choice(["", ".", "[a-z]*", r"\s?", "x*"])
        return f"/{_literal(text[at : at + 8])}{tail}/{self.rng.choice(['s', 'is'])}"

    # --- queries

    def term(self) -> str:
        """A term of any sort."""
        how = self.rng.random()
        if how < 0.45:
            return self.word()
        if how < 0.62:
            return self.phrase()
        if how < 0.72:
            return self.exact()
        if how < 0.80:
            return self.regex()
        return "@" + self.rng.choice(self.entities).name if self.entities else self.word()

    def group(self) -> str:
        """A side of NEAR: a term, or an OR-group, or a NEAR in brackets."""
        how = self.rng.random()
        if how < 0.65:
            return self.term()
        if how < 0.9:
            return f"({self.term()} {self.rng.choice(['OR', '|'])} {self.term()})"
        return f"({self.near()})"

    def near(self) -> str:
        """A NEAR of two or three sides."""
        operator = self.rng.choice(["NEAR", "NEAR/0", "NEAR/2", "NEAR/9", "NEAR/30", "ONEAR", "ONEAR/3"])
        text = f"{self.group()} {operator} {self.group()}"
        if self.rng.random() < 0.3:
            text += f" {self.rng.choice(['NEAR/4', 'ONEAR', 'NEAR/12'])} {self.group()}"
        return text

    def count(self) -> str:
        """An ATLEAST of a few terms."""
        terms = [self.term() for _ in range(self.rng.randint(1, 4))]
        return f"ATLEAST/{self.rng.choice([1, 2, 2, 3, 5])}({' OR '.join(terms)})"

    def fact(self) -> str:
        """A document term."""
        return self.rng.choice(
            ["lang:en", "lang:(fr OR de)", "lang:e*", "lang:ru", "feed:f*", "feed:x", "tag:t",
             "category:World", "source:*.org", 'author:"jane d*"', "url:*/a/*"]
        )  # fmt: skip

    def part(self, depth: int) -> str:
        """A part of a query that may be negated or bracketed."""
        how = self.rng.random()
        if depth <= 0 or how < 0.42:
            return self.term()
        if how < 0.54:
            return f"({self.near()})"
        if how < 0.62:
            return self.count()
        if how < 0.74:
            scope = self.rng.choice(_SCOPES)
            inside = self.rng.choice([self.term, self.near, self.count])()
            return f"{scope}:({inside})"
        if how < 0.78:
            return self.fact()
        return f"({self.query(depth - 1)})"

    def query(self, depth: int = 2) -> str:
        """A query; it may be one that matches everything, which the parser refuses."""
        parts = [self.part(depth) for _ in range(self.rng.choice([1, 2, 2, 3]))]
        text = parts[0]
        for part in parts[1:]:
            text += self.rng.choice([" OR ", " OR ", " | ", " ", " AND ", " NOT ", " -"]) + part
        return text

    def rules(self, number: int) -> list[tuple[str, Node]]:
        """So many queries with their trees; those that the parser refuses are left out."""
        names = [config.name for config in self.entities]
        found: list[tuple[str, Node]] = []
        while len(found) < number:
            self.look_at()
            query = self.query()
            try:
                found.append((query, parse(query, names)))
            except QueryError:
                continue
        return found

    # --- entities

    def alias(self) -> str:
        """An alias, mask or company as it stands in a configuration."""
        how = self.rng.random()
        text = self.stretch(2)
        if how < 0.15:
            text = self.exact()
        elif how < 0.3:
            text = self.rng.choice(["WHO", "US", "IT", "ICE", "{WHO}", "NATO", "OTAN", "G7", "UN", "AT&T"])
        elif how < 0.4:
            text = self.surface()[:5].upper()
        if not words(text):
            text = "a"
        return text + self.rng.choice(["", "", "", "", ":fr|es", ":en", ":de|ru"])

    def entity(self, name: str) -> EntityConfig:
        """An entity, with masks, company and languages in some."""
        aliases = [self.alias() for _ in range(self.rng.randint(1, 4))]
        masks: list[str] = []
        context: dict[str, object] = {}
        if self.rng.random() < 0.5:
            for alias in aliases:
                found = self._around(alias)
                if found:
                    masks.append(found)
        if self.rng.random() < 0.4:
            context["require_any"] = [self.alias() for _ in range(self.rng.randint(1, 3))]
            if self.rng.random() < 0.6:
                context["near"] = self.rng.choice([0, 3, 20, 60])
            if self.rng.random() < 0.5:
                context["unless"] = self.alias()
        self.look_at()
        return EntityConfig(name, tuple(aliases), tuple(masks), context)

    def _around(self, alias: str) -> str:
        """An alias with its neighbour in the focus, as a mask."""
        bare = alias.partition(":")[0].strip("{}")
        at = self.focus.find(bare)
        if at < 0:
            return ""
        end = at + len(bare)
        after = words(self.focus[end:])
        return self.focus[at : end + after[0].end] if after and self.rng.random() < 0.7 else ""


def as_judged(rng: random.Random, document: Document) -> Document:
    """The article with facts, some lines unconfirmed, some texts in capitals or broken up."""
    title, body = document.title, document.body
    how = rng.random()
    if how < 0.1:
        title = title.upper()
    elif how < 0.15:
        body = unicodedata.normalize("NFD", body)
    elif how < 0.2:
        body = body.replace("e", "e\u200d").replace(" a", " \u200ea")
    elif how < 0.3:
        body = body.replace(". ", " .... ").replace(",", " ----") + " ...."
    unconfirmed = []
    at = 0
    for line in body.splitlines(keepends=True):
        if rng.random() < 0.08:
            unconfirmed.append((at, at + len(line.rstrip("\n"))))
        at += len(line)
    return replace(
        document,
        title=title,
        body=body,
        unconfirmed=tuple(unconfirmed),
        feed=rng.choice(["f", "fx", "x"]),
        tags=rng.choice([(), ("t",), ("u", "T")]),
        categories=rng.choice([(), ("World",)]),
        source=rng.choice(["news.org", "a.com"]),
        authors=rng.choice([(), ("Jane Doe", "X")]),
        url=rng.choice(["https://news.org/a/b", "https://a.com/"]),
    )
