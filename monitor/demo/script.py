"""
The script of the demo: what is published when, the configuration it runs with, and which alerts must come.

Each story with a rule that is published below is one alert, each further copy is one duplicate, an edit is
nothing at all, and each old item with a rule is one match of the baseline.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.demo.stories import outlets, stories
from monitor.model import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """
    One act of an outlet: it carries a story, or edits the copy it already carries.

    `at` is seconds after `Newsroom.begin()`, before pace. `query` and `scheme` dress the link differently
    without making it another one; `title` is the outlet's own headline. An edit gives the item a new date,
    and a new guid where `new_guid` says so; never a new text.
    """

    at: float
    outlet: str
    story: str
    query: str = ""
    scheme: str = "http"
    title: str = ""
    edit: bool = False
    new_guid: bool = False


STEPS = (
    # One dispatch in three feeds at once: whichever is polled first rings, the others are copies.
    Step(1.0, "fil-meridien", "pourparlers-a-doha"),
    Step(1.0, "gazette-du-matin", "pourparlers-a-doha", query="utm_source=rss&utm_medium=feed"),
    Step(1.0, "le-carrefour", "pourparlers-a-doha", query="utm_campaign=fil&utm_source=carrefour"),
    Step(1.5, "gazette-du-matin", "pneus-hiver"),
    Step(1.5, "evening-lantern", "town-council"),
    # The same event in English, by another newsroom and at another address.
    Step(2.5, "northern-courier", "taliban-envoys-meet"),
    Step(3.0, "phare-de-louest", "derby"),
    Step(3.0, "capital-ledger", "doha-round"),
    Step(4.0, "sante-demain", "cinquieme-vague"),
    # A fourth copy of the dispatch: later, under https, with a headline of its own.
    Step(
        4.5,
        "phare-de-louest",
        "pourparlers-a-doha",
        scheme="https",
        title="LES TALIBANS ET LES AMÉRICAINS FACE À FACE À DOHA",
    ),
    Step(5.0, "tribune-des-vallees", "levee-des-sanctions"),
    Step(5.5, "harbour-review", "taliban-envoys-meet", query="utm_source=harbour-review"),
    Step(6.0, "radio-des-iles", "porte-parole-au-qatar"),
    Step(6.0, "harbour-review", "marathon-de-doha"),
    Step(6.0, "le-carrefour", "route-de-kaboul"),
    Step(6.5, "le-carrefour", "rappel-covid"),
    Step(6.5, "gazette-du-matin", "cinquieme-vague", query="utm_source=rss&utm_medium=feed"),
    # Edits that must not ring again: date, guid and tracking parameters; then the date alone.
    Step(7.0, "gazette-du-matin", "pourparlers-a-doha", query="utm_source=atom", edit=True, new_guid=True),
    Step(7.0, "northern-courier", "taliban-envoys-meet", edit=True),
)


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """
    An alert that must come, once on each channel.

    `path` identifies it: the path of the alert's link, whatever its scheme and query. `title` is the headline
    of the story's first copy.
    """

    rule: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What a whole run must have recorded, counted in matches: one for each article and rule.

    The ledger holds one row for a baseline match, and one for each channel for a duplicate.
    """

    alerts: tuple[ExpectedAlert, ...]
    suppressed: Mapping[Reason, int]


def expected() -> Expected:
    """Exactly what must ring and what must stay silent, in the order of publication."""
    published = [stories()[step.story] for step in STEPS if not step.edit]
    copies = Counter(story.key for story in published if story.rule)
    first = {story.key: story for story in published if story.rule}
    return Expected(
        alerts=tuple(ExpectedAlert(s.rule, s.title, s.path) for s in first.values()),
        suppressed={
            Reason.BASELINE: sum(bool(old.rule) for outlet in outlets() for old in outlet.old),
            Reason.DUPLICATE: sum(copies.values()) - len(copies),
        },
    )


def demo_config(base_url: str, folder: Path, database: Path) -> str:
    """
    The TOML text that the demo's daemon runs with.

    `base_url` is the newsroom's, without a slash at its end; alerts also go to `folder/alerts.jsonl`.
    """
    feeds = "\n".join(
        f'[[feeds]]\nname = "{o.slug}"\nurl = {_quoted(o.listed_url(base_url))}\ntags = ["{o.language}"]\n'
        for o in outlets()
    )
    return _CONFIG.format(
        database=_quoted(str(database)), alerts=_quoted(str(folder / "alerts.jsonl")), feeds=feeds
    )


def _quoted(text: str) -> str:
    """A TOML string: JSON's form is one, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_CONFIG = """\
# The configuration of `tocsin demo`: what you would write yourself, but for the times, which are a demo's.

[monitor]
database  = {database}
languages = ["fr", "en"]

[polling]
every         = "1s"                  # so that the demo ends soon; the default is 15m
fastest       = "1s"
slowest       = "1s"
per_host      = 16                    # nearly all outlets share one address here
per_host_gap  = "0s"
allow_private = ["127.0.0.0/8"]

{feeds}
[entities.taliban]
aliases = ["taliban", "talibans", "talebans"]

[entities.doha]
aliases = ["Doha"]
not_in  = ["Doha Round"]              # the trade negotiations are another matter

[[rules]]
name     = "talks-in-doha"
query    = '@taliban AND (@doha OR qatar)'
severity = "high"
[[rules.tests]]
match = "Les talibans et les Américains se retrouvent à Doha"
[[rules.tests]]
no_match = "The Taliban and the Doha Round"

[[rules]]
name = "covid"
any  = ["Covid-19"]
[[rules.tests]]
match = "Plus de 5000 cas de Covid-19 par jour"
[[rules.tests]]
no_match = "Les talibans à Doha"

[[rules]]
name  = "oil-spill"                   # nothing in the demo is about this one
query = '"oil spill" OR "marée noire"'

[channels.screen]
type = "terminal"

[channels.alerts]
type = "file"
path = {alerts}
"""
