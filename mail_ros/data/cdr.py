"""Fast access to header and first numbers in a message's CDR bytes, without decoding the rest.

    4 bytes | sec, nanosec | length, frame_id | ... x, y, z
    header()                                    numbers()

`messages.py` decodes whole messages.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import NamedTuple

from mail_ros.core.types import NS_PER_S
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, ODOMETRY_TYPE, POSE_TYPES, TF_TYPE, typestore

HEADER_TYPE = "std_msgs/msg/Header"
ENCAPSULATION = 4  # bytes before the message; the second one gives the byte order


class Header(NamedTuple):
    """Stamp and frame of a measurement."""

    stamp_ns: int
    frame_id: str


@cache
def has_header(msgtype: str) -> bool:
    """Whether messages of a type begin with a header, or with a list of stamped transforms."""
    if msgtype in (TF_TYPE, HEADER_TYPE):
        return True
    _, fields = typestore().fielddefs[msgtype]
    return bool(fields) and fields[0][1][1] == HEADER_TYPE


def header(cdr: bytes, msgtype: str) -> Header | None:
    """The header of a message, or of its first transform; None where the bytes have none."""
    order = _order(cdr)
    at = ENCAPSULATION
    try:
        if msgtype == TF_TYPE:
            if struct.unpack_from(f"{order}I", cdr, at)[0] == 0:
                return None
            at += 4
        sec, nanosec, length = struct.unpack_from(f"{order}iII", cdr, at)
    except struct.error:
        return None
    name = cdr[at + 12 : at + 12 + length]
    return Header(sec * NS_PER_S + nanosec, name.rstrip(b"\0").decode(errors="replace"))


def numbers(cdr: bytes, msgtype: str) -> tuple[float, float, float] | None:
    """x, y, z of the field, tesla, or of the position, m; None for other types and for too few bytes."""
    if msgtype not in (FIELD_TYPE, LANDMARK_TYPE, ODOMETRY_TYPE, *POSE_TYPES):
        return None
    order, at = _order(cdr), ENCAPSULATION + 8
    try:
        for _ in range(2 if msgtype == ODOMETRY_TYPE else 1):  # frame_id, child_frame_id
            at += -at % 4
            at += 4 + struct.unpack_from(f"{order}I", cdr, at)[0]
        at += (ENCAPSULATION - at) % 8
        x, y, z = struct.unpack_from(f"{order}3d", cdr, at)
    except struct.error:
        return None
    return x, y, z


def _order(cdr: bytes) -> str:
    return "<" if cdr[1:2] == b"\1" else ">"
