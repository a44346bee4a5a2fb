"""Small builders of notifications, and titles as a hostile feed would write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.alerts.render import Layout, render
from monitor.model import Message, Outgoing, Severity

PUBLISHED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def message(**changes: Any) -> Message:
    """Build an alert about talks in Doha."""
    text = "Les talibans et les Américains se retrouvent à Doha."
    values: dict[str, Any] = {
        "kind": "alert",
        "title": "Afghanistan : des pourparlers à Doha",
        "severity": Severity.HIGH,
        "feed": "lemonde-une",
        "url": "https://news.example.org/doha",
        "published": PUBLISHED,
        "excerpt": text,
        "marks": ((4, 12), (47, 51)),
        "rules": ("talks-in-doha",),
        "why": "first report of this story",
    }
    return Message(**{**values, **changes})


def outgoing(told: Message | None = None, **changes: Any) -> Outgoing:
    """Build one attempt to send an alert."""
    values: dict[str, Any] = {
        "outbox_id": 7,
        "message_id": "tocsin-7f3a",
        "channel": "desk",
        "message": told or message(),
        "created": PUBLISHED,
    }
    return Outgoing(**{**values, **changes})


def render_text(told: Outgoing, layout: Layout | None = None) -> tuple[str, str]:
    """The plain text (title, body) of one notification, for a service that is not known."""
    rendered = render(told, layout or Layout(), "posted")
    return rendered.title, rendered.body


HOSTILE = (
    "@everyone the bank is down",
    "@here look",
    "foo@everyone bar",
    "@room everybody",
    "@channel now",
    "@all hands",
    "<!channel> attention",
    "<!here|here> attention",
    "<!subteam^S0123|desk> attention",
    "<@U0123456> hello",
    "<@!1234> hello",
    "<@&1234> role",
    "<#C0123456> channel",
    "<:smile:1234> emoji",
    "<a:smile:1234> emoji",
    "<t:0:R> time",
    "<https://evil.example|https://bank.example>",
    "[https://bank.example](https://evil.example)",
    "![pixel](https://tracker.example/p.png)",
    "[click](javascript:alert(1))",
    "/start all over",
    "/kick @admin",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b>bold</b> &amp; &lt;i&gt;",
    "line one\nBcc: victim@example.org",
    "line one\r\n\r\nbody of my own",
    "line one\x0bline two\x0cline three\x85line four\u2028line five\u2029line six",
    "tab\there",
    "nul\x00 bell\x07 backspace\x08 delete\x7f",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "\x9b31mred (C1)",
    "gnp.\u202etxt.exe",
    "\u2066isolate\u2069 \u202dforce\u202c",
    "zero\u200bwidth\ufeff\u2060 joiners",
    "@\u200beveryone hidden",
    "@\u00adeveryone soft",
    "marks: e" + "\u0301" * 500,
    "variations: x" + "\ufe0f" * 500,
    "tags: \U000e0041\U000e0042",
    "lone surrogate \ud800 here",
    "long " * 500,
    "word" * 2000,
    "{title.__class__} {0} %s ${HOME} {{x}}",
    "`code` *bold* _it_ ~no~ ||spoiler|| > quote # head",
    "'; DROP TABLE alerts; --",
    "",
    "   ",
    "\u200b\u202e",
    "Талибан в Дохе, طالبان في الدوحة, 塔利班在多哈",
    "می\u200cخواهد 👩\u200d🚒 naïve cafe\u0301",  # noqa: RUF001 - Persian is meant
)
