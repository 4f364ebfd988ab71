"""Bags of a few samples, as written and as they come: with other channels, damaged or compressed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import zstandard
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from mail_ros.data.bag import FIELD_TOPIC, Bag
from mail_ros.data.bag_metadata import METADATA_FILE
from mail_ros.data.bag_writer import BagWriter, Splitting
from mail_ros.data.mcap_file import Compression
from mail_ros.data.messages import FIELD_TYPE, definition, encode_field, typestore

START_NS, STEP_NS = 10**18, 10**7
FOREIGN = [
    ("json", "jsonschema", b'{"type": "object"}'),
    ("protobuf", "protobuf", b"\x0a\xff\xfe\x00bytes"),
    ("flatbuffer", "flatbuffer", b"\x80\x00"),
]
NOTES = {"route": "hall", "device": "robot 7"}


def field_cdr(number: int) -> bytes:
    """The sample of a number."""
    return encode_field(START_NS + number * STEP_NS, np.array([20.0, -5.0, 43.0 + number % 7]), "imu_link")


def small_bag(path: Path, count: int = 40, compression: Compression = "none", files: int = 1) -> Path:
    """A bag of some samples at 100 Hz, ten in each chunk, in some files of equal length; returns its folder."""
    duration_s = count // files * STEP_NS * 1e-9 if files > 1 else 0.0
    with BagWriter(path, NOTES, splitting=Splitting(duration_s=duration_s), compression=compression) as writer:
        writer.add_topic(FIELD_TOPIC, FIELD_TYPE)
        for number in range(count):
            writer.write(FIELD_TOPIC, START_NS + number * STEP_NS, field_cdr(number))
            if number % 10 == 9:
                writer.flush()
    return path


def numbers(bag: Path) -> list[int]:
    """Numbers of the samples that a bag has, in its order; each is checked to be unaltered."""
    found = [((message.log_time_ns - START_NS) // STEP_NS, message.cdr) for message in Bag(bag).messages()]
    assert [cdr for _, cdr in found] == [field_cdr(number) for number, _ in found]
    return [number for number, _ in found]


def sqlite_bag(path: Path, count: int = 40, compression: CompressionMode = CompressionMode.NONE) -> Path:
    """As `small_bag`, in a .db3 file that rosbags writes."""
    writer = Writer(path, version=9, storage_plugin=StoragePlugin.SQLITE3)
    if compression is not CompressionMode.NONE:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        for name, value in NOTES.items():
            writer.set_custom_data(name, value)
        connection = writer.add_connection(FIELD_TOPIC, FIELD_TYPE, typestore=typestore())
        for number in range(count):
            writer.write(connection, START_NS + number * STEP_NS, field_cdr(number))
    return path


def foreign_bag(path: Path, count: int = 40, profile: str = "ros2", ours: bool = True) -> Path:
    """An .mcap file of other software: channels in JSON, Protobuf and FlatBuffers, also empty or without schema."""
    with path.open("wb") as stream:
        writer = McapWriter(stream, chunk_size=500)
        writer.start(profile=profile, library="other")
        channels = [
            writer.register_channel(f"/{encoding}", encoding, writer.register_schema(encoding, kind, content))
            for encoding, kind, content in FOREIGN
        ]
        writer.register_channel("/declared", "protobuf", writer.register_schema("x", "protobuf", b"\xff\xfe\x00"))
        writer.register_channel("/plain", "", 0)
        schema = writer.register_schema(FIELD_TYPE, "ros2msg", definition(FIELD_TYPE)[0].encode())
        field = writer.register_channel(FIELD_TOPIC, "cdr", schema) if ours else 0
        for number in range(count):
            time_ns = START_NS + number * STEP_NS
            if ours:
                writer.add_message(field, time_ns, field_cdr(number), time_ns)
            writer.add_message(channels[number % len(channels)], time_ns, b"\x00\xff%d" % number, time_ns)
        writer.finish()  # type: ignore[no-untyped-call]
    return path


def compress_files(bag: Path) -> Path:
    """Compress the files of a bag as `ros2 bag record --compression-mode file` does; returns the bag."""
    text = (bag / METADATA_FILE).read_text()
    for file in Bag(bag).files:
        compressed = file.with_name(f"{file.name}.zstd")
        compressed.write_bytes(zstandard.compress(file.read_bytes()))
        file.unlink()
        text = text.replace(file.name, compressed.name)
    text = re.sub("compression_format: *''", "compression_format: zstd", text)
    (bag / METADATA_FILE).write_text(re.sub("compression_mode: *''", "compression_mode: FILE", text))
    return bag
