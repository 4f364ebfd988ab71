"""Floors and frames: every floor has its own frame, floor 0 is the map frame itself.

A site of one floor therefore always sees plain `map`, as REP-105 has it, and no consumer can
mistake a position on one floor for a position on another.
"""

from __future__ import annotations

SEPARATOR = "_floor_"


def frame_of_floor(map_frame: str, floor: int) -> str:
    """`map` for floor 0, `map_floor_-2` for floor -2."""
    return map_frame if floor == 0 else f"{map_frame}{SEPARATOR}{floor}"


def split_frame(frame_id: str) -> tuple[str, int]:
    """The map frame and the floor that `frame_of_floor` put into a frame's name; a leading slash is no part of it."""
    frame_id = frame_id.lstrip("/")
    base, separator, number = frame_id.rpartition(SEPARATOR)
    if separator and number.lstrip("-").isdigit():
        return base, int(number)
    return frame_id, 0


def floor_of_frame(frame_id: str, map_frame: str) -> int | None:
    """The floor whose frame it is; None for a frame that is not the map's.

    >>> floor_of_frame("/map_floor_2", "map"), floor_of_frame("odom", "map")
    (2, None)
    """
    base, floor = split_frame(frame_id)
    return floor if base == map_frame.lstrip("/") else None


def map_frames_text(map_frame: str) -> str:
    """Names of the map's frames, for errors."""
    return f"{map_frame}, or {frame_of_floor(map_frame, 1)} and so on"


def last_part(frame_id: str) -> str:
    """A frame's name without the prefix of its robot: `map` of `robot_1/map`."""
    return frame_id.rpartition("/")[2]
