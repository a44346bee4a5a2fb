"""Whether a firing rings on a channel: the table, and the laws behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.decide import Firing, Sighted, Told, Verdict, decide
from monitor.model import Reason, Severity, State, Strength

LOW, NORMAL, HIGH, URGENT = Severity
NOBODY = Told({}, frozenset())
RINGS, SILENT, HELD = State.WAITING, State.SUPPRESSED, State.HELD
WEAK = Strength.WEAK

severities = st.sampled_from(Severity)
channel_names = st.sampled_from(["desk", "phone", "screen"])
rule_names = st.sampled_from(["talks", "flood", "strike"])
firing_lists = st.lists(
    st.builds(Firing, rule_names, severities, st.lists(channel_names, unique=True, max_size=3).map(tuple)),
    unique_by=lambda f: f.rule,
    max_size=3,
)
tolds = st.builds(Told, st.dictionaries(channel_names, severities), st.frozensets(rule_names))
sightings = st.sampled_from([each for each in Sighted if each is not Sighted.AGAIN])


def told(severity: Severity, *rules: str) -> Told:
    """The desk was told, at this severity, of these rules."""
    return Told({"desk": severity}, frozenset(rules))


@pytest.mark.parametrize(
    ("sighted", "before", "severity", "state", "reason"),
    [
        (Sighted.NEW, NOBODY, NORMAL, RINGS, Reason.FIRST),
        (Sighted.NEW, NOBODY, LOW, RINGS, Reason.FIRST),
        # A copy of what nobody was told of rings: its head was baseline, dead or dropped.
        (Sighted.COPY, NOBODY, NORMAL, RINGS, Reason.FIRST),
        (Sighted.COPY, Told({"phone": URGENT}, frozenset({"talks"})), NORMAL, RINGS, Reason.FIRST),
        (Sighted.COPY, told(NORMAL, "talks"), NORMAL, SILENT, Reason.DUPLICATE),
        (Sighted.COPY, told(HIGH, "talks"), NORMAL, SILENT, Reason.DUPLICATE),
        (Sighted.COPY, told(LOW, "talks"), NORMAL, RINGS, Reason.HIGHER_SEVERITY),
        (Sighted.COPY, told(NORMAL, "flood"), NORMAL, SILENT, Reason.ALREADY_TOLD),
        (Sighted.COPY, told(NORMAL, "flood"), HIGH, RINGS, Reason.HIGHER_SEVERITY),
        (Sighted.COPY, told(LOW, "flood"), LOW, SILENT, Reason.ALREADY_TOLD),
        # An edit comes here only with rules that hold now, and did not before, in text that is new.
        (Sighted.EDIT, NOBODY, NORMAL, RINGS, Reason.NEW_TEXT),
        (Sighted.EDIT, told(URGENT, "flood"), LOW, RINGS, Reason.NEW_TEXT),
        (Sighted.EDIT, told(NORMAL, "talks"), NORMAL, SILENT, Reason.DUPLICATE),
        (Sighted.EDIT, told(NORMAL, "talks"), HIGH, RINGS, Reason.HIGHER_SEVERITY),
        (Sighted.BASELINE, NOBODY, URGENT, SILENT, Reason.BASELINE),
        (Sighted.BASELINE, told(LOW, "flood"), URGENT, SILENT, Reason.BASELINE),
    ],
)
def test_one_firing_on_one_channel(
    sighted: Sighted, before: Told, severity: Severity, state: State, reason: Reason
) -> None:
    """What was told, how the item was met and how severe the rule is decide, each with its reason."""
    (verdict,) = decide([Firing("talks", severity, ("desk",))], sighted, before)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert verdict.channel == ("" if sighted is Sighted.BASELINE else "desk")
    assert verdict.rings is (state is RINGS)


def test_each_channel_is_asked_for_itself() -> None:
    """A channel that was told stays silent while one that was not rings."""
    firing = Firing("talks", NORMAL, ("desk", "phone"))
    assert decide([firing], Sighted.COPY, told(NORMAL, "talks")) == (
        Verdict(firing, "desk", SILENT, Reason.DUPLICATE),
        Verdict(firing, "phone", RINGS, Reason.FIRST),
    )


def test_rules_that_fire_together_ring_together() -> None:
    """In one decision no rule silences another: they share one message."""
    firings = [Firing("talks", NORMAL, ("desk",)), Firing("flood", URGENT, ("desk",))]
    assert [v.reason for v in decide(firings, Sighted.NEW, NOBODY)] == [Reason.FIRST, Reason.FIRST]


def test_no_route_is_recorded_too() -> None:
    """A firing that goes nowhere has its row and its reason."""
    firing = Firing("talks", URGENT, ())
    assert decide([firing], Sighted.NEW, NOBODY) == (Verdict(firing, "", SILENT, Reason.NO_ROUTE),)


def weak(option: str = "hold", severity: Severity = NORMAL) -> Firing:
    """A rule that holds on unconfirmed text alone."""
    return Firing("talks", severity, ("desk",), WEAK, option)


@pytest.mark.parametrize(
    ("firing", "before", "state", "reason"),
    [
        (weak(), NOBODY, HELD, Reason.WEAK),
        (weak("alert"), NOBODY, RINGS, Reason.FIRST),
        (weak("ignore"), NOBODY, SILENT, Reason.WEAK_IGNORED),
        (weak(severity=URGENT), told(LOW, "talks"), SILENT, Reason.DUPLICATE),
        (weak(), Told(rules=frozenset({"talks"}), weakly={"desk": LOW}), SILENT, Reason.DUPLICATE),
        (weak("alert"), Told(weakly={"desk": LOW}), SILENT, Reason.ALREADY_TOLD),
        # What was told on unconfirmed text stands against nothing that is confirmed.
        (Firing("talks", LOW, ("desk",)), Told(weakly={"desk": URGENT}), RINGS, Reason.FIRST),
    ],
)
def test_what_rests_on_unconfirmed_text(firing: Firing, before: Told, state: State, reason: Reason) -> None:
    """It is held for a digest, pushed or ignored, as the rule says, and never mutes what is confirmed."""
    (verdict,) = decide([firing], Sighted.NEW, before)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert verdict.gathered is (state is HELD)


def test_what_changed_rings_where_the_story_was_told() -> None:
    """At its rule's own severity; elsewhere it is a first report."""
    firing = Firing("talks", LOW, ("desk", "phone"), changes=("12 -> 30 dead",))
    verdicts = decide([firing], Sighted.NEW, told(URGENT, "flood"))
    assert [(v.channel, v.reason) for v in verdicts] == [("desk", Reason.UPDATE), ("phone", Reason.FIRST)]
    assert all(v.rings for v in verdicts)


