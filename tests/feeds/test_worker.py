"""What the worker makes of a document: all formats, hostile and broken ones included."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.feeds import limits, worker
from monitor.feeds.worker import parse_document

URL = "https://example.org/feeds/desk.xml"


@pytest.fixture(autouse=True, params=["as always", "by feedparser"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test holds for both: documents that take the fast path, and the same ones when it is closed."""
    if request.param == "by feedparser":
        monkeypatch.setattr(worker, "parse_fast", lambda *_: None)


def answer(text: str, content_type: str = "application/xml") -> dict[str, Any]:
    """The worker's answer to a document."""
    return parse_document(text.encode(), content_type, URL)


def rss(item: str, channel: str = "<link>https://example.org/</link>") -> dict[str, Any]:
    """The one entry of an RSS document with one item."""
    document = (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"<channel><title>desk</title>{channel}<item>{item}</item></channel></rss>"
    )
    return dict(answer(document)["entries"][0])


def atom(entry: str, attributes: str = "") -> dict[str, Any]:
    """The one entry of an Atom document with one entry."""
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>desk</title>'
    return dict(answer(f"{feed}<entry>{entry}</entry></feed>")["entries"][0])


def test_rss() -> None:
    """Everything an alert needs, from an ordinary RSS 2.0 item."""
    one = rss(
        "<guid isPermaLink='false'>id-1</guid><link>https://example.org/a</link>"
        "<title>Talks &amp; more</title>"
        "<description>&lt;p&gt;Short.&lt;/p&gt;</description>"
        "<content:encoded><![CDATA[<p>Long.</p>]]></content:encoded>"
        "<pubDate>Mon, 23 Nov 2026 12:00:00 +0200</pubDate><dc:creator>Ann</dc:creator>"
        "<category>World</category><category>Asia</category><source url='https://other.example/rss'>Other</source>"
    )
    assert one == {
        "guid": "id-1",
        "link": "https://example.org/a",
        "title": "Talks & more",
        "summary": "<p>Short.</p>",
        "content": "<p>Long.</p>",
        "published": "2026-11-23T10:00:00Z",
        "updated": None,
        "authors": ["Ann"],
        "categories": ["World", "Asia"],
        "language": None,
        "source_title": "Other",
        "source_url": "https://other.example/rss",
    }


def test_atom() -> None:
    """Everything an alert needs, from an ordinary Atom entry."""
    one = atom(
        "<id>tag:example.org,2026:1</id><link rel='self' href='https://example.org/self'/>"
        "<link rel='alternate' href='https://example.org/a'/><link rel='enclosure' href='https://example.org/x.mp3'/>"
        "<title type='html'>Talks &amp;amp; more</title><summary>Short.</summary>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Long.</p></div></content>"
        "<published>2026-11-23T12:00:00+02:00</published><updated>2026-11-23T12:00:00Z</updated>"
        "<author><name>Ann</name></author><category term='w' label='World'/>"
        "<source><title>Other</title><link href='https://other.example/'/></source>",
        "xml:lang='fr'",
    )
    assert one == {
        "guid": "tag:example.org,2026:1",
        "link": "https://example.org/a",
        "title": "Talks &amp; more",
        "summary": "Short.",
        "content": "<p>Long.</p>",
        "published": "2026-11-23T10:00:00Z",
        "updated": "2026-11-23T12:00:00Z",
        "authors": ["Ann"],
        "categories": ["World"],
        "language": "fr",
        "source_title": "Other",
        "source_url": "https://other.example/",
    }


RDF = """
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
  <channel rdf:about="x"><title>desk</title></channel>
  <item rdf:about="y"><title>a</title></item>
</rdf:RDF>
"""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('<rss version="2.0"><channel><item><title>a</title></item></channel></rss>', "rss20"),
        ('<rss version="0.91"><channel><item><title>a</title></item></channel></rss>', "rss091u"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title></entry></feed>', "atom10"),
        (
            '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>a</title></entry></feed>',
            "atom03",
        ),
        (RDF, "rss10"),
        ('{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "a"}]}', "json"),
    ],
)
def test_formats(document: str, expected: str) -> None:
    """Each format is named and yields its item."""
    got = answer(document)
    assert got["info"]["format"] == expected
    assert [entry["title"] for entry in got["entries"]] == ["a"]
    assert (got["parser"] == "json") == (expected == "json")


