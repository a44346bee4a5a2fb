"""What a site's robots.txt allows, as RFC 9309 and its users have it."""

from __future__ import annotations

import time

import pytest

from monitor.pages.robots import MAX_ROBOTS, answered, read

SITE = "https://www.post.example"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /private/", "/private/a", False),
        ("User-agent: *\nDisallow: /private/", "/privately", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/b/c", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /*?print=", "/a?print=1", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
        ("User-agent: googlebot\nDisallow: /\n", "/a", True),
        ("User-agent: googlebot\nUser-agent: *\nDisallow: /a\n", "/a", False),
        ("User-agent: a\nUser-agent: b\nDisallow: /x\nUser-agent: *\nDisallow: /y", "/x", True),
        ("User-agent: *\nDisallow: /\nUser-agent: Tocsin\nDisallow: /only", "/a", True),
        ("User-agent: *\nDisallow: /\nUser-agent: Tocsin\nDisallow: /only", "/only", False),
        ("user agent: TOCSIN/1.0\ndisalow: /a", "/a", True),
        ("user-agent: TOCSIN\ndisallow: /a # here", "/a", False),
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("User-agent: mytocsin\nDisallow: /", "/a", True),
        ("Disallow: /", "/a", True),
        ("<html>not found</html>", "/a", True),
    ],
)
def test_rules(text: str, path: str, allowed: bool) -> None:
    """The longest rule of the group that names us, else of the one for all."""
    assert read(text.encode()).allows(SITE + path) is allowed


@pytest.mark.parametrize(
    ("value", "delay"),
    [("10", 10.0), ("0.5", 0.5), ("-1", None), ("nan", None), ("x", None), ("999999", 3_600.0)],
)
def test_the_delay_a_site_asks_for(value: str, delay: float | None) -> None:
    """Seconds between two requests, an hour at most."""
    assert read(f"User-agent: *\nCrawl-delay: {value}".encode()).delay() == delay


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(404, True), (403, True), (401, True), (429, False), (500, False), (503, False), (None, False)],
)
def test_what_follows_where_there_is_no_file(status: int | None, allowed: bool) -> None:
    """What is not there forbids nothing; a site in trouble is left alone."""
    found = answered(status)
    assert found.allows(f"{SITE}/a") is allowed
    assert found.delay() is None
    assert found.why
    assert answered(200, b"User-agent: *\nDisallow: /a").allows(f"{SITE}/a") is False


def test_no_address_is_allowed_nothing() -> None:
    """A link that cannot be read is not followed either."""
    assert not read(b"User-agent: *\nDisallow: /x").allows("http://[")


@pytest.mark.parametrize(
    "line",
    [
        "Disallow: /*a*a*a*a*a*a*a*a*a*b\n",
        "User-agent: t*\nUser-agent: to**\nUser-agent: tocs*in\n",
        "User-agent: bot{n}\n",
        "Disallow:/{n}\n",
        "\n",
        "#" * 1_000 + "\n",
        "user-agent " * 200 + "\n",
    ],
)
def test_a_hostile_file_costs_little(line: str) -> None:
    """It is read in the daemon itself; only so much of it, in linear time."""
    lines = "".join(line.replace("{n}", str(n)) for n in range(MAX_ROBOTS // len(line) + 1))
    text = f"User-agent: *\n{lines}Disallow: /a\n" + "Disallow: /b\n" * 10_000
    start = time.process_time()
    read(text.encode()).allows(f"{SITE}/{'a' * 2_000}")
    assert time.process_time() - start < 3
