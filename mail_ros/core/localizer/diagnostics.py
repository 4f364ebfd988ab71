"""Whether a localizer works, and if not, why: the contents of `/diagnostics`, decided without ROS."""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.localizer.sensor_watch import SensorWatch
from mail_ros.core.signal.field_units import UNITS_UT, Magnitude, field_fault, magnitude
from mail_ros.core.signal.preprocessor import SENSOR_FAULTS
from mail_ros.core.signal.resampling import RESTARTS
from mail_ros.core.types import NS_PER_S, Estimate, Sample, Status

MAX_OBSERVED = 10_000  # samples that an assessment covers: a rare one covers the last
MAX_OFFSET_S = 5.0  # between stamps and the clock; a busy machine is late by less
MIN_WALL_S = 1e9  # earlier than any wall clock's time: 2001


class Level(IntEnum):
    """Severity; the numbers are those of `diagnostic_msgs/DiagnosticStatus`."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True)
class Assessment:
    """How a localizer performed since the last one."""

    level: Level
    message: str
    values: dict[str, str]

    def warned(self, warning: str) -> Assessment:
        """The assessment with a warning, where there is one."""
        if not warning:
            return self
        return Assessment(max(self.level, Level.WARN), f"{self.message}; {warning}", self.values)


class SampleCounts:
    """What happened to the samples of one localizer since the last report."""

    def __init__(self, localizer: Localizer) -> None:
        """Count from now on."""
        self.localizer = localizer
        self.malformed = 0  # messages that hold no sample
        self._reported = self.counts

    @property
    def counts(self) -> Counter[str]:
        """In all: each sample once, under `used` or the reason why not; and what restarted the window."""
        preprocessor = self.localizer.preprocessor
        return preprocessor.counts + preprocessor.resampler.restarts + Counter(malformed=self.malformed)

    def new(self) -> Counter[str]:
        """Since the last call."""
        counts = self.counts
        new, self._reported = counts - self._reported, counts
        return new


class Diagnostics:
    """Observes a localizer from beside; it does no work on the way of a sample."""

    def __init__(
        self,
        localizer: Localizer,
        now_ns: Callable[[], int],
        about: Mapping[str, str],
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Observe from now on.

        Args:
            localizer: the observed one.
            now_ns: the clock that stamps samples.
            about: entries that every assessment repeats, such as the model's name.
            steady_s: the clock of rates.
        """
        self.localizer, self.now_ns, self.about, self.steady_s = localizer, now_ns, dict(about), steady_s
        self.counts, self.sensors = SampleCounts(localizer), SensorWatch()
        self._newest_ns: int | None = None
        self.begin()

    def begin(self) -> None:
        """Start a new interval."""
        self.counts.new()
        self._since_s = self.steady_s()
        self._field_ut = deque[float](maxlen=MAX_OBSERVED)  # |B| of each sample, including rejected ones
        self._interval_s = deque[float](maxlen=MAX_OBSERVED)  # between their stamps
        self._latency_s = deque[float](maxlen=MAX_OBSERVED)  # age of each estimate when it was made
        self._behind_s = deque[float](maxlen=MAX_OBSERVED)  # from each sample's stamp to the clock

    def observe(self, sample: Sample, estimate: Estimate | None) -> None:
        """Record a sample that was pushed, and the estimate that it gave."""
        scale = self.localizer.compensation.robot.field_scale
        self._field_ut.append(scale * math.hypot(*sample.field_ut.tolist()))
        now_ns = self.now_ns()
        self._behind_s.append((now_ns - sample.stamp_ns) / NS_PER_S)
        if self._newest_ns is not None:
            self._interval_s.append((sample.stamp_ns - self._newest_ns) / NS_PER_S)
        self._newest_ns = sample.stamp_ns
        if estimate is not None:
            self._latency_s.append((now_ns - estimate.stamp_ns) / NS_PER_S)

    def assess(self, why_silent: Callable[[], str] = str) -> Assessment:
        """Assess the interval since the last call, or since the start.

        Args:
            why_silent: explains why no samples arrive; called where none did.
        """
        elapsed_s = max(self.steady_s() - self._since_s, 1e-9)
        new, fill = self.counts.new(), self.localizer.window.fill
        received = sum(count for name, count in new.items() if name not in RESTARTS)
        field = magnitude(self._field_ut)
        interval_s, latency_s = list(self._interval_s) or [math.nan], list(self._latency_s) or [math.nan]
        usual_s = statistics.median(interval_s)
        values = {
            "status": (self.localizer.status if new["used"] else Status.SENSOR_FAULT).name,
            "window filled": f"{fill:.0%}",
            "rate, Hz": f"{received / elapsed_s:.1f}",
            "jitter, ms": f"{1e3 * statistics.median(abs(each - usual_s) for each in interval_s):.1f}",
            "longest interval, ms": f"{1e3 * max(interval_s):.1f}",
            "received": str(received),
            "used": str(new["used"]),
            **{name: str(count) for name, count in sorted(new.items()) if name != "used"},
            "|B| median, µT": f"{field.median_ut:.4g}",
            "poses": str(len(self._latency_s)),
            "latency median, ms": f"{1e3 * statistics.median(latency_s):.1f}",
            "latency max, ms": f"{1e3 * max(latency_s):.1f}",
            **self.about,
        }
        clocks = clock_fault(statistics.median(self._behind_s), self.now_ns()) if self._behind_s else ""
        self.begin()
        if not new:
            return Assessment(Level.ERROR, ": ".join(filter(None, ["no samples", why_silent()])), values)
        return Assessment(*_judged(new, field, self.localizer.status, fill), values).warned(clocks)


