"""A bag's verdict: read it, look at samples and places, count what can be trained from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import MailError, TrackError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag import FIELD_TOPIC, Recording, read_recording
from mail_ros.data.check.limits import CheckLimits, Finding
from mail_ros.data.check.places import check_labels, check_landmarks
from mail_ros.data.check.samples import check_field, check_stamps
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.data.truth import Way


@dataclass(frozen=True)
class Verdict:
    """What was found of one bag."""

    bag: str  # its name
    numbers: Mapping[str, float]
    findings: tuple[Finding, ...]
    notes: Mapping[str, str] = field(default_factory=dict)  # of the take: device, site, route
    track: Track | None = None  # None where it could not be read
    way: Way = Way.NONE  # how it was told where the walk was

    @property
    def usable(self) -> bool:
        """Whether it can be trained from."""
        return all(finding.level < Level.ERROR for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "bag": self.bag,
            "usable": self.usable,
            "truth": self.way.value,
            "findings": [
                {"level": finding.level.name, "name": finding.name, "message": finding.message}
                for finding in self.findings
            ],
            **{name: round(value, 4) if math.isfinite(value) else None for name, value in self.numbers.items()},
            "notes": dict(self.notes),
        }


def check_bag(
    path: Path,
    field_topic: str = FIELD_TOPIC,
    truth_topic: str = "",
    robot: Robot | None = None,
    limits: CheckLimits | None = None,
) -> Verdict:
    """Judge one bag, also one that was cut off; one that cannot be read is not usable, and says why."""
    try:
        recording = read_recording(path, field_topic, truth_topic, robot)
    except MailError as error:
        return Verdict(path.name, {}, (Finding(Level.ERROR, "unreadable", str(error)),))
    return check(recording, limits or CheckLimits())


def check(recording: Recording, limits: CheckLimits, config: ModelConfig | None = None) -> Verdict:
    """Judge what was recorded, for training with `config` (default: the defaults)."""
    track, config = recording.track, config or ModelConfig()
    numbers: dict[str, float] = {
        "samples": float(len(track)),
        "duration_s": float(track.stamp_ns.max() - track.stamp_ns.min()) / NS_PER_S,
        "landmarks": float(len(recording.truth.landmarks)),
    }
    findings: list[Finding] = []
    if recording.cut_off:
        message = "cut off while it was recorded: judged up to its end; `ros2 bag play` needs it repaired"
        findings.append(Finding(Level.WARN, "cut_off", message))
    if len(track) < 2:
        findings.append(Finding(Level.ERROR, "samples", f"found {len(track)} sample; record a whole walk"))
        return Verdict(track.source, numbers, tuple(findings), recording.notes, track, recording.truth.way)
    for more, found in (
        check_stamps(track.stamp_ns, TimeSampling.max_gap_s, limits),
        check_field(track.stamp_ns, track.field_ut, limits),
        ({}, check_landmarks(track, recording.truth, recording.clock_s, limits)),
        check_labels(track, limits),
        _windows(track, config, limits),
    ):
        numbers.update(more)
        findings += found
    findings.sort(key=lambda finding: -finding.level)
    return Verdict(track.source, numbers, tuple(findings), recording.notes, track, recording.truth.way)


def _windows(track: Track, config: ModelConfig, limits: CheckLimits) -> tuple[dict[str, float], list[Finding]]:
    """How many windows, one every `STRIDE_S`, a training would take from the walk."""
    try:
        count = len(WindowSet([track], config, STRIDE_S))
    except TrackError:
        count = 0
    if count >= limits.few_windows:
        return {"windows": float(count)}, []
    length, unit = config.samples / config.sampling.per_unit, config.sampling.unit
    found = f"{count} windows of {length:g} {unit} that are labelled, moving and without a hole"
    return {"windows": float(count)}, [
        Finding(Level.WARN if count else Level.ERROR, "windows", f"{found}; walk longer, mark more")
    ]
