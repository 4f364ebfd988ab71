"""Floors and frames: every floor has its own frame, floor 0 is the map frame itself.

A site of one floor therefore always sees plain `map`, as REP-105 has it, and no consumer can
mistake a position on one floor for a position on another.
"""

SEPARATOR = "_floor_"


def frame_of_floor(map_frame: str, floor: int) -> str:
    """`map` for floor 0, `map_floor_-2` for floor -2."""
    return map_frame if floor == 0 else f"{map_frame}{SEPARATOR}{floor}"


def split_frame(frame_id: str) -> tuple[str, int]:
    """The map frame and the floor that `frame_of_floor` put into a frame's name."""
    base, separator, number = frame_id.rpartition(SEPARATOR)
    if separator and number.lstrip("-").isdigit():
        return base, int(number)
    return frame_id, 0
