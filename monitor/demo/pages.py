"""
The newsroom's web pages: an article under all the furniture a real site puts around it.

The furniture names the very things the demo's rules look for ("Covid-19" among the most read, talks in Doha
under "read also"), on every page: whoever reads whole pages without cutting it away rings for tyres.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from monitor.demo.render import paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.demo.stories import Outlet, Story

_WORDS = {
    "fr": {
        "sections": ("Accueil", "Monde", "Économie", "Sport", "Culture"),
        "also": "Lire aussi",
        "also_list": (
            "Les talibans attendus à Doha : ce qu'il faut savoir",
            "Pneus hiver : les règles à connaître",
        ),
        "most": "Les plus lus",
        "most_list": (
            "Covid-19 : la carte des cas",
            "Bataclan : les mots des familles",
            "Pneus hiver : notre essai",
        ),
        "cookies": "Ce site utilise des cookies. Tout accepter · Tout refuser · Paramétrer",
        "made_up": "Texte inventé pour la démonstration de Tocsin.",
    },
    "en": {
        "sections": ("Home", "World", "Business", "Sport", "Culture"),
        "also": "Read also",
        "also_list": ("The Taliban in Doha: five things to know", "Winter tyres: what the law says"),
        "most": "Most read",
        "most_list": (
            "Covid-19: the map of cases",
            "Bataclan: what the families said",
            "Winter tyres on test",
        ),
        "cookies": "We use cookies. Accept all · Refuse all · Settings",
        "made_up": "Text made up for the Tocsin demo.",
    },
}


def article(outlet: Outlet, story: Story, published: datetime) -> bytes:
    """The page of one story on its outlet's site."""
    words = _WORDS[outlet.language]
    body = paragraphs(story) or f"<p>{escape(story.summary)}</p>"
    return _page(
        outlet,
        story.title,
        f"""<article>
<h1>{escape(story.title)}</h1>
<p class="date"><time datetime="{published.isoformat()}">{published:%Y-%m-%d %H:%M} UTC</time></p>
<p class="lead"><strong>{escape(story.summary)}</strong></p>
{body}
<aside class="read-also"><h2>{words["also"]}</h2>{_list(words["also_list"])}</aside>
</article>""",
    )


def front(outlet: Outlet, listed: Iterable[Story]) -> bytes:
    """The front page of one outlet."""
    links = "".join(f'<li><a href="{s.path}">{escape(s.title)}</a></li>' for s in listed)
    return _page(outlet, outlet.title, f"<main><ul>{links}</ul></main>")


def newsstand(outlets: Iterable[Outlet]) -> bytes:
    """The page at the root of the server: all outlets with their feeds."""
    links = "".join(
        f'<li><a href="/site/{o.slug}/">{escape(o.title)}</a> · <a href="{o.listed_path}">feed</a></li>'
        for o in outlets
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Sample newsroom</title></head>'
        f"<body><h1>The sample newsroom of Tocsin</h1><ul>{links}</ul></body></html>\n"
    ).encode()


def _page(outlet: Outlet, title: str, middle: str) -> bytes:
    words = _WORDS[outlet.language]
    sections = " · ".join(f'<a href="/site/{outlet.slug}/">{s}</a>' for s in words["sections"])
    return f"""<!DOCTYPE html>
<html lang="{outlet.language}">
<head><meta charset="utf-8"><title>{escape(title)} - {escape(outlet.title)}</title></head>
<body>
<header><p>{escape(outlet.title)}</p><nav>{sections}</nav></header>
{middle}
<section class="most-read"><h2>{words["most"]}</h2>{_list(words["most_list"])}</section>
<div class="cookie-notice">{words["cookies"]}</div>
<footer>{words["made_up"]} {outlet.host}</footer>
</body>
</html>
""".encode()


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
