"""Hostile feeds against every renderer: in the receiver's own grammar nothing is live but our layout."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.alerts.render import Layout, Rendered, render, render_card, render_json
from monitor.alerts.safe import safe_link
from tests.support.grammars import RefusedError, Seen, normal, says
from tests.support.hostile import ADDRESSES, TEXTS, hostile, many
from tests.support.messages import message, outgoing
from tests.support.received import KINDS, MARKED, MOST, read, size

if TYPE_CHECKING:
    from monitor.model import Message

PLENTY = Layout()
LIMITS = (80, 160, 500, 32_000)
TELEPHONES_WRITE = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
)


def problem(kind: str, told: Message, layout: Layout = PLENTY, **attempt: bool) -> str:
    """What is wrong with the notification that a kind makes of a message; "" = nothing."""
    made = render(outgoing(told, **attempt), layout, kind)
    link = safe_link(told.url)
    try:
        seen = read(made, link)
    except RefusedError as refused:
        return str(refused)
    most = min(MOST[kind], layout.limit) if kind not in ("email", "matrix") else MOST[kind]
    if kind != "posted" and size(made) > most:
        return f"{size(made)} of {most}"
    if not made.body.strip():
        return "nothing is left"
    wrong = [address for address, _ in seen.links if address != link]
    if wrong:
        return f"a link to {wrong}"
    return _said(kind, made, seen, told, attempt.get("plain", False))


def _said(kind: str, made: Rendered, seen: Seen, told: Message, plain: bool) -> str:
    """Compare the headline, and the sentence where it stands for itself, with what was told."""
    label = "[high] Update: "
    title = told.title[:20_000]
    title = title.translate(TELEPHONES_WRITE) if kind == "sms" else title
    strong = [text for text in seen.strong if text.strip()]
    headline = made.title or (strong[0] if strong else seen.text.split("\n")[0])
    wanted = (title,) if normal(title) else ("", "(no title)")
    if not any(says(headline, label + words) for words in wanted):
        return f"the headline is {headline[:80]!r}"
    if kind in MARKED and not plain and seen.quoted and not says(seen.quoted, told.excerpt):
        return f"the sentence is {seen.quoted[:80]!r}"
    if kind in MARKED and len(strong) > 2:
        return f"more is strong than headline and hit: {strong}"
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_is_harmless_everywhere(kind: str) -> None:
    """Over 250 hostile texts: no tag, mention, link or command but ours, the same words, within the limit."""
    assert len(TEXTS) >= 250
    bad = {text[:80]: wrong for text in TEXTS if (wrong := problem(kind, hostile(text)))}
    assert bad == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("limit", [90, 300, 1000])
@pytest.mark.parametrize("every", [8, pytest.param(2, marks=pytest.mark.slow)])
def test_what_is_cut_stays_harmless(kind: str, limit: int, plain: bool, every: int) -> None:
    """No cut goes through an escape or leaves a tag open, however little room there is."""
    texts = TEXTS[(limit // 10 + plain) % every :: every]  # others for each limit
    layout = Layout(limit=limit, title_limit=limit)
    bad = {t[:80]: wrong for t in texts if (wrong := _cut_problem(kind, hostile(t), layout, plain))}
    assert bad == {}


def _cut_problem(kind: str, told: Message, layout: Layout, plain: bool) -> str:
    return problem(kind, told, layout, plain=plain, maybe_repeat=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ADDRESSES)
def test_links_lead_where_they_say(kind: str, url: str) -> None:
    """What is shown of a link is its true host or the address itself; what is no http link is none."""
    told = message(url=url)
    made = render(outgoing(told), Layout(), kind)
    link = safe_link(url)
    seen = read(made, link)
    host = link.partition("://")[2].partition("/")[0].partition(":")[0]
    for address, label in seen.links:
        assert address == link
        assert label == host or link.startswith(label.removesuffix("…"))
    if not link:
        assert seen.links == []
    if kind in MARKED and link:
        assert len(seen.links) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_digests_are_harmless_everywhere(kind: str) -> None:
    """The same for digests, in full and as bare links."""
    bad = {}
    for number, text in enumerate(TEXTS):
        made = render(outgoing(many(text), plain=number % 3 == 0), Layout(), kind)
        try:
            seen = read(made, "https://news.example.org/doha")
        except RefusedError as refused:
            bad[text[:80]] = str(refused)
            continue
        if {address for address, _ in seen.links} - {"https://news.example.org/doha"} or size(made) > MOST[
            kind
        ]:
            bad[text[:80]] = f"{seen.links} {size(made)}"
    assert bad == {}


TEMPLATES = {
    "telegram": '<i>{title}</i> {outlet} {excerpt} {also} {why} {rule} <a href="{link}">read</a>',
    "slack": "{title} {outlet} {excerpt} {also} {why} <{link}|read>",
    "discord": "{title} {outlet} {excerpt} {also} {why} <{link}>",
    "mattermost": "{title} {outlet} {excerpt} {also} {why} <{link}>",
    "webex": "{title} {outlet} {excerpt} {also} {why} <{link}>",
    "gchat": "{title} {outlet} {excerpt} {also} {why} <{link}|read>",
    "teams": "{title} {outlet} {excerpt} {also} {why} [read]({link})",
    "matrix": '<strong>{title}</strong> {outlet} {excerpt} {also} {why} <a href="{link}">read</a>',
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_users_template_keeps_a_feed_literal(kind: str) -> None:
    """Whatever fills the fields is words; braces in it are no fields, and no number is padded."""
    template = TEMPLATES.get(kind, "{title} {outlet} {excerpt} {also} {why}\n{link}").replace("<i>", "<b>")
    layout = Layout(title_template="{title} {outlet}", body_template=template.replace("</i>", "</b>"))
    bad = {}
    for text in TEXTS[::2]:
        made = render(outgoing(replace(hostile(text), changes=(), weak=False)), layout, kind)
        try:
            seen = read(made, "https://news.example.org/doha")
        except RefusedError as refused:
            bad[text[:80]] = str(refused)
            continue
        if {address for address, _ in seen.links} - {"https://news.example.org/doha"} or size(made) > MOST[
            kind
        ]:
            bad[text[:80]] = f"{seen.links} {size(made)}"
    assert bad == {}


@pytest.mark.parametrize("kind", KINDS)
def test_notices_with_lines_are_harmless_everywhere(kind: str) -> None:
    """What Tocsin says about itself may have lines, and a feed's words in them; no line becomes markup."""
    bad = {}
    for text in TEXTS[::2]:
        told = message(kind="notice", title=text, excerpt=f"{text}\n{text[:300]}\n- x", marks=(), url="")
        made = render(outgoing(told), PLENTY, kind)
        try:
            seen = read(made, "")
        except RefusedError as refused:
            bad[text[:80]] = str(refused)
            continue
        if seen.links or seen.quoted or size(made) > MOST[kind]:
            bad[text[:80]] = f"{seen.links} {seen.quoted} {size(made)}"
    assert bad == {}


