"""
What the store suffers from, as far as its threads have found out.

The writer and the readers report their errors here before anybody hears of them otherwise; whoever is about
to start something that would have to be recorded asks first. What is done about it is the keeper's business
(`monitor.service.keeper`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from monitor.errors import Fault, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable


class Health:
    """The present trouble and the damage that was found, if any. May be used by any thread."""

    def __init__(self) -> None:
        self.trouble: StoreError | None = None
        self.damage: StoreError | None = None
        self._told: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def on_change(self, told: Callable[[], None]) -> None:
        """Have `told` called, in the thread that found it, whenever something new is wrong."""
        self._told = told

    def note(self, error: StoreError) -> None:
        """Something could not be read or written."""
        with self._lock:
            if self.knows(error):
                return
            if error.fault is Fault.DAMAGED:
                self.damage = error
            elif error.fault.passing:
                self.trouble = error
            else:
                return
        self._told()

    def knows(self, error: StoreError) -> bool:
        """Whether an error is only one more sign of what has been reported already."""
        known = self.damage if error.fault is Fault.DAMAGED else self.trouble
        return known is not None and known.fault is error.fault

    def over(self) -> None:
        """Things can be recorded again."""
        self.trouble = None
