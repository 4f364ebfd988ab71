"""Reading bags: rosbag2 folders and files, also truncated ones, and files of ROS 1.

`mcap_salvage.Salvage` reads MCAP files: through their index, or from the front where a power loss or a kill truncated
them. `rosbags` reads SQLite files, and those of ROS 1.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.compensation import Compensation
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.bag_files import decompress, files_of, is_bag_file, is_compressed, is_cut_off, named_files
from mail_ros.data.bag_messages import LeftOut, file_messages
from mail_ros.data.bag_metadata import read_metadata, warn_once
from mail_ros.data.bag_notes import notes_of_files
from mail_ros.data.bag_odometry import BagOdometry
from mail_ros.data.bag_topics import ANY_TOPICS, USUAL_TOPICS, BagTopics, require_named, topic_remarks
from mail_ros.data.clock_jumps import clock_remarks
from mail_ros.data.field_sensors import sensor_remarks
from mail_ros.data.messages import FIELD_TYPE, JOINTS_TYPE, Message, decode_field, decode_joints, frame_of
from mail_ros.data.remark import Remark
from mail_ros.data.robot_base import SensorNames
from mail_ros.data.ros1_bag import ROS1_SUFFIX
from mail_ros.data.sqlite_log import log_remarks, sqlite_logs
from mail_ros.data.track import Track
from mail_ros.data.truth import BagTruth, Truth, topic_list

logger = logging.getLogger(__name__)

FIELD_TOPIC, IMU_TOPIC, ODOMETRY_TOPIC, JOINTS_TOPIC = USUAL_TOPICS.names
MOUNTS_TOPIC = "/tf_static"
BLOCK_BYTES = 1 << 20


class Bag:
    """A bag to read: a rosbag2 folder, or an .mcap, .db3 or .bag file."""

    def __init__(self, path: Path) -> None:
        """Open the bag without reading its messages.

        Raises:
            BagError: the path does not exist, or is not a bag.
        """
        self.path = path
        if not path.exists():
            raise BagError(path, wanted="a bag", found="nothing", fix="correct the path")
        with _readable(path):
            self.files = files_of(path) if path.is_dir() else [path]
        if not self.files or not all(is_bag_file(file) or file.suffix == ROS1_SUFFIX for file in self.files):
            several = path.is_dir() and any(path.glob(f"*{ROS1_SUFFIX}"))
            raise BagError(
                path,
                wanted="a rosbag2 folder, an .mcap, .db3 or .bag file",
                found="a folder of ROS 1 bags" if several else "neither",
                fix="give its files" if several else "give the bag's folder",
            )
        self.logs = [log for file in self.files for log in sqlite_logs(file)]  # left by a killed recorder
        self.left_out = LeftOut()  # by the last reading
        with _readable(path):
            for file in self.files:
                if file.suffix == ".mcap":
                    is_cut_off(file)  # raises for what is no MCAP file

    @cached_property
    def cut_off(self) -> bool:
        """Whether a file lacks its end, since the recorder was killed or lost its power."""
        files = zip(self.files, self.plain_files, strict=True)
        return any(is_cut_off(file, plain) for file, plain in files if plain.suffix == ".mcap")

    @cached_property
    def plain_files(self) -> list[Path]:
        """The files; where rosbag2 compressed them, copies in a temporary folder, which this object removes.

        Raises:
            BagError: the disk has no room for the copies.
        """
        if not any(map(is_compressed, self.files)):
            return self.files
        folder = Path(tempfile.mkdtemp(prefix="mail_ros_"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        try:
            return [decompress(file, folder) if is_compressed(file) else file for file in self.files]
        except OSError as error:
            raise BagError(
                self.path,
                wanted=f"room for its decompressed files in {folder.parent}",
                found=error.strerror or str(error),
                fix="make room, or set TMPDIR to a folder of another disk",
            ) from None

    @property
    def name(self) -> str:
        """The bag's name without extension."""
        if self.path.is_dir():
            return self.path.name
        return Path(self.path.stem).stem if is_compressed(self.path) else self.path.stem

    def messages(self, topics: Sequence[str] = ()) -> Iterator[Message]:
        """The messages of some topics, or of all, in log order.

        A damaged part of an MCAP file is left out, with a warning, and so are messages that are no CDR.

        Raises:
            BagError: a file is not readable.
        """
        self.left_out = left_out = LeftOut()
        for file, plain in zip(self.files, self.plain_files, strict=True):
            yield from file_messages(file, plain, topics, left_out)
            if (damaged := left_out.damaged_bytes[file]) and not self.cut_off:
                warn_once(
                    f"{file} is damaged: {damaged:,} bytes are left out; mail_ros repair {self.path} keeps the rest"
                )

    def notes(self) -> dict[str, str]:
        """Notes of the recording (rosbag2's custom_data), such as device and route; empty where there are none."""
        folder = self.path if self.path.is_dir() else self.path.parent
        is_named = folder == self.path or self.path in named_files(folder)
        custom = read_metadata(folder).get("custom_data") if is_named else None
        with _readable(self.path):
            return dict(custom or notes_of_files(self.plain_files))

    def identity(self) -> dict[str, str]:
        """Name and hash of the files, as run folders, model cards and benchmarks store them."""
        digest = hashlib.sha256()
        with _readable(self.path):
            for file in (*self.files, *self.logs):
                with file.open("rb") as stream:
                    while block := stream.read(BLOCK_BYTES):
                        digest.update(block)
        return {"bag": self.name, "sha256": digest.hexdigest()}


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """An OSError becomes a BagError."""
    try:
        yield
    except OSError as error:
        found = error.strerror or str(error)
        raise BagError(path, wanted="a readable bag", found=found, fix="correct its permissions, or copy it") from None


