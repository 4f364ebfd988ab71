"""A survey over DDS: a planned route is marked and read back, and what was recorded trains as what was replayed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from diagnostic_msgs.msg import DiagnosticStatus
from helpers import synthetic_walk
from rclpy.parameter import Parameter
from ros import Graph
from safetensors.numpy import load_file
from sensor_msgs.msg import MagneticField
from std_srvs.srv import Trigger

from mail_ros.cli.mark import HELP
from mail_ros.core.errors import ConfigError, MailError
from mail_ros.data.bag import read_recording
from mail_ros.data.truth import TruthSource
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_time
from mail_ros.nodes.recorder_client import recorder_client
from mail_ros.nodes.recorder_node import RecorderNode
from mail_ros.nodes.replay import ReplayOptions, replay
from mail_ros.training.run_config import run_config
from mail_ros.training.survey_bags import Survey
from mail_ros.training.train import train

SITE = """
site: museum
floors: {0: {landmarks: {door: [0, 0], lift: [3, 1]}}}
routes: {hall: [door, {at: [3, 0], mark: false}, lift]}
"""
WINDOW = ("sampling.rate_hz=20", "mail.lag_s=0.2", "sampling.length_s=2", "mail.scales_s=[0.5,2]")
KINDS = {
    "matching": ("kind=matching",),
    "network": ("mail.hidden=8", "mail.feature=8", "training.epochs=1"),
}


class Recorder:
    """One in this process, and a client of its services."""

    def __init__(self, graph: Graph, **parameters: Any) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.graph = graph
        self.node = RecorderNode(context=graph.context, parameter_overrides=overrides)
        graph.executor.add_node(self.node)

    def call(self, name: str) -> str:
        response = self.graph.call(Trigger, f"/mail_recorder/{name}", Trigger.Request())
        return f"{'' if response.success else 'refused: '}{response.message}"


def test_a_planned_route_is_marked_and_read_back(graph: Graph) -> None:
    file = graph.folder / "museum.yaml"
    file.write_text(SITE)
    recorder = Recorder(graph, out=str(graph.folder / "bags"), autostart=False, site_file=str(file), route="hall")
    status: list[DiagnosticStatus] = graph.listen(DiagnosticStatus, "/mail_recorder/status")
    field = graph.node.create_publisher(MagneticField, "imu/mag", qos.lossless())
    clock, sample = graph.node.get_clock(), MagneticField()

    def measure() -> None:
        sample.header.stamp = to_time(clock.now().nanoseconds)
        field.publish(sample)

    graph.node.create_timer(0.02, measure)
    graph.wait(lambda: field.get_subscription_count() == 1)
    assert recorder.call("unmark") == "refused: not recording: call ~/start first"
    assert "no reference" not in recorder.call("start")
    assert recorder.call("unmark") == "refused: no mark to take back"
    assert recorder.call("mark") == "mark 1; next: 2 of 2, lift at (3, 1) m on floor 0"
    graph.wait(lambda: any(("landmarks left", "1") in [(v.key, v.value) for v in s.values] for s in status))
    assert recorder.call("mark") == "mark 2; next: none: all 2 are marked"
    assert "2 landmarks: take back what was wrong" in recorder.call("mark")
    graph.wait(lambda: "3 marks, and route hall has 2 landmarks" in status[-1].message)
    assert status[-1].level >= DiagnosticStatus.WARN
    assert recorder.call("unmark").startswith("mark 3 is taken back; next: none")
    stopped = recorder.call("stop")
    assert stopped.startswith("recorded /imu/mag")
    assert stopped.endswith(f"; next: mail_ros check {graph.folder}/bags/* --site-file {file} --coverage coverage")
    (bag,) = (graph.folder / "bags").iterdir()
    recording = read_recording(bag)
    assert recording.truth.source is TruthSource.ROUTE
    assert [mark.position_m for mark in recording.truth.path] == [(0, 0), (3, 0), (3, 1)]
    assert recording.track.valid.sum() > 10
    assert (recording.notes["route"], recording.notes["site"]) == ("hall", "museum")


def test_another_route_can_be_set_between_two_recordings(graph: Graph) -> None:
    file = graph.folder / "museum.yaml"
    file.write_text(SITE)
    recorder = Recorder(graph, out=str(graph.folder / "bags"), autostart=False)
    for site_file, route, message in (
        (str(file), "hall", "recording into "),
        (str(file), "", "recording into "),
        (str(file), "hal", f"refused: {file}: wanted one of its routes hall, found hal; correct it, or add it"),
        ("none", "hall", "refused: none: wanted a site file, found No such file"),
    ):
        given = [Parameter("site_file", value=site_file), Parameter("route", value=route)]
        assert all(result.successful for result in recorder.node.set_parameters(given))
        assert recorder.call("start").startswith(message)
        recorder.node.close()


def test_a_site_file_that_is_none_is_refused_at_the_start(graph: Graph) -> None:
    with pytest.raises(ConfigError, match=r"none.yaml: wanted a site file, found No such file"):
        Recorder(graph, site_file=str(graph.folder / "none.yaml"))


def test_the_keyboard_marks(graph: Graph) -> None:
    file = graph.folder / "museum.yaml"
    file.write_text(SITE)
    recorder = graph.start("mail_recorder", f"out:={graph.folder / 'bags'}", "autostart:=false", f"site_file:={file}")
    recorder.wait_for("waiting for ~/start")
    done = subprocess.run(
        [sys.executable, "-m", "mail_ros.cli.main", "mark"],
        input="\nstart\n\nu\n\n\nx\nstop\nq\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    help_line, refused, started, *marks, help_again, stopped = done.stdout.splitlines()
    assert help_line == help_again == HELP
    assert refused == "refused: not recording: call ~/start first"
    assert started.startswith("recording into ")
    assert [message.partition(";")[0] for message in marks] == ["mark 1", "mark 1 is taken back", "mark 1", "mark 2"]
    assert stopped.startswith("recorded /mark 4; ")


def test_without_a_recorder_the_keyboard_reports_it(graph: Graph) -> None:
    with recorder_client("robot_1", wait_s=0.2) as call, pytest.raises(MailError) as refused:
        call("mark")
    assert str(refused.value) == (
        "/robot_1/mail_recorder/mark: wanted a recorder, found no such service within 0.2 s; "
        "start mail_recorder, or name its --namespace"
    )


def test_what_was_recorded_of_a_replay_trains_the_same_model(graph: Graph) -> None:
    bag = synthetic_walk(20.0, 50.0).write(graph.folder / "walk")
    held_out = synthetic_walk(10.0, 50.0, seed=1).write(graph.folder / "held_out")
    recorder = graph.start("mail_recorder", f"out:={graph.folder / 'bags'}")
    recorder.wait_for("recording")
    replay(bag, ReplayOptions(rate=0.0, clock=False, subscriptions=2))
    assert recorder.stop() == 0, recorder.output
    (again,) = (graph.folder / "bags").iterdir()
    for kind, settings in KINDS.items():
        first, second = (trained(path, held_out, graph.folder / kind, *settings) for path in (bag, again))
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first), kind


def trained(bag: Path, held_out: Path, folder: Path, *settings: str) -> dict[str, Any]:
    """The arrays of a model that learned one walk."""
    out = folder / f"{bag.name}.safetensors"
    survey = Survey([bag], [held_out])
    train(run_config([*WINDOW, *settings]), survey, out, folder / bag.name, resume=False, report=lambda _: None)
    arrays: dict[str, Any] = load_file(out)
    assert arrays
    return arrays
