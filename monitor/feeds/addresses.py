"""
Which network addresses Tocsin may contact. Pure: looks at numbers, asks nobody.

A feed, or a redirect in it, may name any host, also one that only this machine can reach: a router, a
database, the metadata service of a cloud. So everything that is not a public unicast address is denied
unless the user listed its range. The list is written out because the standard library's `is_global`
calls several of these public (NAT64, 6to4 and IPv4-compatible forms of 127.0.0.1, fec0::1, 224.0.0.1)
and 100.64.0.0/10 neither public nor private.

The source is the IANA registry of special-purpose addresses. The check belongs to the address that is
about to be connected to: text in a URL has too many spellings, and a name may change its answer.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_DENIED_4 = (
    (IPv4Network("0.0.0.0/8"), "an address of this machine"),
    (IPv4Network("10.0.0.0/8"), "a private address"),
    (IPv4Network("100.64.0.0/10"), "a carrier's private address"),
    (IPv4Network("127.0.0.0/8"), "a loopback address"),
    (IPv4Network("169.254.0.0/16"), "a link-local address"),
    (IPv4Network("172.16.0.0/12"), "a private address"),
    (IPv4Network("192.0.0.0/24"), "a protocol address"),
    (IPv4Network("192.0.2.0/24"), "a documentation address"),
    (IPv4Network("192.88.99.0/24"), "a 6to4 relay address"),
    (IPv4Network("192.168.0.0/16"), "a private address"),
    (IPv4Network("198.18.0.0/15"), "a benchmarking address"),
    (IPv4Network("198.51.100.0/24"), "a documentation address"),
    (IPv4Network("203.0.113.0/24"), "a documentation address"),
    (IPv4Network("224.0.0.0/4"), "a multicast address"),
    (IPv4Network("240.0.0.0/4"), "a reserved address"),
)

# 6to4 and Teredo carry an IPv4 address that a relay would connect to; nobody serves feeds there any more,
# so they are denied whole instead of being unpacked.
_DENIED_6 = (
    (IPv6Network("::/128"), "an address of this machine"),
    (IPv6Network("::1/128"), "a loopback address"),
    (IPv6Network("::/96"), "an IPv4-compatible address"),
    (IPv6Network("64:ff9b:1::/48"), "a private NAT64 address"),
    (IPv6Network("100::/64"), "a discard address"),
    (IPv6Network("2001::/32"), "a Teredo address"),
    (IPv6Network("2001::/23"), "a protocol address"),
    (IPv6Network("2001:db8::/32"), "a documentation address"),
    (IPv6Network("2002::/16"), "a 6to4 address"),
    (IPv6Network("3fff::/20"), "a documentation address"),
    (IPv6Network("5f00::/16"), "a segment routing address"),
    (IPv6Network("fc00::/7"), "a private address"),
    (IPv6Network("fe80::/10"), "a link-local address"),
    (IPv6Network("fec0::/10"), "a site-local address"),
    (IPv6Network("ff00::/8"), "a multicast address"),
)
_UNICAST_6 = IPv6Network("2000::/3")  # nothing outside is handed out to the public internet yet
# Other ports are where machines talk to machines, so a redirect must not lead there: a mail server or a
# database may take a request's lines for commands. The configuration's own addresses may name any.
STANDARD_PORTS = frozenset((80, 443, 8080, 8443))
_PORT = re.compile(r"[^/?#]*//[^/?#]*:(\d{1,5})(?:[/?#]|\s*\Z)", re.ASCII)
_NAT64 = IPv6Network("64:ff9b::/96")  # how hosts without IPv4 reach public IPv4 servers


def parse_ranges(ranges: Iterable[str]) -> tuple[Network, ...]:
    """The ranges of `[polling] allow_private`, e.g. "10.0.0.0/8"; raises ValueError for what is none."""
    return tuple(ip_network(text, strict=False) for text in ranges)


def ports_of(urls: Iterable[str]) -> frozenset[int]:
    """The unusual ports that these URLs name: whoever wrote them may ask there."""
    named = (_PORT.match(url) for url in urls)
    ports = frozenset(int(found[1]) for found in named if found) - STANDARD_PORTS
    return frozenset(port for port in ports if 0 < port < 65_536)


def literal(host: str) -> Address | None:
    """
    The address that a host in a URL spells out, or None for a name.

    Also reads what the system's own functions take for an IPv4 address: 127.1, 0x7f.1, 0177.0.0.1 and
    2130706433 are all 127.0.0.1, with or without a dot at the end, and so is ::ffff:127.0.0.1.
    """
    host = host.removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        pass
    else:
        return getattr(address, "ipv4_mapped", None) or address
    try:
        return IPv4Address(socket.inet_aton(host)) if not any(map(str.isspace, host)) else None
    except OSError:
        return None


def judge(address: Address, allowed: Sequence[Network] = ()) -> tuple[bool, str]:
    """
    Whether an address may be contacted, and if not, what kind of address it is.

    `allowed` are the user's own ranges; an IPv4 range also covers the IPv6 forms that end at it.
    """
    if isinstance(address, IPv4Address):
        if any(address in network for network in allowed):
            return True, ""
        return _first_denial(address, _DENIED_4)
    if address.scope_id:
        address = IPv6Address(int(address))
    if address.ipv4_mapped is not None:
        return judge(address.ipv4_mapped, allowed)
    if any(address in network for network in allowed):
        return True, ""
    if address in _NAT64:
        return judge(IPv4Address(int(address) & 0xFFFF_FFFF), allowed)
    ok, kind = _first_denial(address, _DENIED_6)
    if ok and address not in _UNICAST_6:
        return False, "a reserved address"
    return ok, kind


def _first_denial(address: Address, table: Sequence[tuple[Network, str]]) -> tuple[bool, str]:
    for network, kind in table:
        if address in network:
            return False, kind
    return True, ""
