"""What names, certificates and feeds say when some are asked, and what is known of the others. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, Level, counted, found, named, span, well
from monitor.model import FetchResult, FetchStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

LASTING = 3600.0  # seconds after which a failure that the daemon wrote down is no hiccup
SHOWN = 10  # feeds told one by one; the rest are counted


@dataclass(frozen=True, slots=True)
class NameFacts:
    """Hosts that were looked up: each with "" or the sentence that says why it has no address."""

    problems: Mapping[str, str]  # by feed
    servers: Sequence[str] | None = ()  # of resolv.conf; None = there is none


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """Trusted certificates: `count` that were loaded, `missing` paths that the environment names in vain."""

    count: int
    where: str = ""
    missing: Sequence[tuple[str, str]] = ()  # variable and path
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """
    A feed and what is known of it: `result` where it was asked just now, else `recorded` by the daemon.

    `no_feed` says why the document is none. `paused` says why it was not to be asked, and until when;
    `polled` = the daemon asked it at least once.
    """

    name: str
    result: FetchResult | None = None
    no_feed: str = ""
    recorded: str = ""
    http: int | None = None
    since: datetime | None = None
    gone: bool = False
    paused: str = ""
    secret_missing: str = ""
    host: str = ""
    polled: bool = False


def judge_names(facts: NameFacts) -> list[Finding]:
    """Whether names have addresses; a machine without a resolver is told once, not for each feed."""
    failed = {feed: why for feed, why in facts.problems.items() if why}
    if not failed:
        return (
            [well("network", f"{counted(len(facts.problems), 'name')} looked up")] if facts.problems else []
        )
    silent = all("answer" in why for why in failed.values())  # else a server says that there is no such name
    if len(failed) == len(facts.problems) and (len(failed) > 1 or silent or not facts.servers):
        what = f"no name could be looked up: {next(iter(failed.values()))}"
        if not facts.servers:
            what = (
                "/etc/resolv.conf names no server"
                if facts.servers is not None
                else "there is no /etc/resolv.conf"
            )
            what = f"no name could be looked up: {what}"
        remedy = (
            "name a server that answers in /etc/resolv.conf (nameserver ADDRESS), and try: getent "
            "hosts example.org"
        )
        return [found("no_dns", what, where="/etc/resolv.conf", remedy=remedy)]
    return [
        found(
            "name_unresolved",
            why,
            where=feed,
            remedy=f"see whether its address is right, or whether it moved: tocsin feeds show {feed}",
        )
        for feed, why in failed.items()
    ]


def judge_store(facts: StoreFacts) -> list[Finding]:
    """Whether https can be trusted to work at all."""
    findings = [
        found(
            "certificates_missing",
            f"{variable} names {path}, which is not there: deliveries or polls by https will fail",
            where=path,
            remedy=f"unset {variable}, or let it name the bundle: /etc/ssl/certs/ca-certificates.crt",
        )
        for variable, path in facts.missing
    ]
    if facts.problem or not facts.count:
        what = facts.problem or "no certificate authority is trusted, so no https address can be reached"
        remedy = "install them: apt install ca-certificates && update-ca-certificates"
        findings.insert(0, found("no_certificates", what, where=facts.where, remedy=remedy))
    return findings or [well("network", f"{facts.count} certificate authorities are trusted", facts.where)]


def judge_feeds(feeds: Sequence[FeedFacts], now: datetime) -> list[Finding]:
    """Each feed that nothing comes from, the worst first; if all that were asked failed, the network."""
    findings = []
    asked = [feed for feed in feeds if feed.result is not None]
    down = [feed for feed in asked if feed.result is not None and feed.result.unreachable]
    if len(down) > 1 and len(down) == len(asked) and len({feed.host for feed in down}) > 1:
        first = down[0].result
        what = f"none of {len(asked)} feeds could be reached: {first.message if first else ''}"
        remedy = (
            'look at this machine\'s network: ip route; a proxy is named for each feed: proxy = "http://…"'
        )
        findings.append(found("nothing_reached", what, remedy=remedy))
        feeds = [feed for feed in feeds if feed not in down]
    each = [f for feed in feeds for f in _one(feed, now)]
    told = sorted(each, key=lambda f: -f.level)
    bad = [f for f in told if f.level >= Level.WARNING]
    findings += [f for f in told if f.level < Level.WARNING or f in bad[:SHOWN]]
    if len(bad) > SHOWN:
        more = f"and {len(bad) - SHOWN} more feeds: {named([f.where for f in bad[SHOWN:]])}"
        findings.append(found("feed_unreachable", more, remedy="see all of them: tocsin feeds list"))
    if asked and not any(f.level >= Level.WARNING for f in findings):
        findings.insert(0, well("feeds", f"{len(asked)} of {len(feeds)} asked, each gave what it should"))
    elif not findings and (polled := [feed for feed in feeds if feed.polled]):
        failed = [feed.name for feed in polled if feed.recorded]
        what = f"{len(polled) - len(failed)} of {len(feeds)} fared well when they were polled last"
        have = "has" if len(failed) == 1 else "have"
        what += f", {len(failed)} {have} failed for less than an hour ({named(failed)})" if failed else ""
        findings.append(well("feeds", f"{what}; none was asked now"))
    elif not findings and feeds:
        findings.append(well("feeds", f"{len(feeds)}, none of them polled yet and none asked now"))
    return findings


def _one(feed: FeedFacts, now: datetime) -> list[Finding]:
    if feed.secret_missing:
        remedy = "set it where the daemon runs; docs/cli.md says how secrets are given"
        return [found("feed_secret_missing", feed.secret_missing, where=feed.name, remedy=remedy)]
    findings = []
    if feed.paused:
        what = f"was not asked: {feed.paused}"
        remedy = "nothing: it is asked again by itself; when and why: tocsin feeds show " + feed.name
        findings.append(found("feed_paused", what, where=feed.name, remedy=remedy))
    if feed.result is not None:
        return findings + _answer(feed, feed.result)
    if feed.gone:
        return [*findings, _trouble(feed, 410, "its server said that it is gone for good")]
    young = feed.since is not None and (now - feed.since).total_seconds() < LASTING
    if feed.recorded and not young:
        since = f", for {span((now - feed.since).total_seconds())}" if feed.since else ""
        return [*findings, _trouble(feed, feed.http, f"the last poll failed{since}: {feed.recorded}")]
    return findings


def _answer(feed: FeedFacts, result: FetchResult) -> list[Finding]:
    status = result.status
    if feed.no_feed:
        remedy = (
            f"find the feed of that site, and change its url: tocsin feeds show {feed.name}; "
            "tocsin feeds discover URL"
        )
        return [
            found(
                "feed_not_a_feed",
                f"answers, but with no feed: {feed.no_feed}",
                where=feed.name,
                remedy=remedy,
            )
        ]
    if status is FetchStatus.RATE_LIMITED:
        wait = f", for {span(result.retry_after)}" if result.retry_after else ""
        what = f"asks to be left alone{wait}: {result.message}"
        remedy = f'give it a longer every = "1h" if this comes often: tocsin feeds show {feed.name}'
        return [found("feed_paused", what, where=feed.name, remedy=remedy)]
    if status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED):
        if result.permanent_url:
            remedy = f"write its new address into the configuration: tocsin fetch {feed.name} shows it"
            return [found("feed_moved", "has moved for good", where=feed.name, remedy=remedy)]
        return []
    return [_trouble(feed, result.http_status, result.message, refused=status is FetchStatus.REFUSED)]


def _trouble(feed: FeedFacts, http: int | None, why: str, *, refused: bool = False) -> Finding:
    """What is wrong with a feed, by the status it answered or by the sentence that says what happened."""
    name = feed.name
    if "certificate" in why:
        remedy = (
            f"tell the site's owner; nothing can be done here but to wait, or: tocsin feeds disable {name}"
        )
        return found("feed_certificate", why, where=name, remedy=remedy)
    if http == 410:
        return found("feed_gone", why, where=name, remedy=f"take it out: tocsin feeds remove {name}")
    if http == 404:
        remedy = (
            f"look for its new address: tocsin feeds discover URL, or take it out: tocsin feeds remove {name}"
        )
        return found("feed_missing", why, where=name, remedy=remedy)
    if http in (401, 403):
        remedy = f"give it a login (auth = …) and [monitor] contact, then: tocsin fetch {name}"
        return found("feed_login", why, where=name, remedy=remedy)
    if refused:
        return found("feed_refused", why, where=name, remedy=f"see tocsin check, then: tocsin fetch {name}")
    return found("feed_unreachable", why, where=name, remedy=f"try it by itself: tocsin fetch {name}")
