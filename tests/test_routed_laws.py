"""Laws of routes, quiet hours, silences and budgets on the real store, whatever happens in any order."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts.quiet import quiet_until
from monitor.model import Severity
from monitor.settings import RouteConfig
from monitor.store import sql
from tests.test_routed import NIGHT, RULES, Axis

ROUTES = (
    (),
    (RouteConfig({}, ("phone",), group=1200.0, group_by="rule"),),
    (
        RouteConfig({"severity": ("urgent",)}, ("phone",)),
        RouteConfig({}, ("phone", "screen"), digest=("18:00",)),
    ),
    (RouteConfig({}, ("phone",), continues=True), RouteConfig({}, ("screen",), group=600.0)),
)
CONFIGS: tuple[dict[str, Any], ...] = tuple(
    {"routes": routes, "quiet_hours": quiet, "budget": budget}
    for routes in ROUTES
    for quiet in ((), (NIGHT,), (replace(NIGHT, start="12:00", end="13:30"),))
    for budget in ("off", "2/1h")
)
words = st.sampled_from([rule.name for rule in RULES])
ops = st.one_of(
    st.tuples(st.just("rings"), words, st.sampled_from("ab")),
    st.tuples(st.just("changes"), words, st.sampled_from("ab")),
    st.tuples(st.just("passes"), st.sampled_from([5, 20, 60, 300]), st.none()),
    st.tuples(st.just("reload"), st.sampled_from(CONFIGS), st.none()),
    st.tuples(st.just("restart"), st.none(), st.none()),
    st.tuples(st.just("silence"), words, st.none()),
    st.tuples(st.just("down"), st.sampled_from(["phone", "screen", ""]), st.none()),
    st.tuples(st.just("room"), st.sampled_from([None, 0, 1, 3]), st.none()),
)


def happen(axis: Axis, op: tuple[Any, Any, Any], number: int) -> None:
    """Let one thing happen."""
    kind, what, feed = op
    if kind == "rings":
        axis.rings(f"{what} number{number} report{number * 7}", feed)
    elif kind == "changes":
        axis.changes(what, feed)
    elif kind == "passes":
        axis.passes(what)
    elif kind == "reload":
        axis.desk.change(**what)
    elif kind == "restart":
        axis.desk.restart()
    elif kind == "silence":
        axis.silence(2, rule=what)
    elif kind == "down":
        axis.down = what
    else:
        axis.fits = what
    axis.look()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ops, min_size=4, max_size=25))
def test_all_adds_up_and_nothing_held_is_forgotten(story: list[tuple[Any, Any, Any]]) -> None:
    """After each step the ledger adds up (`look` checks it); once a day has passed everything was told."""
    with tempfile.TemporaryDirectory() as folder:
        axis = Axis(Path(folder))
        with axis.desk:
            for number, op in enumerate(story):
                happen(axis, op, number)
            axis.down, axis.fits = "", None
            axis.passes(25 * 60)
            reader = axis.desk.database.reader
            assert axis.held() == 0
            states = {row[0] for row in reader.rows("SELECT DISTINCT state FROM ledger")}
            assert states <= {"sent", "suppressed"}
            unsent = reader.rows(sql.OUTBOX_UNSENT)
            assert unsent == []
            for now, channel, severity, windows in axis.sent:
                assert quiet_until(windows, now, Severity(severity)) is None, (now, channel)
