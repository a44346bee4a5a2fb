"""The fast path agrees with feedparser, is right where feedparser is not, and declines everything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds import entries, worker
from monitor.feeds.document import prepare
from monitor.feeds.fast import _feed, parse_fast
from monitor.feeds.limits import limited
from monitor.feeds.tree import DepthError, DoubtError, Names, grown

URL = "https://example.org/feeds/desk.xml"
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:georss="http://www.georss.org/georss" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)
LINK = "<link>https://example.org/a</link>"


def rss(item: str, channel: str = "", attributes: str = "") -> str:
    """An RSS document with one item that has a link."""
    return (
        f'<rss version="2.0" {SPACES} {attributes}><channel><title>desk</title>'
        f"<link>https://example.org/</link>{channel}<item>{LINK}{item}</item></channel></rss>"
    )


def bare(item: str) -> str:
    """An RSS document with one item of which nothing is given."""
    return f'<rss version="2.0" {SPACES}><channel><title>desk</title><item>{item}</item></channel></rss>'


def atom(entry: str, feed: str = "", attributes: str = "") -> str:
    """An Atom document with one entry that has an id and a link."""
    named = "<id>urn:1</id><link href='https://example.org/a'/>"
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES} {attributes}><title>desk</title>'
        f"<link href='https://example.org/'/>{feed}<entry>{named}{entry}</entry></feed>"
    )


def old_atom(entry: str) -> str:
    """An Atom 0.3 document with one entry that has an id and a link."""
    named = "<id>urn:1</id><link rel='alternate' type='text/html' href='https://example.org/a'/>"
    return (
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>desk</title>'
        f"<link rel='alternate' type='text/html' href='https://example.org/'/><entry>{named}{entry}</entry></feed>"
    )


def rdf(item: str, rest: str = "") -> str:
    """An RSS 1.0 document with one item that has a link."""
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/" {SPACES}>'
        "<channel rdf:about='https://example.org/'><title>desk</title><link>https://example.org/</link>"
        f"<items><rdf:Seq><rdf:li rdf:resource='https://example.org/a'/></rdf:Seq></items>{rest}</channel>"
        f"<image><title>logo</title><url>x</url></image><item rdf:about='https://example.org/a'>{LINK}{item}</item>"
        "</rdf:RDF>"
    )


def fast(document: str) -> dict[str, Any] | None:
    """The fast path's answer, limited as the worker does it."""
    ready = prepare(document)
    quick = parse_fast(ready.text.encode(), URL)
    return None if quick is None else limited(quick)


def slow(document: str) -> dict[str, Any]:
    """The answer by way of feedparser; like the fast path, with each category once."""
    got = worker.parse_with_feedparser(prepare(document), [], URL)
    for entry in got["entries"]:
        entry["categories"] = list(dict.fromkeys(entry["categories"]))
    return got


