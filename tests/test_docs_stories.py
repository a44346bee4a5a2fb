"""docs/stories.md says what is so: its figures are those of the code, its example is printed by the verbs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.model import Reason, State
from monitor.stories import likeness, updates
from monitor.stories.replay import WINDOW
from tests.support.cli import run
from tests.support.installed import configured
from tests.support.store import new_database
from tests.support.storyrows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCUMENT = Path(__file__).parents[1] / "docs" / "stories.md"
NOON = datetime(2026, 11, 20, 8, tzinfo=UTC)
QUAKE = (
    "A quake shook the northern hills of Marvania before dawn on Tuesday, killing 12 people and burying"
    " dozens of houses in the district of Orsk, officials said. Rescuers with dogs reached the highest"
    " villages at noon, and the road to the valley was still closed in the evening. The tremor was felt"
    " in three provinces, and hospitals in the capital called back doctors from their leave. Schools stay"
    " shut until the walls of every classroom have been looked at, the ministry of education said."
)
RAIL = (
    "Nobody in the valley talks of anything but the railway, and of the thirty years in which it was"
    " promised by every government that needed a vote in the hills. Rescuers with dogs reached the highest"
    " villages at noon, and the road to the valley was still closed in the evening. The tremor was felt in"
    " three provinces, and hospitals in the capital called back doctors from their leave. A line would have"
    " carried the wounded out in an hour, say those who waited for a helicopter, and their mayor has written"
    " to the president once more."
)
# Outlet, minutes after the first, headline, text, whether it is more than a teaser.
REPORTS = (
    ("agency.example", 0, "Quake kills 12 in Marvania", QUAKE),
    ("herald.example", 4, "Strong quake in the north", QUAKE[:249]),
    ("radio.example", 80, "Death toll in Marvania rises to 30", QUAKE.replace("12 people", "30 people")),
    ("late.example", 95, "Quake in Marvania: 12 dead", QUAKE),
    ("weekly.example", 200, "The railway that never came", RAIL),
)


def lines(reports: Sequence[tuple[str, int, str, str]] = REPORTS) -> list[dict[str, Any]]:
    """The reports as lines of a file."""
    return [
        {
            "id": number,
            "title": title,
            "body": text,
            "outlet": outlet,
            "language": "en",
            "published": (NOON + timedelta(minutes=after)).isoformat(),
        }
        for number, (outlet, after, title, text) in enumerate(reports, 1)
    ]


def block(text: str) -> str:
    """A printed text as it stands in the document."""
    return f"```\n{text.strip()}\n```\n"


@pytest.mark.parametrize(
    "said",
    [
        f"from {likeness.EXACT_WORDS} words on",
        f"from {likeness.LEAST_WORDS} words on, {likeness.LEAST_SHARED} shingles in common",
        f"{likeness.RELATED_AT:.0%} of the shorter text",
        f"`duplicate` | from {likeness.DUPLICATE_AT:.0%} on;",
        f"of one and the same outlet from {likeness.SAME_OUTLET_AT:.0%} on",
        *(["the last seven days"] if likeness.GROUPED.days == 7 else [str(likeness.GROUPED)]),
        f"`[stories] window` ({WINDOW.total_seconds() / 3600:.0f} h)",
        f"the headline or the first {updates.ZONE} words",
        f"the headline or the first {updates.OUTCOME_ZONE} words",
        f"{updates.NEW_SHARE:.0%} of all",
    ],
)
def test_the_figures_are_those_of_the_code(said: str) -> None:
    """A threshold that is moved is moved in the document as well."""
    assert said in " ".join(DOCUMENT.read_text("utf-8").split())


def test_the_verdicts_of_the_example_are_printed_so(tmp_path: Path) -> None:
    """`tocsin stories` on the five reports."""
    path = tmp_path / "reports.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines()), encoding="utf-8")
    outcome = run("stories", path)
    printed = f"$ tocsin stories reports.jsonl\n{outcome.out}{outcome.err}"
    assert block(printed) in DOCUMENT.read_text("utf-8"), printed


def test_the_timeline_of_the_example_is_printed_so(tmp_path: Path) -> None:
    """`tocsin alerts show` on the same, with what `stories` said of each."""
    path = tmp_path / "reports.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines()), encoding="utf-8")
    desk, alert = Rows(new_database(tmp_path), NOON), 0
    for verdict, (outlet, after, title, text) in zip(
        run("stories", path, "--json").objects, REPORTS, strict=True
    ):
        known = {k: verdict[k] for k in ("level", "score", "reason")} if verdict["of"] else {}
        if verdict["of"]:
            known |= {"of": verdict["of"], "relation": verdict["decision"]}
        article = desk.report(outlet, after=after, title=title, page=text, **known)
        alert = alert or desk.alert(article, "quake")
        if verdict["decision"] == "related":
            continue
        silent = verdict["decision"] == "duplicate"
        state, reason = (State.SUPPRESSED, Reason.DUPLICATE) if silent else (State.SENT, Reason.DELIVERED)
        desk.told(desk.match(article, "quake"), state, reason, channel="phone", after=after, alert=alert)
    shown = run("alerts", "show", str(alert), "--config", configured(tmp_path, desk.path)).out
    assert block(shown[shown.index("story 1: ") :]) in DOCUMENT.read_text("utf-8"), shown
