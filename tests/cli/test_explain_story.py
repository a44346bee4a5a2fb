"""`tocsin explain` between an article and its channels: page, teaser, story, comparing, weak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.model import Reason, State
from tests.support.cli import run
from tests.support.store import transaction
from tests.support.storyrows import QUAKE, Rows, rows

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
[[rules]]
name = "quake"
query = "marvania"
[[rules]]
name = "kabul"
query = "kabul"
[[rules]]
name = "headline"
query = "title:kabul"
[[rules]]
name = "absent"
query = "quake -rescuers"
"""


def desk(folder: Path) -> Rows:
    """A database, and a configuration beside it."""
    feeds = "".join(f'[[feeds]]\nname = "{n}"\nurl = "http://{n}.example/feed"\n' for n in ("one", "two"))
    channels = '[channels.desk]\ntype = "terminal"\n'
    text = f'[monitor]\ndatabase = "tocsin.db"\n{feeds}{RULES}{channels}'
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return rows(folder)


def told(folder: Path, article: int, *options: str) -> str:
    """What people read."""
    outcome = run("explain", str(article), "--config", folder / "config.toml", *options)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def shape(folder: Path, article: int) -> dict[str, Any]:
    """The one JSON object."""
    (found,) = run("explain", str(article), "--json", "--config", folder / "config.toml").objects
    assert isinstance(found, dict)
    return found


def nos(folder: Path, article: int) -> dict[str, tuple[str, str]]:
    """Stage and words of the first no of each rule that has one."""
    found = shape(folder, article)["rules"]
    return {
        r["rule"]: (r["first_no"]["stage"], r["first_no"]["why"]) for r in found if r["first_no"] is not None
    }


# --- pages -----------------------------------------------------------------------------------------------


def test_a_page_that_is_still_wanted(tmp_path: Path) -> None:
    """When it is tried again and given up; a rule that only misses words there says that it waits."""
    room, now = desk(tmp_path), datetime.now(UTC)
    article = room.report("one.example")
    soon = now + timedelta(minutes=5, seconds=5)
    room.page(article, attempts=2, next_attempt_at=soon, deadline=now + timedelta(hours=4, seconds=5))
    text = told(tmp_path, article)
    assert "page   not read yet, tried 2 times, wanted to look for the rules' words in it; next try " in text
    assert "(in 5 min), given up " in text
    assert "(in 4 h)\n" in text
    assert "✗ kabul     page waits: its page is not read yet; of what the feed gives: kabul: not in" in text
    page = shape(tmp_path, article)["article"]["page"]
    assert (page["state"], page["purpose"], page["attempts"], page["hold_until"]) == (
        "waiting",
        "match",
        2,
        None,
    )
    assert datetime.fromisoformat(page["next_attempt"]) == soon.replace(microsecond=0)


def test_no_page_can_help_a_headline_or_a_word_that_is_there(tmp_path: Path) -> None:
    """They say what they always said."""
    room = desk(tmp_path)
    room.page(article := room.report("one.example"))
    stages = {rule: stage for rule, (stage, _) in nos(tmp_path, article).items()}
    assert stages | {"quake": ""} == {"quake": "", "kabul": "page", "headline": "text", "absent": "text"}


def test_a_page_that_is_not_to_be_had(tmp_path: Path) -> None:
    """Why, that the rules had the teaser alone, and for each rule what is missing in it."""
    room = desk(tmp_path)
    article = room.report("one.example", page_why="robots.txt forbids it")
    room.page(article, attempts=1, done_at=room.at(3))
    text = told(tmp_path, article)
    assert "page   none: robots.txt forbids it; rules were judged on title and teaser alone\n" in text
    stage, why = nos(tmp_path, article)["kabul"]
    assert stage == "teaser"
    assert (
        why == "there is no page (robots.txt forbids it); of the teaser: kabul: not in title, summary, body"
    )
    found = shape(tmp_path, article)["article"]
    assert (found["teaser_only"], found["page"]["state"]) == (True, "none")
    assert found["page"]["why"] == "robots.txt forbids it"


