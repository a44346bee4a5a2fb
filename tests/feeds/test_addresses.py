"""Which addresses may be contacted."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.addresses import judge, literal, parse_ranges

LOOPBACK = parse_ranges(["127.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1"),
        *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1"),
        *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1"),
        *(
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:db8::1",
            "2001:10::1",
        ),
        *("2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1"),
        *("fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "8000::1", "200::1"),
    ],
)
def test_what_is_not_public_is_denied(text: str) -> None:
    """No address that only some machines can reach, or none, may be contacted."""
    ok, kind = judge(ip_address(text))
    assert not ok
    assert kind.startswith(("a ", "an "))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
        ),
        *("128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0"),
        *("198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450:4007::1"),
        *("2001:200::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
    ],
)
def test_public_addresses_are_allowed(text: str) -> None:
    """The neighbours of each denied range, and the ways by which IPv6 hosts reach public IPv4, are open."""
    assert judge(ip_address(text)) == (True, "")


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        *(("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True)),
        *(("64:ff9b::7f00:1", True), ("10.0.0.1", False), ("::2", False), ("2002:7f00:1::", False)),
    ],
)
def test_the_users_ranges_open_what_they_say(text: str, ok: bool) -> None:
    """A range permits its addresses and the IPv6 forms that end at them, and nothing else."""
    assert judge(ip_address(text), LOOPBACK)[0] is ok


@given(st.ip_addresses(v=4))
def test_an_embedded_address_meets_the_same_decision(address: IPv4Address) -> None:
    """Whatever an IPv4 address is, its v4-mapped and NAT64 forms are the same."""
    mapped = IPv6Address(f"::ffff:{address}")
    translated = IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))
    assert judge(address) == judge(mapped) == judge(translated)


@given(st.ip_addresses(v=6))
def test_only_global_unicast_is_ever_allowed(address: IPv6Address) -> None:
    """An IPv6 address outside 2000::/3 is allowed only if it stands for a public IPv4 address."""
    if judge(address)[0] and int(address) >> 125 != 1:
        assert judge(IPv4Address(int(address) & 0xFFFFFFFF))[0]


@pytest.mark.parametrize(
    "spelling",
    [
        *("127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1"),
        *("0177.0.0.1", "017700000001", "::ffff:127.0.0.1", "::FFFF:7F00:1"),
    ],
)
def test_odd_spellings_are_read_as_the_system_reads_them(spelling: str) -> None:
    """Decimal, hexadecimal, octal and short forms are the address they would connect to."""
    assert literal(spelling) == IPv4Address("127.0.0.1")


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1.example.org", "1.2.3.4.5", "", ".", "127.0.0.1 x", "a_b"]
)
def test_names_are_not_addresses(name: str) -> None:
    """What the system would look up is left to the resolver."""
    assert literal(name) is None


def test_a_bad_range_is_an_error() -> None:
    """The configuration's check can rely on ValueError; host bits in a range are forgiven."""
    assert [str(network) for network in parse_ranges(["10.1.2.3/8"])] == ["10.0.0.0/8"]
    with pytest.raises(ValueError, match="home"):
        parse_ranges(["home"])
