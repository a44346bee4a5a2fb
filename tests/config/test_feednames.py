"""Names of feeds that were given none: the rule must never change, for state hangs on it."""

from __future__ import annotations

import pytest

from monitor.config.feednames import default_name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.lemonde.fr/rss/une.xml", "lemonde-fr-rss-une-xml"),
        ("https://example.org", "example-org"),
        ("https://example.org/", "example-org"),
        ("http://127.0.0.1:8800/feed/7.xml", "127-0-0-1-8800-feed-7-xml"),
        ("https://EXAMPLE.org/Feed//A_b/", "example-org-feed-a_b"),
        ("https://example.org/actualit%C3%A9s", "example-org-actualités"),
        ("https://example.org/rss?id=1", "example-org-rss-0f1b1f"),
        ("https://example.org/rss?id=2", "example-org-rss-c463aa"),
    ],
)
def test_a_name_is_the_slug_of_host_and_path(url: str, name: str) -> None:
    """Host, port and path in lower case; six digits only where there is a query."""
    assert default_name(url) == name


def test_a_new_password_is_not_a_new_feed() -> None:
    """Userinfo and fragment do not count."""
    plain = default_name("https://example.org/rss?id=1")
    assert default_name("https://user:pass@example.org/rss?id=1#top") == plain


def test_a_long_path_is_cut_and_stays_unique() -> None:
    """At most 80 characters, told apart by the digits."""
    one, two = (default_name(f"https://example.org/{'a' * 200}{end}") for end in "xy")
    assert len(one) <= 80
    assert one != two


def test_the_path_of_a_secret_address_does_not_show() -> None:
    """A token in the path of an address that came from a secret stays hidden."""
    name = default_name("https://example.org/feed/hunter2/rss", secret=True)
    assert name.startswith("example-org-")
    assert "hunter2" not in name
