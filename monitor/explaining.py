"""
Reads what is remembered of an article and of the rules that could concern it, for `stages.py` to judge.

Nothing is changed. An article's text is stored once, as it was shown last; its feeds, tags and marks are kept
for each feed that showed it, so each rule is judged once for each feed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.articles.identity import digest
from monitor.carriers import gaps_of
from monitor.circumstances import Circumstances
from monitor.documents import stored_document
from monitor.firstno import stopped
from monitor.matched import matches_of, page_of
from monitor.rules.explain import Explainer
from monitor.rules.tree import asked_for
from monitor.stages import NOTHING_BESIDE, Beside, RuleMemory, Shown, farthest
from monitor.store import sql
from monitor.store.rows import FeedState, from_db, read
from monitor.timeline import joined, outlets_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.alerts.route import Routed
    from monitor.matched import Matched
    from monitor.model import Document
    from monitor.rules.engine import CompiledRule, Engine
    from monitor.rules.explain import Explained
    from monitor.settings import Config, FeedConfig
    from monitor.stages import No, RuleNow
    from monitor.store.database import Reader

AROUND = timedelta(days=1)  # gaps are told that lie so near to when an article was first seen
MOST_GAPS = 3


@dataclass(frozen=True, slots=True)
class Carried:
    """A feed that showed an article: how it stands now, and its gaps around that time."""

    shown: Shown
    configured: FeedConfig | None
    state: FeedState
    gaps: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class RuleWay:
    """
    A rule's dealings with an article. `judged` is the verdict now, with `judged_as` the feed it is for.

    `routed` is where the routes, as they are now, send what the rule says of it; None where it does not hold.
    """

    rule: RuleNow
    memory: RuleMemory | None
    judged: Explained | None
    judged_as: str
    matches: tuple[Matched, ...]
    no: No | None
    ways: Mapping[str, No | None]  # for each feed that showed it
    routed: Routed | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Everything known of an article; `document` is None where its text is no longer kept.

    `outlets` are those that told its story, in `reports` articles.
    """

    id: int
    row: sqlite3.Row | None
    document: Document | None
    carried: tuple[Carried, ...]
    rules: tuple[RuleWay, ...]
    beside: Beside = NOTHING_BESIDE
    outlets: tuple[str, ...] = ()
    reports: int = 1


def explain_article(
    reader: Reader,
    article_id: int,
    config: Config,
    engine: Engine,
    rules: Sequence[RuleNow],
    *,
    now: datetime | None = None,
    running: bool | None = None,
) -> Explanation | None:
    """
    What happened to an article under these rules; None where no such article was ever seen.

    `engine` holds those of the rules that can be judged, disabled ones included where they are asked for.
    `now` is the time of asking and `running` whether a daemon is at work; None = not known.
    """
    row = reader.row(sql.ARTICLE, id=article_id)
    carried = _carried(reader, article_id, row, config)
    if row is None and not carried:
        return None
    if row is None:
        return Explanation(article_id, None, None, carried, ())
    documents = {c.shown.feed: stored_document(row, c.configured, c.shown.feed) for c in carried}
    judges = {feed: Explainer(engine, document) for feed, document in documents.items()}
    around = Circumstances(config)
    stored = matches_of(reader, row, engine, around)
    memories = {r["name"]: _memory(r) for r in reader.rows(sql.RULES)}
    beside = Beside(page_of(reader, row), joined(reader, article_id), now, running)
    options = {rule.name: rule.updates for rule in config.rules}
    ways = tuple(
        _way(
            replace(
                rule,
                reads_body=rule.name in engine.rules and reads_body(engine.rules[rule.name]),
                updates=options.get(rule.name, rule.updates),
            ),
            memories.get(rule.name),
            {
                feed: judge.explain(engine.rules[rule.name]) if rule.name in engine.rules else None
                for feed, judge in judges.items()
            },
            stored.get(rule.name, ()),
            [c.shown for c in carried],
            beside=beside,
        )
        for rule in rules
    )
    ways = tuple(replace(way, routed=_routed(way, row, around)) for way in ways)
    told = reader.rows(sql.SOURCES_OF_STORY, story=row["story_id"])
    return Explanation(
        id=article_id,
        row=row,
        document=documents[carried[0].shown.feed],
        carried=carried,
        rules=ways,
        beside=beside,
        outlets=outlets_of(r["source"] for r in told),
        reports=sum(r["n"] for r in told),
    )


