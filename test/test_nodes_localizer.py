"""The localizer node: over DDS it publishes what `push` returns, and nothing for rejected samples."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from helpers import START_NS, SyntheticWalk, offline_estimates, synthetic_walk, tiny_config, tiny_model
from managed import in_process, messages
from ros import Graph, LogLines, Process
from rosgraph_msgs.msg import Clock
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from sensor_msgs.msg import MagneticField

from mail_ros.core.config import STRIDE_S, TrackerChoice
from mail_ros.core.errors import MailError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import load_model
from mail_ros.core.types import Estimate
from mail_ros.data.bag import Bag
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import FIELD_TYPE, encode_field
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.replay import ReplayOptions, replay

READY = "a pose every"
EVERY_POSE = "publish_uncertain_pose:=true"
LOSSLESS = (
    "qos_overrides./imu/mag.subscription.reliability:=reliable",
    "qos_overrides./imu/mag.subscription.history:=keep_all",
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


def assert_same(poses: Sequence[PoseStamped], estimates: Sequence[Estimate]) -> None:
    """Same stamps, same positions to 1e-6 m."""
    assert [to_stamp_ns(pose.header.stamp) for pose in poses] == [estimate.stamp_ns for estimate in estimates]
    received = np.array([(pose.pose.position.x, pose.pose.position.y) for pose in poses])
    np.testing.assert_allclose(received, [estimate.position_m for estimate in estimates], rtol=0.0, atol=1e-6)


def offline(model: Path, bag: Path, tracker: TrackerChoice = "none") -> list[Estimate]:
    """What `push` returns for a bag."""
    return offline_estimates(compose(load_model(model).model, tracker, STRIDE_S), bag)


def drive(
    graph: Graph, model: Path, bag: Path, options: ReplayOptions, tracker: TrackerChoice = "none"
) -> tuple[list[PoseStamped], Process]:
    """Replay a bag into a localizer of its own that loses nothing; what it published, and its ended process."""
    poses: list[PoseStamped] = graph.listen(PoseStamped, "/mail_localizer/pose")
    node = graph.start("mail_localizer", f"model:={model}", f"tracker:={tracker}", EVERY_POSE, *LOSSLESS)
    node.wait_for(READY)
    graph.wait(lambda: graph.node.count_publishers("/mail_localizer/pose") == 1)
    replay(bag, options)
    expected = len(offline(model, bag, tracker))
    graph.wait(lambda: len(poses) >= expected, f"for {expected} poses, {node.output}")
    assert node.stop() == 0, node.output
    graph.spin(0.2)
    return poses, node


def test_a_replayed_bag_gives_the_poses_of_push_and_is_recorded_unchanged(graph: Graph, model: Path) -> None:
    """More messages than any queue holds, as fast as they are taken: none is lost, none is altered."""
    bag = synthetic_walk(70.0).write(graph.folder / "walk")
    recorder = graph.start("mail_recorder", f"out:={graph.folder / 'bags'}")
    recorder.wait_for("recording")
    poses, _ = drive(graph, model, bag, ReplayOptions(rate=0.0, clock=False, subscriptions=3))
    assert_same(poses, offline(model, bag))
    assert recorder.stop() == 0, recorder.output
    (again,) = (graph.folder / "bags").iterdir()
    for topic, count in (("/imu/mag", 7000), ("/landmark", 36)):
        recorded = [message.cdr for message in Bag(again).messages([topic])]
        assert len(recorded) == count
        assert recorded == [message.cdr for message in Bag(bag).messages([topic])]


def test_the_tracker_in_the_node_is_the_one_of_push(graph: Graph) -> None:
    model = tiny_model(graph.folder / "map.safetensors", tiny_config("heatmap"))
    bag = synthetic_walk(20.0).write(graph.folder / "walk")
    poses, _ = drive(graph, model, bag, ReplayOptions(rate=0.0, clock=False), "walking")
    assert_same(poses, offline(model, bag, "walking"))
    assert len(poses) > 100


def spoiled() -> SyntheticWalk:
    """A walk with everything that goes wrong with stamps and readings, far enough apart to recover in between."""
    walk = synthetic_walk(40.0)
    stamp_ns, field_ut = walk.stamp_ns.copy(), walk.field_ut.copy()
    field_ut[400:420] = np.nan
    field_ut[430, 1] = np.inf
    field_ut[440] = 1e12
    stamp_ns[800:] += 3 * 10**9  # a gap of 3 s
    stamp_ns[1200] = stamp_ns[1199]  # a duplicate
    stamp_ns[1210] = stamp_ns[1209] - 10**7  # a late one
    stamp_ns[1600:] -= 4 * 10**9 + 1234  # the clock is set back
    stamp_ns[2000] = 0  # a driver that forgot
    return SyntheticWalk(stamp_ns, field_ut, walk.landmarks)


def write_in_order(bag: Path, walk: SyntheticWalk) -> None:
    """A bag whose messages were logged in the order of the walk, whatever their stamps are."""
    with BagWriter(bag) as writer:
        writer.add_topic("/imu/mag", FIELD_TYPE)
        for index, (stamp_ns, field_ut) in enumerate(zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True)):
            writer.write("/imu/mag", START_NS + index * 10**7, encode_field(stamp_ns, field_ut, "imu_link"))


def test_what_is_wrong_with_samples_gives_no_wrong_pose(graph: Graph, model: Path) -> None:
    """NaN, infinity, a gap of 3 s, a duplicate, a late one, stamps going backward, none: as `push` defines it."""
    bag, walk = graph.folder / "spoiled", spoiled()
    write_in_order(bag, walk)
    poses, node = drive(graph, model, bag, ReplayOptions(rate=0.0, clock=False))
    assert_same(poses, offline(model, bag))
    assert all(np.isfinite([pose.pose.position.x, pose.pose.position.y]).all() for pose in poses)
    stamps = [to_stamp_ns(pose.header.stamp) for pose in poses]
    assert len(set(stamps)) == len(stamps) > 200
    gap = walk.stamp_ns[799], walk.stamp_ns[800] + 2 * 10**9
    assert not [stamp for stamp in stamps if gap[0] < stamp < gap[1]], "a pose from a window with a hole"
    assert "Traceback" not in node.output


def test_bytes_that_are_no_message_do_no_harm(graph: Graph, model: Path) -> None:
    poses = graph.listen(PoseStamped, "/mail_localizer/pose")
    node = graph.start("mail_localizer", f"model:={model}", EVERY_POSE, *LOSSLESS)
    publisher = graph.node.create_publisher(MagneticField, "/imu/mag", qos.lossless())
    node.wait_for(READY)
    graph.wait(lambda: publisher.get_subscription_count() == 1)
    impossible = MagneticField()
    impossible.header.stamp.nanosec = 2**32 - 1
    for nonsense in (b"\0\1\0\0", b"\0\1\0\0garbage", b"\xff" * 300, impossible):
        publisher.publish(nonsense)
    node.wait_for("sample not used: header.stamp")
    for message in Bag(synthetic_walk(4.0).write(graph.folder / "walk")).messages(["/imu/mag"]):
        publisher.publish(message.cdr)
    graph.wait(lambda: len(poses) > 10, node.output)
    assert node.stop() == 0, node.output
    assert "Traceback" not in node.output


def test_both_signals_end_it_cleanly_also_twice_and_while_it_starts(graph: Graph, model: Path) -> None:
    first, second, starting = (
        graph.start("mail_localizer", f"model:={model}", arguments=("-r", f"__ns:=/robot{i}")) for i in range(3)
    )
    starting.wait_until_caught(signal.SIGTERM)
    assert starting.stop(signal.SIGTERM) == 0, starting.output
    first.wait_for(READY)
    assert first.stop(signal.SIGTERM) == 0, first.output
    second.wait_for(READY)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        second.popen.send_signal(number)
    assert second.exit_code() == 0, second.output
    assert "Traceback" not in first.output + second.output + starting.output


def test_a_model_that_cannot_be_used_is_one_line_and_exit_code_1(graph: Graph) -> None:
    text = graph.folder / "text.safetensors"
    text.write_text("weights")
    nodes = {
        "/nowhere.safetensors: wanted a model file, found nothing": graph.start(
            "mail_localizer", "model:=/nowhere.safetensors"
        ),
        f"{text}: wanted a safetensors file, found something else": graph.start("mail_localizer", f"model:={text}"),
    }
    for message, node in nodes.items():
        assert node.exit_code() == 1
        (line,) = node.output.splitlines()
        assert line.startswith(f"mail_localizer: {message}")


def test_a_model_trained_for_other_scales_is_refused(graph: Graph, model: Path) -> None:
    """Weights of one network under the card of another."""
    other = graph.folder / "other.safetensors"
    with safe_open(tiny_model(other, tiny_config(scales_s=(0.5, 1.0, 1.5))), framework="np") as file:
        metadata = file.metadata()
    save_file(load_file(model), other, metadata)
    with pytest.raises(MailError, match=r"weight .*: wanted .* as the card's scales \[0.5, 1.0, 1.5\] s"):
        in_process(graph, model=str(other))


@pytest.mark.parametrize(("name", "value"), [("reliability", "maybe"), ("history", "some"), ("depth", 0)])
def test_a_wrong_qos_override_is_refused_with_the_valid_ones(
    graph: Graph, model: Path, name: str, value: object
) -> None:
    with pytest.raises(MailError, match=r"^parameter qos_overrides./imu/mag.subscription: wanted reliability"):
        in_process(graph, model=str(model), **{f"qos_overrides./imu/mag.subscription.{name}": value})


def test_a_clock_that_is_set_back_empties_the_window(graph: Graph, model: Path) -> None:
    """A bag that was started again, under use_sim_time; the samples may look as if they followed."""
    node = in_process(graph, model=str(model), use_sim_time=True)
    graph.executor.add_node(node)
    clock = graph.node.create_publisher(Clock, "/clock", 10)
    graph.wait(lambda: clock.get_subscription_count() == 1)

    def set_clock(sec: int) -> None:
        clock.publish(Clock(clock=Time(sec=sec)))
        graph.wait(lambda: node.get_clock().now().nanoseconds == sec * 10**9)

    set_clock(100)
    for msg in messages(3.0):
        node.on_field(msg)
    set_clock(101)
    assert node.runtime.localizer.window.fill == 1.0
    set_clock(50)
    assert node.runtime.localizer.window.fill == 0.0


def test_the_localizer_reports_why_samples_are_not_used(
    graph: Graph, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    node = in_process(graph, model=str(model))
    lines: list[str] = []
    node.get_logger = lambda: LogLines(lines)
    node.diagnose()
    assert lines.pop() == "no samples: no publisher of /imu/mag"
    good, *more = messages(0.2)
    for msg in (good, good, *more):
        node.on_field(msg)
    node.diagnose()
    assert lines.pop().startswith("FILLING, 7%; 20 used, 1 duplicate; stamps are ")  # they are of another year
    more[-1].magnetic_field.x = float("nan")
    node.on_field(more[-1])
    node.diagnose()
    assert lines.pop().startswith("no sample was used: 0 used, 1 not_finite; stamps are ")
