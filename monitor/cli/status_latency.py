"""`tocsin status --latency`: how long alerts took from publication to receiver, by stage, rule and feed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.status_words import SHOWN
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.alerts.latency import Way
    from monitor.store.database import Reader

BAR = 40  # characters of the longest bar
EIGHTHS = " ▏▎▍▌▋▊▉█"
MEANING = {
    "fetch": "published to fetched",
    "match": "fetched to matched",
    "send": "matched to sent",
    "total": "published to sent",
}


def gather(reader: Reader, since: datetime) -> dict[str, Any]:
    """For each stage, rule and feed how many ways it is known of, and within how many seconds most were."""
    from monitor.store.figures import ways_since

    ways = ways_since(reader, since)
    return {
        "since": output.rfc3339(since),
        "sent": len(ways),
        "stages": [_stage(name, values) for name, values in _by_stage(ways).items()],
        "rules": _grouped("rule", ways),
        "feeds": _grouped("feed", ways),
    }


def _by_stage(ways: Iterable[Way]) -> dict[str, list[float]]:
    from monitor.alerts.latency import by_stage

    return {stage.value: values for stage, values in by_stage(ways).items()}


def _stage(name: str, values: Sequence[float]) -> dict[str, Any]:
    from monitor.alerts.latency import BOUNDS, Histogram

    histogram = Histogram(values)
    buckets = [{"up_to": bound, "n": n} for bound, n in zip((*BOUNDS, None), histogram.counts, strict=True)]
    return {"stage": name, **_spread(values), "buckets": buckets}


def _spread(values: Iterable[float]) -> dict[str, Any]:
    from monitor.alerts.latency import spread

    found = spread(values)
    if found is None:
        return {"n": 0, "p50": None, "p95": None}
    return {"n": found.count, "p50": round(found.p50, 3), "p95": round(found.p95, 3)}


def _grouped(key: str, ways: Iterable[Way]) -> list[dict[str, Any]]:
    """The same by rule or by feed, the slowest first."""
    groups: dict[str, list[Way]] = defaultdict(list)
    for way in ways:
        groups[veil().rule(way.rule) if key == "rule" else way.feed].append(way)
    found = [
        {key: name, "sent": len(group), **{s: _spread(v) for s, v in _by_stage(group).items()}}
        for name, group in groups.items()
    ]
    return sorted(
        found, key=lambda one: (-(one["total"]["p95"] or 0.0), -(one["send"]["p95"] or 0.0), one[key])
    )


def tell(found: Mapping[str, Any]) -> None:
    """The same for people: a histogram of the whole way, and tables."""
    if not found["sent"]:
        output.say(f"nothing was sent of what matched since {found['since']}; --since 30d looks further back")
        return
    output.table(
        ("STAGE", "ALERTS", "HALF WITHIN", "95 OF 100 WITHIN", ""),
        [(s["stage"], s["n"], span(s["p50"]), span(s["p95"]), MEANING[s["stage"]]) for s in found["stages"]],
        empty="",
        spare=(4,),
    )
    whole = next((s for s in reversed(found["stages"]) if s["n"]), None)
    if whole is not None:
        output.out()
        output.out(f"{MEANING[whole['stage']]}, {whole['n']} alerts:")
        for line in histogram(whole["buckets"]):
            output.out(line)
    for key in ("rule", "feed"):
        output.out()
        _table(key, found[f"{key}s"])


def _table(key: str, groups: Sequence[Mapping[str, Any]]) -> None:
    """Half and 95 of 100 of each stage, in one cell; a narrow terminal shows fewer, and always the total."""
    stages = list(MEANING)
    output.table(
        (key.upper(), "SENT", *(f"{stage.upper()} P50/P95" for stage in stages)),
        [
            (g[key], g["sent"], *(f"{span(g[s]['p50'])} / {span(g[s]['p95'])}" for s in stages))
            for g in groups[: 2 * SHOWN]
        ],
        empty="",
        spare=[2 + stages.index(stage) for stage in ("match", "fetch", "send")],
    )
    if len(groups) > 2 * SHOWN:
        output.out(f"and {len(groups) - 2 * SHOWN} {key}s more, all quicker: --json")


def histogram(buckets: Sequence[Mapping[str, Any]]) -> list[str]:
    """A bar for each bucket, from the first that has anything to the last."""
    filled = [n for n, bucket in enumerate(buckets) if bucket["n"]]
    if not filled:
        return []
    most = max(bucket["n"] for bucket in buckets)
    return [
        f"  {_bound(buckets, n):>9} {bar(buckets[n]['n'] / most):<{BAR}} {buckets[n]['n']}"
        for n in range(filled[0], filled[-1] + 1)
    ]


def _bound(buckets: Sequence[Mapping[str, Any]], number: int) -> str:
    bound = buckets[number]["up_to"]
    return f"≤ {span(bound)}" if bound is not None else f"> {span(buckets[number - 1]['up_to'])}"


def bar(share: float) -> str:
    """A bar of this share of the longest, in eighths of a character; what is there at all shows."""
    eighths = max(round(share * BAR * 8), 1 if share else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")


def span(seconds: float | None) -> str:
    """Seconds as people say them: "0.4 s", "12 s", "3 min", "2 h", "4 d"."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    for unit, length, until in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
