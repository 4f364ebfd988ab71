"""Cells, and what a belief over them implies for the position."""

import numpy as np
import pytest
import torch
from helpers import tiny_config, tiny_network

from mail_ros.core.belief import MIN_DEVIATION_M, decode, log_ratio, normal, survey_cells, useful_m
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.types import NEAR_M, Cells

LINE = Cells(np.column_stack([np.arange(20.0) / 2, np.zeros(20)]), np.zeros(20, dtype=np.int64))


def test_cells_exist_where_the_survey_went_and_carry_the_floor() -> None:
    position_m = np.array([[0.1, 0.2], [0.2, 0.1], [3.0, 4.0], [3.0, 4.0]])
    cells = survey_cells(position_m, np.array([0, 0, 0, -2]), 0.5)
    assert cells.position_m.tolist() == [[3.0, 4.0], [0.0, 0.0], [3.0, 4.0]]
    assert cells.floor.tolist() == [-2, 0, 0]


def test_two_corridors_give_one_of_them_and_a_wide_covariance() -> None:
    probability = np.zeros(20)
    probability[[2, 17]] = 0.55, 0.45
    posterior = decode(probability, LINE, radius_m=1.0)
    assert posterior.position_m.tolist() == [1.0, 0.0]
    assert posterior.covariance_m2[0, 0] == pytest.approx(
        0.45 * 7.5**2 * min(1.0, 7.5**2 / (0.45 * 7.5**2) / 4.605), rel=1e-3, abs=MIN_DEVIATION_M**2
    )
    assert posterior.near == pytest.approx(0.55)


def test_the_mode_is_refined_by_its_neighbours() -> None:
    probability = np.zeros(20)
    probability[[5, 6]] = 0.6, 0.4
    posterior = decode(probability, LINE, radius_m=1.0)
    assert posterior.position_m == pytest.approx([2.7, 0.0])
    assert posterior.covariance_m2[0, 0] == pytest.approx((0.3**2) / 4.605 + MIN_DEVIATION_M**2, rel=1e-2)
    assert posterior.near == pytest.approx(1.0)


def test_the_last_percent_of_a_belief_does_not_widen_the_region() -> None:
    """The region of 90 % holds 90 % of the belief, whatever lies at the far end."""
    position_m = LINE.position_m[:, 0]
    bell = np.exp(-0.5 * np.square((position_m - 2.0) / 0.8))
    alone = decode(bell / bell.sum(), LINE, radius_m=1.5)
    tail = bell / bell.sum() * 0.98
    tail[-1] += 0.02
    with_tail = decode(tail, LINE, radius_m=1.5)
    assert with_tail.covariance_m2[0, 0] < 2.0 * alone.covariance_m2[0, 0]
    reach_m = np.sqrt(4.605 * with_tail.covariance_m2[0, 0])
    inside = tail[np.abs(position_m - with_tail.position_m[0]) <= reach_m].sum()
    assert 0.85 < inside < 0.99
    narrower = decode(tail, LINE, radius_m=1.5, covariance_scale=0.3)
    assert narrower.covariance_m2 - MIN_DEVIATION_M**2 * np.eye(2) == pytest.approx(
        0.3 * (with_tail.covariance_m2 - MIN_DEVIATION_M**2 * np.eye(2))
    )
    assert narrower.near == with_tail.near


def test_a_gaussian_has_the_probability_of_being_near() -> None:
    draws_m = np.random.default_rng(0).normal(0.0, 2.0, (20_000, 2))
    assert normal(np.zeros(2), 4.0 * np.eye(2), 0).near == pytest.approx((np.hypot(*draws_m.T) <= 3.0).mean(), abs=0.01)


def test_a_log_ratio_is_against_a_window_without_information() -> None:
    assert log_ratio(np.full(7, 3.0)) == pytest.approx(0.0)
    assert log_ratio(np.array([0.0, -np.inf])) == pytest.approx([np.log(2.0), -np.inf])


def test_an_ambiguous_floor_is_never_a_small_uncertainty() -> None:
    cells = Cells(np.tile(LINE.position_m, (2, 1)), np.repeat([0, -2], 20))
    probability = np.zeros(40)
    probability[[3, 23]] = 0.6, 0.4
    posterior = decode(probability, cells, radius_m=1.0)
    assert posterior.floor == 0
    assert np.sqrt(np.linalg.eigvalsh(posterior.covariance_m2)[0]) > 5.0


def test_heatmap_loss_is_smallest_at_the_label() -> None:
    """A softmax that equals the softened label beats one that is shifted by a cell or on another floor."""
    head = tiny_network(tiny_config("heatmap")).head
    assert isinstance(head.meaning, SiteMap)
    truth, floor = torch.tensor([[1.0, 2.0]]), torch.tensor([0])
    cell_m = head.meaning.cells.position_m

    def logits(x: float, y: float) -> torch.Tensor:
        squared = np.square(cell_m - [x, y]).sum(axis=1)
        return torch.from_numpy(-squared / (2 * 0.5**2)).float()[None]

    best = head.loss(logits(1.0, 2.0), truth, floor)
    assert best < head.loss(logits(1.5, 2.0), truth, floor)
    assert best < head.loss(logits(1.0, 1.5), truth, floor)


def test_a_small_site_promises_less_than_three_metres() -> None:
    """Half of what the middle of the site is off: 3 m say nothing in a room of 5 m."""
    room = survey_cells(np.random.default_rng(0).uniform(-2.5, 2.5, (5000, 2)), np.zeros(5000, np.int64), 0.1)
    assert useful_m(room) == pytest.approx(0.5 * 5.0 * 0.3826, rel=0.02)  # mean distance from the middle of a square
    two_rooms = Cells(np.tile(room.position_m, (2, 1)) + 100.0, np.repeat([0, 1], len(room)))
    assert useful_m(two_rooms) == pytest.approx(useful_m(room))
    assert useful_m(Cells(20.0 * room.position_m, room.floor)) == NEAR_M
