"""From routes to the outbox: what goes at once, what waits for what, and that nothing is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.budgets import Budget, Spent, Use
from monitor.alerts.passage import (
    QUIET,
    SINGLE,
    Call,
    ChannelNow,
    Place,
    Release,
    place,
    place_in_digest,
    release,
)
from monitor.alerts.quiet import Window, quiet_until
from monitor.alerts.route import Way
from monitor.model import Reason, Severity
from tests.alerts.test_quiet import PARIS, at, window

LOW, NORMAL, HIGH, URGENT = Severity
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = window(passes=URGENT)  # 22:00 to 07:00 in Paris
TWO = Budget(2, 3600.0, "2/1h")


def call(rule: str = "flood", severity: Severity = NORMAL, **way: Any) -> Call:
    """A rule that rings by the first route, at once unless told otherwise."""
    return Call(rule, severity, Way("desk", 1, "everything", **way))


def placed(
    now: str, *calls: Call, windows: tuple[Window, ...] = (), bins: dict[str, datetime] | None = None
) -> Place:
    """Where these go on the desk at this time of the clock in Paris."""
    channel = ChannelNow(windows, PARIS, bins or {})
    return place(calls or (call(),), story="7", feed="a", channel=channel, now=at(now))


def test_with_nothing_in_its_way_it_goes_at_once() -> None:
    """A message of its own, for the reason it rings."""
    found = placed("2026-11-27 12:00")
    assert (found.bin, found.goes_at, found.reason, found.waits) == (
        SINGLE,
        at("2026-11-27 12:00"),
        None,
        False,
    )


def test_quiet_hours_hold_it_in_one_bin_until_they_end() -> None:
    """With the reason, and the name of the quiet hours in the path."""
    found = placed("2026-11-27 23:00", windows=(NIGHT,))
    assert (found.bin, found.goes_at) == (QUIET, at("2026-11-28 07:00"))
    assert found.reason is Reason.QUIET_HOURS
    assert found.why == ("held by quiet hours night",)


def test_an_urgent_one_passes_and_takes_the_others_with_it() -> None:
    """One message for all rules that ring in a decision, at the highest severity among them."""
    found = placed("2026-11-27 23:00", call(), call("war", URGENT), windows=(NIGHT,))
    assert found.bin == SINGLE


def test_a_route_with_a_digest_gathers_for_its_time() -> None:
    """Known by its local date and time."""
    found = placed("2026-11-27 12:00", call(digest=("08:00", "18:00")))
    assert (found.bin, found.reason) == ("digest:2026-11-27T18:00", Reason.DIGEST)
    assert found.goes_at == at("2026-11-27 18:00")
    assert found.why == ("route 1: told in the digest of 2026-11-27 18:00",)


def test_a_digest_that_falls_into_quiet_hours_waits_for_their_end() -> None:
    """It says so from the start, and when it is due it joins what else is held, for one message."""
    found = placed("2026-11-27 12:00", call(digest=("23:00",)), windows=(NIGHT,))
    due, morning = at("2026-11-27 23:00"), at("2026-11-28 07:00")
    assert (found.bin, found.goes_at, found.told_at) == ("digest:2026-11-27T23:00", due, morning)
    assert found.why[1] == "then held by quiet hours night"
    assert release(found.bin, due, NORMAL, (NIGHT,), due) == Release(False, QUIET, morning)
    assert release(QUIET, morning, NORMAL, (NIGHT,), morning).due


def test_a_group_waits_and_is_joined() -> None:
    """By those whose route asks for the same company; the first set its time."""
    gathers = call(group=600.0, group_by="rule")
    first = placed("2026-11-27 12:00", gathers)
    assert (first.bin, first.goes_at) == ("group:rule=flood", at("2026-11-27 12:10"))
    assert first.reason is Reason.GATHERED
    second = placed("2026-11-27 12:07", gathers, bins={first.bin: first.goes_at})
    assert second.goes_at == first.goes_at


def test_of_several_ways_the_soonest_wins() -> None:
    """At once before a group, a group before a digest, whatever order the rules stand in."""
    digest, group, once = call("a", digest=("18:00",)), call("b", group=600.0), call("c")
    assert placed("2026-11-27 12:00", digest, group).bin == "group:all"
    assert placed("2026-11-27 17:55", digest, group).bin == "digest:2026-11-27T18:00"
    assert placed("2026-11-27 12:00", digest, group, once).bin == SINGLE


def test_over_its_budget_it_goes_into_the_hourly_digest() -> None:
    """Within the hour, an urgent one within ten minutes."""
    spent = Spent()
    for use in (Use.SINGLE, Use.SINGLE, Use.OVERFLOW):
        one = replace(call(), budget=TWO, spent=spent)
        found = placed("2026-11-27 12:00", one)
        assert found.spendings["flood"].use is use
        spent = found.spendings["flood"].spent
    assert (found.bin, found.goes_at) == ("budget", at("2026-11-27 13:00"))
    assert found.reason is Reason.BUDGET
    urgent = placed("2026-11-27 12:01", replace(call(severity=URGENT), budget=TWO, spent=spent))
    assert urgent.goes_at == at("2026-11-27 12:11")


def test_over_its_budget_in_company_of_a_rule_that_waits() -> None:
    """The soonest again: a group of five minutes before the digest of the hour; and the firing is counted."""
    one = replace(call("war"), budget=Budget(1, 3600.0, "1/1h"))
    spent = placed("2026-11-27 12:00", one).spendings["war"].spent
    found = placed("2026-11-27 12:00", replace(one, spent=spent), call(group=300.0))
    assert found.bin == "group:all"
    assert found.spendings["war"].use is Use.OVERFLOW


def test_what_is_held_spends_no_budget() -> None:
    """In the morning it is one digest, so it counts as none of the single alerts."""
    found = placed("2026-11-27 23:00", replace(call(), budget=TWO), windows=(NIGHT,))
    assert found.spendings == {}


def test_what_has_no_better_place_shares_the_digest_of_its_hour() -> None:
    """Weak hits wait for the default hour beside what routes put there, with their own reason."""
    now, nothing = at("2026-11-27 12:00"), ChannelNow((), PARIS)
    found = place_in_digest(["08:00"], Reason.WEAK, NORMAL, channel=nothing, now=now)
    routed = placed("2026-11-27 12:00", call(digest=("08:00",)))
    assert (found.bin, found.goes_at) == (routed.bin, routed.goes_at)
    assert found.reason is Reason.WEAK
    night = ChannelNow((NIGHT,), PARIS)
    held = place_in_digest(["06:00"], Reason.WEAK, NORMAL, channel=night, now=now)
    assert (held.told_at, held.reason) == (at("2026-11-28 07:00"), Reason.WEAK)


def test_quiet_hours_that_were_taken_away_release_at_once() -> None:
    """What they held is asked again; what waits for a time of its own goes on waiting."""
    now, morning = at("2026-11-28 02:00"), at("2026-11-28 07:00")
    assert release(QUIET, morning, NORMAL, (NIGHT,), now) == Release(False, QUIET, morning)
    assert release(QUIET, morning, NORMAL, (), now).due
    assert not release("digest:2026-11-28T08:00", at("2026-11-28 08:00"), NORMAL, (), now).due


def test_quiet_hours_that_came_meanwhile_hold_what_is_due() -> None:
    """A group that is due after a reload waits for the new window; an urgent one does not."""
    now = at("2026-11-28 02:00")
    found = release("group:all", now - MINUTE, NORMAL, (NIGHT,), now)
    assert found == Release(False, QUIET, at("2026-11-28 07:00"))
    assert release("group:all", now - MINUTE, URGENT, (NIGHT,), now).due


def test_what_waited_for_its_receiver_is_not_sent_in_the_night() -> None:
    """The sender asks, too: a channel that comes back at two in the morning is quiet."""
    now, morning = at("2026-11-28 02:00"), at("2026-11-28 07:00")
    assert release(SINGLE, now, NORMAL, (NIGHT,), now) == Release(False, QUIET, morning)
    assert release(SINGLE, now, URGENT, (NIGHT,), now).due


def test_a_story_travels_together() -> None:
    """Held in the night, then urgent: all of it goes now. A later digest does not part it."""
    now, morning = at("2026-11-28 02:00"), at("2026-11-28 07:00")
    held = ChannelNow((NIGHT,), PARIS, {QUIET: morning}, story_bin=QUIET)
    urgent = place([call(severity=URGENT)], story="7", feed="a", channel=held, now=now)
    assert (urgent.bin, urgent.takes) == (SINGLE, QUIET)
    group = at("2026-11-27 12:10")
    grouped = ChannelNow((), PARIS, {"group:all": group}, story_bin="group:all")
    noon = at("2026-11-27 12:00")
    later = place([call(digest=("18:00",))], story="7", feed="a", channel=grouped, now=noon)
    assert (later.bin, later.goes_at, later.reason) == ("group:all", group, Reason.GATHERED)
    assert later.why[-1] == "its story waits there already"
    sooner = ChannelNow(
        (), PARIS, {"digest:2026-11-27T18:00": at("2026-11-27 18:00")}, "digest:2026-11-27T18:00"
    )
    found = place([call(group=600.0)], story="7", feed="a", channel=sooner, now=noon)
    assert (found.bin, found.takes) == ("group:all", "digest:2026-11-27T18:00")


def test_what_quiet_hours_hold_is_not_put_into_a_group() -> None:
    """Both ways end in the morning: then it is held for quiet hours, and the ledger says so."""
    found = placed("2026-11-27 23:00", call("a", group=600.0), call("b"), windows=(NIGHT,))
    assert (found.bin, found.reason) == (QUIET, Reason.QUIET_HOURS)


# --- laws --------------------------------------------------------------------------------------------


@dataclass
class Post:
    """A channel with its outbox: what was put into it, and what went out when."""

    windows: tuple[Window, ...]
    now: datetime
    bins: dict[str, tuple[datetime, Severity, list[int]]] = field(default_factory=dict)
    gone: list[tuple[datetime, str, Severity, list[int]]] = field(default_factory=list)
    spent: dict[str, Spent] = field(default_factory=dict)
    waited: dict[int, datetime] = field(default_factory=dict)  # when each was put in

    def ring(self, number: int, calls: list[Call]) -> Place:
        """One decision's message."""
        calls = [replace(c, spent=self.spent.get(c.rule, Spent())) for c in calls]
        severity = max(c.severity for c in calls)
        bins = {name: going for name, (going, _, _) in self.bins.items()}
        channel = ChannelNow(self.windows, PARIS, bins)
        found = place(calls, story=str(number), feed="a", channel=channel, now=self.now)
        self.spent |= {rule: one.spent for rule, one in found.spendings.items()}
        self.waited[number] = self.now
        if not found.waits:
            self.gone.append((self.now, SINGLE, severity, [number]))
            return found
        _, before, inside = self.bins.get(found.bin, (found.goes_at, severity, []))
        self.bins[found.bin] = (found.goes_at, max(before, severity), [*inside, number])
        return found

    def pass_to(self, moment: datetime) -> None:
        """Let time pass; what is due on the way goes when it is due."""
        while self.bins and min(going for going, _, _ in self.bins.values()) <= moment:
            name = min(self.bins, key=lambda one: self.bins[one][0])
            going, severity, inside = self.bins.pop(name)
            self.now = max(self.now, going)
            found = release(name, going, severity, self.windows, self.now)
            if found.due:
                self.gone.append((self.now, name, severity, inside))
                continue
            _, before, others = self.bins.get(found.bin, (going, severity, []))
            self.bins[found.bin] = (found.goes_at, max(before, severity), [*others, *inside])
        self.now = moment


