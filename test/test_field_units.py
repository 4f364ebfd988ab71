"""Units of a field: wrong ones are named in check, recorder and localizer, with the setting that corrects them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import synthetic_walk, tiny_mail

from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.diagnostics import Diagnostics, Level
from mail_ros.core.signal.field_units import NORMALISED, OFFSET, Magnitude, field_fault, magnitude
from mail_ros.core.types import FloatArray, Sample
from mail_ros.data.check.limits import CheckLimits
from mail_ros.data.check.samples import check_field
from mail_ros.data.messages import FIELD_TYPE, encode_field
from mail_ros.data.recording_quality import QualityMonitor

WALK = synthetic_walk(2.0)
DIRECTION = WALK.field_ut / np.linalg.norm(WALK.field_ut, axis=1, keepdims=True)
WRONG = [  # field, µT as read from a message in tesla; what is reported; whether field_scale corrects it
    (DIRECTION * 100.0, f"|B| is 100 µT in all samples: {NORMALISED}", False),
    (np.round(DIRECTION, 3) * 1e6, f"|B| is 1e+06 µT in all samples: {NORMALISED}", False),
    (WALK.field_ut * 1e9, "seems to send nanotesla, and must send tesla", True),
    (WALK.field_ut * 1e4, "seems to send gauss, and must send tesla", True),
    (WALK.field_ut * 1e7, "seems to send milligauss, and must send tesla", True),
    (WALK.field_ut + np.array([400.0, 300.0, -300.0]), OFFSET, False),
    (WALK.field_ut * 1e-2, "no magnetic field of a building", False),
]


@pytest.mark.parametrize(("field_ut", "reported", "scaled"), WRONG)
def test_a_wrong_field_is_named_by_check_recorder_and_localizer(
    field_ut: FloatArray, reported: str, scaled: bool
) -> None:
    _, findings = check_field(WALK.stamp_ns, field_ut, CheckLimits())
    (units,) = (finding for finding in findings if finding.name == "units")
    assert reported in f"{units.found}: {units.fix}"
    monitor = QualityMonitor(lambda: 1.0)
    monitor.add_topic("/imu/mag", FIELD_TYPE)
    diagnostics = Diagnostics(compose(tiny_mail(), "none"), lambda: 0, {}, lambda: 1.0)
    for stamp_ns, row in zip(WALK.stamp_ns.tolist(), field_ut, strict=True):
        monitor.on_message("/imu/mag", encode_field(stamp_ns, row, "imu_link"), stamp_ns, written=True)
        diagnostics.observe(Sample(stamp_ns, row), diagnostics.localizer.push(Sample(stamp_ns, row)))
    monitor.assess("recording", {})
    assert any(reported in fault.what for fault in monitor.faults)
    assessment = diagnostics.assess()
    assert assessment.level is Level.ERROR
    assert reported in assessment.message
    assert ("field_scale:=" in assessment.message) == scaled


def test_a_field_of_a_building_has_no_fault_wherever_it_is_constant() -> None:
    assert field_fault(magnitude(np.full(100, 48.0))) is None
    assert field_fault(magnitude([100.0] * 5)) is None, "too few samples to be sure"
    assert field_fault(magnitude(np.linspace(95.0, 105.0, 100))) is None
    assert not any(map(field_fault, map(Magnitude, (5.0, 300.0, math.nan))))


def test_magnitudes_without_a_number_are_unknown() -> None:
    assert math.isnan(magnitude([]).median_ut)
    assert math.isnan(magnitude([math.nan, math.inf]).median_ut)
    assert magnitude([math.nan, 1e308, 0.0]).median_ut == 5e307
