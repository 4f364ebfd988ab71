"""Replay: the bytes of a bag, in order, in time, and nothing of a bag that is damaged."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

import typer
from geometry_msgs.msg import PointStamped
from helpers import START_NS, synthetic_walk
from mcap.writer import Writer
from rclpy.serialization import serialize_message
from ros import Graph
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import MagneticField
from typer.testing import CliRunner

from mail_ros.cli import main
from mail_ros.cli.main import ExitCode
from mail_ros.cli.replay import replay as verb
from mail_ros.core.errors import MailError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import encode_field
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns, to_time
from mail_ros.nodes.replay import ReplayOptions, replay

FIELD, S = "sensor_msgs/msg/MagneticField", 10**9
FAST = ReplayOptions(rate=0.0)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic_walk(2.0).write(tmp_path_factory.mktemp("bags") / "walk")


def bytes_of(bag: Path, topic: str) -> list[bytes]:
    return [message.cdr for message in Bag(bag).messages([topic])]


def test_every_topic_arrives_as_the_bytes_it_is(graph: Graph, walk: Path) -> None:
    fields = graph.listen(MagneticField, "/imu/mag", raw=True)
    landmarks = graph.listen(PointStamped, "/landmark", raw=True)
    replayed = replay(walk, ReplayOptions(rate=0.0, subscriptions=2))
    graph.wait(lambda: len(fields) == 200 and len(landmarks) == 2)
    assert fields == bytes_of(walk, "/imu/mag")
    assert landmarks == bytes_of(walk, "/landmark")
    assert replayed.counts == {"/imu/mag": 200, "/landmark": 2}
    assert replayed.lossy == ()


def test_a_reliable_subscriber_that_stands_still_loses_nothing(graph: Graph) -> None:
    """More messages than both queues hold, of 5,000 each: it waits for the one that sleeps."""
    bag = synthetic_walk(200.0).write(graph.folder / "long")
    recorder = graph.start("mail_recorder", f"out:={graph.folder / 'bags'}", "topics:=['imu/mag']")
    publishing = threading.Thread(target=replay, args=(bag, FAST))
    publishing.start()
    recorder.wait_for("/imu/mag: sensor_msgs")
    recorder.popen.send_signal(signal.SIGSTOP)
    publishing.join(2.0)
    assert publishing.is_alive(), "published into the void"
    recorder.popen.send_signal(signal.SIGCONT)
    publishing.join()
    assert recorder.stop() == 0, recorder.output
    (again,) = (graph.folder / "bags").iterdir()
    assert bytes_of(again, "/imu/mag") == bytes_of(bag, "/imu/mag")


class SleptTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s


@pytest.mark.parametrize("rate", [0.5, 1.0, 10.0])
def test_time_passes_as_recorded_times_the_rate(walk: Path, rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message leaves when it is due, on a clock that no load can delay."""
    clock = SleptTime()
    monkeypatch.setattr("mail_ros.nodes.replay.time", clock)
    left_s: list[float] = []
    replay(walk, ReplayOptions(rate=rate, subscriptions=0), lambda done, count: left_s.append(clock.now_s - 1000.0))
    log_ns = [message.log_time_ns for message in Bag(walk).messages()]
    assert left_s == pytest.approx([(stamp_ns - log_ns[0]) / 1e9 / rate for stamp_ns in log_ns], abs=1e-6)


def test_the_clock_follows_the_log_and_never_goes_back(graph: Graph, walk: Path) -> None:
    clocks = graph.listen(Clock, "/clock")
    fields = graph.listen(MagneticField, "/imu/mag")
    replay(walk, ReplayOptions(rate=4.0))
    log_ns = [message.log_time_ns for message in Bag(walk).messages()]
    graph.wait(lambda: bool(clocks) and to_stamp_ns(clocks[-1].clock) == max(log_ns))
    ticks = [to_stamp_ns(msg.clock) for msg in clocks]
    assert ticks == sorted(ticks)
    assert ticks[0] == min(log_ns)
    assert len(ticks) > 10
    graph.wait(lambda: len(fields) == 200)


def test_without_a_clock_there_is_none(graph: Graph, walk: Path) -> None:
    clocks = graph.listen(Clock, "/clock")
    fields = graph.listen(MagneticField, "/imu/mag")
    replay(walk, ReplayOptions(rate=0.0, clock=False))
    graph.wait(lambda: len(fields) == 200)
    assert clocks == []


