"""The figures of a floor as numbers, which page.js draws."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.evaluation.methods import OURS
from mail_ros.evaluation.metrics import TAIL_M
from mail_ros.evaluation.report.runs import Floor, Trajectory

PROBABILITIES = np.linspace(0.0, 1.0, 201)  # levels of the error CDF
MAX_POINTS = 600  # drawn estimates of one method in one walk, evenly chosen
CELL_M = 4.0  # side of the coarse cells of confused positions
MAX_CONFUSIONS = 40  # the most frequent ones are drawn
MARGIN_M = 4.0  # around the true paths on the map
MIN_ERROR_M = 0.02  # lower end of the logarithmic error axis

# MAIL has warm colours, baselines have cool ones, chance is grey: the same in every figure.
CHANCE = "#8a94a0"
COLOURS = {
    "chance": CHANCE,
    "knn": "#1d5fbf",
    "dtw": "#0f9bb4",
    "jang": "#6b4fa8",
    "magicol": "#2f8f4e",
    "maloc": "#8aa81f",
    "dead_reckoning": "#54606e",
    "mail": "#c2185b",
    "mail_heatmap": "#d9480f",
    "mail_uniform": "#e8a33d",
    "mail_constant": "#a8763e",
    "matching": "#7a0019",
}
WARM = ("#8c1d18", "#e8590c", "#b8860b", "#e64980")
COOL = ("#364fc7", "#087f5b", "#1098ad", "#5f3dc4")
SCALE_ENDS = ((207, 226, 234), (16, 62, 92))  # RGB of the shortest and the longest scale


def colours(methods: Sequence[str]) -> dict[str, str]:
    """A colour for each method; known names have the same colour in every report."""
    spare = {True: iter(WARM * len(methods)), False: iter(COOL * len(methods))}
    return {method: COLOURS.get(method) or next(spare[method in OURS]) for method in sorted(methods)}


def scale_colours(scales: int) -> list[str]:
    """Light for the shortest scale, dark for the longest."""
    mixes = np.linspace(SCALE_ENDS[0], SCALE_ENDS[1], scales) if scales > 1 else np.array([SCALE_ENDS[1]])
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in mixes.round().astype(int).tolist()]


def error_cdf(floor: Floor, method: str) -> FloatArray:
    """Quantiles of the error in metres, at `PROBABILITIES`."""
    quantiles: FloatArray = np.quantile(floor.error_m(method), PROBABILITIES)
    return quantiles


def thinned(trajectory: Trajectory) -> Trajectory:
    """At most `MAX_POINTS` estimates, evenly chosen."""
    step = -(-len(trajectory.time_s) // MAX_POINTS) or 1
    return Trajectory(*(values[::step] for values in vars(trajectory).values()))


def gaps(time_s: FloatArray) -> IntArray:
    """Indices before which a line breaks, after a pause or missing estimates."""
    if len(time_s) < 3:
        return np.zeros(0, dtype=np.int64)
    between_s = np.diff(time_s)
    return np.flatnonzero(between_s > 3.0 * np.median(between_s)) + 1


def confusions(floor: Floor, method: str) -> dict[str, FloatArray | IntArray]:
    """Positions that a method confuses: estimates by true coarse cell, wrong ones by true and estimated cell.

    Returns:
        For c cells: mean true position "x" and "y", number of "estimates", and of those more than `TAIL_M` "wrong".
        For k pairs of cells, most frequent first: mean true position "from_x", "from_y", mean estimate "to_x", "to_y",
        and how many "times".
    """
    trajectories = floor.trajectories[method].values()
    reference_m = np.concatenate([one.reference_m for one in trajectories])
    position_m = np.concatenate([one.position_m for one in trajectories])
    wrong = np.linalg.norm(position_m - reference_m, axis=1) > TAIL_M
    cell = np.floor(reference_m / CELL_M).astype(np.int64)
    pair = np.column_stack([cell, np.floor(position_m / CELL_M).astype(np.int64)])[wrong]
    cells, at = _groups(cell)
    pairs, confused = _groups(pair)
    order = np.argsort(-np.bincount(confused, minlength=pairs), kind="stable")[:MAX_CONFUSIONS]
    (x, y), (from_x, from_y), (to_x, to_y) = (
        _means(reference_m, at, cells).T,
        _means(reference_m[wrong], confused, pairs)[order].T,
        _means(position_m[wrong], confused, pairs)[order].T,
    )
    return {
        **{"x": x, "y": y, "from_x": from_x, "from_y": from_y, "to_x": to_x, "to_y": to_y},
        "estimates": np.bincount(at, minlength=cells),
        "wrong": np.bincount(at[wrong], minlength=cells),
        "times": np.bincount(confused, minlength=pairs)[order],
    }


def _groups(key: IntArray) -> tuple[int, IntArray]:
    """The number of different rows, and the group of each row."""
    unique, group = np.unique(key, axis=0, return_inverse=True)
    return len(unique), group.reshape(-1)


def _means(value: FloatArray, group: IntArray, groups: int) -> FloatArray:
    times = np.maximum(np.bincount(group, minlength=groups), 1)
    return np.column_stack([np.bincount(group, value[:, axis], minlength=groups) / times for axis in (0, 1)])


def short_names(names: Sequence[str]) -> list[str]:
    """Names without their common beginning and end, for narrow columns."""
    if len(set(names)) < 2:
        return list(names)
    start = commonprefix(names).rstrip("0123456789")  # noqa: RUF071 - a prefix of letters
    rest = [name.removeprefix(start) for name in names]
    end = commonprefix([name[::-1] for name in rest])[::-1].lstrip("0123456789")  # noqa: RUF071
    return [name.removesuffix(end) for name in rest]


def error_axis_m(floor: Floor) -> tuple[float, float]:
    """The range of the logarithmic error axis, the same for all methods of a floor."""
    error_m = np.concatenate([floor.error_m(method) for method in floor.methods])
    low_m = max(MIN_ERROR_M, float(np.quantile(error_m, 0.005)))
    return low_m * 0.8, max(float(error_m.max()), 2 * TAIL_M) * 1.1


def bounds_m(floor: Floor) -> FloatArray:
    """(2, 2) lowest and highest x and y of the floor's map: all true paths and a margin."""
    path_m = np.concatenate([one.reference_m for by in floor.trajectories.values() for one in by.values()])
    bounds: FloatArray = np.stack([path_m.min(axis=0) - MARGIN_M, path_m.max(axis=0) + MARGIN_M])
    return bounds
