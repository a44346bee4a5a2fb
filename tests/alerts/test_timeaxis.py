"""What channels hear when: whole stories on a time axis, from the rule that rings to the receiver."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from monitor.delivery.bucket import LIMITS
from monitor.model import Reason, Severity
from tests.support.timeaxis import DESK, PHONE, Desk

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = """
[quiet_hours.night]
channels = ["phone"]
from = "22:00"
to = "07:00"
let_through = ["urgent"]
"""
FRIDAY = "2026-11-27 12:00"


def heard(desk: Desk, *, until: str) -> str:
    """The axis at this time; the ledger adds up."""
    desk.at(until)
    desk.check()
    return desk.axis()


def expected(text: str) -> str:
    """An axis as it is written in a test."""
    return dedent(text).strip()


def test_what_rings_is_told_at_once(tmp_path: Path) -> None:
    """Every channel hears it; a copy of the story does not ring again."""
    desk = Desk(tmp_path, PHONE + DESK, FRIDAY)
    desk.rings("flood", title="Rain").at("+5m").rings("flood", title="Rain again", story="Rain", feed="b")
    assert heard(desk, until="18:00") == expected("""
        27 12:00 desk Rain
        27 12:00 phone Rain
    """)


def test_a_night_ends_with_one_digest(tmp_path: Path) -> None:
    """The most severe first, marked late; what came before and after is told by itself."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY)
    desk.at("21:59").rings("flood", title="Rain")
    desk.at("22:00").rings("flood", title="Storm")
    desk.at("28 03:00").rings("talks", title="Envoys").at("28 06:59").rings("chat", title="Gossip")
    desk.at("28 07:01").rings("flood", title="Sun")
    assert heard(desk, until="29 12:00") == expected("""
        27 21:59 phone Rain
        28 07:00 phone late digest: Envoys, Storm, Gossip
        28 07:01 phone Sun
    """)


def test_one_alert_alone_is_no_digest(tmp_path: Path) -> None:
    """It comes as the message it is, marked late."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY).at("23:00").rings("flood", title="Storm")
    assert heard(desk, until="28 12:00") == "28 07:00 phone late Storm"


def test_an_urgent_alert_breaks_the_quiet(tmp_path: Path) -> None:
    """It goes at once and takes nothing along that was held."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY)
    desk.at("23:00").rings("flood", title="Storm").at("28 02:00").rings("war", title="War")
    assert heard(desk, until="28 12:00") == expected("""
        28 02:00 phone War
        28 07:00 phone late Storm
    """)


def test_a_story_that_was_held_is_told_once_at_its_latest(tmp_path: Path) -> None:
    """A rule of higher severity fires on it in the night: one entry, with the newer title."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY)
    desk.at("23:00").rings("flood", title="Rain", story="s")
    desk.at("23:30").rings("talks", title="Rain: envoys leave", story="s")
    desk.at("23:40").rings("flood", title="Other")
    assert heard(desk, until="28 12:00") == "28 07:00 phone late digest: Rain: envoys leave, Other"


def test_an_urgent_turn_of_a_story_that_was_held(tmp_path: Path) -> None:
    """It goes at once and is not told again in the morning, as if it were older news."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY).at("23:00").rings("flood", title="Rain", story="s")
    desk.rings("flood", title="Other").at("28 02:00").rings("war", title="Rain: dam breaks", story="s")
    assert heard(desk, until="28 12:00") == expected("""
        28 02:00 phone Rain: dam breaks
        28 07:00 phone late Other
    """)


def test_another_channel_hears_it_at_night(tmp_path: Path) -> None:
    """Quiet hours are those of a channel."""
    desk = Desk(tmp_path, PHONE + DESK + NIGHT, FRIDAY).at("23:00").rings("flood", title="Storm")
    assert heard(desk, until="28 12:00") == expected("""
        27 23:00 desk Storm
        28 07:00 phone late Storm
    """)


