"""What a picture is made of, whatever shows it: shapes on the floor in metres, curves over time, words.

View --> Canvas.draw(entity, drawn, stamp) --> rerun, or a test
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.types import FloatArray
from mail_ros.data.floor_plan import FloorPlan

Colour = tuple[int, int, int, int]  # red, green, blue, opacity, 0 to 255


@dataclass(frozen=True)
class Dots:
    """Places; none of them takes away what was there before."""

    position_m: FloatArray  # (n, 2)
    colours: Sequence[Colour]  # one of all, or one of each
    radius: float  # metres; below zero: points of the screen, at any zoom
    labels: Sequence[str] = ()  # one of each, or none


@dataclass(frozen=True)
class Lines:
    """Ways."""

    strips_m: Sequence[FloatArray]  # (k, 2) each
    colour: Colour
    radius: float  # as of `Dots`


@dataclass(frozen=True)
class Curves:
    """One more value of each of some curves."""

    names: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Page:
    """Words in Markdown, in place of those before."""

    text: str


@dataclass(frozen=True)
class Note:
    """A line of a log."""

    text: str
    level: Level


Drawn = Dots | Lines | FloorPlan | Curves | Page | Note


class Canvas(Protocol):
    """Where it is drawn."""

    def draw(self, entity: str, drawn: Drawn, stamp_ns: int) -> None:
        """Show something from a stamp on, in place of what this entity was before.

        Args:
            entity: its name; those that lie on the floor begin with `map/`.
            drawn: what it is now.
            stamp_ns: of the sample that it follows from.
        """
