"""Labels: straight lines at constant speed between landmarks, and nothing where nothing is known."""

import numpy as np

from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.track import Landmark

S = 1_000_000_000
ROUTE = [Landmark(10 * S, (0.0, 0.0), 0), Landmark(20 * S, (10.0, 0.0), 0), Landmark(24 * S, (10.0, 8.0), 0)]


def stamps(*seconds: float) -> np.ndarray:
    return np.array([round(s * S) for s in seconds], dtype=np.int64)


def test_positions_lie_on_the_line_in_proportion_to_time() -> None:
    labels = labels_from_landmarks(stamps(10, 13.5, 20, 22, 24), ROUTE)
    assert labels.valid.all()
    assert labels.position_m.tolist() == [[0, 0], [3.5, 0], [10, 0], [10, 4], [10, 8]]


def test_nothing_is_known_outside_the_landmarks() -> None:
    labels = labels_from_landmarks(stamps(9.99, 24.01), ROUTE)
    assert not labels.valid.any()
    assert np.isnan(labels.position_m).all()


def test_the_same_landmark_twice_in_a_row_is_a_pause() -> None:
    marks = [*ROUTE, Landmark(60 * S, (10.0, 8.0), 0), Landmark(70 * S, (0.0, 8.0), 0)]
    labels = labels_from_landmarks(stamps(23, 40, 65), marks)
    assert labels.paused.tolist() == [False, True, False]
    assert labels.position_m[1].tolist() == [10, 8]


def test_between_floors_nothing_is_known() -> None:
    labels = labels_from_landmarks(
        stamps(15, 22, 30), [*ROUTE[:2], Landmark(24 * S, (10.0, 8.0), 1), Landmark(40 * S, (0, 8), 1)]
    )
    assert labels.valid.tolist() == [True, False, True]
    assert labels.floor.tolist() == [0, 0, 1]


def test_landmarks_may_come_in_any_order_and_one_is_none() -> None:
    assert labels_from_landmarks(stamps(15), ROUTE[::-1]).position_m.tolist() == [[5, 0]]
    assert not labels_from_landmarks(stamps(10), ROUTE[:1]).valid.any()
    assert not labels_from_landmarks(stamps(10), []).valid.any()