@pytest.mark.parametrize(
    ("zone", "day", "rings", "tells"),
    [
        ("Europe/Paris", "2026-03-28", "29 01:30", "29 07:00"),
        ("Europe/Paris", "2026-03-28", "29 03:00", "29 07:00"),
        ("Europe/Paris", "2026-10-24", "25 02:30", "25 07:00"),
        ("America/New_York", "2026-03-07", "08 01:59", "08 07:00"),
        ("America/New_York", "2026-10-31", "01 01:30", "01 07:00"),
        ("Australia/Lord_Howe", "2026-04-04", "05 01:45", "05 07:00"),
        ("Australia/Lord_Howe", "2026-10-03", "04 02:30", "04 07:00"),
    ],
)
def test_the_nights_in_which_clocks_change(
    tmp_path: Path, zone: str, day: str, rings: str, tells: str
) -> None:
    """What is held is told at seven by the clock, an hour earlier or later as it may be."""
    desk = Desk(tmp_path, PHONE + NIGHT, f"{day} 23:00", zone).rings("flood", title="Rain")
    desk.at(rings).rings("talks", title="Storm")
    assert heard(desk, until=tells) == f"{tells} phone late digest: Storm, Rain"


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_quiet_hours_that_end_in_the_hour_that_changes(tmp_path: Path, day: str) -> None:
    """In spring at the jump, in autumn at the second 02:30: told once either way."""
    night = NIGHT.replace("07:00", "02:30")
    desk = Desk(tmp_path, PHONE + night, f"{day} 23:00").rings("flood", title="Rain")
    desk.at("+12h")
    desk.check()
    spring = day == "2026-03-28"
    assert desk.axis() == ("29 03:00 phone late Rain" if spring else "25 02:30 phone late Rain")
    assert desk.sent[0][0].hour == 1, "both are at 01:00 and 01:30 UTC"


ROUTES = """
[[routes]]
match = { severity = ["high", "urgent"] }
channels = ["phone", "desk"]
[[routes]]
match = { tag = "sport" }
channels = []
[[routes]]
match = { severity = "low" }
channels = ["desk"]
group = "10m"
group_by = "rule"
[[routes]]
channels = ["desk"]
digest = ["08:00", "18:00"]
"""


def test_routes_choose_channels_and_times(tmp_path: Path) -> None:
    """Severe ones at once to both, low ones gathered, the rest in the digest, sport to nobody."""
    desk = Desk(tmp_path, PHONE + DESK + ROUTES, FRIDAY)
    desk.rings("talks", title="Envoys").rings("flood", title="Rain").rings("chat", title="One")
    desk.rings("flood", title="Goal", feed="b")
    desk.at("12:09").rings("chat", title="Two").at("12:11").rings("chat", title="Three")
    desk.at("17:59").rings("flood", title="Wind").at("18:00").rings("flood", title="Hail")
    assert heard(desk, until="28 12:00") == expected("""
        27 12:00 desk Envoys
        27 12:00 phone Envoys
        27 12:10 desk digest: One, Two
        27 12:21 desk Three
        27 18:00 desk digest: Rain, Wind
        28 08:00 desk Hail
    """)
    assert desk.ledger[4, "flood", ""].reason is Reason.NO_ROUTE


def test_rules_that_ring_together_are_one_message_in_the_soonest_way(tmp_path: Path) -> None:
    """One route wants a digest, the other sends at once: the desk hears one message, now."""
    desk = Desk(tmp_path, PHONE + DESK + ROUTES, FRIDAY).rings("flood", "talks", title="Envoys in the rain")
    assert heard(desk, until="28 12:00") == expected("""
        27 12:00 desk Envoys in the rain
        27 12:00 phone Envoys in the rain
    """)


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("rule", ["digest: R1, R3", "R2"]),
        ("feed", ["digest: R2, R1", "R3"]),
        ("story", ["R1", "R2", "R3"]),
    ],
)
def test_groups_are_kept_apart_by_what_the_route_says(tmp_path: Path, by: str, lines: list[str]) -> None:
    """Rules, feeds or stories; all go ten minutes after the first of their group."""
    routes = f'[[routes]]\nchannels = ["desk"]\ngroup = "10m"\ngroup_by = "{by}"\n'
    desk = Desk(tmp_path, DESK + routes, FRIDAY)
    desk.rings("flood", title="R1").rings("talks", title="R2").rings("flood", title="R3", feed="b")
    assert sorted(heard(desk, until="18:00").splitlines()) == sorted(f"27 12:10 desk {x}" for x in lines)


def test_a_group_holds_what_is_new_only(tmp_path: Path) -> None:
    """Alertmanager would send the old ones again; an emptied group begins anew."""
    desk = Desk(tmp_path, DESK + '[[routes]]\nchannels = ["desk"]\ngroup = "5m"\n', FRIDAY)
    for minute in (0, 2, 4, 6, 8):
        desk.at(f"12:0{minute}").rings("flood", title=f"R{minute}")
    assert heard(desk, until="18:00") == expected("""
        27 12:05 desk digest: R0, R2, R4
        27 12:11 desk digest: R6, R8
    """)


def test_a_digest_waits_for_the_end_of_quiet_hours(tmp_path: Path) -> None:
    """Two digests and single alerts of the night are one message in the morning."""
    routes = """
    [[routes]]
    match = { rule = "chat" }
    channels = ["phone"]
    digest = ["23:00", "06:00"]
    [[routes]]
    channels = ["phone"]
    """
    desk = Desk(tmp_path, PHONE + NIGHT + dedent(routes), FRIDAY)
    desk.rings("chat", title="Gossip").at("23:30").rings("flood", title="Storm")
    desk.at("28 03:00").rings("chat", title="More gossip")
    assert heard(desk, until="28 12:00") == "28 07:00 phone late digest: Storm, Gossip, More gossip"


