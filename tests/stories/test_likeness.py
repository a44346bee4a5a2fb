"""The relation between two articles, threshold by threshold."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.stories.likeness import (
    Facts,
    Level,
    Likeness,
    Relation,
    independent,
    of_article,
    relate,
)
from monitor.stories.names import swapped
from monitor.stories.replay import Desk

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
POOL = str.split("""
    river bridge council market harbour teacher garden winter window station doctor lawyer village mountain
    captain letter kitchen theatre factory journal pasture lantern orchard quarry saddle tunnel velvet whistle
    anchor barrel candle drawer engine feather glacier hammer island jacket kettle ladder mirror needle oyster
    pebble quilt
    ribbon
""")
TITLE = "Council debates the future of the harbour bridge"


def words(seed: int, count: int) -> str:
    """So many words without news, other ones for each seed."""
    return " ".join(random.Random(seed).choices(POOL, k=count))


def article(
    number: int,
    text: str,
    *,
    title: str = TITLE,
    outlet: str = "",
    minutes: float = 0,
    language: str | None = "en",
    full: bool = True,
    url: str = "",
) -> Facts:
    """An article of an outlet of its own."""
    at = NOON + timedelta(minutes=minutes)
    return of_article(
        number, title, text, outlet or f"o{number}.example", at, language=language, full=full, url_key=url
    )


def told(number: int, text: str, **options: object) -> Facts:
    """The head of a story."""
    return replace(article(number, text, **options), story=number, head=True)  # type: ignore[arg-type]


def shares(part: float, *, title: str = TITLE, outlet: str = "", language: str | None = "en") -> Likeness:
    """What an article of 200 words is to a told one of which it has a part at its beginning."""
    source = words(1, 200)
    kept = int(200 * part)
    text = " ".join([*source.split()[:kept], *words(2, 200 - kept).split()])
    new = article(2, text, title=title, outlet=outlet, minutes=5, language=language)
    return relate(new, [told(1, source)])


@pytest.mark.parametrize(
    ("part", "title", "relation"),
    [
        (1.0, "Another headline", Relation.DUPLICATE),
        (0.7, "Another headline", Relation.DUPLICATE),
        (0.45, "Another headline", Relation.RELATED),
        (0.45, "Council debates future of harbour bridge", Relation.JOINS),
        (0.2, TITLE, Relation.NEW),
        (0.0, TITLE, Relation.NEW),
    ],
)
def test_thresholds(part: float, title: str, relation: Relation) -> None:
    """.60 is a duplicate, .30 is related, or joins where the headlines agree."""
    found = shares(part, title=title)
    assert found.relation is relation
    assert found.relation.rings is (relation in (Relation.RELATED, Relation.NEW))
    if relation is not Relation.NEW:
        assert (found.of, found.story) == (1, 1)
        assert "%" in found.reason or found.level is Level.TEXT


@pytest.mark.parametrize(("part", "relation"), [(0.96, Relation.DUPLICATE), (0.75, Relation.RELATED)])
def test_one_outlet_repeats_its_own_background(part: float, relation: Relation) -> None:
    """There .90 is asked for."""
    assert shares(part, outlet="o1.example").relation is relation


@pytest.mark.parametrize(
    ("language", "relation"),
    [
        ("fr", Relation.NEW),
        ("en-GB", Relation.DUPLICATE),
        (None, Relation.DUPLICATE),
        ("und", Relation.DUPLICATE),
    ],
)
def test_known_languages_never_merge(language: str | None, relation: Relation) -> None:
    """Unknown agrees with every one."""
    assert shares(1.0, language=language).relation is relation


def test_levels() -> None:
    """Address before text before dispatch before headline."""
    text = words(1, 120)
    head = told(1, text, url="example.org/a")
    assert relate(article(2, text, url="example.org/a"), [head]).level is Level.URL
    assert relate(article(2, text), [head]).level is Level.TEXT
    assert relate(article(2, text + " more"), [head]).level is Level.DISPATCH
    short = told(3, words(3, 12))
    assert relate(article(4, words(3, 12)), [short]).level is Level.TITLE
    assert relate(article(4, words(4, 120)), [head]) == Likeness(Relation.NEW)


def test_few_words_are_no_proof() -> None:
    """Under 25 words a headline of five words has to be the same too, and the leads have to agree."""
    head = told(1, words(1, 20))
    assert relate(article(2, words(1, 20)), [head]).relation is Relation.DUPLICATE
    assert (
        relate(article(2, words(1, 20), title="Another headline of five words"), [head]).relation
        is Relation.NEW
    )
    assert relate(article(2, words(2, 20)), [head]).relation is Relation.NEW
    assert relate(article(2, words(1, 20), title="Four words say nothing"), [head]).relation is Relation.NEW
    photos = told(3, "See all photos", title="See all photos")
    assert relate(article(4, "See all photos", title="See all photos"), [photos]).relation is Relation.NEW


def test_twelve_shingles_are_asked_for() -> None:
    """A shared sentence of a short item is no copy of it."""
    one = words(1, 14) + " " + words(2, 16)
    two = words(1, 14) + " " + words(3, 16)
    found = relate(article(2, two), [told(1, one)])
    assert found.relation is Relation.NEW


def test_a_teaser_finds_the_full_text_and_the_other_way_round() -> None:
    """Containment of the shorter one: in both orders one report."""
    full, teaser = words(1, 400), " ".join(words(1, 400).split()[:30])
    assert relate(article(2, teaser, full=False), [told(1, full)]).relation is Relation.DUPLICATE
    assert relate(article(2, full), [told(1, teaser, full=False)]).relation is Relation.DUPLICATE


def test_a_page_of_several_reports_is_no_copy_of_one_of_them() -> None:
    """It may be the first to carry the others."""
    page = " ".join(words(seed, 120) for seed in range(1, 8))
    found = relate(article(2, page, title="What happened in the night"), [told(1, words(1, 120))])
    assert found.relation is Relation.RELATED
    assert "something else" in found.reason


def test_the_head_has_to_be_near() -> None:
    """Chains end: what is like the last member but not like the first report is another story."""
    first, last = words(1, 200).split(), words(2, 200).split()
    head = told(1, " ".join(first))
    middle = replace(article(2, " ".join([*first[:100], *last[:100]]), minutes=1), story=1)
    new = article(3, " ".join(last[:110]), minutes=2)
    assert relate(new, [middle]).relation.value in ("duplicate", "related", "joins")
    assert relate(new, [head, middle]).relation is Relation.NEW


def test_a_later_version_cut_short_is_a_copy_of_it() -> None:
    """However little its beginning has of the first report; but not what stands further down in it."""
    first, last = words(1, 200).split(), words(2, 200).split()
    head = told(1, " ".join(first))
    update = replace(article(2, " ".join([*last[:100], *first[:100]]), minutes=90), story=1)
    assert relate(article(3, " ".join(last[:90]), minutes=99), [head, update]).relation is Relation.DUPLICATE
    inside = relate(article(3, " ".join(last[10:100]), minutes=99), [head, update])
    assert inside.relation is Relation.DUPLICATE
    assert relate(article(3, " ".join(last[60:100]), minutes=99), [head, update]).relation is Relation.NEW


def test_a_copy_of_a_copy_cut_short_begins_no_chain() -> None:
    """What it is measured by has to be near the first report itself."""
    first, last, other = words(1, 200).split(), words(2, 200).split(), words(3, 200).split()
    head = told(1, " ".join(first))
    far = replace(article(2, " ".join([*last[:100], *other[:100]]), minutes=90), story=1)
    assert relate(article(3, " ".join(last[:90]), minutes=99), [head, far]).relation is Relation.NEW


def test_seven_days() -> None:
    """What is older groups nothing."""
    text = words(1, 100)
    assert relate(article(2, text, minutes=7 * 1440), [told(1, text)]).relation is Relation.DUPLICATE
    assert relate(article(2, text, minutes=7 * 1440 + 1), [told(1, text)]).relation is Relation.NEW


def test_an_update_outranks_a_copy_and_says_why() -> None:
    """With the words for people, against all members of the story."""
    text = "A quake killed 12 people in Orsk. " + words(1, 100)
    new = article(2, text.replace("12", "30"), minutes=90)
    found = relate(new, [told(1, text)])
    assert found.relation is Relation.UPDATE
    assert "12 -> 30 dead" in found.reason
    assert [str(signal) for signal in found.signals] == ["12 -> 30 dead"]
    member = replace(article(3, text.replace("12", "30"), minutes=60), story=1)
    assert relate(new, [told(1, text), member]).relation is Relation.DUPLICATE
    assert relate(new, [told(1, text)], updates="none").relation is Relation.DUPLICATE


def test_a_form_filled_with_other_names() -> None:
    """Both names stand in headline and text of their own, and nowhere in the other."""
    form = "In {0} the morning is dry. " + words(1, 80) + " The whole forecast for {0} stands on our map."
    one = told(1, form.format("Ashford"), title="Weather in Ashford: dry")
    two = article(2, form.format("Colby"), title="Weather in Colby: dry")
    assert swapped((two.title, two.text), (one.title, one.text)) == "Colby / Ashford"
    assert relate(two, [one]).relation is Relation.RELATED
    assert swapped((two.title, two.text), (one.title, one.text + " Colby")) == ""


def test_one_page_in_two_feeds_and_a_live_page() -> None:
    """The same address: a copy, or an update with what was added."""
    text = words(1, 60)
    head = told(1, text, url="example.org/live")
    assert relate(article(2, text, url="example.org/live"), [head]).relation is Relation.DUPLICATE
    longer = "The envoys came back at noon and spoke to nobody.\n" + text
    found = relate(article(2, longer, url="example.org/live", outlet="o1.example"), [head])
    assert found.relation is Relation.UPDATE
    assert "The envoys came back" in found.reason


def test_independent_outlets() -> None:
    """Copies of one wire count once, however many; own reports count each."""
    wire = [told(1, words(1, 200)), *(article(n, words(1, 200 - n)) for n in range(2, 12))]
    own = [article(20, words(2, 200)), article(21, words(3, 200))]
    assert independent(wire) == 1
    assert independent([*wire, *own]) == 3
    assert independent([*wire, article(30, words(9, 30), full=False)]) == 1
    assert independent([]) == 0


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(n, marks=pytest.mark.slow) for n in range(8, 40))]
)
def test_fifteen_outlets_in_any_order_ring_once(seed: int) -> None:
    """One dispatch, verbatim, cut, credited and as teasers, five orders a seed."""
    text = words(1, 400)
    forms = (
        [(text, True)] * 5
        + [(" ".join(text.split()[:220]), True)] * 3
        + [(text + " " + words(5, 30), True)] * 2
    )
    forms += [(" ".join(text.split()[:35]), False)] * 5
    for order in range(5):
        dice = random.Random(seed * 5 + order)
        dice.shuffle(forms)
        desk = Desk()
        seen = [
            desk.see(article(n, form, minutes=n / 100, full=full, title=f"Headline number {n}"))
            for n, (form, full) in enumerate(forms)
        ]
        assert [verdict.rings for verdict in seen] == [True] + [False] * 14
        assert {verdict.story for verdict in seen} == {1}


def test_after_the_window_a_copy_joins_and_rings() -> None:
    """72 hours after it was last told."""
    desk = Desk()
    text = words(1, 100)
    decisions = [
        (verdict.decision, verdict.rings, verdict.story)
        for hours in (0, 71, 73, 100)
        for verdict in [desk.see(article(hours, text, minutes=60 * hours))]
    ]
    assert decisions == [
        ("new", True, 1),
        ("duplicate", False, 1),
        ("related", True, 1),
        ("duplicate", False, 1),
    ]
    off = Desk(window=timedelta(0))
    assert [off.see(article(n, text)).decision for n in range(2)] == ["new", "new"]


HAN = (
    "救援人员周二在倒塌的矿井里找到了更多的人据当地政府说井下的水位还在上升家属们整夜守在井口等待消息",
    "中央银行周四宣布把利率降低半个百分点这是三年来的第一次经济学家此前多数认为它会再等一个季度才行动",
)


def test_scripts_without_spaces() -> None:
    """A copy with another beginning is found by its characters; another report is not."""
    source = HAN[0] * 2
    copied = relate(article(2, "本报综合报道" + source[:70], language="zh"), [told(1, source, language="zh")])
    assert copied.relation is Relation.DUPLICATE
    other = relate(article(2, HAN[1] * 2, language="zh"), [told(1, source, language="zh")])
    assert other.relation is Relation.NEW


HOSTILE = [
    " " * 200_000,
    "\n" * 200_000,
    "1" * 200_000,
    "1 111" * 40_000,
    "1.1," * 50_000,
    "1:1/" * 50_000,
    "(" * 200_000,
    ". " * 100_000,
    "- " * 100_000,
    "a" * 200_000,
    "twenty hundred million " * 9_000,
    "neuf cent mille " * 12_000,
    "\u0301" * 200_000,
    "中" * 200_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:6]) for text in HOSTILE])
def test_hostile_texts_end(text: str) -> None:
    """Nothing takes more than linear time: two texts of 200,000 characters are compared within seconds."""
    began = time.process_time()
    one = told(1, text, title=text)
    relate(article(2, text + " end", title=text, minutes=120, language=None), [one], updates="all")
    relate(article(3, text + " end", title=text, url="a.example/b"), [replace(one, url_key="a.example/b")])
    assert time.process_time() - began < 5
