"""How much of an area a map of the field knows, in square metres, as the map itself expects its errors.

cells of the map, their variance --> expected error of the field in µT ---+
gaps between lines, which the map leaves out --> unknown -----------------+--> SurveyedArea, one per floor
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import BoolArray, FloatArray
from mail_ros.training.field_map.survey import SurveyRows

LEVELS_UT = (1.0, 2.0, 4.0)  # expected errors of the field that are reported
KNOWN_UT = 2.0  # a cell with a smaller one is known: a device's own noise and labels add as much
GAP_M = 2.5  # half the distance of lines between which the floor counts as part of the area
MIN_BETWEEN = 0.1  # fraction of an area between its lines from which the survey may be too thin
MIN_KNOWN = 0.1  # fraction of what lies between that is known roughly in a survey that suffices


class SurveyedArea(NamedTuple):
    """The area of one floor: the cells of its map, and the gaps between its lines."""

    floor: int
    cell_m: float  # side of a cell
    position_m: FloatArray  # (n, 2) centres of the cells
    error_ut: FloatArray  # (n,) expected error of the field, per axis; infinite in a gap that the map leaves out
    between: BoolArray  # (n,) between lines: no surveyed position within the map's reach

    @property
    def area_m2(self) -> float:
        """The whole area."""
        return len(self.error_ut) * self.cell_m**2

    def known_m2(self, error_ut: float) -> float:
        """The part whose field is known to an error."""
        return float((self.error_ut <= error_ut).sum()) * self.cell_m**2

    @property
    def is_thin(self) -> bool:
        """Whether most of what lies between the lines is unknown."""
        return self._known_less(KNOWN_UT, 0.5)

    @property
    def is_unknown_between(self) -> bool:
        """Whether nearly nothing between the lines is known even roughly."""
        return self._known_less(LEVELS_UT[-1], MIN_KNOWN)

    def _known_less(self, error_ut: float, fraction: float) -> bool:
        between_ut = self.error_ut[self.between]
        return len(between_ut) > MIN_BETWEEN * len(self.between) and bool((between_ut <= error_ut).mean() < fraction)

    def summary(self) -> str:
        """The area in one line."""
        known = ", ".join(f"{self.known_m2(level):.0f} m² to {level:g} µT" for level in LEVELS_UT)
        return f"floor {self.floor}: {self.area_m2:.0f} m² of area; the field is known on {known}"

    def thin_text(self) -> str:
        """Why a survey is thin, and the fix."""
        return f"floor {self.floor}: the survey is thin: {self.between_text(KNOWN_UT)}; walk lanes between them"

    def between_text(self, error_ut: float) -> str:
        """How much of what lies between the lines is known to an error."""
        between_ut, cell_m2 = self.error_ut[self.between], self.cell_m**2
        return (
            f"{len(between_ut) * cell_m2:.0f} m² lie between its lines, and the field is known to {error_ut:g} µT on "
            f"{(between_ut <= error_ut).sum() * cell_m2:.0f} m² of them"
        )

    def as_json(self) -> dict[str, Any]:
        """The numbers as JSON values."""
        known = {f"{level:g}": round(self.known_m2(level), 1) for level in LEVELS_UT}
        return {"floor": self.floor, "area_m2": round(self.area_m2, 1), "known_m2": known, "thin": self.is_thin}


def surveyed_areas(rows: SurveyRows, config: ModelConfig, state: State) -> list[SurveyedArea]:
    """The area of every floor, lowest first.

    Args:
        rows: the survey.
        config: of the map that was fitted to them; its sampling has the size of the cells.
        state: arrays of the map, see `core.models.field_map.field_map.FieldMap`.
    """
    cells, cell_m = SiteMap.of(state).cells, 1.0 / config.sampling.per_unit
    error_ut = np.sqrt(state["variance_ut2"].mean(axis=1, dtype=np.float64))
    found = []
    for floor in np.unique(cells.floor).tolist():
        surveyed_m, mapped = rows.position_m[rows.floor == floor], cells.floor == floor
        gap_m = _gaps_m(surveyed_m, cells.position_m[mapped], cell_m)
        position_m = np.concatenate([cells.position_m[mapped], gap_m])
        beyond = cKDTree(surveyed_m).query(position_m)[0] > config.field_map.reach_m + cell_m
        unknown_ut = np.full(len(gap_m), np.inf)
        found.append(SurveyedArea(floor, cell_m, position_m, np.append(error_ut[mapped], unknown_ut), beyond))
    return found


def _gaps_m(surveyed_m: FloatArray, mapped_m: FloatArray, cell_m: float) -> FloatArray:
    """(k, 2) cells between lines that the map leaves out: no free disc of `GAP_M` reaches them."""
    low, high = mapped_m.min(axis=0) - 2.0 * GAP_M, mapped_m.max(axis=0) + 2.0 * GAP_M
    axes = [np.arange(round(low[at] / cell_m), round(high[at] / cell_m) + 1) * cell_m for at in (0, 1)]
    grid_m = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    free = cKDTree(surveyed_m).query(grid_m)[0] > GAP_M
    inside = cKDTree(grid_m[free]).query(grid_m)[0] > GAP_M
    unmapped = cKDTree(mapped_m).query(grid_m)[0] > 0.5 * cell_m
    gap_m: FloatArray = grid_m[inside & unmapped]
    return gap_m