def reads_body(rule: CompiledRule) -> bool:
    """Whether what a page says could make the rule hold: some term is looked for beyond title and summary."""
    return any(t.scope not in ("title", "summary") for t in asked_for(rule.wish)) if rule.wish else False


def rules_that_matched(reader: Reader, article_id: int) -> list[str]:
    """The names of the rules with a match on record, whether they are still configured or not."""
    return list(dict.fromkeys(r["rule"] for r in reader.rows(sql.MATCHES_OF_ARTICLE, article=article_id)))


def _way(
    rule: RuleNow,
    memory: RuleMemory | None,
    judged: Mapping[str, Explained | None],
    matches: Sequence[Matched],
    shown: Sequence[Shown],
    *,
    beside: Beside,
) -> RuleWay:
    entered = {match.feed: match.entered for match in matches}
    ways = {
        s.feed: stopped(rule, s, judged[s.feed], memory, entered.get(s.feed, ()), beside=beside)
        for s in shown
    }
    no = farthest(ways.values())
    # The tree is shown for the feed that speaks for the rule; where none said no, for one that matched.
    best = no.feed if no else next((feed for feed, one in ways.items() if one is None), "")
    return RuleWay(rule, memory, judged.get(best), best, tuple(matches), no, ways)


def _routed(way: RuleWay, row: sqlite3.Row, around: Circumstances) -> Routed | None:
    if way.judged is None or not way.judged.holds:
        return None
    hits = (hit for match in way.matches for hit in match.hits)
    entities = tuple(dict.fromkeys(hit["entity"] for hit in hits if hit.get("entity")))
    return around.routed(way.rule.name, way.judged_as, lang=row["language"], entities=entities)


def _carried(reader: Reader, article_id: int, row: sqlite3.Row | None, config: Config) -> tuple[Carried, ...]:
    """The feeds that showed the article, in the order in which they first did."""
    states = {r["id"]: read(FeedState, r) for r in reader.rows(sql.FEEDS)}
    configured = {feed.name: feed for feed in config.feeds}
    sightings = reader.rows(sql.SIGHTINGS_SHOWN, article=article_id)
    texts = _stored_texts(row, sightings)
    found = []
    for seen in sightings:
        first, last = from_db(seen["first_seen_at"]), from_db(seen["last_seen_at"])
        assert first is not None
        assert last is not None
        shown = Shown(seen["feed"], first, last, bool(seen["baseline"]), seen["text"] in texts)
        gaps = tuple(
            (since, until)
            for since, until in gaps_of(reader, seen["feed_id"])
            if since <= first + AROUND and first - AROUND <= until
        )
        found.append(Carried(shown, configured.get(seen["feed"]), states[seen["feed_id"]], gaps[:MOST_GAPS]))
    if row is not None and not found:  # its marks are gone: the feed that brought it is still on record
        first = from_db(row["fetched_at"])
        assert first is not None
        shown = Shown(row["feed"], first, first, baseline=False)
        found.append(Carried(shown, configured.get(row["feed"]), states[row["feed_id"]], ()))
    return tuple(found)


def _stored_texts(row: sqlite3.Row | None, sightings: Sequence[sqlite3.Row]) -> set[int]:
    """
    The marks under which feeds showed the text that is stored.

    A mark is of a text as the feed gave it; where furniture was cut out of it, the stored one has another.
    Then the feed that brought the article is taken to have shown what is stored.
    """
    marks = {seen["text"] for seen in sightings}
    if row is None or len(marks) < 2:
        return marks
    exact = marks & {digest(row["title"], row["summary"], row["body"])}
    return exact or {seen["text"] for seen in sightings if seen["feed"] == row["feed"]}


def _memory(row: sqlite3.Row) -> RuleMemory:
    first, loaded = from_db(row["first_loaded_at"]), from_db(row["loaded_at"])
    assert first is not None
    assert loaded is not None
    return RuleMemory(row["hash"], first, loaded, from_db(row["retired_at"]))
