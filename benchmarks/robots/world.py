"""A building, the models fitted to it before and after, and the evaluated drives through it.

make_building --> survey, its landmarks --> fit --> before, after
             +--> drive, true places ---> Track --> follow
a calibration drive --> robot file ------> Correction -^
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.robots.cases import Case
from mail_ros.core.errors import BagError
from mail_ros.core.platform.compensation import Compensation, joint_reading
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import SampleLocalizer
from mail_ros.data.calibration.calibration import calibrate
from mail_ros.data.calibration.calibration_drive import CalibrationDrive
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.drive_bag import JOINTS, TORQUE_NM_A
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track
from mail_ros.evaluation.methods import Fit, fit_our_matching
from mail_ros.training.run_config import RunConfig, run_config

STRIDE_S = 0.2  # between two estimates
WALKS = 2  # per survey
BEFORE = RunConfig(sampling=TimeSampling(rate_hz=10.0))
AFTER = run_config((), "robot")
CONFIGS: Mapping[str, RunConfig] = {"before": BEFORE, "after": AFTER}
CALIBRATION = DriveConfig(speed_variation=0.5, wander_m=0.02, spins=2, reversals=4)  # to and fro over the same metres
TO_AND_FRO = (0, 1) * 5  # corners
ATTEMPTS = 5  # calibration drives until one is sufficient


@dataclass(frozen=True)
class World:
    """A building, and the localizers fitted to it."""

    seed: int
    building: Building
    localizers: Mapping[str, SampleLocalizer]  # by the names of `CONFIGS`


@functools.lru_cache(maxsize=1)
def world(seed: int) -> World:
    """The building of a seed, surveyed by a robot of the same kind; takes seconds."""
    building = make_building(seed)
    walks = survey(building, WALKS, seed, DriveConfig())
    tracks = [walk.track(f"survey {number}") for number, walk in enumerate(walks)]
    fits = {name: Fit(tracks, config, STRIDE_S, Path()) for name, config in CONFIGS.items()}
    return World(
        seed, building, {name: fit_our_matching(fit).localizer("odometry", STRIDE_S) for name, fit in fits.items()}
    )


def true_track(of: World, case: Case, number: int) -> Track:
    """The measurements of one drive of a case, with true positions.

    Each drive is another robot's, with another offset; the same number has the same path and the same robot in every
    case.
    """
    own_seed = 1000 * of.seed + 100 + number
    driven = drive(of.building, case.drive, own_seed, length_m=case.length_m)
    track = driven.true_track(f"{case.name} {number}")
    return corrected(track, driven, calibrated(of.building, case.drive, own_seed)) if case.calibrated else track


def calibrated(building: Building, config: DriveConfig, device: int) -> Robot:
    """The robot file from a calibration drive, which is repeated until it is sufficient.

    Raises:
        BagError: no drive is sufficient.
    """
    motion = {name: getattr(CALIBRATION, name) for name in ("speed_variation", "wander_m", "spins", "reversals")}
    refused: BagError | None = None
    for attempt in range(ATTEMPTS):
        driven = drive(
            building, dataclasses.replace(config, **motion), device + 500 + attempt, route=TO_AND_FRO, device=device
        )
        try:
            return calibrate(_as_recorded(driven)).robot
        except BagError as error:
            refused = error
    assert refused is not None
    raise refused


def corrected(track: Track, driven: SimulatedDrive, robot: Robot) -> Track:
    """The walk compensated for the field of its robot, as in the node, sample by sample."""
    correction = Compensation(robot)
    assert driven.wheels is not None
    field_ut = []
    states = zip(driven.wheels.velocity_rad_s, TORQUE_NM_A * driven.wheels.current_a, strict=True)
    for stamp_ns, reading_ut, (velocity, effort) in zip(track.stamp_ns.tolist(), track.field_ut, states, strict=True):
        correction.joints.add(joint_reading(stamp_ns, JOINTS, velocity, effort))
        field_ut.append(correction.field_ut(stamp_ns, reading_ut))
    return dataclasses.replace(track, field_ut=np.array(field_ut))


def _as_recorded(driven: SimulatedDrive) -> CalibrationDrive:
    """The drive as `read_drive` reads it from a bag."""
    assert driven.wheels is not None
    kinds = {"velocity": driven.wheels.velocity_rad_s, "effort": TORQUE_NM_A * driven.wheels.current_a}
    joints = {
        f"{kind}:{joint}": (driven.stamp_ns, values[:, number])
        for kind, values in kinds.items()
        for number, joint in enumerate(JOINTS)
    }
    return CalibrationDrive("calibration", driven.stamp_ns, driven.field_ut, joints, driven.wheels.odometry, None)
