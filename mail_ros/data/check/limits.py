"""Limits of the checks: above a warning limit a bag has a finding, above an error limit it is not usable."""

from __future__ import annotations

from dataclasses import dataclass

from mail_ros.core.localizer.diagnostics import Level


@dataclass(frozen=True)
class CheckLimits:
    """Each limit with its reason; the maximum gap between samples is a setting of the network."""

    min_rate_hz: float = 8.0  # 10 Hz less jitter: a lower rate undersamples the field at walking speed
    good_rate_hz: float = 25.0  # half of the default resampling rate
    max_gap_fraction: float = 0.05  # gaps over the duration; each gap also costs a whole window
    warn_drop_fraction: float = 0.01  # a phone loses less (0.1 % in the IPIN 2023 walks)
    max_drop_fraction: float = 0.2  # above, interpolated samples are no longer a small part
    warn_jitter: float = 0.5  # 95th percentile over the median interval: stamps are times of receipt
    warn_not_finite_fraction: float = 0.001
    max_not_finite_fraction: float = 0.05
    warn_unordered_fraction: float = 0.01  # samples whose stamp is not after the previous one
    frozen_s: float = 5.0  # duration of one reading: a phone of low resolution on a table repeats one for 2 s
    max_frozen_fraction: float = 0.2
    min_field_change_ut: float = 0.5  # standard deviation over a walk: a tenth of a building's
    double_click_s: float = 1.0  # two clicks in RViz on different landmarks are further apart
    far_click_ratio: float = 2.5  # speed to and from a click over the walk's median: no walk is so uneven
    outside_s: float = 1.0  # a landmark this long before the first or after the last sample has a wrong clock
    warn_clock_s: float = 0.3  # clock offset of landmarks and field: 0.3 m of label error at walking speed
    max_clock_s: float = 1.0
    max_speed_m_s: float = 3.0  # a faster leg between landmarks is above walking speed
    min_speed_m_s: float = 0.15  # a slower leg contains a stop without waypoint events
    min_leg_m: float = 2.0  # the speed of a shorter leg is uncertain
    max_leg_m: float = 40.0  # constant speed is unlikely over a longer leg
    max_leg_s: float = 60.0
    odometry_mismatch_fraction: float = 0.5  # a phone's steps are within 0.3 in the IPIN 2023 walks
    odometry_mismatch_m: float = 3.0  # added to the above
    min_labelled_fraction: float = 0.5  # below, landmarks at the start or end of the walk are missing
    max_paused_fraction: float = 0.6  # stops over the labelled time
    min_windows: int = 100  # ten seconds or metres of walking


@dataclass(frozen=True)
class Finding:
    """One problem of a bag."""

    level: Level  # ERROR: the bag is not usable; WARN: it is usable, and could be better
    name: str  # such as `gaps`
    found: str  # the problem, with the numbers of this bag
    fix: str  # the same for all bags with the same cause

    @property
    def message(self) -> str:
        """The problem and its fix."""
        return f"{self.found}; {self.fix}"


def graded(name: str, value: float, warn_above: float, error_above: float, found: str, fix: str) -> list[Finding]:
    """A finding whose level follows from a value; none up to `warn_above`, and for NaN."""
    if not value > warn_above:
        return []
    return [Finding(Level.ERROR if value > error_above else Level.WARN, name, found, fix)]
