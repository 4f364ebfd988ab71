"""Damaged logs: whatever a file has, an importer writes a bag or raises one BagError; memory and time are bounded.

MAIL_ROS_DAMAGED sets how many are tried with each kind, 20 by default; 1,000 take about 25 minutes.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from app_exports import EXPORTS, phone_walk
from small_ulog import small_flight
from test_bag_fuzz import MAX_S, damaged, memory_kb
from test_importers_ipin import LOG
from test_importers_microsoft import TRACE
from test_importers_uji import WALK as UJI

from mail_ros.core.errors import BagError
from mail_ros.data.bag import read_recording
from mail_ros.data.importers import IMPORTERS, import_walks
from mail_ros.data.site_file import SiteFile

CASES = int(os.environ.get("MAIL_ROS_DAMAGED", "20"))
MAX_MORE_KB = 600_000  # memory over that of the process before
ROWS = [f"{0.02 * n:.2f},{20 + n % 7},-3,-44,0,{0.1 * n:.1f},0,{0.1 * n:.1f},{n},0,0,0.1,0,0,9.81" for n in range(100)]
CSV = "\n".join(
    [
        "time_s,mag_x_ut,mag_y_ut,mag_z_ut,x_m,y_m,floor,distance_m,yaw_deg,"
        "gyro_x_rad_s,gyro_y_rad_s,gyro_z_rad_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2",
        *ROWS,
    ]
)
MAGPIE = "\n".join(
    ["timestamp,mag_x,mag_y,mag_z,pos_x,pos_y", *(f"{n},{20 + n % 7},0,-44,{n},1" for n in range(1000, 1100))]
)
NUMBERS = [b"9" * 400, b"-1", b"1e308", b"-1e308", b"nan", b"inf", b"1e-320"]
SEPARATORS = [b"\n", b";", b"\t", b",", b"\0", b"\xff", b'"']


def originals(folder: Path) -> dict[str, dict[str, bytes]]:
    """Files of a walk, by kind."""
    texts = {
        "ipin": {"walk.txt": LOG * 3},
        "uji": {"walk.txt": UJI},
        "magpie": {"walk.csv": MAGPIE},
        "microsoft": {"F1.txt": TRACE * 3},
        "csv": {"walk.csv": CSV},
        **{kind: export(phone_walk(duration_s=4.0)) for kind, export in reversed(EXPORTS.values())},
    }
    files = {kind: {name: text.encode() for name, text in each.items()} for kind, each in texts.items()}
    return {**files, "ulog": {"walk.ulg": small_flight(folder / "flight.ulg").read_bytes()}}


def mixed(content: bytes, source: random.Random) -> bytes:
    """Text with other numbers and separators in some spots."""
    for _ in range(source.choice([0, 1, 1, 2, 5])):
        start = source.randrange(len(content) + 1)
        end = min(len(content), start + source.choice([0, 1, 3, 10]))
        content = content[:start] + source.choice(NUMBERS + SEPARATORS) + content[end:]
    return content


def packed(name: str, content: bytes, source: random.Random) -> tuple[str, bytes]:
    """The file, or an archive of it, damaged as such in half of the cases."""
    kind = source.choice(["", "", "", ".gz", ".zip"])
    if kind == ".gz":
        content = gzip.compress(content)
    elif kind == ".zip":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as members:
            members.writestr(Path(name).name, content)
        content = stream.getvalue()
    return name + kind, damaged(content, source) if kind and source.random() < 0.5 else content


def write_damaged(folder: Path, files: dict[str, bytes], source: random.Random) -> None:
    """Write the files of a walk, one or two of them damaged."""
    chosen = source.sample(sorted(files), min(len(files), source.randint(1, 2)))
    for name, content in files.items():
        written, made = name, content
        if name in chosen:
            is_text = not name.endswith(".ulg") and source.random() < 0.7
            written, made = packed(name, mixed(content, source) if is_text else damaged(content, source), source)
        (folder / written).parent.mkdir(parents=True, exist_ok=True)
        (folder / written).write_bytes(made)


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", IMPORTERS)
def test_a_damaged_log_is_imported_or_refused(tmp_path: Path, kind: str) -> None:
    files = originals(tmp_path)[kind]
    before_kb, refused = memory_kb(), 0
    site = SiteFile("site", tuple(range(-20, 20)))
    for number in range(CASES):
        folder, source = tmp_path / "logs" / "walk", random.Random(number)
        write_damaged(folder, files, source)
        started_s = time.monotonic()
        try:
            found = list(import_walks(kind, folder, tmp_path / "bags", site if number % 2 else None))
            for bag in found:
                if isinstance(bag, BagError):
                    assert str(bag).count("\n") == 0, "one line"
                    assert str(folder) in str(bag)
                    refused += 1
                else:
                    read_recording(bag.path)
        except Exception as error:
            raise AssertionError(f"case {number} of {kind}") from error
        assert time.monotonic() - started_s < MAX_S, f"case {number} of {kind}"
        shutil.rmtree(folder.parent)
        shutil.rmtree(tmp_path / "bags", ignore_errors=True)
    more_kb = memory_kb() - before_kb
    print(f"{kind}: {refused} of {CASES} refused, {more_kb // 1000} MB more")
    assert more_kb < MAX_MORE_KB
    assert 0.05 * CASES < refused < CASES, "some are beyond reading, and not all"