def test_topics_can_be_chosen_and_put_into_a_namespace(graph: Graph, walk: Path) -> None:
    landmarks = graph.listen(PointStamped, "/robot/landmark", raw=True)
    replayed = replay(walk, ReplayOptions(rate=0.0, topics=("/landmark",), namespace="/robot"))
    graph.wait(lambda: len(landmarks) == 2)
    assert replayed.counts == {"/landmark": 2}


def test_a_best_effort_subscriber_is_named_where_it_may_lose_messages(graph: Graph, walk: Path) -> None:
    graph.node.create_subscription(MagneticField, "/imu/mag", lambda msg: None, qos.sensor_data())
    assert replay(walk, FAST).lossy == ("/imu/mag",)


def test_a_bag_that_was_cut_off_is_replayed_up_to_its_end(graph: Graph) -> None:
    whole = Bag(synthetic_walk(20.0).write(graph.folder / "whole")).files[0]
    cut = graph.folder / "cut.mcap"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    fields = graph.listen(MagneticField, "/imu/mag", raw=True)
    replayed = replay(cut, FAST)
    assert replayed.cut_off
    assert 500 < replayed.counts["/imu/mag"] < 1500
    graph.wait(lambda: len(fields) == replayed.counts["/imu/mag"])
    assert fields == bytes_of(whole, "/imu/mag")[: len(fields)]


def recorded(path: Path, *messages: tuple[str, str, int, bytes]) -> Path:
    """An .mcap file of messages: topic, type, log time and CDR; types that ROS lacks have no definition."""
    with path.open("wb") as stream:
        writer, channels = Writer(stream), dict[str, int]()
        writer.start(profile="ros2")
        for topic, msgtype, log_ns, cdr in messages:
            if topic not in channels:
                schema = writer.register_schema(msgtype, "ros2msg", b"int32 x")
                channels[topic] = writer.register_channel(topic, "cdr", schema)
            writer.add_message(channels[topic], log_ns, cdr, log_ns)
        writer.finish()  # type: ignore[no-untyped-call]
    return path


def clock_at(at_s: int) -> tuple[str, str, int, bytes]:
    """A /clock of a simulation, by the log's clock 100 s later."""
    return "/clock", "rosgraph_msgs/msg/Clock", START_NS + at_s * S, serialize_message(Clock(clock=to_time(at_s * S)))


def sample_at(at_s: int) -> tuple[str, str, int, bytes]:
    return "/imu/mag", FIELD, START_NS + at_s * S, encode_field(at_s * S, np.array([20.0, 0.0, -43.0]), "imu")


