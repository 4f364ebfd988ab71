"""A survey of an area: its lines may be short, and its walks need odometry and an attitude instead of windows."""

from __future__ import annotations

import dataclasses

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.check.bag_report import WINDOWS, BagReport
from mail_ros.data.check.limits import Finding


def judged_for_area(report: BagReport) -> BagReport:
    """The report of a walk for a map of the field: without windows, with what the walk lacks."""
    findings = tuple(finding for finding in report.findings if finding.name != WINDOWS)
    if report.track is not None and (lacks := report.track.lacks):
        message = (
            f"found no {lacks.removeprefix('an ')}, which a map of the field needs; record /odom, or /imu/data with an "
            "orientation, or leave the walk out"
        )
        findings = (Finding(Level.ERROR, "odometry", message), *findings)
    return dataclasses.replace(report, findings=findings)
