"""Semivariance: its closed form, what it must not see, and that simulated fields have what real ones have."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from shared_walks import LOGS, needs_logs

from benchmarks.field.field_command import field
from benchmarks.field.structure import (
    APART_M,
    DISTANCES_M,
    END_M,
    MEASURED,
    semivariance_ut2,
    simulated,
    stretches,
    variance_fractions,
)
from mail_ros.core.types import FloatArray
from mail_ros.data.importers.archive import unpacked
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig
from mail_ros.data.track import Track


def track_of(position_m: FloatArray, field_ut: FloatArray) -> Track:
    count = len(position_m)
    return Track(
        "walk",
        np.arange(count) * 20_000_000,
        field_ut,
        position_m,
        np.zeros(count, np.int64),
        np.ones(count, np.bool_),
        np.zeros(count, np.bool_),
    )


def line(length_m: float) -> FloatArray:
    x_m = np.arange(0.0, length_m, 0.02)
    return np.column_stack([x_m, np.zeros(len(x_m))])


def test_a_wave_has_the_semivariance_of_a_wave() -> None:
    """Half the mean of (A sin(x + h) - A sin x)² is A² (1 - cos h) / 2 over whole periods."""
    position_m = line(80.0 + 2 * END_M)
    wave = 2.0 * np.pi * position_m[:, 0] / 4.0
    track = track_of(position_m, np.column_stack([5.0 * np.sin(wave), 2.0 * np.cos(wave), np.full(len(wave), 40.0)]))
    expected = (25.0 + 4.0) / 2.0 * (1.0 - np.cos(2.0 * np.pi * DISTANCES_M / 4.0))
    np.testing.assert_allclose(semivariance_ut2([track]), expected, rtol=0.03, atol=0.05)


def test_offsets_and_corners_do_not_count() -> None:
    """A device turns at a corner, and so do its readings: no pair spans it."""
    first = line(6.0)
    position_m = np.vstack([first, first[-1] + np.column_stack([first[:, 1], first[:, 0] + 0.02])])
    field_ut = np.where(np.arange(len(position_m))[:, None] < len(first), [30.0, 0.0, 40.0], [0.0, -30.0, 40.0])
    track = track_of(position_m, field_ut)
    assert len(list(stretches(track))) == 2
    known = semivariance_ut2([track])
    assert np.nanmax(known) < 1e-9
    np.testing.assert_array_equal(known, semivariance_ut2([track_of(position_m, field_ut + 25.0)]))


def test_what_is_not_known_is_left_out() -> None:
    position_m = line(8.0)
    track = track_of(position_m, np.zeros((len(position_m), 3)))
    track.valid[: len(position_m) // 2] = False
    (left,) = stretches(track)
    assert abs(len(left) * APART_M - (4.0 - 2 * END_M)) < 0.2
    track.paused[:] = True
    assert np.isnan(semivariance_ut2([track])).all()


@cache
def building() -> Building:
    return make_building(0)


@pytest.mark.slow
def test_a_simulated_robot_sees_the_structure_that_is_reported_of_a_real_one() -> None:
    """8 % of the variance at 0.1 to 0.2 m, 35 to 40 % at 0.3 to 0.5 m, all at 1 m.

    The first two are met but for a few per cent; at 1 m columns and machines, which phones see too, leave some.
    """
    (semivariance,) = simulated([building()], DriveConfig(), 1)
    fraction = variance_fractions(semivariance)
    near, middle, far = (
        float(fraction[(from_m <= DISTANCES_M) & (to_m >= DISTANCES_M)].mean()) for from_m, to_m, _, _ in MEASURED
    )
    assert 0.05 < near < 0.12
    assert 0.32 < middle < 0.46
    assert 0.75 < far < 1.1
    assert np.sqrt(semivariance[-1]) < 20.0  # µT, over all axes


@pytest.mark.slow
@needs_logs
def test_a_simulated_person_sees_the_structure_of_real_walks() -> None:
    """At every distance up to 2 m within a factor of two of the median of real walks at the height of a phone."""
    recorded = []
    for log in sorted(LOGS.glob("*_repetition01.txt.gz"))[::2]:
        with unpacked(log) as files:
            walk = read_ipin_log(files.path, IPIN_2023_ORIGIN)
        labels = labels_from_landmarks(walk.stamp_ns, walk.landmarks)
        track = Track(
            log.name, walk.stamp_ns, walk.field_ut, labels.position_m, labels.floor, labels.valid, labels.paused
        )
        recorded.append(semivariance_ut2([track]))
    (person,) = simulated([building()], PERSON, 1)
    ratio = (person / np.nanmedian(recorded, axis=0))[DISTANCES_M <= 2.0]
    assert ratio.min() > 0.5
    assert ratio.max() < 2.0


@pytest.mark.slow
def test_the_verb_draws_what_it_compares(tmp_path: Path) -> None:
    small = ["building.aisles=2", "building.length_m=10", "building.crossings=2", "building.spacing_m=8"]
    field(buildings=1, walks=1, settings=small, out=tmp_path / "simulator.png")
    assert (tmp_path / "simulator.png").read_bytes().startswith(b"\x89PNG")
