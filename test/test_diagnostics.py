"""Whether a localizer works: what is assessed, and what is reported."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import SyntheticWalk, synthetic_walk, tiny_mail

from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.diagnostics import Assessment, Diagnostics, Level, clock_fault
from mail_ros.core.signal.field_units import EARTH_UT, UNITS_UT
from mail_ros.core.types import Sample


def after(walk: SyntheticWalk, *, latency_s: float = 0.0) -> Assessment:
    """The assessment of a localizer after a walk, each sample at its time."""
    now_ns, steady_s = [0], [100.0]
    diagnostics = Diagnostics(compose(tiny_mail(), "none"), lambda: now_ns[0], {"model": "site"}, lambda: steady_s[0])
    for stamp_ns, field_ut in zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True):
        now_ns[0] = stamp_ns + round(latency_s * 1e9)
        sample = Sample(stamp_ns, field_ut)
        diagnostics.observe(sample, diagnostics.localizer.push(sample))
    steady_s[0] += 4.0
    return diagnostics.assess()


def test_no_samples_are_an_error() -> None:
    assessment = after(SyntheticWalk(np.zeros(0, np.int64), np.zeros((0, 3)), ()))
    assert (assessment.level, assessment.message) == (Level.ERROR, "no samples")
    diagnostics = Diagnostics(compose(tiny_mail(), "none"), lambda: 0, {})
    assert diagnostics.assess(lambda: "imu/mag has no publisher").message == "no samples: imu/mag has no publisher"
    assert assessment.values["model"] == "site"


def test_a_filling_window_reports_its_fill_and_is_no_problem() -> None:
    """Two seconds, and the lag of the gradient."""
    assessment = after(synthetic_walk(1.1))
    assert (assessment.level, assessment.message) == (Level.OK, "FILLING, 48%")


def test_rates_and_latencies_are_those_since_the_last_assessment() -> None:
    values = after(synthetic_walk(4.0), latency_s=0.025).values
    assert values["rate, Hz"] == "100.0"
    assert values["used"] == values["received"] == "400"
    assert 0.0 < float(values["jitter, ms"]) < 1.0
    assert 10.0 < float(values["longest interval, ms"]) < 12.0
    assert (values["latency median, ms"], values["latency max, ms"]) == ("25.0", "25.0")
    assert 15 < int(values["poses"]) < 21
    assert 40.0 < float(values["|B| median, µT"]) < 60.0


def test_stamps_of_another_clock_are_a_warning() -> None:
    """Poses then have them too, and a look-up of a transform at that time fails."""
    assert after(synthetic_walk(1.1), latency_s=2.0).level == Level.OK
    late, early = after(synthetic_walk(1.1), latency_s=3600.0), after(synthetic_walk(1.1), latency_s=-3600.0)
    assert (late.level, early.level) == (Level.WARN, Level.WARN)
    assert late.message.endswith(
        "; stamps are 3.6e+03 s behind this clock: set the clocks, or use_sim_time where a bag is replayed"
    )
    assert "; stamps are 3.6e+03 s ahead of this clock" in early.message
    boot = after(synthetic_walk(1.1, start_ns=10_000_000_000), latency_s=1.7e9)
    assert boot.message.endswith("they seem to count from the start of the machine, or of a simulation")


def test_simulated_time_that_only_one_side_follows_is_named() -> None:
    wall_ns, simulated_ns = 1_700_000_000_000_000_000, 90_000_000_000
    assert clock_fault((simulated_ns - wall_ns) / 1e9, simulated_ns).endswith("the driver does not follow /clock")
    assert clock_fault(-wall_ns / 1e9, 0) == "use_sim_time is set and /clock is silent"


def test_samples_that_were_not_used_are_counted_by_reason_and_a_warning() -> None:
    walk = synthetic_walk(4.0)
    walk.field_ut[100] = math.nan
    walk.stamp_ns[200] = walk.stamp_ns[199]
    walk.stamp_ns[300:] += 3_000_000_000
    assessment = after(walk)
    assert assessment.level == Level.WARN
    assert assessment.message.endswith("; 398 used, 1 duplicate, 1 gap, 1 not_finite")
    values = assessment.values
    assert (values["received"], values["not_finite"], values["gap"]) == ("400", "1", "1")
    assert values["longest interval, ms"].startswith("301")


def test_a_sensor_fault_is_described() -> None:
    walk = synthetic_walk(6.0)
    walk.field_ut[200:] = walk.field_ut[200]
    assessment = after(walk)
    assert assessment.level == Level.ERROR
    assert assessment.message.startswith("SENSOR_FAULT: all axes read exactly the same for 2 s")
    assert assessment.message.endswith("401 used, 199 stuck")


def test_no_used_sample_is_an_error() -> None:
    walk = synthetic_walk(1.0)
    walk.field_ut[:] = math.nan
    assert after(walk).level == Level.ERROR
    assert after(walk).message == "SENSOR_FAULT: an axis reads NaN or infinity; 0 used, 100 not_finite"
    walk = synthetic_walk(1.0)
    walk.stamp_ns[:] = 0
    assert after(walk).message == "no sample was used: 0 used, 100 no_stamp"


@pytest.mark.parametrize("unit", UNITS_UT)
def test_a_wrong_unit_is_named(unit: str) -> None:
    """A driver sends numbers of another unit instead of tesla."""
    walk = synthetic_walk(1.0)
    walk.field_ut[:] *= UNITS_UT[unit]
    assessment = after(walk)
    assert assessment.level == Level.ERROR
    scale = f"field_scale:={1.0 / UNITS_UT[unit]:g}"
    assert assessment.message.endswith(
        f"seems to send {unit}, and must send tesla, or this one be started with {scale}"
    )


def test_a_magnitude_fits_at_most_one_unit() -> None:
    factors = sorted(UNITS_UT.values())
    assert min(np.divide(factors[1:], factors[:-1])) > EARTH_UT[1] / EARTH_UT[0]


def test_one_outlier_is_not_a_wrong_unit() -> None:
    walk = synthetic_walk(1.0)
    walk.field_ut[50] = 1e12
    assert "driver" not in after(walk).message


def test_a_new_interval_drops_what_was_before() -> None:
    diagnostics = Diagnostics(compose(tiny_mail(), "none"), lambda: 0, {})
    walk = synthetic_walk(1.0)
    for stamp_ns, field_ut in zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True):
        sample = Sample(stamp_ns, field_ut)
        diagnostics.observe(sample, diagnostics.localizer.push(sample))
    diagnostics.begin()
    assert diagnostics.assess().message == "no samples"
