"""What each kind of channel is told of an alert, an update, a related or weak one, and a digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.digest import digest
from monitor.alerts.render import Layout, check_template, render, render_card, render_json
from monitor.alerts.renderers.kinds import KINDS, kind_of
from monitor.alerts.renderers.markups import sms_units
from monitor.alerts.renderers.words import also_line
from monitor.model import DigestEntry, Message, Severity
from tests.support.messages import PUBLISHED, message, outgoing
from tests.support.received import GRAMMARS
from tests.support.received import KINDS as READ

PARIS = Layout(zone=ZoneInfo("Europe/Paris"))
TOLD = PUBLISHED - timedelta(hours=2)


def said(kind: str, told: Message, layout: Layout = PARIS, **attempt: Any) -> str:
    """All that a receiver of this kind is shown, without what is invisible."""
    made = render(outgoing(told, **attempt), layout, kind)
    text = made.mail.text if made.mail else made.body
    return f"{made.title}\n{text}".replace("\u2060", "").strip()


def update(**more: Any) -> Message:
    """The death toll of a story that was told rose."""
    return message(**{"changes": ("12 -> 30 dead",), "told_at": TOLD, "story": 4, **more})


def test_telegram() -> None:
    """Bold headline and hits, the sentence as a quote, a link that shows its host."""
    assert render(outgoing(), PARIS, "telegram").body == (
        "<b>[high] Afghanistan : des pourparlers à Doha</b>\n"
        "lemonde-une · 2026-03-01 10:30 CET · high\n\n"
        "<blockquote>Les <b>talibans</b> et les Américains se retrouvent à <b>Doha</b>.</blockquote>\n\n"
        '<a href="https://news.example.org/doha">news.example.org</a>\n\n'
        "Rule: talks-in-doha\nWhy: first report of this story"
    )


def test_slack() -> None:
    """The same in mrkdwn, as the message's own text, so that telephones announce it."""
    made = render(outgoing(message(title="A_B & <C>")), PARIS, "slack")
    assert made.body.startswith("*[high] A_B &amp; &lt;C&gt;*\nlemonde-une · ")
    assert "\n>Les *talibans* et les Américains se retrouvent à *Doha*.\n" in made.body
    assert "<https://news.example.org/doha|news.example.org>" in made.body
    assert made.fields["text"] == made.body
    blocks = render(outgoing(), Layout(given=frozenset({"blocks"})), "slack")
    assert "text" not in blocks.fields


def test_discord() -> None:
    """The same in Discord's Markdown; a bracketed address is not unfolded, nobody is called."""
    made = render(outgoing(message(title="snake_case [x](y)")), PARIS, "discord")
    assert made.body.startswith("**\\[high\\] snake\\_case \\[x\\]")
    assert "> Les **talibans** et" in made.body
    assert "<https://news.example.org/doha>" in made.body
    assert made.fields["allowed_mentions"] == {"parse": []}


def test_matrix() -> None:
    """HTML, with our own words for clients that show none."""
    made = render(outgoing(), PARIS, "matrix")
    assert made.body.startswith("<strong>[high] Afghanistan : des pourparlers à Doha</strong><br>\n")
    assert "Les *talibans* et" in made.fields["body"]
    assert "https://news.example.org/doha" in made.fields["body"]


def test_a_hit_inside_a_word_is_bold_in_slack() -> None:
    """Scripts without blanks need an invisible edge, or the asterisks would be shown."""
    told = message(excerpt="塔利班在多哈会谈", marks=((4, 6),))
    assert "在\u200b*多哈*\u200b会" in render(outgoing(told), kind="slack").body


@pytest.mark.parametrize("kind", [k for k in READ if k != "sms"])
def test_an_update_says_what_changed_since_when(kind: str) -> None:
    """In every kind: that it is one, when the story was told, what is new."""
    text = said(kind, update())
    assert "Update: Afghanistan" in text
    told = said(kind, update(), Layout(zone=ZoneInfo("Asia/Tokyo")))
    plain = text.replace("&gt;", ">").replace("\\", "")
    assert "Update to what was told at 08:30: 12 -> 30 dead" in plain
    assert "told at 16:30" in told


@pytest.mark.parametrize("kind", ["telegram", "ntfy", "email", "plain"])
def test_what_changed_while_it_waited_is_no_update(kind: str) -> None:
    """Nobody was told before; the latest state comes at once, with what it was at first."""
    text = said(kind, update(told_at=None)).replace("&gt;", ">")
    assert "Update" not in text
    assert "Changed since the first report: 12 -> 30 dead" in text
    assert render_json(outgoing(update(told_at=None)))["update"] is False


