"""How a node fails to start: in one line, whichever library's error it is."""

from __future__ import annotations

import signal

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from rclpy._rclpy_pybind11 import RCLError
from ros import Graph

from mail_ros.nodes.spin import ClosingNode, run


def failing_with(error: Exception) -> ClosingNode:
    raise error


def test_an_error_of_ros_is_one_line_and_one_of_ours_is_not_hidden(
    ros_domain: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the handlers of this process stay
    assert run("mail_localizer", lambda: failing_with(RCLError("failed to create node:\n  no rmw")), []) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "mail_localizer: ROS: wanted a node to start, found failed to create node: no rmw; see ROS_DOM"
    )
    with pytest.raises(RuntimeError, match="a bug"):
        run("mail_localizer", lambda: failing_with(RuntimeError("a bug")), [])


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("-r", "__ns:=/1bad"), "Couldn't parse remap rule"),
        (("--log-level", "loud"), "Couldn't parse log level"),
        (("--params-file", "/nowhere.yaml"), "Couldn't parse params file"),
    ],
)
def test_an_argument_that_ros_cannot_parse_is_one_line(graph: Graph, arguments: tuple[str, ...], found: str) -> None:
    process = graph.start("mail_recorder", f"out:={graph.folder / 'bags'}", arguments=arguments)
    assert process.exit_code() == 1
    (line,) = [line for line in process.output.splitlines() if line.startswith("mail_recorder: ")]
    assert line.startswith("mail_recorder: ROS arguments: wanted valid ones, found ")
    assert found in line
    assert "Traceback" not in process.output
