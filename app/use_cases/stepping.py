"""Long work step by step: how far it is, and whether somebody asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from data.errors import Cancelled


@dataclass(frozen=True)
class Steps:
    """What is told between two steps of an audit, and asked."""

    progress: Callable[[float], None] | None = None
    cancel: Event | None = None

    def at(self, done: float) -> None:
        """Tell the share done; ends the work with `Cancelled` where it was asked to stop."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("audit")
        if self.progress is not None:
            self.progress(done)

    def part(self, start: float, end: float) -> Steps:
        """The steps of one part of the work, whose own 0 to 1 is `start` to `end` of the whole."""
        return Steps(lambda done: self.at(start + done * (end - start)), self.cancel)