def test_a_flood_spends_its_budget_and_comes_back(tmp_path: Path) -> None:
    """Three single ones, one word about it, a digest after an hour, and single ones again later."""
    desk = Desk(tmp_path, DESK + '[alerts]\nbudget = "3/1h"\n', FRIDAY)
    for number in range(6):
        desk.at("+1m").rings("flood", title=f"R{number}")
    desk.at("16:00").rings("flood", title="R6")
    assert heard(desk, until="18:00") == expected("""
        27 12:01 desk R0
        27 12:02 desk R1
        27 12:03 desk R2
        27 12:04 notice rule flood rang more than its budget of 3/1h
        27 13:04 desk digest: R3, R4, R5
        27 16:00 desk R6
    """)


def test_budgets_are_kept_for_each_rule_and_channel(tmp_path: Path) -> None:
    """One rule's flood costs another nothing; on a file nothing is spent at all."""
    file = '[channels.log]\ntype = "file"\npath = "x"\n'
    desk = Desk(tmp_path, DESK + file + '[alerts]\nbudget = "1/1h"\n', FRIDAY)
    desk.rings("flood", title="R1").rings("flood", title="R2").rings("talks", title="T1")
    assert heard(desk, until="12:30") == expected("""
        27 12:00 desk R1
        27 12:00 log R1
        27 12:00 notice rule flood rang more than its budget of 1/1h
        27 12:00 log R2
        27 12:00 desk T1
        27 12:00 log T1
    """)


def test_an_urgent_overflow_waits_ten_minutes(tmp_path: Path) -> None:
    """The digest that begins with a normal one is brought forward by it."""
    desk = Desk(tmp_path, DESK + '[alerts]\nbudget = "1/1h"\n', FRIDAY)
    desk.rings("flood", title="R1").rings("flood", title="R2").rings("war", title="W1")
    desk.at("12:05").rings("war", title="W2")
    lines = heard(desk, until="18:00").splitlines()
    assert lines[-1] == "27 12:15 desk digest: W2, R2"


def test_a_night_spends_no_budget(tmp_path: Path) -> None:
    """Ten held alerts are one message; in the morning the budget is whole."""
    desk = Desk(tmp_path, PHONE + NIGHT + '[alerts]\nbudget = "2/1h"\n', FRIDAY).at("23:00")
    for number in range(10):
        desk.at("+1m").rings("flood", title=f"N{number}")
    desk.at("28 07:05").rings("flood", title="M1").rings("flood", title="M2")
    lines = heard(desk, until="28 07:30").splitlines()
    assert lines[0].startswith("28 07:00 phone late digest: N0, N1")
    assert lines[1:] == ["28 07:05 phone M1", "28 07:05 phone M2"]


def test_a_silence_hides_and_says_so_at_its_end(tmp_path: Path) -> None:
    """What it hid does not keep a later copy from ringing."""
    desk = Desk(tmp_path, DESK, FRIDAY).silence("1h", rule="flood")
    desk.rings("flood", title="Rain").rings("flood", title="Storm").rings("talks", title="Envoys")
    desk.at("13:00").rings("flood", title="Rain again", story="Rain")
    assert heard(desk, until="18:00") == expected("""
        27 12:00 desk Envoys
        27 13:00 notice silence 1 of rule flood ended (anna); it hid 2 alerts (flood 2)
        27 13:00 desk Rain again
    """)


def test_a_silence_that_is_ended_by_hand(tmp_path: Path) -> None:
    """At once, and told once."""
    desk = Desk(tmp_path, DESK, FRIDAY).silence("7d", feed="b").rings("flood", title="Goal", feed="b")
    desk.at("12:30").expire(1).rings("flood", title="Second goal", feed="b")
    assert heard(desk, until="28 12:00") == expected("""
        27 12:30 notice silence 1 of feed b ended (anna); it hid 1 alert (flood 1)
        27 12:30 desk Second goal
    """)


def test_an_outage_of_a_few_is_made_up_singly(tmp_path: Path) -> None:
    """Five at most, in order, marked late."""
    desk = Desk(tmp_path, PHONE + DESK, FRIDAY).goes_down("phone")
    for number in range(3):
        desk.at("+10m").rings("flood", title=f"R{number}")
    desk.at("15:00").comes_back("phone").rings("flood", title="R3")
    assert [line for line in heard(desk, until="18:00").splitlines() if "phone" in line] == [
        "27 15:00 phone late R0",
        "27 15:00 phone late R1",
        "27 15:00 phone late R2",
        "27 15:00 phone R3",
    ]


