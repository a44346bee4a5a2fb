"""
What a configuration's rules say, beside what is wrong with them: lawful, and seldom meant. Pure.

Warnings only, and few: each names a place and a remedy, and a sane configuration gets none. slips.py reads
the texts as they were typed; here the rules are looked at as trees, side by side, beside the feeds, and
beside the words of stored articles where there are some.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.rules.entities import compile_alias
from monitor.rules.facts import document_value, speaks
from monitor.rules.frequency import LEAST_ARTICLES, Frequencies
from monitor.rules.globs import INFLECTED, glob, has_wildcard
from monitor.rules.inflection import forms
from monitor.rules.lexer import Kind, lex, nearest
from monitor.rules.lists import rule_trees
from monitor.rules.printer import print_query
from monitor.rules.problems import RuleProblem
from monitor.rules.slips import place_of, slips, written
from monitor.rules.tree import And, AtLeast, DocumentTerm, Near, Node, Not, Or, Regex, Term, leaves
from monitor.text.language import is_common

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from monitor.settings import EntityConfig, FeedConfig, RuleConfig

COMMON = 0.05  # of the stored articles
LEAST_SEEN = 5  # stored articles that hold a missed form
SHORTEST_MISSED = 4  # letters
MOST_RAW_REGEXES = 100
_ASSUMED = ("en",)  # where no language is configured


@dataclass(frozen=True, slots=True)
class _Read:
    """A rule that can be used: its whole tree, that without its sources, and its languages."""

    config: RuleConfig
    tree: Node
    wish: Node | None
    languages: Sequence[str]

    def problem(self, message: str, hint: str, at: str | None = None) -> RuleProblem:
        """A warning about the rule, or about the term in it that is written `at`."""
        config = self.config
        key, column = (
            (("query",) if config.query is not None else (), None) if at is None else place_of(config, at)
        )
        return RuleProblem(config.name, f"rule '{config.name}': {message}", column, hint, "warning", key)


def lint(
    rules: Sequence[RuleConfig],
    entities: Sequence[EntityConfig],
    *,
    feeds: Sequence[FeedConfig] = (),
    languages: Sequence[str] = (),
    own: Collection[str] | None = None,
    stored: Frequencies | None = None,
) -> tuple[RuleProblem, ...]:
    """
    All warnings about the enabled rules that can be used, and about entities.

    `own` names the entities that the user wrote, those of packs are left alone (None: all are); `languages`
    are the configured ones; `stored` tells in how many stored articles each word stands.
    """
    names = {entity.name for entity in entities}
    found: list[RuleProblem] = []
    read: list[_Read] = []
    for config in rules:
        if not config.enabled:
            continue
        tree, wish, _ = rule_trees(config, names)
        spoken = config.lang or languages or _ASSUMED
        found += slips(config, wish, spoken)
        if tree is not None:
            read.append(_Read(config, tree, wish, spoken))
    for rule in read:
        found += _common_words(rule, stored)
        found += _without_feed(rule, feeds)
        if stored is not None and stored.articles >= LEAST_ARTICLES:
            found += _near_misses(rule, stored)
    found += _same_query(read)
    found += _many_raw_regexes(read)
    mine = [entity for entity in entities if own is None or entity.name in own]
    found += _unused(mine, rules)
    found += _shared_aliases(mine)
    return tuple(found)


# --- one rule --------------------------------------------------------------------------------------------


def _common_words(rule: _Read, stored: Frequencies | None) -> Iterator[RuleProblem]:
    """Words that make the rule hold by themselves, and that every text is made of."""

    def everyday(term: Term) -> bool:
        return all(is_common(element, rule.languages) for element in term.elements)

    def frequent(term: Term) -> bool:
        return stored is not None and share(term, stored) > COMMON

    if rule.wish is None:
        return
    for term in _enough(rule.wish, everyday):
        # In capitals it is an acronym, of which slips.py speaks.
        if not term.written.isupper():
            text = print_query(replace(term, scope="text"))
            yield rule.problem(
                f"{text} holds only common words, and is enough for the rule to hold",
                "ask for a name or a rarer word beside it, or drop it",
                term.written,
            )
    for term in _enough(rule.wish, frequent):
        if stored is not None and not everyday(term):
            number = round(share(term, stored) * stored.articles)
            text = print_query(replace(term, scope="text"))
            yield rule.problem(
                f"{text} stands in {number} of the newest {stored.articles} articles, "
                "and is enough for the rule to hold",
                f"ask for more beside it: {text} AND …, or title:{text}",
                term.written,
            )


def _enough(node: Node, is_meant: Callable[[Term], bool]) -> list[Term]:
    """The terms of a kind that make the node hold without anything of another kind."""
    if isinstance(node, Term):
        return [node] if node.scope == "text" and is_meant(node) else []
    if isinstance(node, Or):
        return [term for child in node.children for term in _enough(child, is_meant)]
    if isinstance(node, And | Near):
        children = node.children if isinstance(node, And) else (node.left, node.right)
        parts = [_enough(child, is_meant) for child in children if not isinstance(child, Not | DocumentTerm)]
        return parts[0][:1] if parts and all(parts) else []
    return []


def share(term: Term, stored: Frequencies) -> float:
    """The share of stored articles that surely hold a term of one word; 0.0 for phrases."""
    if len(term.elements) > 1 or stored.articles < LEAST_ARTICLES:
        return 0.0
    element = term.elements[0]
    if INFLECTED in element:
        element = element.partition(INFLECTED)[0]
    if not has_wildcard(element):
        return stored.counts.get(element, 0) / stored.articles
    fits = glob(element).fullmatch
    return max((count for word, count in stored.counts.items() if fits(word)), default=0) / stored.articles


def _without_feed(rule: _Read, feeds: Sequence[FeedConfig]) -> Iterator[RuleProblem]:
    """Sources that no configured feed is, so that the rule never holds."""
    if not feeds:
        return
    names = [feed.name for feed in feeds]
    tags = sorted({tag for feed in feeds for tag in feed.tags})
    for leaf in leaves(rule.wish) if rule.wish is not None else ():
        if isinstance(leaf, DocumentTerm) and leaf.field in ("feed", "tag"):
            known = names if leaf.field == "feed" else tags
            if not _any_fits(leaf.value, known):
                what = "is named" if leaf.field == "feed" else "has the tag"
                yield rule.problem(f"no feed {what} '{leaf.value}'", nearest(leaf.value, known), leaf.value)
    config = rule.config
    if any(_meets(feed, config) for feed in feeds):
        return
    # That no feed has the name or the tag is told where the configuration is checked.
    alone = (replace(config, feeds=(), lang=()), replace(config, tags=(), lang=()))
    if all(any(_meets(feed, one) for feed in feeds) for one in alone):
        asked = " and ".join(key for key in ("feeds", "tags", "lang") if getattr(config, key))
        yield rule.problem(
            f"no feed meets its {asked}, so it never holds",
            "look at the feeds: tocsin feeds list; a feed without a language passes every lang",
        )


def _any_fits(value: str, known: Iterable[str]) -> bool:
    fits = glob(value).fullmatch
    return any(fits(document_value(name)) for name in known)


def _meets(feed: FeedConfig, rule: RuleConfig) -> bool:
    """Whether articles of the feed may pass a rule's lang, feeds and tags."""
    values = [document_value(value) for value in rule.feeds]
    if values and not any(_any_fits(value, [feed.name]) for value in values):
        return False
    values = [document_value(value) for value in rule.tags]
    if values and not any(_any_fits(value, feed.tags) for value in values):
        return False
    return not rule.lang or any(speaks(feed.language, document_value(code)) for code in rule.lang)


