"""`status` and `/metrics` say what a world counted that the daemon knows nothing of, figure by figure."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.alerts.latency import quantile
from tests.support.asking import ask
from tests.support.countedworld import BAD, NEWS, CountedWorld
from tests.support.daemon import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.countedworld import Item

ROOT = Path(__file__).parents[2]
BUDGET = 3


def around_now(hours: int) -> str:
    """A time of day so far from now."""
    return f"{datetime.now(UTC) + timedelta(hours=hours):%H:%M}"


def write_config(
    path: Path, world: CountedWorld, *, every: str = "1s", bad: bool = True, turn: int = 0
) -> None:
    """Every kind of rule, route and channel; each turn differs a little, as an edited file does."""
    lines = [
        "[monitor]",
        'database = "figures.db"',
        'timezone = "UTC"',
        "[polling]",
        f'every = "{every}"',
        'fastest = "1s"',
        'per_host_gap = "0s"',
        'allow_private = ["127.0.0.0/8"]',
        "[metrics]",
        'listen = "./metrics.sock"',
        "[notices]",
        'channels = ["steady"]',
        "[quiet_hours.always]",
        'channels = ["night"]',
        f'from = "{around_now(-2)}"',
        f'to = "{around_now(+3)}"',
        "[channels.night]",
        'type = "webhook"',
        f'url = "{world.hook("steady")}"',
    ]
    for name in ("steady", "flaky", "refuser", "paced"):
        lines += [f"[channels.{name}]", 'type = "webhook"', f'url = "{world.hook(name)}"']
    for word in (
        "talks",
        "hush",
        "flood",
        "nowhere",
        "spam",
        "dusk",
        "slowly",
        "toll",
        "bundle",
        f"turn{turn}",
    ):
        budget = f'budget = "{BUDGET}/1h"' if word == "flood" else 'budget = "off"'
        lines += ["[[rules]]", f'name = "{word}"', f'query = "{word}"', budget]
    ways = {"talks": ["steady", "flaky"], "flood": ["steady"], "spam": ["refuser"], "dusk": ["night"]}
    ways["slowly"] = ["paced"]
    more = {"hush": ["steady"], "nowhere": [], "toll": ["steady"], "bundle": ["steady"]}
    for rule, channels in (ways | more).items():
        lines += ["[[routes]]", f'match = {{ rule = ["{rule}"] }}', f"channels = {json.dumps(channels)}"]
        lines += ['group = "2h"'] if rule == "bundle" else []
    lines += ["[[routes]]", 'channels = ["steady"]', "[log]", 'format = "text"']
    for name in [*(f"news-{n}" for n in range(NEWS)), *BAD]:
        lines += ["[[feeds]]", f'name = "{name}"', f'url = "{world.url(name)}"', f'every = "{every}"']
        lines += ['full_text = "never"', f"enabled = {str(bad or name not in BAD).lower()}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    path.chmod(0o600)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was counted, and what is said of it."""

    name: str
    counted: float
    metric: float
    wanted: float  # in `status`
    shown: float

    @property
    def right(self) -> bool:
        return self.counted == self.metric and self.wanted == self.shown

    def __str__(self) -> str:
        other = f" ({self.wanted:g})" if self.wanted != self.counted else ""
        said = f"counted {self.counted:>6g}{other}  metrics {self.metric:>6g}  status {self.shown:>6g}"
        return f"  {self.name:<28} {said}{'' if self.right else '  WRONG'}"


