"""`mail_ros demo`: a simulated robot, and the real localizer node over DDS."""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

import mail_ros
from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.node_process import own_domain, running_node
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import MailError, ModelError
from mail_ros.evaluation.metrics import TAIL_M, Metrics, summarize
from mail_ros.nodes.spin import missing

if TYPE_CHECKING:  # these import numpy and rclpy
    from mail_ros.core.types import BoolArray, FloatArray, IntArray
    from mail_ros.data.simulator.simulated_drive import SimulatedDrive
    from mail_ros.nodes.demo_robot import ReceivedPose

SHIPPED = Path("models", "demo.safetensors")
CALM_M, WHEELS_M = 32.0, 27.0  # length of each act's drive: about 45 s


def demo(
    model: Annotated[
        Path | None,
        typer.Option(help="Model of the demo's building; default: the shipped one, with --wheels one trained first."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The picture to draw.")] = Path("demo.png"),
    animation: Annotated[
        Path | None, typer.Option(help="Also an animated picture, five times as fast, as a .webp file.")
    ] = None,
    length_m: Annotated[
        float | None,
        typer.Option(min=1.0, max=1000.0, help=f"Length of the drive; default: {CALM_M:g}, --wheels {WHEELS_M:g}."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the drive.")] = 0,
    wheels: Annotated[
        bool,
        typer.Option(
            "--wheels",
            help="A robot that drives freely through a hall and a corridor, on a field map (preset area), which is "
            "trained first from the bags of another robot's survey by lanes.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Localize a simulated robot: it publishes its sensors, the localizer node publishes poses over DDS.

    The node runs in a process of its own, as on a robot; the drive takes about 45 s, in real time.

    Example, one minute: `mail_ros demo --wheels --out demo.png`
    """
    from mail_ros.core.platform.robot_file import write_robot
    from mail_ros.data.simulator.demo import CALM, ROBOT_FILE, demo_building, demo_hall, drive_hall, survey_hall
    from mail_ros.data.simulator.drive import drive
    from mail_ros.evaluation.drive_animation import animate_drive, check_suffix
    from mail_ros.evaluation.drive_picture import DrivePoses, draw_drive

    if animation:
        check_suffix(animation)
    walks: list[SimulatedDrive] = []  # the survey that the demo itself makes
    with tempfile.TemporaryDirectory() as folder:
        parameters: dict[str, object]
        if wheels:
            building, robot_file = demo_hall(), Path(folder, "robot.json")
            walks, driven = survey_hall(building), drive_hall(building, length_m or WHEELS_M, seed)
            write_robot(robot_file, ROBOT_FILE)
            parameters = {"model": model or trained_model(walks, Path(folder)), "robot_file": robot_file}
        else:
            building = demo_building()
            driven = drive(building, CALM, seed, length_m=length_m or CALM_M)
            parameters = {"model": model or shipped_model(), "tracker": "none"}
        estimates = localized(driven, parameters)
    _print(driven, estimates)
    survey_m = [walk.position_m for walk in walks]
    poses = DrivePoses(building, driven, estimates.sample, estimates.position_m, estimates.trusted, survey_m)
    draw_drive(out, poses)
    console.print(f"picture: {out}")
    if animation:
        animate_drive(animation, poses)
        console.print(f"animation: {animation}")
    if as_json:
        metrics = dataclasses.asdict(estimates.metrics())
        fraction = float(estimates.trusted.mean())
        print_json({**metrics, "localized": fraction, "latency_ms": estimates.latency_ms, "picture": out})


def shipped_model() -> Path:
    """The demo's model: in the checkout, or as pip or colcon installs it.

    Raises:
        ModelError: there is none.
    """
    prefixes = [sys.prefix, *os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    folders = [Path(mail_ros.__file__).parent.parent, *(Path(prefix, "share", "mail_ros") for prefix in prefixes)]
    for folder in folders:
        if (folder / SHIPPED).is_file():
            return folder / SHIPPED
    raise ModelError(
        SHIPPED.name, wanted="it in the package's share folder", found="nothing", fix="name a model with --model"
    )


def trained_model(walks: Sequence[SimulatedDrive], folder: Path) -> Path:
    """Train as `mail_ros train --preset area` on the bags of a survey; all files in `folder`."""
    from mail_ros.data.simulator.drive_bag import write_bag
    from mail_ros.training.run_config import run_config
    from mail_ros.training.survey_bags import Survey
    from mail_ros.training.train import train

    bags = [folder / f"survey_{number}" for number in range(len(walks))]
    for walk, bag in zip(walks, bags, strict=True):
        write_bag(bag, walk)
    duration_s = sum(walk.duration_s for walk in walks)
    console.print(f"Another robot surveyed for {duration_s:.0f} s by lanes; training a map of the field from its bags.")
    out = folder / "hall.safetensors"
    train(run_config([], "area"), Survey(bags), out, folder / "run", resume=False, report=lambda progress: None)
    return out


class DriveEstimates(NamedTuple):
    """The poses that a robot received on its drive."""

    sample: IntArray  # (p,) of the drive, with the stamp of each pose
    position_m: FloatArray  # (p, 2)
    error_m: FloatArray  # (p,)
    trusted: BoolArray  # (p,) whether the status was LOCALIZED or STATIONARY
    latency_ms: tuple[float, float]  # median and 99th percentile

    def metrics(self) -> Metrics:
        """Metrics of all poses; there is one floor."""
        import numpy as np

        return summarize(self.error_m, np.zeros(len(self.error_m), np.bool_))


def localized(drive: SimulatedDrive, parameters: Mapping[str, object]) -> DriveEstimates:
    """Drive beside a localizer node with these parameters; at least one estimate.

    Raises:
        MailError: the node ended, or published no pose.
    """
    import numpy as np

    console.print(f"A simulated robot drives for {drive.duration_s:.0f} s; the localizer node publishes over DDS.")
    poses = _received(drive, parameters)
    if not poses:
        raise MailError(
            str(parameters["model"]),
            wanted=f"poses within a drive of {drive.duration_s:.0f} s",
            found="none",
            fix="drive longer than the model's window, with --length-m",
        )
    sample = np.array([pose.sample for pose in poses])
    position_m = np.array([pose.position_m for pose in poses])
    error_m = np.linalg.norm(position_m - drive.position_m[sample], axis=1)
    median_ms, p99_ms = np.percentile([1e3 * pose.latency_s for pose in poses], [50, 99]).tolist()
    trusted = np.array([pose.trusted for pose in poses])
    return DriveEstimates(sample, position_m, error_m, trusted, (median_ms, p99_ms))


def _received(drive: SimulatedDrive, parameters: Mapping[str, object]) -> list[ReceivedPose]:
    domain_id = own_domain()
    try:
        from mail_ros.nodes.demo_robot import drive_in_real_time
    except ModuleNotFoundError as error:
        raise missing(error) from None
    with running_node("localizer", domain_id, parameters) as node, progress("driving") as bar:
        task = bar.add_task("waiting for the localizer", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description="samples")

        return drive_in_real_time(drive, domain_id, node.check, report)


def _print(drive: SimulatedDrive, estimates: DriveEstimates) -> None:
    """A row of all poses, and if the drive has events one of each kind and one of all other poses."""
    import numpy as np

    from mail_ros.core.types import NS_PER_S
    from mail_ros.evaluation.events import AFTER_S, KINDS, during

    within = {kind: during(drive, kind)[estimates.sample] for kind in KINDS}
    rows: dict[str, BoolArray] = {"all": np.ones(len(estimates.sample), np.bool_), "LOCALIZED": estimates.trusted}
    if any(chosen.any() for chosen in within.values()):
        rows["no event"] = ~np.any(list(within.values()), axis=0)
        rows |= {f"{kind}, and {AFTER_S:g} s after": chosen for kind, chosen in within.items()}
    lines = []
    for name, chosen in rows.items():
        error_m = estimates.error_m[chosen]
        if len(error_m):
            values = (error_m.mean(), *np.percentile(error_m, [50, 90, 100]))
            fractions = np.mean(error_m > TAIL_M), estimates.trusted[chosen].mean()
            numbers = (*(f"{value:.2f}" for value in values), *(f"{fraction:.1%}" for fraction in fractions))
            lines.append([name, f"{len(error_m):,}", *numbers])
    heads = ["", "poses", "mean", "median", "p90", "max", f"> {TAIL_M:g} m", "LOCALIZED"]
    print_table("Simulated robot; errors in m", heads, lines)
    if estimates.trusted.any():
        first = estimates.sample[estimates.trusted][0]
        start_s = (drive.stamp_ns[first] - drive.stamp_ns[0]) / NS_PER_S
        start_m = np.linalg.norm(np.diff(drive.position_m[: first + 1], axis=0), axis=1).sum()
        console.print(f"LOCALIZED after {start_s:.1f} s and {start_m:.1f} m")
    console.print(f"latency: median {estimates.latency_ms[0]:.1f} ms, p99 {estimates.latency_ms[1]:.1f} ms")
