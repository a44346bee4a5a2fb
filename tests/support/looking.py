"""Looking for feeds without a network: a parser that ends with its test, a fetcher that is a table."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from monitor.feeds.parse import Parser
from monitor.model import FetchRequest, FetchResult, FetchStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def parser() -> AsyncIterator[Parser]:
    """A parser whose process ends with the test."""
    one = Parser()
    try:
        yield one
    finally:
        await one.close()


class Table:
    """A fetcher that answers from a table and remembers what it was asked; 404 for all else."""

    def __init__(self, answers: dict[str, FetchResult]) -> None:
        self.answers = answers
        self.asked: list[FetchRequest] = []

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self.asked.append(request)
        missing = FetchResult(FetchStatus.HTTP_ERROR, http_status=404, message="the server answered 404")
        return self.answers.get(request.url, missing)


def good(body: bytes) -> FetchResult:
    """A document as a fetcher gives it."""
    return FetchResult(FetchStatus.NEW, http_status=200, body=body)


def page_of(head: str) -> FetchResult:
    """A page as a fetcher gives it."""
    return good(f"<html><head>{head}</head></html>".encode())
