"""Two events told in one form: whatever they have in common, each rings. And copies in odd dress do not."""
# ruff: noqa: RUF001 - texts of many scripts

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from monitor.model import Severity
from monitor.settings import RuleConfig
from tests.support.documents import Item, rss
from tests.test_stories_told import DISPATCH, TITLE, started

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.newsdesk import Desk

WEATHER = (
    "The weather service expects heavy rain in {} from the afternoon on, with gusts of up to storm "
    "force in the evening. Drivers should leave early and stay away from the river, the city said. "
    "Schools close at noon and buses run until eight. Whoever needs help can call the number of the "
    "fire service, which has opened a desk for citizens at the town hall."
)
CHINESE = (
    "气象台预计{}今天下午将有大雨，傍晚阵风可达暴风级别。市政府表示，司机应尽早出发，远离河边。学校"
    "中午放学，公交车运行到晚上八点。需要帮助的人可以拨打消防部门的电话，消防部门已在市政厅设立了市民"
    "服务台。"
)
ARABIC = (
    "تتوقع هيئة الأرصاد هطول أمطار غزيرة في {} اعتبارا من بعد ظهر اليوم مع رياح تصل سرعتها إلى حد "
    "العاصفة مساء. وقالت البلدية إن على السائقين المغادرة مبكرا والابتعاد عن النهر. وتغلق المدارس "
    "أبوابها عند الظهر وتعمل الحافلات حتى الثامنة. ويمكن لمن يحتاج إلى المساعدة الاتصال برقم الدفاع "
    "المدني الذي فتح مكتبا للمواطنين."
)
KOREAN = (
    "기상청은 오늘 오후부터 {} 지역에 많은 비가 내리고 저녁에는 강한 바람이 불 것으로 "
    "예상했다. 시는 운전자들에게 일찍 출발하고 강가에 가지 말라고 당부했다. 학교는 정오에"
    " 문을 닫고 버스는 여덟 시까지 운행한다. 도움이 필요한 사람은 소방서에 전화할 수 "
    "있으며 소방서는 시청에 시민 창구를 열었다."
)
COURT = (
    "Das Amtsgericht hat {} am Freitag wegen Betrugs verurteilt. Die Strafe wurde zur Bewährung "
    "ausgesetzt. Der Staatsanwalt hatte eine höhere Strafe gefordert, die Verteidigung wollte einen "
    "Freispruch. Der Prozess hatte im Frühjahr begonnen und wurde mehrmals unterbrochen, weil Zeugen "
    "nicht erschienen waren."
)
OBITUARY = (
    "{} died on Friday at the age of {} after a long illness, the family said in a statement. The "
    "funeral will be held in private next week, and a service of remembrance will follow in the "
    "cathedral. The family asks for donations to the hospice instead of flowers. Neighbours left "
    "candles in front of the house."
)
CONSENT = (
    "We value your privacy. We and our partners store and access information on a device, such as "
    "cookies, and process personal data, such as unique identifiers, for ads and content, measurement "
    "and audience research. You may click to consent, or refuse, or change your preferences at any time"
    " by returning to this site."
)
SEARCH = "Police ask for help in the search for a missing person"
CLOSED = "Road closed in both directions after an accident"
TWINS = {
    "short names": ("Storm warning for {}", WEATHER, "Pau", "Dax", "en"),
    "roads": ("Road {} closed after accident", WEATHER, "A7", "A8", "en"),
    "lines": ("Line {} closed after fire on a train", WEATHER, "4", "7", "en"),
    "levels": ("Flood warning raised to level {} on the river", WEATHER, "3", "4", "en"),
    "lots": ("Recall of cheese of lot {}", WEATHER, "4711", "5822", "en"),
    "chinese": ("{}发布今天的暴雨红色预警信号", CHINESE, "上海", "广州", "zh"),
    "arabic": ("تحذير من عاصفة في {}", ARABIC, "القاهرة", "الرياض", "ar"),
    "korean": ("폭풍 경보 발령 {}", KOREAN, "서울", "부산", "ko"),
    "courts": ("Gericht verurteilt Bürgermeister von {}", COURT, "Ulm", "Hof", "de"),
    "few words": (SEARCH, "Police look for {}, last seen at the station on Friday.", "Ada", "Jonas", "en"),
    "few numbers": (CLOSED, "Accident on the {} near Ulm, both lanes closed.", "A7", "A8", "en"),
    "ages": ("former {} dies", OBITUARY.replace("{} after", "81 after"), "Mayor", "Bishop", "en"),
}


