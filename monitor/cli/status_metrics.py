"""What `tocsin status` says of `[metrics] listen`: whether health and metrics can be read there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.settings import Config


def gather(config: Config | None, *, asked: bool) -> dict[str, Any] | None:
    """Where it listens, and why it is not answered there; None where it is off. Only a daemon is `asked`."""
    from monitor.config.serving import place_of

    place = place_of(config) if config else None
    if place is None:
        return None
    why = None
    if asked:
        from monitor.service.knock import knock

        why = knock(place)
    return {"listen": str(place), "answers": None if why is None else not why, "why": why or None}


def lines(found: Mapping[str, Any]) -> list[str]:
    """A line where a running daemon is not to be read there; nothing where it is."""
    metrics = found["metrics"]
    if metrics is None or not metrics["why"]:
        return []
    words = f"health and metrics cannot be read at {metrics['listen']}: {metrics['why']}"
    return [f"metrics  {output.colour(output.printable(words), 'yellow')}"]
