"""What a kind of model needs of a walk: windows of its length, or odometry and an attitude for a map of the field."""

from __future__ import annotations

import dataclasses

from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import TrackError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import CheckLimits, Finding
from mail_ros.data.dataset import WindowSet

STRIDE = STRIDE_S  # between two windows that are counted, s or m


def judged_for(report: BagReport, model: ModelConfig, limits: CheckLimits | None = None) -> BagReport:
    """The report of a walk for a model, with its windows, and with what it lacks; one with an error stays as it is."""
    track, limits = report.track, limits or CheckLimits()
    if track is None or not report.usable:
        return report
    if model.needs_odometry and track.lacks:
        found = f"found no {track.lacks.removeprefix('an ')}, which {model.title} needs here"
        fix = "record /odom, or /imu/data with an orientation, or leave the walk out"
        return _with(report, Finding(Level.ERROR, "odometry", found, fix))
    if model.kind == "field_map":
        return report
    length, unit = model.samples / model.sampling.per_unit, model.sampling.unit
    fix = f"walk {length + STRIDE * limits.min_windows:g} {unit} or more without a hole, and mark corners and stops"
    try:
        windows = WindowSet([track], model, STRIDE)
    except TrackError as error:
        found = str(error).removeprefix(f"{track.source}: ").rpartition("; ")[0]
        counted = dataclasses.replace(report, numbers={**report.numbers, "windows": 0.0})
        other = "leave the walk out" if track.lacks else "train with --preset area, which needs no windows"
        return _with(counted, Finding(Level.ERROR, "windows", found, f"{fix}; or {other}"))
    count = int((windows.walk[windows.ends] == 0).sum())  # not the ones of the walk back
    numbers = {**report.numbers, "windows": float(count)}
    counted = dataclasses.replace(report, numbers=numbers, windows=windows)
    if count >= limits.min_windows:
        return counted
    found = f"{count} windows of {length:g} {unit} that are labelled, moving and without a hole"
    return _with(counted, Finding(Level.WARN, "windows", found, fix))


def _with(report: BagReport, finding: Finding) -> BagReport:
    findings = sorted((*report.findings, finding), key=lambda each: -each.level)
    return dataclasses.replace(report, findings=tuple(findings))
