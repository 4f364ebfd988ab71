"""What happens to a magnetometer's samples: resampled to rows, or rejected and counted under the reason.

    Sample --> SensorCheck --> Axes --> TimeResampler or DistanceResampler --> Row
    any rate   a valid field?           by time, or by distance travelled

Training, evaluation and the robot all read samples through this class: what one rejects, no other learns from.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import UPRIGHT
from mail_ros.core.signal.axes import AXES, AxesKind
from mail_ros.core.signal.distance import DistanceResampler
from mail_ros.core.signal.path_resampling import PathResampler
from mail_ros.core.signal.resampling import TimeResampler
from mail_ros.core.signal.sampling import Sampling, TimeSampling
from mail_ros.core.types import NS_PER_S, FloatArray, Row, Sample

PLAUSIBLE_UT = (5.0, 300.0)  # |B| in a building, including near steel and a robot's body
HELD_S = 2.0  # a working sensor is noisy: equal readings for this long are a fault. On real walks: 0.12 s at most
LIMIT_UT = 80.0  # an axis that reads the same for `HELD_S` is saturated beyond this, and may be quiet below
NO_MOVE_M = np.zeros(2)
SENSOR_FAULTS: Mapping[str, str] = {
    "not_finite": "an axis reads NaN or infinity",
    "implausible": f"|B| is not within {PLAUSIBLE_UT[0]:g} to {PLAUSIBLE_UT[1]:g} µT",
    "stuck": f"all axes read exactly the same for {HELD_S:g} s: a stuck sensor, or a simulated one without noise",
    "saturated": f"an axis reads exactly the same for {HELD_S:g} s, beyond {LIMIT_UT:g} µT: it is at its limit",
    "no_odometry": "no finite odometry comes with the field",
    "no_attitude": "no finite attitude comes with the field",
}


def plausible(field_ut: Sequence[float]) -> bool:
    """Whether a reading, three axes in µT, can be a magnetic field in a building."""
    low, high = PLAUSIBLE_UT
    return low <= math.hypot(*field_ut) <= high  # NaN fails


class SensorCheck:
    """Separates readings from sensor faults."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Drop earlier readings."""
        self._read: tuple[float, ...] = (math.nan,) * 3
        self._newest_ns = 0
        self._since_ns = [0, 0, 0]  # since when each axis reads its value

    def fault(self, stamp_ns: int, field_ut: FloatArray) -> str | None:
        """The fault of a reading, (3,) µT: a name of `SENSOR_FAULTS`, or None."""
        read = tuple(field_ut.tolist())
        if not plausible(read):
            return "implausible" if all(map(math.isfinite, read)) else "not_finite"
        hole = stamp_ns - self._newest_ns > 0.5 * HELD_S * NS_PER_S
        before, self._read, self._newest_ns = self._read, read, stamp_ns
        held = 0
        saturated = False
        for axis, value in enumerate(read):
            if hole or stamp_ns < self._since_ns[axis] or value != before[axis]:
                self._since_ns[axis] = stamp_ns
            elif stamp_ns - self._since_ns[axis] >= HELD_S * NS_PER_S:
                held += 1
                saturated |= abs(value) > LIMIT_UT
        return "stuck" if held == 3 else "saturated" if saturated else None


