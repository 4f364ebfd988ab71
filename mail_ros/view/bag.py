"""A bag through the seam, as a robot that was switched on at its start, and into a view.

Recording --> Sample --> Health.push --> Estimate, hypotheses, belief, Assessment --> View
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import groupby

import numpy as np

from mail_ros.core.localizer.diagnostics import Diagnostics
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.types import NS_PER_S, Estimate, FloatArray
from mail_ros.data.track import Track
from mail_ros.view.scene import View

DETAIL_S = 1.0  # between two assessments, and between two pictures of the belief: as of a node
REFERENCE_S = 0.2  # between two points of the reference


class BagClock:
    """Time as the bag's stamps tell it; within a sample, as it takes to compute."""

    def __init__(self) -> None:
        self.stamp_ns = 0
        self._since_ns = 0

    def set(self, stamp_ns: int) -> None:
        """Now a sample comes."""
        self.stamp_ns, self._since_ns = stamp_ns, time.perf_counter_ns()

    def now_ns(self) -> int:
        """The sample's stamp, and what went by since it came."""
        return self.stamp_ns + time.perf_counter_ns() - self._since_ns

    def steady_s(self) -> float:
        """The sample's stamp."""
        return self.stamp_ns / NS_PER_S


def show_bag(
    track: Track,
    localizer: Localizer,
    view: View,
    about: Mapping[str, str],
    report: Callable[[int], None],
) -> int:
    """Localize a walk, and show it.

    Args:
        track: the whole of it.
        localizer: a fresh one.
        view: to show it in.
        about: what the status repeats, as the model's name.
        report: called with the samples so far, now and then.

    Returns:
        How many estimates there were.
    """
    clock = BagClock()
    diagnostics = Diagnostics(localizer, clock.now_ns, about, clock.steady_s)
    assessed_ns = believed_ns = estimates = 0
    for index, sample in enumerate(track.samples()):
        stamp_ns = sample.stamp_ns
        clock.set(stamp_ns)
        if index == 0:
            diagnostics.begin()
            assessed_ns = stamp_ns
        view.hear_field(stamp_ns, sample.field_ut)
        estimate = localizer.push(sample)
        diagnostics.observe(sample, estimate)
        if estimate is not None:
            estimates += 1
            _show(view, localizer, estimate)
            if track.valid[index]:
                view.hear_reference(stamp_ns, track.position_m[index], int(track.floor[index]))
            if abs(stamp_ns - believed_ns) >= DETAIL_S * NS_PER_S:
                _show_belief(view, localizer, estimate)
                believed_ns = stamp_ns
        if abs(stamp_ns - assessed_ns) >= DETAIL_S * NS_PER_S:
            view.hear_assessment(diagnostics.assess())
            assessed_ns = stamp_ns
            report(index + 1)
    return estimates


def _show(view: View, localizer: Localizer, estimate: Estimate) -> None:
    view.hear_estimate(estimate)
    view.hear_hypotheses(estimate.stamp_ns, localizer.filter.hypotheses())


def _show_belief(view: View, localizer: Localizer, estimate: Estimate) -> None:
    if (image := localizer.filter.belief_image(estimate.floor)) is not None:
        view.hear_belief(estimate.stamp_ns, image)


def reference_ways(track: Track) -> dict[int, list[FloatArray]]:
    """Where a walk was by its survey: the ways (k, 2) on each floor, without what is not known."""
    step = max(1, round(REFERENCE_S / _period_s(track)))
    ways: dict[int, list[FloatArray]] = {}
    known = np.where(track.valid, track.floor, None)  # type: ignore[call-overload]
    for floor, run in groupby(range(len(track)), key=lambda index: known[index]):
        if floor is not None:
            rows = list(run)
            ways.setdefault(int(floor), []).append(track.position_m[[*rows[::step], rows[-1]]])
    return ways


def _period_s(track: Track) -> float:
    return max(float(np.median(np.diff(track.stamp_ns))) / NS_PER_S, 1e-3) if len(track) > 1 else 1.0
