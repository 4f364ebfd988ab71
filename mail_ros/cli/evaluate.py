"""`mail_ros evaluate`: a model over whole walks, through the `push` of the robot."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

import typer

from mail_ros.cli.console import console, print_json, print_metrics, print_table, progress
from mail_ros.cli.options import AsJson, Imu, Joints, Namespace, Odom, RobotFile, Topic, Tracker, Truth
from mail_ros.cli.train import expand
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
    survey: Annotated[
        list[Path] | None,
        typer.Option(
            help="The bags that the model was trained on, for the row 1-NN of a network or a map of the field; repeat "
            "for each bag or glob. A file of matching holds them."
        ),
    ] = None,
    as_json: AsJson = False,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    odom: Odom = "",
    imu: Imu = "",
    joints: Joints = "",
    namespace: Namespace = "",
    robot: RobotFile = None,
) -> None:
    """Print the errors of a model over whole walks, moving and paused apart, and how far its statuses can be trusted.

    Each walk starts at its first landmark, with an empty window. With a tracker, a row of its own has the estimates
    from 20 s on, when it has seen more than one window. The last rows have two guesses on the same walks while the
    device moves: the middle of the site, and 1-NN, the survey's window nearest to each whole second's. A line follows
    if the model is not worth launching.

    Example: `mail_ros evaluate models/site.safetensors bags/tuesday_* --estimates estimates.csv`
    """
    from mail_ros.core.localizer.compose import resolve_tracking
    from mail_ros.core.models.model_file import load_model
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.bag import read_track
    from mail_ros.data.bag_topics import BagTopics
    from mail_ros.data.frame_tree import MAP_FRAME
    from mail_ros.evaluation.estimates import TRACKED_FROM_S, errors, groups, write_csv
    from mail_ros.evaluation.held_out import follow_walks, nearest_window
    from mail_ros.evaluation.uncertainty import status_fractions, uncertainty, uncertainty_line

    check_choice("--tracker", tracker, TrackerSetting)
    network, card, _ = load_model(model)
    chosen = resolve_tracking(card, cast(TrackerSetting, tracker)).tracker
    platform = None if robot is None else read_robot(robot)
    topics = BagTopics(topic, truth, odom, imu, joints, namespace)
    frame = "" if card.map_frame == MAP_FRAME else card.map_frame  # a model without a site file: as the bags have it
    with progress("evaluating") as bar:
        walks = [read_track(bag, topics, platform, frame) for bag in expand(survey or [])]
        nearest = nearest_window(model, card.config, walks)
        tracks = (read_track(bag, topics, platform, frame) for bag in bar.track(bags, description=""))
        held = follow_walks(network, nearest, tracks, chosen, stride_s, from_s)
    if not held.scored:
        sampling = network.config.sampling
        raise TrackError(
            ", ".join(bag.name for bag in bags),
            wanted=f"a labelled walk longer than the window of {sampling.length:g} {sampling.unit}",
            found="none",
            fix="give labelled bags, or name the topic of their labels with --truth",
        )
    parts = groups(held.scored)
    if chosen != "none" and 0 < len(held.settled) < len(held.scored):
        last = "all, moving"
        parts |= {
            f"{last}, from {TRACKED_FROM_S:g} s": one for name, one in groups(held.settled).items() if name == last
        }
    guesses = held.guesses(network.head)
    rows = {name: errors(part) for name, part in parts.items()} | guesses
    statuses = {name: status_fractions(part) for name, part in parts.items()}
    moving = uncertainty(held.moving)
    print_metrics(f"{model.name} over {len(bags)} walks", rows)
    if nearest is None:
        console.print("1-NN is not known: --survey names the bags that the model was trained on")
    _print_statuses(statuses, held.scored[0].estimate.near_m)
    console.print(f"moving, {uncertainty_line(moving)}")
    if reason := held.not_worth_launching(model, guesses):
        console.print(str(reason), markup=False)
    if estimates is not None:
        write_csv(estimates, held.scored)
        console.print(f"estimates: {estimates}")
    if as_json:
        judged = {"status": statuses, "uncertainty": dataclasses.asdict(moving), "worth_launching": reason is None}
        print_json({name: dataclasses.asdict(row) for name, row in rows.items()} | judged)


def _print_statuses(statuses: Mapping[str, Mapping[str, float]], near_m: float) -> None:
    from mail_ros.evaluation.uncertainty import WRONG

    heads = [WRONG if head.endswith(WRONG) else head for head in next(iter(statuses.values()))]
    lines = [
        [name, *("–" if math.isnan(part) else f"{part:.1%}" for part in row.values())] for name, row in statuses.items()
    ]
    print_table(f"status; {WRONG}: of these, over {near_m:.2g} m off or on another floor", ["", *heads], lines)
