"""`tocsin alerts`: what rang, what stayed silent, and why."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output
from monitor.cli.veil import HIDDEN, veil
from monitor.cli.words import LARGEST

if TYPE_CHECKING:
    import sqlite3

    from monitor.store.database import Reader

RANK = ("sent", "waiting", "held", "dead", "dropped", "suppressed")
AROUND = 40  # characters of context on each side of a hit


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.alerts_route import route_alert
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="What rang, what stayed silent, and why.", **SETTINGS)
    group.command("list", epilog="Example: tocsin alerts list --since 24h --json")(list_alerts)
    group.command("show", epilog="Example: tocsin alerts show 12")(show)
    group.command("route", epilog="Example: tocsin alerts route --severity high --tag fr --at 23:30")(
        route_alert
    )
    app.add_typer(group, name="alerts")


def list_alerts(
    since: Annotated[str, typer.Option(help="How far back, e.g. 24h.")] = "7d",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    rule: Annotated[str | None, typer.Option(help="Only this rule's.")] = None,
) -> None:
    """List alerts, the newest first."""
    from monitor.cli.words import span
    from monitor.store import sql
    from monitor.store.rows import to_db

    reader = context.reader()
    rule = veil().meant(rule) if rule else None
    start = to_db(datetime.now(UTC) - timedelta(seconds=span(since)))
    count = (
        min(limit, LARGEST) if rule is None else LARGEST
    )  # the rule's own are picked out first, then counted
    rows = reader.rows(sql.ALERTS, top=LARGEST, since=start, count=count)
    chosen = [row for row in rows if rule in (None, row["rule"])][:limit]
    found = [_shape(reader, row) for row in chosen]
    if context.given.json:
        for alert in found:
            output.emit(alert)
        return
    now = datetime.now(UTC)
    output.table(
        ("ID", "WHEN", "SEVERITY", "RULE", "STATE", "FEED", "TITLE"),
        [
            (
                a["id"],
                output.ago(datetime.fromisoformat(a["matched"]), now),
                a["severity"],
                a["rule"],
                a["state"],
                a["feed"] + _others(a),
                a["title"],
            )
            for a in found
        ],
        empty=f"no alerts in the last {since}" + (f" of rule {veil().rule(rule)}" if rule else ""),
    )


def show(
    number: Annotated[int, typer.Argument(metavar="ID", help="From alerts list.")],
) -> None:
    """Show one alert. Its article, hits, deliveries, and the timeline of its story."""
    from monitor.cli import story_words
    from monitor.errors import TocsinError
    from monitor.store import sql
    from monitor.timeline import timeline

    reader = context.reader()
    row = reader.row(sql.ALERT, id=number) if number <= LARGEST else None
    if row is None:
        raise TocsinError(f"there is no alert {number}", hint="tocsin alerts list shows them")
    alert = _shape(reader, row)
    article = reader.row(sql.ARTICLE, id=row["article_id"])
    match = reader.row(sql.MATCH_OF_ALERT, article=row["article_id"], rule=row["rule"])
    hidden = veil().hides(row["rule"])
    alert["hits"] = json.loads(match["hits"]) if match and not hidden else []
    for delivery in alert["deliveries"]:
        outbox_id = delivery.pop("outbox", None)
        rows = reader.rows(sql.ATTEMPTS_OF, outbox=outbox_id) if outbox_id else []
        delivery["attempts"] = [
            {"number": r["number"], "at": _time(r["at"]), "answer": r["answer"], "detail": r["detail"]}
            for r in rows
        ]
    if hidden:
        if context.given.json:
            output.emit(alert)
        else:
            _tell_hidden(alert)
        return
    story = veil().timeline(timeline(reader, row["story_id"]))
    alert |= story_words.story_shape(story)
    if context.given.json:
        output.emit(alert)
    else:
        _tell(alert, article)
        story_words.tell_story(story)


def _shape(reader: Reader, row: sqlite3.Row) -> dict[str, Any]:
    """An alert in the contract's shape; of a secret rule without all that tells of its article."""
    found = _whole_shape(reader, row)
    if veil().hides(row["rule"]):
        found |= {
            "rule": veil().rule(row["rule"]),
            "title": HIDDEN,
            "url": "",
            "feed": "",
            "confidential": True,
        }
        found |= dict.fromkeys(("story", "article", "published", "fetched"))
        found |= {"also": [], "outlets": []}
    return found


