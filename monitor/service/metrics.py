"""
The metrics in Prometheus' words: names, help texts and labels of every figure. docs/health.md lists them.

Nothing is kept here: a scrape makes families from one snapshot. The number of series is bounded whatever the
configuration holds: feeds and rules have series of their own only while something is the matter with them,
and then a hundred at most; the totals beside count them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from monitor.alerts.latency import Stage
from monitor.model import AnswerClass, FetchStatus, OutboxState
from monitor.seeing import Sight, label_of
from monitor.store.figures import dead_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from prometheus_client.core import Metric

    from monitor.service.health import Seen, Snapshot

MOST_NAMED = 100  # series with a feed's or a rule's name


def exposition(snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
    """The metrics in the form that the scraper accepts, and that form's content type."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Families(snapshot))
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


class _Families(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        yield from _of_process(self._snapshot)
        yield from _of_pulse(self._snapshot)
        seen = self._snapshot.seen
        yield _gauge(
            "tocsin_database_readable",
            "Whether the database could be read for this scrape.",
            seen is not None,
        )
        if seen is not None:
            yield from _of_store(seen)
            yield from _of_feeds(seen)
            yield from _of_rules(self._snapshot, seen)


# --- counters of this process


def _of_process(snapshot: Snapshot) -> Iterator[Metric]:
    process = snapshot.process
    yield InfoMetricFamily("tocsin_build", "The version that runs.", value={"version": snapshot.version})
    yield _counters(
        "tocsin_polls",
        "Polls that were recorded, by how the request ended; new and not_modified are well.",
        "result",
        {status.value: 0 for status in FetchStatus} | dict(process.polls),
    )
    yield _counter(
        "tocsin_polls_unrecorded",
        "Polls of which nothing could be recorded; they are made again.",
        process.polls_unrecorded,
    )
    yield _counter(
        "tocsin_polls_offline",
        "Polls that failed because this machine was cut off; held against no feed.",
        process.polls_offline,
    )
    yield _counter("tocsin_items_new", "Items that were new in their feed.", process.items_new)
    yield _counter(
        "tocsin_matches", "Matches of rules that were recorded, baseline included.", process.matches
    )
    yield _counter("tocsin_pages_asked", "Requests for pages of articles.", process.pages_asked)
    yield _counters(
        "tocsin_delivery_attempts",
        "Attempts to deliver a notification, by what the receiver's answer meant.",
        "answer",
        {answer.value: 0 for answer in AnswerClass} | dict(process.attempts),
    )
    yield _counters("tocsin_reloads", "Reloads of the configuration.", "result", process.reloads)
    latency = HistogramMetricFamily(
        "tocsin_alert_latency_seconds",
        "How long alerts that were sent took: fetch (published to fetched), match, send, and total.",
        labels=["stage"],
    )
    for stage in Stage:
        histogram = snapshot.latency[stage]
        buckets = [
            ("+Inf" if bound == float("inf") else f"{bound:g}", n) for bound, n in histogram.cumulative()
        ]
        latency.add_metric([stage.value], buckets, histogram.sum)
    yield latency
    yield _gauge("tocsin_rules", "Rules in force.", process.rules)
    yield _gauge("tocsin_engine_bytes", "Memory that the compiled rules take, roughly.", process.rules_bytes)
    yield _gauge(
        "tocsin_memo_pieces", "Pieces of text whose meaning to the rules is remembered.", process.memo_pieces
    )
    yield _gauge("tocsin_memo_bytes", "Memory that these take, roughly.", process.memo_bytes)


def _of_pulse(snapshot: Snapshot) -> Iterator[Metric]:
    pulse = snapshot.pulse
    yield _gauge("tocsin_healthy", "Whether /healthz says ok.", pulse.reason is None)
    yield _gauge(
        "tocsin_last_tick_timestamp_seconds",
        "When the schedule was last looked at; each half second if all is well.",
        _moment(pulse.last_tick),
    )
    yield _gauge(
        "tocsin_polling_stopped",
        "Whether nothing is polled because nothing can be recorded.",
        pulse.stopped is not None,
    )
    yield _gauge("tocsin_offline", "Whether this machine is cut off, so that feeds wait.", pulse.offline)
    yield _gauge("tocsin_canary_failing", "Whether the canary has not come through.", bool(pulse.canary))
    yield _gauge(
        "tocsin_canary_last_timestamp_seconds",
        "When a round of the canary came through last; 0 = none has.",
        _moment(pulse.canary_at),
    )
    yield _gauge(
        "tocsin_config_remark",
        "Whether the configuration on the disk was refused, or differs from the one in force.",
        bool(pulse.refused),
    )
    yield _gauge(
        "tocsin_database_damaged", "Whether damage was found in the database's file.", bool(pulse.damaged)
    )
    yield _gauge("tocsin_polls_in_hand", "Polls under way.", pulse.polls_in_hand)


# --- what the database knows


def _of_store(seen: Seen) -> Iterator[Metric]:
    store = seen.store
    states = {state.value: 0 for state in OutboxState} | dict(store.outbox)
    yield _gauges("tocsin_outbox", "Notifications in the outbox, by state.", "state", states)
    yield _gauge(
        "tocsin_dead_letters",
        "Notifications that were given up and can be replayed.",
        dead_letters(store.outbox),
    )
    yield _gauge(
        "tocsin_outbox_oldest_timestamp_seconds",
        "When the oldest notification was made that is on its way; 0 = there is none.",
        _moment(store.oldest_waiting),
    )
    family = GaugeMetricFamily(
        "tocsin_matches_by_fate",
        "What became of matches of the last 24 h: one for each match and channel, by state and reason.",
        labels=["state", "reason"],
    )
    for (state, reason), number in sorted(store.ledger.items()):
        family.add_metric([state, reason], number)
    yield family
    yield _gauge("tocsin_alerts_24h", "Alerts of the last 24 h.", store.alerts)
    yield _gauge(
        "tocsin_last_alert_timestamp_seconds",
        "When the last alert was made; 0 = never.",
        _moment(store.last_alert),
    )
    yield _gauge("tocsin_pages_waiting", "Articles that wait for their page.", store.pages_waiting)
    yield _gauge("tocsin_channels_refusing", "Channels whose last answer was a no.", len(store.refusing))
    yield _gauge("tocsin_database_bytes", "Size of the database with its log.", seen.database_bytes)


def _of_feeds(seen: Seen) -> Iterator[Metric]:
    known = seen.feeds.values()
    counts = {sight.value: sum(feed.sight is sight for feed in known) for sight in Sight}
    yield _gauges("tocsin_feeds", "Feeds, by how they fare.", "state", counts | {"disabled": seen.disabled})
    yield _gauge(
        "tocsin_feeds_blind",
        "Feeds from which nothing has come for over two hours.",
        sum(f.blind for f in known),
    )
    yield _gauge("tocsin_feeds_due", "Feeds that wait for their poll now.", sum(f.due for f in known))
    family = GaugeMetricFamily(
        "tocsin_feed_trouble_timestamp_seconds",
        "Since when a feed is in trouble that is sure, the longest first, a hundred at most.",
        labels=["feed", "trouble"],
    )
    troubled = sorted((f for f in known if f.trouble), key=lambda f: (_moment(f.since), f.name))
    for feed in troubled[:MOST_NAMED]:
        assert feed.trouble is not None, "chosen so"
        family.add_metric([feed.name, feed.trouble.value], _moment(feed.since))
    yield family


def _of_rules(snapshot: Snapshot, seen: Seen) -> Iterator[Metric]:
    blind = sorted((r for r in seen.rules if r.blind), key=lambda r: (-len(r.blind) / r.feeds, r.rule))
    yield _gauge("tocsin_rules_blind", "Rules that hear nothing of at least one of their feeds.", len(blind))
    families = [
        GaugeMetricFamily(name, text, labels=["rule"])
        for name, text in (
            ("tocsin_rule_feeds", "Feeds of a rule that is blind for some; a hundred rules at most."),
            ("tocsin_rule_feeds_blind", "Those of them from which nothing has come for over two hours."),
        )
    ]
    told: dict[str, tuple[int, int]] = {}
    for rule in blind[:MOST_NAMED]:  # those that must not be named share one series: that of the worst
        told.setdefault(label_of(snapshot.plan.rules[rule.rule]), (rule.feeds, len(rule.blind)))
    for label, numbers in told.items():
        for family, number in zip(families, numbers, strict=True):
            family.add_metric([label], number)
    yield from families


# --- families


def _counter(name: str, text: str, number: float) -> Metric:
    return CounterMetricFamily(name, text, value=number)


def _counters(name: str, text: str, label: str, numbers: Mapping[str, int]) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=[label]), numbers.items())


def _gauge(name: str, text: str, number: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(number))


def _gauges(name: str, text: str, label: str, numbers: Mapping[str, int]) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=[label]), numbers.items())


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, numbers: Iterable[tuple[str, int]]
) -> CounterMetricFamily | GaugeMetricFamily:
    for word, number in numbers:
        family.add_metric([word], number)
    return family


def _moment(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0
