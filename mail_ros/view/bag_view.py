"""A bag through `Localizer.push` and into a view, as on a robot that is switched on at the bag's start."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import groupby

import numpy as np

from mail_ros.core.localizer.diagnostics import Diagnostics
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.track import Track
from mail_ros.view.scene import View

DETAIL_S = 1.0  # between two assessments, and between two images of the belief, as in a node
REFERENCE_S = 0.2  # between two points of the reference


class BagClock:
    """Time by the bag's stamps, plus the time that the current sample has been processed."""

    def __init__(self) -> None:
        self.stamp_ns = 0
        self._since_ns = 0

    def set(self, stamp_ns: int) -> None:
        """Advance to a sample."""
        self.stamp_ns, self._since_ns = stamp_ns, time.perf_counter_ns()

    def now_ns(self) -> int:
        """The sample's stamp, plus the time since `set`."""
        return self.stamp_ns + time.perf_counter_ns() - self._since_ns

    def steady_s(self) -> float:
        """The sample's stamp."""
        return self.stamp_ns / NS_PER_S


def show_bag(
    track: Track, localizer: Localizer, view: View, about: Mapping[str, str], report: Callable[[int], None]
) -> int:
    """Localize a walk, and show it.

    Args:
        track: the walk.
        localizer: without samples.
        view: shows the walk.
        about: see `Diagnostics`.
        report: called with the number of samples so far, once a second.

    Returns:
        The number of estimates.
    """
    clock = BagClock()
    diagnostics = Diagnostics(localizer, clock.now_ns, about, clock.steady_s)
    assessed_ns = belief_ns = estimates = 0
    for index, sample in enumerate(track.samples()):
        stamp_ns = sample.stamp_ns
        clock.set(stamp_ns)
        if index == 0:
            diagnostics.begin()
            assessed_ns = stamp_ns
        view.show_field(stamp_ns, sample.field_ut)
        estimate = localizer.push(sample)
        diagnostics.observe(sample, estimate)
        if estimate is not None:
            estimates += 1
            view.show_estimate(estimate)
            view.show_hypotheses(estimate.stamp_ns, localizer.filter.hypotheses())
            if track.valid[index]:
                view.show_reference(stamp_ns, track.position_m[index], int(track.floor[index]))
            if abs(stamp_ns - belief_ns) >= DETAIL_S * NS_PER_S:
                if (image := localizer.filter.belief_image(estimate.floor)) is not None:
                    view.show_belief(stamp_ns, image)
                belief_ns = stamp_ns
        if abs(stamp_ns - assessed_ns) >= DETAIL_S * NS_PER_S:
            view.show_assessment(diagnostics.assess())
            assessed_ns = stamp_ns
            report(index + 1)
    return estimates


def reference_paths(track: Track) -> dict[int, list[FloatArray]]:
    """Paths (k, 2) of a walk by its survey, on each floor; unlabelled parts are left out."""
    period_s = max(float(np.median(np.diff(track.stamp_ns))) / NS_PER_S, 1e-3) if len(track) > 1 else 1.0
    step = max(1, round(REFERENCE_S / period_s))
    paths: dict[int, list[FloatArray]] = {}
    known = np.where(track.valid, track.floor, None)  # type: ignore[call-overload]
    for floor, run in groupby(range(len(track)), key=lambda index: known[index]):
        if floor is not None:
            rows = list(run)
            paths.setdefault(int(floor), []).append(track.position_m[[*rows[::step], rows[-1]]])
    return paths
