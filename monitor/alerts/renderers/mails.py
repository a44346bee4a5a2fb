"""A notification as an e-mail: subject, text and HTML. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.alerts.renderers import kinds, markups
from monitor.alerts.renderers.layout import Markup, body_of, digest_body
from monitor.alerts.renderers.rendered import Layout, Mail, Rendered
from monitor.alerts.renderers.wording import templated, titled
from monitor.alerts.renderers.words import REPEAT, is_update
from monitor.alerts.safe import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.alerts.renderers.words import Words
    from monitor.model import Outgoing


def email(outgoing: Outgoing, layout: Layout, words: Words) -> Rendered:
    """Subject, text and HTML; the threads and ids are made where the sender's address is known."""
    plain = replace(layout, limit=kinds.LIMITS["email"])
    subject = cut(titled(outgoing, layout, words).title, kinds.TITLE_LIMITS["email"])
    text = _part(outgoing, plain, words, markups.MAIL_TEXT)
    page = markups.mail_page(
        _part(outgoing, plain, words, markups.MAIL_HTML, literal=markups.own_words, subject=subject)
    )
    message = outgoing.message
    mail = Mail(
        text=text or subject,
        html=page,
        story=message.story if message.kind == "alert" else None,
        update=is_update(message),
        headers=kinds.mail_headers(message.severity),
    )
    return Rendered("email", subject, page, "html", mail=mail)


def _part(
    outgoing: Outgoing,
    layout: Layout,
    words: Words,
    markup: Markup,
    *,
    literal: Callable[[str], str] = str,
    subject: str = "",
) -> str:
    """One of an e-mail's two bodies; the HTML one shows the headline as well."""
    head = markup.strong(markup.text(subject)) if subject else ""
    if outgoing.message.kind == "digest":
        note = REPEAT if words.repeat else ""
        return digest_body(
            outgoing.message,
            markup,
            layout.limit,
            zone=layout.zone,
            head=head,
            note=note,
            plain=outgoing.plain,
        )
    if outgoing.plain:
        return markup.lines((head, markup.link(words.link) if words.link else ""))
    if layout.body_template:
        made = templated(outgoing, layout, words, markup, layout.limit, literal=literal)
        if made is not None:
            return made
    return body_of(words, markup, layout.limit, head) or head
