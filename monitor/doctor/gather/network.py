"""
Names, certificates, and some of the feeds asked: by the daemon's own fetcher, with its walls and manners.

A question is conditional, so that an unchanged feed answers with few bytes; of its answer nothing is stored.
A feed whose server asked for a pause is not asked, nor one that was asked a moment ago; of these, what the
daemon wrote down is judged. At most one feed of a site is asked, unless all are wanted.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.doctor.clock import judge_offsets
from monitor.doctor.findings import Finding, found
from monitor.doctor.gather.paths import hidden, is_file, seen, text_of
from monitor.doctor.gather.service import is_given
from monitor.doctor.gather.stored import reading
from monitor.doctor.network import FeedFacts, NameFacts, StoreFacts, judge_feeds, judge_names, judge_store
from monitor.doctor.sampling import Candidate, by_site, choose, may_ask, wish
from monitor.feeds.addresses import literal, ports_of
from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.feeds.pacing import HostPacer, host_of, site_of
from monitor.feeds.parse import Parser
from monitor.feeds.problem import FetchError
from monitor.feeds.resolve import DnsPool
from monitor.feeds.transport import default_tls
from monitor.model import FetchStatus
from monitor.moving import address_of
from monitor.pipeline import request_for
from monitor.store import sql
from monitor.store.rows import FeedState, HostPause, read_all
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.doctor.site import Site
    from monitor.feeds.answer import Head
    from monitor.model import FetchResult
    from monitor.settings import Config, FeedConfig

AT_ONCE = 8
DEADLINE = 20.0  # seconds for one answer
NAMES = 3  # looked up where no feed may be asked
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def certificates(site: Site) -> list[Finding]:
    """The store of trusted certificates, as polls and deliveries will find it."""
    named = [(name, site.env[name]) for name in _VARIABLES if site.env.get(name)]
    missing = [(name, path) for name, path in named if not any(seen(Path(one)) for one in path.split(":"))]
    paths = ssl.get_default_verify_paths()
    where = paths.cafile or paths.capath or paths.openssl_cafile
    try:
        count = default_tls().cert_store_stats()["x509_ca"]
    except (ssl.SSLError, OSError) as error:
        return judge_store(
            StoreFacts(
                0, where, missing, problem=f"the trusted certificates cannot be read: {error.args[-1]}"
            )
        )
    if not count and paths.capath:  # those of a folder are read one by one, when they are needed
        count = sum(1 for _ in Path(paths.capath).glob("*.[0-9]"))
    return judge_store(StoreFacts(count, where, missing))


def feeds(site: Site) -> list[Finding]:
    """A sample of the feeds, asked; of the others, what is known."""
    if site.config is None:
        return []
    return asyncio.run(_Visit(site, site.config).findings())


@dataclass(slots=True)
class _Visit:
    """One round of questions."""

    site: Site
    config: Config
    states: dict[str, FeedState] = field(default_factory=dict)
    offsets: dict[str, float] = field(default_factory=dict)
    done: int = 0
    knows: bool = True  # of each feed, whether it may be asked

    async def findings(self) -> list[Finding]:
        enabled = [feed for feed in self.config.feeds if feed.enabled]
        pauses = self._read()
        candidates = [self._candidate(feed, pauses) for feed in enabled]
        chosen: list[str] = []
        blindfold = self.site.feeds != 0 and not self.knows
        if self.site.feeds != 0 and self.knows:
            # The daemon may have asked since the doctor began.
            now = datetime.fromtimestamp(self.site.clock(), UTC)
            running = self.site.holder is not None
            lawful = [c for c in candidates if may_ask(c, now, running=running)]
            chosen = choose(lawful, self.site.feeds, random.Random())
        results = await self._ask([feed for feed in enabled if feed.name in chosen])
        facts = [
            self._facts(feed, candidate, results) for feed, candidate in zip(enabled, candidates, strict=True)
        ]
        names = await self._names(enabled, results)
        unnamed = {name for name, why in names.problems.items() if why}
        rest = [fact for fact in facts if fact.name not in unnamed]
        what = "no feed was asked: what their servers asked for stands in a database that cannot be read here"
        remedy = "mend or migrate the database first, or look as whoever runs the daemon: sudo tocsin doctor"
        return [
            *([found("check_forbidden", what, where="feeds", remedy=remedy)] if blindfold else []),
            *(judge_names(names) if self.site.feeds != 0 else []),
            *judge_offsets(list(self.offsets.values())),
            *([] if blindfold else judge_feeds(rest, self.site.now)),
        ]

    def _read(self) -> Mapping[str, datetime]:
        with reading(self.site) as reader:
            if reader is None:
                path = self.site.database
                # Where there is no database yet nobody asked anything, and so nobody was told to wait.
                self.knows = path is not None and not hidden(path) and seen(path) is None
                return {}
            self.states = {one.name: one for one in read_all(FeedState, reader.rows(sql.FEEDS))}
            return {one.host: one.until for one in read_all(HostPause, reader.rows(sql.HOST_PAUSES))}

    def _candidate(self, feed: FeedConfig, pauses: Mapping[str, datetime]) -> Candidate:
        if feed.url.missing:
            return Candidate(feed.name, "", lacks_address=True)
        state = self.states.get(feed.name)
        host = site_of(host_of(address_of(feed, state.moved_to if state else None)))
        if state is None:
            return Candidate(feed.name, host, host_until=by_site(pauses, host))
        asked = max((at for at in (state.last_poll_at, state.asked_at) if at is not None), default=None)
        return Candidate(
            feed.name,
            host,
            asked_at=asked,
            next_at=state.next_poll_at,
            floor=state.floor,
            forbidden_until=state.forbidden_until,
            host_until=by_site(pauses, host),
            gone=state.gone,
            failing=bool(state.failures),
        )

    async def _ask(self, chosen: Sequence[FeedConfig]) -> dict[str, tuple[FetchResult, str]]:
        """Each answer, with why it is no feed where it is none."""
        if not chosen:
            return {}
        polling = self.config.polling
        fetcher = HttpFetcher(
            user_agent(self.config.contact),
            allow_private=polling.allow_private,
            deadline=DEADLINE,
            on_head=self._note_date,
        )
        pacer = HostPacer(polling.per_host, polling.per_host_gap, at_once=AT_ONCE)
        ports = ports_of(feed.url.reveal() for feed in self.config.feeds if not feed.url.missing)
        parser = Parser()
        found: dict[str, tuple[FetchResult, str]] = {}

        async def one(feed: FeedConfig) -> None:
            state = self.states.get(feed.name) or FeedState(0, feed.name, 0, self.site.now)
            try:
                request = request_for(feed, state, ports)
            except LookupError:  # told among the feeds whose secrets are missing
                return
            async with pacer.turn(host_of(request.url)) as paused:
                if paused:
                    return
                result = await fetcher.fetch(request)
            if wait := result.retry_after:
                pacer.pause(host_of(request.url), wait)
            no_feed = ""
            if result.status is FetchStatus.NEW and hash64(result.body) != state.body_hash:
                parsed = await parser.parse(
                    result.body, content_type=result.content_type, url=result.final_url
                )
                no_feed = parsed.error
            found[feed.name] = (result, no_feed)
            self.done += 1
            self.site.progress(self.done, len(chosen))

        try:
            await asyncio.gather(*(one(feed) for feed in chosen))
        finally:
            await parser.close()
        return found

    def _note_date(self, host: str, head: Head) -> None:
        """By how much a server's clock is ahead of ours; a copy from a cache says how old it is."""
        try:
            date = parsedate_to_datetime(head.first(b"date") or "")
            ahead = date.timestamp() + float(head.first(b"age") or 0) - self.site.clock()
        except (ValueError, TypeError, OverflowError):
            return
        self.offsets[site_of(host)] = ahead

    def _facts(
        self, feed: FeedConfig, candidate: Candidate, results: Mapping[str, tuple[FetchResult, str]]
    ) -> FeedFacts:
        secrets = (feed.url, feed.password, feed.proxy, *feed.headers.values())
        lacking = (s for s in secrets if s is not None and s.missing and not is_given(s.source, self.site))
        missing = next((s.missing.partition(";")[0] for s in lacking), "")
        result, no_feed = results.get(feed.name, (None, ""))
        state = self.states.get(feed.name)
        failed = state is not None and state.failures > 0
        return FeedFacts(
            feed.name,
            result=result,
            no_feed=no_feed,
            recorded=(state.last_message or state.last_status) if state and failed else "",
            http=state.last_http if state else None,
            since=state.first_failure_at if state else None,
            gone=state.gone if state else False,
            paused=wish(candidate, self.site.now),
            secret_missing=missing,
            polled=state is not None and state.last_poll_at is not None,
            host=candidate.site,
        )

    async def _names(
        self, enabled: Sequence[FeedConfig], results: Mapping[str, tuple[FetchResult, str]]
    ) -> NameFacts:
        """Names of the feeds that were asked; where none might be, some are looked up all the same."""
        named = {f.name: host_of(f.url.reveal()) for f in enabled if not f.url.missing and f.proxy is None}
        named = {name: host for name, host in named.items() if host and literal(host) is None}
        problems = {
            name: result.message if result.message.startswith("DNS:") else ""
            for name, (result, _) in results.items()
            if name in named
        }
        if not problems and self.site.feeds != 0:
            resolver = DnsPool(timeout=5.0)
            for name, host in random.sample(sorted(named.items()), min(NAMES, len(named))):
                try:
                    await resolver(host)
                    problems[name] = ""
                except FetchError as error:
                    problems[name] = error.message
        return NameFacts(problems, _servers(self.site))


def _servers(site: Site) -> list[str] | None:
    path = site.at("etc/resolv.conf")
    if not is_file(path):
        return None
    lines = (line.split() for line in text_of(path).splitlines())
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
