"""Damaged files that people write: a value or one error of one line, in little time and memory.

MAIL_ROS_DAMAGED sets how many are tried, 200 by default.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_bag_fuzz import CASES, MAX_S, WORDS, damaged, damaged_text, memory_kb

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.platform.robot_file import read_robot
from mail_ros.data.calibration.calibration_drive import parse_mount
from mail_ros.data.floor_plan import read_floor_plan
from mail_ros.data.lane_plan import Lane, write_lanes
from mail_ros.data.route import route_from_note
from mail_ros.data.site_file import read_site
from mail_ros.data.yaml_text import parse, short
from mail_ros.training.run_config import run_config

OTHERS = [
    "7",
    "0.5",
    "-3",
    "1e308",
    "-1e308",
    "1e-320",
    "1" + "0" * 30,
    "[]",
    "{}",
    "true",
    '"a"',
    "0",
    "12.5",
    "49.4612",
]
MAX_MORE_KB = 600_000  # memory over that of the process before
SITE = """\
site: museum
map_frame: map
origin: [49.4611, 11.1109]
floors:
  0:
    plan: plan.yaml
    landmarks: {door: [2.0, 2.0], lift: [20.0, 9.0]}
  1: {landmarks: lanes.csv}
  2: {landmarks: marks.geojson, plan: colour.yaml}
routes:
  hall: [door, {at: [11, 2], mark: false}, lift, lift, door]
  drawn: tour.geojson
  lanes: lanes.csv
"""
PLAN = "image: {}\nresolution: 0.05\norigin: [-10.0, 4.0, {}]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.25\n"
ROBOT = {
    "mount_xyzw": [0.0, 0.0, 0.0, 1.0],
    "hard_iron_ut": [1.0, 2.0, 3.0],
    "position_m": [0.1, 0.0],
    "motor": {"inputs": ["velocity:left"], "ut_per_unit": [[1.0, 0.0, 0.0]], "lag_s": 0.05},
    "notes": {"bag": "drive"},
    "format": "mail_ros.robot/1",
}
NOTE = '{"name": "hall", "points": [{"at": [1.0, 2.0], "floor": 0, "name": "door", "mark": true}, {"at": [3, 4]}]}'
SETTINGS = ["sampling.rate_hz=10", "mail.scales_s=[1, 2]", "training.epochs=3", "axes=gravity", "kind=matching"]


def feature(kind: str, coordinates: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def collection(*features: dict[str, object]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def write_files(folder: Path) -> None:
    """A site with all that it can name, and a robot file."""
    points = [feature("Point", [11.1109 + 1e-5 * k, 49.4611 + 2e-5 * k], name=f"m{k}", floor=2) for k in range(3)]
    line = feature("LineString", [[1.0, 2.0], [30.0, 4.0]])
    ends = [feature("Point", [0.0, 0.0], name="a"), feature("MultiPoint", [[40.0, 9.0]], name="b", floor=0)]
    grey = np.random.default_rng(0).integers(0, 256, (40, 60)).astype(np.uint8)
    Image.fromarray(grey).save(folder / "plan.pgm")
    Image.fromarray(np.stack([grey] * 4, -1)).save(folder / "plan.png")
    for name, content in (
        ("site.yaml", SITE),
        ("plan.yaml", PLAN.format("plan.pgm", 0.0)),
        ("colour.yaml", PLAN.format("plan.png", 0.3)),
        ("marks.geojson", collection(*points)),
        ("tour.geojson", collection(ends[0], line, ends[1])),
        ("robot.json", json.dumps(ROBOT)),
    ):
        (folder / name).write_text(content)
    write_lanes(folder / "lanes.csv", [Lane("F1L01", (0.0, 0.0), (9.0, 0.0)), Lane("F1L02", (9.0, 2.0), (0.0, 2.0))])


def read(file: Path) -> object:
    """What verbs read where a file is used."""
    folder = file.parent
    if file.stem in ("plan", "colour"):
        return read_floor_plan(folder / ("colour.yaml" if file.name in ("colour.yaml", "plan.png") else "plan.yaml"))
    return read_robot(file) if file.stem == "robot" else read_site(folder / "site.yaml")


def damage(file: Path, source: random.Random) -> None:
    """Damage a file: as text half of the time, numbers in it else, or bytes."""
    content = file.read_bytes()
    if file.suffix in (".pgm", ".png") or source.random() < 0.2:
        file.write_bytes(damaged(content, source))
        return
    text = content.decode()
    if source.random() < 0.5:
        numbers = list(re.finditer(r"-?\d+\.?\d*", text))
        for number in source.sample(numbers, min(len(numbers), source.randint(1, 3))):
            other = source.choice(WORDS if source.random() < 0.2 else OTHERS)
            text = text.replace(number[0], other, 1)
    else:
        text = damaged_text(text, source)
    file.write_text(text, newline="", errors="surrogatepass")


def refused(use: Callable[[], object], case: object) -> bool:
    """Whether a use was refused with one line, in time."""
    started_s = time.monotonic()
    try:
        use()
    except MailError as error:
        assert str(error).count("\n") == 0, f"case {case}: {error}"
        return True
    except Exception as error:
        raise AssertionError(f"case {case}") from error
    finally:
        assert time.monotonic() - started_s < MAX_S, f"case {case}"
    return False


@pytest.mark.slow
def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    write_files(tmp_path)
    originals = {file: file.read_bytes() for file in sorted(tmp_path.iterdir())}
    for file in originals:
        read(file)
    counts, before_kb = Counter[str](), memory_kb()
    for number in range(CASES):
        source = random.Random(number)
        file = source.choice(list(originals))
        damage(file, source)
        counts[f"{file.name}, refused"] += refused(lambda: read(file), (number, file.name))  # noqa: B023 - used at once
        counts[file.name] += 1
        file.write_bytes(originals[file])
    print(dict(sorted(counts.items())), f"{(memory_kb() - before_kb) // 1000} MB more")
    assert memory_kb() - before_kb < MAX_MORE_KB
    assert sum(count for name, count in counts.items() if name.endswith("refused")) > 0.2 * CASES


@pytest.mark.slow
def test_damaged_settings_and_notes_are_read_or_refused() -> None:
    count, before_kb = 0, memory_kb()
    for number in range(CASES):
        source = random.Random(number)
        setting = damaged_text(source.choice(SETTINGS), source)
        count += refused(lambda text=setting: run_config([text]), (number, setting))  # type: ignore[misc]
        note = damaged_text(NOTE, source)
        count += refused(lambda text=note: route_from_note(text, "bag"), (number, note))  # type: ignore[misc]
        mount = damaged_text("180,0,90", source)
        count += refused(lambda text=mount: parse_mount(text), (number, mount))  # type: ignore[misc]
    print(f"{count} of {3 * CASES} refused")
    assert memory_kb() - before_kb < MAX_MORE_KB
    assert count > CASES


def test_what_repeats_itself_is_shown_in_one_line(tmp_path: Path) -> None:
    """Ten names, each ten times the one before: ten billion values in 300 bytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 10)]
    started_s = time.monotonic()
    (tmp_path / "site.yaml").write_text("\n".join([*lines, "site: *a9", "floors: *a9"]))
    with pytest.raises(ConfigError):
        read_site(tmp_path / "site.yaml")
    assert len(short(parse("\n".join(lines), "file", "lists"))) <= 60
    assert len(short(json.loads("[" * 900 + "]" * 900))) <= 60
    assert time.monotonic() - started_s < 1.0