def test_the_feed_itself() -> None:
    """Title, link, language, ttl and date of the whole document."""
    channel = (
        "<title>The desk</title><link>/home</link><language>fr-FR</language><ttl>30</ttl>"
        "<lastBuildDate>Mon, 23 Nov 2026 12:00:00 GMT</lastBuildDate>"
        "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='/feed.xml'/>"
        "<skipHours><hour>24</hour><hour>3</hour><hour>x</hour><hour>31</hour></skipHours>"
        "<skipDays><day>Sunday</day><day>monday</day><day>Someday</day></skipDays>"
    )
    assert answer(f'<rss version="2.0"><channel>{channel}</channel></rss>')["info"] == {
        "title": "The desk",
        "link": "https://example.org/home",
        "language": "fr-FR",
        "format": "rss20",
        "ttl": 1800.0,
        "updated": "2026-11-23T12:00:00Z",
        "self_url": "https://example.org/feed.xml",
        "skip_hours": [0, 3],
        "skip_days": [0, 6],
    }


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("<ttl>60</ttl>", 3600.0),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>inf</ttl>", None),
        ("<ttl>nan</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800.0),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", 86_400.0),
        ("<sy:updatePeriod>never</sy:updatePeriod>", None),
        ("<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 3600.0),
        ("<ttl>90</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 5400.0),
        ("", None),
    ],
)
def test_how_long_a_publisher_asks_to_wait(wish: str, seconds: float | None) -> None:
    """Minutes of RSS, or the syndication module's period by its frequency; the longer one counts."""
    space = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    got = answer(f'<rss version="2.0" {space}><channel><title>x</title>{wish}</channel></rss>')
    assert got["info"]["ttl"] == seconds


def test_who_asks_never_to_be_fetched_is_not_heard() -> None:
    """All hours of the day, or all days of the week, are ignored, and a warning says so."""
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    days = "".join(f"<day>{day}</day>" for day in names)
    wishes = f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>"
    got = answer(f'<rss version="2.0"><channel><title>x</title>{wishes}</channel></rss>')
    assert (got["info"]["skip_hours"], got["info"]["skip_days"]) == ([], [])
    assert len(got["warnings"]) == 2
    assert all("is ignored" in warning for warning in got["warnings"])


@pytest.mark.parametrize(
    ("item", "link"),
    [
        ("<link>/a</link>", "https://example.org/a"),
        ("<link>a?b=1&amp;c=2</link>", "https://example.org/a?b=1&c=2"),
        ("<link> https://example.org/a\n</link>", "https://example.org/a"),
        ("<guid>https://example.org/g</guid>", "https://example.org/g"),
        ("<link/><guid>https://example.org/g</guid>", "https://example.org/g"),
        ("<guid isPermaLink='false'>https://example.org/g</guid>", "https://example.org/g"),
        ("<guid>12345</guid>", None),
        ("<link>javascript:alert(1)</link>", None),
        (
            "<link>https://example.org/a</link><atom:link rel='self' href='https://example.org/s'/>",
            "https://example.org/a",
        ),
        (
            "<link>https://example.org/a</link><atom:link href='https://example.org/late'/>",
            "https://example.org/a",
        ),
        (
            "<link>https://f.example/r</link><feedburner:origLink>https://example.org/o</feedburner:origLink>",
            "https://example.org/o",
        ),
        (
            "<link>https://example.org/a</link><image><link>https://example.org/i</link></image>",
            "https://example.org/a",
        ),
    ],
)
def test_links_in_rss(item: str, link: str | None) -> None:
    """The item's own address, absolute, and nothing that does not lead to the web."""
    assert rss(f"<title>x</title>{item}")["link"] == link


