"""`mail_ros benchmark recorder`: whether a sample is lost, at work and in kills, and what recording costs."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.node_process import NodeProcess, own_domain, running_node
from mail_ros.cli.options import AsJson

if TYPE_CHECKING:
    from mail_ros.nodes.traffic import Sent

ROBOT = {"imu/mag": 50.0, "imu/data": 200.0, "odom": 50.0}
BUSY = {"imu/mag": 200.0, "imu/data": 600.0, "odom": 200.0}
KILL_S = 5.0  # within so long from the first message on
WAYS: tuple[Mapping[str, object], ...] = ({}, {"split_s": 1.0}, {"compression": "zstd"})  # of recording, by turns
NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Load:
    """A recorder at work."""

    what: str
    seconds: float
    sent: int
    received: int  # as the recorder counts
    written: int  # as the recorder counts
    missing: int  # of those sent, in the bag; they are told apart by their header stamps
    altered: int
    core: float  # share of one core
    memory_mb: float  # resident
    bag_mb: float


@dataclass(frozen=True)
class Kill:
    """A recorder that was killed, its bag repaired."""

    what: str
    after_s: float
    sent: int
    kept: int
    missing: int  # of those sent more than a second before
    altered: int
    lost_s: float  # from the first message that is not in the bag to the kill
    repair_s: float


def recorder(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/recorder"),
    robot_s: Annotated[float, typer.Option(min=0.0, help="How long 50 Hz field, 200 Hz imu, 50 Hz odometry.")] = 60.0,
    busy_s: Annotated[float, typer.Option(min=0.0, help="How long 1,000 messages per second.")] = 60.0,
    kills: Annotated[int, typer.Option(min=0, help="How often a recorder is killed at a random moment.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the random moments.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Record what is known byte by byte: in full, then with kills, and compare what is in the bags.

    Each repaired bag is opened with `rosbags` and with `mcap` alone. Processor time and memory are of the recorder's
    process.

    Example: `mail_ros benchmark recorder --robot-s 2 --busy-s 0 --kills 1`

    Example, a quarter of an hour: `mail_ros benchmark recorder --robot-s 600`
    """
    moments = random.Random(seed)
    with progress("recording") as bar, tempfile.TemporaryDirectory() as folder:
        task = bar.add_task("", total=None)
        runs = [
            (f"{sum(rates.values()):,.0f} messages/s", rates, seconds) for rates, seconds in _loads(robot_s, busy_s)
        ]
        loads = []
        for name, rates, seconds in runs:
            bar.update(task, description=name)
            loads.append(_load(Path(folder) / name.replace("/", "_"), name, rates, seconds))
        found = []
        for number in range(kills):
            bar.update(task, description=f"kill {number + 1}")
            way = WAYS[number % len(WAYS)]
            found.append(_kill(Path(folder) / f"kill_{number}", way, moments.uniform(0.0, KILL_S)))
    out.mkdir(parents=True, exist_ok=True)
    tables = {
        "load": [dataclasses.asdict(load) for load in loads],
        "kill": [dataclasses.asdict(kill) for kill in found],
    }
    (out / "recorder.json").write_text(json.dumps(tables, indent=2))
    for title, rows in (("a recorder at work", loads), ("a recorder that is killed, its bag repaired", found)):
        if rows:
            _print(title, rows)
    console.print(f"results: {out / 'recorder.json'}")
    if as_json:
        print_json(tables)


def _loads(robot_s: float, busy_s: float) -> Iterator[tuple[dict[str, float], float]]:
    if robot_s:
        yield ROBOT, robot_s
    if busy_s:
        yield BUSY, busy_s


def _load(folder: Path, name: str, rates_hz: dict[str, float], duration_s: float) -> Load:
    """Record traffic to its end."""
    from mail_ros.nodes.traffic import send

    domain_id = own_domain()
    since: list[tuple[float, float]] = []  # time, and processor time, at the first message and at the last
    with running_node("recorder", domain_id, {"out": folder}) as node:

        def going(_: float) -> bool:
            if not since:
                since.append((time.monotonic(), node.processor_s))
            return True

        sent = send(rates_hz, duration_s, domain_id, node.check, going)
        wall_s, core_s = time.monotonic() - since[0][0], node.processor_s - since[0][1]
        memory_mb = node.memory_mb
    (bag,) = folder.iterdir()
    stored = _stored(bag, by_index=False)
    count = sum(map(len, sent.messages.values()))
    return Load(
        name,
        duration_s,
        count,
        int(sent.status.get("received", 0)),
        int(sent.status.get("written", 0)),
        *_compared(sent, stored, 1 << 63),
        core_s / wall_s,
        memory_mb,
        sum(file.stat().st_size for file in bag.iterdir()) / 1e6,
    )


def _kill(folder: Path, way: Mapping[str, object], after_s: float) -> Kill:
    """Kill a recorder in the midst of traffic and mend what it left."""
    from mail_ros.data.bag_repair import repair
    from mail_ros.nodes.traffic import send

    domain_id = own_domain()
    killed_ns = 0
    with running_node("recorder", domain_id, {"out": folder, **way}) as node:

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
        ", ".join(f"{name} {value}" for name, value in way.items()) or "defaults",
        after_s,
        len(sent.sent_ns),
        sum(map(len, stored.values())),
        *_compared(sent, stored, killed_ns - NS_PER_S),
        max(0.0, (killed_ns - min(lost_ns, default=killed_ns)) / NS_PER_S),
        repair_s,
    )


def _killed(node: NodeProcess) -> int:
    """Kill it; when."""
    now_ns = time.time_ns()
    node.process.kill()
    node.process.wait()
    return now_ns


def _stored(bag: Path, *, by_index: bool) -> dict[str, list[bytes]]:
    """A bag's messages by topic, as rosbags reads them; `by_index` says that mcap's own reader must agree."""
    from mail_ros.data.bag import Bag
    from mail_ros.data.bag_repair import read_by_index

    stored: dict[str, list[bytes]] = {}
    for message in Bag(bag).messages():
        stored.setdefault(message.topic, []).append(message.cdr)
    if by_index:
        again: dict[str, list[bytes]] = {}
        for file in Bag(bag).files:
            for message in read_by_index(file):
                again.setdefault(message.topic, []).append(message.cdr)
        assert again == stored, f"{bag}: rosbags and mcap read different messages"
    return stored


def _compared(sent: Sent, stored: Mapping[str, list[bytes]], before_ns: int) -> tuple[int, int]:
    """How many that were sent before a time are not stored, and how many are stored that were never sent so."""
    missing = altered = 0
    for topic, messages in sent.messages.items():
        there = Counter(stored.get(topic, ()))
        missing += sum(cdr not in there for cdr in messages if sent.sent_ns[cdr] < before_ns)
        altered += (there - Counter(messages)).total()
    return missing, altered


def _print(title: str, rows: list[Load] | list[Kill]) -> None:
    """A table with a column per field."""
    heads = [field.name.replace("_", " ") for field in dataclasses.fields(rows[0])]
    values = [dataclasses.astuple(row) for row in rows]
    lines = [
        [
            f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
            for value in row
        ]
        for row in values
    ]
    print_table(title, heads, lines)
