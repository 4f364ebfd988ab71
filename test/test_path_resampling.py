"""Rows along the path of a sensor."""

from __future__ import annotations

import numpy as np
import pytest

from mail_ros.core.signal.path_resampling import ROW_WIDTH, STEP_S, PathResampler
from mail_ros.core.signal.preprocessor import Preprocessor
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import FloatArray, Row, Sample

PERIOD_NS = 20_000_000


class Sensor:
    """Pushes readings that equal the position where they are taken."""

    def __init__(self, per_m: float = 4.0) -> None:
        self.resampler, self.rows = PathResampler(per_m, 1.0), list[Row]()
        self.at_m, self.stamp_ns = np.zeros(2), 10**9

    def go(self, *steps_m: tuple[float, float], reading: FloatArray | None = None) -> Sensor:
        """Move by steps, with one reading after each."""
        for step_m in steps_m:
            self.stamp_ns += PERIOD_NS
            self.at_m = self.at_m + step_m
            self.resampler.move(np.array(step_m))
            values = np.array([*self.at_m, 0.0, 1.0, 0.0]) if reading is None else reading
            self.rows += self.resampler.push(self.stamp_ns, values, np.zeros(2))
        return self


def test_a_row_has_the_mean_position_of_its_readings() -> None:
    rows = Sensor().go(*[(0.03, 0.0)] * 40).rows
    assert len(rows) >= 3 and all(len(row.values) == ROW_WIDTH for row in rows)
    for row in rows:
        np.testing.assert_allclose(row.values[:2], row.values[2:4], atol=0.02)


def test_a_reversal_goes_on_with_rows() -> None:
    sensor = Sensor().go(*[(0.05, 0.0)] * 20)
    before = len(sensor.rows)
    sensor.go(*[(-0.05, 0.0)] * 20)
    assert len(sensor.rows) >= 2 * before
    assert sensor.rows[-1].values[0] < 0.4  # it is back where it began
    assert np.all(np.diff([row.index for row in sensor.rows]) == 1)


def test_a_standing_sensor_adds_no_row() -> None:
    sensor = Sensor().go(*[(0.05, 0.0)] * 20)
    before = len(sensor.rows)
    assert len(sensor.go(*[(0.0, 0.0)] * 500).rows) == before


def test_the_mean_of_a_step_belongs_to_its_middle() -> None:
    sensor = Sensor()
    for number in range(1, 9):
        for tick in range(1, 25):  # readings at positions that odometry reports only at the end of the step
            true_m = 0.6 * (number - 1 + tick / 25)
            sensor.go((0.0, 0.0), reading=np.array([true_m, 0.0, 0.0, 1.0, 0.0]))
        sensor.go((0.6, 0.0), reading=np.array([0.6 * number, 0.0, 0.0, 1.0, 0.0]))
    along = np.array([row.values[[0, 2]] for row in sensor.rows])
    np.testing.assert_allclose(along[:, 0], along[:, 1], atol=0.05)


def test_readings_before_a_start_belong_to_where_the_sensor_stood() -> None:
    sensor = Sensor().go((0.0, 0.0))
    stand = np.array([100.0, 0.0, 0.0, 1.0, 0.0])
    sensor.go(*[(0.0, 0.0)] * 500, reading=stand)
    moving = round(STEP_S * 1e9 / PERIOD_NS)
    sensor.go(*[(0.0, 0.0)] * moving, reading=np.zeros(5))
    sensor.go((1.2, 0.0), reading=np.zeros(5))
    assert sensor.rows and max(row.values[2] for row in sensor.rows) < 25.0


@pytest.mark.parametrize("lever_m", [(0.5, 0.0), (0.0, -0.4)])
def test_a_turn_in_place_moves_a_sensor_on_a_lever(lever_m: tuple[float, float]) -> None:
    preprocessor = Preprocessor(DistanceSampling(per_m=10.0), "gravity", along_path=True)
    rows = []
    for number in range(300):
        half = 0.25 * np.pi * min(number / 199, 1.0)  # a quarter turn, then a stand
        attitude = np.array([0.0, 0.0, np.sin(half), np.cos(half)])
        sample = Sample(
            10**9 + number * PERIOD_NS, np.array([20.0, 0.1 * number, -40.0]), np.zeros(2), attitude, lever_m
        )
        rows += preprocessor.push(sample)
    assert len(rows) == pytest.approx(0.5 * np.pi * np.hypot(*lever_m) * 10.0, abs=1.5)
    radius_m = [np.hypot(*row.values[:2]) for row in rows]
    np.testing.assert_allclose(radius_m, np.hypot(*lever_m), atol=0.01)


def test_a_gait_that_swings_the_device_adds_nothing() -> None:
    """Half a step ahead and half a step behind, the field in the axes of the device differs: its mean does not."""
    sensor = Sensor()
    for number in range(1, 9):
        for tick in range(1, 26):
            swing_ut = 5.0 * np.sin(2.0 * np.pi * tick / 25)
            true_m = 0.6 * (number - 1 + tick / 25)
            sensor.go((0.6 * (tick == 25), 0.0), reading=np.array([true_m, swing_ut, 0.0, 1.0, 0.0]))
    assert max(abs(row.values[3]) for row in sensor.rows[3:]) < 0.2