def test_a_page_that_was_read(tmp_path: Path) -> None:
    """It stands as the body, whichever feed it was read for, and nothing else is said of it."""
    room = desk(tmp_path)
    article = room.report("one.example", page=QUAKE, summary="More follows.")
    room.page(article, attempts=1, done_at=room.at(3))
    assert f"page   read, {len(QUAKE)} characters, which stand as the body\n" in told(tmp_path, article)
    assert nos(tmp_path, article)["kabul"][0] == "text"
    found = shape(tmp_path, article)["article"]
    assert (found["teaser_only"], found["page"]["state"]) == (False, "read")


def test_a_page_nobody_asked_for_is_not_spoken_of(tmp_path: Path) -> None:
    """Feeds with whole texts need none."""
    room = desk(tmp_path)
    article = room.report("one.example")
    assert "\npage " not in told(tmp_path, article)
    assert shape(tmp_path, article)["article"]["page"]["state"] == "unwanted"


# --- stories ---------------------------------------------------------------------------------------------


def test_a_copy_says_of_what_by_which_level_and_how_much(tmp_path: Path) -> None:
    """As a line of the article, and where the rule's alert stopped."""
    room = desk(tmp_path)
    first = room.report("one.example")
    why = "93% of the shorter text is the same"
    copy = room.report("two.example", after=4, of=first, score=0.93, reason=why)
    room.told(room.match(copy, "quake"), State.SUPPRESSED, Reason.DUPLICATE)
    text = told(tmp_path, copy)
    like = f"{why} (level dispatch, 93%, held against article 1 of one.example)"
    assert f"story  1, a copy: {like}; 2 reports by 2 outlets\n" in text
    assert (
        "first no: told already: desk: the same story was told on this channel, or will be"
        f" ({why}, see article 1); it says nothing new that counts" in text
    )
    assert "story  1, which it began; 2 reports by 2 outlets\n" in told(tmp_path, first)
    found = shape(tmp_path, copy)["article"]
    assert (found["reports"], found["outlets"]) == (2, ["one.example", "two.example"])
    assert found["joined"] | {"at": ""} == {
        "story": 1,
        "relation": "duplicate",
        "level": "dispatch",
        "score": 0.93,
        "of": 1,
        "of_outlet": "one.example",
        "of_title": "Quake kills 12 in Marvania",
        "why": why,
        "at": "",
    }
    assert shape(tmp_path, first)["article"]["joined"] is None


def test_an_update_says_what_changed(tmp_path: Path) -> None:
    """In the words of the update test; it was told."""
    room = desk(tmp_path)
    first = room.report("one.example")
    why = "93% of the shorter text is the same; 12 -> 30 dead"
    update = room.report("two.example", after=70, of=first, relation="update", score=0.93, reason=why)
    room.told(room.match(update, "quake"), State.SENT, Reason.DELIVERED)
    text = told(tmp_path, update)
    assert f"story  1, an update: {why} (level dispatch" in text
    assert "✓ told on desk" in text


def test_what_is_related_names_the_other_story(tmp_path: Path) -> None:
    """It keeps its own."""
    room = desk(tmp_path)
    first = room.report("one.example")
    other = room.report("two.example", of=first, relation="related", score=0.41, reason="41% is the same")
    text = told(tmp_path, other)
    assert "story  2, its own; related to story 1: 41% is the same (level dispatch, 41%, held against" in text
    assert shape(tmp_path, other)["article"]["joined"]["story"] == 1


def test_the_article_it_was_held_against_may_be_gone(tmp_path: Path) -> None:
    """Its number is all there is."""
    room = desk(tmp_path)
    first = room.report("one.example")
    copy = room.report("two.example", of=first)
    with transaction(room.path) as tx:
        tx.run("UPDATE story_joins SET of_article_id = 77")
    assert "held against article 77)" in told(tmp_path, copy)
    found = shape(tmp_path, copy)["article"]["joined"]
    assert (found["of"], found["of_outlet"]) == (77, None)


