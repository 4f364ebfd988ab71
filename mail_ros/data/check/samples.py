"""Checks of the magnetometer samples: gaps, drops, rate, jitter, order, units, frozen readings."""

from __future__ import annotations

import numpy as np

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.signal.field_units import UNITS_UT, field_fault, magnitude
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.check.limits import CheckLimits, Finding, graded
from mail_ros.data.clock_jumps import HOLE_S, recorded_s, repeated_ns

DROP_INTERVALS = 1.5  # a step longer than this many median intervals lost a sample


def samples_per_reading(field_ut: FloatArray) -> float:
    """Median number of equal samples (n, 3) in a row: above 1 where a driver repeats readings of a slower sensor."""
    changes = np.flatnonzero((np.diff(field_ut, axis=0) != 0).any(axis=1)) + 1
    return float(np.median(np.diff(changes))) if len(changes) > 1 else 1.0


def check_stamps(
    stamp_ns: IntArray, max_gap_s: float, limits: CheckLimits, per_reading: float = 1.0
) -> tuple[dict[str, float], list[Finding]]:
    """Check the header stamps of two samples or more, (n,) in log order. A step above `max_gap_s` ends a window.

    Args:
        stamp_ns: the stamps.
        max_gap_s: a longer step ends a window.
        limits: of the checks.
        per_reading: samples per reading of the sensor.

    Returns:
        rate_hz of readings, jitter, drops, gaps, longest_gap_s and gap_s; and the findings.
    """
    step_s = np.diff(stamp_ns) / NS_PER_S
    forward_s = step_s[step_s > 0]
    if not len(forward_s):
        same = Finding(Level.ERROR, "order", "all samples have the same stamp", "stamp them by the sensor's clock")
        return {}, [same]
    median_s = float(np.median(forward_s))
    rate_hz = 1.0 / (median_s * per_reading)
    gap = (step_s > max_gap_s) & (step_s <= HOLE_S)  # a longer one is a jump of the clock: see `clock_remarks`
    within_s = step_s[(step_s > 0) & (step_s <= max_gap_s)]
    long_s = within_s[within_s > DROP_INTERVALS * median_s]
    drops = int((np.round(long_s / median_s) - 1).sum())
    jitter = float(np.percentile(np.abs(within_s / median_s - 1.0), 95)) if len(within_s) else 0.0
    numbers = {
        "rate_hz": rate_hz,
        "jitter": jitter,
        "drops": float(drops),
        "gaps": float(gap.sum()),
        "gap_s": float(step_s[gap].sum()),
        "longest_gap_s": float(step_s[gap].max(initial=0.0)),
    }
    drop_fraction = drops / (len(stamp_ns) + drops)
    dropped = (
        f"{drops} samples ({drop_fraction:.1%}) are missing between others",
        "check the driver's load and its QoS",
    )
    uneven = (
        f"intervals differ by {jitter:.0%} from the median, {1e3 * median_s:.1f} ms",
        "stamp by the sensor's clock",
    )
    return numbers, [
        *_order(stamp_ns, step_s, max_gap_s, limits),
        *_rate(rate_hz, per_reading, limits),
        *_gaps(stamp_ns, step_s, gap, limits),
        *graded("drops", drop_fraction, limits.warn_drop_fraction, limits.max_drop_fraction, *dropped),
        *graded("jitter", jitter, limits.warn_jitter, np.inf, *uneven),
    ]


def _rate(rate_hz: float, per_reading: float, limits: CheckLimits) -> list[Finding]:
    if rate_hz >= limits.good_rate_hz:
        return []
    level = Level.ERROR if rate_hz < limits.min_rate_hz else Level.WARN
    wanted = limits.min_rate_hz if level is Level.ERROR else limits.good_rate_hz
    repeated = f" of readings, each in {per_reading:g} samples" if per_reading > 1.0 else ""
    found = f"{rate_hz:.1f} Hz{repeated}, wanted {wanted:g} Hz or more"
    return [Finding(level, "rate", found, "raise the sensor's rate")]


