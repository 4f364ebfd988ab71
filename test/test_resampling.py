"""Resampling, windows and gradients: what the network reads is what was measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.signal.resampling import TimeResampler
from mail_ros.core.signal.window import Window, gradient
from mail_ros.core.types import Row

PERIOD_NS = 20_000_000
START_NS = 1_700_000_000_000_000_000


def resample(stamp_ns: list[int], values: list[float], rate_hz: float = 50.0) -> tuple[list[Row], TimeResampler]:
    resampler = TimeResampler(rate_hz, max_gap_s=0.25)
    rows = [row for s, v in zip(stamp_ns, values, strict=True) for row in resampler.push(s, np.full(3, v))]
    return rows, resampler


def test_a_straight_line_is_averaged_to_its_middle() -> None:
    """The mean of a ramp over a period is its value half a period before the row."""
    stamps = [START_NS + k * 7_000_000 for k in range(60)]
    rows, _ = resample(stamps, [(s - START_NS) / 1e9 for s in stamps])
    for row in rows:
        middle_s = (row.index * PERIOD_NS - PERIOD_NS // 2 - START_NS) / 1e9
        assert row.values == pytest.approx(middle_s, abs=1e-12)


@pytest.mark.parametrize("rate_hz", [5, 20, 50, 97, 200])
def test_any_sensor_rate_gives_every_row_once(rate_hz: int) -> None:
    stamps = [START_NS + round(k * 1e9 / rate_hz) for k in range(rate_hz * 4)]
    indices = [row.index for row in resample(stamps, [1.0] * len(stamps))[0]]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    assert len(indices) == (stamps[-1] - stamps[0]) // PERIOD_NS


@pytest.mark.slow
@given(late=st.integers(1, 200), seed=st.integers(0, 99))
def test_a_resampler_that_starts_later_gives_the_same_rows(late: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stamps = (START_NS + np.cumsum(rng.integers(4_000_000, 40_000_000, 300))).tolist()
    values = rng.normal(size=300).tolist()
    early = {row.index: row.values for row in resample(stamps, values)[0]}
    for row in resample(stamps[late:], values[late:])[0]:
        assert np.array_equal(row.values, early[row.index])


def test_samples_out_of_time_are_counted_and_change_nothing() -> None:
    resampler = TimeResampler(50.0, max_gap_s=0.25)
    steps_ms = [0, 10, 20, 20, 5, 40]
    values = [0.0, 1.0, 2.0, 99.0, 99.0, 4.0]
    rows = [
        row
        for ms, value in zip(steps_ms, values, strict=True)
        for row in resampler.push(START_NS + ms * 1_000_000, np.full(3, value))
    ]
    resampler.push(0, np.full(3, 99.0))
    assert resampler.counts == {"used": 4, "duplicate": 1, "late": 1, "no_stamp": 1}
    assert not resampler.restarts
    assert [row.values[0] for row in rows] == pytest.approx([1.0, 3.0])


@pytest.mark.parametrize(("step_s", "reason"), [(3.0, "gap"), (-5.0, "backward")])
def test_a_gap_and_a_clock_set_back_restart(step_s: float, reason: str) -> None:
    stamps = [START_NS + k * PERIOD_NS for k in range(50)]
    stamps += [stamps[-1] + round(step_s * 1e9) + k * PERIOD_NS for k in range(50)]
    rows, resampler = resample(stamps, list(range(100)))
    breaks = np.flatnonzero(np.diff([row.index for row in rows]) != 1)
    assert len(breaks) == 1
    assert resampler.counts == {"used": 100}
    assert resampler.restarts == {reason: 1}


@pytest.mark.parametrize("length", [1, 2, 7])
def test_the_window_holds_the_last_unbroken_rows(length: int) -> None:
    window = Window(length)
    seen: list[int] = []
    for index in [*range(20), *range(100, 130)]:
        seen = [*seen, index] if index != 100 else [index]
        window.append(Row(index, np.full(3, float(index))))
        assert window.fill == min(len(seen), length) / length
        if window.fill == 1.0:
            assert window.values[:, 0].tolist() == seen[-length:]


@pytest.mark.parametrize(("kind", "lag"), [("lag", 5), ("first", 1), ("mean", 0)])
def test_a_constant_offset_cancels(kind: str, lag: int) -> None:
    field_ut = np.random.default_rng(0).normal(size=(2, 20 + lag, 3))
    offset_ut = np.array([40.0, -20.0, 10.0])
    assert gradient(field_ut + offset_ut, kind, lag) == pytest.approx(gradient(field_ut, kind, lag))  # type: ignore[arg-type]


def test_gradients_are_the_ones_of_the_definition() -> None:
    field_ut = np.arange(24.0).reshape(8, 3) ** 2
    assert gradient(field_ut, "lag", 2)[0].tolist() == (field_ut[2] - field_ut[0]).tolist()
    assert gradient(field_ut, "first", 1)[-1].tolist() == (field_ut[-1] - field_ut[-2]).tolist()
    assert gradient(field_ut, "mean", 0) == pytest.approx(field_ut - field_ut.mean(axis=0))
