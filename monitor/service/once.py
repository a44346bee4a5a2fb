"""`tocsin run --once`: poll what is due, read the pages that are wanted, deliver what that made, and end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.service.app import App
from monitor.service.log import event, get_logger
from monitor.store import sql
from monitor.store.pages import waiting_pages
from monitor.store.rows import to_db

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.service.parts import Parts
    from monitor.settings import Config

LONG_FAILING = timedelta(hours=24)
PAGES_FOR = 60.0  # seconds in which pages are begun; the next run goes on with those that are left
_log = get_logger("housekeeping")


@dataclass(frozen=True, slots=True)
class OnceSummary:
    """What a run did; `exit_code` 1 = a delivery or a poll was lost to a fault, or feeds fail for long."""

    polled: int
    new: int
    matched: int
    delivered: int
    failed: int
    waiting: int
    baseline: int
    last_match_before: int
    offline: bool
    exit_code: int
    pages: int = 0  # asked for
    pages_waiting: int = 0


async def run_once(
    config: Config,
    *,
    force: bool,
    only: str | None = None,
    parts: Parts | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> OnceSummary:
    """
    Poll each due feed once (with `force` each that may be asked; or `only` one), deliver, and sum up.

    `progress` is told after each poll how many are done, and of how many feeds.
    """
    async with App(config, parts=parts) as app:
        app.on_polled = lambda _: progress(app.poller.counts["polled"], len(app.plan.feeds))
        if force and only is None:
            now = to_db(app.clock())
            app.database.writer.submit(lambda tx: tx.run(sql.OUTBOX_RETRY_NOW, now=now)).result()
        await app.note_alive()
        delivery = asyncio.create_task(app.worker.run())
        keeping = asyncio.create_task(app.keeper.run())
        await app.poller.poll_all(force=force, only=only)
        await _read_pages(app)
        await app.release_digests(at_once=True)
        await _keep_watch(app)
        await app.keeper.look()
        await app.worker.finish()
        delivery.cancel()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        if only is None:
            await _keep_house(app)
        summary = _sum_up(app)
        if only is None and not summary.exit_code and config.deadman is not None:
            await _ping(app)
        return summary


async def _ping(app: App) -> None:
    """The run was whole and healthy: say so to whoever waits for it."""
    from monitor.service.deadman import Deadman  # noqa: PLC0415 - few configure it

    async def broken() -> str:
        return ""

    await Deadman(
        lambda: app.plan.config,
        app.database,
        broken=broken,
        clock=app.clock,
        steady=app.clock.steady,
        after=0.0,
    ).look()


async def _read_pages(app: App) -> None:
    """Read the pages that are wanted, as far as there is time; what cannot be kept waits for the next run."""
    try:
        await app.pages.drain(PAGES_FOR)
    except StoreError as error:
        event(_log, "warning", "pages not read", error=error.message, remedy=error.hint)


async def _keep_watch(app: App) -> None:
    """Tell of feeds in trouble; if that cannot be kept, the next run does it."""
    try:
        await app.keep_watch(seldom=True)
    except StoreError as error:
        event(_log, "warning", "feeds not looked after", error=error.message, remedy=error.hint)


async def _keep_house(app: App) -> None:
    """Where no daemon runs, this prunes; if it cannot, what was delivered is delivered all the same."""
    try:
        await app.keep_house(breath=0.0)
    except StoreError as error:
        event(_log, "warning", "old rows not pruned", error=error.message, remedy=error.hint)


def _sum_up(app: App) -> OnceSummary:
    counts, attempts = app.poller.counts, app.tally.attempts
    delivered = attempts.get("ok", 0)
    failed = sum(attempts.values()) - delivered
    reader = app.database.reader
    baseline = reader.row(sql.BASELINE_COUNT, after=app.started_at_match)
    feeds = app.plan.feeds
    failing = [row for row in reader.rows(sql.FEEDS_IN_FAILURE) if row["name"] in feeds]
    longest = to_db(app.clock() - LONG_FAILING)
    assert longest is not None
    bad = (
        failed > 0
        or counts["unrecorded"] > 0
        or (bool(feeds) and len(failing) == len(feeds))
        or app.poller.outage.on
        or any(row["first_failure_at"] and row["first_failure_at"] < longest for row in failing)
    )
    return OnceSummary(
        polled=counts["polled"],
        new=counts["new"],
        matched=counts["matched"] + app.pages.counts["matched"],
        delivered=delivered,
        failed=failed,
        waiting=sum(r["n"] for r in reader.rows(sql.OUTBOX_COUNTS) if r["state"] in ("ready", "retry")),
        baseline=int(baseline[0]) if baseline else 0,
        last_match_before=app.started_at_match,
        offline=app.poller.outage.on,
        exit_code=int(bad),
        pages=app.pages.counts["asked"],
        pages_waiting=waiting_pages(reader),
    )
