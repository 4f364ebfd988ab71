"""Units of a field: whether its magnitude is that of a building in tesla, and else what the sensor likely sends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from mail_ros.core.signal.preprocessor import PLAUSIBLE_UT, plausible

EARTH_UT = (15.0, 120.0)  # |B| by which a unit is recognized: less than a factor of ten wide, so that one fits at most
UNITS_UT: Mapping[str, float] = {  # µT per unit that a driver may put into a message whose unit is tesla
    "millitesla": 1e3,
    "gauss": 1e4,
    "microtesla": 1e6,
    "milligauss": 1e7,
    "nanotesla": 1e9,
    "tesla scaled from microtesla twice": 1e-6,
}
UNITS_PER_UT: Mapping[str, float] = {  # number of units in a µT
    "tesla": 1e-6,
    "millitesla": 1e-3,
    "gauss": 1e-2,
    "microtesla": 1.0,
    "milligauss": 10.0,
    "nanotesla": 1e3,
}
UNCALIBRATED_UT = 3000.0  # a phone's hard iron is several hundred µT
SAME = 2e-3  # relative: normalised vectors, printed with three digits, differ by less, and fields of buildings by more
MIN_SAMPLES = 20  # fewer may be constant by chance
NORMALISED = "the field is normalised: switch that off in the driver, since its magnitude tells positions apart"
OFFSET = "an uncalibrated sensor: use its calibrated field, or write its offset as hard_iron_ut into a robot file"


class Magnitude(NamedTuple):
    """Typical |B| of some samples."""

    median_ut: float  # robust to single outliers; NaN without a finite sample
    is_normalised: bool = False  # 1 in some unit, in all samples alike


UNKNOWN = Magnitude(math.nan)


class FieldFault(NamedTuple):
    """Why a field cannot be that of a building."""

    found: str
    cause: str
    unit: str = ""  # key of `UNITS_UT`, where one explains the magnitude

    def __str__(self) -> str:
        """Both, as one line."""
        return f"{self.found}: {self.cause}"


def magnitude(values_ut: Iterable[float]) -> Magnitude:
    """Typical |B| of samples, µT; those that are not finite are left out.

    >>> magnitude([100.0] * 30)
    Magnitude(median_ut=100.0, is_normalised=True)
    """
    values = np.fromiter(values_ut, np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return UNKNOWN
    low, median, high = (float(value) for value in np.quantile(values, (0.05, 0.5, 0.95)))
    if len(values) < MIN_SAMPLES or not 0.0 < median < 1e15 or high - low > SAME * median:
        return Magnitude(median)
    return Magnitude(median, abs(median / 10.0 ** round(math.log10(median)) - 1.0) < SAME)


def field_fault(field: Magnitude) -> FieldFault | None:
    """What is wrong with a typical |B|; None where it is plausible, or not known.

    >>> print(field_fault(Magnitude(480_000.0)))
    |B| is 4.8e+05 µT: the driver seems to send gauss, and must send tesla
    >>> field_fault(Magnitude(48.0))
    """
    median_ut = field.median_ut
    if not math.isfinite(median_ut):
        return None
    if field.is_normalised:
        return FieldFault(f"|B| is {median_ut:.3g} µT in all samples", NORMALISED)
    if plausible([median_ut]):
        return None
    found = f"|B| is {median_ut:.3g} µT"
    if unit := likely_unit(median_ut):
        return FieldFault(found, f"the driver seems to send {unit}, and must send tesla", unit)
    if PLAUSIBLE_UT[1] < median_ut <= UNCALIBRATED_UT:
        return FieldFault(found, OFFSET)
    return FieldFault(found, "no magnetic field of a building")


def likely_unit(field: float, units: Mapping[str, float] = UNITS_UT) -> str:
    """The unit in which a typical |B| would be the Earth's, of some units by their number in a µT; empty if none."""
    low, high = EARTH_UT
    return next((name for name, factor in units.items() if low <= field / factor <= high), "")
