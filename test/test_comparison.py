"""Whether a model is worth launching follows from three medians."""

import math

import pytest

from mail_ros.training.comparison import not_worth_launching


@pytest.mark.parametrize(
    ("model_m", "middle_m", "nearest_m", "wanted"),
    [
        (0.28, 18.7, 0.33, ""),
        (0.9, 2.0, None, ""),  # a small room
        (2.5, 18.7, 0.2, ""),  # 1-NN is better, and the model near all the same
        (5.0, 18.7, 4.0, ""),
        (21.7, 14.3, 18.7, "below 7.15 m, half of that of the middle of the site"),
        (9.4, 18.7, None, "below 9.35 m, half of that of the middle of the site"),
        (math.nan, 18.7, 0.3, "below 9.35 m, half of that of the middle of the site"),
        (5.0, 18.7, 0.3, "below 3 m, or below twice that of 1-NN, 0.30 m"),
    ],
)
def test_a_model_halves_the_error_of_the_middle_and_is_near_or_like_1_nn(
    model_m: float, middle_m: float, nearest_m: float | None, wanted: str
) -> None:
    reason = not_worth_launching("m.safetensors", model_m, middle_m, nearest_m)
    if not wanted:
        assert reason is None
        return
    assert str(reason) == (
        f"m.safetensors is not worth launching: wanted a median error {wanted}, found {model_m:.2f} m; "
        "train with another --preset, or survey again as in docs/survey.md"
    )