ways: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"group": st.sampled_from([120.0, 900.0]), "group_by": st.sampled_from([None, "rule", "feed"])}
    ),
    st.fixed_dictionaries({"digest": st.sampled_from([("08:00",), ("02:30", "18:00"), ("23:15",)])}),
)
budgets = st.sampled_from([None, Budget(1, 600.0, "1/10m"), Budget(3, 3600.0, "3/1h")])
rule_of = st.tuples(st.sampled_from(Severity), ways, budgets)
events = st.lists(
    st.tuples(st.integers(0, 300), st.sets(st.sampled_from(["a", "b", "c"]), min_size=1)), max_size=25
)
quiet = st.sampled_from([(), (NIGHT,), (window("13:00", "14:00"), NIGHT), (window("02:15", "03:45"),)])
starts = st.sampled_from(
    [at("2026-11-27 20:00"), at("2026-03-28 20:00"), at("2026-10-24 20:00")]  # the last two before a change
)


def played(
    rules: dict[str, tuple[Severity, dict[str, Any], Budget | None]],
    happenings: list[tuple[int, set[str]]],
    windows: tuple[Window, ...],
    start: datetime,
) -> Post:
    """The channel after these decisions, and after two days in which nothing more happened."""
    post = Post(windows, start)
    for number, (minutes, names) in enumerate(happenings):
        post.pass_to(post.now + minutes * MINUTE)
        calls = [(name, *rules[name]) for name in sorted(names)]
        post.ring(number, [replace(call(n, severity, **way), budget=b) for n, severity, way, b in calls])
    post.pass_to(post.now + 48 * HOUR)
    return post


