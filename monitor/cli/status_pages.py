"""What `tocsin status` says of pages, of rules that do without them, and of stories told by several."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.settings import Config
    from monitor.store.database import Reader

MOST_REASONS = 3  # why pages were given up, shown to people
MOST_RULES = 5

NOTHING: Mapping[str, Any] = {
    "pages": {"waiting": 0, "read_24h": 0, "given_up_24h": 0, "reasons": []},
    "teaser_only": [],
    "shared_stories_24h": 0,
}


def gather(config: Config | None, reader: Reader, since: datetime) -> dict[str, Any]:
    """The keys of `NOTHING`, with what happened since then, a day ago."""
    from monitor.matched import NO_PAGE
    from monitor.store.pages import page_counts
    from monitor.timeline import told_by_several

    counts = page_counts(reader, since)
    reasons = Counter({why or NO_PAGE: n for why, n in counts.given_up.items()})
    return {
        "pages": {
            "waiting": counts.waiting,
            "read_24h": counts.read,
            "given_up_24h": reasons.total(),
            "reasons": [{"why": why, "articles": n} for why, n in reasons.most_common()],
        },
        "teaser_only": _teaser_only(config, reader, since),
        "shared_stories_24h": told_by_several(reader, since),
    }


def lines(found: Mapping[str, Any]) -> list[str]:
    """The same for people; nothing of what there is none of."""
    pages, told = found["pages"], []
    if pages["waiting"] or pages["read_24h"] or pages["given_up_24h"]:
        whys = [f"{output.printable(r['why'])} ({r['articles']})" for r in pages["reasons"]]
        why = f": {', '.join(whys[:MOST_REASONS])}" if whys else ""
        more = _and_more(len(whys) - MOST_REASONS, "other reason")
        told.append(
            f"pages    {pages['waiting']} waiting, {pages['read_24h']} read in 24 h,"
            f" {pages['given_up_24h']} given up{why}{more}"
        )
    if rules := found["teaser_only"]:
        named = ", ".join(f"{r['rule']} ({r['articles']})" for r in rules[:MOST_RULES])
        more = _and_more(len(rules) - MOST_RULES, "more rule")
        told.append(f"teasers  articles judged without their page in 24 h, by rule: {named}{more}")
    if shared := found["shared_stories_24h"]:
        noun = "story was" if shared == 1 else "stories were"
        told.append(f"stories  {shared} {noun} told by several outlets in 24 h")
    return told


def _and_more(number: int, what: str) -> str:
    return f" and {number} {what}{'s' if number > 1 else ''}" if number > 0 else ""


def _teaser_only(config: Config | None, reader: Reader, since: datetime) -> list[dict[str, Any]]:
    """For each rule that a page could have made hold: how many articles it was judged on without one."""
    from monitor.store import sql
    from monitor.store.rows import to_db

    missed = {row["name"]: row["n"] for row in reader.rows(sql.PAGES_MISSED_COUNTS, since=to_db(since))}
    if not missed or config is None:
        return []
    from monitor.cli.feed_troubles import rules_by_feed
    from monitor.explaining import reads_body
    from monitor.plan import build_plan

    engine = build_plan(config)[0].engine
    count = Counter[str]()
    for feed, rules in rules_by_feed(config, missed).items():
        for rule in rules:
            if rule in engine.rules and reads_body(engine.rules[rule]):
                count[rule] += missed[feed]
    return [{"rule": veil().rule(rule), "articles": n} for rule, n in count.most_common()]
