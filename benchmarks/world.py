"""
A small world of feeds on loopback for the benchmarks, in a process of its own so that its CPU is not ours.

`python benchmarks/world.py COUNT` prints its port, serves /feed/K with ETag and 304, and counts on standard
input: each line "K" publishes one new item in feed K. Content is made up here, 30 items of a few sentences.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from email.utils import formatdate

TEXT = """
the government announced a new agreement in Geneva while residents fear another drought and officials
of the ministry said talks would continue on Friday with a delegation from the coast after a long summer
"""
WORDS = TEXT.split()


class World:
    """All feeds and how often each has published."""

    def __init__(self, count: int) -> None:
        self.published = [30] * count
        self.cache: dict[int, tuple[bytes, bytes]] = {}

    def document(self, feed: int) -> tuple[bytes, bytes]:
        """The feed's bytes and ETag."""
        if feed not in self.cache:
            top = self.published[feed]
            body = (
                '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
                'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
                f"<title>Feed {feed}</title><link>http://127.0.0.1/</link><language>en</language>"
                + "".join(item(feed, n) for n in range(top - 1, top - 31, -1))
                + "</channel></rss>"
            ).encode()
            self.cache[feed] = body, f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'.encode()
        return self.cache[feed]

    def publish(self, feed: int) -> None:
        """One new item on top of a feed."""
        self.published[feed] += 1
        self.cache.pop(feed, None)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body, etag = self.document(int(head.split(b" ", 2)[1].rsplit(b"/", 1)[1]))
            if etag in head:
                writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\nConnection: close\r\n\r\n")
            else:
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "
                    + etag
                    + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
                    + body
                )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def item(feed: int, number: int) -> str:
    """One item, the same bytes whenever it is made."""
    rng = random.Random(f"{feed}:{number}")

    def says(count: int) -> str:
        return " ".join(rng.choice(WORDS) for _ in range(count))

    doha = " in Doha" if number >= 30 else ""
    body = "".join(f"<p>{says(60)}</p>" for _ in range(4))
    return (
        f"<item><title>{says(9)}{doha} {feed}-{number}</title><link>http://127.0.0.1/{feed}/{number}</link>"
        f'<guid isPermaLink="false">urn:{feed}:{number}</guid>'
        f"<pubDate>{formatdate(1795500000 + number * 60)}</pubDate><description>{says(30)}</description>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>\n"
    )


async def main() -> None:
    """Serve until standard input ends."""
    world = World(int(sys.argv[1]))
    server = await asyncio.start_server(world.serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        world.publish(int(line))
        print("ok", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
