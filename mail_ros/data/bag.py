"""Reading bags: rosbag2 folders and files, also truncated ones.

`rosbags` reads a complete bag. An MCAP file without its closing magic was truncated by a power loss or a kill:
`mcap_salvage.Salvage` reads it from the front, up to where it ends.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rosbags.rosbag2 import Reader, ReaderError

from mail_ros.core.errors import BagError
from mail_ros.core.platform.compensation import Compensation
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.bag_metadata import METADATA_FILE, read_metadata
from mail_ros.data.bag_odometry import BagOdometry
from mail_ros.data.field_sensors import sensor_remarks
from mail_ros.data.mcap_file import MAGIC
from mail_ros.data.mcap_salvage import Salvage
from mail_ros.data.messages import FIELD_TYPE, JOINTS_TYPE, Message, decode_field, decode_joints, frame_of
from mail_ros.data.remark import Remark
from mail_ros.data.robot_base import SensorNames
from mail_ros.data.sqlite_log import log_remarks, sqlite_logs, with_logs_merged
from mail_ros.data.track import Track
from mail_ros.data.truth import BagTruth, Truth

logger = logging.getLogger(__name__)

FIELD_TOPIC = "/imu/mag"
IMU_TOPIC = "/imu/data"
ODOMETRY_TOPIC = "/odom"
JOINTS_TOPIC = "/joint_states"
MOUNTS_TOPIC = "/tf_static"
_NUMBER = re.compile(r"(\d+)")


class Bag:
    """A bag to read: a rosbag2 folder, or an .mcap or .db3 file."""

    def __init__(self, path: Path) -> None:
        """Open the bag without reading its messages.

        Raises:
            BagError: the path does not exist, or is not a bag.
        """
        self.path = path
        if not path.exists():
            raise BagError(path, wanted="a bag", found="nothing", fix="correct the path")
        self.files = _files(path) if path.is_dir() else [path]
        if not self.files or self.files[0].suffix not in (".mcap", ".db3"):
            raise BagError(
                path, wanted="a rosbag2 folder, an .mcap or a .db3 file", found="neither", fix="give the bag's folder"
            )
        self.logs = [log for file in self.files for log in sqlite_logs(file)]  # left by a killed recorder
        self.cut_off = any(is_cut_off(file) for file in self.files if file.suffix == ".mcap")

    @property
    def name(self) -> str:
        """The bag's name without extension."""
        return self.path.stem if self.path.is_file() else self.path.name

    def messages(self, topics: Sequence[str] = ()) -> Iterator[Message]:
        """The messages of some topics, or of all, in log order.

        Raises:
            BagError: the bag is damaged in another way than by truncation.
        """
        if self.cut_off:
            yield from self._salvage(topics)
            return
        whole = self.path.is_dir() and (self.path / METADATA_FILE).exists() and not self.logs
        for path in [self.path] if whole else self.files:
            try:
                with with_logs_merged(path) as readable, Reader(readable) as reader:
                    wanted = [c for c in reader.connections if not topics or c.topic in topics]
                    if wanted:
                        for connection, stamp_ns, cdr in reader.messages(wanted):
                            yield Message(connection.topic, connection.msgtype, stamp_ns, bytes(cdr))
            except (ReaderError, OSError) as error:
                raise BagError(
                    path, wanted="a readable bag", found=str(error), fix="record or import it again"
                ) from None

    def _salvage(self, topics: Sequence[str]) -> Iterator[Message]:
        for file in self.files:
            for schema, channel, message in Salvage(file).messages():
                if not topics or channel.topic in topics:
                    yield Message(channel.topic, schema.name if schema else "", message.log_time, message.data)

    def notes(self) -> dict[str, str]:
        """Notes of the recording (rosbag2's custom_data), such as device and route; empty where there are none."""
        if metadata := read_metadata(self.path if self.path.is_dir() else self.path.parent):
            return dict(metadata.get("custom_data") or {})
        return Salvage(self.files[0]).read_front().notes if self.files[0].suffix == ".mcap" else {}

    def identity(self) -> dict[str, str]:
        """Name and hash of the files, as run folders, model cards and benchmarks store them."""
        digest = hashlib.sha256()
        for file in (*self.files, *self.logs):
            digest.update(file.read_bytes())
        return {"bag": self.name, "sha256": digest.hexdigest()}


class Recording(NamedTuple):
    """One walk and its ground truth, read from a bag."""

    track: Track
    truth: Truth = Truth()
    clock_offset_s: float = 0.0  # clock of the landmarks minus clock of the field
    cut_off: bool = False
    notes: Mapping[str, str] = {}
    remarks: tuple[Remark, ...] = ()  # problems that the reader noticed


def read_track(
    path: Path,
    field_topic: str = FIELD_TOPIC,
    truth_topic: str = "",
    robot: Robot | None = None,
    map_frame: str = "",
) -> Track:
    """The track of `read_recording`; without a truth no sample is valid. Arguments and errors are the same."""
    return read_recording(path, field_topic, truth_topic, robot, map_frame).track


