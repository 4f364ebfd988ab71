"""Elements of a picture, independent of its viewer: shapes on the floor in metres, curves over time, text."""

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
    """Positions."""

    position_m: FloatArray  # (n, 2)
    colours: Sequence[Colour]  # one for all, or one for each
    radius: float  # metres; negative: points of the screen, at any zoom
    labels: Sequence[str] = ()  # one for each, or none


@dataclass(frozen=True)
class Lines:
    """Paths."""

    strips_m: Sequence[FloatArray]  # (k, 2) each
    colour: Colour
    radius: float  # see `Dots`


@dataclass(frozen=True)
class Curves:
    """One more value of each curve."""

    names: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Page:
    """Text in Markdown, which replaces the one before."""

    text: str


@dataclass(frozen=True)
class Note:
    """A line of a log."""

    text: str
    level: Level


Drawn = Dots | Lines | FloorPlan | Curves | Page | Note


class Canvas(Protocol):
    """A viewer or a file."""

    def draw(self, entity: str, drawn: Drawn, stamp_ns: int) -> None:
        """Show an element from a stamp on; it replaces the entity's element before.

        Args:
            entity: name; entities on the floor begin with `map/`.
            drawn: the element.
            stamp_ns: of the sample behind it.
        """
