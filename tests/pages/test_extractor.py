"""Pages in the killable process: articles come back, and no page takes the daemon with it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.pages.extract import MAX_PAGE, extract
from monitor.pages.extractor import MAX_PAGE as PARENT_MAX_PAGE
from monitor.pages.extractor import SUSPECT_BYTES, Extractor, from_values
from monitor.pages.worker import as_values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAGES = Path(__file__).parent / "html"
URL = "https://www.courrier.example/monde/talibans-doha"
PARAGRAPH = (
    "<p>The talks went on, and <b>those who took part</b> in them, said on Monday that they had agreed.</p>"
)


def run(
    story: Callable[[Extractor], Awaitable[None]], cpu_seconds: float = 3.0, wall_seconds: float = 60.0
) -> None:
    """Run a story with an extractor that is closed at its end."""

    async def told() -> None:
        extractor = Extractor(cpu_seconds, wall_seconds)
        try:
            await story(extractor)
        finally:
            await extractor.close()

    asyncio.run(told())


def test_what_comes_back_is_what_was_found() -> None:
    """Nothing of an article is lost or changed on its way between processes."""

    async def story(extractor: Extractor) -> None:
        for page in sorted(PAGES.glob("*.html")):
            body = page.read_bytes()
            assert await extractor.extract(body, url=URL) == extract(body, "", URL)

    run(story)


def test_the_parent_knows_the_limit() -> None:
    """The same number stands in two places; a page above it starts no process."""

    async def story(extractor: Extractor) -> None:
        found = await extractor.extract(b"x" * (MAX_PAGE + 1))
        assert found.error == "the page is larger than 5 MB"
        assert not found.killed

    assert MAX_PAGE == PARENT_MAX_PAGE
    run(story)


HOSTILE = {
    "deep": "<html><body>" + "<div>" * 400_000 + "hello",
    "deep inline": "<html><body><p>" + "<span>x" * 200_000,
    "nested tables": "<table><tr><td>" * 100_000,
    "a giant attribute": '<html><body><div class="' + "a" * 4_900_000 + '">x</div>' + PARAGRAPH * 20,
    "many attributes": "<html><body><div " + " ".join(f'a{n}="1"' for n in range(200_000)) + ">x",
    "many links": "<html><body><p>" + '<a href="x">a b c d</a> ' * 100_000,
    "many paragraphs": "<p>" * 1_000_000,
    "many forms": "<form>" * 200_000,
    "many metas": "<html><head>" + "<meta name=a content=b>" * 100_000,
    "spaces": "<html><body><p>" + "\n \n" * 1_600_000 + "x</p>" + PARAGRAPH,
    "one word": "<html><body><p>" + "a" * 4_900_000,
    "less than": "<" * 4_900_000,
    "comments": "<html><body>" + "<!--" * 1_000_000,
    "json": '<script type="application/ld+json">' + "[" * 1_000_000 + "</script>" + PARAGRAPH * 5,
    "dates": "<html><body>" + '<time datetime="2020-01-01">2020-01-01</time> 12 January 2020 ' * 50_000,
    "colons": "<html><body>" + ("<p>" + "a:" * 50 + "</p>") * 20_000,
}


QUICK = ("deep", "nested tables", "a giant attribute", "less than", "json")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in HOSTILE]
)
def test_a_hostile_page_costs_itself_alone(name: str) -> None:
    """It is answered within its budget, and the next page is read as ever."""

    async def story(extractor: Extractor) -> None:
        start = time.monotonic()
        found = await extractor.extract(HOSTILE[name].encode()[:MAX_PAGE], url=URL)
        assert time.monotonic() - start < 60
        if found.killed:
            assert "processor time" in found.error or "memory" in found.error
        ordinary = (PAGES / "english.html").read_bytes()
        assert "Doha" in (await extractor.extract(ordinary, url=URL)).confirmed

    run(story, cpu_seconds=0.5)


def _limits(pid: int) -> str:
    return Path(f"/proc/{pid}/limits").read_text(encoding="ascii")


def test_the_process_may_take_so_much_memory() -> None:
    """The kernel holds it to that, whatever a library asks for."""

    async def story(extractor: Extractor) -> None:
        await extractor.extract((PAGES / "english.html").read_bytes(), url=URL)
        process = extractor.normal._process
        assert process is not None
        limits = _limits(process.pid)
        found = re.search(r"Max address space +(\d+)", limits)
        assert found
        assert int(found[1]) <= 512 * 1024 * 1024

    run(story)


def test_large_pages_do_not_delay_the_others() -> None:
    """They have a process of their own, which ends with them."""

    async def story(extractor: Extractor) -> None:
        large = ("<html><body>" + PARAGRAPH * (SUSPECT_BYTES // len(PARAGRAPH) + 10)).encode()
        first = asyncio.create_task(extractor.extract(large, url=URL))
        await asyncio.sleep(0)
        found = await extractor.extract((PAGES / "german.html").read_bytes(), url=URL)
        assert "Doha" in found.confirmed
        await first

    run(story, cpu_seconds=1.0)


@pytest.mark.parametrize(
    "answer", [{}, {"title": "x"}, {"error": "", "lines": 3}, {"title": "x", "lines": [["a"]], "cut": []}]
)
def test_garbage_is_no_article(answer: dict[str, Any]) -> None:
    """A worker that went mad is noticed."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_values(answer)


def test_an_error_is_an_article_with_an_error() -> None:
    """And keeps its words."""
    found = extract(b"", "", "")
    assert from_values(as_values(found)) == replace(found, error="the page is empty")


def test_the_parent_never_loads_the_libraries() -> None:
    """Neither the daemon nor a quick command pays for them."""
    modules = ", ".join(f"monitor.pages.{name}" for name in ("extractor", "boilerplate", "robots"))
    program = (
        f"import sys, monitor.articles.summary, {modules}; monitor.articles.summary.cleaned('<p>x</p>');"
        "known = {'trafilatura', 'lxml', 'readability', 'htmldate'};"
        "print(known & {name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "set()\n"
