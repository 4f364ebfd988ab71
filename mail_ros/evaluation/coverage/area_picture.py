"""A site's area as a PNG: the expected error of the map's field in classes, the walks, and lanes to add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from mail_ros.core.types import FloatArray
from mail_ros.data.check.site_report import SiteReport
from mail_ros.data.coverage import Coverage, Need
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.evaluation.coverage.area_coverage import FloorArea
from mail_ros.evaluation.coverage.coverage_marks import INK, QUIET, dashes
from mail_ros.evaluation.coverage.coverage_picture import DPI, WIDTH_IN, draw_frame, draw_lines, draw_number, height_in
from mail_ros.training.field_map.known_area import LEVELS_UT, SurveyedArea

COLOURS = ("#2166ac", "#92c5de", "#fddbc7", "#d6604d")  # up to each level, and above the last; apart in grey too


def draw_area(
    path: Path, site: SiteReport, floors: Sequence[FloorArea], plans: Mapping[int, FloorPlan] | None = None
) -> None:
    """Draw one map per floor, below each other, as one PNG, over the floors' plans; parent folders are made."""
    plans, paths = plans or {}, {floor.floor: floor for floor in site.floors}
    floors = [each for each in floors if each.area.floor in paths]
    heights_in = [height_in(paths[each.area.floor], plans.get(each.area.floor), len(each.lanes)) for each in floors]
    figure = Figure(figsize=(WIDTH_IN, sum(heights_in) + 1.0), dpi=DPI, layout="constrained")
    title = f"{site.name}: expected error of a map of the field, by {len(site.tracks)} usable of {len(site.bags)} walks"
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=13, fontweight="bold")
    rows = figure.subplots(len(floors), 2, squeeze=False, width_ratios=[2.6, 1.0], height_ratios=heights_in)
    for (axes, words), floor in zip(rows, floors, strict=True):
        _draw_floor(axes, floor, paths[floor.area.floor], plans.get(floor.area.floor))
        _draw_list(words, floor)
    figure.legend(handles=_legend(), loc="outside lower left", ncols=6, frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _legend() -> list[Patch | Line2D]:
    edges = ["0", *(f"{level:g}" for level in LEVELS_UT)]
    names = [f"{low} to {high} µT" for low, high in pairwise(edges)]
    classes = [
        Patch(color=colour, label=name)
        for colour, name in zip(COLOURS, [*names, f"above {edges[-1]} µT, or not in the map"], strict=True)
    ]
    walked = Line2D([], [], color=QUIET, linewidth=0.8, label="walked")
    return [*classes, walked, Line2D([], [], color=INK, linewidth=2.2, label="lane to add")]


def _draw_floor(axes: Axes, floor: FloorArea, paths: Coverage, plan: FloorPlan | None) -> None:
    image, extent = _image(floor.area)
    axes.imshow(image, extent=extent, origin="lower", interpolation="nearest", alpha=0.85, zorder=0.8)
    draw_frame(axes, paths, plan, floor.area.summary())
    for need in Need:
        draw_lines(axes, dashes(paths, need), color=QUIET, linewidth=0.8, zorder=1)
    halo = [withStroke(linewidth=4.5, foreground="white")]
    lanes_m = np.array([[lane.start_m, lane.end_m] for lane in floor.lanes]).reshape(-1, 2, 2)
    draw_lines(axes, lanes_m, color=INK, linewidth=2.2, zorder=5, path_effects=halo)
    for number, (start_m, end_m) in enumerate(lanes_m, 1):
        x_m, y_m = start_m + (0.2 + 0.3 * (number % 3)) * (end_m - start_m)  # neighbours apart
        draw_number(axes, number, (float(x_m), float(y_m)), offset=0)


def _image(area: SurveyedArea) -> tuple[FloatArray, tuple[float, float, float, float]]:
    """Colours (rows, columns, 4), lowest row first, and where they lie."""
    key = np.round(area.position_m / area.cell_m).astype(np.int64)
    low, high = key.min(axis=0), key.max(axis=0)
    image = np.zeros((*(high - low + 1)[::-1], 4))
    colours = np.array([to_rgba(colour) for colour in COLOURS])
    column, row = (key - low).T
    image[row, column] = colours[np.searchsorted(LEVELS_UT, area.error_ut)]
    (left_m, low_m), (right_m, high_m) = (low - 0.5) * area.cell_m, (high + 0.5) * area.cell_m
    return image, (float(left_m), float(right_m), float(low_m), float(high_m))


def _draw_list(axes: Axes, floor: FloorArea) -> None:
    axes.set_axis_off()
    lines = [f"{number}: {lane}".replace(" to (", "\n    to (") for number, lane in enumerate(floor.lanes, 1)]
    text = "\n".join(lines) or "No lane is missing."
    axes.text(0.0, 1.0, text, va="top", fontsize=9, color=INK, transform=axes.transAxes)
