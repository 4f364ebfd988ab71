"""What distances to the survey's windows say of the map's cells."""

import math

import numpy as np
import pytest

from mail_ros.core.belief import Cells
from mail_ros.core.models.matching.cell_likelihood import Nearest, log_ratio, uncertain
from mail_ros.core.neighbourhood import label_neighbours
from mail_ros.evaluation.baselines.search_likelihood import CellEvidence, EvidenceSettings


def test_each_cell_keeps_its_nearest_window() -> None:
    distance = np.array([[3.0, 7.0, 2.0, 6.0, 9.0], [1.0, 5.0, 4.0, np.inf, np.inf]])
    least = Nearest(np.array([0, 1, 0, 1, 2]), 4)(distance)
    assert least.tolist() == [[2.0, 6.0, 9.0, 9.0], [1.0, 5.0, 5.0, 5.0]]  # without a window: as far as the farthest


def test_a_window_counts_against_a_flat_field_and_one_from_elsewhere() -> None:
    said = log_ratio(np.array([[10.0, 50.0]] * 2), np.array([[70.0], [4.0]]), noise_ut2=2.0, background_ut2=30.0)
    assert said.tolist() == [[5.0, -5.0], [-1.5, -11.5]]  # a lively window; one of a stand


def test_a_label_may_be_a_cell_beside() -> None:
    """By hand, for three cells in a row and one on another floor."""
    cells = Cells(np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.5, 0.0]]), np.array([0, 0, 0, 1]))
    neighbour, weight = label_neighbours(cells, label_sigma_m=0.4)
    with np.errstate(divide="ignore"):
        said = uncertain(np.array([[0.0, 5.0, -1.0, 2.0]]), neighbour, np.log(weight))
    one, two = math.exp(-0.5 * (0.5 / 0.4) ** 2), math.exp(-0.5 * (1.0 / 0.4) ** 2)
    first = (1.0 + one * math.exp(5.0) + two * math.exp(-1.0)) / (1.0 + one + two)
    middle = (math.exp(5.0) + one * (1.0 + math.exp(-1.0))) / (1.0 + 2.0 * one)
    assert said[0, [0, 1, 3]].tolist() == pytest.approx([math.log(first), math.log(middle), 2.0])


def test_the_peers_have_cells_of_their_own() -> None:
    position_m = np.array([[0.0, 0.0], [5.0, 0.0], [0.1, 0.1], [5.0, 0.0], [5.0, 0.0]])
    evidence = CellEvidence(position_m, np.array([0, 0, 0, 0, 1]), EvidenceSettings(2.0, 30.0))
    assert evidence.cells.floor.tolist() == [0, 0, 1]
    said = evidence.log_ratio(np.array([30.0, 70.0, 10.0, 50.0, 90.0]), 70.0)
    assert said == pytest.approx([5.0, -5.0, -15.0])
