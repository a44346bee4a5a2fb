"""
An e-mail as we want it: the renderer's two bodies under the headers that Apprise's plugin gave it. Pure.

The plugin knows sender, receivers, date and what headers its URL adds; these stay. Subject, bodies and the
headers of a list and a thread are ours: Message-ID is the same over all attempts, so that copies collapse;
all mails of one story refer to one made-up first mail, so that they stand together.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.alerts.render import Rendered

_OURS = frozenset(
    (
        "subject",
        "message-id",
        "x-tocsin-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "in-reply-to",
    )
)
_LINES = policy.SMTP.clone(cte_type="7bit")  # old servers take no bytes above 127


def dress(given: str | bytes, rendered: Rendered, message_id: str, channel: str, sender: str) -> bytes:
    """
    Give the whole mail, ready to be sent.

    `given` is the plugin's message; `sender` the address it is sent from. Raises ValueError or LookupError
    (from the standard library) where the plugin's headers cannot be used.
    """
    mail = rendered.mail
    if mail is None:
        raise ValueError("the notification was not rendered as an e-mail")
    raw = given if isinstance(given, bytes) else given.encode("utf-8", "surrogateescape")
    made = EmailMessage(_LINES)
    for name, value in message_from_bytes(raw, policy=policy.default).items():
        if name.lower() not in _OURS:
            made[name] = str(value)
    # Else a title that looks like an encoded word would be read as one.
    made["Subject"] = rendered.title.replace("=?", "=\u2060?")
    for name, value in list_headers(rendered, message_id, channel, sender).items():
        if name not in made:
            made[name] = value
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    return made.as_bytes()


def list_headers(rendered: Rendered, message_id: str, channel: str, sender: str) -> dict[str, str]:
    """Name the list, the thread and the priority; no part of them comes from a feed."""
    domain = re.sub(r"[^A-Za-z0-9.-]", "", sender.rpartition("@")[2]) or "localhost"
    ours = re.sub(r"[^A-Za-z0-9._-]", "-", message_id)
    slug = re.sub(r"[^a-z0-9]+", "-", channel.lower()).strip("-") or "alerts"
    headers = {
        "Message-ID": f"<{ours}@{domain}>",
        "X-Tocsin-Id": ours,
        "List-Id": f"Tocsin alerts <{slug}.tocsin.{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    mail = rendered.mail
    if mail is None:
        return headers
    if mail.story is not None:
        first = f"<story-{mail.story}.{slug}.tocsin@{domain}>"
        headers["References"] = first
        if mail.update:
            headers["In-Reply-To"] = first
    return headers | dict(mail.headers)
