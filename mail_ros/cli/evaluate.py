"""`mail_ros evaluate`: a model over whole walks, through the same `push` as on the robot."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_metrics, progress
from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import TrackError


def evaluate(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    bags: Annotated[list[Path], typer.Argument(help="Bags with landmarks.")],
    stride_s: Annotated[float, typer.Option(help="Time between two estimates.")] = STRIDE_S,
    estimates: Annotated[
        Path | None, typer.Option(help="Write every estimate and its reference to this CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    topic: Annotated[str, typer.Option(help="Topic of the field in the bags.")] = "/imu/mag",
    landmarks: Annotated[str, typer.Option(help="Topic of the landmarks in the bags.")] = "/landmark",
) -> None:
    """Print the errors of a model over whole walks, moving and paused apart.

    Each walk starts at its first landmark, with an empty window.

    Example: `mail_ros evaluate models/site.safetensors bags/tuesday* --estimates estimates.csv`
    """
    import torch

    from mail_ros.core.checkpoint import load_model
    from mail_ros.core.localizer import MailLocalizer
    from mail_ros.data.bag import read_track
    from mail_ros.evaluation.follow import Scored, follow, table, write_csv

    torch.set_num_threads(1)  # as in the node; one window is too small to share
    network, _ = load_model(model)
    localizer = MailLocalizer(network, stride_s)
    scored: list[Scored] = []
    with progress("evaluating") as bar:
        for bag in bar.track(bags, description=""):
            scored += follow(localizer, read_track(bag, topic, landmarks))
    if not scored:
        raise TrackError(
            ", ".join(bag.name for bag in bags),
            wanted=f"a labelled walk longer than the window of {network.config.window.length_s:g} s",
            found="none",
            fix="give bags with landmarks, or name their topic with --landmarks",
        )
    rows = table(scored)
    if estimates is not None:
        write_csv(estimates, scored)
    if as_json:
        typer.echo(json.dumps({name: dataclasses.asdict(row) for name, row in rows.items()}, indent=2))
        return
    print_metrics(f"{model.name} over {len(bags)} walks", rows)
    if estimates is not None:
        console.print(f"estimates: {estimates}")
