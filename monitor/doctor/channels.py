"""Whether the credentials of channels have the form their services give out, without asking anybody. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from monitor.doctor.findings import Finding, found, named, span, well

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_QUOTES = ("'", '"', "“", "”", "\u2018", "\u2019")
# What stands behind "service://", as the services hand it out; what a text is called in a message.
_FORMS: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = {
    "tgram": [
        (
            "the bot token, a number, a colon and 35 characters",
            re.compile(r"(bot)?[0-9]{6,12}:[A-Za-z0-9_-]{35}"),
        ),
    ],
    "slack": [
        (
            "the first part, T and letters",
            re.compile(r"([^@/]+@)?(T[A-Z0-9]{7,}|xox[a-z]-.+)"),
        ),
        (
            "the second part, B and letters",
            re.compile(r"B[A-Z0-9]{7,}|[#@+].*|[CDG][A-Z0-9]{7,}"),
        ),
        (
            "the third part, 24 characters",
            re.compile(r"[A-Za-z0-9]{24}|[#@+].*|[CDG][A-Z0-9]{7,}"),
        ),
    ],
    "discord": [
        ("the webhook's id, 17 to 20 digits", re.compile(r"([^@/]+@)?[0-9]{17,20}")),
        ("the webhook's token, 60 characters or more", re.compile(r"[A-Za-z0-9_-]{60,}")),
    ],
    "pover": [
        ("the user key and token, 30 characters each", re.compile(r"[A-Za-z0-9]{30}@[A-Za-z0-9]{30}")),
    ],
}


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """
    A channel: what `check` says of it, where its secret comes from, and how its last message fared.

    `url` is its address, of which nothing is ever told; `folder_problem` is of a file channel.
    """

    name: str
    kind: str = "apprise"
    url: str | None = None
    source: str = "config"
    missing: str = ""
    problems: Sequence[tuple[str, str, str]] = ()  # code, message, hint
    folder_problem: str = ""
    failed_at: datetime | None = None
    error: str = ""
    paused_until: datetime | None = None
    given_by_unit: bool = False


def judge_channels(channels: Sequence[ChannelFacts], now: datetime) -> list[Finding]:
    """Everything that is wrong with them, in the order of the configuration."""
    findings = [finding for channel in channels for finding in _one(channel, now)]
    if findings or not channels:
        return findings
    seen = [c.name for c in channels if c.url is not None or c.kind in ("file", "terminal")]
    what = (
        f"{named(seen)}: addresses and credentials have the right form"
        if seen
        else "none can be seen from here"
    )
    return [well("channels", what)]


def wrong_form(url: str) -> str:
    """Which part of an Apprise address is not what its service hands out; "" where none is known to be."""
    if url[:1] in _QUOTES or url[-1:] in _QUOTES:
        return "the whole of it stands in quotation marks, which are taken for part of it"
    scheme, _, rest = url.partition("://")
    parts = [unquote(part) for part in re.split(r"[?]", rest)[0].split("/") if part]
    for number, (what, form) in enumerate(_FORMS.get(scheme.lower(), ())):
        if scheme.lower() == "slack" and parts[:1] and parts[0].rpartition("@")[2].startswith("xox"):
            return ""  # a bot token is one part, and what follows are channels
        if number >= len(parts) or not form.fullmatch(parts[number]):
            return f"{what}, is not of that form"
    return ""


def _one(channel: ChannelFacts, now: datetime) -> list[Finding]:
    name, where = channel.name, f"channels.{channel.name}"
    test = f"then: tocsin channels test {name}"
    if channel.missing and not channel.given_by_unit:
        remedy = f"{_give(channel.source)}, {test}"
        return [
            found(
                "channel_secret_missing",
                f"{name} has no address: {channel.missing}",
                where=where,
                remedy=remedy,
            )
        ]
    findings = []
    for code, message, hint in channel.problems:
        what = "channel_targets" if code == "channel-targets" else "channel_url"
        # The remedy is one sentence here; the lines of TOML are `check`'s to show.
        first = hint.splitlines()[0] if hint and "\n" not in hint else "see how: tocsin check"
        findings.append(found(what, f"{name}: {message}", where=where, remedy=f"{first}; {test}"))
    if (
        not findings
        and channel.url is not None
        and channel.kind == "apprise"
        and (why := wrong_form(channel.url))
    ):
        remedy = f"copy it anew from the service, {test}"
        findings.append(found("credential_form", f"{name}: {why}", where=where, remedy=remedy))
    if channel.folder_problem:
        remedy = "let it be written by whoever runs the daemon, or name another path"
        findings.append(
            found("channel_folder", f"{name}: {channel.folder_problem}", where=where, remedy=remedy)
        )
    if channel.failed_at is not None:
        paused = ""
        if channel.paused_until is not None and channel.paused_until > now:
            paused = f"; it is tried again in {span((channel.paused_until - now).total_seconds())}"
        ago = span((now - channel.failed_at).total_seconds())
        what = f"{name} did not take its last message, {ago} ago: {channel.error}{paused}"
        remedy = f"mend it, {test}, and send what waits: tocsin outbox retry --channel {name}"
        findings.append(found("channel_refusing", what, where=where, remedy=remedy))
    return findings


def _give(source: str) -> str:
    """How a secret of this kind is given, in a few words."""
    kind, _, name = source.partition(":")
    if kind == "env":
        return f"set {name} where the daemon runs (Environment= in the unit, by systemctl edit tocsin)"
    if kind == "credential":
        return (
            f"write LoadCredential={name}:/etc/tocsin/credentials/{name} under [Service]: "
            "systemctl edit tocsin"
        )
    if kind == "file":
        return f"write it into {name}, mode 0600"
    return "give it an address"