# --- comparing and weak ----------------------------------------------------------------------------------


def test_what_is_being_compared_says_until_when(tmp_path: Path) -> None:
    """Held, without a notification, until its page is read or the time is over."""
    room = desk(tmp_path)
    article = room.report("one.example")
    until = (datetime.now(UTC) + timedelta(seconds=25)).replace(microsecond=0)
    room.page(article, purpose="decide", hold_until=until)
    room.told(room.match(article, "quake"), State.HELD, Reason.COMPARING)
    stamp = until.isoformat().replace("+00:00", "Z")
    stage, why = nos(tmp_path, article)["quake"]
    assert stage == "comparing"
    assert why == f"desk: held until {stamp}, {Reason.COMPARING.sentence}"
    text = told(tmp_path, article)
    assert "first no: being compared: desk: held until" in text
    assert f"; what waits for it is decided {stamp} (in " in text


@pytest.mark.parametrize(
    ("state", "reason"), [(State.HELD, Reason.WEAK), (State.SUPPRESSED, Reason.WEAK_IGNORED)]
)
def test_weak_says_which_lines_are_not_confirmed(tmp_path: Path, state: State, reason: Reason) -> None:
    """The lines, the hit in them, the stored strength, and what a digest or nobody is told."""
    room = desk(tmp_path)
    page = f"{QUAKE.replace('Marvania', 'the country')}\nMost read: rain in Marvania"
    start = page.index("Most read")
    article = room.report("one.example", title="Quake", summary="", page=page)
    room.set_article(article, unconfirmed=f"[[], [[{start}, {len(page)}]]]")
    at = page.index("Marvania")
    hits = f'[{{"field": "body", "start": {at}, "end": {at + 8}, "text": "Marvania", "term": "marvania"}}]'
    match = room.match(article, "quake", strength="weak", hits=hits)
    room.told(match, state, reason, after=60)
    text = told(tmp_path, article)
    assert "text   not confirmed as the article's own: “Most read: rain in Marvania”\n" in text
    assert "rule quake · holds now (weak)" in text
    assert "Most read: rain in Marvania (not confirmed)\n" in text
    assert " · weak: not by confirmed text alone\n" in text
    stopped = reason is Reason.WEAK  # its digest was due, and nobody is there to send it
    said = (
        "not delivered: desk: it waits to be sent, due since "
        if stopped
        else f"weak: desk: {reason.sentence}"
    )
    assert f"first no: {said}" in text
    found = shape(tmp_path, article)
    assert found["article"]["unconfirmed"] == [
        {"field": "body", "start": start, "end": len(page), "text": "Most read: rain in Marvania"}
    ]
    quake = found["rules"][0]
    assert quake["first_no"]["stage"] == ("delivery" if stopped else "weak")
    assert quake["matches"][0]["strength"] == "weak"
    (hit,) = quake["matches"][0]["hits"]
    assert (hit["in_place"], hit["confirmed"]) == (True, False)


def test_a_strong_match_says_so(tmp_path: Path) -> None:
    """And a match made before the page was read still stands where it stood."""
    room = desk(tmp_path)
    article = room.report("one.example", body="In Marvania.", page="Elsewhere. In Marvania.")
    hits = '[{"field": "body", "start": 3, "end": 11, "text": "Marvania", "term": "marvania"}]'
    room.told(room.match(article, "quake", hits=hits), State.WAITING, Reason.FIRST)
    text = told(tmp_path, article)
    assert " · strong\n" in text
    assert "the text was edited since" not in text
    (hit,) = shape(tmp_path, article)["rules"][0]["matches"][0]["hits"]
    assert (hit["in_place"], hit["confirmed"]) == (True, True)