@pytest.mark.parametrize(
    ("entry", "attributes", "link"),
    [
        ("<link href='/a'/>", "", "https://example.org/a"),
        ("<link href='a'/>", "xml:base='https://base.example/x/'", "https://base.example/x/a"),
        (
            "<link rel='alternate' type='application/json' href='/j'/><link type='text/html' href='/a'/>",
            "",
            "https://example.org/a",
        ),
        ("<link rel='alternate' type='application/json' href='/j'/>", "", "https://example.org/j"),
        ("<link rel='self' href='/s'/><link rel='replies' href='/r'/>", "", None),
        ("<link href='/first'/><link href='/second'/>", "", "https://example.org/first"),
    ],
)
def test_links_in_atom(entry: str, attributes: str, link: str | None) -> None:
    """The first alternate page, resolved against xml:base or the document."""
    assert atom(f"<id>urn:1</id>{entry}", attributes)["link"] == link


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", "2026-11-23T12:00:00Z"),
        ("Mon, 23 Nov 2026 12:00:00 EST", "2026-11-23T17:00:00Z"),
        ("Mon, 23 Nov 2026 12:00:00", "2026-11-23T12:00:00Z"),
        ("3 November 2026 9:05", "2026-11-03T09:05:00Z"),
        ("Mon, 32 Nov 2026 12:00:00", None),
        ("23 Nov 2026 12:00 +0330", "2026-11-23T08:30:00Z"),
        ("2026-11-23T12:00:00", "2026-11-23T12:00:00Z"),
        ("2026-11-23 12:00:00", "2026-11-23T12:00:00Z"),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 23 Nov 9999 12:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    """Times come out in UTC; without a zone they mean UTC; absurd years are dropped."""
    assert rss(f"<title>x</title><pubDate>{text}</pubDate>")["published"] == expected


@pytest.mark.parametrize(
    ("construct", "markup"),
    [
        ("<title>2 &lt; 3 &amp; more</title>", "2 &lt; 3 & more"),
        ("<title type='text'>&lt;b&gt; is a tag</title>", "&lt;b> is a tag"),
        ("<title>It&amp;#8217;s late</title>", "It&#8217;s late"),
        ("<title type='html'>&lt;b&gt;bold&lt;/b&gt;</title>", "<b>bold</b>"),
    ],
)
def test_plain_texts_in_atom_become_markup(construct: str, markup: str) -> None:
    """Whoever reads an entry reads markup, so a plain `<` is escaped; a reference escaped twice is healed."""
    assert atom(f"<id>urn:1</id>{construct}")["title"] == markup


def test_content_alone_is_not_counted_twice() -> None:
    """A document that gives one text has it in one field."""
    one = rss("<title>x</title><content:encoded>only text</content:encoded>")
    assert (one["summary"], one["content"]) == ("", "only text")
    other = rss("<title>x</title><description>only text</description>")
    assert (other["summary"], other["content"]) == ("only text", "")


def test_relative_addresses_inside_texts_stay() -> None:
    """Texts are handed on as they are: neither cleaned nor resolved."""
    markup = "<p><a href='/x' onclick='y()'>z</a><script>1</script></p>"
    assert rss(f"<title>x</title><description><![CDATA[{markup}]]></description>")["summary"] == markup


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the document is empty"),
        (b" \r\n ", "the document is empty"),
        (b"<!DOCTYPE html><html><body><form>Sign in</form></body></html>", "this is a web page, not a feed"),
        (b"{}", "this is JSON, but not a JSON Feed"),
        (b"/etc/hostname", "this is not a feed"),
        (b"https://example.org/", "this is not a feed"),
    ],
)
def test_what_is_no_feed(body: bytes, error: str) -> None:
    """An error says what came instead; nothing is opened or fetched."""
    assert parse_document(body, "text/html", URL)["error"] == error


def test_an_empty_feed_is_no_error() -> None:
    """A feed without items is a good answer."""
    got = answer('<rss version="2.0"><channel><title>x</title></channel></rss>')
    assert got["entries"] == []
    assert not got.get("error")
    assert got["complete"]


ITEM = "<item><title>whole</title><description>text</description></item>"