def test_objects_and_cards_stay_in_their_form() -> None:
    """JSON is one line that any parser reads back; a card has one line for each thing it says."""
    for text in TEXTS:
        line = json.dumps(render_json(outgoing(hostile(text))), ensure_ascii=False)
        assert len(line.splitlines()) == 1
        assert says(json.loads(line)["title"], text[:20_000])
        card = render_card(outgoing(hostile(text))).plain()
        assert "\x1b" not in card
        assert len(card.splitlines()) <= 10
        line.encode()
        card.encode()


LIVE = "@#$/<>&[]()*_~`|\\:.!-+>{}\n\r\t\x00\u200b\u202e\u2060aeé1 語😀\u0301\ud800\uff20"
anything = st.text(st.sampled_from(LIVE), max_size=60) | st.text(max_size=40)
pieces = st.lists(anything | st.sampled_from(TEXTS).map(lambda text: text[:60]), max_size=6).map("".join)


def _mixture_is_harmless(kind: str, text: str, limit: int, plain: bool) -> None:
    assert problem(kind, hostile(text), Layout(limit=limit), plain=plain) == ""


def _form_is_kept(kind: str, text: str, limit: int, plain: bool) -> None:
    text = text[:200]
    marks = tuple((at, min(at + 3, len(text))) for at in range(0, len(text) - 1, 7))
    told = message(title=text, excerpt=text, marks=marks, feed=text, related=text)
    most = MOST[kind] if kind in ("email", "matrix", "sms") else min(MOST[kind], limit)
    for one in (told, many(text)):
        made = render(outgoing(one, plain=plain), Layout(limit=limit, title_limit=limit), kind)
        read(made, "https://news.example.org/doha")
        assert kind in ("posted", "ntfy") or size(made) <= most


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@example(text="\u2018", limit=80, plain=False)
@example(text="_TEL:0", limit=80, plain=False)
@given(text=pieces, limit=st.sampled_from(LIMITS), plain=st.booleans())
def test_whatever_a_feed_writes_is_harmless(kind: str, text: str, limit: int, plain: bool) -> None:
    """Any mixture of what is special in some service."""
    _mixture_is_harmless(kind, text, limit, plain)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@example(text="0000000000TEL:0", limit=166, plain=False)  # what marks part from its word is a number to call
@example(text="0000000000TEL:00", limit=172, plain=False)
@given(text=pieces, limit=st.integers(20, 3000), plain=st.booleans())
def test_hits_anywhere_and_any_limit_keep_the_form(kind: str, text: str, limit: int, plain: bool) -> None:
    """Many hits in hostile text, and digests of it, cut anywhere: still read back, still within the limit."""
    _form_is_kept(kind, text, limit, plain)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=250, deadline=None)
@given(text=pieces, limit=st.sampled_from(LIMITS), plain=st.booleans())
def test_very_many_mixtures_are_harmless(kind: str, text: str, limit: int, plain: bool) -> None:
    """The same for many more of them."""
    _mixture_is_harmless(kind, text, limit, plain)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(text=pieces, limit=st.integers(20, 3000), plain=st.booleans())
def test_very_many_hits_and_limits_keep_the_form(kind: str, text: str, limit: int, plain: bool) -> None:
    """The same for many more of them."""
    _form_is_kept(kind, text, limit, plain)
