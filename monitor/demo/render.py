"""The newsroom's feeds as bytes: RSS 2.0, Atom, RSS 1.0 and JSON Feed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.demo.stories import Outlet, Story

CONTENT_TYPES = {
    "rss2": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rss1": "application/rdf+xml; charset=utf-8",
    "json": "application/feed+json",
}
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Item:
    """One item of one outlet's feed: a story under the outlet's own guid, link, headline and dates (UTC)."""

    guid: str
    link: str
    title: str
    story: Story
    published: datetime
    updated: datetime


def render(outlet: Outlet, site: str, items: Sequence[Item]) -> bytes:
    """The outlet's feed document, in its format; `site` is the address of its front page."""
    if outlet.format == "rss2":
        text = _rss2(outlet, site, items)
    elif outlet.format == "atom":
        text = _atom(outlet, site, items)
    elif outlet.format == "rss1":
        text = _rss1(outlet, site, items)
    else:
        text = _json(outlet, site, items)
    return text.encode()


def _rss2(outlet: Outlet, site: str, items: Sequence[Item]) -> str:
    entries = "\n".join(
        f"<item><title>{escape(i.title)}</title><link>{escape(i.link)}</link>"
        f'<guid isPermaLink="false">{escape(i.guid)}</guid>'
        f"<pubDate>{format_datetime(i.published, usegmt=True)}</pubDate>"
        f"<description>{escape(i.story.summary)}</description></item>"
        for i in items
    )
    return (
        f'{XML}<rss version="2.0"><channel><title>{escape(outlet.title)}</title><link>{escape(site)}</link>'
        f"<description>{escape(outlet.title)}</description><language>{outlet.language}</language>\n"
        f"{entries}\n</channel></rss>\n"
    )


def _atom(outlet: Outlet, site: str, items: Sequence[Item]) -> str:
    entries = "\n".join(
        f"<entry><title>{escape(i.title)}</title><link href={quoteattr(i.link)}/><id>{escape(i.guid)}</id>"
        f"<published>{i.published.isoformat()}</published><updated>{i.updated.isoformat()}</updated>"
        f"<summary>{escape(i.story.summary)}</summary>{_atom_content(i.story)}</entry>"
        for i in items
    )
    newest = max(i.updated for i in items).isoformat()
    return (
        f'{XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">'
        f"<title>{escape(outlet.title)}</title><id>tag:{outlet.host},2026:feed</id>"
        f"<link href={quoteattr(site)}/><updated>{newest}</updated>"
        f"<author><name>{escape(outlet.title)}</name></author>\n{entries}\n</feed>\n"
    )


def _atom_content(story: Story) -> str:
    return f'<content type="html">{escape(paragraphs(story))}</content>' if story.body else ""


def _rss1(outlet: Outlet, site: str, items: Sequence[Item]) -> str:
    order = "".join(f"<rdf:li rdf:resource={quoteattr(i.link)}/>" for i in items)
    entries = "\n".join(
        f"<item rdf:about={quoteattr(i.link)}><title>{escape(i.title)}</title><link>{escape(i.link)}</link>"
        f"<description>{escape(i.story.summary)}</description><dc:date>{i.published.isoformat()}</dc:date></item>"
        for i in items
    )
    return (
        f'{XML}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel rdf:about={quoteattr(site)}><title>{escape(outlet.title)}</title>"
        f"<link>{escape(site)}</link><description>{escape(outlet.title)}</description><dc:language>{outlet.language}</dc:language>"
        f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n{entries}\n</rdf:RDF>\n"
    )


def _json(outlet: Outlet, site: str, items: Sequence[Item]) -> str:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.title,
        "home_page_url": site,
        "language": outlet.language,
        "items": [
            {
                "id": i.guid,
                "url": i.link,
                "title": i.title,
                "summary": i.story.summary,
                "content_html": paragraphs(i.story) or f"<p>{escape(i.story.summary)}</p>",
                "date_published": i.published.isoformat(),
                "date_modified": i.updated.isoformat(),
            }
            for i in items
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def paragraphs(story: Story) -> str:
    """The story's body as HTML."""
    return "".join(f"<p>{escape(p)}</p>" for p in story.body)
