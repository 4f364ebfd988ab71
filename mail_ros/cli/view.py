"""`mail_ros view`: show a localizer, live or with a bag."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mail_ros.cli.console import console, counting, print_json
from mail_ros.cli.options import AsJson, Imu, Namespace, Odom, SiteOption, Topic, Tracker, Truth
from mail_ros.core.config import STRIDE_S, TrackerSetting, check_choice
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:  # imports numpy
    from mail_ros.data.bag_topics import BagTopics

WINDOW_S = 0.2  # between two checks whether the window is open


def view(
    bag: Annotated[Path | None, typer.Option(help="Show this bag; default: a running localizer.")] = None,
    model: Annotated[Path | None, typer.Option(help="The model that localizes the bag.")] = None,
    tracker: Tracker = "auto",
    stride_s: Annotated[float, typer.Option(help="Time between two estimates.")] = STRIDE_S,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    odom: Odom = "",
    imu: Imu = "",
    namespace: Namespace = "",
    site_file: SiteOption = None,
    out: Annotated[Path | None, typer.Option(help="Write this .rrd file instead of opening a window.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show map, belief, path, field, attention and status of a localizer: live, or of a bag with a time slider.

    Needs `pip install 'mail_ros[view]'`. Without a screen, write a file with --out and open it elsewhere: `rerun FILE`.

    Tracker, stride and topics apply to a bag only.

    Example: `mail_ros view --bag bags/tuesday_1 --model models/site.safetensors --out walk.rrd`

    Example, with a screen: `mail_ros view --bag bags/tuesday_1 --model models/site.safetensors`
    """
    from mail_ros.data.bag_topics import BagTopics

    if (bag is None) != (model is None):
        found, lacking = ("--bag", "--model") if model is None else ("--model", "--bag")
        raise ConfigError("the view", wanted="a bag and a model", found=f"{found} alone", fix=f"give {lacking} as well")
    if bag is None or model is None:
        raise typer.Exit(_live(namespace, site_file, out))
    check_choice("--tracker", tracker, TrackerSetting)
    topics = BagTopics(topic, truth, odom, imu, namespace=namespace)
    estimates, samples = _bag(bag, model, cast(TrackerSetting, tracker), stride_s, topics, site_file, out)
    if as_json:
        print_json({"view": out, "estimates": estimates, "samples": samples})


def _live(namespace: str, site_file: Path | None, out: Path | None) -> int:
    """Show the topics until Ctrl-C, or until the window is closed."""
    from mail_ros.nodes.spin import ClosingNode, run

    def create() -> ClosingNode:
        from mail_ros.nodes.view_node import ViewNode

        given = {"site_file": str(site_file or ""), "out": str(out or "")}
        return ViewNode({name: value for name, value in given.items() if value}, namespace=namespace)

    return run("mail_ros", create, [])


def _bag(
    bag: Path,
    model: Path,
    tracker: TrackerSetting,
    stride_s: float,
    topics: BagTopics,
    site_file: Path | None,
    out: Path | None,
) -> tuple[int, int]:
    """Show a bag, and wait until the window is closed; returns the numbers of estimates and samples."""
    from mail_ros.core.localizer.compose import compose, resolve_tracking
    from mail_ros.core.models.model_file import load_model
    from mail_ros.data.bag import read_track
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.data.frame_tree import MAP_FRAME
    from mail_ros.data.site_file import read_site
    from mail_ros.evaluation.estimates import refuse_without_odometry
    from mail_ros.view.bag_view import reference_paths, show_bag
    from mail_ros.view.rerun_canvas import Layout, RerunCanvas
    from mail_ros.view.scene import Setting, View

    loaded, card, _ = load_model(model)
    frame = "" if card.map_frame == MAP_FRAME else card.map_frame  # a model without a site file: as the bag has it
    chosen, track = resolve_tracking(card, tracker).tracker, read_track(bag, topics, map_frame=frame)
    refuse_without_odometry(track, chosen, card.config)
    localizer = compose(loaded, chosen, stride_s)
    scales = tuple(f"{scale_s:g} s" for scale_s in card.config.mail.scales_s)
    setting = Setting(floor_plans(read_site(site_file) if site_file else None), scales, reference_paths(track))
    layout = Layout(attention=card.config.kind == "mail", error=bool(track.valid.any()))
    with closing(RerunCanvas(layout, out)) as canvas:
        with counting("localizing samples") as report:
            view, about = View(canvas, setting), {"model": model.name}
            estimates = show_bag(track, localizer, view, about, lambda done: report(done, len(track)))
        console.print(f"{estimates:,} estimates of {len(track):,} samples")
        while out is None and canvas.is_open:
            time.sleep(WINDOW_S)
    if out is not None:
        console.print(f"view: {out}   open it: rerun {out}")
    return estimates, len(track)
