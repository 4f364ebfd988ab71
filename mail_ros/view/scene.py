"""A localizer's results as a picture, for a running node and for a bag alike.

The picture shows one floor: that of the last estimate. When it changes, plan, path and reference change too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mail_ros.core.belief import REGION_SQUARED
from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.core.localizer.status_report import WITHOUT_POSE
from mail_ros.core.types import NS_PER_S, BeliefImage, Estimate, FloatArray, Hypothesis, Status
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.view.drawing import Canvas, Colour, Curves, Dots, Lines, Note, Page

COLOURS: Mapping[Status, Colour] = {
    Status.LOCALIZED: (46, 204, 113, 255),
    Status.STATIONARY: (52, 152, 219, 255),
    Status.UNCERTAIN: (243, 156, 18, 255),
    Status.OUT_OF_AREA: (231, 76, 60, 255),
    Status.FILLING: (149, 165, 166, 255),
    Status.SENSOR_FAULT: (192, 57, 43, 255),
}
SURVEYED: Colour = (110, 125, 140, 160)
REFERENCE: Colour = (150, 150, 150, 255)
HYPOTHESIS: Colour = (255, 255, 255, 255)
FAINT, STRONG = np.array([110, 40, 160, 120]), np.array([255, 190, 60, 255])  # colours of the belief in a cell
FIELD_S = 0.02  # between two points of the field's curves
GAP_S, JUMP_M = 5.0, 3.0  # between two estimates: beyond them the path is interrupted
FIELD_NAMES = ("x, µT", "y, µT", "z, µT", "|B|, µT")
RATES = ("rate, Hz", "latency median, ms")  # keys of an assessment's values
NOWHERE = np.zeros((0, 2))
BLANK = FloorPlan(np.zeros((1, 1), np.uint8), np.zeros(2), np.full(2, 1e-3))  # a speck, for a floor without a plan


@dataclass(frozen=True)
class Setting:
    """What is known before the first sample."""

    plans: Mapping[int, FloorPlan] = field(default_factory=dict)  # by floor
    scales: tuple[str, ...] = ()  # names of the scales; empty: numbers
    reference_m: Mapping[int, Sequence[FloatArray]] = field(default_factory=dict)  # by floor: paths (k, 2) each


class View:
    """Draws samples, estimates and assessments."""

    def __init__(self, canvas: Canvas, setting: Setting | None = None) -> None:
        """Start with an empty picture.

        Args:
            canvas: shows it.
            setting: what is known of site, model and walk.
        """
        self.canvas, self.setting = canvas, setting or Setting()
        self.status = Status.FILLING
        self.newest_ns: int | None = None  # stamp of the newest sample or estimate
        self._floor: int | None = None  # the shown one
        self._last: Estimate | None = None
        self._field_ns: int | None = None  # stamp of the last point of the field's curves
        self._surveyed: tuple[float, ...] = ()  # the drawn cells

    def show_field(self, stamp_ns: int, field_ut: FloatArray) -> None:
        """Show a magnetometer's reading, (3,) µT."""
        floors = sorted({*self.setting.plans, *self.setting.reference_m})
        if self.newest_ns is None and len(floors) == 1:
            self._show_floor(floors[0], stamp_ns)
        self.newest_ns = stamp_ns
        if self._field_ns is not None and 0 <= stamp_ns - self._field_ns < FIELD_S * NS_PER_S:
            return
        self._field_ns = stamp_ns
        values = (*map(float, field_ut), math.hypot(*field_ut.tolist()))
        self.canvas.draw("field", Curves(FIELD_NAMES, values), stamp_ns)

    def show_estimate(self, estimate: Estimate) -> None:
        """Show an estimate, and the path from the last one."""
        last, stamp_ns, colour = self._last, estimate.stamp_ns, COLOURS[estimate.status]
        self.newest_ns, self._last = stamp_ns, estimate
        if self._floor != estimate.floor:
            self._show_floor(estimate.floor, stamp_ns)
        elif last is not None and 0 < stamp_ns - last.stamp_ns < GAP_S * NS_PER_S:
            step_m = np.array([last.position_m, estimate.position_m])
            if np.linalg.norm(step_m[1] - step_m[0]) < JUMP_M:
                self.canvas.draw("map/path", Lines([step_m], colour, -1.5), stamp_ns)
        self.canvas.draw("map/region", Lines([ellipse(estimate)], colour, -1.0), stamp_ns)
        self.canvas.draw("map/pose", Dots(estimate.position_m[None], [colour], -6.0), stamp_ns)
        self._change_status(estimate.status, stamp_ns)
        self.show_attention(stamp_ns, estimate.attention)

    def show_attention(self, stamp_ns: int, weights: Sequence[float]) -> None:
        """Show the weight of each scale; nothing for a model without scales."""
        if weights:
            names = self.setting.scales or tuple(f"scale {number + 1}" for number in range(len(weights)))
            self.canvas.draw("attention", Curves(names, tuple(map(float, weights))), stamp_ns)

    def show_hypotheses(self, stamp_ns: int, hypotheses: Sequence[Hypothesis]) -> None:
        """Show the hypotheses on the shown floor, most probable first, with their weights."""
        here = [each for each in hypotheses if each.floor == self._floor]
        texts = [f"{at + 1}" if math.isnan(each.weight) else f"{each.weight:.0%}" for at, each in enumerate(here)]
        labels = texts if len(here) > 1 else []  # a single one is at the estimate
        position_m = np.array([each.position_m for each in here]).reshape(-1, 2)
        self.canvas.draw("map/hypotheses", Dots(position_m, [HYPOTHESIS], -3.0, labels), stamp_ns)

    def show_belief(self, stamp_ns: int, image: BeliefImage) -> None:
        """Show the probability of each cell, on the shown floor."""
        rows, columns = np.nonzero(image.percent >= 0)
        position_m = image.corner_m + image.size_m * (np.column_stack([columns, rows]) + 0.5)
        surveyed = (*image.corner_m.tolist(), *image.percent.shape, len(rows))
        if surveyed != self._surveyed:
            self.canvas.draw("map/surveyed", Dots(position_m, [SURVEYED], image.size_m / 4), stamp_ns)
            self._surveyed = surveyed
        fraction = image.percent[rows, columns] / 100.0
        likely = np.flatnonzero(fraction >= 0.01)
        shades = (FAINT + fraction[likely, None] * (STRONG - FAINT)).round().astype(int).tolist()
        colours = [(red, green, blue, opacity) for red, green, blue, opacity in shades]
        self.canvas.draw("map/belief", Dots(position_m[likely], colours, image.size_m / 2), stamp_ns)

    def show_reference(self, stamp_ns: int, position_m: FloatArray, floor: int) -> None:
        """Show the surveyed position, (2,), at the stamp of the last estimate, and the estimate's error."""
        last = self._last
        if last is None or floor != self._floor:
            self.canvas.draw("map/truth", Dots(NOWHERE, [REFERENCE], -4.0), stamp_ns)
            return
        self.canvas.draw("map/truth", Dots(position_m[None], [REFERENCE], -4.0), stamp_ns)
        error_m = float(np.linalg.norm(last.position_m - position_m))
        self.canvas.draw("error", Curves(("error, m",), (error_m,)), stamp_ns)

    def show_status(self, status: Status) -> None:
        """Show a status at the newest stamp; before the first sample nothing is drawn."""
        if self.newest_ns is not None:
            self._change_status(status, self.newest_ns)

    def show_assessment(self, assessment: Assessment) -> None:
        """Show an assessment, as once a second on /diagnostics.

        It is drawn at the newest stamp, since the clock of diagnostics may differ from that of the samples; so nothing
        is drawn before the first sample.
        """
        at_ns = self.newest_ns
        if at_ns is None:
            return
        name = assessment.values.get("status", "")
        if name in Status.__members__:
            self._change_status(Status[name], at_ns)
        if assessment.level == Level.ERROR:
            self.canvas.draw("log", Note(assessment.message, assessment.level), at_ns)
        self.canvas.draw("status", Page(status_page(assessment, self._last)), at_ns)
        self.canvas.draw("rates", Curves(RATES, tuple(_number(assessment, name) for name in RATES)), at_ns)

    def _change_status(self, status: Status, stamp_ns: int) -> None:
        if status is self.status:
            return
        self.status = status
        trusted = status.is_trusted
        self.canvas.draw("log", Note(status.value, Level.OK if trusted else Level.WARN), stamp_ns)
        if status in WITHOUT_POSE:
            self._last = None
            for entity in ("pose", "hypotheses", "belief", "truth"):
                self.canvas.draw(f"map/{entity}", Dots(NOWHERE, [COLOURS[status]], 1.0), stamp_ns)
            self.canvas.draw("map/region", Lines([], COLOURS[status], 1.0), stamp_ns)

    def _show_floor(self, floor: int, stamp_ns: int) -> None:
        """Replace plan and reference by those of a floor."""
        self._floor = floor
        self.canvas.draw("log", Note(f"floor {floor}", Level.OK), stamp_ns)
        if self.setting.plans:
            self.canvas.draw("map/plan", self.setting.plans.get(floor, BLANK), stamp_ns)
        if self.setting.reference_m:
            paths_m = self.setting.reference_m.get(floor, ())
            self.canvas.draw("map/reference", Lines(paths_m, REFERENCE, -1.0), stamp_ns)


