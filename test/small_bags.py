"""Bags of a few samples, as written and as they come: with other channels, damaged or compressed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.data.bag import FIELD_TOPIC, Bag
from mail_ros.data.bag_writer import BagWriter, Splitting
from mail_ros.data.mcap_file import Compression
from mail_ros.data.messages import FIELD_TYPE, encode_field

START_NS, STEP_NS = 10**18, 10**7
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