def _judged(new: Counter[str], field: Magnitude, status: Status, fill: float) -> tuple[Level, str]:
    """The worst problem first; its consequences are not listed."""
    if fault := field_fault(field):
        scale = f", or this one be started with field_scale:={1.0 / UNITS_UT[fault.unit]:g}" if fault.unit else ""
        return Level.ERROR, f"{fault}{scale}"
    words = rejected(new)
    if status is Status.SENSOR_FAULT:
        worst = max(SENSOR_FAULTS, key=lambda fault: new[fault])
        return Level.ERROR, f"{status.name}: {SENSOR_FAULTS[worst]}; {words}"
    if not new["used"]:
        return Level.ERROR, f"no sample was used: {words}"
    state = f"FILLING, {fill:.0%}" if status is Status.FILLING else status.name
    usual = (status.is_trusted or status is Status.FILLING) and not words
    return Level.OK if usual else Level.WARN, "; ".join(filter(None, [state, words]))


def clock_fault(behind_s: float, now_ns: int, stamps: str = "stamps", max_offset_s: float = MAX_OFFSET_S) -> str:
    """What is wrong with stamps that are so far behind the clock of the node, in seconds; empty where nothing is.

    `stamps` names them in the text; a smaller offset than `max_offset_s` is no fault.

    >>> clock_fault(0.2, 1_700_000_000_000_000_000)
    ''
    >>> clock_fault(1_699_990_000.0, 1_700_000_000_000_000_000)
    'stamps are 1.7e+09 s behind this clock: they seem to count from the start of the machine, or of a simulation'
    """
    if abs(behind_s) <= max_offset_s:
        return ""
    if now_ns == 0:
        return "use_sim_time is set and /clock is silent"
    fault = f"{stamps} are {abs(behind_s):.3g} s {'behind' if behind_s > 0 else 'ahead of'} this clock"
    now_s = now_ns / NS_PER_S
    if now_s - behind_s < MIN_WALL_S < now_s:
        return f"{fault}: they seem to count from the start of the machine, or of a simulation"
    if now_s < MIN_WALL_S < now_s - behind_s:
        return f"{fault}: use_sim_time is set, and the driver does not follow /clock"
    return f"{fault}: set the clocks, or use_sim_time where a bag is replayed"


def rejected(counts: Counter[str]) -> str:
    """How many samples were used, and how many rejected and why; empty where all were used.

    >>> rejected(Counter(used=40, late=2, gap=1))
    '40 used, 1 gap, 2 late'
    """
    if not counts.keys() - {"used"}:
        return ""
    reasons = (f"{count} {reason}" for reason, count in sorted(counts.items()) if reason != "used")
    return ", ".join([f"{counts['used']} used", *reasons])
