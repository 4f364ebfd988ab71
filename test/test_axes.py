"""The axes of a window's field: the device's own, or a gravity-aligned frame that does not rotate with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.attitude import about_vertical, inverse, product, rotate
from mail_ros.core.signal.axes import AXES, AxesKind
from mail_ros.core.types import FloatArray

ANGLE = st.floats(-math.pi, math.pi)
FIELD_UT = np.array([14.0, -9.0, -43.0])  # the building's, in odometry's axes
OWN_UT = np.array([20.0, -5.0, 8.0])  # iron in the device


def held(heading_rad: float, pitch_rad: float = 0.0, roll_rad: float = 0.0) -> FloatArray:
    """Attitude of a device at a heading, tilted."""
    pitch = np.array([0.0, math.sin(pitch_rad / 2), 0.0, math.cos(pitch_rad / 2)])
    roll = np.array([math.sin(roll_rad / 2), 0.0, 0.0, math.cos(roll_rad / 2)])
    return product(about_vertical(heading_rad), product(pitch, roll))


def read(attitude_xyzw: FloatArray) -> FloatArray:
    """The reading of a device without a field of its own."""
    return rotate(inverse(attitude_xyzw), FIELD_UT)


@given(ANGLE, st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
def test_a_gravity_aligned_reading_does_not_depend_on_heading_and_tilt(
    heading: float, pitch: float, roll: float
) -> None:
    attitude = held(heading, pitch, roll)
    row = AXES["gravity"].row(read(attitude), attitude)
    assert row is not None
    assert row[:3] == pytest.approx(FIELD_UT)
    assert math.hypot(row[3], row[4]) == pytest.approx(1.0)
    level = AXES["gravity"].row(FIELD_UT, held(heading))
    assert level is not None
    assert level[3:] == pytest.approx([math.cos(heading), math.sin(heading)])


def test_in_its_own_axes_a_reading_is_unchanged() -> None:
    row = AXES["device"].row(FIELD_UT, np.full(4, np.nan))
    assert row is not None
    assert row.tolist() == FIELD_UT.tolist()


def test_without_an_attitude_there_is_no_gravity_aligned_row() -> None:
    assert AXES["gravity"].row(FIELD_UT, np.full(4, np.nan)) is None
    assert AXES["gravity"].row(FIELD_UT, np.zeros(4)) is None


@pytest.mark.parametrize("kind", ["device", "gravity"])
def test_the_device_s_own_field_is_removed_from_a_window(kind: AxesKind) -> None:
    """A level device that rotates: its iron rotates with it, the building does not."""
    axes = AXES[kind]
    attitudes = [held(angle) for angle in np.linspace(-3.0, 3.0, 25)]
    clean = [axes.row(read(attitude), attitude) for attitude in attitudes]
    bent = [axes.row(read(attitude) + OWN_UT, attitude) for attitude in attitudes]
    window = np.array(bent)
    assert axes.without(window, OWN_UT) == pytest.approx(np.array(clean))
    assert window == pytest.approx(np.array(bent))  # and the given window is unchanged


@pytest.mark.parametrize("kind", ["device", "gravity"])
def test_rows_are_as_wide_as_the_window_of_a_model(kind: AxesKind) -> None:
    row = AXES[kind].row(FIELD_UT, held(0.3))
    assert row is not None
    assert len(row) == AXES[kind].width == ModelConfig(axes=kind).window_shape[1]