def test_an_update_of_another_day_names_the_day() -> None:
    """The hour alone would mislead."""
    text = said("plain", update(told_at=PUBLISHED - timedelta(days=2)))
    assert "told at 2026-02-27 10:30: 12 -> 30 dead" in text


@pytest.mark.parametrize("kind", [k for k in READ if k != "sms"])
def test_what_else_must_be_known_is_said_everywhere(kind: str) -> None:
    """Other outlets, a related story, late, weak, a possible repeat."""
    told = message(also=("afp", "reuters"), outlets=3, related="Talks begin", weak=True, late=True)
    text = said(kind, told, maybe_repeat=True).replace("\\", "")
    for words in (
        "Also reported by afp, reuters · 3 outlets on their own",
        "Related to: Talks begin",
        "Weak: the rule holds only in text that was not confirmed",
        "· late",
        "(may be a repeat)",
    ):
        assert words in text


def test_a_card_and_an_object_say_it_too() -> None:
    """On a terminal and in JSON."""
    told = update(also=("afp",), outlets=2, related="Talks begin", weak=True)
    card = render_card(outgoing(told), zone=ZoneInfo("Europe/Paris")).plain()
    assert card.startswith("● HIGH UPDATE · lemonde-une · 2026-03-01 10:30 CET\n")
    notes = (
        "  Update to what was told at 08:30: 12 -> 30 dead\n",
        "  Related to: Talks begin\n",
        "  Weak: the rule holds",
        "  Also reported by afp · 2 outlets on their own\n",
    )
    for words in notes:
        assert words in card
    made = render_json(outgoing(told))
    assert (made["update"], made["changes"], made["told_at"]) == (
        True,
        ["12 -> 30 dead"],
        "2026-03-01T07:30:00Z",
    )
    assert (made["also"], made["outlets"], made["related"], made["weak"], made["story"]) == (
        ["afp"],
        2,
        "Talks begin",
        True,
        4,
    )


@pytest.mark.parametrize(
    ("also", "outlets", "line"),
    [
        ((), 0, ""),
        ((), 1, ""),
        (("a",), 1, "Also reported by a"),
        (("a", "b"), 3, "Also reported by a, b · 3 outlets on their own"),
        (tuple("abcdefgh"), 8, "Also reported by a, b, c, d, e, f, 2 more · 8 outlets on their own"),
        ((), 2, "2 outlets on their own"),
        (("", " "), 0, ""),
    ],
)
def test_who_else_reported_it(also: tuple[str, ...], outlets: int, line: str) -> None:
    """A few names, then a number; copies of one wire count once."""
    assert also_line(also, outlets) == line


def test_room_is_given_up_by_meaning() -> None:
    """The sentence shrinks, reasons go, then names, the sentence, at last the notes; the link stays."""
    told = update(excerpt="mot " * 400, marks=(), also=tuple(f"outlet-{n}" for n in range(6)), outlets=7)
    texts = [said("telegram", told, Layout(limit=limit)) for limit in (4096, 900, 430, 340, 300, 230, 150)]
    assert all("https://news.example.org/doha" in text and "Update: Afghanistan" in text for text in texts)
    assert ["Why:" in text for text in texts] == [True, True, True, False, False, False, False]
    assert ["outlet-5" in text for text in texts][:2] == [True, True]
    assert ["30 dead" in text for text in texts] == [True] * 6 + [False]
    assert ["<blockquote>" in text for text in texts] == [True] * 4 + [False] * 3


# --- SMS ---------------------------------------------------------------------------------------------


def test_a_text_message_is_headline_and_link() -> None:
    """One message in the telephones' own letters."""
    assert (
        said("sms", message()) == "[high] Afghanistan : des pourparlers à Doha\nhttps://news.example.org/doha"
    )
    long = said("sms", message(title="Mot après mot, " * 30))
    assert long.endswith("...\nhttps://news.example.org/doha")
    assert len(long) <= 160


def test_letters_that_telephones_lack_cost_room() -> None:
    """Typographic quotes become plain ones; Arabic is sent as two messages at most."""
    assert sms_units(said("sms", message(title="L\u2019été \u2013 \u201cvite\u201d\u2026"))) < 70
    arabic = said("sms", message(title="طالبان في الدوحة " * 20))
    assert len(arabic) <= 134
    assert "https://news.example.org/doha" in arabic