class Preprocessor:
    """Converts samples to rows one by one; every sample is in `counts` exactly once."""

    def __init__(
        self,
        sampling: Sampling,
        axes: AxesKind = "device",
        *,
        needs_odometry: bool = False,
        along_path: bool = False,
    ) -> None:
        """Start empty.

        Args:
            sampling: of the rows.
            axes: of the rows.
            needs_odometry: reject samples whose odometry is not finite, also where sampling is by time.
            along_path: rows of positions, see `signal.path_resampling`; sampling is by distance.
        """
        self.axes, self.sensor = AXES[axes], SensorCheck()
        self.resampler: TimeResampler | DistanceResampler | PathResampler
        if isinstance(sampling, TimeSampling):
            self.resampler = TimeResampler(sampling.rate_hz, sampling.max_gap_s)
        else:
            resampler = PathResampler if along_path else DistanceResampler
            self.resampler = resampler(sampling.per_m, sampling.max_gap_m)
        self._needs_odometry = needs_odometry or not isinstance(self.resampler, TimeResampler)
        self._rejected: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Drop the samples so far, keep the counts."""
        self.resampler.reset()
        self.sensor.reset()
        self.elapsed_ns = 0  # between the last two samples that were used, negative where the clock was set back
        self.moved_m = NO_MOVE_M  # (2,) by the last sample's odometry, zeros where it has none
        self._valid_ns: int | None = None  # stamp of the last valid reading
        self.faulty = False  # no reading was valid for longer than `max_gap`

    def push(self, sample: Sample) -> list[Row]:
        """Process one sample; return the rows that it completes, oldest first.

        Raises:
            TrackError: the sample lacks odometry or attitude, which sampling, axes or filter need.
        """
        self.elapsed_ns = 0
        if not self._move(sample):
            return self._reject(sample, "no_odometry")
        if (fault := self.sensor.fault(sample.stamp_ns, sample.field_ut)) is not None:
            return self._reject(sample, fault)
        attitude = self._attitude(sample) if self.axes.needs_attitude else UPRIGHT
        values = self.axes.row(sample.field_ut, attitude)
        if values is None:
            return self._reject(sample, "no_attitude")
        self._valid_ns, self.faulty = sample.stamp_ns, False
        before_ns = self.resampler.newest_ns
        if isinstance(self.resampler, PathResampler):
            rows = self.resampler.push(sample.stamp_ns, values, arm_m(sample.lever_m, values[3:5]))
        else:
            rows = self.resampler.push(sample.stamp_ns, values)
        newest_ns = self.resampler.newest_ns
        self.elapsed_ns = 0 if before_ns is None or newest_ns is None else newest_ns - before_ns
        return rows

    def _move(self, sample: Sample) -> bool:
        """Keep the sample's displacement; False where it is needed and not finite."""
        self.moved_m = NO_MOVE_M
        if sample.moved_m is None:
            if self._needs_odometry:
                raise _missing("a localizer with odometry", "odometry", "use tracker walking")
            return True
        if not all(map(math.isfinite, sample.moved_m.tolist())):
            return not self._needs_odometry
        self.moved_m = sample.moved_m
        if not isinstance(self.resampler, TimeResampler):
            self.resampler.move(sample.moved_m)
        return True

    def _attitude(self, sample: Sample) -> FloatArray:
        if sample.attitude_xyzw is None:
            raise _missing("a gravity-aligned model", "an attitude", "train with --set axes=device")
        return sample.attitude_xyzw

    def _reject(self, sample: Sample, fault: str) -> list[Row]:
        """Leave a sample out, and count it under a name of `SENSOR_FAULTS`."""
        self._rejected[fault] += 1
        if self._valid_ns is None or abs(sample.stamp_ns - self._valid_ns) > self.resampler.max_gap_ns:
            self.faulty = True
        return []

    @property
    def counts(self) -> Counter[str]:
        """Samples under `used` or the reason why not: a name of `SENSOR_FAULTS`, or as in `Admission.counts`."""
        return self.resampler.counts + self._rejected


def arm_m(lever_m: tuple[float, float], heading: FloatArray) -> FloatArray:
    """A lever, ahead and left of the device, as an arm (..., 2) at headings (..., 2), cosine and sine."""
    rotated = (heading[..., 0] + 1j * heading[..., 1]) * complex(*lever_m)
    return np.stack([rotated.real, rotated.imag], axis=-1)


def _missing(reader: str, wanted: str, instead: str) -> TrackError:
    fix = f"record /odom or /imu/data, or {instead}"
    return TrackError(reader, wanted=f"{wanted} in every sample", found="a sample without", fix=fix)