def read_recording(
    path: Path,
    field_topic: str = FIELD_TOPIC,
    truth_topic: str = "",
    robot: Robot | None = None,
    map_frame: str = "",
) -> Recording:
    """Read one walk, with odometry where the bag has any.

    The clock offset compares, for landmarks and field, the delay between header stamp and log time.

    Args:
        path: path of the bag.
        field_topic: topic of the magnetometer.
        truth_topic: topic of the ground truth; empty: the first of `truth.TRUTH_TYPES` that the bag has.
        robot: robot that carried the sensor: its disturbance is removed, and the field rotated into its body frame.
        map_frame: frame of floor 0, in which the truth is; empty: as the bag's notes have it, or `map`.

    Raises:
        BagError: not a bag, an empty one, a topic is missing (existing topics are named), or the truth is
            inconsistent.
        ConfigError: the planned route in the bag's notes is invalid.
    """
    bag = Bag(path)
    notes = bag.notes()
    odometry, correction = BagOdometry(ODOMETRY_TOPIC, IMU_TOPIC), Compensation(robot or Robot())
    truths = BagTruth(path, notes, truth_topic, map_frame, bag.messages)
    readings = _read_messages(bag, field_topic, odometry, truths, correction)
    truth = truths.result(readings.topics, SensorNames(field_topic, tuple(sorted(readings.frames))))
    stamp_ns = np.array(readings.stamp_ns, dtype=np.int64)
    if bag.cut_off:
        logger.warning("%s was cut off while it was recorded: using the %d samples before its end", path, len(stamp_ns))
    labels = truth.labels(stamp_ns)
    track = Track(
        bag.name,
        stamp_ns,
        np.array(readings.field_ut),
        *labels[:4],
        odometry.moved_m,
        odometry.attitude_xyzw,
        odometry.source,
        correction.lever_m(odometry.lever_m),
        labels.leg,
    )
    delay_ns = np.median(np.array(readings.logged_ns) - stamp_ns)
    offset_s = float(delay_ns - np.median(truth.log_delay_ns)) / NS_PER_S if truth.log_delay_ns else 0.0
    metadata = read_metadata(bag.files[0].parent)
    counted = metadata.get("message_count") if path.is_dir() and not bag.cut_off else None
    remarks = (
        *odometry.remarks,
        *sensor_remarks(field_topic, readings.frames, metadata),
        *log_remarks(bag.logs, readings.messages, counted),
    )
    for remark in remarks:
        logger.warning("%s: %s", path, remark)
    return Recording(track, truth, offset_s, bag.cut_off, notes, remarks)


class _Readings(NamedTuple):
    """The magnetometer's messages of a bag."""

    stamp_ns: list[int]
    logged_ns: list[int]
    field_ut: list[FloatArray]
    frames: Counter[str]  # per frame_id
    messages: int  # on all topics
    topics: list[str]  # all of the bag, with their types


def _read_messages(
    bag: Bag, field_topic: str, odometry: BagOdometry, truths: BagTruth, correction: Compensation
) -> _Readings:
    """Read a bag once; odometry, ground truth and joint states go to where they are used."""
    topics: Counter[tuple[str, str]] = Counter()
    readings = _Readings([], [], [], Counter(), 0, [])
    for message in bag.messages():
        topics[message.topic, message.msgtype] += 1
        if message.topic == field_topic and message.msgtype == FIELD_TYPE:
            stamp_ns, field_ut = decode_field(message.cdr)
            odometry.add_field_sample(stamp_ns)
            readings.frames[frame_of(message.cdr)] += 1
            readings.stamp_ns.append(stamp_ns)
            readings.logged_ns.append(message.log_time_ns)
            readings.field_ut.append(correction.field_ut(stamp_ns, field_ut))
        elif message.topic == JOINTS_TOPIC and message.msgtype == JOINTS_TYPE:
            correction.joints.add(decode_joints(message.cdr))
        else:
            odometry.on_message(message.topic, message.msgtype, message.cdr)
            truths.on_message(message)
    names = sorted(f"{topic} ({msgtype})" for topic, msgtype in topics)
    if not readings.stamp_ns:
        raise BagError(
            bag.path,
            wanted=f"messages on {field_topic} ({FIELD_TYPE})",
            found=", ".join(names) or "no message at all",
            fix="name the topic with --topic, or record it",
        )
    return readings._replace(messages=topics.total(), topics=names)


def _files(folder: Path) -> list[Path]:
    """A bag's files in the order of its metadata, or else by their numbers."""
    named = [folder / Path(name).name for name in read_metadata(folder).get("relative_file_paths") or ()]
    if named and all(path.exists() for path in named):
        return named
    found = [*folder.glob("*.mcap"), *folder.glob("*.db3")]
    return sorted(found, key=lambda path: [int(part) if part.isdigit() else part for part in _NUMBER.split(path.name)])


def is_cut_off(file: Path) -> bool:
    """Whether an MCAP file lacks its end.

    Raises:
        BagError: the file does not begin as an MCAP file.
    """
    with file.open("rb") as stream:
        head = stream.read(len(MAGIC))
        if head != MAGIC:
            raise BagError(
                file,
                wanted="an MCAP file",
                found=f"{head!r} at its start" if head else "an empty file",
                fix="check what it is: the name ends in .mcap, its content does not fit",
            )
        stream.seek(0, 2)
        stream.seek(max(stream.tell() - len(MAGIC), len(MAGIC)))
        return stream.read() != MAGIC
