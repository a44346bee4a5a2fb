"""Whether the journal keeps what the daemon says, and enough of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.doctor.findings import Finding, found, size, well
from monitor.doctor.units import Settings, bytes_of, plain, seconds

SMALL = 50 << 20  # bytes: a few days of a busy monitor at info
NEEDED_RATE = 10.0  # messages a second that a round of a thousand failing feeds may say for a while
FILE = "/etc/systemd/journald.conf"
RELOAD = "then: systemctl restart systemd-journald"


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """journald's settings, with its drop-ins, and the service's; `persistent` = /var/log/journal is there."""

    here: bool = True
    settings: Settings = field(default_factory=Settings)
    unit: Settings = field(default_factory=Settings)
    persistent: bool = True


def judge_journal(facts: JournalFacts) -> list[Finding]:
    """Everything that makes it forget; nothing where no journal is kept here."""
    if not facts.here:
        return []
    settings = facts.settings
    storage = plain(settings.one("Storage", "Journal") or "auto")
    place = settings.place("Storage", "Journal") or FILE
    findings = []
    if storage == "none":
        what = "the journal is thrown away: what the daemon says is kept nowhere"
        findings.append(
            found("journal_off", what, where=place, remedy=f"set Storage=persistent in {FILE}, {RELOAD}")
        )
    elif storage == "volatile" or (storage == "auto" and not facts.persistent):
        what = "the journal lives in memory: after a reboot nobody can see why the daemon ended"
        remedy = f"set Storage=persistent in {FILE}, {RELOAD}"
        findings.append(found("journal_volatile", what, where=place, remedy=remedy))
    for key in ("SystemMaxUse", "RuntimeMaxUse"):
        limit = bytes_of(settings.one(key, "Journal"))
        if limit is not None and limit < SMALL and (key == "SystemMaxUse") == (not findings):
            what = f"the journal of the whole machine may hold only {size(limit)} ({key})"
            place = settings.place(key, "Journal")
            findings.append(
                found("journal_small", what, where=place, remedy=f"set {key}=500M in {FILE}, {RELOAD}")
            )
    findings += _suppresses(facts)
    return findings or [well("journal", "keeps what the daemon says")]


def _suppresses(facts: JournalFacts) -> list[Finding]:
    """A limit of messages below what the daemon may say; the unit's own counts before the journal's."""
    own = bool(facts.unit.one("LogRateLimitBurst") or facts.unit.one("LogRateLimitIntervalSec"))
    settings, section, prefix = (facts.unit, "Service", "Log") if own else (facts.settings, "Journal", "")
    interval_key, burst_key = f"{prefix}RateLimitIntervalSec", f"{prefix}RateLimitBurst"
    interval = seconds(settings.one(interval_key, section) or "30s")
    burst = settings.one(burst_key, section) or "10000"
    if interval is None or not burst.isdigit() or burst == "0" or int(burst) / interval >= NEEDED_RATE:
        return []
    what = f"of what the daemon says only {burst} lines in {interval:g} s are kept"
    place = settings.place(burst_key, section) or settings.place(interval_key, section)
    remedy = f"set {burst_key}=10000 there, {RELOAD if not own else 'then: systemctl daemon-reload'}"
    return [found("journal_suppresses", what, where=place, remedy=remedy)]
