"""Eight ways in which a report is published again by others, seeded: what deduplication must see through."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

INTRO = (
    "Our newsroom has followed these events since the early hours and brings readers what is known so far,"
    " together with the reactions that reached us by telephone and by letter."
)
CREDIT = (
    "This text was supplied by a partner agency and has been published without changes by our editors, who"
    " thank all those who have helped to bring it to our readers. Write to us."
)


def verbatim(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """Every word."""
    return words


def credited(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """With thirty words behind."""
    return [*words, *CREDIT.split()]


def halved(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """The first half."""
    return words[: len(words) // 2]


def introduced(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """The first 30 % behind an introduction of its own."""
    return [*INTRO.split(), *words[: len(words) * 3 // 10]]


def edited(words: list[str], dice: random.Random, pool: Sequence[str], share: float = 0.08) -> list[str]:
    """One word in twelve left out, doubled, or another."""
    out = []
    for word in words:
        if dice.random() >= share:
            out.append(word)
            continue
        what = dice.random()
        if what < 0.5:
            out.append(dice.choice(pool))
        elif what < 0.75:
            out += [word, dice.choice(pool)]
    return out


def rewritten(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """One word in five."""
    return edited(words, dice, pool, 0.20)


def mixed(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """40 % of it and as much of another text."""
    part = len(words) * 4 // 10
    return [*words[:part], *dice.choices(pool, k=part)]


def teaser(words: list[str], dice: random.Random, pool: Sequence[str]) -> list[str]:
    """The first thirty words."""
    return words[:30]


SUPPRESSED: tuple[Callable[..., list[str]], ...] = (verbatim, halved, introduced, edited)
GROUPED: tuple[Callable[..., list[str]], ...] = (*SUPPRESSED, credited, rewritten, mixed, teaser)