class Recording(NamedTuple):
    """One walk and its ground truth, read from a bag."""

    track: Track
    truth: Truth = Truth()
    clock_offset_s: float = 0.0  # clock of the landmarks minus clock of the field
    cut_off: bool = False
    damaged_bytes: int = 0  # left out, of a bag that was not cut off
    notes: Mapping[str, str] = {}
    remarks: tuple[Remark, ...] = ()  # problems that the reader noticed


def read_track(path: Path, topics: BagTopics = ANY_TOPICS, robot: Robot | None = None, map_frame: str = "") -> Track:
    """The track of `read_recording`; without a truth no sample is valid. Arguments and errors are the same."""
    return read_recording(path, topics, robot, map_frame).track


def read_recording(
    path: Path, topics: BagTopics = ANY_TOPICS, robot: Robot | None = None, map_frame: str = ""
) -> Recording:
    """Read one walk, with odometry where the bag has any.

    The clock offset compares, for landmarks and field, the delay between header stamp and log time.

    Args:
        path: path of the bag.
        topics: topics of the robot.
        robot: robot that carried the sensor: its disturbance is removed, and the field rotated into its body frame.
        map_frame: frame of floor 0, in which the truth is; empty: as the bag's notes have it, or `map`.

    Raises:
        BagError: not a bag, an empty one, a topic is missing (existing topics are named), or the truth is
            inconsistent.
        ConfigError: the planned route in the bag's notes is invalid.
    """
    bag = Bag(path)
    notes = bag.notes()
    named, topics = topics, topics.resolved(lambda: {message.topic for message in bag.messages()})
    odometry, correction = BagOdometry(topics.odometry, topics.imu), Compensation(robot or Robot())
    truths = BagTruth(path, notes, topics, map_frame, bag.messages)
    readings = _read_messages(bag, topics, odometry, truths, correction)
    require_named(path, named, readings.topics)
    truth = truths.result(readings.topics, SensorNames(topics.field, tuple(sorted(readings.frames))))
    stamp_ns = np.array(readings.stamp_ns, dtype=np.int64)
    if bag.cut_off:
        logger.warning("%s was cut off while it was recorded: using the %d samples before its end", path, len(stamp_ns))
    labels = truth.labels(stamp_ns, odometry.moved_m if odometry.source else None)
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
    damaged_bytes = 0 if bag.cut_off else bag.left_out.damaged_bytes.total()
    whole = path.is_dir() and not bag.cut_off and not str(bag.left_out)
    counted = metadata.get("message_count") if whole else None
    remarks = (
        *odometry.remarks,
        *topic_remarks(topics, readings.topics, has_odometry=odometry.moved_m is not None),
        *sensor_remarks(topics.field, readings.frames, metadata, bag.left_out.publishers[topics.field]),
        *log_remarks(bag.logs, readings.messages, counted),
        *clock_remarks(stamp_ns),
    )
    for remark in remarks:
        logger.warning("%s: %s", path, remark)
    return Recording(track, truth, offset_s, bag.cut_off, damaged_bytes, notes, remarks)


class _Readings(NamedTuple):
    """The magnetometer's messages of a bag."""

    stamp_ns: list[int]
    logged_ns: list[int]
    field_ut: list[FloatArray]
    frames: Counter[str]  # per frame_id
    messages: int  # on all topics
    topics: list[tuple[str, str]]  # all of the bag, with their types


def _read_messages(
    bag: Bag, named: BagTopics, odometry: BagOdometry, truths: BagTruth, correction: Compensation
) -> _Readings:
    """Read a bag once; odometry, ground truth and joint states go to where they are used."""
    topics: Counter[tuple[str, str]] = Counter()
    readings = _Readings([], [], [], Counter(), 0, [])
    for message in bag.messages():
        topics[message.topic, message.msgtype] += 1
        if message.topic == named.field and message.msgtype == FIELD_TYPE:
            stamp_ns, field_ut = decode_field(message.cdr)
            odometry.add_field_sample(stamp_ns)
            readings.frames[frame_of(message.cdr)] += 1
            readings.stamp_ns.append(stamp_ns)
            readings.logged_ns.append(message.log_time_ns)
            readings.field_ut.append(correction.field_ut(stamp_ns, field_ut))
        elif message.topic == named.joints and message.msgtype == JOINTS_TYPE:
            correction.joints.add(decode_joints(message.cdr))
        else:
            odometry.on_message(message.topic, message.msgtype, message.cdr)
            truths.on_message(message)
    if not readings.stamp_ns:
        raise BagError(
            bag.path,
            wanted=f"messages on {named.field} ({FIELD_TYPE})",
            found=", ".join(filter(None, (*topic_list(topics), str(bag.left_out)))) or "no message at all",
            fix="name the topic with --topic, or record it",
        )
    return readings._replace(messages=topics.total(), topics=sorted(topics))
