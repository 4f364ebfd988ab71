"""`mail_ros calibrate`: a short drive into a robot file."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table
from mail_ros.cli.options import AsJson, Topic

if TYPE_CHECKING:
    from mail_ros.core.platform.robot_file import Robot
    from mail_ros.data.calibration.drive import Drive
    from mail_ros.data.calibration.iron import IronFit
    from mail_ros.data.calibration.motor import MotorFit


def calibrate(
    bag: Annotated[Path, typer.Argument(help="Bag of a calibration drive, with the field, joint_states and odom.")],
    out: Annotated[Path, typer.Option(help="The robot file to write; what is there and not measured now, is kept.")],
    mount: Annotated[
        str,
        typer.Option(
            help="How the sensor is turned against base_link: x,y,z,w, or roll,pitch,yaw in degrees. Default: as the "
            "bag's /tf_static has it."
        ),
    ] = "",
    lifted: Annotated[
        bool, typer.Option("--lifted", help="The robot did not move: its wheels ran free, whatever /odom says.")
    ] = False,
    topic: Topic = "/imu/mag",
    as_json: AsJson = False,
) -> None:
    """Measure what a robot adds to the field: that of its motors, and of its steel.

    Drive to and fro over the same few straight metres, slowly, fast, and slowly again; then turn on the spot both ways,
    more than once around. Or lift the robot, run each wheel by itself and both together, and say --lifted.

    Example: `mail_ros calibrate drives/to_and_fro --out robot.json`
    """
    from mail_ros.core.platform.robot_file import Robot, read_robot, write_robot
    from mail_ros.data.bag import Bag
    from mail_ros.data.calibration.calibrate import calibrate as fit
    from mail_ros.data.calibration.drive import read_drive
    from mail_ros.data.calibration.mount import mount_from_words

    mount_xyzw = mount_from_words(mount) if mount else None
    known = read_robot(out) if out.exists() else Robot()
    drive = read_drive(bag, topic)
    found = fit(drive, known, lifted=lifted, mount_xyzw=mount_xyzw, notes=Bag(bag).identity())
    console.print(f"{drive.source}: {drive.duration_s:.0f} s, {len(drive.stamp_ns):,} readings")
    _say_motor(found.motor)
    _say_iron(found.iron, found.robot)
    _say_mount(found.robot, drive, said=bool(mount), lost=known == Robot())
    write_robot(out, found.robot)
    console.print(f"robot: {out}   next: mail_ros train BAGS --out site.safetensors --robot {out}")
    if as_json:
        print_json({"file": out, "robot": dataclasses.asdict(found.robot), "readings": len(drive.stamp_ns)})


def _say_motor(motor: MotorFit | None) -> None:
    if motor is None:
        console.print("motors: not measured, the bag has no joint states")
        return
    rows = (
        ("as it was read", motor.before_ut),
        ("without the motors", motor.after_ut),
        ("the same, each eighth by the others", motor.held_out_ut),
    )
    print_table(
        f"What changes where the pose is the same, µT rms; {motor.samples:,} readings, places: {motor.places}",
        ["", "x", "y", "z", "all"],
        [[name, *(f"{each:.2f}" for each in rms), f"{math.hypot(*rms):.2f}"] for name, rms in rows],
    )
    if not motor.motor.inputs:
        console.print("motors: no field of theirs is to be seen")
        return
    print_table(
        f"Motor field, µT per unit; up to {motor.largest_ut:.1f} µT in this drive",
        ["", "x", "y", "z"],
        [
            [name, *(f"{each:.3f}" for each in row)]
            for name, row in zip(motor.motor.inputs, motor.motor.ut_per_unit, strict=True)
        ],
    )
    console.print(
        f"motors: known to {motor.doubt_ut:.2f} µT rms, {motor.explained:.0%} of the variance explained, "
        f"lag {1e3 * motor.motor.lag_s:.0f} ms, condition {motor.condition:.1f}"
    )
    for one, other in motor.alike:
        console.print(f"{one} and {other} went alike: each is given half; curves and turns tell them apart")


def _say_iron(iron: IronFit | None, robot: Robot) -> None:
    values = ", ".join(f"{value:.1f}" for value in robot.hard_iron_ut)
    if iron is None:
        kept = f"as it was, {values} µT" if any(robot.hard_iron_ut) else "none"
        console.print(f"hard iron: {kept}; not measured, the bag has no even turn on the spot, once around")
        return
    console.print(
        f"hard iron: {values} µT, across the axis of the turns; places with turns: {iron.spots}, "
        f"circle {iron.radius_ut:.1f} ± {iron.residual_ut:.1f} µT"
    )


def _say_mount(robot: Robot, drive: Drive, *, said: bool, lost: bool) -> None:
    values = ", ".join(f"{value:.3f}" for value in robot.mount_xyzw)
    if said or drive.mount_xyzw is not None:
        console.print(f"mount: {values}, as {'--mount' if said else '/tf_static'} has it")
    else:
        console.print(
            f"mount: {values}, {'not turned' if lost else 'as it was'}: no way from the sensor's frame to base_link on "
            "/tf_static; give --mount where the sensor's axes are not the robot's"
        )
