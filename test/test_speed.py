"""The speed benchmark: it times what it names, and writes what it prints. No time is judged here."""

import json
from pathlib import Path

import pytest
from test_cli import mail_ros

from mail_ros.core.lattice import Lattice
from mail_ros.evaluation.speed import corridors


@pytest.mark.parametrize("cells", [10, 500, 2000])
def test_a_map_has_the_cells_that_were_asked_for_and_hangs_together(cells: int) -> None:
    site = corridors(cells)
    assert len(site) == cells
    lattice = Lattice(site, 0.5)
    found, new = {0}, [0]
    while new:
        new = [int(n) for n in set(lattice.neighbour[:, new].ravel()) - found if n < cells]
        found |= set(new)
    assert len(found) == cells


def test_every_part_is_timed_and_written(tmp_path: Path) -> None:
    said = mail_ros("benchmark", "speed", "--cells", 100, "--cells", 200, "--estimates", 10, "--out", tmp_path)
    rows = json.loads((tmp_path / "speed.json").read_text())
    assert [row["cells"] for row in rows] == [100] * 8 + [200] * 4
    assert rows[0]["part"] == "window pass"
    assert rows[0]["share"] == 1.0
    for row in rows:
        assert 0.0 < row["median_ms"] <= row["p99_ms"]
        assert row["share"] == pytest.approx(row["mean_ms"] / rows[0]["mean_ms"])
        assert f"{row['part']}" in said
