"""`tocsin alerts` where several outlets told a story: the timeline, and who counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.model import Reason, State
from tests.support.cli import run
from tests.support.installed import configured
from tests.support.store import transaction
from tests.support.storyrows import QUAKE, RAIN, Rows, rows

if TYPE_CHECKING:
    from pathlib import Path

UPDATE = "93% of the shorter text is the same; 12 -> 30 dead"


def dispatch(folder: Path) -> Rows:
    """One report, a copy, an update and a related one: what rang on desk and phone, and what did not."""
    desk = rows(folder)
    first = desk.report("www.one.example", feed="one")
    copy = desk.report("two.example", after=4, of=first, level="text", reason="word for word the same text")
    desk.shown_by(copy, "two-world", after=6)
    update = desk.report(
        "three.example",
        after=70,
        of=first,
        title="Toll rises to 30",
        relation="update",
        score=0.93,
        reason=UPDATE,
        summary=QUAKE.replace("12", "30"),
    )
    desk.report(
        "four.example", after=1600, of=first, title="Rain", relation="related", score=0.41, summary=RAIN
    )
    alert = desk.alert(first)
    match = desk.match(first)
    desk.told(match, State.SENT, Reason.DELIVERED, alert=alert, after=1)
    desk.told(match, State.DEAD, Reason.REFUSED, channel="phone", alert=alert, after=1)
    match = desk.match(copy)
    for channel in ("desk", "phone"):
        desk.told(match, State.SUPPRESSED, Reason.DUPLICATE, channel=channel, alert=alert, after=4)
    changes = ("12 -> 30 dead",)
    desk.told(desk.match(update), State.WAITING, Reason.UPDATE, alert=alert, after=70, changes=changes)
    configured(folder, desk.path)
    return desk


def shown(folder: Path, *options: str) -> str:
    """What `alerts show 1` prints."""
    outcome = run("alerts", "show", "1", "--config", folder / "config.toml", *options)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def shape(folder: Path) -> dict[str, Any]:
    """The one object of `alerts show 1 --json`."""
    (found,) = run("alerts", "show", "1", "--json", "--config", folder / "config.toml").objects
    assert isinstance(found, dict)
    return found


def test_the_timeline_says_who_when_how_much_and_what_rang(tmp_path: Path) -> None:
    """A report in two to four lines, in the order of time; what is only related comes last."""
    desk = dispatch(tmp_path)
    start, rang = (f"{desk.at(n).replace(tzinfo=None).isoformat()}Z" for n in (0, 1))
    text = shown(tmp_path)
    pad = " " * 24
    assert text.partition("\nstory 1: ")[2].splitlines() == [
        "3 reports by 3 outlets, all of one text",
        f"  {start}  one.example (one): first report · article 1",
        f"{pad}Quake kills 12 in Marvania",
        f"{pad}rang on desk {rang} (rule watch)",
        f"{pad}not delivered to phone: the receiver refused it for good (rule watch)",
        "  +4 min                two.example (two, two-world): copy, 100% · article 2",
        f"{pad}word for word the same text",
        f"{pad}silent on desk, phone: the same story was told on this channel, or will be (rule watch)",
        "  +1 h 10 min           three.example (three): update, 93% · article 3",
        f"{pad}Toll rises to 30",
        f"{pad}{UPDATE}",
        f"{pad}on its way to desk: this story was told, and something in it changed (rule watch)",
        "related to it, each a story of its own",
        "  +1 d 2 h              four.example (four): related, 41% · article 4",
        f"{pad}Rain",
        f"{pad}the same",
    ]
    assert "also reported by two, two-world, three\n" in text


def test_the_same_as_json(tmp_path: Path) -> None:
    """Contract and timeline in one object; of the timeline each key is documented."""
    desk = dispatch(tmp_path)
    found = shape(tmp_path)
    assert found["outlets"] == ["one.example", "two.example", "three.example"]
    assert (found["also"], found["kind"], found["independent"]) == (["two", "two-world", "three"], "first", 1)
    assert [one["relation"] for one in found["timeline"]] == ["first", "duplicate", "update"]
    update = found["timeline"][2]
    assert update | {"deliveries": [], "fetched": "", "published": ""} == {
        "article": 3,
        "story": 1,
        "title": "Toll rises to 30",
        "url": "https://three.example/70",
        "outlet": "three.example",
        "feeds": ["three"],
        "published": "",
        "fetched": "",
        "relation": "update",
        "level": "dispatch",
        "score": 0.93,
        "of": 1,
        "why": UPDATE,
        "deliveries": [],
    }
    (told,) = update["deliveries"]
    assert told.pop("at") == f"{desk.at(70).replace(tzinfo=None).isoformat()}Z"
    assert told == {
        "channel": "desk",
        "rules": ["watch"],
        "feed": "three",
        "state": "waiting",
        "reason": "update",
        "changes": ["12 -> 30 dead"],
    }
    (related,) = found["related"]
    assert (related["article"], related["story"], related["relation"]) == (4, 4, "related")


def test_outlets_that_wrote_for_themselves_are_counted(tmp_path: Path) -> None:
    """Copies of one wire count once, pages of one outlet too."""
    dispatch(tmp_path)
    desk = Rows(tmp_path / "tocsin.db", feeds={"one": 1})
    desk.report("blog.five.example", after=90, of=1, relation="joins", score=0.35, page=RAIN)
    desk.report("www.five.example", feed="five-world", after=95, of=1, page=RAIN)
    desk.set_article(1, page=QUAKE)
    assert "story 1: 5 reports by 4 outlets, of which 2 wrote for themselves" in shown(tmp_path)
    found = shape(tmp_path)
    assert (found["independent"], len(found["outlets"])) == (2, 4)


def test_a_page_counts_as_the_text(tmp_path: Path) -> None:
    """What was read from the page is compared, not the teaser that the feed gave."""
    desk = rows(tmp_path)
    first = desk.report("one.example", page=QUAKE, summary="Read more")
    desk.report("two.example", of=first, page=RAIN, summary="Read more")
    desk.alert(first)
    configured(tmp_path, desk.path)
    assert shape(tmp_path)["independent"] == 2


def test_what_an_edit_changed_is_said(tmp_path: Path) -> None:
    """A story of one report has a timeline where a message told of a change in it."""
    desk = rows(tmp_path)
    first = desk.report("one.example")
    alert, match = desk.alert(first), desk.match(first)
    desk.told(match, State.SENT, Reason.DELIVERED, alert=alert)
    configured(tmp_path, desk.path)
    assert "story 1" not in shown(tmp_path)
    desk.told(match, State.SENT, Reason.UPDATE, channel="x", alert=alert, changes=("12 -> 30 dead",))
    assert "said anew: 12 -> 30 dead\n" in shown(tmp_path)


def test_an_edited_item_that_rang_twice_shows_both(tmp_path: Path) -> None:
    """The ledger keeps what became of a match last; the message before is known by its address."""
    desk = rows(tmp_path)
    other = desk.report("two.example", after=-5)
    first = desk.report("one.example", of=other, title="Quake kills 30")
    alert, match = desk.alert(first), desk.match(first)
    url = "https://one.example/0"
    desk.told(match, State.SENT, Reason.DELIVERED, alert=alert, after=1, url=url)
    with transaction(desk.path) as tx:
        tx.run("DELETE FROM ledger")
    changes = ("12 -> 30 dead",)
    desk.told(match, State.WAITING, Reason.UPDATE, alert=alert, after=90, changes=changes, url=url)
    configured(tmp_path, desk.path)
    lines = [line.strip() for line in shown(tmp_path).splitlines()]
    at = lines.index("Quake kills 30", 1)
    rang = f"{desk.at(1).replace(tzinfo=None).isoformat()}Z"
    assert lines[at + 2 : at + 5] == [
        f"rang on desk {rang} (rule talks-in-doha)",
        "on its way to desk: this story was told, and something in it changed (rule watch)",
        "said anew: 12 -> 30 dead",
    ]


def test_updates_that_share_a_message_say_what_is_theirs(tmp_path: Path) -> None:
    """One that waits is renewed by the next; each report has its own change, and the edit has the rest."""
    desk = rows(tmp_path)
    first = desk.report("one.example")
    update = desk.report("two.example", after=9, of=first, relation="update", score=0.505, reason=UPDATE)
    alert, both = desk.alert(first), ("12 -> 30 dead", "12 -> 31 dead")
    for article in (first, update):
        desk.told(desk.match(article), State.WAITING, Reason.UPDATE, alert=alert, changes=both)
    configured(tmp_path, desk.path)
    text = shown(tmp_path)
    assert [line.strip() for line in text.splitlines() if "said anew" in line] == ["said anew: 12 -> 31 dead"]
    assert "two.example (two): update, 93% " in text


def test_a_report_that_no_rule_holds_for_says_so(tmp_path: Path) -> None:
    """It joined the story all the same."""
    desk = rows(tmp_path)
    desk.alert(desk.report("one.example"))
    desk.report("two.example", after=3, of=1)
    configured(tmp_path, desk.path)
    assert shown(tmp_path).count("no rule holds for it") == 2


def test_many_reports_are_cut_for_people_alone(tmp_path: Path) -> None:
    """Thirty are read; JSON has them all."""
    desk = rows(tmp_path)
    desk.alert(desk.report("one.example"))
    for number in range(40):
        desk.report(f"outlet{number}.example", after=number + 1, of=1)
    configured(tmp_path, desk.path)
    assert "  and 11 more: --json shows all" in shown(tmp_path)
    assert len(shape(tmp_path)["timeline"]) == 41


def test_the_list_says_how_many_outlets(tmp_path: Path) -> None:
    """Behind the feed of the alert; in JSON by name."""
    dispatch(tmp_path)
    outcome = run("alerts", "list", "--config", tmp_path / "config.toml")
    assert "one +2 outlets  Quake" in outcome.out
    (alert,) = run("alerts", "list", "--json", "--config", tmp_path / "config.toml").objects
    assert alert["outlets"] == ["one.example", "two.example", "three.example"]
    assert "timeline" not in alert


def test_a_hit_in_the_page_stands_among_its_words(tmp_path: Path) -> None:
    """The page stands as the body; a match made before it was read points into the feed's own text."""
    desk = rows(tmp_path)
    first = desk.report("one.example", body="The river rose.", page="The envoys met in Doha at noon.")
    desk.alert(first)
    at = '{"field": "body", "start": %d, "end": %d, "text": "%s", "term": "x", "entity": null}'
    desk.match(first, hits=f"[{at % (18, 22, 'Doha')}, {at % (4, 9, 'river')}]")
    configured(tmp_path, desk.path)
    text = shown(tmp_path)
    assert "body: The envoys met in Doha at noon.\n" in text
    assert "body: The river rose.\n" in text


def test_nothing_of_a_story_steers_the_terminal(tmp_path: Path) -> None:
    """Titles and outlets of others reach it without control characters."""
    desk = dispatch(tmp_path)
    desk.set_article(2, title="Ring \x07\x1b[2J\x9b31m", source="two\x1b.example")
    assert not {"\x07", "\x1b", "\x9b"} & set(shown(tmp_path))
