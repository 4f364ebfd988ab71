"""Quality of a recording: each fault is reported until it is gone; header stamps show missing messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.data.messages import (
    FIELD_TYPE,
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    TF_TYPE,
    WAYPOINT_EVENT_TYPE,
    encode_field,
    encode_landmark,
    encode_waypoint_event,
    typestore,
)
from mail_ros.data.recording_quality import QualityMonitor
from mail_ros.data.topic_statistics import TopicStatistics
from mail_ros.data.track import Landmark

START_NS = 1_700_000_000_000_000_000
FIELD = np.array([20.0, 5.0, -43.0])


def message(msgtype: str, *fields: Any) -> Any:
    return typestore().types[msgtype](*fields)


def odometry(stamp_ns: int, x: float, frame_id: str = "odom", child: str = "base") -> bytes:
    point = message("geometry_msgs/msg/Point", x, 2.0, 3.0)
    pose = message("geometry_msgs/msg/Pose", point, message("geometry_msgs/msg/Quaternion", 0.0, 0.0, 0.0, 1.0))
    zero = message("geometry_msgs/msg/Vector3", 0.0, 0.0, 0.0)
    twist = message("geometry_msgs/msg/Twist", zero, zero)
    whole = message(
        ODOMETRY_TYPE,
        header_message(stamp_ns, frame_id),
        child,
        message("geometry_msgs/msg/PoseWithCovariance", pose, np.zeros(36)),
        message("geometry_msgs/msg/TwistWithCovariance", twist, np.zeros(36)),
    )
    return bytes(typestore().serialize_cdr(whole, ODOMETRY_TYPE))


def header_message(stamp_ns: int, frame_id: str) -> Any:
    return message(WAYPOINT_EVENT_TYPE, message("builtin_interfaces/msg/Time", *divmod(stamp_ns, 10**9)), frame_id)


@given(
    stamp_ns=st.integers(0, 2**31 * 10**9 - 1),
    frame_id=st.text("imu/_0äß日", max_size=12),
    child=st.text("base_link", max_size=9),
    x=st.floats(-1e6, 1e6),
)
def test_stamp_frame_and_numbers_are_those_of_the_message(stamp_ns: int, frame_id: str, child: str, x: float) -> None:
    topic = received(ODOMETRY_TYPE, odometry(stamp_ns, x, frame_id, child))
    assert (topic.stamp_ns, topic.frame_id, topic.position_m) == (stamp_ns, frame_id, (x, 2.0))
    topic = received(FIELD_TYPE, encode_field(stamp_ns, np.array([x, 1.0, 2.0]), frame_id))
    assert (topic.stamp_ns, topic.frame_id, topic.position_m) == (stamp_ns, frame_id, None)
    assert topic.magnitude.median_ut == pytest.approx(np.linalg.norm([x, 1.0, 2.0]))


def test_big_endian_bytes_and_transforms_are_read_too() -> None:
    point = message("geometry_msgs/msg/Point", 1.0, 2.0, 0.0)
    landmark = message(LANDMARK_TYPE, header_message(START_NS, "map"), point)
    topic = received(LANDMARK_TYPE, bytes(typestore().serialize_cdr(landmark, LANDMARK_TYPE, little_endian=False)))
    assert (topic.stamp_ns, topic.frame_id, topic.position_m) == (START_NS, "map", (1.0, 2.0))
    turn = message("geometry_msgs/msg/Quaternion", 0.0, 0.0, 0.0, 1.0)
    transform = message("geometry_msgs/msg/Transform", message("geometry_msgs/msg/Vector3", 0.0, 0.0, 0.0), turn)
    stamped = message("geometry_msgs/msg/TransformStamped", header_message(START_NS, "odom"), "base", transform)
    for transforms, expected in (([stamped], (START_NS, "odom")), ([], (None, None))):
        topic = received(TF_TYPE, bytes(typestore().serialize_cdr(message(TF_TYPE, transforms), TF_TYPE)))
        assert (topic.stamp_ns, topic.frame_id) == expected


def test_messages_without_a_header_and_bytes_of_no_message_are_counted() -> None:
    event = received(WAYPOINT_EVENT_TYPE, encode_waypoint_event(7, 1))
    assert (event.stamp_ns, event.frame_id, event.position_m) == (7, "1", None)
    empty = "std_msgs/msg/Empty"
    for topic in (
        received(empty, bytes(typestore().serialize_cdr(message(empty), empty))),
        received(FIELD_TYPE, b"\0\1\0\0short"),
    ):
        assert (topic.received, topic.stamp_ns, topic.frame_id, topic.position_m) == (1, None, None, None)


def received(msgtype: str, cdr: bytes) -> TopicStatistics:
    """The statistics of a topic with one message."""
    topic = TopicStatistics("/topic", msgtype, 0.0)
    topic.on_message(cdr, START_NS, 1.0, written=True)
    topic.end_period(1.0)
    return topic


class Recording:
    """A quality monitor on a simulated clock, with a good magnetometer, odometry and landmarks."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.quality = QualityMonitor(lambda: self.now_s)
        for topic, msgtype in (("/imu/mag", FIELD_TYPE), ("/odom", ODOMETRY_TYPE), ("/landmark", LANDMARK_TYPE)):
            self.quality.add_topic(topic, msgtype)

    def receive(
        self,
        seconds: float = 1.0,
        *,
        rate_hz: float = 50.0,
        scale: float = 1.0,
        frame_id: str = "imu",
        late_s: float = 0.01,
        lost: range = range(0),
    ) -> None:
        """Field and odometry at a speed of 1 m/s."""
        for n in range(round(seconds * rate_hz)):
            self.now_s += 1.0 / rate_hz
            now_ns = START_NS + round(self.now_s * 1e9)
            stamp_ns = now_ns - round(late_s * 1e9)
            if n not in lost:
                self.quality.on_message(
                    "/imu/mag", encode_field(stamp_ns, scale * FIELD, frame_id), now_ns, written=True
                )
            self.quality.on_message("/odom", odometry(stamp_ns, self.now_s), now_ns, written=True)

    def assess(self) -> Assessment:
        return self.quality.assess("recording", {"bag": "b"})


