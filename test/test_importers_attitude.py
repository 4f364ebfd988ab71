"""Attitude of imported walks: the log's own, or estimated from rates and accelerations; what is missing is said."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mail_ros.core.errors import BagError
from mail_ros.core.signal.attitude import heading_rad
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.importers.estimated_attitude import ATTITUDE, ESTIMATED, inertial_series
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.imported_walk import ImportedWalk, InertialReadings, Series
from mail_ros.data.messages import IMU_TYPE, decode, decode_imu, encode_imu
from mail_ros.data.track import ImuSeries

START_NS = 1_700_000_000 * NS_PER_S
GRAVITY = (0.0, 0.0, 9.81)


def series(values: FloatArray, rate_hz: float = 100.0, start_s: float = 0.0) -> Series:
    stamp_ns = START_NS + np.round((start_s + np.arange(len(values)) / rate_hz) * NS_PER_S).astype(np.int64)
    return Series(stamp_ns, values)


def quarter_rotation() -> InertialReadings:
    """Half a second at rest, then 90° to the left within two seconds, level."""
    rates = np.zeros((250, 3))
    rates[50:, 2] = np.pi / 4.0
    return InertialReadings(None, series(rates), series(np.tile(GRAVITY, (300, 1)), 120.0))


def joined(first: Series, second: Series) -> Series:
    return Series(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def walk(inertial: InertialReadings) -> ImportedWalk:
    stamp_ns = START_NS + np.arange(2) * NS_PER_S
    return ImportedWalk("walk", stamp_ns, np.tile([20.0, 0.0, -44.0], (2, 1)), (), inertial=inertial)


def test_rates_and_accelerations_give_an_attitude_which_the_bag_names() -> None:
    done = finished(walk(quarter_rotation()), "walk.csv")
    assert done.imu is not None
    assert len(done.imu.stamp_ns) == 250
    assert heading_rad(done.imu.orientation_xyzw[-1]) == pytest.approx(np.pi / 2.0, abs=0.03)
    assert np.linalg.norm(done.imu.orientation_xyzw[:, :2], axis=1).max() < 0.01, "level"
    assert done.notes[ATTITUDE] == ESTIMATED
    (remark,) = done.remarks
    assert "it is estimated from rates and accelerations, and its heading drifts" in remark.found


def test_a_device_that_is_tilted_reads_as_tilted() -> None:
    up = np.tile([0.0, 9.81 * np.sin(0.5), 9.81 * np.cos(0.5)], (300, 1))
    imu, _ = inertial_series(InertialReadings(None, series(np.zeros((300, 3))), series(up)), "")
    assert imu is not None
    assert imu.orientation_xyzw[-1] == pytest.approx([np.sin(0.25), 0.0, 0.0, np.cos(0.25)], abs=1e-3)


def test_the_heading_goes_on_after_a_hole_however_long() -> None:
    """A clock that jumps forty days costs no memory."""
    first = quarter_rotation()
    assert first.rate_rad_s is not None
    assert first.acceleration_m_s2 is not None
    later = series(np.zeros((100, 3)), start_s=40 * 86_400.0), series(np.tile(GRAVITY, (100, 1)), start_s=40 * 86_400.0)
    readings = InertialReadings(None, joined(first.rate_rad_s, later[0]), joined(first.acceleration_m_s2, later[1]))
    imu, _ = inertial_series(readings, "")
    assert imu is not None
    assert len(imu.stamp_ns) == 350
    assert heading_rad(imu.orientation_xyzw[-1]) == pytest.approx(np.pi / 2.0, abs=0.03)


ATTITUDES = series(np.tile([0.0, 0.0, 0.0, 1.0], (100, 1)))
RATES, DOWN = series(np.zeros((100, 3))), series(np.tile(GRAVITY, (100, 1)))


@pytest.mark.parametrize(
    ("readings", "kept", "remark"),
    [
        (InertialReadings(ATTITUDES, RATES, DOWN), True, ""),
        (InertialReadings(ATTITUDES, None, DOWN), True, "an attitude without rates: the attitude is kept"),
        (InertialReadings(ATTITUDES, RATES, None), True, "without accelerations: the attitude is kept; steps need acc"),
        (InertialReadings(None, RATES, None), False, "rates without an attitude, or both of them: left out"),
        (InertialReadings(None, None, DOWN), False, "accelerations without an attitude, or both of them: left out"),
        (
            InertialReadings(None, RATES, Series(DOWN.stamp_ns, DOWN.values * 0.01)),
            False,
            "of 0.0981 m/s² in the",
        ),
        (InertialReadings(None, RATES, series(DOWN.values, 5.0)), False, "without 10 Hz of both at the same time"),
        (InertialReadings(None, RATES, series(DOWN.values, start_s=60.0)), False, "without 10 Hz of both"),
        (InertialReadings(), False, ""),
    ],
)
def test_what_is_kept_and_what_is_left_out(readings: InertialReadings, kept: bool, remark: str) -> None:
    imu, remarks = inertial_series(readings, "")
    assert (imu is not None) == kept
    assert len(remarks) == bool(remark)
    assert all(remark in str(each) for each in remarks)


def test_what_is_not_measured_has_a_covariance_of_minus_one() -> None:
    unknown = np.full(3, np.nan)
    imu, _ = inertial_series(InertialReadings(ATTITUDES, None, DOWN), "")
    assert isinstance(imu, ImuSeries)
    cdr = encode_imu(START_NS, imu.orientation_xyzw[0], imu.rate_rad_s[0], imu.acceleration_m_s2[0], "imu_link")
    message = decode(cdr, IMU_TYPE)
    assert message.angular_velocity_covariance[0] == -1.0
    assert (message.orientation_covariance[0], message.angular_velocity.z) == (0.0, 0.0)
    assert decode_imu(cdr) is not None, "steps need no rates"
    cdr = encode_imu(START_NS, np.full(4, np.nan), unknown, unknown, "imu_link")
    assert decode(cdr, IMU_TYPE).orientation.w == 1.0
    assert decode_imu(cdr) is None


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vqf", None)
    with pytest.raises(BagError, match=r"walk.csv: wanted the package vqf, .* install the extra `logs`"):
        finished(walk(quarter_rotation()), "walk.csv")
