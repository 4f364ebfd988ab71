"""A recorder at work, and one that is killed: messages sent, compared with those in its bag."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.process_cost import memory_mb, processor_s
from mail_ros.cli.node_process import NodeProcess, own_domain, running_node

if TYPE_CHECKING:  # brings rclpy along
    from benchmarks.recorder.traffic import Sent

ROBOT = {"imu/mag": 50.0, "imu/data": 200.0, "odom": 50.0}  # Hz
BUSY = {"imu/mag": 200.0, "imu/data": 600.0, "odom": 200.0}
KILL_S = 5.0  # latest time of the kill, after the first message
OPTIONS: tuple[Mapping[str, object], ...] = (
    {},
    {"split_s": 1.0},
    {"compression": "zstd"},
)  # recorders alternate between them
NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Load:
    """A recorder at work."""

    what: str
    seconds: float
    sent: int
    received: int  # as the recorder counts
    written: int  # as the recorder counts
    missing: int  # messages sent and not in the bag
    altered: int
    core: float  # fraction of one core
    memory_mb: float  # resident
    bag_mb: float


@dataclass(frozen=True)
class Kill:
    """A recorder that was killed, its bag repaired."""

    what: str
    after_s: float
    sent: int
    kept: int
    missing: int  # messages sent more than a second before the kill and not in the bag
    altered: int
    lost_s: float  # from the first message that is not in the bag to the kill
    repair_s: float


def record(folder: Path, name: str, rates_hz: dict[str, float], duration_s: float) -> Load:
    """Record traffic to its end."""
    from benchmarks.recorder.traffic import send

    domain_id = own_domain()
    since: list[tuple[float, float]] = []  # time, and processor time, at the first message and at the last
    with running_node("recorder", domain_id, {"out": folder}) as node:

        def going(_: float) -> bool:
            if not since:
                since.append((time.monotonic(), processor_s(node)))
            return True

        sent = send(rates_hz, duration_s, domain_id, node.check, going)
        wall_s, core_s = time.monotonic() - since[0][0], processor_s(node) - since[0][1]
        resident_mb = memory_mb(node)
    (bag,) = folder.iterdir()
    stored = _stored(bag, by_index=False)
    count = sum(map(len, sent.messages.values()))
    return Load(
        name,
        duration_s,
        count,
        int(sent.status.get("received", 0)),
        int(sent.status.get("written", 0)),
        *compared(sent, stored, 1 << 63),
        core_s / wall_s,
        resident_mb,
        sum(file.stat().st_size for file in bag.iterdir()) / 1e6,
    )


def record_and_kill(folder: Path, options: Mapping[str, object], after_s: float) -> Kill:
    """Kill a recorder during traffic, and repair its bag."""
    from benchmarks.recorder.traffic import send
    from mail_ros.data.bag_repair import repair

    domain_id = own_domain()
    killed_ns = 0
    with running_node("recorder", domain_id, {"out": folder, **options}) as node:

        def going(elapsed_s: float) -> bool:
            nonlocal killed_ns
            if elapsed_s < after_s:
                return True
            killed_ns = _killed(node)
            return False

        sent = send(ROBOT, 2 * KILL_S, domain_id, node.check, going)
    (bag,) = folder.iterdir()
    before_s = time.monotonic()
    repair(bag)
    repair_s = time.monotonic() - before_s
    stored = _stored(bag, by_index=True)
    kept = {cdr for messages in stored.values() for cdr in messages}
    lost_ns = [stamp_ns for cdr, stamp_ns in sent.sent_ns.items() if cdr not in kept]
    return Kill(
        ", ".join(f"{name} {value}" for name, value in options.items()) or "defaults",
        after_s,
        len(sent.sent_ns),
        sum(map(len, stored.values())),
        *compared(sent, stored, killed_ns - NS_PER_S),
        max(0.0, (killed_ns - min(lost_ns, default=killed_ns)) / NS_PER_S),
        repair_s,
    )


def _killed(node: NodeProcess) -> int:
    """Kill a node; returns the time."""
    now_ns = time.time_ns()
    node.process.kill()
    node.process.wait()
    return now_ns


def _stored(bag: Path, *, by_index: bool) -> dict[str, list[bytes]]:
    """A bag's messages by topic, as rosbags reads them; with `by_index`, mcap's own reader must agree."""
    from mcap.reader import make_reader

    from mail_ros.data.bag import Bag

    stored: dict[str, list[bytes]] = {}
    for stored_message in Bag(bag).messages():
        stored.setdefault(stored_message.topic, []).append(stored_message.cdr)
    if by_index:
        again: dict[str, list[bytes]] = {}
        for file in Bag(bag).files:
            with file.open("rb") as stream:
                for _, channel, message in make_reader(stream).iter_messages():
                    again.setdefault(channel.topic, []).append(message.data)
        assert again == stored, f"{bag}: rosbags and mcap read different messages"
    return stored


def compared(sent: Sent, stored: Mapping[str, list[bytes]], before_ns: int) -> tuple[int, int]:
    """Number of messages sent before a time and not stored, and number stored that were not sent."""
    missing = altered = 0
    for topic, messages in sent.messages.items():
        there = Counter(stored.get(topic, ()))
        missing += sum(cdr not in there for cdr in messages if sent.sent_ns[cdr] < before_ns)
        altered += (there - Counter(messages)).total()
    return missing, altered
