"""Lists of feeds in and out as OPML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.opml import OpmlFeed, read_opml, write_opml

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


def test_deep_folders_need_no_stack() -> None:
    """Many folders inside each other are read, not followed."""
    text = "<opml><body>" + "<outline text='a'>" * 20_000 + "</outline>" * 20_000 + "</body></opml>"
    assert read_opml(text) == ()


NAMES = st.text(
    alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12
)
FEEDS = st.lists(
    st.builds(
        OpmlFeed,
        url=NAMES.map(lambda name: f"https://example.org/{name}"),
        title=NAMES,
        tags=st.lists(NAMES, max_size=3, unique=True).map(tuple),
    ),
    max_size=6,
    unique_by=lambda feed: feed.url,
)


@given(FEEDS)
def test_what_is_written_is_read_again(feeds: list[OpmlFeed]) -> None:
    """A list keeps its feeds, titles and tags through writing and reading."""
    assert read_opml(write_opml(feeds)) == tuple(feeds)


def test_a_title_with_control_characters_is_written() -> None:
    """What XML cannot hold is left out instead of breaking the list."""
    assert read_opml(write_opml([OpmlFeed("https://example.org/", "a\x00b")]))[0].title == "ab"
