"""What walks through made-up corridors leave uncovered, metre by metre."""

import dataclasses

import numpy as np
import pytest
from simulated_tracks import simulated_track

from mail_ros.core.types import NS_PER_S, IntArray
from mail_ros.data.coverage import Coverage, Need, coverage
from mail_ros.data.simulator.corridor_plan import drive_route, survey_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.track import Track


def walk(*corner_m: tuple[float, float], floor: int = 0, wander_m: float = 0.0, seed: int = 0) -> Track:
    """Along straight lines between corners at 1 m/s, 10 Hz, with labels as a tracker has them."""
    legs_m = np.linalg.norm(np.diff(corner_m, axis=0), axis=1)
    passed_m = np.concatenate([[0.0], np.cumsum(legs_m)])
    at_m = np.arange(0.0, passed_m[-1] + 1e-9, 0.1)
    position_m = np.column_stack([np.interp(at_m, passed_m, np.array(corner_m)[:, axis]) for axis in (0, 1)])
    wave = np.sin(at_m / 3.0 + np.random.default_rng(seed).uniform(0, 6))
    position_m[:, 1] += wander_m * wave
    n = len(at_m)
    stamp_ns = np.round(at_m * NS_PER_S).astype(np.int64)
    yes = np.ones(n, np.bool_)
    return Track("walk", stamp_ns, np.zeros((n, 3)), position_m, np.full(n, floor), yes, ~yes)


def passes(floor: Coverage) -> IntArray:
    return floor.forward + floor.backward


def of(*tracks: Track) -> Coverage:
    (only,) = coverage(tracks)
    return only


def metres(covered: Coverage) -> list[float]:
    return [covered.length_m(need) for need in (Need.NOTHING, Need.REVERSE, Need.AGAIN)]


THERE, BACK = ((0.0, 0.0), (20.0, 0.0)), ((20.0, 0.0), (0.0, 0.0))


def test_a_corridor_walked_once_needs_to_be_walked_again() -> None:
    covered = of(walk(*THERE))
    assert metres(covered) == [0, 0, 21]
    assert np.degrees(covered.heading_rad) == pytest.approx(0.0)
    (stretch,) = covered.stretches()
    assert (stretch.need, stretch.length_m, stretch.position_m) == (Need.AGAIN, 21.0, (10.0, 0.0))


def test_twice_the_same_way_needs_the_other_way() -> None:
    covered = of(walk(*THERE), walk(*THERE))
    assert metres(covered) == [0, 21, 0]
    (stretch,) = covered.stretches()
    assert (stretch.start_m, stretch.end_m) == ((20.0, 0.0), (0.0, 0.0))


def test_where_the_direction_does_not_matter_twice_the_same_way_is_enough() -> None:
    (covered,) = coverage([walk(*THERE), walk(*THERE), walk((0.0, 9.0), (9.0, 9.0))], both_directions=False)
    assert metres(covered) == [21, 0, 10]
    assert covered.length_m() == 31


def test_parallel_lines_are_stretches_of_their_own() -> None:
    lines = [walk((0.0, y_m), (10.0, y_m)) for y_m in (0.0, 1.2, 2.4)]
    assert [stretch.length_m for stretch in of(*lines).stretches()] == [11, 11, 11]


def test_a_stretch_ends_at_a_corner() -> None:
    corner = ((0.0, 0.0), (20.0, 0.0), (20.0, 10.0))
    first, second = of(walk(*corner), walk(*corner)).stretches()
    assert [first.length_m, second.length_m] == [pytest.approx(20, abs=1), pytest.approx(10, abs=1)]
    assert first.end_m == (0.0, 0.0)
    assert second.start_m == pytest.approx((20.0, 10.0), abs=1.0)
    assert second.end_m == pytest.approx((20.0, 1.0), abs=1.0)