def test_the_recorded_clock_is_the_only_one(graph: Graph) -> None:
    """Its stamps are the simulation's, which log times are not."""
    bag = recorded(graph.folder / "sim.mcap", *(one for at_s in range(5) for one in (clock_at(at_s), sample_at(at_s))))
    clocks, fields = graph.listen(Clock, "/clock"), graph.listen(MagneticField, "/imu/mag")
    replayed = replay(bag, FAST)
    graph.wait(lambda: len(clocks) == 5 and len(fields) == 5)
    assert [to_stamp_ns(msg.clock) // S for msg in clocks] == [0, 1, 2, 3, 4]
    assert replayed.recorded_clock
    chosen = replay(bag, ReplayOptions(rate=0.0, topics=("/imu/mag",)))
    graph.wait(lambda: len(clocks) == 10 and len(fields) == 10)
    assert chosen.counts == {"/clock": 5, "/imu/mag": 5}
    assert replay(bag, ReplayOptions(rate=0.0, clock=False)).counts == {"/imu/mag": 5}
    graph.wait(lambda: len(fields) == 15)
    assert len(clocks) == 10


def test_what_is_not_installed_is_named_and_the_rest_is_played(graph: Graph, app: typer.Typer) -> None:
    odd = [(name, "nowhere_msgs/msg/Thing", START_NS, b"\0\1\0\0\0\0\0\0") for name in ("/a", "/b")]
    bag = recorded(graph.folder / "odd.mcap", *odd, sample_at(0), sample_at(1))
    fields = graph.listen(MagneticField, "/imu/mag")
    done = CliRunner().invoke(app, [str(bag), "--rate", "0"], catch_exceptions=False)
    lines = done.stdout.splitlines()
    assert lines[-1] == f"replayed {bag}: /imu/mag 2"
    (left_out,) = [line for line in lines if "not replayed" in line]
    assert left_out.startswith("not replayed: /a, /b (nowhere_msgs/msg/Thing: wanted its ROS package to be installed")
    graph.wait(lambda: len(fields) == 2)


def test_a_hole_in_the_log_is_not_waited_for(ros_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SleptTime()
    monkeypatch.setattr("mail_ros.nodes.replay.time", clock)
    bag = recorded(tmp_path / "hole.mcap", *(sample_at(at_s) for at_s in (0, 1, 2, 40 * 86400, 40 * 86400 + 1)))
    left_s: list[float] = []
    replayed = replay(bag, ReplayOptions(subscriptions=0), lambda done, count: left_s.append(clock.now_s - 1000.0))
    assert left_s == pytest.approx([0.0, 1.0, 2.0, 2.0, 3.0], abs=1e-6)
    assert replayed.skipped_s == 40 * 86400 - 2


def damaged(folder: Path) -> Iterator[tuple[Path, str]]:
    """Bags that nothing can be replayed of, and the error of each."""
    yield folder / "nowhere", "wanted a bag, found nothing"
    text = folder / "text.mcap"
    text.write_text("field\n")
    yield text, r"wanted an MCAP file, found b'field\\n' at its start"
    (folder / "void.mcap").touch()
    yield folder / "void.mcap", "wanted an MCAP file, found an empty file"
    with BagWriter(folder / "empty"):
        pass
    yield folder / "empty", "wanted messages, found none at all"
    with BagWriter(folder / "short") as writer:
        writer.add_topic("/imu/mag", FIELD)
        writer.write("/imu/mag", START_NS, b"")
    yield folder / "short", "wanted CDR on /imu/mag, found 0 bytes"
    foreign = recorded(folder / "foreign.mcap", ("/thing", "nowhere_msgs/msg/Thing", 0, b"\0\1\0\0\0\0\0\0"))
    yield foreign, "wanted its ROS package to be installed, found nothing; install nowhere_msgs"


def test_of_a_bag_that_cannot_be_replayed_nothing_is_published(graph: Graph) -> None:
    fields = graph.listen(MagneticField, "/imu/mag", raw=True)
    for bag, message in damaged(graph.folder):
        with pytest.raises(MailError, match=message):
            replay(bag, ReplayOptions(subscriptions=0))
    assert fields == []


def test_a_bag_without_the_topic_names_those_that_it_has(walk: Path) -> None:
    with pytest.raises(MailError, match=r"wanted messages on /odom, found /imu/mag, /landmark; choose among these"):
        replay(walk, ReplayOptions(topics=("/odom",)))


def test_a_lack_of_subscribers_is_an_error(ros_domain: int, walk: Path) -> None:
    with pytest.raises(MailError, match=r"wanted 1 subscriptions within 0.1 s, found 0; start the subscribers"):
        replay(walk, ReplayOptions(wait_s=0.1, namespace="not_subscribed"))


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(MailError, match="rate: wanted 0 or more"):
        ReplayOptions(rate=rate)


def test_a_namespace_that_is_none_is_refused(ros_domain: int, walk: Path) -> None:
    with pytest.raises(MailError, match="namespace: wanted a ROS name, found a-b"):
        replay(walk, ReplayOptions(namespace="a-b"))


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(verb)
    return app


def test_the_verb_prints_what_it_published(graph: Graph, walk: Path, app: typer.Typer) -> None:
    fields = graph.listen(MagneticField, "/imu/mag")
    done = CliRunner().invoke(app, [str(walk), "--rate", "0", "--topic", "imu/mag"], catch_exceptions=False)
    assert done.stdout.splitlines()[-1] == f"replayed {walk}: /imu/mag 200"
    graph.wait(lambda: len(fields) == 200)


def test_without_rclpy_the_verb_names_what_to_install(
    walk: Path, app: typer.Typer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "mail_ros.nodes.replay")
    monkeypatch.setitem(sys.modules, "rclpy", None)
    monkeypatch.setattr(sys, "argv", ["mail_ros", str(walk)])
    assert main.run(app) == ExitCode.FAILED
    line = capsys.readouterr().err
    assert line.startswith("mail_ros: Python module rclpy: wanted it installed, found nothing; source a ROS 2")
