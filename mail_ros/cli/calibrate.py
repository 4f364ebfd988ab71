"""`mail_ros calibrate`: from a short drive to a robot file."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table
from mail_ros.cli.options import AsJson, Joints, Namespace, Odom, Topic

if TYPE_CHECKING:
    from mail_ros.core.platform.robot_file import Robot
    from mail_ros.data.calibration.calibration import IronFit
    from mail_ros.data.calibration.calibration_drive import CalibrationDrive
    from mail_ros.data.calibration.motor import MotorFit


def calibrate(
    bag: Annotated[Path, typer.Argument(help="Bag of a calibration drive, with the field, joint_states and odom.")],
    out: Annotated[
        Path, typer.Option(help="The robot file to write; values in it that this drive does not measure are kept.")
    ],
    mount: Annotated[
        str,
        typer.Option(
            help="Rotation of the sensor against base_link: x,y,z,w, or roll,pitch,yaw in degrees. Default: from the "
            "bag's /tf_static."
        ),
    ] = "",
    lifted: Annotated[
        bool, typer.Option("--lifted", help="The robot was lifted: its wheels ran free, and /odom is ignored.")
    ] = False,
    topic: Topic = "/imu/mag",
    odom: Odom = "",
    joints: Joints = "",
    namespace: Namespace = "",
    as_json: AsJson = False,
) -> None:
    """Measure a robot's own field: its motors' and its steel's.

    Drive back and forth over the same few straight metres, slowly, fast, and slowly again; then rotate on the spot in
    both directions, more than once around. Or lift the robot, run each wheel by itself and both together, and give
    --lifted.

    Example: `mail_ros calibrate drives/to_and_fro --out robot.json`
    """
    from mail_ros.core.platform.robot_file import Robot, read_robot, write_robot
    from mail_ros.data.bag import Bag
    from mail_ros.data.bag_topics import BagTopics
    from mail_ros.data.calibration.calibration import calibrate as fit
    from mail_ros.data.calibration.calibration_drive import parse_mount, read_drive

    mount_xyzw = parse_mount(mount) if mount else None
    known = read_robot(out) if out.exists() else Robot()
    drive = read_drive(bag, BagTopics(topic, odometry=odom, joints=joints, namespace=namespace))
    found = fit(drive, known, lifted=lifted, mount_xyzw=mount_xyzw, notes=Bag(bag).identity())
    console.print(f"{drive.source}: {drive.duration_s:.0f} s, {len(drive.stamp_ns):,} readings")
    _print_motor(found.motor)
    _print_iron(found.iron, found.robot)
    _print_mount(found.robot, drive, given=bool(mount), was_unknown=known == Robot())
    write_robot(out, found.robot)
    console.print(f"robot: {out}   next: mail_ros train BAGS --out site.safetensors --robot {out}")
    if as_json:
        print_json({"file": out, "robot": dataclasses.asdict(found.robot), "readings": len(drive.stamp_ns)})


def _print_motor(motor: MotorFit | None) -> None:
    if motor is None:
        console.print("motors: not measured, the bag has no joint states")
        return
    rows = (
        ("measured", motor.before_ut),
        ("compensated", motor.after_ut),
        ("compensated, each eighth by a fit to the others", motor.held_out_ut),
    )
    print_table(
        f"Field changes at the same pose, µT rms; {motor.samples:,} readings, poses: {motor.poses}",
        ["", "x", "y", "z", "all"],
        [[name, *(f"{each:.2f}" for each in rms), f"{math.hypot(*rms):.2f}"] for name, rms in rows],
    )
    if not motor.motor.inputs:
        console.print("motors: no measurable field")
        return
    print_table(
        f"Motor field, µT per unit; up to {motor.max_ut:.1f} µT in this drive",
        ["", "x", "y", "z"],
        [
            [name, *(f"{each:.3f}" for each in row)]
            for name, row in zip(motor.motor.inputs, motor.motor.ut_per_unit, strict=True)
        ],
    )
    console.print(
        f"motors: uncertainty {motor.uncertainty_ut:.2f} µT rms, {motor.explained:.0%} of the variance explained, "
        f"lag {1e3 * motor.motor.lag_s:.0f} ms, condition {motor.condition:.1f}"
    )
    for one, other in motor.collinear:
        console.print(
            f"{one} and {other} are collinear: each gets half of the field; curves and rotations separate them"
        )


def _print_iron(iron: IronFit | None, robot: Robot) -> None:
    values = ", ".join(f"{value:.1f}" for value in robot.hard_iron_ut)
    if iron is None:
        kept = f"unchanged, {values} µT" if any(robot.hard_iron_ut) else "none"
        console.print(f"hard iron: {kept}; not measured, the bag has no steady rotation on the spot, once around")
        return
    console.print(
        f"hard iron: {values} µT, across the axis of rotation; positions with rotations: {iron.spots}, "
        f"circle {iron.radius_ut:.1f} ± {iron.residual_ut:.1f} µT"
    )


def _print_mount(robot: Robot, drive: CalibrationDrive, *, given: bool, was_unknown: bool) -> None:
    values = ", ".join(f"{value:.3f}" for value in robot.mount_xyzw)
    if given or drive.mount_xyzw is not None:
        console.print(f"mount: {values}, from {'--mount' if given else '/tf_static'}")
    else:
        console.print(
            f"mount: {values}, {'no rotation' if was_unknown else 'unchanged'}: no transform from the sensor's frame "
            "to base_link on /tf_static; give --mount where the sensor's axes are not the robot's"
        )
