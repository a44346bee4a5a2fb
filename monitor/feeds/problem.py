"""Why a fetch ended early: raised inside the fetch modules only, never past `HttpFetcher.fetch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.model import FetchStatus


class FetchError(Exception):
    """
    A fetch cannot go on; `status` says how it ended, `message` is a sentence without secrets.

    `unreachable` = no connection stood when it failed.
    """

    def __init__(self, status: FetchStatus, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.unreachable = unreachable
