"""A device that is carried into a wing that no survey knows is not LOCALIZED there after 10 s and 10 m."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from simulated_tracks import drive, simulated_track, surveys
from small_halls import Hall, free_corners, lane_corners
from small_halls import drive as hall_drive

from mail_ros.core.config import TrackerChoice
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import SiteModel, build
from mail_ros.data.scored import follow
from mail_ros.data.simulator.corridor_plan import drive_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.track import Track
from mail_ros.training.run_config import run_config
from mail_ros.training.survey_model import fit_survey_model

pytestmark = pytest.mark.slow

LOST_AFTER_S, LOST_AFTER_M = 10.0, 10.0
FALSE_ALARMS = 0.02  # fraction of later estimates that may be LOCALIZED


def spliced(before: Track, after: Track) -> Track:
    """A walk that goes on in another building: field and odometry are of the second walk from then on."""
    shift_ns = before.stamp_ns[-1] + 50_000_000 - after.stamp_ns[0]
    after = dataclasses.replace(after, stamp_ns=after.stamp_ns + shift_ns)
    names = ("stamp_ns", "field_ut", "position_m", "floor", "valid", "paused", "moved_m", "attitude_xyzw")
    parts = {name: (getattr(before, name), getattr(after, name)) for name in names}
    whole: dict[str, Any] = {name: None if a is None else np.concatenate([a, b]) for name, (a, b) in parts.items()}
    return dataclasses.replace(before, **whole)


def localized(model: SiteModel, tracker: TrackerChoice, before: Track, after: Track) -> tuple[float, float]:
    """Fractions of estimates that are LOCALIZED: in the last half of the survey's building, and in the wing."""
    whole = spliced(before, after)
    assert whole.moved_m is not None
    travelled_m = np.linalg.norm(whole.moved_m, axis=1).cumsum()
    carried_ns, carried_m = before.stamp_ns[-1], travelled_m[len(before) - 1]
    half_ns = (before.stamp_ns[0] + carried_ns) // 2
    known, lost = [], []
    for one in follow(compose(model, tracker, 0.5), whole):
        stamp_ns, sure = one.estimate.stamp_ns, one.estimate.status.is_trusted
        since_s = 1e-9 * (stamp_ns - carried_ns)
        since_m = travelled_m[np.searchsorted(whole.stamp_ns, stamp_ns)] - carried_m
        if half_ns < stamp_ns <= carried_ns:
            known.append(sure)
        elif since_s > LOST_AFTER_S and since_m > LOST_AFTER_M:
            lost.append(sure)
    return float(np.mean(known)), float(np.mean(lost))


@pytest.fixture(scope="module")
def hall_model() -> SiteModel:
    lanes = lane_corners(1.0)
    survey = [hall_drive(Hall(1), part, 10 + number) for number, part in enumerate((lanes, lanes[::-1]))]
    fitted = fit_survey_model(run_config([], "area"), survey, "wheels")
    return build(fitted.config, fitted.state)


@pytest.fixture(scope="module")
def corridor_model() -> SiteModel:
    fitted = fit_survey_model(run_config([], "person"), surveys(), "wheels")
    return build(fitted.config, fitted.state)


@pytest.mark.parametrize("seed", [51, 52, 53])
def test_a_robot_with_a_map_of_the_field(hall_model: SiteModel, seed: int) -> None:
    before, after = (hall_drive(Hall(number), free_corners(seed, 14), seed) for number in (1, 5))
    known, lost = localized(hall_model, "odometry", before, after)
    assert known > 0.9
    assert lost <= FALSE_ALARMS


@pytest.mark.parametrize("tracker", ["walking", "odometry"])
@pytest.mark.parametrize("seed", [51, 52])
def test_a_person_with_matching(corridor_model: SiteModel, tracker: TrackerChoice, seed: int) -> None:
    wing = demo_building(seed=7)
    before, after = drive(length_m=120.0, seed=seed), simulated_track(wing, drive_route(wing.plan, 120.0, seed), seed)
    known, lost = localized(corridor_model, tracker, before, after)
    assert known > 0.5
    assert lost <= FALSE_ALARMS
