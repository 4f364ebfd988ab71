"""Faults of a magnetometer and its driver that a localizer must survive.

walk, over and over --> Driver.send(fault, count) --> readings, some without a valid stamp or field
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from mail_ros.core.types import NS_PER_S, FloatArray

START_NS = 1_700_000_000 * NS_PER_S
RATES_HZ = (20.0, 50.0, 100.0, 200.0)


class Reading(NamedTuple):
    """One reading of a driver."""

    stamp_ns: int | None  # None: an invalid number of nanoseconds
    field_ut: FloatArray  # (3,)


class Driver:
    """Sends the field of a walk repeatedly, as time goes on, changed by a fault."""

    def __init__(self, field_ut: FloatArray, random: np.random.Generator, noise_ut: float = 0.2) -> None:
        """Begin at the start of a walk.

        Args:
            field_ut: (n, 3) of a walk, at 50 Hz.
            random: generator of noise and faults.
            noise_ut: noise of the sensor, added to the walk: its repetitions differ.
        """
        self.field_ut, self.random, self.noise_ut = field_ut, random, noise_ut
        self.now_ns, self.rate_hz, self._at_s = START_NS, 50.0, 0.0

    def send(self, fault: str, count: int) -> Iterator[Reading]:
        """`count` readings with one of `FAULTS`; fewer if the fault loses some."""
        return FAULTS[fault](self, count)

    def good(self, count: int) -> Iterator[Reading]:
        """Readings without a fault."""
        for _ in range(count):
            step_s = 1.0 / self.rate_hz
            self.now_ns += round(step_s * NS_PER_S)
            self._at_s += step_s
            row = int(self._at_s * 50.0) % len(self.field_ut)
            yield Reading(self.now_ns, self.field_ut[row] + self.random.normal(0.0, self.noise_ut, 3))

    def _lost(self, count: int) -> Iterator[Reading]:
        yield from (reading for reading in self.good(count) if self.random.random() > 0.2)

    def _hole(self, count: int) -> Iterator[Reading]:
        self.now_ns += round(self.random.uniform(0.1, 60.0) * NS_PER_S)
        yield from self.good(count)

    def _set_back(self, count: int) -> Iterator[Reading]:
        self.now_ns -= round(self.random.uniform(0.1, 3600.0) * NS_PER_S)
        yield from self.good(count)

    def _jittered(self, count: int) -> Iterator[Reading]:
        for reading in self.good(count):
            yield Reading(self.now_ns + round(self.random.normal(0.0, 0.4) / self.rate_hz * NS_PER_S), reading.field_ut)

    def _twice(self, count: int) -> Iterator[Reading]:
        for reading in self.good(count // 2):
            yield from (reading, reading)

    def _disordered(self, count: int) -> Iterator[Reading]:
        readings = list(self.good(count))
        for at in self.random.permutation(max(len(readings) - 1, 0))[: len(readings) // 4]:
            readings[at], readings[at + 1] = readings[at + 1], readings[at]
        yield from readings

    def _faster(self, count: int) -> Iterator[Reading]:
        self.rate_hz = float(self.random.choice(RATES_HZ))
        yield from self.good(count)

    def _stuck(self, count: int) -> Iterator[Reading]:
        held_ut = self.field_ut[0]
        yield from (Reading(reading.stamp_ns, held_ut) for reading in self.good(count))

    def _saturated(self, count: int) -> Iterator[Reading]:
        yield from (Reading(each.stamp_ns, np.array([*each.field_ut[:2], 130.0])) for each in self.good(count))

    def _without_stamp(self, count: int) -> Iterator[Reading]:
        yield from (Reading(0, reading.field_ut) for reading in self.good(count))

    def _impossible_stamp(self, count: int) -> Iterator[Reading]:
        yield from (Reading(None, reading.field_ut) for reading in self.good(count))

    def _any_stamp(self, count: int) -> Iterator[Reading]:
        for reading in self.good(count):
            yield Reading(int(self.random.integers(-(2**31), 2**31)) * NS_PER_S, reading.field_ut)


def _times(factor: float) -> Callable[[Driver, int], Iterator[Reading]]:
    def send(driver: Driver, count: int) -> Iterator[Reading]:
        yield from (Reading(reading.stamp_ns, factor * reading.field_ut) for reading in driver.good(count))

    return send


FAULTS: Mapping[str, Callable[[Driver, int], Iterator[Reading]]] = {
    "none": Driver.good,
    "lost": Driver._lost,
    "hole": Driver._hole,
    "set back": Driver._set_back,
    "jittered": Driver._jittered,
    "twice": Driver._twice,
    "disordered": Driver._disordered,
    "another rate": Driver._faster,
    "stuck": Driver._stuck,
    "saturated": Driver._saturated,
    "without stamp": Driver._without_stamp,
    "impossible stamp": Driver._impossible_stamp,
    "any stamp": Driver._any_stamp,
    "NaN": _times(np.nan),
    "infinite": _times(np.inf),
    "zero": _times(0.0),
    "microtesla": _times(1e6),
    "huge": _times(1e300),
}
