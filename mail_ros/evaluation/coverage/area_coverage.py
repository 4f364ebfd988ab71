"""Coverage of an area in square metres: what a map of the field, fitted to the walks, expects of its own errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.track import Track
from mail_ros.evaluation.coverage.added_lanes import AddedLane, added_lanes
from mail_ros.training.choose import tracking_for
from mail_ros.training.field_map.contradictions import Contradiction, contradictions
from mail_ros.training.field_map.fit import fit_field_map
from mail_ros.training.field_map.known_area import LEVELS_UT, SurveyedArea, surveyed_areas
from mail_ros.training.field_map.survey import SurveyRows
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import run_config

UNKNOWN_UT = LEVELS_UT[-1]  # lanes are proposed through cells with a larger expected error


class FloorArea(NamedTuple):
    """The area of one floor, and lanes to add."""

    area: SurveyedArea
    lanes: list[AddedLane]

    def as_json(self) -> dict[str, Any]:
        """The numbers as JSON values."""
        return {**self.area.as_json(), "lanes": [lane._asdict() for lane in self.lanes]}


class AreaCoverage(NamedTuple):
    """The floors of a site, walks that contradict the others, and the rows of the walks."""

    floors: list[FloorArea]
    contradictions: list[Contradiction]
    rows: SurveyRows


def area_coverage(tracks: Sequence[Track], plans: Mapping[int, FloorPlan]) -> AreaCoverage:
    """Fit a map with the settings of the preset `area`.

    Args:
        tracks: the usable walks of a site.
        plans: its floor plans; lanes are proposed on free pixels only.

    Raises:
        TrackError: no walk that a map of the field can use.
    """
    config = run_config([], "area").model
    walks = survey_walks(tracks)
    fitted = fit_field_map(config, walks.rows, tracking_for(config, walks.tracks).odometry)
    areas = surveyed_areas(walks.rows, fitted.config, fitted.state)
    floors = [FloorArea(area, _lanes(area, walks.rows, plans.get(area.floor))) for area in areas]
    return AreaCoverage(floors, contradictions(walks.rows), walks.rows)


def _lanes(area: SurveyedArea, rows: SurveyRows, plan: FloorPlan | None) -> list[AddedLane]:
    unknown_m = area.position_m[area.error_ut > UNKNOWN_UT]
    if plan is not None:
        unknown_m = unknown_m[plan.free_at(unknown_m)]
    step_m = np.diff(rows.position_m[rows.floor == area.floor], axis=0)
    quadrupled = 4.0 * np.arctan2(step_m[:, 1], step_m[:, 0])  # equal for both directions and their perpendiculars
    return added_lanes(unknown_m, area.cell_m, float(np.angle(np.exp(1j * quadrupled).sum()) / 4.0))
