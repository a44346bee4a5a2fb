"""Tocsin watches news feeds and rings, once, when something you care about is published."""

__version__ = "0.1.0"
