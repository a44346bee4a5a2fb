"""Intervals that most servers take for an attack: said in a warning, and not used as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.durations import format_duration
from monitor.config.words import Problem, shown
from monitor.settings import LEAST_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Config


def hasty_intervals(config: Config) -> Iterator[Problem]:
    """
    A warning for each interval under a minute.

    Where private networks may be asked (a home lab, a test) nobody is bothered, and any interval is lawful.
    """
    if config.polling.allow_private:
        return
    least = format_duration(LEAST_INTERVAL)
    hint = f"most servers refuse whom they see more often; {least} is used"
    for feed in config.feeds:
        if feed.every is not None and feed.every < LEAST_INTERVAL and feed.origin is not None:
            message = f"feed {shown(feed.name)} has 'every' of {format_duration(feed.every)}"
            yield Problem(
                feed.origin.file, (*feed.origin.path, "every"), "short_interval", message, hint, "warning"
            )
    if config.polling.fastest < LEAST_INTERVAL:
        message = f"'fastest' is {format_duration(config.polling.fastest)}"
        yield Problem(str(config.path), ("polling", "fastest"), "short_interval", message, hint, "warning")
