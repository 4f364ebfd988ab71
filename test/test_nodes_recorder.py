"""The recorder: all published messages are in a whole bag, unchanged."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PointStamped
from mcap.reader import make_reader
from nav_msgs.msg import Goals
from rclpy.parameter import Parameter
from recorders import LATCHED, RELIABLE, Recorder, field, in_process, publish, recorded, start
from ros import Graph
from sensor_msgs.msg import MagneticField
from small_bags import small_bag

from mail_ros.core.errors import MailError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_metadata import read_metadata
from mail_ros.nodes import qos
from mail_ros.nodes.recorder_node import RecorderNode


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)])
def test_a_bag_is_whole_after_both_signals(graph: Graph, numbers: tuple[signal.Signals, ...]) -> None:
    """Readable with its index, by `rosbags` and by `mcap` alone; nothing that was acknowledged is missing."""
    process = start(graph, "topics:=['imu/mag', 'imu/data', 'landmark']")
    publisher = graph.node.create_publisher(MagneticField, "imu/mag", qos.lossless())
    sent = publish(graph, publisher, *(MagneticField() for _ in range(3000)))
    for number in numbers:
        process.popen.send_signal(number)
    assert process.exit_code() == 0, process.output
    bag = recorded(graph)
    assert (bag / "metadata.yaml").exists()
    assert not Bag(bag).cut_off
    assert [message.cdr for message in Bag(bag).messages()] == sent
    with Bag(bag).files[0].open("rb") as stream:
        (channel,) = make_reader(stream).get_summary().channels.values()  # type: ignore[union-attr]
        assert (channel.topic, channel.message_encoding) == ("/imu/mag", "cdr")
        assert len(list(make_reader(stream).iter_messages())) == len(sent)
    assert "recorded /imu/mag 3000; nothing on /imu/data, /landmark" in process.output
    assert f"bag: {bag}" in process.output
    assert "Traceback" not in process.output


def test_an_unknown_message_type_is_reported_once_and_the_others_are_recorded(graph: Graph) -> None:
    process = start(graph, "topics:=['landmark', 'imu/mag', '/imu/mag']", "prefix:=hall")
    graph.node.create_publisher(Goals, "landmark", RELIABLE)
    process.wait_for("/landmark is not recorded: nav_msgs/msg/Goals: wanted a standard ROS 2 message type")
    sent = publish(graph, graph.node.create_publisher(MagneticField, "imu/mag", RELIABLE), MagneticField())
    assert process.stop() == 0, process.output
    assert process.output.count("is not recorded") == 1
    assert [message.cdr for message in Bag(recorded(graph)).messages()] == sent
    assert recorded(graph).name.startswith("hall_2")
    assert "nothing on /landmark" in process.output


def test_a_folder_that_cannot_be_written_is_one_line_and_exit_code_1(graph: Graph) -> None:
    file = graph.folder / "file"
    file.touch()
    for parameters, message in (
        ([f"out:={file}"], "wanted a writable folder, found Not a directory"),
        (["min_free_space_mb:=999999999"], "wanted 999999999 MB that stay free on the disk, found "),
    ):
        process = graph.start("mail_recorder", *parameters)
        assert process.exit_code() == 1
        (line,) = process.output.splitlines()
        assert line.startswith("mail_recorder: ")
        assert message in line


def test_a_topic_that_cannot_be_one_is_refused(graph: Graph) -> None:
    with pytest.raises(MailError, match=r"^parameter topics: wanted names of topics, found "):
        in_process(graph, topics=["bad topic"], out=str(graph.folder))


def test_start_stop_start_makes_separate_bags_that_each_hold_what_is_latched(graph: Graph) -> None:
    recorder = Recorder(graph, topics=["imu/mag", "tf_static"], autostart=False, route="12", platform="robot")
    magnetometer = graph.node.create_publisher(MagneticField, "imu/mag", RELIABLE)
    latched = graph.node.create_publisher(PointStamped, "tf_static", LATCHED)
    latched.publish(PointStamped())
    publish(graph, magnetometer, field())
    recorder.received(2)
    assert recorder.call("stop") == (False, "not recording")
    assert recorder.call("mark") == (False, "not recording: call ~/start first")
    for number in (1, 2):
        started, message = recorder.call("start")
        assert started
        assert message.startswith(f"recording into {graph.folder / 'bags' / 'walk_'}")
        assert recorder.call("start")[1].startswith("already recording into ")
        publish(graph, magnetometer, *(field() for _ in range(number)))
        recorder.received(number + 1)
        assert [recorder.call("mark") for _ in range(number)] == [(True, f"mark {n + 1}") for n in range(number)]
        stopped, message = recorder.call("stop")
        assert stopped
        assert f"recorded /imu/mag {number}, /mark {number}, /tf_static 1; bag: " in message
    publish(graph, magnetometer, field())  # outside of recordings
    bags = sorted((graph.folder / "bags").iterdir())
    assert [len(list(Bag(bag).messages(["/imu/mag"]))) for bag in bags] == [1, 2]
    assert [Bag(bag).notes() for bag in bags] == [{"route": "12", "platform": "robot"}] * 2


def test_labels_can_be_changed_between_two_recordings(graph: Graph) -> None:
    (graph.folder / "museum.yaml").write_text("site: museum")
    recorder = Recorder(graph, autostart=False, site_file=str(graph.folder / "museum.yaml"), route="12")
    for label, valid in (("person", True), ("dog", False), ("robot", True)):
        (result,) = recorder.node.set_parameters([Parameter("platform", value=label)])
        assert result.successful
        started, response = recorder.call("start")
        assert started is valid, response
        if started:
            assert recorder.call("stop")[0]
        else:
            assert response.startswith("parameter platform: wanted person or robot, found 'dog'")
    (fixed,) = recorder.node.set_parameters([Parameter("out", value="elsewhere")])
    assert not fixed.successful
    platforms = [Bag(bag).notes() for bag in sorted((graph.folder / "bags").iterdir())]
    assert platforms == [{"site": "museum", "route": "12", "platform": platform} for platform in ("person", "robot")]


def test_faults_are_reported_before_and_during_a_recording(graph: Graph) -> None:
    recorder = Recorder(graph, topics=["imu/mag"], autostart=False)
    diagnostics: list[DiagnosticArray] = graph.listen(DiagnosticArray, "/diagnostics")
    recorder.wait_for_status(
        "waiting for ~/start; no magnetometer: no publisher of sensor_msgs/msg/MagneticField; no reference"
    )
    assert recorder.status[-1].level == DiagnosticStatus.ERROR
    graph.wait(lambda: any(status in recorder.status for array in diagnostics for status in array.status))
    magnetometer = graph.node.create_publisher(MagneticField, "imu/mag", RELIABLE)
    gauss = field()
    gauss.magnetic_field.x = 0.48
    stream = graph.node.create_timer(0.02, lambda: magnetometer.publish(gauss))
    recorder.wait_for_status("gauss")
    graph.node.destroy_timer(stream)
    graph.spin(0.2)  # what is under way arrives before the recording
    started, message = recorder.call("start")
    assert started, "what is there may be of use all the same"
    assert "; |B| is 4.8e+05 µT: the driver seems to send gauss, and must send tesla; " in message
    assert "no reference: no publisher of landmarks or poses" in message
    publish(graph, magnetometer, *(field(100.0 + n / 50.0) for n in range(60) if n not in (30, 31)))
    recorder.wait_for_status("2 messages of /imu/mag are missing")
    values = {value.key: value.value for value in recorder.status[-1].values}
    assert (values["received"], values["written"], values["gaps"]) == ("58", "58", "1")
    assert values["bag"] == str(recorder.node.recording.path)  # type: ignore[union-attr]
    recorder.node.close()


def test_a_recording_on_a_full_disk_ends_whole_and_another_can_start(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(graph, topics=["imu/mag"])
    magnetometer = graph.node.create_publisher(MagneticField, "imu/mag", RELIABLE)
    publish(graph, magnetometer, field())
    recorder.received(1)
    with monkeypatch.context() as patch:
        patch.setattr("mail_ros.data.recording.free_mb", lambda _: 12.0)
        graph.wait(lambda: recorder.node.recording is None)
        assert "wanted 500 MB that stay free on the disk, found 12 MB" in recorder.call("start")[1]
    recorder.wait_for_status("wanted 500 MB that stay free on the disk, found 12 MB")
    assert recorder.status[-1].message.startswith("stopped; ")
    (bag,) = (graph.folder / "bags").iterdir()
    assert len(list(Bag(bag).messages())) == 1
    assert (bag / "metadata.yaml").exists()
    assert recorder.call("start")[0]
    recorder.node.close()


def test_a_bag_whose_recorder_was_killed_is_repaired_at_the_next_start(graph: Graph) -> None:
    process = start(graph)
    magnetometer = graph.node.create_publisher(MagneticField, "imu/mag", qos.lossless())
    sent = publish(graph, magnetometer, *(field() for _ in range(100)))
    bag = recorded(graph)
    graph.wait(lambda: len(list(Bag(bag).messages())) == len(sent), "for a flush")
    process.popen.kill()
    process.popen.wait()
    assert Bag(bag).cut_off
    process = start(graph)
    assert process.stop() == 0
    assert f"{bag} was cut off: repairing it" in process.output
    assert f"repaired: {bag} holds 100 messages in " in process.output
    assert not Bag(bag).cut_off
    assert [message.cdr for message in Bag(bag).messages()] == sent


def test_a_recorder_starts_whatever_is_in_its_folder(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    bags = graph.folder / "bags"
    empty, blocked, other = (small_bag(bags / name) for name in ("empty", "blocked", "other"))
    (empty / "metadata.yaml").write_bytes(b"")
    (blocked / "metadata.yaml").unlink()
    (blocked / "metadata.yaml").mkdir()
    (other / "metadata.yaml").write_bytes(bytes(1000))
    recorder = in_process(graph, out=str(bags))
    assert recorder.recording is not None
    recorder.close()
    assert [(bag / "metadata.yaml").is_file() for bag in (empty, blocked, other)] == [True, False, True]
    assert read_metadata(other)["message_count"] == 40

    def broken(_: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mail_ros.nodes.recorder_node.repair", broken)
    recorder = in_process(graph, out=str(bags))
    assert recorder.recording is not None
    recorder.close()


def test_transforms_are_recorded_where_they_are_sent_in_a_namespace_too(graph: Graph, tmp_path: Path) -> None:
    """`/tf`, as tf2 has it; with the remapping of a robot that has its own tree, in its namespace."""
    for remaps, expected in (([], "/tf"), (["-r", "/tf:=tf", "-r", "/tf_static:=tf_static"], "/robot/tf")):
        arguments = ["--ros-args", "-p", "autostart:=false", "-p", f"out:={tmp_path}", *remaps]
        node = RecorderNode(context=graph.context, namespace="robot", cli_args=arguments)
        assert {expected, f"{expected}_static", "/robot/imu/mag"} <= set(node.topics.missing)
        node.destroy_node()
