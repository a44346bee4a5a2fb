"""Whether the daemon may open as many files and use as much memory as it needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.doctor.findings import Finding, found, size, well

BESIDE_POLLS = 200  # open files for names, deliveries, pages, the database, the worker and the log
FOR_EACH = 3  # a request at once, and two slow ones beside it
LEAST_MEMORY = 256 << 20  # bytes: daemon and worker while they read a document of the largest size
NEARLY = 0.85  # of the limit


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """Whose limits these are (the daemon's, the service's or this shell's); sizes in bytes."""

    whose: str = "this shell"
    open_files: int | None = None
    concurrency: int = 32
    memory: int | None = None
    memory_used: int | None = None
    place: str = ""
    unit: bool = False


def needed_files(concurrency: int) -> int:
    """How many files a daemon may have open at once."""
    return FOR_EACH * concurrency + BESIDE_POLLS


def judge_limits(facts: LimitFacts) -> list[Finding]:
    """What is too little."""
    findings = []
    needed = needed_files(facts.concurrency)
    if facts.open_files is not None and facts.open_files < needed:
        remedy = (
            "write LimitNOFILE=4096 under [Service]: systemctl edit tocsin, then: systemctl restart tocsin"
        )
        if not facts.unit:
            remedy = f"start it after: ulimit -n {max(4096, needed)}; or lower [polling] concurrency"
        what = (
            f"{facts.whose} may open {facts.open_files} files, and {facts.concurrency} requests at "
            f"once may need {needed}"
        )
        findings.append(found("few_open_files", what, where=facts.place, remedy=remedy))
    if facts.memory is not None and facts.memory < LEAST_MEMORY:
        what = (
            f"{facts.whose} may use {size(facts.memory)} of memory, less than the "
            f"{size(LEAST_MEMORY)} it may need"
        )
        remedy = "write MemoryMax=1G under [Service]: systemctl edit tocsin, then: systemctl restart tocsin"
        if not facts.unit:
            remedy = "give its container or group more: docker run --memory 1g, for example"
        findings.append(found("memory_limit_low", what, where=facts.place, remedy=remedy))
    elif facts.memory and facts.memory_used is not None and facts.memory_used > NEARLY * facts.memory:
        what = f"{facts.whose} uses {size(facts.memory_used)} of the {size(facts.memory)} of memory it may"
        remedy = "write MemoryMax=2G under [Service]: systemctl edit tocsin, then: systemctl restart tocsin"
        findings.append(found("memory_short", what, where=facts.place, remedy=remedy))
    if findings:
        return findings
    said = f"{facts.open_files} open files" if facts.open_files is not None else "limits cannot be read"
    said += f", {size(facts.memory)} of memory" if facts.memory else ", no limit of memory"
    return [well("system", f"{facts.whose}: {said}", facts.place)]