TITLES = [
    "<title>Talks in Doha</title>",
    "<title>  Talks\r\n in <![CDATA[<b>Doha</b> & more]]>&#8217; </title>",
    "<title>A &amp;amp; B &lt; C &amp;#8217;s &quot;D&quot; &#x2014; E</title>",
    "<title><![CDATA[A]]><![CDATA[B]]> C<!-- no --><?php no ?> D</title>",
    "<title></title><title>second</title>",
    "<title>first</title><title>second</title>",
    "<title>A</title><media:content url='x'><media:title>B</media:title></media:content>",
    "<media:content url='x'><media:title>B</media:title></media:content><title>A</title>",
    "<media:group><media:title>B</media:title><media:description>C</media:description></media:group>",
    "<dc:title>A</dc:title>",
    "<title xml:lang='fr_FR'>Pourparlers à Doha</title>",
    "<title>don\x92t \u0093quote\u0094 caf&#150; &#x85;.</title>",
    "<title>pourparlers annoncÃ©s</title><description>Ã©tÃ©</description>",
    "<title>« Ils ont touché\xa0» dit le 10\xa0\xd7\xa010</title>",
    "<title>طالبان 塔利班 Талибан 👋🏽</title>",
]
SHARED = [
    *TITLES,
    "<summary>Short.</summary>",
    "<content:encoded><![CDATA[<p>Long.</p>]]></content:encoded>",
    "<author>Ann</author><dc:creator>Bob</dc:creator>",
    "<author><name>Ann</name><email>a@example.org</email><uri>https://example.org/ann</uri></author>",
    "<author><email>a@example.org</email></author><author><name>Bob</name></author>",
    "<category term='a' label='A'/><category term='b'/><category>C</category><dc:subject>D</dc:subject>",
    "<category domain='x'>A</category><category domain='x'>B</category><category/>",
    "<media:group><media:category>A</media:category><media:keywords>b, c ,,d</media:keywords></media:group>",
    "<dc:date>2026-11-23T12:00:00+02:00</dc:date>",
    "<dcterms:issued>2026-11-23</dcterms:issued><dcterms:modified>2026-11-23T12:00Z</dcterms:modified>",
    "<dcterms:created>2026-11-23T12:00:00.5-03:30</dcterms:created>",
    "<published>0001-01-01T00:00:00Z</published><updated></updated>",
    "<published>1970-01-01T00:00:00Z</published>",
    "<dc:language>fr</dc:language>",
    "<georss:point>1 2</georss:point><x><title>no</title></x><title>A</title>",
    "<site xmlns='com-example:additions:1'>123</site><title>A</title>",
    "<feedburner:origLink>https://example.org/o</feedburner:origLink>",
    "<link rel='enclosure' href='https://example.org/x.mp3'/><enclosure url='https://example.org/y.mp3'/>",
]
RSS = [
    "<guid>https://example.org/g</guid><description>&lt;p&gt;Short.&lt;/p&gt;</description>",
    "<guid isPermaLink='false'> id-1 </guid><description><![CDATA[<p>x</p>]]></description>",
    "<description>Short.</description><content:encoded>Long text.</content:encoded>",
    "<content:encoded>Long text.</content:encoded><description>Short.</description>",
    "<description>same</description><content:encoded>same</content:encoded>",
    "<description>Short.</description><media:description>Caption</media:description>",
    "<pubDate>Mon, 23 Nov 2026 12:00:00 +0200</pubDate><atom:updated>2026-11-23T12:00:00Z</atom:updated>",
    "<pubDate>Mon, 23 Nov 2026 12:00:00 EST</pubDate>",
    "<pubDate> 3 Nov 2026 9:05 </pubDate>",
    "<pubDate>23 Nov 2026 12:00:00 Z</pubDate><image><link>https://example.org/i</link></image>",
    "<author>a@example.org (Ann Lee)</author><author>b@example.org</author>",
    "<source url='https://other.example/rss'>Other</source>",
    "<title>A</title><atom:link rel='self' href='https://example.org/s'/><comments>https://x.example/</comments>",
    "<categories><category>A</category><category>B</category></categories>",
]
ATOM = [
    "<title type='html'>&lt;b&gt;A&lt;/b&gt; &amp;amp; B</title><summary type='html'>&lt;p&gt;x</summary>",
    "<title type='text'>2 &lt; 3 &amp; &lt;b&gt;</title><summary type='TEXT'>a &lt; b</summary>",
    "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A <b>B</b> &lt; C<br/></div></title>",
    "<content type='xhtml'>\n<h:div xmlns:h='urn:h'><h:p class='a&amp;\"'>x</h:p></h:div> </content>",
    "<content type='xhtml'><div>a</div><div>b</div></content>",
    "<content type='html' xml:base='https://example.org/x/' xml:lang='de'>&lt;p&gt;x</content>",
    "<summary>s</summary><content>one</content><content type='html'>longer</content>",
    "<published>2026-11-23T12:00:00+02:00</published><updated>2026-11-23T12:00:00Z</updated>",
    "<source><title>Other</title><link href='https://other.example/'/></source>",
    "<link rel='self' href='https://example.org/self'/><link rel='replies' href='/r'/>",
]
CHANNELS = [
    "<language>fr-FR</language><ttl>30</ttl><lastBuildDate>Mon, 23 Nov 2026 12:00:00 GMT</lastBuildDate>",
    "<dc:language>fr</dc:language><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
    "<pubDate>Mon, 23 Nov 2026 12:00:00 GMT</pubDate><image><title>logo</title><link>/x</link></image>",
    "<atom:link rel='self' href='https://example.org/self.xml' type='application/rss+xml'/>",
    "<ttl>soon</ttl><managingEditor>x</managingEditor><skipHours><hour>1</hour></skipHours>",
]


