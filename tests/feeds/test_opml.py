"""Lists of feeds in and out as OPML."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.opml import MAX_BYTES, MAX_DEPTH, MAX_FEEDS, OpmlFeed, read_opml, write_opml

LIST = """\ufeff
<?xml version="1.0" encoding="ISO-8859-1"?>
<opml version="1.1">
  <head><title>My feeds</title></head>
  <body>
    <outline text="World">
      <outline text="Asia">
        <outline type="rss" text="One" title="One &amp; only" xmlUrl="https://one.example/rss" htmlUrl="https://one.example/"/>
      </outline>
      <outline text="Two" xmlurl="feed:https://two.example/rss"/>
    </outline>
    <outline text="Favourites">
      <outline text="One again" xmlUrl="https://one.example/rss"/>
    </outline>
    <outline text="A note without an address"/>
    <outline xmlUrl="feed://three.example/rss"/>
  </body>
</opml>
"""


def test_folders_become_tags() -> None:
    """Feeds come in order, each address once, with the folders it lies in as tags."""
    assert read_opml(LIST) == (
        OpmlFeed("https://one.example/rss", "One & only", ("World", "Asia", "Favourites")),
        OpmlFeed("https://two.example/rss", "Two", ("World",)),
        OpmlFeed("http://three.example/rss", "", ()),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no element found"),
        ("<opml><body>", "line 1: no element found"),
        ("<opml>\n<body>\n<outline text='a>\n</body></opml>", "line 4: "),
        ("<rss version='2.0'/>", "its first element is <rss>, not <opml>"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>', "document type declaration"),
        ('<!DOCTYPE opml SYSTEM "file:///etc/hostname"><opml/>', "document type declaration"),
        ("<opml><body><outline text='&undefined;'/></body></opml>", "line 1: undefined entity"),
        ("just words", "line 1: syntax error"),
    ],
)
def test_what_is_no_opml_is_refused(text: str, message: str) -> None:
    """The error says what is wrong, and in which line where it can."""
    with pytest.raises(ValueError, match=message):
        read_opml(text)


VARIANTS = [
    # OPML 1.0 as early readers wrote it, 1.1, 2.0; then what is found in the wild.
    (
        '<opml version="1.0"><body><outline title="A" text="a" type="rss" version="RSS" xmlUrl="{}"/>'
        "</body></opml>"
    ),
    '<opml version="1.1"><head/><body><outline text="A" xmlurl="{}"/></body></opml>',
    (
        '<opml version="2.0"><body><outline text="A" type="rss" xmlUrl="{}" htmlUrl="https://a.example/"/>'
        "</body></opml>"
    ),
    '<OPML><BODY><OUTLINE TEXT="A" XMLURL="{}"/></BODY></OPML>',
    (
        '<?xml version="1.0" encoding="UTF-8"?>\n<o:opml xmlns:o="x"><o:body>'
        '<o:outline text="A" xmlUrl="{}"/></o:body></o:opml>'
    ),
    '<opml><body><outline text="A" type="RSS" url="{}"/></body></opml>',
    '<opml><body><outline text="\n  A\n" xmlUrl=" {} "/></body></opml>',
    '<opml><outline text="A" xmlUrl="{}"/></opml>',
    '<opml><body><outline title="" text="A" xmlUrl="{}"><outline text="a note"/></outline></body></opml>',
    '<opml><body><outline text="A" xmlUrl="{}"/><outline text="A" xmlUrl="{}"/></body></opml>',
]


@pytest.mark.parametrize("text", VARIANTS)
def test_what_programs_write_is_read(text: str) -> None:
    """Versions, cases, places and names of attributes; the address may hold what must be escaped."""
    address = "https://a.example/rss?a=1&b=2"
    expected = (OpmlFeed(address, "A"),)
    assert read_opml(text.replace("{}", "https://a.example/rss?a=1&amp;b=2")) == expected
    assert read_opml(text.replace("{}", address)) == expected, "a bare ampersand is mended"


@pytest.mark.parametrize(
    "outline",
    [
        '<outline text="A" type="link" url="https://a.example/list.opml"/>',
        '<outline text="A" type="include" url="https://a.example/list.opml"/>',
        '<outline text="A" htmlUrl="https://a.example/"/>',
        '<outline text="A" isComment="true" xmlUrl="https://a.example/rss"/>',
        '<outline text="A" isComment="True"><outline><outline xmlUrl="https://a.example/rss"/></outline></outline>',
    ],
)
def test_what_is_no_subscription_is_left_out(outline: str) -> None:
    """Links to other lists, pages, and what was commented out; what comes after is read again."""
    text = f'<opml><body>{outline}<outline text="B" xmlUrl="https://b.example/"/></body></opml>'
    assert read_opml(text) == (OpmlFeed("https://b.example/", "B"),)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8", "Наша газета"),
        ("utf-16", "新闻"),
        ("utf-16-le", "新闻"),
        ("iso-8859-1", "Café"),
        ("windows-1252", "Journal « Été » œuvre"),
        ("windows-1251", "Наша газета"),
        ("koi8-r", "Наша газета"),
        ("windows-1256", "الجزيرة"),
        ("shift_jis", "朝日新聞"),
        ("euc-kr", "한겨레"),
        ("gb18030", "人民日报"),
        ("big5", "自由時報"),
    ],
)
def test_lists_in_any_encoding_are_read(encoding: str, title: str) -> None:
    """As declared; a byte order mark is believed first, and bytes that are UTF-8 are read as such."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><opml version="1.1"><body>'
        f'<outline text="{title}"><outline text="{title}" xmlUrl="https://a.example/rss"/></outline></body></opml>'
    )
    expected = (OpmlFeed("https://a.example/rss", title, (title,)),)
    assert read_opml(text.encode(encoding)) == expected
    assert read_opml(b"\xef\xbb\xbf" + text.encode()) == expected
    assert read_opml(text) == expected


