"""Whose a host name is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.domains import registrable

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("edition.cnn.com", "cnn.com"),
        ("rss.cnn.com", "cnn.com"),
        ("cnn.com", "cnn.com"),
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("a.b.gouv.fr", "b.gouv.fr"),
        ("www.lemonde.fr", "lemonde.fr"),
        ("xn--bcher-kva.example.de", "example.de"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("2001:db8::1.2.3.4", "2001:db8::1.2.3.4"),
        ("", ""),
    ],
)
def test_whose_a_host_is(host: str, domain: str) -> None:
    """The last two labels, three where a country sells names under the second; numbers are their own."""
    assert registrable(host) == domain


@given(st.lists(LABEL, min_size=1, max_size=6).map(".".join))
def test_a_domain_is_the_end_of_its_host_and_its_own_domain(host: str) -> None:
    """A law: asking again changes nothing, and more labels in front change nothing from the third on."""
    domain = registrable(host)
    assert host == domain or host.endswith(f".{domain}")
    assert registrable(domain) == domain
    if host.count(".") >= 2:
        assert registrable(f"www.{host}") == domain
