"""Warnings about [deadman] and [canary]: what would be refused, or would raise alarms over nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.private import refused_host
from monitor.config.words import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Config

SHORTEST = 60.0  # seconds from one round of the canary to the next: half of it is what a round may take


def doubtful_watchers(config: Config) -> Iterator[Problem]:
    """
    A warning where the ping would be refused, or the canary is in a hurry or has nobody to tell.

    Names are not looked up.
    """
    main = str(config.path)
    if config.deadman is not None and not config.deadman.missing:
        kind = refused_host(config.deadman.reveal(), config.polling.allow_private)
        if kind is not None:
            message = f"the address of [deadman] is at {kind}, which is refused when it is pinged"
            hint = "if it is meant, add its range to allow_private in [polling]"
            yield Problem(main, ("deadman", "url"), "private_address", message, hint, "warning")
    if config.canary is not None:
        every = float(str(config.canary["every"]))
        if every < SHORTEST:
            message = (
                f"a round each {every:g} s: it is late after {every / 2:g} s, which a busy moment may take"
            )
            hint = 'every = "1h" tells within two hours, "5m" within ten minutes'
            yield Problem(main, ("canary", "every"), "hasty_canary", message, hint, "warning")
        if not config.canary["channels"]:
            message = "'channels' in [canary] names nobody who is told when a round does not come through"
            hint = "name one that does not fail with the others; till then whichever takes it is told"
            yield Problem(main, ("canary", "channels"), "canary_tells_nobody", message, hint, "warning")