def _near_misses(rule: _Read, stored: Frequencies) -> Iterator[RuleProblem]:
    """Words whose other forms stand in stored articles, where the rule does not take them."""
    terms = [leaf for leaf in _positive(rule.wish) if isinstance(leaf, Term)] if rule.wish else []
    taken = [glob(element).fullmatch for term in terms for element in term.elements]
    for term in dict.fromkeys(replace(term, scope="text") for term in terms):
        word = term.elements[0]
        plain = len(term.elements) == 1 and not has_wildcard(word) and INFLECTED not in word
        if not plain or len(word) < SHORTEST_MISSED or is_common(word, rule.languages):
            continue
        missed = [
            (stored.counts.get(form, 0), form)
            for form in forms(word, rule.languages)
            if form != word and not any(fits(form) for fits in taken)
        ]
        number, form = max(missed, default=(0, ""))
        if number >= LEAST_SEEN:
            yield rule.problem(
                f"{word} does not take '{form}', which stands in {number} of the newest "
                f"{stored.articles} articles",
                f"write {word}~ for all its forms, or name those you want",
                term.written,
            )


def _positive(node: Node) -> Iterator[Node]:
    """The leaves that are asked for, not those under NOT."""
    if isinstance(node, And | Or):
        yield from chain.from_iterable(map(_positive, node.children))
    elif isinstance(node, Near):
        yield from chain(_positive(node.left), _positive(node.right))
    elif isinstance(node, AtLeast):
        yield from node.terms
    elif not isinstance(node, Not):
        yield node


