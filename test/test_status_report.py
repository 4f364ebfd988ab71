"""What `~/status` reports: the status of the newest estimate, and a fault where no sample is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, SyntheticWalk, synthetic_walk, tiny_config, tiny_mail
from small_maps import corridor, near

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.localizer.status_report import StatusMonitor, StatusReport, model_name
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import NEAR_M, Estimate, FloatArray, Prediction, Sample, Status


def estimate_of(status: Status, floor: int = 0, deviation_m: float = 0.5) -> Estimate:
    return Estimate(START_NS, np.zeros(2), np.diag([deviation_m**2, 0.01]), floor, status, (), 1.234)


def monitored() -> StatusMonitor:
    """A localizer with a window of two seconds, which is never sure."""
    return StatusMonitor(compose(tiny_mail(tiny_config("heatmap")), "none"), "site.safetensors 0123")


def push(monitor: StatusMonitor, walk: SyntheticWalk, until_s: float, since_s: float = 0.0) -> list[str]:
    """Push a part of a walk; the statuses that were reported, in their order."""
    seen: list[str] = []
    for stamp_ns, field_ut in zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True):
        if since_s <= (stamp_ns - walk.stamp_ns[0]) / 1e9 < until_s:
            monitor.observe(monitor.localizer.push(Sample(stamp_ns, field_ut)))
            if not seen or seen[-1] != monitor.report.status.name:
                seen.append(monitor.report.status.name)
    return seen


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (Status.LOCALIZED, Level.OK),
        (Status.STATIONARY, Level.OK),
        (Status.UNCERTAIN, Level.WARN),
        (Status.OUT_OF_AREA, Level.WARN),
        (Status.FILLING, Level.WARN),
        (Status.SENSOR_FAULT, Level.ERROR),
    ],
)
def test_only_a_status_to_act_upon_is_ok(status: Status, level: Level) -> None:
    assert StatusReport(status, "site", NEAR_M).level == level
    assert status.is_trusted == (level == Level.OK)


def test_a_program_can_read_all_that_it_needs() -> None:
    values = StatusReport(Status.LOCALIZED, "site 0123", NEAR_M, estimate_of(Status.LOCALIZED, -1)).values
    promised = {"status": "LOCALIZED", "floor": "-1", "map_fit": "1.23", "model": "site 0123"}
    assert values == {**promised, "radius_m": str(int(NEAR_M))}
    values = StatusReport(Status.FILLING, "site 0123", NEAR_M).values
    assert (values["floor"], values["map_fit"]) == ("", "nan")


def test_the_line_of_the_log_has_floor_and_region() -> None:
    """The longest axis: 90 % of a Gaussian in the plane lie within 2.15 standard deviations."""
    assert str(StatusReport(Status.LOCALIZED, "", NEAR_M, estimate_of(Status.LOCALIZED))) == (
        "LOCALIZED, floor 0, 1.1 m (90 % region)"
    )
    assert str(StatusReport(Status.SENSOR_FAULT, "", NEAR_M)) == "SENSOR_FAULT"


def test_a_report_differs_by_status_floor_or_model_and_not_by_position() -> None:
    report = StatusReport(Status.LOCALIZED, "site", NEAR_M, estimate_of(Status.LOCALIZED))
    assert report.differs(None)
    assert not report.differs(StatusReport(Status.LOCALIZED, "site", NEAR_M, estimate_of(Status.LOCALIZED, 0, 2.0)))
    for other in (
        StatusReport(Status.STATIONARY, "site", NEAR_M, estimate_of(Status.STATIONARY)),
        StatusReport(Status.LOCALIZED, "site", NEAR_M, estimate_of(Status.LOCALIZED, 1)),
        StatusReport(Status.LOCALIZED, "another", NEAR_M, estimate_of(Status.LOCALIZED)),
    ):
        assert report.differs(other)


def test_a_window_fills_and_then_estimates_give_the_status() -> None:
    monitor, walk = monitored(), synthetic_walk(8.0)
    assert monitor.report.status.name == "FILLING"
    assert push(monitor, walk, 4.0) == ["FILLING", "UNCERTAIN"]
    assert push(monitor, walk, 8.0, since_s=5.0) == ["UNCERTAIN", "FILLING", "UNCERTAIN"], "a hole of a second"


def test_without_a_used_sample_for_a_second_the_sensor_is_at_fault_until_one_is_used() -> None:
    monitor, walk = monitored(), synthetic_walk(8.0)
    monitor.refresh()
    assert monitor.report.status.name == "SENSOR_FAULT", "none since the start"
    push(monitor, walk, 4.0)
    monitor.refresh()
    assert monitor.report.status.name == "UNCERTAIN"
    unstamped = Sample(0, walk.field_ut[0])
    monitor.observe(monitor.localizer.push(unstamped))
    monitor.refresh()
    assert monitor.report.status.name == "SENSOR_FAULT"
    monitor.observe(monitor.localizer.push(unstamped))
    assert monitor.report.status.name == "SENSOR_FAULT"
    assert push(monitor, walk, 6.0, since_s=5.0) == ["SENSOR_FAULT", "FILLING"]


def test_readings_that_are_no_field_are_a_fault_at_once() -> None:
    monitor, walk = monitored(), synthetic_walk(4.0)
    walk.field_ut[350:] = np.nan
    assert push(monitor, walk, 4.0) == ["FILLING", "UNCERTAIN", "SENSOR_FAULT"]


def test_a_reset_localizer_has_no_estimate() -> None:
    monitor = monitored()
    push(monitor, synthetic_walk(4.0), 4.0)
    monitor.localizer.reset()
    monitor.restart()
    assert monitor.report.status.name == "FILLING"


def test_while_a_window_by_distance_refills_the_filter_keeps_the_status() -> None:
    """The rows of a device that drives on come between two estimates: they do not make the status flicker."""
    cells, config = corridor(200), ModelConfig("matching", DistanceSampling(per_m=10.0))
    driven_m = np.zeros(2)

    def likelihood(window: FloatArray) -> Prediction:
        return Prediction(near(cells, driven_m))

    grid_filter = GridFilter(cells, FilterConfig(), odometry=True, rows_per_s=10.0, window_rows=20, by_distance=True)
    localizer = Localizer(FunctionModel(config, 20, likelihood), grid_filter)
    monitor, rng, seen = StatusMonitor(localizer, "site"), np.random.default_rng(0), list[str]()
    for step in range(1000):
        moved_m = np.array([0.02 if step != 600 else 0.5, 0.0])
        driven_m = driven_m + moved_m
        field_ut = np.array([20.0, 5.0, -43.0]) + rng.normal(0.0, 0.3, 3)
        monitor.observe(localizer.push(Sample(START_NS + step * 20_000_000, field_ut, moved_m)))
        if step == 615:
            assert 0.0 < localizer.window.fill < 0.2, "the window has begun again"
        if not seen or seen[-1] != localizer.status.name:
            seen.append(localizer.status.name)
    assert localizer.preprocessor.resampler.restarts["gap"] == 1
    assert seen == ["FILLING", "UNCERTAIN", "LOCALIZED"]


def test_a_model_is_named_by_its_file_and_the_beginning_of_its_hash() -> None:
    assert model_name(Path("/srv/models/site.safetensors"), "0123456789abcdef") == "site.safetensors 0123456789ab"