LAUGH = "&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};"


def nested(depth: int) -> str:
    """A feed in so many folders."""
    folders, ends = '<outline text="a">' * depth, "</outline>" * depth
    return f'<opml><body>{folders}<outline xmlUrl="https://a.example/rss"/>{ends}</body></opml>'


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (nested(MAX_DEPTH), f"line 1: it has more than {MAX_DEPTH} folders in each other"),
        (nested(20_000), "folders in each other"),
        (b" " * (MAX_BYTES + 1), "larger than the 10 MB"),
        (
            "<opml>"
            + "".join(f"<outline xmlUrl='http://a/{n}'/>\n" for n in range(MAX_FEEDS + 1))
            + "</opml>",
            f"line {MAX_FEEDS + 1}: it lists more than 50,000 feeds",
        ),
        (
            "<!DOCTYPE l ["
            + "".join(f"<!ENTITY a{n + 1} '{LAUGH.format(n)}'>" for n in range(9))
            + "]><opml/>",
            "document type declaration",
        ),
    ],
)
def test_bombs_are_refused(document: bytes | str, message: str) -> None:
    """Before they cost more than their own size."""
    with pytest.raises(ValueError, match=message):
        read_opml(document)


def test_one_feed_in_many_folders_costs_no_more_than_many_feeds() -> None:
    """Reading is linear."""
    outlines = "".join(
        f'<outline text="{n}"><outline xmlUrl="https://a.example/"/></outline>' for n in range(60_000)
    )
    start = time.process_time()
    (feed,) = read_opml(f"<opml><body>{outlines}</body></opml>")
    assert time.process_time() - start < 5
    assert len(feed.tags) == 60_000


NAMES = st.text(
    alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12
)
# Whatever a configuration may hold as a tag: line breaks and spaces at the ends included.
TAGS = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
        st.sampled_from("\n\r\t \x7f\x85\u2028<>&\"'"),
    ),
    min_size=1,
    max_size=12,
).filter(lambda text: bool(text.strip()))
FEEDS = st.lists(
    st.builds(
        OpmlFeed,
        url=NAMES.map(lambda name: f"https://example.org/{name}"),
        title=NAMES,
        tags=st.lists(TAGS, max_size=3, unique=True).map(tuple),
        name=st.one_of(st.just(""), NAMES),
    ),
    max_size=6,
    unique_by=lambda feed: feed.url,
)


@given(FEEDS)
def test_what_is_written_is_read_again(feeds: list[OpmlFeed]) -> None:
    """A list keeps its feeds, names, titles and tags through writing and reading."""
    text = write_opml(feeds)
    assert read_opml(text) == read_opml(text.encode()) == tuple(feeds)


def test_more_tags_than_folders_may_be_deep_are_kept() -> None:
    """The feed is listed again, in the folders of the other tags."""
    feed = OpmlFeed("https://a.example/", "A", tuple(str(n) for n in range(3 * MAX_DEPTH)))
    assert read_opml(write_opml([feed])) == (feed,)


def test_a_title_with_control_characters_is_written() -> None:
    """What XML cannot hold is left out instead of breaking the list."""
    assert read_opml(write_opml([OpmlFeed("https://example.org/", "a\x00b")]))[0].title == "ab"
