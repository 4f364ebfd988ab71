"""ROS 1 bags, whose messages are read as those of ROS 2. A type that Jazzy lacks is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from rosbags.convert.converter import STATIC_MSGTYPE_RENAMES, generate_message_converter
from rosbags.rosbag1 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from mail_ros.data.messages import TF_TYPE, Message, typestore

ROS1_SUFFIX = ".bag"


@cache
def ros1_typestore() -> Typestore:
    """The message types of ROS 1 Noetic, and that of its /tf."""
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg("geometry_msgs/TransformStamped[] transforms", TF_TYPE))
    return store


def read_ros1(file: Path, topics: Collection[str], foreign: set[str]) -> Iterator[Message]:
    """The messages of some topics, or of all, in log order.

    Args:
        file: a .bag file.
        topics: names of topics; empty: all.
        foreign: collects topics of a type that is left out, with the type.

    Raises:
        Exception: the file is damaged, of any type.
    """
    cache: dict[str, object] = {}
    with Reader(file) as reader:
        kinds, convert = {}, {}
        for connection in reader.connections:
            kind = STATIC_MSGTYPE_RENAMES.get(connection.msgtype, connection.msgtype)
            topic = f"/{connection.topic.lstrip('/')}"
            if kind not in typestore().types or kind not in ros1_typestore().types:
                foreign.add(f"{topic} ({connection.msgtype} of ROS 1)")
            elif not topics or topic in topics:
                kinds[connection.id] = topic, kind
                convert[connection.id] = generate_message_converter(
                    ros1_typestore(), typestore(), kind, kind, cache, src_is2=False, dst_is2=True
                )
        wanted = [connection for connection in reader.connections if connection.id in kinds]
        for connection, stamp_ns, raw in reader.messages(wanted) if wanted else ():
            yield Message(*kinds[connection.id], stamp_ns, bytes(convert[connection.id](raw)))
