"""
Secrets out of text: every registered value, in each of the forms it may be spelt in, becomes `***`.

What secret rules ask for is masked as whole words, in any case, and only in what varies of a line: our own
sentences say nothing of them.

What is registered is usually a password, a token, or a whole address that holds one. Libraries seldom repeat
an address as it was given: they quote it, cut it, or name its last part. So its parts are registered with it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from monitor.alerts.confidential import MASK, masked, spaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHORTEST = 4  # characters: masking a shorter one would garble every line, and so give it away
SHORTEST_PART = 8  # a shorter part of an address is more likely a word of everyday use ("services", "v1")


class Redactor:
    """Remembers secrets and takes them out of texts. Calling it from several threads is safe."""

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._confided: dict[str, str] = {}
        self._several: dict[str, str] = {}  # of these what is no single word

    def add(self, secrets: Iterable[str]) -> None:
        """Register more secrets; those known stay, since they still lie in queues and tracebacks."""
        new = {form for secret in secrets for form in forms_of(secret)}
        if new <= self._forms:
            return
        forms = self._forms | new
        # The longest first: a part must not be taken out of the whole and leave the rest standing.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered)))
        self._forms = forms

    def confide(self, words: Iterable[str], names: Mapping[str, str]) -> None:
        """Register words of secret rules, and their names with what stands for them; those known stay."""
        known = dict.fromkeys((word.casefold() for word in words if len(word) >= SHORTEST), MASK)
        self._confided = self._confided | known | {n.casefold(): public for n, public in names.items()}
        self._several = spaced(self._confided)

    def __call__(self, text: str) -> str:
        """The text without any registered secret."""
        pattern = self._pattern
        return pattern.sub(MASK, text) if pattern else text

    def discreet(self, text: str) -> str:
        """The text without secrets, and without what secret rules ask for."""
        return self(masked(text, self._confided, self._several) if self._confided else text)


def forms_of(secret: str) -> frozenset[str]:
    """The secret, its parts if it is an address, and how each looks quoted for URLs, JSON and Python."""
    if secret.strip().endswith("://"):
        return frozenset()  # the name of a service alone, which messages about it must be able to say
    wholes = {secret.strip(), *_parts(secret.strip())}
    return frozenset(form for whole in wholes for form in _spellings(whole) if len(form) >= SHORTEST)


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield unquote(text)
    yield quote(text, safe="", errors="replace")
    yield quote(text, safe="/:@", errors="replace")
    yield quote_plus(text, errors="replace")
    yield json.dumps(text)[1:-1]
    yield repr(text)[1:-1]


def _parts(address: str) -> Iterator[str]:
    """What may be secret in an address: password, long path segments and query values, a token as host."""
    _scheme, separator, rest = address.partition("://")
    if not separator:
        return
    before_query, _, query = rest.partition("?")
    authority, *segments = before_query.split("/")
    userinfo, at, host = authority.rpartition("@")
    if at:
        user, _, password = userinfo.partition(":")
        yield userinfo
        yield password or user
    if "." not in host and not host.startswith(("localhost", "[")):
        segments.append(host)  # tgram://TOKEN/…, ntfy://TOPIC: no host at all
    values = [value for _, value in parse_qsl(query, keep_blank_values=False)]
    yield from (part for part in (*segments, *values) if len(part) >= SHORTEST_PART)