def _whole_shape(reader: Reader, row: sqlite3.Row) -> dict[str, Any]:
    from monitor.model import Severity
    from monitor.store import sql
    from monitor.timeline import outlets_of

    ledger = reader.rows(sql.LEDGER_OF_ALERT, alert=row["id"])
    best = min(ledger, key=lambda r: RANK.index(r["state"]), default=None)
    feeds = dict.fromkeys(r["name"] for r in reader.rows(sql.FEEDS_OF_STORY, story=row["story_id"]))
    sources = [r["source"] for r in reader.rows(sql.SOURCES_OF_STORY, story=row["story_id"])]
    sent = [r["at"] for r in ledger if r["state"] == "sent"]
    return {
        "id": row["id"],
        "rule": row["rule"],
        "severity": Severity(row["severity"]).label,
        "title": row["title"],
        "url": row["url"],
        "feed": row["feed"],
        "story": row["story_id"],
        "article": row["article_id"],
        "also": [name for name in feeds if name != row["feed"]],
        "published": _time(row["published"]),
        "fetched": _time(row["fetched_at"]),
        "matched": _time(row["created_at"]),
        "sent": _time(max(sent)) if sent else None,
        "state": best["state"] if best else None,
        "reason": best["reason"] if best else None,
        "deliveries": [
            {
                "channel": r["channel"],
                "state": r["state"],
                "reason": r["reason"],
                "at": _time(r["at"]),
                "outbox": r["outbox_id"],
            }
            for r in ledger
            if r["channel"]
        ],
        "kind": row["kind"],
        "outlets": list(outlets_of(sources)),
    }


def _others(alert: dict[str, Any]) -> str:
    """How many others told it: outlets where there are several, else feeds of the same one."""
    several, noun = len(alert["outlets"]) - 1, "outlet"
    if several < 1:
        several, noun = len(alert["also"]), "feed"
    return f" +{several} {noun}{'s' if several > 1 else ''}" if several > 0 else ""


def _tell(alert: dict[str, Any], article: sqlite3.Row | None) -> None:
    from monitor.alerts.safe import one_line, safe_link

    output.out(output.colour(one_line(alert["title"]), "bold"))
    published = f"published {alert['published']}" if alert["published"] else "undated"
    output.out(f"{alert['severity']} · rule {alert['rule']} · {alert['feed']} · {published}")
    output.out(safe_link(alert["url"]) or "(no link)")
    output.out(
        f"alert {alert['id']} · article {alert['article']}; the whole way: tocsin explain alert:{alert['id']}"
    )
    if alert["also"]:
        output.out(f"also reported by {', '.join(alert['also'])}")
    for hit in alert["hits"]:
        named = f" (@{hit['entity']})" if hit["entity"] else ""
        output.out(f"  {hit['field']}: {_in_context(hit, article)}{named}")
    _tell_deliveries(alert)


def _tell_hidden(alert: dict[str, Any]) -> None:
    """An alert of a secret rule: that it rang, and what became of it."""
    output.out(output.colour(alert["title"], "bold"))
    output.out(f"{alert['severity']} · rule {alert['rule']} · matched {alert['matched']}")
    output.out(f"alert {alert['id']}; what it is about: tocsin alerts show {alert['id']} --reveal")
    _tell_deliveries(alert)


def _in_context(hit: dict[str, Any], article: sqlite3.Row | None) -> str:
    """The hit with the words around it; alone where the stored text has changed since."""
    from monitor.alerts.safe import one_line

    start, end = hit["start"], hit["end"]
    shown = output.colour(one_line(hit["text"]), "bold")
    # The body that matched was the page where there is one, or the feed's own text before that was read.
    fields = ("page", "body") if hit["field"] == "body" else (hit["field"],)
    texts = [article[name] for name in fields] if article else []
    text = next((each for each in texts if each[start:end] == hit["text"]), None)
    if text is None:
        return shown
    before, after = text[max(start - AROUND, 0) : start], text[end : end + AROUND]
    left = ("…" if start > AROUND else "") + _flat(before)
    return left + shown + _flat(after) + ("…" if end + AROUND < len(text) else "")


def _flat(text: str) -> str:
    """A piece of text on one line; a space where it ends in one stays."""
    from monitor.alerts.safe import clean

    return re.sub(r"\s+", " ", clean(text))


def _tell_deliveries(alert: dict[str, Any]) -> None:
    """What became of it on each channel; rows that say the same, one for each copy, are one line."""
    from monitor.model import Reason

    same = Counter((d["channel"], d["state"], d["reason"]) for d in alert["deliveries"])
    for (channel, state, reason), number in same.items():
        rows = [
            d
            for d in alert["deliveries"]
            if (d["channel"], d["state"], d["reason"]) == (channel, state, reason)
        ]
        times = f" ({number} times)" if number > 1 else ""
        output.out(f"{channel}: {state}{times}, {Reason.of(reason).sentence} ({rows[-1]['at']})")
        for tried in (attempt for row in rows for attempt in row["attempts"]):
            detail = f": {tried['detail']}" if tried["detail"] else ""
            output.out(f"  attempt {tried['number']} {tried['at']}: {tried['answer']}{detail}")
    if not alert["deliveries"] and alert["reason"]:
        output.out(f"{alert['state']}: {Reason.of(alert['reason']).sentence}")


def _time(text: str | None) -> str | None:
    from monitor.store.rows import from_db

    return output.rfc3339(from_db(text))