rule_sets = st.fixed_dictionaries({"a": rule_of, "b": rule_of, "c": rule_of})


@given(rule_sets, events, quiet, starts)
def test_everything_goes_exactly_once(
    rules: dict[str, Any], happenings: list[Any], windows: tuple[Window, ...], start: datetime
) -> None:
    """Whatever it waits for, each message is told, once, within a day and an hour."""
    post = played(rules, happenings, windows, start)
    assert post.bins == {}
    told = [number for _, _, _, inside in post.gone for number in inside]
    assert sorted(told) == list(range(len(happenings)))
    for moment, _, _, inside in post.gone:
        assert all(moment - post.waited[number] <= 34 * HOUR for number in inside)


@given(rule_sets, events, quiet, starts)
def test_nothing_goes_while_it_is_quiet(
    rules: dict[str, Any], happenings: list[Any], windows: tuple[Window, ...], start: datetime
) -> None:
    """Neither single ones nor bins, but for what is let through."""
    for moment, _, severity, _ in played(rules, happenings, windows, start).gone:
        assert quiet_until(windows, moment, severity) is None


@given(rule_sets, events, quiet, starts)
def test_a_night_ends_with_one_message(
    rules: dict[str, Any], happenings: list[Any], windows: tuple[Window, ...], start: datetime
) -> None:
    """When quiet hours end only one bin goes of those that they held."""
    post = played(rules, happenings, windows, start)
    mornings = [moment for moment, name, _, _ in post.gone if name == QUIET]
    assert len(mornings) == len(set(mornings))
