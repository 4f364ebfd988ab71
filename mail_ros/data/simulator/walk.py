"""What a simulated body measured on its way, and where it truly was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mail_ros.core.signals import NS_PER_S
from mail_ros.data.labels import interpolate
from mail_ros.data.track import FloatArray, IntArray, Landmark, Track

START_NS = 1_750_000_000 * NS_PER_S


@dataclass(frozen=True)
class SimulatedWalk:
    """What a magnetometer measured on a way, and where it truly was."""

    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    position_m: FloatArray  # (n, 2)
    landmarks: tuple[Landmark, ...]  # one at each corner passed

    @property
    def duration_s(self) -> float:
        """From the first sample to the last."""
        return float(self.stamp_ns[-1] - self.stamp_ns[0]) / NS_PER_S

    def track(self, source: str) -> Track:
        """As a walk that was recorded, without a bag in between."""
        labels = interpolate(self.stamp_ns, self.landmarks)
        return Track(source, self.stamp_ns, self.field_ut, labels.position_m, labels.floor, labels.valid, labels.paused)

    def write(self, path: Path, notes: dict[str, str] | None = None) -> None:
        """Write the field and the landmarks, not the truth, as a bag.

        Raises:
            BagError: the bag exists.
        """
        from mail_ros.data.walk_writer import write_walk  # a robot that is simulated only needs no bag libraries

        write_walk(
            path,
            self.stamp_ns,
            self.field_ut,
            self.landmarks,
            custom={"source": "simulator", "device": "simulator", **(notes or {})},
        )