def version(number: str) -> str:
    """An RSS document that says it is of some version."""
    return f"<rss version='{number}'><channel><item>{LINK}</item></channel></rss>"


AGREE = [
    *map(rss, [*SHARED, *RSS]),
    *map(atom, [*SHARED, *ATOM]),
    *map(rdf, SHARED),
    *(rss("", channel) for channel in CHANNELS),
    rdf("", CHANNELS[1]),
    atom(
        "<title>x</title>", "<updated>2026-11-23T12:00:00Z</updated><subtitle>s</subtitle>", "xml:lang='fr'"
    ),
    rss("<title>x</title>", attributes="xml:lang='pt_BR'"),
    atom("<title>x</title>").replace("<entry>", "<entry xml:lang='de'>"),
    *map(version, ["0.91", "0.92", "2.0", "9", ""]),
    bare("<guid>https://example.org/g</guid>"),
    bare("<guid isPermaLink='false'>1</guid><link>/relative?a=1&amp;amp;b=2#c</link>"),
    bare("<guid>1</guid><link>javascript:alert(1)</link>"),
    bare(f"<atom:link href='https://example.org/x'/>{LINK}").replace("<atom:link", "<enclosure"),
    rss("").replace("<item>", "<ITEM>").replace("</item>", "</ITEM>"),
    rss("").replace("\n", "\r\n"),
    '<rss version="2.0"><channel><title>empty</title></channel></rss>',
    bare("<title>A</title>"),
    "<feed><title>x</title><entry><id>1</id><title>A</title></entry></feed>",
    rss("<itunes:category text='A'><itunes:category text='B'/></itunes:category>"),
    rss("").replace("</channel>", "<item/></channel>"),
    rss("<description><![CDATA[</item>]]></description>"),
    atom("<content type='text/html' src='https://example.org/x'/>"),
    atom("", attributes="xml:base='https://base.example/'"),
    atom("<link href='a' xml:base='https://base.example/'/>"),
    *map(
        old_atom,
        [
            "<issued>2026-11-23T12:00:00+02:00</issued><modified>2026-11-23T12:00:00Z</modified>",
            "<title mode='escaped' type='text/html'>&lt;b&gt;A&lt;/b&gt;</title><summary>2 &lt; 3</summary>",
            "<content type='text/html' mode='escaped'>&lt;p&gt;x</content><author><name>Ann</name></author>",
        ],
    ),
    '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>1</a:id><a:title>x</a:title></a:entry></a:feed>',
    '\ufeff<?xml version="1.0"?>\n<!-- hello --><?xml-stylesheet href="x"?>\r\n' + rss("<title>x</title>"),
]


@pytest.mark.parametrize("document", AGREE)
def test_both_parsers_agree(document: str) -> None:
    """Whatever the fast path accepts, it answers as the worker does by way of feedparser."""
    quick = fast(document)
    assert quick is not None
    assert {**quick, "parser": "feedparser"} == slow(document)


PICTURE = "<media:description>caption</media:description>"


@pytest.mark.parametrize(
    ("document", "field", "right", "by_feedparser"),
    [
        (rss(f"{PICTURE}<description>lead</description>"), "summary", "lead", "caption"),
        (
            rss(f"<description>lead</description><content:encoded>text</content:encoded>{PICTURE}"),
            "summary",
            "lead",
            "caption",
        ),
        (
            bare(
                "<guid isPermaLink='true'>https://example.org/g</guid><atom:link href='https://example.org/l'/>"
            ),
            "link",
            "https://example.org/g",
            "https://example.org/l",
        ),
        (
            bare(f"<atom:link href='https://example.org/l'/>{LINK}"),
            "link",
            "https://example.org/a",
            "https://example.org/l",
        ),
        (rss("<x><title>inside something else</title></x>"), "title", "", "inside something else"),
        (rss("<dc:date>2026-11-23</dc:date><dc:date/>"), "updated", "2026-11-23T00:00:00Z", None),
        (rss("<source>Other</source>"), "source_url", None, "https://example.org/"),
        (atom("<content>a &lt; b</content>"), "summary", "", "a < b"),
        (
            atom("")
            .replace("<id>", "<content type='html' xml:base='/x'>c</content><id>")
            .replace("urn:1", "one"),
            "guid",
            "one",
            "/one",
        ),
    ],
)
def test_where_feedparser_is_wrong(document: str, field: str, right: Any, by_feedparser: Any) -> None:
    """The known classes of differences; when feedparser is mended, this says so."""
    quick = fast(document)
    assert quick is not None
    assert (quick["entries"][0][field], slow(document)["entries"][0][field]) == (right, by_feedparser)


