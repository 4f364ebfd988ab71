"""From where on something is worth saying, and from where on a bag is not usable."""

from __future__ import annotations

from dataclasses import dataclass

from mail_ros.core.localizer.diagnostics import Level


@dataclass(frozen=True)
class CheckLimits:
    """Each with its reason; a hole in the samples is what the network's own settings call one."""

    least_rate_hz: float = 8.0  # below 10 Hz, less jitter, the field's bends at walking speed are not sampled
    good_rate_hz: float = 25.0  # half of what the default settings resample to
    gap_share: float = 0.05  # of the time, in holes: each costs a whole window besides
    drop_share: float = 0.01  # of the samples: more than a phone loses (0.1 % in the IPIN 2023 walks)
    drop_share_most: float = 0.2  # what is interpolated is no longer a small part
    jitter: float = 0.5  # of the median interval, 95th percentile: stamps are those of receipt, not of the sensor
    bad_share: float = 0.001  # of the samples: not finite
    bad_share_most: float = 0.05
    unordered_share: float = 0.01  # of the samples: a stamp not after that of the sample before
    frozen_s: float = 5.0  # the same reading for so long: a coarse phone on a table stays 2 s at the same one
    frozen_share_most: float = 0.2
    still_ut: float = 0.5  # spread of the field over the whole walk; a building's is ten times that
    double_click_s: float = 1.0  # between two clicks in RViz: nobody passes places more often
    far_click: float = 2.5  # times the usual speed, on the ways to a click and from it: no walk is so uneven
    outside_s: float = 1.0  # a landmark so long before the first sample or after the last belongs to another time
    clock_s: float = 0.3  # between the clocks of landmarks and field: 0.3 m of label at walking speed
    clock_most_s: float = 1.0
    fastest_m_s: float = 3.0  # between two landmarks: nobody surveys at a run
    slowest_m_s: float = 0.15  # on the way from one landmark to the next: stood there, without a mark
    shortest_leg_m: float = 2.0  # below, a speed says little
    leg_m: float = 40.0  # between two landmarks: steadiness over so long a way is a hope
    leg_s: float = 60.0
    way_share: float = (
        0.5  # odometry against a leg's straight line: phones' steps are within 0.3 in the IPIN 2023 walks
    )
    way_m: float = 3.0  # and beyond that
    labelled_share: float = 0.5  # of the time: landmarks at the start and end of the walk are missing
    paused_share: float = 0.6  # of the labelled time
    few_windows: int = 100  # at 0.1 s: ten seconds of walking


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or odd."""

    level: Level  # ERROR: the bag is not usable; WARN: it is, and could be better
    name: str  # as `gaps`
    message: str  # what was found, and what to do


def graded(name: str, share: float, some: float, most: float, message: str) -> list[Finding]:
    """A finding whose level follows from a share; none up to `some`."""
    if not share > some:
        return []
    return [Finding(Level.ERROR if share > most else Level.WARN, name, message)]
