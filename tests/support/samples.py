"""
The messages that docs/channels.md shows, made by the renderers themselves.

`make captures` puts them there; a test holds the document to them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alerts.digest import LATE_WHY, digest
from monitor.alerts.render import Layout, render, render_card, render_json
from monitor.model import DigestEntry, Message, Outgoing, Severity

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 27, 13, 20, tzinfo=UTC)
ALERT = Message(
    kind="alert",
    title="Séisme au large de Malte : au moins 30 morts",
    severity=Severity.HIGH,
    feed="gazette-du-matin",
    url="https://gazette.example/monde/seisme-malte",
    published=NOW - timedelta(minutes=4),
    excerpt="Le bilan du séisme de jeudi s'alourdit à 30 morts, selon les secours maltais.",
    marks=((12, 18),),
    rules=("seismes",),
    why="“séisme”; this story was told, and something in it changed",
    story=412,
    changes=("12 -> 30 dead",),
    told_at=NOW - timedelta(minutes=15),
    also=("le-courrier", "radio-sud"),
    outlets=2,
)
DIGEST = digest(
    [
        DigestEntry(
            title=title,
            url=f"https://gazette.example/{number}",
            feed="gazette-du-matin",
            published=NOW - timedelta(hours=9 - number),
            severity=severity,
            rules=("seismes",),
        )
        for number, (title, severity) in enumerate(
            (("Réplique au large de Malte", Severity.NORMAL), ("Alerte au tsunami levée", Severity.HIGH)), 1
        )
    ],
    late=True,
    why=LATE_WHY,
)
KINDS = ("telegram", "slack", "discord", "matrix", "ntfy", "sms", "plain")


def outgoing(message: Message) -> Outgoing:
    """One attempt to send it to the channel desk."""
    return Outgoing(outbox_id=1, message_id="tocsin-5f2c9a", channel="desk", message=message, created=NOW)


def blocks() -> dict[str, str]:
    """Name and text of each block; what is invisible is left out, so that it can be copied from the page."""
    layout = Layout(zone=PARIS)
    made = {}
    for kind in KINDS:
        one = render(outgoing(ALERT), layout, kind)
        made[kind] = "\n\n".join(part for part in (one.title, one.body) if part)
    mail = render(outgoing(ALERT), layout, "email")
    assert mail.mail is not None
    made["email"] = f"Subject: {mail.title}\n\n{mail.mail.text}"
    made["terminal"] = render_card(outgoing(ALERT), zone=PARIS).plain().rstrip("\n")
    made["digest"] = "\n\n".join(
        (digested := render(outgoing(DIGEST), layout, "ntfy")).title and (digested.title, digested.body)
    )
    short = replace(ALERT, also=("le-courrier",), outlets=1)
    made["webhook"] = json.dumps(render_json(outgoing(short)), ensure_ascii=False, indent=1)
    return {name: text.replace("\u2060", "") for name, text in made.items()}
