"""`mail_ros replay`: a bag onto the ROS graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, counting, print_json
from mail_ros.cli.options import AsJson, Namespace


def replay(
    bag: Annotated[Path, typer.Argument(help="A rosbag2 folder, an .mcap or .db3 file, or a .bag of ROS 1.")],
    rate: Annotated[
        float, typer.Option(help="Times the recorded speed; 0: as fast as reliable subscribers allow.")
    ] = 1.0,
    topic: Annotated[list[str] | None, typer.Option(help="Replay only this topic; repeat for several.")] = None,
    namespace: Namespace = "",
    clock: Annotated[
        bool,
        typer.Option(help="Publish /clock, for nodes with use_sim_time: the recorded one, else one of the log times."),
    ] = True,
    wait_for: Annotated[
        int, typer.Option(min=0, help="Subscriptions to wait for before the first message, over all topics.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Publish a bag's serialized messages with their timing, and /clock. Needs no rosbag2.

    Example: `mail_ros replay bags/monday_1 --rate 20 --wait-for 0 --topic /imu/mag`
    """
    from mail_ros.nodes.replay import ReplayOptions
    from mail_ros.nodes.replay import replay as publish

    topics = tuple(f"/{name.lstrip('/')}" for name in topic or ())
    options = ReplayOptions(rate, topics, namespace, clock, wait_for)
    with counting("replaying messages") as report:
        replayed = publish(bag, options, lambda done, count: report(done, count) if done % 100 == 0 else None)
    if replayed.cut_off:
        console.print(f"{bag} has no end: it was cut off, all before that was replayed")
    if replayed.unplayable:
        topics_left_out = ", ".join(sorted(replayed.unplayable))
        reasons = "; ".join(sorted({str(reason) for reason in replayed.unplayable.values()}))
        console.print(f"not replayed: {topics_left_out} ({reasons})", markup=False)
    if replayed.recorded_clock:
        console.print("/clock is the recorded one, which the bag's stamps follow; no other is published")
    if replayed.skipped_s:
        console.print(f"{bag} has no message for {replayed.skipped_s:,.0f} s in all: that was skipped")
    for name in replayed.lossy:
        console.print(f"{name} has a best-effort subscriber, which may have lost messages at rate 0")
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(replayed.counts.items()))
    console.print(f"replayed {bag}: {counts}")
    if as_json:
        left_out = {name: str(reason) for name, reason in replayed.unplayable.items()}
        more = {"recorded_clock": replayed.recorded_clock, "not_replayed": left_out, "skipped_s": replayed.skipped_s}
        print_json(
            {"bag": bag, "counts": replayed.counts, "cut_off": replayed.cut_off, "lossy": replayed.lossy, **more}
        )