@pytest.mark.parametrize(
    ("document", "link"),
    [
        ("<link href='https://example.org/1'/><link href='https://example.org/2'/>", "https://example.org/1"),
        (
            "<link rel='self' href='https://example.org/s'/><id>https://example.org/i</id>",
            "https://example.org/i",
        ),
        ("<link rel='self' href='https://example.org/s'/><id>urn:2</id>", None),
    ],
)
def test_the_page_of_a_feed(document: str, link: str | None) -> None:
    """The first alternate page, else an id that is an address."""
    quick = fast(f'<feed xmlns="http://www.w3.org/2005/Atom">{document}<entry><id>1</id></entry></feed>')
    assert quick is not None
    assert quick["info"]["link"] == link


DECLINED = {
    "not well-formed": rss("<title>A & B</title>"),
    "an unknown entity": rss("<title>A&nbsp;B</title>"),
    "an unknown prefix": rss("<title>A</title><foo:x/>"),
    "an unreadable date": rss("<pubDate>soon</pubDate>"),
    "a year of two digits": rss("<pubDate>Mon, 23 Nov 26 12:00:00 GMT</pubDate>"),
    "no such day": rss("<dc:date>2026-02-30T12:00:00Z</dc:date>"),
    "a zone without its colon": rss("<dc:date>2026-02-03T12:00:00+0100</dc:date>"),
    "a feed's unreadable date": rss("", "<lastBuildDate>soon</lastBuildDate>"),
    "nested items": rss("<item><title>B</title></item>"),
    "markup in a text": rss("<title>A <b>B</b></title>"),
    "markup in HTML": atom("<content type='html'><p>x</p></content>"),
    "a picture for content": atom("<content type='image/png'>AAAA</content>"),
    "an old mode": atom("<content mode='base64'>AAAA</content>"),
    "an old body": rss("<body xmlns='http://www.w3.org/1999/xhtml'><p>x</p></body>"),
    "an unknown RDF": rdf("").replace("purl.org/rss/1.0/", "example.org/rss/"),
    "no channel": '<rss version="2.0"></rss>',
    "CDF": rss("").replace("<item>", "<item href='https://example.org/x'>"),
}


@pytest.mark.parametrize("document", DECLINED.values(), ids=DECLINED.keys())
def test_what_is_doubtful_is_declined(document: str) -> None:
    """One document for each doubt."""
    ready = prepare(document)
    assert not ready.error
    assert parse_fast(ready.text.encode(), URL) is None


@pytest.mark.parametrize(
    "declaration",
    ["<!DOCTYPE rss>", "<!DOCTYPE rss SYSTEM 'x.dtd'>", "<!DOCTYPE rss [<!ENTITY a 'b'>]>"],
)
def test_declarations_are_declined(declaration: str) -> None:
    """The worker removes them before; if one ever gets here, nothing of it is read."""
    assert parse_fast(rss("").encode(), URL) is not None
    assert parse_fast((declaration + rss("")).encode(), URL) is None


NESTS = {
    "unknown": lambda n: "<x>" * n + "</x>" * n,
    "media": lambda n: "<media:group>" * n + "</media:group>" * n,
    "XHTML": lambda n: "<content type='xhtml'>" + "<b>" * n + "</b>" * n + "</content>",
    "in a person": lambda n: "<author><name>x</name>" + "<b>" * n + "</b>" * n + "</author>",
    "in a picture": lambda n: "<media:content>" + "<b>" * n + "</b>" * n + "</media:content>",
}


@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS.keys())
def test_depth_is_bounded(nest: Any) -> None:
    """190 levels are read, 210 and 100,000 are refused, in whatever they stand."""
    assert fast(atom(nest(190))) is not None
    for depth in (210, 100_000):
        with pytest.raises(DepthError, match="more than 200 deep"):
            fast(atom(nest(depth)))