class Figures:
    """The daemon under test, what was done to it, and what it says of that."""

    def __init__(self, folder: Path, world: CountedWorld) -> None:
        self.config = folder / "config.toml"
        self.world = world
        self.words = Counter[str]()
        self.copies = 0
        self.revised: set[str] = set()
        self.reloads = Counter[str]({"applied": 0, "refused": 0})
        self._socket = folder / "metrics.sock"
        self._turn = 0
        write_config(self.config, world)
        self.process = DaemonProcess(self.config, "--log-level", "info")
        self.process.wait_for("health and metrics can be read")

    def tocsin(self, *arguments: str) -> str:
        """What one command of the command line prints."""
        command = [sys.executable, "-m", "monitor", *arguments, "--config", str(self.config)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        # `status` ends with 2 while the file on the disk is one of the wrong ones.
        assert done.returncode == 0 or arguments[0] == "status", done.stderr
        return done.stdout

    def status(self, *more: str) -> dict[str, Any]:
        """`tocsin status --json`."""
        found: dict[str, Any] = json.loads(self.tocsin("status", "--json", *more))
        return found

    def metrics(self) -> dict[str, float]:
        """One scrape: each sample under its name and labels."""
        status, _, body = ask(self._socket, "/metrics")
        assert status == 200, body
        found = {}
        for family in text_string_to_metric_families(body.decode()):
            for sample in family.samples:
                labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
                found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
        return found

    def publish(self, word: str) -> Item:
        """A new item somewhere."""
        self.words[word] += 1
        return self.world.publish(word)

    def revise(self, told: set[str]) -> None:
        """Another toll in one of these dispatches, which was not revised before."""
        fresh = [i for i in self.world.published if i.word == "toll" and i.token in told - self.revised]
        if fresh:
            self.revised.add(fresh[0].token)
            self.world.revise(fresh[0])

    def copy(self, item: Item) -> None:
        """The same dispatch in the feed after its own."""
        number = (int(self.world.feed_of(item).partition("-")[2]) + 1) % NEWS
        self.copies += 1
        self.world.copy(item, f"news-{number}")

    def reload(self) -> None:
        """Edit the configuration and have it read again; every other edit is wrong."""
        self._turn += 1
        if self._turn % 2:
            write_config(self.config, self.world, turn=self._turn)
            self._reload("applied", "configuration reloaded")
        else:
            text = self.config.read_text(encoding="utf-8")
            self.config.write_text(text.replace("[log]", "[lgo]"), encoding="utf-8")
            self._reload("refused", "the configuration is refused")

    def calm_down(self) -> None:
        """No bad feed is asked any more, and the others once an hour."""
        write_config(self.config, self.world, every="1h", bad=False, turn=self._turn)
        self._reload("applied", "configuration reloaded")

    def _reload(self, kind: str, line: str) -> None:
        self.process.send(signal.SIGHUP)
        self.process.wait_for(line)
        self.reloads[kind] += 1

    def wait(self, what: str, holds: Callable[[], bool], patience: float = 90.0) -> None:
        """Look each quarter of a second until it holds."""
        end = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < end, f"{what}: never; {self.world.counts}"
            time.sleep(0.25)


def figures(folder: Path, *, seconds: int, each: float, capsys: pytest.CaptureFixture[str]) -> None:
    """Run the story, let everything come to rest, and hold each figure against the world's."""
    with CountedWorld() as world:
        run = Figures(folder, world)
        with run.process:
            run.tocsin("silence", "add", "--rule", "hush", "--for", "2h", "--comment", "test")
            run.wait("every feed was asked", lambda: len(world.counts.served) >= NEWS)
            run.wait("baseline", lambda: run.status()["baseline_matches"] == NEWS)
            began, told = time.monotonic(), 0
            while time.monotonic() - began < seconds:
                told += 1
                act(run, told, run.world.arrived, slowly=seconds > 60)
                time.sleep(each)
            world.calm = True
            check_feeds(run)
            run.calm_down()
            rest(run)
            seen, status = run.metrics(), run.status("--latency")
            table = compare(run, seen, status)
            run.process.send(signal.SIGTERM)
            assert run.process.ended() == 0
        with capsys.disabled():
            print(f"\n{seconds} s, {told} rounds, {len(world.published)} items, {run.copies} copies")  # noqa: T201
            for row in table:
                print(row)  # noqa: T201
        assert [row.name for row in table if not row.right] == []


def act(run: Figures, number: int, rested: Callable[[str, str], set[str]], *, slowly: bool) -> None:
    """One round: an item for the rules that ring, and by turns something else."""
    item = run.publish("talks")
    others = ("hush", "flood", "nowhere", "spam", "dusk", "toll", "flood", "bundle")
    run.publish(others[number % len(others)])
    if slowly and number % 5 == 0:
        run.publish("slowly")
    if number % 4 == 2:
        run.revise(rested("steady", "toll"))
    if number % 4 == 0:
        known = rested("steady", "talks") & rested("flaky", "talks")
        told = [i for i in run.world.published if i.token in known and i is not item]
        if told:
            run.copy(told[-1])
    if number % 7 == 3:
        run.reload()


def check_feeds(run: Figures) -> None:
    """While all feeds are watched: how many fail, and how many are seen, is the same everywhere."""
    time.sleep(6.0)  # a reading of the database is used for five seconds
    status, seen = run.status(), run.metrics()
    expected = {"total": NEWS + len(BAD), "ok": NEWS, "failing": len(BAD), "silent": 0, "disabled": 0}
    assert status["feeds"] == expected
    assert sorted(status["failing"]) == sorted(BAD)
    for state, number in (("seen", NEWS), ("failing", len(BAD)), ("silent", 0), ("new", 0), ("disabled", 0)):
        assert seen[f"tocsin_feeds{{state={state}}}"] == number


def rest(run: Figures) -> None:
    """Until all that is to arrive has, and the daemon has written down its figures since."""
    talks = {item.token for item in run.world.published[NEWS:] if item.word == "talks"}
    run.wait(
        "all talks arrived", lambda: all(run.world.arrived(r, "talks") >= talks for r in ("steady", "flaky"))
    )
    tolls = run.words["toll"] + len(run.revised)
    run.wait("all tolls arrived", lambda: sum(a.rule == "toll" for a in run.world.counts.arrivals) >= tolls)
    slow = {item.token for item in run.world.published if item.word == "slowly"}
    run.wait("all slow ones arrived", lambda: run.world.arrived("paced", "slowly") >= slow)
    run.wait("all spam is dead", lambda: run.status()["dead_letters"] == run.words["spam"])
    dead = [
        row
        for line in run.tocsin("outbox", "list", "--json").splitlines()
        if (row := json.loads(line))["state"] == "dead"
    ]
    run.tocsin("outbox", "drop", str(dead[0]["id"]))

    def still() -> bool:
        status = run.status()
        process = status["process"]
        noted = datetime.fromisoformat(process["as_of"]).timestamp()
        return noted > run.world.counts.last + 1 and not status["backlog"]

    run.wait("everything is at rest", still)
    time.sleep(6.0)


def compare(run: Figures, seen: dict[str, float], status: dict[str, Any]) -> list[Row]:
    """Each figure thrice: as the world counted it, in the metrics, in `status`."""
    world, words, process = run.world, run.words, status["process"]
    counts = world.counts
    rows: list[Row] = []

    def row(name: str, counted: float, metric: str, shown: float, *, otherwise: float | None = None) -> None:
        """`otherwise`: what `status` is to show, where that is something else on purpose."""
        rows.append(
            Row(name, counted, seen.get(metric, 0.0), counted if otherwise is None else otherwise, shown)
        )

    for kind in ("new", "not_modified", *sorted(set(BAD.values()))):
        row(
            f"polls {kind}",
            counts.polls[kind],
            f"tocsin_polls_total{{result={kind}}}",
            process["polls"].get(kind, 0),
        )
    row("items new", len(counts.served), "tocsin_items_new_total", process["items_new"])
    matches = len(world.published) + run.copies
    row("matches of this process", matches, "tocsin_matches_total", process["matches"])
    answers = {"ok": 200, "transient": 503, "content": 400, "rate": 429}
    for word, code in answers.items():
        metric = f"tocsin_delivery_attempts_total{{answer={word}}}"
        row(f"attempts {word}", counts.answers[code], metric, process["attempts"].get(word, 0))
    for kind, number in run.reloads.items():
        row(f"reloads {kind}", number, f"tocsin_reloads_total{{result={kind}}}", process["reloads"][kind])
    dead = words["spam"] - 1  # one was dropped by hand
    outbox = {"sent": len(counts.acknowledged), "dead": dead, "dropped": 1}
    # What is held goes into one message a channel and purpose.
    outbox["held"] = sum((words["dusk"] > 0, words["flood"] > BUDGET, words["bundle"] > 0))
    for state in ("ready", "held", "leased", "retry", "sent", "dead", "dropped"):
        metric = f"tocsin_outbox{{state={state}}}"
        row(f"outbox {state}", outbox.get(state, 0), metric, status["outbox"].get(state, 0))
    row("dead letters", dead, "tocsin_dead_letters", status["dead_letters"])
    alerts = len(world.published) - NEWS
    row("alerts", alerts, "tocsin_alerts_24h", status["alerts_24h"])
    shown = {(f["state"], f["reason"]): f["n"] for f in status["fates_24h"]}
    flood = words["flood"]
    fates = {
        ("suppressed", "baseline"): NEWS,
        ("suppressed", "silenced"): words["hush"],
        ("suppressed", "no_route"): words["nowhere"],
        ("suppressed", "duplicate"): 2 * run.copies,
        ("held", "budget"): max(flood - BUDGET, 0),
        ("held", "quiet_hours"): words["dusk"],
        ("held", "gathered"): words["bundle"],
        ("dead", "refused"): dead,
        ("dropped", "by_hand"): 1,
        ("sent", "delivered"): 2 * words["talks"] + min(flood, BUDGET) + words["slowly"] + words["toll"],
    }
    for fate in sorted(fates.keys() | shown.keys()):
        metric = f"tocsin_matches_by_fate{{reason={fate[1]},state={fate[0]}}}"
        row(f"{fate[0]} {fate[1]}", fates.get(fate, 0), metric, shown.get(fate, 0))
    row("feeds disabled", len(BAD), "tocsin_feeds{state=disabled}", status["feeds"]["disabled"])
    row("rules blind", 0, "tocsin_rules_blind", status["rules"]["blind"])
    row("rules", 10, "tocsin_rules", process["rules"])
    # The histogram counts what was told anew again, the list has each way once, as it was last: of an
    # edit only the way to the receiver is known.
    ways, again = len({(a.token, a.rule, a.receiver) for a in counts.arrivals}), len(run.revised)
    for stage in status["latency"]["stages"]:
        metric = f"tocsin_alert_latency_seconds_count{{stage={stage['stage']}}}"
        send = stage["stage"] == "send"
        told = ways + again if send else ways
        row(f"latency {stage['stage']} n", told, metric, stage["n"], otherwise=ways if send else ways - again)
    assert len(counts.arrivals) - ways == again, "each revision rang once more"
    check_latency(run, status["latency"])
    return rows


def check_latency(run: Figures, latency: dict[str, Any]) -> None:
    """The whole way's p50 and p95, of all and of one rule, within a second of what the world saw."""
    published = {item.token: item.published for item in run.world.published}
    took: dict[tuple[str, str, str], float] = {}
    for one in run.world.counts.arrivals:
        if one.token not in run.revised:
            took.setdefault((one.token, one.rule, one.receiver), one.at - published[one.token])
    (talks,) = (rule for rule in latency["rules"] if rule["rule"] == "talks")
    (total,) = (stage for stage in latency["stages"] if stage["stage"] == "total")
    for shown, seconds in (
        (talks["total"], sorted(s for (_, rule, _), s in took.items() if rule == "talks")),
        (total, sorted(took.values())),
    ):
        for share, name in ((0.5, "p50"), (0.95, "p95")):
            assert abs(quantile(seconds, share) - shown[name]) <= 1.0, (name, shown, seconds[-5:])


@pytest.mark.slow
def test_a_short_run_of_every_kind_of_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some forty seconds, half of them for coming to rest."""
    figures(tmp_path, seconds=8, each=0.6, capsys=capsys)


@pytest.mark.prove
def test_ten_minutes_of_every_kind_of_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred and fifty rounds."""
    figures(tmp_path, seconds=600, each=3.0, capsys=capsys)
