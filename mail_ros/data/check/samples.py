"""The field's samples: holes, drops, rate, jitter, order, units, and whether the sensor lives."""

from __future__ import annotations

import numpy as np

from mail_ros.core.localizer.diagnostics import Level, unit_fault
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.check.limits import CheckLimits, Finding, graded

DROP_INTERVALS = 1.5  # a step longer than so many medians lost a sample


def check_stamps(stamp_ns: IntArray, max_gap_s: float, limits: CheckLimits) -> tuple[dict[str, float], list[Finding]]:
    """Judge the header stamps of two samples or more, in the order of the log.

    Args:
        stamp_ns: (n,).
        max_gap_s: a longer step is a hole, after which the window starts anew.
        limits: from where on something is said.

    Returns:
        rate_hz, jitter, drops, gaps, longest_gap_s and gap_s, and what is wrong.
    """
    step_s = np.diff(stamp_ns) / NS_PER_S
    onward_s = step_s[step_s > 0]
    if not len(onward_s):
        return {}, [Finding(Level.ERROR, "order", "all samples have the same stamp; stamp them by the sensor's clock")]
    typical_s = float(np.median(onward_s))
    rate_hz = 1.0 / typical_s
    gap = step_s > max_gap_s
    within_s = step_s[(step_s > 0) & ~gap]
    long_s = within_s[within_s > DROP_INTERVALS * typical_s]
    drops = int((np.round(long_s / typical_s) - 1).sum())
    jitter = float(np.percentile(np.abs(within_s / typical_s - 1.0), 95)) if len(within_s) else 0.0
    numbers = {
        "rate_hz": rate_hz,
        "jitter": jitter,
        "drops": float(drops),
        "gaps": float(gap.sum()),
        "gap_s": float(step_s[gap].sum()),
        "longest_gap_s": float(step_s[gap].max(initial=0.0)),
    }
    drop_share = drops / (len(stamp_ns) + drops)
    findings = [
        *_order(stamp_ns, step_s, max_gap_s, limits),
        *_rate(rate_hz, limits),
        *_gaps(stamp_ns, step_s, gap, limits),
        *graded(
            "drops",
            drop_share,
            limits.drop_share,
            limits.drop_share_most,
            f"{drops} samples ({drop_share:.1%}) are missing between others; look at the driver's load and its QoS",
        ),
        *graded(
            "jitter",
            jitter,
            limits.jitter,
            np.inf,
            f"intervals differ by {jitter:.0%} from the median, {1e3 * typical_s:.1f} ms; stamp by the sensor's clock",
        ),
    ]
    return numbers, findings


def _rate(rate_hz: float, limits: CheckLimits) -> list[Finding]:
    if rate_hz >= limits.good_rate_hz:
        return []
    level = Level.ERROR if rate_hz < limits.least_rate_hz else Level.WARN
    wanted = limits.least_rate_hz if level is Level.ERROR else limits.good_rate_hz
    return [Finding(level, "rate", f"{rate_hz:.1f} Hz, wanted {wanted:g} Hz or more; raise the sensor's rate")]


def _gaps(stamp_ns: IntArray, step_s: FloatArray, gap: np.ndarray, limits: CheckLimits) -> list[Finding]:
    if not gap.any():
        return []
    longest = int(np.argmax(step_s))
    at_s = (stamp_ns[longest] - stamp_ns[0]) / NS_PER_S
    total_s = float(step_s[gap].sum())
    share = total_s / max(float((stamp_ns.max() - stamp_ns.min()) / NS_PER_S), 1e-9)
    message = (
        f"{int(gap.sum())} holes, {total_s:.1f} s in all ({share:.0%}), the longest {step_s[longest]:.1f} s at "
        f"{at_s:.1f} s; the window starts anew after each: walk there again"
    )
    return graded("gaps", share, 0.0, limits.gap_share, message)


def _order(stamp_ns: IntArray, step_s: FloatArray, max_gap_s: float, limits: CheckLimits) -> list[Finding]:
    """Stamps that go back: far, the clock was set; a little, messages overtook each other."""
    if step_s.min() < -max_gap_s:
        at = int(np.argmin(step_s))
        at_s = (stamp_ns[at] - stamp_ns[0]) / NS_PER_S
        message = f"the clock was set back by {-step_s[at]:.1f} s at {at_s:.1f} s; record again, with a steady clock"
        return [Finding(Level.ERROR, "order", message)]
    share = float((step_s <= 0).mean())
    message = f"{share:.1%} of the samples are not after the one before; they will not be used"
    return graded("order", share, limits.unordered_share, np.inf, message)


def check_field(
    stamp_ns: IntArray, field_ut: FloatArray, limits: CheckLimits
) -> tuple[dict[str, float], list[Finding]]:
    """Judge the readings.

    Args:
        stamp_ns: (n,).
        field_ut: (n, 3).
        limits: from where on something is said.

    Returns:
        field_ut, the median strength, and what is wrong.
    """
    finite = np.isfinite(field_ut).all(axis=1)
    bad_share = float(1.0 - finite.mean())
    findings = graded(
        "not_finite",
        bad_share,
        limits.bad_share,
        limits.bad_share_most,
        f"{bad_share:.1%} of the samples have an axis that is no number; look at the driver",
    )
    if not finite.any():
        return {}, findings
    strength_ut = float(np.median(np.linalg.norm(field_ut[finite], axis=1)))
    if fault := unit_fault(strength_ut):
        findings.append(Finding(Level.ERROR, "units", fault))
    elif float(np.linalg.norm(field_ut[finite].std(axis=0))) < limits.still_ut:
        message = f"the field changes by less than {limits.still_ut:g} µT over the whole recording; look at the sensor"
        findings.append(Finding(Level.ERROR, "frozen", message))
    else:
        findings += _frozen(stamp_ns, field_ut, limits)
    return {"field_ut": strength_ut}, findings


def _frozen(stamp_ns: IntArray, field_ut: FloatArray, limits: CheckLimits) -> list[Finding]:
    """Stretches in which all three axes stay the same to the last bit."""
    changes = np.flatnonzero((np.diff(field_ut, axis=0) != 0).any(axis=1)) + 1
    starts = np.concatenate([[0], changes])
    ends = np.concatenate([changes - 1, [len(stamp_ns) - 1]])
    length_s = (stamp_ns[ends] - stamp_ns[starts]) / NS_PER_S
    frozen_s = float(length_s[length_s > limits.frozen_s].sum())
    longest = int(np.argmax(length_s))
    message = (
        f"the reading stays the same for {frozen_s:.1f} s in all, the longest time from "
        f"{(stamp_ns[starts[longest]] - stamp_ns[0]) / NS_PER_S:.1f} s on; look at the sensor"
    )
    share = frozen_s / max(float((stamp_ns.max() - stamp_ns.min()) / NS_PER_S), 1e-9)
    return graded("frozen", share, 0.0, limits.frozen_share_most, message)