# --- rules side by side ----------------------------------------------------------------------------------


def _same_query(rules: Sequence[_Read]) -> Iterator[RuleProblem]:
    """Rules that ask for the same: each article rings twice, once under either name."""
    known: dict[str, str] = {}
    for rule in rules:
        text = print_query(rule.tree)
        first = known.setdefault(text, rule.config.name)
        if first != rule.config.name:
            yield rule.problem(
                f"asks for the same as rule '{first}'", "keep one of them; routes may send it to both places"
            )


def _many_raw_regexes(rules: Sequence[_Read]) -> Iterator[RuleProblem]:
    """Each expression with the flag s is run over whole texts: hundreds are felt."""
    seen: set[Regex] = set()
    for rule in rules:
        before = len(seen)
        seen |= {leaf for leaf in leaves(rule.tree) if isinstance(leaf, Regex) and "s" in leaf.flags}
        if before <= MOST_RAW_REGEXES < len(seen):
            yield rule.problem(
                f"with it, more than {MOST_RAW_REGEXES} regular expressions (flag s) search whole texts",
                "write phrases, wildcards or expressions without s, which are looked up",
            )


# --- entities --------------------------------------------------------------------------------------------


def _unused(entities: Sequence[EntityConfig], rules: Sequence[RuleConfig]) -> Iterator[RuleProblem]:
    """Entities that no rule names, not even a disabled one or one with a mistake."""
    if not rules:
        return
    named = set(chain.from_iterable(map(_named_in, rules)))
    for entity in entities:
        if entity.name not in named:
            yield _of_entity(
                entity, "no rule asks for it", f"write @{entity.name} in a query, or remove it", ()
            )


def _named_in(rule: RuleConfig) -> Iterator[str]:
    for _, text in written(rule):
        try:
            yield from (lexeme.value for lexeme in lex(text) if lexeme.kind is Kind.ENTITY)
        except QueryError:
            yield from (word.strip('()"').removeprefix("-").removeprefix("@") for word in text.split())


def _shared_aliases(entities: Sequence[EntityConfig]) -> Iterator[RuleProblem]:
    """Names that stand for two entities at once, with nothing to tell them apart."""
    known: defaultdict[object, list[tuple[EntityConfig, tuple[str, ...]]]] = defaultdict(list)
    for entity in entities:
        for index, text in enumerate(entity.aliases):
            alias = compile_alias(text)
            if alias is None:
                continue
            for other, spoken in known[alias.form]:
                apart = other is entity or (entity.context and other.context)
                if apart or (spoken and alias.languages and not set(spoken) & set(alias.languages)):
                    continue
                message = f"'{alias.written}' is a name of entity '{other.name}' too"
                hint = 'give both a context, or each name its languages: "OMS:fr|es"'
                yield _of_entity(entity, message, hint, ("aliases", index))
                break
            known[alias.form].append((entity, alias.languages))


def _of_entity(entity: EntityConfig, message: str, hint: str, key: tuple[str | int, ...]) -> RuleProblem:
    return RuleProblem(
        rule="",
        entity=entity.name,
        message=f"entity '{entity.name}': {message}",
        hint=hint,
        level="warning",
        key=key,
    )
