"""A rendered notification as its receiver reads it, whatever the kind."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from tests.support import grammars
from tests.support.grammars import RefusedError, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.alerts.render import Rendered

KINDS = (
    "telegram",
    "slack",
    "discord",
    "matrix",
    "ntfy",
    "gotify",
    "pushover",
    "email",
    "sms",
    "posted",
    "plain",
    "mattermost",
    "webex",
    "gchat",
    "rocket",
    "whatsapp",
    "teams",
)
MARKED = ("telegram", "slack", "discord", "matrix", "email")
_LINK = re.compile(r"https?://[^\s<>]+")
GRAMMARS: dict[str, Callable[[str], Seen]] = {
    "telegram": grammars.telegram,
    "slack": grammars.slack,
    "discord": grammars.discord,
    "matrix": grammars.matrix,
    "email": grammars.mail,
    "mattermost": grammars.discord,
    "webex": lambda source: grammars.discord(source.replace("  \n", "\n")),
    "gchat": lambda source: grammars.starred(source, "gchat"),
    "rocket": lambda source: grammars.starred(source, "rocket"),
    "whatsapp": lambda source: grammars.starred(source, "whatsapp"),
    "teams": lambda source: grammars.starred(source, "teams"),
}


def read(made: Rendered, link: str) -> Seen:
    """Parse a notification back, with its lawful link; `RefusedError` for what the layout did not place."""
    if made.kind in GRAMMARS:
        # After a refusal the address stands alone on its line, in no tag; no feed's text can stand so.
        rows = made.body.removeprefix("<br>").split("\n")
        bare = [row for row in rows if link and html.unescape(row.strip()).removesuffix("<br>") == link]
        seen = GRAMMARS[made.kind]("\n".join(row for row in rows if row not in bare))
        seen.links += [(link, link)] * len(bare)
        if made.kind == "matrix":
            _plain(made.fields["body"], link, "chat", "matrix")
        if made.mail is not None:
            _plain(made.mail.text, link, "address")
            _one_line(made.title)
        return seen
    _one_line(made.title)
    live = {"posted": (), "sms": ("address",)}.get(made.kind, ("chat",))
    seen = _plain(made.body, link, *live)
    _plain(made.title, "", *live)
    seen.strong = [made.title] if made.title else []
    for value in made.headers.values():
        _one_line(value)
        value.encode("latin-1")
    return seen


def _plain(text: str, link: str, *services: str) -> Seen:
    own = [line for line in text.split("\n") if link and line.strip() == link]
    rest = "\n".join(line for line in text.split("\n") if not link or line.strip() != link)
    grammars.nothing_live(rest, *services)
    return Seen(text=text, links=[(link, link)] * len(own))


def _one_line(text: str) -> None:
    if any(char < " " or char in "\x7f\x85\u2028\u2029" for char in text):
        raise RefusedError(f"a title of several lines: {text!r}")


def size(made: Rendered) -> int:
    """Count as the service does."""
    text = made.body
    if made.kind in ("telegram", "discord", "mattermost", "webex"):
        return len(text.encode("utf-16-le")) // 2
    if made.kind == "ntfy":
        assert len(json.dumps({"topic": "x" * 64, "title": made.title, "message": text})) <= 8000
        return len(text.encode())
    if made.kind == "matrix":
        return len(json.dumps({"body": made.fields["body"], "formatted_body": text}))
    if made.kind == "plain":
        return len(made.title) + bool(made.title) + len(text)
    return len(text)


MOST = {
    "telegram": 4096,
    "slack": 3000,
    "discord": 2000,
    "matrix": 60_000,
    "ntfy": 4096,
    "gotify": 8000,
    "pushover": 1024,
    "email": 120_000,
    "sms": 160,
    "posted": 32_000,
    "plain": 32_000,
    "mattermost": 4000,
    "webex": 32_000,
    "gchat": 32_000,
    "rocket": 32_000,
    "whatsapp": 32_000,
    "teams": 32_000,
}
