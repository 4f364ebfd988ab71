"""What becomes of a magnetometer's samples: used, or refused and counted under the reason.

    Sample --> SensorCheck --> Frame --> Resampler or WaySampler --> Tick
    any rate   is it a field?  axes      is it in time?              of time, or of the way

Training, evaluation and the robot take samples in here alone: what the one refuses, no other learns from.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mail_ros.core.localizer.interface import Sample
from mail_ros.core.signal.attitude import UPRIGHT
from mail_ros.core.signal.axes import AXES, AxesKind
from mail_ros.core.signal.distance import WaySampler
from mail_ros.core.signal.resampling import NS_PER_S, FloatArray, Resampler, Tick
from mail_ros.core.signal.sampling import Sampling, TimeSampling

PLAUSIBLE_UT = (5.0, 300.0)  # |B| in a building, next to steel and a robot's body as well
HELD_S = 2.0  # a sensor has noise: what reads the same for so long is not measured. On real walks: 0.12 s at most
LIMIT_UT = 80.0  # an axis may read the same where others do not, below this; beyond, it is at its limit
SENSOR_FAULTS: Mapping[str, str] = {
    "not_finite": "an axis reads NaN or infinity",
    "implausible": f"|B| is not within {PLAUSIBLE_UT[0]:g} to {PLAUSIBLE_UT[1]:g} µT",
    "stuck": f"all axes read just the same for {HELD_S:g} s: a stuck sensor, or a simulated one without noise",
    "saturated": f"an axis reads just the same for {HELD_S:g} s, beyond {LIMIT_UT:g} µT: it is at its limit",
    "no_odometry": "no odometry that is a number comes with the field",
    "no_attitude": "no attitude that is a number comes with the field",
}


def plausible(field_ut: Sequence[float]) -> bool:
    """Whether a reading, three axes in µT, is a magnetic field of a building."""
    low, high = PLAUSIBLE_UT
    return low <= math.hypot(*field_ut) <= high  # NaN is not


class SensorCheck:
    """Tells readings from faults of the sensor."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was read."""
        self._read: tuple[float, ...] = (math.nan,) * 3
        self._newest_ns = 0
        self._since_ns = [0, 0, 0]  # when each axis began to read what it reads

    def fault(self, stamp_ns: int, field_ut: FloatArray) -> str | None:
        """Why a reading, (3,) µT, is none: a name of `SENSOR_FAULTS`, or None."""
        read = tuple(field_ut.tolist())
        if not plausible(read):
            return "implausible" if all(map(math.isfinite, read)) else "not_finite"
        held = self._held(stamp_ns, read)
        if all(held):
            return "stuck"
        if any(axis and abs(value) > LIMIT_UT for axis, value in zip(held, read, strict=True)):
            return "saturated"
        return None

    def _held(self, stamp_ns: int, read: tuple[float, ...]) -> list[bool]:
        """Which axes read the same for `HELD_S`, without a hole of half that."""
        hole = stamp_ns - self._newest_ns > 0.5 * HELD_S * NS_PER_S
        before, self._read, self._newest_ns = self._read, read, stamp_ns
        for axis, value in enumerate(read):
            if hole or stamp_ns < self._since_ns[axis] or value != before[axis]:
                self._since_ns[axis] = stamp_ns
        return [stamp_ns - since_ns >= HELD_S * NS_PER_S for since_ns in self._since_ns]


class Intake:
    """Takes samples one by one, gives ticks, and keeps the books: every sample is in `counts` exactly once."""

    def __init__(self, sampling: Sampling, axes: AxesKind = "device") -> None:
        """Resample to `sampling`, in `axes`."""
        self.axes, self.sensor = AXES[axes], SensorCheck()
        self.resampler: Resampler | WaySampler
        if isinstance(sampling, TimeSampling):
            self.resampler = Resampler(sampling.rate_hz, sampling.max_gap_s)
        else:
            self.resampler = WaySampler(sampling.per_m, sampling.max_gap_m)
        self._refused: Counter[str] = Counter()
        self._good_ns: int | None = None  # of the last reading that was one
        self.faulty = False  # no reading was one for longer than is bridged

    def reset(self) -> None:
        """Forget the samples so far, keep the counts."""
        self.resampler.reset()
        self.sensor.reset()
        self._good_ns, self.faulty = None, False

    def push(self, sample: Sample) -> list[Tick]:
        """Take one sample; return the ticks that it completes, oldest first.

        Raises:
            TrackError: it lacks odometry or the attitude, which sampling or axes need.
        """
        if isinstance(self.resampler, WaySampler) and not self._go(sample):
            return []
        if (fault := self.sensor.fault(sample.stamp_ns, sample.field_ut)) is not None:
            self.refuse(sample.stamp_ns, fault)
            return []
        row = self.axes.row(sample.field_ut, sample.attitude() if self.axes.needs_attitude else UPRIGHT)
        if row is None:
            self.refuse(sample.stamp_ns, "no_attitude")
            return []
        self._good_ns, self.faulty = sample.stamp_ns, False
        return self.resampler.push(sample.stamp_ns, row)

    def refuse(self, stamp_ns: int, fault: str) -> None:
        """Leave a sample out, and count it under a name of `SENSOR_FAULTS`."""
        self._refused[fault] += 1
        if self._good_ns is None or abs(stamp_ns - self._good_ns) > self.resampler.max_gap_ns:
            self.faulty = True

    def _go(self, sample: Sample) -> bool:
        """Let the way go on; False where a sample is refused since its odometry is not finite."""
        assert isinstance(self.resampler, WaySampler)
        moved_m = sample.odometry_m()
        if not np.isfinite(moved_m).all():
            self.refuse(sample.stamp_ns, "no_odometry")
            return False
        self.resampler.go(moved_m)
        return True

    @property
    def newest_ns(self) -> int | None:
        """Stamp of the newest sample that was used; None before the first."""
        return self.resampler.newest_ns

    @property
    def counts(self) -> Counter[str]:
        """Samples under `used`, or the reason why not: a name of `SENSOR_FAULTS`, or as `Resampler.counts` has it."""
        return self.resampler.counts + self._refused

    @property
    def restarts(self) -> Counter[str]:
        """How often the window began anew, and why, see `Resampler.restarts`."""
        return self.resampler.restarts
