"""The parts that touch the world: tests and the demo hand in others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.delivery.channels import build_channel
from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.feeds.parse import Parser
from monitor.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.delivery.channels import Channel
    from monitor.feeds.fetch import Fetcher
    from monitor.settings import ChannelConfig, Config


class Parts:
    """The parts as they are for a user."""

    def database(self, path: Path) -> Database:
        """Open the database file."""
        return Database(path)

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        """Make what asks servers."""
        agent = user_agent(config.contact)
        return HttpFetcher(agent, allow_private=config.polling.allow_private, clock=clock)

    def parser(self) -> Parser:
        """Make what parses documents."""
        return Parser()

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        """Make what delivers to one channel."""
        return build_channel(channel, zone=ZoneInfo(config.timezone), contact=config.contact)

    def canary_fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        """Make what asks for the canary's feed on loopback, and for nothing else."""
        from monitor.service.canaryfeed import MAY_ASK  # noqa: PLC0415 - only the daemon has a canary

        return HttpFetcher(user_agent(config.contact), allow_private=MAY_ASK, clock=clock)
