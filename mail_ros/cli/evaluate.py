"""`mail_ros evaluate`: a model over whole walks, through the `push` of the robot."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, cast

import typer

from mail_ros.cli.console import console, print_json, print_metrics, progress
from mail_ros.cli.options import AsJson, RobotFile, Topic, Tracker, Truth
from mail_ros.core.config import STRIDE_S, TrackerSetting, check_choice
from mail_ros.core.errors import TrackError


def evaluate(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    bags: Annotated[list[Path], typer.Argument(help="Labelled bags.")],
    stride_s: Annotated[float, typer.Option(help="Time between two estimates.")] = STRIDE_S,
    tracker: Tracker = "auto",
    from_s: Annotated[
        float, typer.Option(help="Start of counted estimates, in seconds after the first landmark.")
    ] = 0.0,
    estimates: Annotated[
        Path | None, typer.Option(help="Write every estimate and its reference to this CSV file.")
    ] = None,
    as_json: AsJson = False,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    robot: RobotFile = None,
) -> None:
    """Print the errors of a model over whole walks, moving and paused apart, and how well its uncertainty fits them.

    Each walk starts at its first landmark, with an empty window. With a tracker, a row of its own has the estimates
    from 20 s on, when it has seen more than one window.

    Example: `mail_ros evaluate models/site.safetensors bags/tuesday_* --estimates estimates.csv`
    """
    from mail_ros.core.localizer.compose import compose, resolve_tracking
    from mail_ros.core.models.model_file import load_model
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.bag import read_track
    from mail_ros.evaluation.estimates import (
        TRACKED_FROM_S,
        Scored,
        follow,
        refuse_without_odometry,
        table,
        write_csv,
    )
    from mail_ros.evaluation.uncertainty import uncertainty, uncertainty_line

    check_choice("--tracker", tracker, TrackerSetting)
    network, card, _ = load_model(model)
    chosen = resolve_tracking(card, cast(TrackerSetting, tracker)).tracker
    localizer = compose(network, chosen, stride_s)
    platform = None if robot is None else read_robot(robot)
    scored: list[Scored] = []
    settled: list[Scored] = []  # a tracker has seen more than one window
    with progress("evaluating") as bar:
        for bag in bar.track(bags, description=""):
            track = read_track(bag, topic, truth, platform)
            refuse_without_odometry(track, chosen, card.config)
            begin_ns = int(track.labelled_span().stamp_ns[0]) if track.valid.any() else 0
            here = [one for one in follow(localizer, track) if one.estimate.stamp_ns >= begin_ns + round(from_s * 1e9)]
            scored += here
            settled += [one for one in here if one.estimate.stamp_ns >= begin_ns + round(TRACKED_FROM_S * 1e9)]
    if not scored:
        sampling = network.config.sampling
        raise TrackError(
            ", ".join(bag.name for bag in bags),
            wanted=f"a labelled walk longer than the window of {sampling.length:g} {sampling.unit}",
            found="none",
            fix="give labelled bags, or name the topic of their labels with --truth",
        )
    rows = table(scored)
    if chosen != "none" and 0 < len(settled) < len(scored):
        last = "all, moving"
        rows |= {f"{last}, from {TRACKED_FROM_S:g} s": row for name, row in table(settled).items() if name == last}
    if estimates is not None:
        write_csv(estimates, scored)
    moving = uncertainty([one for one in scored if not one.paused] or scored)
    print_metrics(f"{model.name} over {len(bags)} walks", rows)
    console.print(f"moving, {uncertainty_line(moving)}")
    if estimates is not None:
        console.print(f"estimates: {estimates}")
    if as_json:
        print_json(
            {name: dataclasses.asdict(row) for name, row in rows.items()} | {"uncertainty": dataclasses.asdict(moving)}
        )
