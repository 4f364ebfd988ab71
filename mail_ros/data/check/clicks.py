"""Places clicked in RViz: those that a hand clicked twice, and those that lie where nobody can have been."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.check.limits import CheckLimits, Finding
from mail_ros.data.track import Landmark


def check_clicks(marks: Sequence[Landmark], start_ns: int, limits: CheckLimits) -> list[Finding]:
    """Name clicks, in the order of their stamps, that are likely slips.

    A click is far off where the ways to it and from it were walked much faster than the walk's other legs, and
    the way past it, without it, was not.

    Args:
        marks: two or more.
        start_ns: of the walk, which times are said from.
        limits: from where on something is said.
    """
    stamp_ns = np.array([mark.stamp_ns for mark in marks])
    at_s = (stamp_ns - start_ns) / NS_PER_S
    again = np.flatnonzero(np.diff(at_s) < limits.double_click_s) + 1
    once = [index for index in range(len(marks)) if index not in again]  # a slip's twin says nothing of speeds
    findings = []
    if len(again):
        at = ", ".join(f"{one:.0f}" for one in at_s[again])
        message = f"clicked twice at {at} s, less than {limits.double_click_s:g} s after the click before"
        findings.append(Finding(Level.WARN, "clicks", f"{message}; was one of the two meant for another place?"))
    far = [once[index] for index in _far_off([marks[index] for index in once], at_s[once], limits)]
    if far:
        at_m = [marks[index].position_m for index in far]
        places = " and ".join(f"{at:.0f} s, ({x:.1f}, {y:.1f}) m" for at, (x, y) in zip(at_s[far], at_m, strict=True))
        message = f"far off the way are the clicks at {places}; click them again on another walk, or leave the bag out"
        findings.append(Finding(Level.WARN, "clicks", message))
    return findings


def _far_off(marks: Sequence[Landmark], at_s: FloatArray, limits: CheckLimits) -> list[int]:
    """Indices, first and last click left out: nothing tells whether they or their neighbours are wrong."""
    if len(marks) < 4:
        return []
    place_m = np.array([mark.position_m for mark in marks])
    floor = np.array([mark.floor for mark in marks])

    def speed_m_s(ahead: int) -> FloatArray:
        speed: FloatArray = np.linalg.norm(place_m[ahead:] - place_m[:-ahead], axis=1) / (at_s[ahead:] - at_s[:-ahead])
        return speed

    leg_m_s, past_m_s = speed_m_s(1), speed_m_s(2)
    far = []
    for index in range(1, len(marks) - 1):
        own = [index - 1, index]
        most_m_s = limits.far_click * float(np.median(np.delete(leg_m_s, own)))
        same_floor = len(set(floor[index - 1 : index + 2].tolist())) == 1
        if same_floor and leg_m_s[own].min() > most_m_s > past_m_s[index - 1]:
            far.append(index)
    return far