def test_what_is_only_related_says_so() -> None:
    """It rings as a first report does."""
    (verdict,) = decide([Firing("talks", LOW, ("desk",), related=True)], Sighted.NEW, NOBODY)
    assert (verdict.state, verdict.reason) == (RINGS, Reason.RELATED)


@pytest.mark.parametrize(
    ("changes", "before", "rings"),
    [((), told(LOW, "talks"), 0), (("30 dead",), NOBODY, 0), (("30 dead",), told(LOW, "talks"), 1)],
)
def test_an_edit_for_which_a_rule_held_before(changes: tuple[str, ...], before: Told, rings: int) -> None:
    """It has its row already: there is another verdict only where it was told and something changed."""
    verdicts = decide([Firing("talks", NORMAL, ("desk",), changes=changes)], Sighted.AGAIN, before)
    assert [v.reason for v in verdicts] == [Reason.UPDATE] * rings


@given(firing_lists, sightings, tolds)
def test_every_firing_gets_its_verdicts_in_order(
    firings: list[Firing], sighted: Sighted, before: Told
) -> None:
    """At least one verdict each, one per channel, each waiting or suppressed: the ledger has no gap."""
    verdicts = decide(firings, sighted, before)
    silent = sighted is Sighted.BASELINE
    expected = [(f, c) for f in firings for c in ((not silent and f.channels) or ("",))]
    assert [(v.firing, v.channel) for v in verdicts] == expected
    assert {v.state for v in verdicts} <= {RINGS, SILENT}


@given(firing_lists, sightings, tolds)
def test_the_told_are_not_told_again(firings: list[Firing], sighted: Sighted, before: Told) -> None:
    """At the same or a higher severity a told channel stays silent, but for a rule new to an edited item."""
    for verdict in decide(firings, sighted, before):
        at = before.channels.get(verdict.channel)
        newly = sighted is Sighted.EDIT and verdict.firing.rule not in before.rules
        if at is not None and verdict.firing.severity <= at and not newly:
            assert not verdict.rings


@given(firing_lists, sightings, tolds)
def test_whoever_was_not_told_is_told(firings: list[Firing], sighted: Sighted, before: Told) -> None:
    """Nothing but the baseline keeps an alert from a channel that knows nothing of the story."""
    for verdict in decide(firings, sighted, before):
        if verdict.channel and verdict.channel not in before.channels:
            assert verdict.rings


@given(firing_lists, tolds)
def test_the_baseline_never_rings(firings: list[Firing], before: Told) -> None:
    """What was there before we looked is recorded, and silent."""
    verdicts = decide(firings, Sighted.BASELINE, before)
    assert all((v.state, v.reason, v.channel) == (SILENT, Reason.BASELINE, "") for v in verdicts)


@given(firing_lists, st.sampled_from([Sighted.NEW, Sighted.COPY, Sighted.EDIT]), tolds)
def test_a_decision_is_taken_once(firings: list[Firing], sighted: Sighted, before: Told) -> None:
    """The same item, met again after it rang, rings nowhere."""
    verdicts = decide(firings, sighted, before)
    channels = dict(before.channels)
    for v in verdicts:
        if v.rings:
            channels[v.channel] = max(v.firing.severity, channels.get(v.channel, LOW))
    after = Told(channels, before.rules | {f.rule for f in firings})
    assert not any(v.rings for v in decide(firings, sighted, after))
