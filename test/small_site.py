"""A folder as the examples of help and docs take it for granted: logs, surveys, models, a benchmark; all of it tiny."""

from __future__ import annotations

import gzip
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import warm_verbs
from calibration_drives import forth_and_back, made_up, spins
from helpers import START_NS, SyntheticWalk, synthetic_walk, tiny_config, tiny_model
from ros import ROOT

from mail_ros.data.bag import ODOMETRY_TOPIC
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN
from mail_ros.data.messages import ODOMETRY_TYPE, Message, encode_odometry
from mail_ros.data.walk_writer import write_walk

WALK_S = 60.0
SPEED_M_S, RADIUS_M = 1.2, 5.0  # speed and radius of a synthetic walk
STEPS_HZ = 1.8
DAY_NS = 86_400_000_000_000
DAYS = ("monday_1", "monday_2", "tuesday_1", "wednesday_1")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, to be copied by a test that writes into it."""
    from small_benchmark import benchmarked  # brings torch along, which few tests want

    from mail_ros.evaluation.protocol import read_walks, split

    folder = tmp_path_factory.mktemp("site")
    for number, name in enumerate(DAYS):
        walk = _walk(number)
        notes = {"site": "hall", "route": "01", "repetition": f"{number + 1:02d}", "device": "tablet"}
        bag = folder / "bags" / name
        write_walk(bag, walk.stamp_ns, walk.field_ut, walk.landmarks, before=wheels_of(walk), custom=notes)
    for number in range(3):
        write_log(folder / "logs" / f"Trial01_repetition{number + 1:02d}.txt.gz", _walk(number))
    for name in ("site", "network"):
        tiny_model(folder / "models" / f"{name}.safetensors", tiny_config("heatmap"))
    made_up(np.concatenate([forth_and_back((0.3, 0.9)), spins()])).write(folder / "drives" / "to_and_fro")
    parts = split(read_walks(sorted((folder / "bags").iterdir())), "last-round")
    benchmarked(parts, ("chance", "knn"), folder / "runs" / "accuracy")
    return folder


def shell(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run lines as a user does who has this checkout's `mail_ros`, up to the first that fails; there is no input."""
    python = shlex.quote(sys.executable)
    verb = f"{python} -S -E {shlex.quote(warm_verbs.__file__)} {shlex.quote(warm_verbs.address())}"
    ours = f'set -e\nmail_ros() {{ {verb} "$@"; }}\npython() {{ {python} "$@"; }}\n'
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))  # where benchmarks/ is
    environment = {**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "PYTHONPATH": path}
    return subprocess.run(
        ["bash", "-c", ours + commands],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def write_log(path: Path, walk: SyntheticWalk) -> None:
    """A walk as a GetSensorData log of the IPIN competitions."""
    at_s = (walk.stamp_ns - walk.stamp_ns[0]) * 1e-9
    lines = [
        f"MAGN;{second:.4f};{second:.4f};{x:.3f};{y:.3f};{z:.3f};3"
        for second, (x, y, z) in zip(at_s.tolist(), walk.field_ut.tolist(), strict=True)
    ]
    for second in np.arange(0.0, at_s[-1], 0.02).tolist():
        half_rad = (np.pi / 2 + SPEED_M_S * second / RADIUS_M) / 2  # it looks along the circle
        up_m_s2 = 9.8 + 3.0 * np.sin(2 * np.pi * STEPS_HZ * second)
        lines.append(f"AHRS;{second:.4f};{second:.4f};0;0;0;0;0;{np.sin(half_rad):.6f};3")
        lines.append(f"ACCE;{second:.4f};{second:.4f};0;0;{up_m_s2:.3f};3")
        lines.append(f"GYRO;{second:.4f};{second:.4f};0;0;{SPEED_M_S / RADIUS_M:.3f};3")
    origin = IPIN_2023_ORIGIN
    for number, mark in enumerate(walk.landmarks):
        latitude_deg = origin.latitude_deg + mark.position_m[1] / 111_200
        longitude_deg = origin.longitude_deg + mark.position_m[0] / 111_320 / np.cos(np.radians(origin.latitude_deg))
        second = (mark.stamp_ns - walk.stamp_ns[0]) * 1e-9
        lines.append(f"POSI;{second:.4f};{number};{latitude_deg:.8f};{longitude_deg:.8f};{mark.floor};1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))


def wheels_of(walk: SyntheticWalk) -> list[Message]:
    """Odometry of who goes along the circle, in a frame that begins at its centre."""
    messages = []
    for stamp_ns in walk.stamp_ns.tolist():
        angle_rad = SPEED_M_S / RADIUS_M * (stamp_ns - walk.stamp_ns[0]) * 1e-9
        place = RADIUS_M * np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0])
        place[2] = angle_rad + np.pi / 2
        cdr = encode_odometry(stamp_ns, place, SPEED_M_S, SPEED_M_S / RADIUS_M, "odom", "base_link")
        messages.append(Message(ODOMETRY_TOPIC, ODOMETRY_TYPE, stamp_ns, cdr))
    return messages


def _walk(number: int) -> SyntheticWalk:
    return synthetic_walk(WALK_S, 50.0, start_ns=START_NS + number * DAY_NS, seed=number)