def _gaps(stamp_ns: IntArray, step_s: FloatArray, gap: BoolArray, limits: CheckLimits) -> list[Finding]:
    if not gap.any():
        return []
    longest = int(np.argmax(np.where(gap, step_s, 0.0)))
    at_s = (stamp_ns[longest] - stamp_ns[0]) / NS_PER_S
    total_s = float(step_s[gap].sum())
    fraction = total_s / _duration_s(stamp_ns)
    found = (
        f"{int(gap.sum())} gaps, {total_s:.1f} s in all ({fraction:.0%}), the longest {step_s[longest]:.1f} s at "
        f"{at_s:.1f} s"
    )
    fix = "the window restarts after each: walk there again"
    return graded("gaps", fraction, 0.0, limits.max_gap_fraction, found, fix)


def _order(stamp_ns: IntArray, step_s: FloatArray, max_gap_s: float, limits: CheckLimits) -> list[Finding]:
    """Stamps that step back: by a clock that was set, or, by less than a gap, by reordered messages."""
    if step_s.min() < -max_gap_s and len(repeated_ns(stamp_ns)):
        at = int(np.argmin(step_s))
        at_s = (stamp_ns[at] - stamp_ns[0]) / NS_PER_S
        found = f"the clock was set back by {-step_s[at]:.1f} s at {at_s:.1f} s"
        return [Finding(Level.ERROR, "order", found, "record again, with a steady clock")]
    fraction = float((step_s <= 0).mean())
    found = f"{fraction:.1%} of the samples are not after the one before"
    return graded("order", fraction, limits.warn_unordered_fraction, np.inf, found, "they will not be used")


def check_field(
    stamp_ns: IntArray, field_ut: FloatArray, limits: CheckLimits
) -> tuple[dict[str, float], list[Finding]]:
    """Check the readings (n, 3) µT at stamps (n,). Returns field_ut, the median magnitude; and the findings."""
    finite = np.isfinite(field_ut).all(axis=1)
    fraction = float(1.0 - finite.mean())
    not_finite = f"{fraction:.1%} of the samples have an axis that is not finite", "check the driver"
    limit = limits.warn_not_finite_fraction, limits.max_not_finite_fraction
    findings = graded("not_finite", fraction, *limit, *not_finite)
    if not finite.any():
        return {}, findings
    typical = magnitude(np.linalg.norm(field_ut[finite], axis=1))
    if fault := field_fault(typical):
        scale = (
            f", or this be in a robot file, for --robot: field_scale {1 / UNITS_UT[fault.unit]:g}" if fault.unit else ""
        )
        findings.append(Finding(Level.ERROR, "units", fault.found, fault.cause + scale))
    elif float(np.linalg.norm(field_ut[finite].std(axis=0))) < limits.min_field_change_ut:
        found = f"the field changes by less than {limits.min_field_change_ut:g} µT over the whole recording"
        findings.append(Finding(Level.ERROR, "frozen", found, "check the sensor"))
    else:
        findings += _frozen(stamp_ns, field_ut, limits)
    return {"field_ut": typical.median_ut}, findings


def _frozen(stamp_ns: IntArray, field_ut: FloatArray, limits: CheckLimits) -> list[Finding]:
    """Periods in which all three axes are bitwise constant."""
    changes = np.flatnonzero((np.diff(field_ut, axis=0) != 0).any(axis=1)) + 1
    starts = np.concatenate([[0], changes])
    ends = np.concatenate([changes - 1, [len(stamp_ns) - 1]])
    length_s = (stamp_ns[ends] - stamp_ns[starts]) / NS_PER_S
    frozen_s = float(length_s[length_s > limits.frozen_s].sum())
    longest = int(np.argmax(length_s))
    found = (
        f"the reading stays the same for {frozen_s:.1f} s in all, the longest time from "
        f"{(stamp_ns[starts[longest]] - stamp_ns[0]) / NS_PER_S:.1f} s on"
    )
    fraction = frozen_s / _duration_s(stamp_ns)
    return graded("frozen", fraction, 0.0, limits.max_frozen_fraction, found, "check the sensor")


def _duration_s(stamp_ns: IntArray) -> float:
    return max(recorded_s(stamp_ns), 1e-9)
