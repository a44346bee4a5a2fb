"""
What a configuration's rules say, beside what is wrong with them: lawful, and seldom meant. Pure.

Warnings only, and few: each names a place and a remedy, and a sane configuration gets none. slips.py reads
the texts as they were typed, commonness.py looks at their words; here rules stand side by side, and beside
feeds and entities.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.rules.commonness import Words
from monitor.rules.entities import compile_alias
from monitor.rules.lexer import Kind, lex, nearest
from monitor.rules.lists import rule_trees
from monitor.rules.printer import print_query
from monitor.rules.problems import RuleProblem
from monitor.rules.reach import any_fits, meets
from monitor.rules.slips import ReadRule, slips, written
from monitor.rules.tree import DocumentTerm, Regex, leaves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from monitor.rules.frequency import Frequencies
    from monitor.settings import EntityConfig, FeedConfig, RuleConfig

MOST_RAW_REGEXES = 100
_ASSUMED = ("en",)  # where no language is configured


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
    read: list[ReadRule] = []
    for config in rules:
        if not config.enabled:
            continue
        tree, wish, _ = rule_trees(config, names)
        spoken = config.lang or languages or _ASSUMED
        found += slips(config, wish, spoken)
        if tree is not None:
            read.append(ReadRule(config, tree, wish, spoken))
    words, sources = Words(stored), _Sources(feeds)
    for rule in read:
        found += chain(words.everyday(rule), words.common(rule), sources.problems(rule), words.missed(rule))
    found += _same_query(read)
    found += _many_raw_regexes(read)
    mine = [entity for entity in entities if own is None or entity.name in own]
    found += _unused(mine, rules)
    found += _shared_aliases(mine)
    return tuple(found)


# --- sources --------------------------------------------------------------------------------------------


class _Sources:
    """The configured feeds, and which rules no feed meets."""

    def __init__(self, feeds: Sequence[FeedConfig]) -> None:
        self._feeds = feeds
        self._names = [feed.name for feed in feeds]
        self._tags = sorted({tag for feed in feeds for tag in feed.tags})
        self._known: dict[tuple[tuple[str, ...], ...], bool] = {}  # many rules ask for the same

    def problems(self, rule: ReadRule) -> Iterator[RuleProblem]:
        """What a rule asks of its source that no configured feed is."""
        if not self._feeds:
            return
        for leaf in leaves(rule.wish) if rule.wish is not None else ():
            if isinstance(leaf, DocumentTerm) and leaf.field in ("feed", "tag"):
                what, known = "is named", self._names
                if leaf.field == "tag":
                    what, known = "has the tag", self._tags
                if not any_fits(leaf.value, known):
                    hint = nearest(leaf.value, known)
                    yield rule.problem(f"no feed {what} '{leaf.value}'", hint, leaf.value)
        feeds, tags, lang = rule.config.feeds, rule.config.tags, rule.config.lang
        # That no feed has the name or the tag alone is told where the configuration is checked.
        if not self._met(feeds, tags, lang) and self._met(feeds, (), ()) and self._met((), tags, ()):
            asked = " and ".join(key for key in ("feeds", "tags", "lang") if getattr(rule.config, key))
            yield rule.problem(
                f"no feed meets its {asked}, so it never holds",
                "look at the feeds: tocsin feeds list; a feed without a language passes every lang",
            )

    def _met(self, *asked: tuple[str, ...]) -> bool:
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = any(meets(feed, *asked) for feed in self._feeds)
        return known


# --- rules side by side ----------------------------------------------------------------------------------


def _same_query(rules: Sequence[ReadRule]) -> Iterator[RuleProblem]:
    """Rules that ask for the same: each article rings twice, once under either name."""
    known: dict[str, str] = {}
    for rule in rules:
        text = print_query(rule.tree)
        first = known.setdefault(text, rule.config.name)
        if first != rule.config.name:
            yield rule.problem(
                f"asks for the same as rule '{first}'", "keep one of them; routes may send it to both places"
            )


def _many_raw_regexes(rules: Sequence[ReadRule]) -> Iterator[RuleProblem]:
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
