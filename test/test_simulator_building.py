"""Buildings: the field of their bodies, on the grid and off it, and how alike their corridors are."""

from __future__ import annotations

import numpy as np
import pytest
from small_buildings import SMALL, small_building

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.bodies import Block, Wire, bodies_ut
from mail_ros.data.simulator.building import earth_field_ut, make_building
from mail_ros.data.simulator.corridor_plan import CorridorPlan
from mail_ros.data.simulator.demo import dipole_ut
from mail_ros.data.simulator.field_grid import FieldGrid
from mail_ros.data.simulator.simulation_config import BuildingConfig

HALLWAY = CorridorPlan(np.array([[0.0, 0.0], [4.0, 0.0]]), np.array([[0, 1]]))


def test_a_block_from_afar_is_a_dipole() -> None:
    block = Block((0.0, 0.0, 0.0), (0.1, 0.2, 0.1), (0.0, 3e4, 1e4))
    moment_am2 = np.array(block.polarization_ut) * 1e-6 * 0.1 * 0.2 * 0.1 / (4e-7 * np.pi)
    position_m = np.array([[1.0, 0.3, 0.2], [0.0, 1.2, 0.0], [0.5, -0.5, 0.9]])
    np.testing.assert_allclose(
        bodies_ut([block], [], position_m), dipole_ut(position_m, moment_am2), rtol=0.05, atol=0.03
    )
    assert not bodies_ut([block], [], position_m + 2.0 * block.reach_m).any()


def test_a_long_wire_has_the_field_of_a_current() -> None:
    """µ0 I / 2πr around it: 0.2 µT per A at a metre."""
    wire = Wire((-500.0, 0.0, 0.0), (500.0, 0.0, 0.0), 10.0)
    np.testing.assert_allclose(bodies_ut([], [wire], np.array([[0.0, 0.0, 2.0]])), [[0.0, -1.0, 0.0]], atol=1e-3)


def test_the_earth_points_north_and_down_in_middle_europe_and_lies_flat_at_the_equator() -> None:
    """Nuremberg has about 1.4, 20.8 and -44.2 µT by IGRF; its dipole alone is right to some µT."""
    np.testing.assert_allclose(earth_field_ut(49.5, 11.1), [1.4, 20.8, -44.2], atol=7.0)
    assert abs(earth_field_ut(0.0, -20.0)[2]) < 12.0
    assert earth_field_ut(-60.0, 0.0)[2] > 20.0


def test_the_grid_reads_linear_fields_exactly_and_ends_with_the_corridor() -> None:
    slope = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 1.0], [-1.0, 4.0, 2.0]])

    def linear(position_m: FloatArray) -> FloatArray:
        found: FloatArray = position_m @ slope
        return found

    grid = FieldGrid([HALLWAY], linear)
    position_m = np.random.default_rng(0).uniform([0.0, -0.9, 0.1], [4.0, 0.9, 2.0], (200, 3))
    np.testing.assert_allclose(grid.field_ut(position_m), position_m @ slope, atol=1e-9)
    assert np.isnan(grid.field_ut(np.array([[2.0, 3.0, 1.0], [-50.0, 0.0, 1.0], [99.0, 99.0, 1.0]]))).all()


def test_a_height_on_a_node_is_worked_out_alone() -> None:
    heights: list[float] = []

    def noted(position_m: FloatArray) -> FloatArray:
        heights.extend(np.unique(position_m[:, 2]).tolist())
        return position_m

    FieldGrid([HALLWAY], noted).field_ut(np.array([[1.0, 0.0, 0.3], [2.0, 0.0, 0.3]]))
    np.testing.assert_allclose(heights, [0.3])


def test_the_grid_is_as_good_as_the_sensor() -> None:
    """Between its nodes, where a robot drives."""
    building = small_building()
    rng = np.random.default_rng(1)
    for height_m, most_ut in ((0.3, 1.0), (1.2, 0.3)):
        position_m = np.column_stack([rng.uniform(0, 14, 300), rng.uniform(-0.3, 0.3, 300), np.full(300, height_m)])
        exact_ut = building.floors[0].exact_ut(position_m)
        off_ut = np.linalg.norm(building.field_ut(0, position_m) - exact_ut, axis=1)
        assert np.percentile(off_ut, 95) < most_ut
        assert exact_ut.std(axis=0).max() > 10 * np.median(off_ut)


def test_the_same_seed_is_the_same_building_and_another_is_not() -> None:
    position_m = np.array([[3.0, 0.1, 0.5], [7.0, 6.0, 1.2]])
    first, again, other = (make_building(seed, SMALL).floors[1].exact_ut(position_m) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1.0


@pytest.mark.parametrize(("similarity", "low", "high"), [(0.0, -0.5, 0.5), (1.0, 0.8, 1.0)])
def test_parallel_corridors_and_floors_share_their_fittings(similarity: float, low: float, high: float) -> None:
    """In the middle of long corridors, far from the fittings of others."""
    config = BuildingConfig(floors=2, aisles=2, length_m=34.0, spacing_m=20.0, crossings=2, similarity=similarity)
    building = make_building(2, config)
    middle_m = np.column_stack([np.linspace(10.0, 24.0, 80), np.zeros(80), np.full(80, 0.4)])
    beside_m, above = middle_m + np.array([0.0, 20.0, 0.0]), building.floors[1].exact_ut(middle_m)
    first = building.floors[0].exact_ut(middle_m)
    for other in (building.floors[0].exact_ut(beside_m), above):
        together = np.corrcoef((first - first.mean(axis=0)).ravel(), (other - other.mean(axis=0)).ravel())[0, 1]
        assert low <= together <= high
