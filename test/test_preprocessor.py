"""Every sample is used or rejected under one reason; a reading that is no field of a building reaches no window."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import about_vertical
from mail_ros.core.signal.preprocessor import SENSOR_FAULTS, Preprocessor, SensorCheck
from mail_ros.core.signal.sampling import DistanceSampling, TimeSampling
from mail_ros.core.types import FloatArray, Sample

START_NS = 1_700_000_000_000_000_000
FIELD_UT = np.array([20.0, 5.0, -43.0])


def faults(field_ut: FloatArray, rate_hz: float = 50.0) -> list[str | None]:
    check = SensorCheck()
    return [check.fault(START_NS + round(1e9 * k / rate_hz), each) for k, each in enumerate(field_ut)]


def noisy(seconds: float, noise_ut: float = 0.3) -> FloatArray:
    field_ut: FloatArray = FIELD_UT + np.random.default_rng(5).normal(scale=noise_ut, size=(round(50 * seconds), 3))
    return field_ut


@pytest.mark.parametrize(
    ("field_ut", "fault"),
    [
        ((20.0, np.nan, -43.0), "not_finite"),
        ((20.0, 5.0, np.inf), "not_finite"),
        ((0.0, 0.0, 0.0), "implausible"),
        ((200.0, 200.0, 200.0), "implausible"),
        ((2e5, 5e4, -4.3e5), "implausible"),  # gauss in a field that is meant to be tesla
        ((1e300, 1e300, 1e300), "implausible"),
        ((20.0, 5.0, -43.0), None),
        ((200.0, 200.0, 0.0), None),
    ],
)
def test_a_reading_that_is_not_the_field_of_a_building_is_named(field_ut: tuple[float, ...], fault: str | None) -> None:
    assert SensorCheck().fault(START_NS, np.array(field_ut)) == fault


def test_a_sensor_that_reads_the_same_for_two_seconds_is_stuck_until_it_does_not() -> None:
    field_ut = noisy(6.0)
    field_ut[100:250] = field_ut[100]
    found = faults(field_ut)
    assert found == [None] * 200 + ["stuck"] * 50 + [None] * 50


def test_an_axis_at_its_limit_is_saturated_and_a_weak_one_may_rest() -> None:
    field_ut = noisy(6.0)
    field_ut[100:250, 2] = -130.0
    assert faults(field_ut) == [None] * 200 + ["saturated"] * 50 + [None] * 50
    field_ut[100:250, 2] = -43.0
    assert faults(field_ut) == [None] * 300


def test_a_slow_or_coarse_sensor_is_not_stuck() -> None:
    """Each reading sent five times, in steps of half a microtesla, as drivers do."""
    coarse_ut = np.repeat(np.round(2.0 * noisy(2.0)) / 2.0, 5, axis=0)
    assert set(faults(coarse_ut)) == {None}


def test_a_clock_that_was_set_back_does_not_make_a_sensor_stuck() -> None:
    check = SensorCheck()
    check.fault(START_NS, FIELD_UT)
    back_ns = START_NS - 10**12
    assert [check.fault(back_ns + k * 10**9, FIELD_UT) for k in range(3)] == [None, None, "stuck"]


def test_a_hole_does_not_make_a_sensor_stuck() -> None:
    check = SensorCheck()
    assert [check.fault(START_NS + k * 10**10, FIELD_UT) for k in range(3)] == [None] * 3


def test_a_lasting_fault_is_reported_and_a_single_reading_is_not() -> None:
    preprocessor, field_ut = Preprocessor(TimeSampling()), noisy(4.0)
    field_ut[50] = 0.0
    field_ut[100:150] = np.nan
    faulty = []
    for k, each in enumerate(field_ut):
        preprocessor.push(Sample(START_NS + 20_000_000 * k, each))
        faulty.append(preprocessor.faulty)
    assert not any(faulty[:112])
    assert all(faulty[112:150])
    assert not any(faulty[150:])
    assert preprocessor.counts == {"used": 149, "implausible": 1, "not_finite": 50}
    assert preprocessor.resampler.restarts == {"gap": 1}


READING = st.sampled_from([*(factor * FIELD_UT for factor in (1.0, 1.1, 0.0, 3.0, np.nan)), FIELD_UT + 50.0])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-700, 700), READING), max_size=300))
def test_every_sample_is_counted_once(samples: list[tuple[int, FloatArray]]) -> None:
    preprocessor, stamp_ns = Preprocessor(TimeSampling()), 0
    for step_ms, field_ut in samples:
        stamp_ns += step_ms * 1_000_000
        preprocessor.push(Sample(stamp_ns, field_ut))
    assert preprocessor.counts.total() == len(samples)
    assert preprocessor.counts.keys() <= {"used", "no_stamp", "duplicate", "late", *SENSOR_FAULTS}


# --- what a robot's samples must hold ----------------------------------------------------------------

ROBOT = DistanceSampling(per_m=10.0, max_gap_m=0.25)


def robot_sample(step: int, moved_m: tuple[float, float] = (0.02, 0.0), heading_rad: float = 0.0) -> Sample:
    """At 50 Hz; a noisy reading."""
    field_ut = FIELD_UT + np.random.default_rng(step).normal(scale=0.3, size=3)
    return Sample(START_NS + 20_000_000 * step, field_ut, np.array(moved_m), about_vertical(heading_rad))


def test_a_robot_that_stops_or_spins_completes_no_row_and_is_not_faulty() -> None:
    preprocessor = Preprocessor(ROBOT, "gravity")
    moving = [row for step in range(100) for row in preprocessor.push(robot_sample(step))]
    still = [row for step in range(100, 3100) for row in preprocessor.push(robot_sample(step, (0.0, 0.0), 0.02 * step))]
    again = [row for step in range(3100, 3200) for row in preprocessor.push(robot_sample(step))]
    assert len(moving) == 19  # the first sample only starts the path
    assert not still
    assert [row.index for row in again] == list(range(moving[-1].index + 1, moving[-1].index + 21))
    assert again[0].values.shape == (5,)
    assert not preprocessor.faulty
    assert preprocessor.counts == {"used": 3200}
    assert not preprocessor.resampler.restarts


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"moved_m": np.array([np.nan, 0.0])}, "no_odometry"),
        ({"attitude_xyzw": np.full(4, np.nan)}, "no_attitude"),
        ({"field_ut": np.zeros(3)}, "implausible"),
    ],
)
def test_a_sample_without_odometry_attitude_or_field_is_rejected_under_that_name(
    wrong: dict[str, FloatArray], fault: str
) -> None:
    """Briefly, it is bridged; lasting, it is a fault."""
    preprocessor = Preprocessor(ROBOT, "gravity")
    for step in range(50):
        preprocessor.push(robot_sample(step))
    faulty = []
    for step in range(50, 70):
        assert preprocessor.push(dataclasses.replace(robot_sample(step), **wrong)) == []  # type: ignore[arg-type]
        faulty.append(preprocessor.faulty)
    assert faulty == [False] * 12 + [True] * 8
    assert preprocessor.counts == {"used": 50, fault: 20}
    assert fault in SENSOR_FAULTS
    preprocessor.push(robot_sample(70))
    assert not preprocessor.faulty


def test_the_path_continues_under_a_rejected_reading() -> None:
    """Four centimetres of bad readings are bridged; half a metre is a gap."""
    for bad, restarts in ((2, {}), (25, {"gap": 1})):
        preprocessor = Preprocessor(ROBOT, "gravity")
        for step in range(100):
            sample = robot_sample(step)
            preprocessor.push(dataclasses.replace(sample, field_ut=0.0 * FIELD_UT) if 50 <= step < 50 + bad else sample)
        assert preprocessor.resampler.restarts == restarts


def test_missing_odometry_or_attitude_is_an_error_where_it_is_needed() -> None:
    sample = robot_sample(0)
    with pytest.raises(TrackError, match="wanted odometry in every sample, found a sample without"):
        Preprocessor(ROBOT, "gravity").push(dataclasses.replace(sample, moved_m=None))
    with pytest.raises(TrackError, match="wanted an attitude in every sample, found a sample without"):
        Preprocessor(ROBOT, "gravity").push(dataclasses.replace(sample, attitude_xyzw=None))
    assert Preprocessor(TimeSampling()).push(dataclasses.replace(sample, moved_m=None, attitude_xyzw=None)) == []
