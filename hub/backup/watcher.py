"""Whoever shows how far a backup has come."""

from typing import Protocol


class Watcher(Protocol):
    """A progress bar, or nobody."""

    def start(self, words: str, size: int) -> None:
        """A part of `size` bytes begins."""

    def moved(self, here: int) -> None:
        """`here` bytes of it are done."""


class Nobody:
    """Does not look."""

    def start(self, words: str, size: int) -> None:
        """Nothing."""

    def moved(self, here: int) -> None:
        """Nothing."""
