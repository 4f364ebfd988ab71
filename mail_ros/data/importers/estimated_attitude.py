"""The inertial readings of an imported walk, with an attitude that the log has or that is estimated from the others.

    attitude, accelerations, rates   as they are, at the attitude's stamps
    attitude and a part of these     the rest is written as not measured
    rates and accelerations          attitude by VQF, without the magnetometer: indoors its heading is what we measure

VQF: Laidig and Seel, "VQF: Highly accurate IMU orientation estimation with bias estimation and magnetic disturbance
rejection", Information Fusion 91, 2023. The bias of the gyroscope is estimated at rest only: while a person walks,
the estimate follows the steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mail_ros.core.signal.attitude import about_vertical, heading_rad, product
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.importers.imported_walk import InertialReadings, Series, at_stamps, missing_package
from mail_ros.data.remark import Remark
from mail_ros.data.track import ImuSeries

ATTITUDE = "attitude"  # key in a bag's notes, and name of the remark
ESTIMATED = "estimated by VQF from rates and accelerations, without magnetometer; heading from 0"
MAX_GAP_S = 0.5  # a longer hole in rates or accelerations restarts the tilt
RATES_HZ = (10.0, 200.0)  # lowest rate for an attitude, and the highest that is kept
GRAVITY_M_S2 = (7.0, 13.0)  # median acceleration of a device, gravity included
MAX_RAD_S, MAX_M_S2 = 100.0, 1000.0  # beyond any sensor


def inertial_series(readings: InertialReadings | None, source: object) -> tuple[ImuSeries | None, tuple[Remark, ...]]:
    """One reading per attitude, and remarks about what is estimated or left out.

    Raises:
        BagError: attitude must be estimated, and the package `vqf` is not installed.
    """
    attitude, rate, acceleration = (_usable(series) for series in readings or InertialReadings())
    if attitude is not None:
        return _with_attitude(attitude, rate, acceleration)
    if rate is None or acceleration is None:
        given = [name for name, each in (("rates", rate), ("accelerations", acceleration)) if each is not None]
        return None, _left_out(" and ".join(given), "without an attitude, or both of them") if given else ()
    magnitude_m_s2 = float(np.median(np.linalg.norm(acceleration.values, axis=1)))
    if not GRAVITY_M_S2[0] <= magnitude_m_s2 <= GRAVITY_M_S2[1]:
        found = f"of {magnitude_m_s2:.3g} m/s² in the median, where gravity is 9.8"
        return None, _left_out("rates and accelerations", found)
    imu = _estimated(rate, acceleration, source)
    if imu is None:
        return None, _left_out("rates and accelerations", f"without {RATES_HZ[0]:g} Hz of both at the same time")
    found = "no attitude in the log: it is estimated from rates and accelerations, and its heading drifts"
    return imu, (Remark(ATTITUDE, found, "record the device's own attitude too, where the app has it"),)


def _with_attitude(
    attitude: Series, rate: Series | None, acceleration: Series | None
) -> tuple[ImuSeries, tuple[Remark, ...]]:
    unknown = np.full((len(attitude.stamp_ns), 3), np.nan)
    missing = [name for name, each in (("rates", rate), ("accelerations", acceleration)) if each is None]
    found = f"an attitude without {' and '.join(missing)}: the attitude is kept"
    fix = "steps need accelerations" if acceleration is None else "nothing here needs rates"
    remarks = (Remark("inertial", found, fix),) if missing else ()
    values = [unknown if each is None else at_stamps(each, attitude.stamp_ns) for each in (rate, acceleration)]
    return ImuSeries(attitude.stamp_ns, attitude.values, *values), remarks


def _left_out(what: str, why: str) -> tuple[Remark, ...]:
    return (Remark("inertial", f"{what} {why}: left out", "record attitude, or rates and accelerations"),)


def _usable(series: Series | None) -> Series | None:
    """Finite readings in order of time; None without any."""
    if series is None:
        return None
    finite = np.flatnonzero(np.isfinite(series.values).all(axis=1))
    order = finite[np.argsort(series.stamp_ns[finite], kind="stable")]
    return Series(series.stamp_ns[order], series.values[order]) if len(order) else None


def _estimated(rate: Series, acceleration: Series, source: object) -> ImuSeries | None:
    """An attitude for every uninterrupted part; the heading goes on over holes. None without such a part."""
    parts: list[ImuSeries] = []
    yaw_rad = 0.0
    for stamp_ns in _parts(rate, acceleration):
        rates = np.clip(at_stamps(rate, stamp_ns), -MAX_RAD_S, MAX_RAD_S)
        accelerations = np.clip(at_stamps(acceleration, stamp_ns), -MAX_M_S2, MAX_M_S2)
        quaternion = _vqf(rates, accelerations, float(np.diff(stamp_ns[:2])[0]) / NS_PER_S, source)
        if yaw_rad:
            quaternion = np.array([product(about_vertical(yaw_rad), each) for each in quaternion])
        yaw_rad = heading_rad(quaternion[-1])
        parts.append(ImuSeries(stamp_ns, quaternion, rates, accelerations))
    return ImuSeries(*(np.concatenate(column) for column in zip(*parts, strict=True))) if parts else None


def _parts(rate: Series, acceleration: Series) -> Iterator[IntArray]:
    """Evenly spaced stamps (n,) of each time for which both sensors have readings."""
    usual_ns = max(_usual_step_ns(rate), _usual_step_ns(acceleration), NS_PER_S / RATES_HZ[1])
    if usual_ns > NS_PER_S / RATES_HZ[0]:
        return
    for start_ns, end_ns in _common(_spans(rate), _spans(acceleration)):
        if end_ns - start_ns >= MAX_GAP_S * NS_PER_S:
            yield start_ns + np.round(np.arange((end_ns - start_ns) // usual_ns + 1) * usual_ns).astype(np.int64)


def _usual_step_ns(series: Series) -> float:
    step_ns = np.diff(series.stamp_ns)
    return float(np.median(step_ns[step_ns > 0])) if (step_ns > 0).any() else np.inf


def _spans(series: Series) -> list[tuple[int, int]]:
    """First and last stamp of each part without a hole."""
    cuts = np.flatnonzero(np.diff(series.stamp_ns) > MAX_GAP_S * NS_PER_S)
    starts, ends = np.append(0, cuts + 1), np.append(cuts, len(series.stamp_ns) - 1)
    return list(zip(series.stamp_ns[starts].tolist(), series.stamp_ns[ends].tolist(), strict=True))


def _common(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Times that are in a span of both."""
    at = other = 0
    while at < len(first) and other < len(second):
        yield max(first[at][0], second[other][0]), min(first[at][1], second[other][1])
        if first[at][1] < second[other][1]:
            at += 1
        else:
            other += 1


def _vqf(rates: FloatArray, accelerations: FloatArray, step_s: float, source: object) -> FloatArray:
    """Attitudes (n, 4), x, y, z, w."""
    try:
        from vqf import VQF
    except ImportError:
        raise missing_package(source, "vqf", "to estimate an attitude from rates and accelerations") from None
    estimated = VQF(step_s, motionBiasEstEnabled=False).updateBatch(rates, accelerations)["quat6D"]
    return np.asarray(estimated, np.float64)[:, [1, 2, 3, 0]]
