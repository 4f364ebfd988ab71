"""The speed benchmark: it times what it names, and writes what it prints. No time is judged here."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.speed import methods
from benchmarks.speed.costs import parts_of
from benchmarks.speed.models import corridors, surveys
from mail_ros.core.errors import MailError
from mail_ros.core.neighbourhood import CellNeighbourhood
from mail_ros.evaluation.report.runs import read_runs, read_speed

PARTS = parts_of((100,))


@pytest.mark.parametrize("cells", [10, 500, 2000])
def test_a_map_has_the_cells_that_were_asked_for_and_hangs_together(cells: int) -> None:
    site = corridors(cells)
    assert len(site) == cells
    lattice = CellNeighbourhood(site, 0.5)
    found, new = {0}, [0]
    while new:
        new = [int(n) for n in set(lattice.neighbour[:, new].ravel()) - found if n < cells]
        found |= set(new)
    assert len(found) == cells


@pytest.mark.slow
def test_what_is_timed_is_written_and_shown(tmp_path: Path) -> None:
    only, cells = ("--only", "heatmap head", "--only", "tracker"), ("--cells", "100", "--cells", "200")
    brief = ("--estimates", "10", "--node-s", "0", "--out", str(tmp_path))
    done = CliRunner().invoke(app, ["speed", *only, *cells, *brief])
    assert done.exit_code == 0, done.output
    (table,) = json.loads((tmp_path / "speed.json").read_text())
    rows = table["rows"]
    assert Counter(row["what"] for row in rows) == {"paper": 1, "heatmap head": 4, "tracker": 8}
    assert rows[0]["method"] == "window pass, torch"
    for row in rows:
        assert 0.0 < row["median_ms"] <= row["p99_ms"]
        assert row["relative"] == pytest.approx(row["mean_ms"] / rows[0]["mean_ms"])
        assert row["robots"] > 0.0
        assert row["memory_mb"] > 0.0
        assert row["method"] in done.output
    assert read_speed(tmp_path, "speed")[0].groups == ["paper", "heatmap head", "tracker"]
    with pytest.raises(MailError, match="only benchmarks of speed"):
        read_runs([tmp_path])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(PARTS)), ids=lambda number: f"{PARTS[number].what} {number}")
def test_every_part_answers(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Methods are fitted to a minute of each survey."""
    monkeypatch.setattr(methods, "surveys", lambda: [track[:3000] for track in surveys()])
    step = PARTS[number].make()
    assert step(0) is not None
    assert step(1) is not None


def test_an_unknown_part_is_one_clear_line() -> None:
    with pytest.raises(MailError, match=r"--only: wanted some of paper, .*, found all"):
        parts_of((100,), ["all"])
