"""docs/channels.md shows what the renderers make, and the webhook's schema describes what is posted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from monitor.alerts.render import FIELDS, render_json
from tests.support import captures
from tests.support.hostile import ADDRESSES, TEXTS, hostile, many
from tests.support.messages import message, outgoing

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "channels.md").read_text(encoding="utf-8")
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text(encoding="utf-8"))


def test_the_page_shows_what_is_sent() -> None:
    """`make captures` writes it again."""
    assert captures.written(PAGE) == PAGE
    shown = re.findall("<!-- capture: (.+) -->\n```", PAGE)
    assert sorted(shown) == sorted(captures.captures().keys() - {"matrix", "plain"})


def test_the_picture_is_of_a_mail_that_fetches_nothing() -> None:
    """What Chromium draws has nothing to ask anybody for."""
    assert not re.search(r"(?:src=|@import|url\()", captures.mail_page())
    assert captures.PICTURE.read_bytes().startswith(b"\x89PNG")


def test_the_page_names_every_field_of_a_template() -> None:
    """And no other."""
    assert all(f"`{{{field}}}`" in PAGE for field in FIELDS)


def test_the_schema_knows_every_field() -> None:
    """What is posted has these fields, all of them, and so has an entry."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    made = render_json(outgoing(many("x")))
    assert list(made) == SCHEMA["required"] == list(SCHEMA["properties"])
    assert set(made["entries"][0]) == set(SCHEMA["$defs"]["entry"]["properties"])


def test_what_is_posted_is_what_the_schema_says() -> None:
    """Whatever a feed writes."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    told = [
        *map(hostile, TEXTS[::3]),
        *map(many, TEXTS[::20]),
        *(message(url=u) for u in ADDRESSES),
    ]
    told.append(message(published=None, url="", kind="notice", excerpt="a\nb"))
    for one in told:
        validator.validate(json.loads(json.dumps(render_json(outgoing(one)))))