def show(desk: Desk, feed: str, title: str, text: str, language: str = "en") -> None:
    """Let a feed in this language show an item, and poll it; what rings is sent."""
    item = Item(title, guid=feed, link=f"https://www.{feed}-news.example/{feed}", text=text, age=-99)
    desk.documents.bodies[f"http://{feed}.example/feed"] = rss(item, language=language)
    desk.poll(feed)
    desk.deliver_all()


@pytest.mark.parametrize("name", TWINS)
def test_two_events_in_one_form_both_ring(tmp_path: Path, name: str) -> None:
    """Where only a short name, a number or a word of a script without capitals differs."""
    title, text, one, other, language = TWINS[name]
    with started(tmp_path, feeds=("a", "b")) as desk:
        show(desk, "a", title.format(one), text.format(one), language)
        show(desk, "b", title.format(other), text.format(other), language)
        assert len(desk.told()) == 2


def test_one_wall_before_two_reports(tmp_path: Path) -> None:
    """What both sites gave instead of their article has not a word of either headline."""
    with started(tmp_path, feeds=("a", "b")) as desk:
        show(desk, "a", "Ministers resign over bribes in the port", CONSENT)
        show(desk, "b", "Volcano erupts near the capital of the island", CONSENT)
        assert len(desk.told()) == 2


def test_who_wants_no_updates_loses_no_event(tmp_path: Path) -> None:
    """A third of another report under a like headline, with another toll, is no copy."""
    sentences = DISPATCH.split(". ")
    other = " ".join(f"Word{n} of another tale told here" for n in range(12))
    other = f"{other}. Police said 40 people were killed. {'. '.join(sentences[:2])}."
    rule = RuleConfig("r", query="feed:*", updates="none")
    with started(tmp_path, feeds=("a", "b"), rules=[rule]) as desk:
        show(desk, "a", TITLE, f"{DISPATCH} Police said that 12 people were killed.")
        show(desk, "b", TITLE, other)
        assert len(desk.told()) == 2


COPIES = {
    "decomposed": (TITLE, unicodedata.normalize("NFD", DISPATCH)),
    "odd spaces": (TITLE, DISPATCH.replace("delegation", "dele\u00adgation").replace(" ", "\u00a0")),
    "capitals": (TITLE.upper(), DISPATCH.upper()),
    "a teaser of ten words": (TITLE, " ".join(DISPATCH.split()[:10]) + "…"),
    "a teaser of forty words": ("What the talks brought", " ".join(DISPATCH.split()[:40]) + " […]"),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_in_odd_dress_stay_silent(tmp_path: Path, name: str) -> None:
    """The same words."""
    title, text = COPIES[name]
    with started(tmp_path, feeds=("a", "b")) as desk:
        show(desk, "a", TITLE, DISPATCH)
        show(desk, "b", title, text)
        assert len(desk.told()) == 1


@pytest.mark.parametrize("language", ["zh", "ar"])
def test_copies_in_scripts_without_capitals_stay_silent(tmp_path: Path, language: str) -> None:
    """Under another headline, cut and edited."""
    text = {"zh": CHINESE.format("上海"), "ar": ARABIC.format("القاهرة")}[language]
    first, second = {
        "zh": ("上海今天下午有大雨", "学校中午放学"),
        "ar": ("أمطار غزيرة اليوم", "المدارس تغلق أبوابها"),
    }[language]
    with started(tmp_path, feeds=("a", "b")) as desk:
        show(desk, "a", first, text, language)
        show(desk, "b", second, text[: len(text) * 3 // 4], language)
        assert len(desk.told()) == 1


def test_a_teaser_under_two_agencies_names_is_one(tmp_path: Path) -> None:
    """Place, date and agency stand before the same words."""
    words = " ".join(DISPATCH.split()[:15])
    rules = [RuleConfig("r", query="feed:*", severity=Severity.HIGH)]
    with started(tmp_path, feeds=("a", "b"), rules=rules) as desk:
        show(desk, "a", TITLE, f"DOHA (Reuters) - {words}")
        show(desk, "b", TITLE, f"Doha, Nov 24 (AFP) {words}")
        assert len(desk.told()) == 1