def ellipse(estimate: Estimate) -> FloatArray:
    """The edge of the region that holds the device with probability `belief.REGION`, as a path (49, 2)."""
    angle = np.linspace(0.0, 2.0 * np.pi, 49)
    square, axes = np.linalg.eigh(estimate.covariance_m2)
    half_m = np.sqrt(REGION_SQUARED * np.maximum(square, 0.0))
    edge_m: FloatArray = estimate.position_m + np.column_stack([np.cos(angle), np.sin(angle)]) * half_m @ axes.T
    return edge_m


def status_page(assessment: Assessment, last: Estimate | None) -> str:
    """An assessment and the last estimate, in Markdown."""
    rows = dict(assessment.values)
    title = rows.pop("status", "") or assessment.level.name
    if last is not None:
        x_m, y_m = last.position_m.tolist()
        deviation_m = math.sqrt(float(np.linalg.eigvalsh(last.covariance_m2).max()))
        rows = {"floor": str(last.floor), "x, y, ± m": f"{x_m:.2f}, {y_m:.2f}, {deviation_m:.2f}", **rows}
    lines = [f"| {name.replace('|', chr(92) + '|')} | {value} |" for name, value in rows.items()]
    message = [] if assessment.level == Level.OK else [assessment.message, ""]
    return "\n".join([f"# {title}", *message, "| | |", "|---|---|", *lines])


def _number(assessment: Assessment, name: str) -> float:
    try:
        return float(assessment.values.get(name, "nan"))
    except ValueError:
        return math.nan
