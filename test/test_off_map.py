"""Whether the device is on the map: agreement of windows with the belief before them."""

from __future__ import annotations

import pytest

from mail_ros.core.filter.off_map import PRIOR, OnMap


def followed(mean_log_ratio: float, seconds: int, on_map: OnMap | None = None) -> float:
    on_map = on_map or OnMap(0.2)
    for _ in range(seconds):
        on_map.update(mean_log_ratio, 1.0)
    return on_map.probability


def test_windows_that_the_belief_predicts_raise_it_and_others_lower_it() -> None:
    assert followed(2.0, 20) > 0.99
    assert followed(-1.0, 20) < 0.1
    assert followed(0.0, 20) == pytest.approx(PRIOR)


def test_one_window_weighs_by_its_time() -> None:
    """Two halves of a second count as a second: the rate of estimates does not matter."""
    whole, halves = OnMap(0.2), OnMap(0.2)
    whole.update(1.5, 1.0)
    for _ in range(2):
        halves.update(1.5, 0.5)
    assert halves.probability == pytest.approx(whole.probability, abs=1e-3)


def test_a_device_that_left_the_map_is_noticed_after_an_hour_on_it_as_soon_as_after_a_minute() -> None:
    minute, hour = OnMap(0.2), OnMap(0.2)
    followed(3.0, 60, minute), followed(3.0, 3600, hour)
    assert followed(-1.5, 30, minute) < 0.1 and followed(-1.5, 30, hour) < 0.1


def test_numbers_stay_finite_whatever_a_window_says() -> None:
    assert 0.0 < followed(-1e6, 1000) < 1.0 and 0.0 < followed(1e6, 1000) < 1.0
