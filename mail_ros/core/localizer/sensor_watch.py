"""How many sensors publish on a field's topic: one localizer, one sensor."""

from __future__ import annotations

from collections.abc import Iterable


def several_sensors(topic: str, frames: Iterable[str], publishers: int = 0) -> str:
    """A warning about several sensors on one topic, by the frame_ids of its messages or its publishers; else empty.

    >>> several_sensors("/imu/mag", ["left", "right", "left"])
    "/imu/mag has samples of 2 sensors, in frames 'left' and 'right': they are read as one"
    """
    names = sorted(set(frames))
    listed = " and ".join(map(repr, names))
    if len(names) > 1:
        return f"{topic} has samples of {len(names)} sensors, in frames {listed}: they are read as one"
    if publishers > 1:
        return (
            f"{topic} has {publishers} publishers{f', in frame {listed}' if names else ''}: they are read as one sensor"
        )
    return ""


class SensorWatch:
    """Frames of the messages since the last warning."""

    def __init__(self) -> None:
        self._frames: set[str] = set()

    def add(self, frame_id: str) -> None:
        """Add the frame of a message."""
        self._frames.add(frame_id)

    def warning(self, topic: str, publishers: int = 0) -> str:
        """See `several_sensors`; begins again."""
        frames, self._frames = self._frames, set()
        return several_sensors(topic, frames, publishers)