def test_an_outage_of_a_day_is_one_digest_after_the_urgent_one(tmp_path: Path) -> None:
    """Of thirty the urgent one is first and alone, the rest are two messages; the desk never waited."""
    desk = Desk(tmp_path, PHONE + DESK + '[alerts]\nbudget = "off"\n', FRIDAY).goes_down("phone")
    for number in range(30):
        desk.at("+40m").rings("war" if number == 20 else "flood", title=f"R{number}")
    desk.at("28 12:00").comes_back("phone")
    phone = [line for line in heard(desk, until="28 18:00").splitlines() if "phone" in line]
    assert phone[0] == "28 12:00 phone late R20"
    assert [line.partition(": ")[0] for line in phone[1:]] == ["28 12:00 phone late digest"] * 2
    assert phone[1].startswith("28 12:00 phone late digest: R0, R1, R2")
    assert sum("desk" in line for line in desk.axis().splitlines()) == 30


def test_a_story_that_waits_for_its_receiver_is_told_once(tmp_path: Path) -> None:
    """At its latest, and at the severity it has by then; nothing overtakes it."""
    desk = Desk(tmp_path, PHONE, FRIDAY).goes_down("phone").rings("flood", title="Rain", story="s")
    desk.at("+1h").rings("talks", title="Other").rings("war", title="Rain: dam breaks", story="s")
    desk.at("18:00").comes_back("phone")
    assert heard(desk, until="18:30") == expected("""
        27 18:00 phone late Rain: dam breaks
        27 18:00 phone late Other
    """)


def test_a_receiver_that_comes_back_in_the_night(tmp_path: Path) -> None:
    """What waited for it is held until the morning, but for the urgent one."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY).goes_down("phone")
    desk.at("18:00").rings("flood", title="Rain").rings("war", title="War")
    desk.at("28 02:00").comes_back("phone").at("28 03:00").rings("flood", title="Storm")
    assert heard(desk, until="28 12:00") == expected("""
        28 02:00 phone late War
        28 07:00 phone late digest: Rain, Storm
    """)


def test_two_hundred_at_once_on_a_channel_of_twenty_a_minute(tmp_path: Path) -> None:
    """The urgent one at once, then the most severe, all within eight messages and the service's rate."""
    desk = Desk(tmp_path, PHONE + '[alerts]\nbudget = "off"\n', FRIDAY).goes_down("phone")
    desk.limits["phone"] = LIMITS["tgram"]
    for number in range(199):
        desk.rings("talks" if number % 4 == 0 else "flood", title=f"R{number}")
    desk.rings("war", title="War").comes_back("phone")
    heard(desk, until="12:10")
    messages = [row for _, row in desk.sent]
    assert messages[0].words() == "War"
    assert len(messages) == 9
    assert desk.sent[-1][0] - desk.sent[0][0] < desk.sent[0][0] - desk.sent[0][0].replace(hour=10)
    assert {entry[2] for entry in messages[1].entries} == {Severity.HIGH}
    assert sum(len(row.entries) for row in messages) == 200


def test_a_reload_in_the_middle_of_the_night(tmp_path: Path) -> None:
    """Quiet hours that are taken out release what they held; new ones hold what comes after."""
    desk = Desk(tmp_path, PHONE + NIGHT, FRIDAY).at("23:00").rings("flood", title="Storm")
    desk.at("23:30").reload(PHONE).rings("flood", title="Rain")
    desk.at("28 01:00").reload(PHONE + NIGHT).rings("flood", title="Hail")
    assert heard(desk, until="28 12:00") == expected("""
        27 23:30 phone late Storm
        27 23:30 phone Rain
        28 07:00 phone late Hail
    """)


def test_a_reload_that_brings_quiet_hours_over_an_open_group(tmp_path: Path) -> None:
    """What is due while it is quiet waits for the end."""
    group = '[[routes]]\nchannels = ["phone"]\ngroup = "30m"\n'
    desk = Desk(tmp_path, PHONE + group, FRIDAY).at("21:50").rings("flood", title="Storm")
    desk.at("21:55").reload(PHONE + NIGHT + group).rings("flood", title="Rain")
    lines = heard(desk, until="28 12:00").splitlines()
    assert lines == ["28 07:00 phone late digest: Storm, Rain"]


def test_a_restart_in_the_middle_of_everything(tmp_path: Path) -> None:
    """A group, a night and a budget that are half done go on as if nothing had been."""
    toml = PHONE + NIGHT + DESK + ROUTES + '[alerts]\nbudget = "2/1h"\n'
    quiet, loud = Desk(tmp_path, toml, FRIDAY), Desk(tmp_path, toml, FRIDAY)
    for desk in (quiet, loud):
        for minute in range(0, 1200, 47):
            desk.at("+47m").rings(("talks", "chat", "flood", "war")[minute % 4], title=f"R{minute}")
            if desk is loud:
                desk.restart()
        heard(desk, until="29 12:00")
    assert quiet.axis() == loud.axis()