def test_a_link_too_long_for_a_text_message_shows_its_host() -> None:
    """A headline without a link says more than a link without a headline."""
    text = said("sms", message(url="https://news.example.org/" + "a" * 150))
    assert text.endswith("\nnews.example.org")
    assert "(may be a repeat)" in said("sms", message(), maybe_repeat=True)


def test_a_digest_as_a_text_message_says_where_it_is_listed() -> None:
    """There is no room for its entries."""
    entries = [DigestEntry(title=f"Talks {n}") for n in range(9)]
    assert said("sms", digest(entries, late=True, why="")) == "9 late alerts\ntocsin alerts list"


# --- digests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["telegram", "slack", "discord", "matrix", "email"])
def test_digests_have_markup_too(kind: str) -> None:
    """Each entry with its headline in bold and its link; what has no room is counted."""
    entries = [
        DigestEntry(
            title=f"Talks {n}",
            url=f"https://news.example.org/{n}",
            feed="afp",
            rules=("r",),
            severity=Severity.LOW,
        )
        for n in range(400)
    ]
    made = render(outgoing(digest(entries, late=True, why="late")), PARIS, kind)
    seen = GRAMMARS[kind](made.body)
    shown = len(seen.links)
    assert [address for address, _ in seen.links] == [f"https://news.example.org/{n}" for n in range(shown)]
    assert 5 < shown <= 400
    assert (f"… and {400 - shown} more: tocsin alerts list" in seen.text.replace("\u2060", "")) == (
        shown < 400
    )
    assert [text for text in seen.strong if text.startswith("Talks")] == [f"Talks {n}" for n in range(shown)]


# --- kinds and templates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ("tgram", "telegram"),
        ("mailtos", "email"),
        ("NTFYS", "ntfy"),
        ("twilio", "sms"),
        ("xmpp", "plain"),
        ("", "plain"),
    ],
)
def test_the_scheme_chooses(scheme: str, kind: str) -> None:
    """The services we write for in their own way, and plain text for the rest."""
    assert kind_of(scheme) == kind
    assert kind in KINDS


@pytest.mark.parametrize(
    ("template", "kind", "problem"),
    [
        ("<b>{title}</b> {link}", "telegram", None),
        ('<a href="{link}">{title}</a>', "telegram", None),
        ("<b>{title}", "telegram", "leaves <b> open"),
        ("<b>{title}</i>", "telegram", "closes <i>"),
        ("<p>{title}</p>", "telegram", "does not know"),
        ("<p>{title}</p><br>", "matrix", None),
        ('<a href="{title}">x</a>', "telegram", "only {link}"),
        ('<a {title}="x">x</a>', "matrix", "only {link}"),
        ("5 < 6 {title}", "telegram", "lone <"),
        ("<!channel> {title}", "telegram", "lone <"),
        ("<!channel> {title}", "slack", None),
        ("<b>{title}", "plain", None),
        ("{also} {outlet} {rule}", "plain", None),
        ("{feed} {rules}", "plain", None),
    ],
)
def test_a_template_is_held_against_its_service(template: str, kind: str, problem: str | None) -> None:
    """HTML must be what the service knows, and whole; a field inside a tag could break out of it."""
    found = check_template(template, kind)
    assert (found is None) if problem is None else (problem in (found or ""))


@pytest.mark.parametrize("kind", READ)
def test_templates_are_filled_in_every_kind(kind: str) -> None:
    """Title and body, with the marks that the template has no field for."""
    layout = Layout(title_template="{severity}! {title}", body_template="{outlet}: {excerpt} ({also}) {link}")
    text = said(kind, update(also=("afp",)), layout, maybe_repeat=True).replace("\\", "")
    if kind == "sms":  # too short for anybody's wording
        return
    assert "high! Afghanistan" in text
    assert "lemonde-une: Les " in text
    assert "(Also reported by afp)" in text
    assert "https://news.example.org/doha" in text
    assert "12 -" in text
    assert "(may be a repeat)" in text


def test_a_template_that_its_service_refuses_gives_way() -> None:
    """The check says so; if it was not heard, the alert goes out in our own words."""
    layout = Layout(body_template="<b>{title}")
    assert render(outgoing(), layout, "telegram").body == render(outgoing(), kind="telegram").body


def test_after_a_refusal_there_is_no_markup_to_refuse() -> None:
    """Headline and bare address: what was refused may have been our tags."""
    made = render(outgoing(message(title="5 < 6"), plain=True), PARIS, "telegram")
    assert made.body == "[high] 5 &lt; 6\nhttps://news.example.org/doha"
    assert render(outgoing(plain=True), PARIS, "slack").body.endswith("\nhttps://news.example.org/doha")