def test_depth_is_bounded_in_the_feed_too() -> None:
    """The same beside the items, and beside the channel."""
    deep = "<x>" * 210 + "</x>" * 210
    for document in (rss("", deep), rdf("").replace("<image>", f"{deep}<image>"), atom("", deep)):
        with pytest.raises(DepthError):
            fast(document)


@pytest.mark.parametrize(
    "item",
    [
        f"<author>{'a' * 400_000}@</author>",
        f"<pubDate>{' 1' * 200_000}</pubDate>",
        f"<dc:date>{'2026-' * 80_000}</dc:date>",
        f"<title>{'&amp;' * 80_000}</title>",
        "<category>a</category>" * 20_000,
        "".join(f"<x{n}/>" for n in range(40_000)),
        f"<link>https://{'a.' * 200_000}</link>",
    ],
)
def test_hostile_items_are_read_in_linear_time(item: str) -> None:
    """None of these takes noticeable time; quadratic work would hang here."""
    fast(rss(item))


def test_a_worker_that_needs_no_feedparser_never_loads_it() -> None:
    """Its memory and its start are those of a small program; the first doubtful document changes that."""
    story = (
        "import sys; from monitor.feeds.worker import parse_document as parse; "
        "good = sys.argv[1].encode(); print(parse(good, '', 'https://example.org/')['parser'], "
        "'feedparser' in sys.modules); print(parse(good.replace(b'desk', b'A & B'), '', "
        "'https://example.org/')['parser'], 'feedparser' in sys.modules)"
    )
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", story, rss("<title>x</title>")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert ran.stdout.split() == ["fast", "False", "feedparser", "True"]


NAMES = [
    "item",
    "entry",
    "title",
    "link",
    "guid",
    "author",
    "source",
    "content",
    "media:group",
    "pubDate",
    "b",
]
_NAMES = st.sampled_from([*NAMES, "channel", "description", "category", "dc:date", "summary", "media:title"])
_ATTRIBUTES = st.sampled_from(
    ["", " type='xhtml'", " type='html'", " href='a'", " xml:lang='x'", " url='//['", " term='&#150;'"]
)
_WORDS = st.one_of(
    st.text(max_size=8).map(lambda text: text.replace("<", "").replace("&", "")),
    st.sampled_from(
        ["", "&#195;&#169;", "2026-11-23", "http://[", "https://x.example/ü", "a@b (c)", "<!--x-->"]
    ),
)


def _element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An element around some pieces."""
    return st.tuples(_NAMES, _ATTRIBUTES, st.lists(inner, max_size=4).map("".join)).map(
        lambda parts: f"<{parts[0]}{parts[1]}>{parts[2]}</{parts[0]}>"
    )


_TREES = st.recursive(_WORDS, _element, max_leaves=12)


@given(_TREES, st.sampled_from([rss, atom, rdf, bare]))
def test_no_nesting_raises(tree: str, form: Any) -> None:
    """Any well-formed nonsense is answered or declined; what is known already has the same guid and link."""
    document = form(tree).encode()
    quick = parse_fast(document, URL, ())
    if quick is None:
        return
    assert not quick["items"] or len(quick["items"]) == len(quick["entries"])
    again = parse_fast(document, URL, set(quick["items"]))
    assert again is not None
    for whole, stub in zip(quick["entries"], again["entries"], strict=True):
        assert stub == ({key: whole[key] for key in ("guid", "link", "raw")} if quick["items"] else whole)


@given(_TREES, st.sampled_from([rss, atom, rdf, bare]))
def test_the_shortest_way_is_only_shorter(tree: str, form: Any) -> None:
    """Ordinary items are read by other code than unusual ones, with the same outcome."""
    try:
        root, unknown = grown(form(tree).encode())
        names = Names(entries.WORDS, unknown)
        _, items, _, version = _feed(root, names)
    except (DoubtError, ExpatError):
        return
    plain = names if version.startswith("atom") else None
    for item in items:
        outcomes = []
        for way in (entries.entry, entries._any_entry):
            try:
                outcomes.append(way(item, "https://example.org/", "fr", names, plain))
            except DoubtError as doubt:
                outcomes.append({"doubt": type(doubt)})
        assert outcomes[0] == outcomes[1]


@given(st.text())
def test_no_garbage_raises(text: str) -> None:
    """Any text at all is declined or answered."""
    for document in (text, "<rss>" + text, rss(text)):
        parse_fast(document.encode("utf-8", "replace"), URL)