def test_a_good_recording_is_ok_and_its_numbers_are_shown() -> None:
    recording = Recording()
    recording.receive(10.0)
    mark = Landmark(START_NS, (1.0, 2.0), 0)
    recording.quality.on_message("/landmark", encode_landmark(mark, "map"), START_NS + 10**10, written=True)
    assessment = recording.assess()
    assert (assessment.level, assessment.message) == (Level.OK, "recording")
    values = assessment.values
    assert (values["received"], values["written"], values["gaps"]) == ("1001", "1001", "0")
    assert (values["duration, s"], values["bag"], values["|B| median, µT"]) == ("10.0", "b", "47.69")
    assert float(values["distance, m"]) == pytest.approx(9.9, abs=0.1)
    assert values["/imu/mag"] == "500 received, 500 written, 50.0 Hz, 0 missing in 0 gaps, stamped 10 ms before receipt"
    assert values["/landmark"] == "1 received, 1 written, 0.1 Hz"


@pytest.mark.parametrize(
    ("changed", "level", "text"),
    [
        ({"scale": 1e4}, Level.ERROR, "the driver seems to send gauss, and must send tesla"),
        ({"scale": 1e6}, Level.ERROR, "the driver seems to send microtesla, and must send tesla"),
        ({"rate_hz": 5.0}, Level.WARN, "/imu/mag comes at 5.0 Hz: wanted 10 Hz or more"),
        ({"frame_id": ""}, Level.WARN, "/imu/mag has no frame_id: the mount of the sensor is unknown"),
        ({"late_s": 7.25}, Level.WARN, "stamps of /imu/mag are 7.25 s behind this clock: set the clocks, or use"),
        ({"late_s": -60.0}, Level.WARN, "stamps of /imu/mag are 60 s ahead of this clock: set the clocks, or use"),
        (
            {"late_s": START_NS * 1e-9 - 4000.0},
            Level.WARN,
            "s behind this clock: they seem to count from the start of the machine, or of a simulation",
        ),
    ],
)
def test_each_fault_is_named_and_gone_when_it_is_gone(changed: dict[str, float], level: Level, text: str) -> None:
    recording = Recording()
    recording.receive(2.0, **changed)  # type: ignore[arg-type]
    assessment = recording.assess()
    assert assessment.level is level
    assert text in assessment.message
    recording.receive(1.0)
    recording.assess()
    recording.quality.start_recording()
    recording.receive(1.0)
    assert recording.assess().message == "recording"


def test_messages_that_are_missing_are_counted_by_their_stamps_also_between_two_looks() -> None:
    recording = Recording()
    recording.receive(1.0)
    recording.assess()
    recording.receive(1.0, lost=range(0, 3))
    recording.assess()
    recording.receive(1.0, lost=range(20, 30))
    assessment = recording.assess()
    assert "13 missing in 2 gaps" in assessment.values["/imu/mag"]
    assert assessment.message == "recording; 13 messages of /imu/mag are missing by their stamps"
    assert (assessment.values["gaps"], assessment.values["missing by header stamp"]) == ("2", "13")
    recording.quality.start_recording()
    recording.receive(1.0)
    assert recording.assess().values["gaps"] == "0", "of this recording"


def test_stamps_that_go_back_are_counted() -> None:
    recording = Recording()
    recording.receive(1.0)
    recording.receive(1.0, late_s=0.5)
    assert "1 stamps out of order" in recording.assess().values["/imu/mag"]


def test_a_silent_topic_is_reported_the_field_as_an_error() -> None:
    recording = Recording()
    recording.receive(1.0)
    recording.now_s += 3.0
    assessment = recording.assess()
    assert assessment.level is Level.ERROR
    assert assessment.message == "recording; /imu/mag is silent since 3 s; /odom is silent since 3 s"


def test_a_missing_magnetometer_or_reference_is_reported() -> None:
    quality = QualityMonitor(lambda: 1.0)
    assessment = quality.assess("waiting", {})
    assert assessment.level is Level.ERROR
    assert assessment.message.startswith("waiting; no magnetometer: no publisher of sensor_msgs/msg/MagneticField; ")
    assert "no reference: no publisher of landmarks or poses" in assessment.message
    quality.add_topic("/imu/mag", FIELD_TYPE)
    for topic in ("/odom", "/slam/odom"):
        assert "no reference" in quality.assess("waiting", {}).message
        quality.add_topic(topic, ODOMETRY_TYPE)
    assert quality.assess("waiting", {}).message == "waiting", "a second odometry is another localizer's"
