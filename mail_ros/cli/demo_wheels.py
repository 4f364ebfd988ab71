"""`mail_ros demo --wheels`: survey, train, drive, with a robot that does what surveyors do not.

survey_site --> bags --> train --> model --+--> the localizer node --> table, picture
drive_site --> imu/mag, odom, imu/data ----^
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mail_ros.cli.console import console, print_table
from mail_ros.cli.demo_drive import Answers, driven

if TYPE_CHECKING:  # these bring numpy along
    from mail_ros.core.types import BoolArray
    from mail_ros.data.simulator.dipoles import Site
    from mail_ros.data.simulator.walk import SimulatedDrive


def demo_wheels(model: Path | None, out: Path, length_m: float, seed: int) -> dict[str, object]:
    """Drive a robot whose sensor turns with it, at an angle that nobody tells; without a model, one is trained before.

    Returns:
        What the robot heard, for programs.

    Raises:
        MailError: as of `driven`.
    """
    from mail_ros.data.simulator.demo_drive import drive_site
    from mail_ros.data.simulator.dipoles import make_site
    from mail_ros.evaluation.drive_picture import draw_robot_drive

    site = make_site()
    drive = drive_site(site, length_m, seed)
    with tempfile.TemporaryDirectory() as folder:
        known = model or trained_model(site, Path(folder))
        answers = driven(drive, {"model": known})
    _print(drive, answers)
    draw_robot_drive(out, site, drive, answers.sample, answers.position_m)
    return answers.result()


def trained_model(site: Site, folder: Path) -> Path:
    """What `mail_ros train --preset robot` makes of a survey of the site by another robot; all of it in `folder`."""
    from mail_ros.data.simulator.bag import write_bag
    from mail_ros.data.simulator.demo_drive import survey_site
    from mail_ros.training.run_config import run_config
    from mail_ros.training.survey import Survey
    from mail_ros.training.train import train

    walks = survey_site(site)
    names = [folder / "survey", folder / "validate"]
    for walk, bag in zip(walks, names, strict=True):
        write_bag(bag, walk)
    console.print(f"Another robot surveyed for {walks[0].duration_s:.0f} s; training from its bag.")
    out = folder / "site.safetensors"
    survey = Survey(names[:1], names[1:])
    train(run_config([], "robot"), survey, out, folder / "run", resume=False, report=lambda progress: None)
    return out


def _print(drive: SimulatedDrive, answers: Answers) -> None:
    import numpy as np

    from mail_ros.evaluation.events import AFTER_S, KINDS, during

    then = {kind: during(drive, kind)[answers.sample] for kind in KINDS}
    rows: dict[str, BoolArray] = {"all": np.ones(len(answers.sample), np.bool_)}
    rows["drives on"] = ~np.any(list(then.values()), axis=0)
    rows |= {f"{kind}, and {AFTER_S:g} s after": chosen for kind, chosen in then.items()}
    lines = []
    for name, chosen in rows.items():
        error_m = answers.error_m[chosen]
        if len(error_m):
            median_m, p90_m = np.percentile(error_m, [50, 90])
            values = (error_m.mean(), median_m, p90_m, error_m.max())
            lines.append([name, f"{len(error_m):,}", *(f"{value:.2f}" for value in values)])
    print_table("Simulated robot; errors in m", ["", "poses", "mean", "median", "p90", "most"], lines)
    console.print(f"latency: median {answers.latency_ms[0]:.1f} ms, p99 {answers.latency_ms[1]:.1f} ms")
