"""What comparing two windows solves for in closed form: the least that a search over all of it finds."""

from __future__ import annotations

import cmath
import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail_ros.core.models.matching.alignment import PitchAlignment, YawAlignment
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.signal.axes import AXES
from mail_ros.core.types import Float32Array, FloatArray

CONFIG = MatchingConfig()
FREE = dataclasses.replace(CONFIG, offset_weight=0.0)  # an offset costs nothing, of whatever size
OFFSETS_UT = [(0.0, 0.0, 0.0), (1.0, -2.0, 1.5), (30.0, -20.0, 10.0)]
SAMPLES = 60


def fields(count: int, seed: int, samples: int = SAMPLES) -> FloatArray:
    """Made-up walks through a building, (count, samples, 3) µT."""
    rng = np.random.default_rng(seed)
    walked_ut: FloatArray = np.array([18.0, 4.0, -43.0]) + rng.normal(0.0, 1.5, (count, samples, 3)).cumsum(axis=1)
    return walked_ut


def levelled(field_ut: FloatArray, heading_rad: FloatArray) -> Float32Array:
    """(B, n, 5) as `axes.GravityAxes` has it."""
    heading_rad = np.broadcast_to(heading_rad, field_ut.shape[:2])
    rows = np.concatenate([field_ut, np.stack([np.cos(heading_rad), np.sin(heading_rad)], axis=-1)], axis=-1)
    return rows.astype(np.float32)


def bends(count: int, seed: int) -> FloatArray:
    """(count, SAMPLES) where a robot looks that drives round corners."""
    rng = np.random.default_rng(seed)
    heading_rad: FloatArray = rng.uniform(-np.pi, np.pi, (count, 1)) + rng.normal(0, 0.2, (count, SAMPLES)).cumsum(1)
    return heading_rad


# --- gravity-aligned frame ----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("offset_ut", OFFSETS_UT)
def test_the_closed_form_is_the_least_over_all_angles_and_offsets(offset_ut: tuple[float, ...], share: float) -> None:
    """Angles on a grid; for each the offset by least squares: once counted by its share, once at the highest price."""
    config = dataclasses.replace(CONFIG, offset_weight=share)
    stored = levelled(fields(5, seed=1), bends(5, seed=2))
    window = levelled(fields(2, seed=3) + np.array(offset_ut), bends(2, seed=4))
    found = YawAlignment(config, stored).compare(window)
    y, e, s = (part[..., 0] + 1j * part[..., 1] for part in (window[..., :2], window[..., 3:], stored[..., :2]))
    z = window[:, None, :, 2] - stored[:, :, 2]  # (2, 5, n)
    least = np.full((2, 5), np.inf)
    for angle in np.linspace(-np.pi, np.pi, 2001):
        rest = y[:, None] - np.exp(1j * angle) * s  # (2, 5, n)
        own = (np.conj(e)[:, None] * rest).mean(axis=-1, keepdims=True)
        shape = np.square(np.abs(rest - own * e[:, None])).mean(axis=-1) + z.var(axis=-1)
        constant = np.square(np.abs(own[..., 0])) + np.square(z.mean(axis=-1))
        least = np.minimum(least, shape + np.minimum(share * constant, config.offset_max_ut2))
    assert found == pytest.approx(least, rel=1e-3, abs=2e-2)


@settings(max_examples=50)
@given(
    angle=st.floats(-np.pi, np.pi),
    own_ut=st.tuples(*[st.floats(-40.0, 40.0)] * 3).map(np.array),
    seed=st.integers(0, 20),
)
def test_a_stored_window_is_known_at_any_angle_and_with_any_field_of_the_device(
    angle: float, own_ut: FloatArray, seed: int
) -> None:
    """The window's axes are turned against the map's; the device's field turns with its heading."""
    place_ut = fields(4, seed)
    stored = levelled(place_ut, bends(4, seed + 100))
    turned_ut = place_ut[2:3].copy()
    across = (place_ut[2, :, 0] + 1j * place_ut[2, :, 1]) * cmath.exp(-1j * angle)
    turned_ut[0, :, 0], turned_ut[0, :, 1] = across.real, across.imag
    rows = AXES["gravity"].without(levelled(turned_ut, bends(1, seed + 200))[0].astype(np.float64), -own_ut)
    window = rows[None].astype(np.float32)
    alignment = YawAlignment(FREE, stored)
    distance = alignment.compare(window)
    assert distance.argmin() == 2
    assert distance[0, 2] == pytest.approx(0.0, abs=0.02)
    assert alignment.offset(window, np.array([2]))[0] == pytest.approx(own_ut, abs=0.1)


# --- the device's axes -----------------------------------------------------------------------------


def pitched(field_ut: FloatArray, angle_rad: float) -> FloatArray:
    """The field as the device would read it, turned about its x axis."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    turned: FloatArray = field_ut @ np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    return turned


@pytest.mark.parametrize("offset_ut", OFFSETS_UT)
def test_the_closed_form_is_the_least_over_all_pitches(offset_ut: tuple[float, ...]) -> None:
    """Against the two distances written out, over two thousand angles."""
    stored, window = fields(5, seed=1), fields(2, seed=3) + np.array(offset_ut)
    least = np.full((2, 5), np.inf)
    for angle in np.linspace(-np.pi, np.pi, 2001):
        rest = window[:, None] - pitched(stored, angle)
        offset2, shape = np.square(rest.mean(-2)).sum(-1), rest.var(axis=-2).sum(-1)
        counted = np.minimum(CONFIG.offset_weight * offset2, CONFIG.offset_max_ut2)
        least = np.minimum(least, shape + counted + 2 * CONFIG.tilt_ut2 * (1 - np.cos(angle)))
    distance = PitchAlignment(CONFIG, stored.astype(np.float32)).compare(window.astype(np.float32))
    assert distance == pytest.approx(least, rel=1e-3, abs=2e-2)


@pytest.mark.parametrize("angle_rad", [-0.5, 0.0, 0.5])
def test_a_pitched_window_is_recognized_and_its_offset_returned(angle_rad: float) -> None:
    stored, offset_ut = fields(4, seed=1), np.array([6.0, -4.0, 3.0])
    window = (pitched(stored[2:3], angle_rad) + offset_ut).astype(np.float32)
    alignment = PitchAlignment(dataclasses.replace(CONFIG, tilt_ut2=0.0), stored.astype(np.float32))
    distance = alignment.compare(window)
    assert distance.argmin() == 2
    assert alignment.offset(window, np.array([2]))[0] == pytest.approx(offset_ut, abs=0.02)
