"""Attitudes: quaternions do what rotation matrices do, and a heading is not changed by a tilt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mail_ros.core.signal.attitude import (
    AttitudeBuffer,
    about_vertical,
    heading_rad,
    inverse,
    product,
    rotate,
    unit,
    with_heading,
)
from mail_ros.core.types import FloatArray

ANGLE = st.floats(-math.pi, math.pi)
TILT = st.floats(-1.5, 1.5)  # short of upside down, where no heading is left
VECTOR = st.tuples(*[st.floats(-100.0, 100.0)] * 3).map(np.array)


def _unit(parts: tuple[float, ...]) -> FloatArray:
    length = math.hypot(*parts)
    assume(length > 0.1)
    return np.array(parts) / length


ATTITUDE = st.tuples(*[st.floats(-1.0, 1.0)] * 4).map(_unit)


def matrix(xyzw: FloatArray) -> FloatArray:
    found: FloatArray = Rotation.from_quat(xyzw).as_matrix()
    return found


def tilted(direction_rad: float, angle_rad: float) -> FloatArray:
    """A rotation about a horizontal axis."""
    x, y = math.sin(angle_rad / 2) * np.array([math.cos(direction_rad), math.sin(direction_rad)])
    return np.array([x, y, 0.0, math.cos(angle_rad / 2)])


def between_rad(one: float, other: float) -> float:
    return abs((one - other + math.pi) % (2.0 * math.pi) - math.pi)


@given(ATTITUDE, ATTITUDE, VECTOR)
def test_rotations_compose_as_matrices_do(first: FloatArray, then: FloatArray, vector: FloatArray) -> None:
    assert matrix(product(first, then)) == pytest.approx(matrix(first) @ matrix(then), abs=1e-9)
    assert rotate(first, vector) == pytest.approx(matrix(first) @ vector, abs=1e-9)
    assert rotate(inverse(first), rotate(first, vector)) == pytest.approx(vector, abs=1e-9)


@given(ANGLE, ANGLE, TILT)
def test_no_tilt_changes_the_heading(heading: float, direction: float, tilt: float) -> None:
    """Neither a tilt of the device about its own horizontal axes nor one of the floor under it."""
    for attitude in (
        product(about_vertical(heading), tilted(direction, tilt)),
        product(tilted(direction, tilt), about_vertical(heading)),
    ):
        assert between_rad(heading_rad(attitude), heading) < 1e-9
        assert between_rad(heading_rad(-3.0 * attitude), heading) < 1e-9  # the same rotation, of another length


@given(ANGLE, ANGLE, ANGLE, TILT)
def test_another_heading_keeps_the_tilt(before: float, after: float, direction: float, tilt: float) -> None:
    attitude = product(about_vertical(before), tilted(direction, tilt))
    other = with_heading(attitude, after)
    assert between_rad(heading_rad(other), after) < 1e-9
    up = np.array([0.0, 0.0, 1.0])  # the vertical, in the device's axes
    assert rotate(inverse(other), up) == pytest.approx(rotate(inverse(attitude), up), abs=1e-9)


@pytest.mark.parametrize("none", [np.zeros(4), np.full(4, np.nan), np.array([np.inf, 0, 0, 1]), np.full(4, 10.0)])
def test_an_invalid_quaternion_is_refused(none: FloatArray) -> None:
    assert unit(none) is None


def test_an_attitude_of_nearly_length_one_is_made_so() -> None:
    found = unit(np.array([0.0, 0.0, 0.8, 0.8]))
    assert found is not None
    assert found == pytest.approx(about_vertical(math.pi / 2))


# --- inertial unit and wheels together -----------------------------------------------------------


def test_nothing_is_known_before_the_first_message() -> None:
    buffer = AttitudeBuffer()
    assert np.isnan(buffer.newest).all()
    buffer.update_imu(np.zeros(4))
    buffer.update_wheels(math.nan)
    assert np.isnan(buffer.newest).all()


def test_wheels_alone_are_level() -> None:
    buffer = AttitudeBuffer()
    buffer.update_wheels(0.7)
    buffer.update_wheels(math.inf)
    assert buffer.newest == pytest.approx(about_vertical(0.7))


def test_an_inertial_unit_alone_gives_tilt_and_heading() -> None:
    buffer, attitude = AttitudeBuffer(), product(about_vertical(2.0), tilted(0.4, 0.2))
    buffer.update_imu(1.2 * attitude)
    buffer.update_imu(np.full(4, np.nan))
    assert buffer.newest == pytest.approx(attitude)


@pytest.mark.parametrize("wheels_first", [True, False])
def test_the_inertial_unit_gives_the_tilt_and_the_wheels_the_heading(wheels_first: bool) -> None:
    buffer = AttitudeBuffer()
    if wheels_first:
        buffer.update_wheels(-1.0)
    buffer.update_imu(product(about_vertical(2.0), tilted(0.4, 0.2)))
    if not wheels_first:
        buffer.update_wheels(-1.0)
    assert buffer.newest == pytest.approx(product(about_vertical(-1.0), tilted(0.4, 0.2)))
    buffer.reset()
    assert np.isnan(buffer.newest).all()


@given(ATTITUDE, ANGLE, ANGLE, TILT)
def test_a_mount_of_the_inertial_unit_is_removed(
    mount: FloatArray, heading: float, direction: float, tilt: float
) -> None:
    """The unit's axes are the body's, rotated by the mount; the buffer holds the body's attitude."""
    body = product(about_vertical(heading), tilted(direction, tilt))
    buffer = AttitudeBuffer(mount)
    buffer.update_imu(product(body, mount))
    assert matrix(buffer.newest) == pytest.approx(matrix(body), abs=1e-9)