def test_there_and_back_is_covered_in_one_walk_or_in_two() -> None:
    assert metres(of(walk(*THERE), walk(*BACK))) == [21, 0, 0]
    there_and_back = of(walk(*THERE, (0.0, 0.0)))
    assert metres(there_and_back) == [20, 0, 0]  # the last half metre at the turn belongs to the one before
    assert passes(there_and_back).tolist() == [2] * 20  # the turn at the end is no third pass
    assert there_and_back.stretches() == []


def test_only_the_missing_end_is_a_hole() -> None:
    (stretch,) = of(walk(*THERE), walk((12.0, 0.0), (0.0, 0.0))).stretches()
    assert stretch.need == Need.AGAIN
    assert stretch.length_m == pytest.approx(8, abs=1)
    assert stretch.position_m[0] == pytest.approx(16.5, abs=1)


def test_walks_a_little_beside_each_other_go_along_the_same_path() -> None:
    covered = of(*(walk(*path, wander_m=0.3, seed=seed) for seed, path in enumerate((THERE, BACK, THERE))))
    assert metres(covered) == pytest.approx([21, 0, 0], abs=1)
    assert passes(covered).max() == 3


def test_parallel_corridors_are_two() -> None:
    assert metres(of(walk(*THERE), walk((20.0, 3.0), (0.0, 3.0)))) == [0, 0, 42]


def test_a_crossing_counts_for_each_corridor_by_itself() -> None:
    """Where they cross, the one that was walked once is not covered by the walks of the other."""
    across = ((10.0, -10.0), (10.0, 10.0))
    covered = of(walk(*THERE), walk(*BACK), walk(*across))
    assert metres(covered) == [21, 0, 21]


def test_a_corner_is_no_path_of_its_own() -> None:
    corner = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0))
    covered = of(walk(*corner), walk(*corner[::-1]), walk(*corner))
    assert metres(covered) == [pytest.approx(21, abs=1), 0, 0]
    assert set(np.round(np.degrees(covered.heading_rad))) == {0.0, 90.0}


def test_standing_and_holes_are_no_passes() -> None:
    track = walk(*THERE)
    pause = np.concatenate([np.arange(100), np.full(300, 100), np.arange(100, len(track))])
    stationary = dataclasses.replace(
        track,
        stamp_ns=np.arange(len(pause)) * NS_PER_S // 10,
        **{name: getattr(track, name)[pause] for name in ("field_ut", "position_m", "floor", "valid", "paused")},
    )
    assert passes(of(stationary)).tolist() == [1] * 21
    hole = track.stamp_ns + np.where(np.arange(len(track)) > 100, 5 * NS_PER_S, 0)
    early, late = (np.isin(np.arange(len(track)), part) for part in (range(80), range(120, 201)))
    lost = dataclasses.replace(track, stamp_ns=hole, valid=early | late)
    assert passes(of(lost)).sum() == pytest.approx(17, abs=1)


def test_floors_are_apart() -> None:
    upper, lower = walk(*THERE, floor=1), walk(*BACK, floor=-1)
    assert [(one.floor, metres(one)) for one in coverage([upper, lower])] == [(-1, [0, 0, 21]), (1, [0, 0, 21])]


def test_nothing_labelled_is_no_coverage() -> None:
    track = walk(*THERE)
    assert coverage([dataclasses.replace(track, valid=np.zeros(len(track), np.bool_))]) == []
    assert coverage([dataclasses.replace(track, position_m=np.ones_like(track.position_m))]) == []


def test_a_simulated_survey_covers_every_corridor() -> None:
    building = demo_building()
    plan = building.plan
    covered = of(simulated_track(building, survey_route(plan, 1), 1))
    corridors_m = np.linalg.norm(np.diff(plan.corner_m[plan.corridor], axis=1)[:, 0], axis=1).sum()
    assert metres(covered) == [pytest.approx(corridors_m, rel=0.08), 0, 0]
    drive = simulated_track(building, drive_route(plan, 60.0, 1), 1)  # never turns back
    assert of(drive).length_m(Need.AGAIN) > 20
