"""All kinds of situations by name: importing the modules that make them fills the list."""

from __future__ import annotations

from tests.support import situations, situations_rules, situations_sent, situations_told

MAKERS = situations.MAKERS
MODULES = (situations, situations_told, situations_rules, situations_sent)

__all__ = ["MAKERS", "MODULES"]