@pytest.mark.parametrize(
    "tail",
    [
        "<item><title>half",
        "<item><title>half</title><description><![CDATA[words that go",
        "<item><title>half</title><description>words &lt;/item&gt;",
        "<item><title>half</title><description>words</description>",
        "<item><title>half</title><link>https://example.org/very",
    ],
)
def test_a_half_item_is_never_used(tail: str) -> None:
    """Of a document that breaks off only the whole items are used, and the rest is mentioned."""
    got = answer(f'<rss version="2.0"><channel><title>x</title>{ITEM}{ITEM}{tail}')
    assert [entry["title"] for entry in got["entries"]] == ["whole", "whole"]
    assert not got["complete"]
    assert any("breaks off" in warning for warning in got["warnings"])


def test_a_break_inside_what_looks_like_an_end_of_an_item() -> None:
    """A closing tag quoted in a text makes the half item look whole: then one whole item is given up too."""
    tail = "<item><title>half</title><description><![CDATA[we write </item> at the end"
    got = answer(f'<rss version="2.0"><channel><title>x</title>{ITEM}{tail}')
    assert [entry["title"] for entry in got["entries"]] == ["whole"]
    assert not got["complete"]


@pytest.mark.parametrize(
    "text",
    [
        '<rss version="2.0"><channel><title>A & B</title><item><title>C & D</title></item></channel></rss>',
        '<rss version="2.0"><channel><item><title>C&nbsp;D</title></item></channel></rss>',
        '<rss version="2.0"><channel><item><title>C</title><media:x/></item></channel></rss>',
        '<rss version="2.0"><channel><item><title>C</item></channel></rss>',
    ],
)
def test_what_is_not_well_formed_is_read_with_a_warning(text: str) -> None:
    """Feeds that break the rules of XML still have their items."""
    got = answer(text)
    assert len(got["entries"]) == 1
    assert got["complete"]
    assert "not well-formed" in got["warnings"][0]


def test_items_that_cannot_be_read_are_an_error() -> None:
    """A document whose items all got lost is not taken for an empty feed."""
    got = answer(
        "<rss rss:version=2.0><rss:channel><rss:item><rss:title>x</rss:title></rss:item></rss:channel></rss>"
    )
    assert got["error"] == "none of its 1 items could be read"


def test_no_entity_reaches_a_file_or_a_gigabyte() -> None:
    """Declared entities are neither fetched nor expanded."""
    laughs = '<!DOCTYPE rss [<!ENTITY a0 "ha">'
    laughs += "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    item = "<item><title>&a9;&host;</title><description>&host;</description></item>"
    laughs += '<!ENTITY host SYSTEM "file:///etc/hostname">]>'
    got = answer(f'{laughs}<rss version="2.0"><channel>{item}</channel></rss>')
    assert len(json.dumps(got)) < 2_000
    assert got["entries"][0]["title"] == "&a9;&host;"


def test_fields_and_answers_are_bounded() -> None:
    """No field, no list and no answer grows without end."""
    one = rss(
        f"<title>{'t' * 5_000}</title><description>{'d' * 300_000}</description><guid>{'g' * 9_000}</guid>"
        f"<link>https://example.org/{'l' * 9_000}</link>"
        + "".join(f"<category>{n}</category>" for n in range(90))
    )
    assert (len(one["title"]), len(one["summary"]), len(one["guid"])) == (2_000, 200_000, 4_000)
    assert one["link"] is None
    assert len(one["categories"]) == 50
    long = "x" * 9_000
    other = rss(
        f"<title>x</title><guid>1</guid><dc:language>{long}</dc:language>"
        f"<source url='https://example.org/{long}'>{long}</source>",
        channel=f"<link>https://example.org/{long}</link><language>{long}</language>",
    )
    assert (len(other["language"]), len(other["source_title"]), other["source_url"]) == (200, 2_000, None)


def test_a_very_long_document_is_cut_between_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that would be too large keeps its first items and says so."""
    monkeypatch.setattr(limits, "_OUTPUT_CHARS", 1_500)
    got = answer(f'<rss version="2.0"><channel>{ITEM * 9}</channel></rss>')
    assert len(got["entries"]) == 2
    assert "only its first 2 items are used" in got["warnings"][0]
