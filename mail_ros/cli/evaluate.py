"""`mail_ros evaluate`: a model over whole walks, through the `push` of the robot."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mail_ros.cli.console import console, print_json, print_metrics, progress
from mail_ros.cli.options import AsJson, RobotFile, Topic, Tracker, Truth
from mail_ros.core.config import STRIDE_S, TrackerChoice, TrackerSetting, check_choice
from mail_ros.core.errors import TrackError

if TYPE_CHECKING:  # these import numpy
    from mail_ros.core.localizer.localizer import Localizer
    from mail_ros.core.models.model_config import ModelConfig
    from mail_ros.data.track import Track
    from mail_ros.evaluation.estimates import Scored


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
    from mail_ros.evaluation.estimates import TRACKED_FROM_S, table, write_csv
    from mail_ros.evaluation.uncertainty import uncertainty, uncertainty_line

    check_choice("--tracker", tracker, TrackerSetting)
    network, card, _ = load_model(model)
    chosen = resolve_tracking(card, cast(TrackerSetting, tracker)).tracker
    localizer = compose(network, chosen, stride_s)
    platform = None if robot is None else read_robot(robot)
    with progress("evaluating") as bar:
        tracks = (read_track(bag, topic, truth, platform) for bag in bar.track(bags, description=""))
        scored, settled = _follow_walks(localizer, chosen, card.config, tracks, from_s)
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
    moving = uncertainty([one for one in scored if not one.paused] or scored)
    print_metrics(f"{model.name} over {len(bags)} walks", rows)
    console.print(f"moving, {uncertainty_line(moving)}")
    if estimates is not None:
        write_csv(estimates, scored)
        console.print(f"estimates: {estimates}")
    if as_json:
        print_json(
            {name: dataclasses.asdict(row) for name, row in rows.items()} | {"uncertainty": dataclasses.asdict(moving)}
        )


def _follow_walks(
    localizer: Localizer, tracker: TrackerChoice, config: ModelConfig, tracks: Iterable[Track], from_s: float
) -> tuple[list[Scored], list[Scored]]:
    """Counted estimates of all walks, and those of them from `TRACKED_FROM_S` on."""
    from mail_ros.core.types import NS_PER_S
    from mail_ros.evaluation.estimates import TRACKED_FROM_S, follow, refuse_without_odometry

    scored: list[Scored] = []
    settled: list[Scored] = []  # a tracker has seen more than one window
    for track in tracks:
        refuse_without_odometry(track, tracker, config)
        begin_ns = int(track.labelled_span().stamp_ns[0]) if track.valid.any() else 0
        since_ns = [(one.estimate.stamp_ns - begin_ns, one) for one in follow(localizer, track)]
        scored += [one for age_ns, one in since_ns if age_ns >= round(from_s * NS_PER_S)]
        settled += [one for age_ns, one in since_ns if age_ns >= round(max(from_s, TRACKED_FROM_S) * NS_PER_S)]
    return scored, settled
