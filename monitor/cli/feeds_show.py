"""`tocsin feeds show`: everything known of one feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.cli import context, output
from monitor.cli.feed_facts import Name, find, shape_of, states_of

if TYPE_CHECKING:
    from monitor.store.rows import FeedState

GAPS_SHOWN = 10


def show(name: Name) -> None:
    """Show everything known of one feed."""
    from monitor.config.show import show as shown_config

    config = context.config()
    feed = find(config, name)
    state = states_of(config).get(name)
    configured = next(f for f in shown_config(config)["feeds"] if f["name"] == name)
    shape = (
        configured
        | shape_of(feed, state)
        | {
            "title": state.title if state else None,
            "polls": state.polls if state else 0,
            "failures": state.failures if state else 0,
            "http_status": state.last_http if state else None,
            "baseline": output.rfc3339(state.baseline_at) if state else None,
            "conditional": bool(state and (state.etag or state.last_modified)),
            "not_before": output.rfc3339(state.forbidden_until) if state else None,
            "gaps": _gaps(state) if state else [],
        }
    )
    if context.given.json:
        output.emit(shape)
        return
    shape["gaps"] = [f"{gap['since']} to {gap['until']}" for gap in shape["gaps"]]
    for key, value in shape.items():
        shown = ", ".join(value) if isinstance(value, list | dict) else value
        output.out(
            f"{key.replace('_', ' '):<12}  {'-' if shown in (None, '') else output.printable(str(shown))}"
        )


def _gaps(state: FeedState) -> list[dict[str, str | None]]:
    """The newest spans in which the feed may have dropped items that nobody saw."""
    from monitor.store import sql
    from monitor.store.rows import from_db

    rows = context.reader().rows(sql.GAPS_OF, feed=state.id)[:GAPS_SHOWN]
    return [{end: output.rfc3339(from_db(row[end])) for end in ("since", "until")} for row in rows]
