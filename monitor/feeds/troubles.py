"""What is said of the troubles of feeds: sentences for notices and for `tocsin feeds show`. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds.watch import HEARD, Trouble
from monitor.model import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMED = 10  # feeds, or rules, that a line names
_MOST_HOSTS = 5  # lines for one kind of trouble: above that they become one
_WORTH_SAYING = timedelta(minutes=10)
_STATES = {
    Trouble.FAILING: "failing",
    Trouble.SILENT: "silent",
    Trouble.FROZEN: "frozen",
    Trouble.HTML: "a web page instead of a feed",
    Trouble.LANGUAGE: "in another language",
    Trouble.DOMAIN: "answered by another domain",
    Trouble.GONE: "gone for good (410)",
    Trouble.LOGIN: "locked (401 or 403)",
    Trouble.MISSING: "not found (404)",
}
_REMEDIES = {
    Trouble.FAILING: "tocsin fetch {feed} shows what its server answers",
    Trouble.SILENT: "look whether its site publishes, and whether it does so at another address",
    Trouble.FROZEN: "look whether its site publishes: then a stale copy is served, or it has another address",
    Trouble.HTML: "look at its address in a browser: a login, a captcha, a parked domain, or a new address",
    Trouble.LANGUAGE: "rules with lang may not hear it any more; tocsin fetch {feed} shows it",
    Trouble.DOMAIN: "if that is right, give the feed its new url in the configuration; if not, disable it",
    Trouble.GONE: "it is not asked again: give it another url, or remove it",
    Trouble.LOGIN: "give it user and password or headers, or look whether the site refuses readers of feeds",
    Trouble.MISSING: "look for its new address on its site",
}


@value
class Tale:
    """
    A trouble as it is told: that it began, or (`over`) that it ended.

    `lasted` is until now or its end. `rules` hear of the feed.
    """

    feed: str
    host: str
    kind: Trouble
    detail: str
    lasted: timedelta
    over: bool = False
    rules: tuple[str, ...] = ()


def span(length: timedelta) -> str:
    """A length of time as people say it: "3 d 4 h", "26 min"."""
    minutes = int(length.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days >= 1:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h" if hours else f"{minutes} min"


def state(kind: Trouble, detail: str) -> str:
    """What is the matter with a feed, to go behind "is"."""
    words = detail.split(" ")
    if kind is Trouble.LANGUAGE and len(words) == 3:
        return f"in another language: {words[1]} instead of {words[0]}"
    if kind is Trouble.DOMAIN and len(words) == 2:
        return f"answered by another domain: {words[1]} instead of {words[0]}"
    if kind is Trouble.FAILING and detail:
        return f"failing: {detail}"
    if kind in (Trouble.SILENT, Trouble.FROZEN) and detail:
        same = "the same document each time" if kind is Trouble.FROZEN else "nothing new"
        return f"{kind.value}: {same}, where its longest pause is usually {detail}"
    return _STATES[kind]


def told(tale: Tale) -> str:
    """The sentence for one feed's trouble."""
    if not tale.over:
        lasts = f" (for {span(tale.lasted)})" if tale.lasted >= _WORTH_SAYING else ""
        return f"feed {tale.feed} is {state(tale.kind, tale.detail)}{lasts}"
    was = _STATES[tale.kind]
    end = "has news again" if tale.kind in (Trouble.SILENT, Trouble.FROZEN) else "is well again"
    return f"feed {tale.feed} {end}: it was {was} for {span(tale.lasted)}"


def remedy(tale: Tale) -> str:
    """What may be done about it; "" where it is over."""
    return "" if tale.over else _REMEDIES[tale.kind].format(feed=tale.feed)


def blind(rules: Sequence[str], kind: Trouble, *, over: bool, many: bool = False) -> str:
    """Which rules hear nothing of it meanwhile, or hear it; "" where there are none."""
    if not rules:
        return ""
    what = "these feeds" if many else "it"
    if over:
        return f"rules that hear {what} again: {named(rules)}"
    if kind in HEARD:
        return f"rules that hear {what}: {named(rules)}"
    return f"rules that are blind for {what}: {named(rules)}"


def named(names: Sequence[str]) -> str:
    """The names, as many as a line holds."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


@value
class Line:
    """One line of a notice: for one feed, or for all feeds of one host, or of many, with the same trouble."""

    tales: tuple[Tale, ...]

    @property
    def kind(self) -> str:
        """The word under which it is kept."""
        return f"feed_{self.tales[0].kind.value}{'_over' if self.tales[0].over else ''}"

    @property
    def subject(self) -> str:
        """The feed it is about, or the host; "" where it is about several hosts."""
        if len(self.tales) == 1:
            return self.tales[0].feed
        return self.tales[0].host if len(self.hosts) == 1 else ""

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of its feeds."""
        return frozenset(tale.host for tale in self.tales)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that hear of any of its feeds."""
        return tuple(dict.fromkeys(rule for tale in self.tales for rule in tale.rules))

    @property
    def text(self) -> str:
        """The sentence."""
        first = self.tales[0]
        if len(self.tales) == 1:
            return told(first)
        names = named(tuple(t.feed for t in self.tales))
        of = first.host if len(self.hosts) == 1 else f"{len(self.hosts)} hosts"
        who = f"{len(self.tales)} feeds of {of}"
        longest = span(max(t.lasted for t in self.tales))
        if first.over:
            return f"{who} are well again: they were {_STATES[first.kind]} for up to {longest}: {names}"
        return f"{who} are {_STATES[first.kind]} (for up to {longest}): {names}"

    @property
    def more(self) -> str:
        """The remedy, and the rules that are blind."""
        first, many = self.tales[0], len(self.tales) > 1
        parts = (remedy(first), blind(self.rules, first.kind, over=first.over, many=many))
        return "; ".join(part for part in parts if part)


@value
class Report:
    """Everything there is to tell at one moment: one notice, however many feeds it is about."""

    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """The one sentence, or how many feeds are in trouble and how many are well again."""
        if len(self.lines) == 1:
            return self.lines[0].text
        counts = (
            (sum(len(ln.tales) for ln in self.lines if ln.tales[0].over is over), word)
            for over, word in ((False, "in trouble"), (True, "well again"))
        )
        return "feeds: " + ", ".join(f"{n} {word}" for n, word in counts if n)

    @property
    def body(self) -> str:
        """The lines with what may be done, or only that where the title is the line."""
        if len(self.lines) == 1:
            return self.lines[0].more
        return "\n".join(f"{line.text}" + (f"; {line.more}" if line.more else "") for line in self.lines)


def report(tales: Iterable[Tale]) -> Report:
    """
    Put together what is to be told: troubles first, feeds of one host with one trouble in one line.

    What befell more than a few hosts is one line for them all: it is probably nearer to us than to them.
    """
    kinds: dict[tuple[bool, Trouble], dict[str, list[Tale]]] = defaultdict(lambda: defaultdict(list))
    for tale in tales:
        kinds[tale.over, tale.kind][tale.host or tale.feed].append(tale)
    lines = []
    order = list(Trouble)
    for _, by_host in sorted(kinds.items(), key=lambda k: (k[0][0], order.index(k[0][1]))):
        groups = [group for _, group in sorted(by_host.items())]
        if len(groups) > _MOST_HOSTS:
            groups = [[tale for group in groups for tale in group]]
        lines += [Line(tuple(sorted(group, key=lambda t: t.feed))) for group in groups]
    return Report(tuple(lines))
