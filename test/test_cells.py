"""A cell: one fit, several conditions, and nothing computed twice unless its inputs changed."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from helpers import synthetic_walk

from mail_ros.evaluation.cells import Cell, compute_cell, finished, read_cell
from mail_ros.evaluation.conditions import AS_WALKED, Condition
from mail_ros.evaluation.estimates import read_csv, table
from mail_ros.evaluation.identity import walk_names
from mail_ros.training.run_config import run_config

pytestmark = pytest.mark.slow


SLOW, FAST = Condition(speed_m_s=1.0), Condition(speed_m_s=1.4)
SETTINGS = ("sampling.rate_hz=10", "mail.hidden=4", "training.epochs=2", "training.stride_s=4")


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    """A network on one walk, followed over another."""
    folder = tmp_path_factory.mktemp("cell")
    train, test = (synthetic_walk(40.0, 20.0, seed=seed).write(folder / f"walk{seed}") for seed in (0, 1))
    cell = Cell("mail", 0, (train,), (test,), run_config(SETTINGS), 1.0, 11.0, folder / "floor_0" / "mail")
    compute_cell(cell)
    return cell


@pytest.fixture
def cell(computed: Cell, tmp_path: Path) -> Cell:
    """The computed cell, to be spoilt."""
    return dataclasses.replace(computed, folder=shutil.copytree(computed.folder, tmp_path / "floor_0" / "mail"))


def epochs(cell: Cell) -> int:
    """Logged in the run that is kept."""
    return len((cell.folder / "run" / "metrics.jsonl").read_text().splitlines())


def test_further_conditions_are_followed_with_the_same_fit(cell: Cell) -> None:
    before = finished(cell)
    assert before is not None
    estimates = (cell.folder / "estimates.csv").read_bytes()
    wider = dataclasses.replace(cell, conditions=(AS_WALKED, SLOW, FAST))
    half_done = finished(wider)
    assert half_done is not None
    assert list(half_done.rows) == [AS_WALKED]
    compute_cell(wider)
    after = finished(wider)
    assert after is not None
    assert after.fit_s == before.fit_s
    assert epochs(cell) == 2
    assert (cell.folder / "estimates.csv").read_bytes() == estimates
    assert after.rows[AS_WALKED] == before.rows[AS_WALKED]
    assert [row.condition for row in after.rows.values()] == ["as walked", "1 m/s", "1.4 m/s"]
    assert after.rows[SLOW].metrics.estimates > after.rows[FAST].metrics.estimates > 0
    for condition, row in after.rows.items():
        assert table(read_csv(cell.folder / condition.file))["all, moving"].mean_m == pytest.approx(row.metrics.mean_m)
    assert finished(cell) == before  # who wants less finds it too


def test_a_condition_that_comes_later_answers_as_if_it_had_come_with_the_fit(cell: Cell, tmp_path: Path) -> None:
    compute_cell(dataclasses.replace(cell, conditions=(AS_WALKED, FAST)))
    fresh = dataclasses.replace(cell, conditions=(FAST,), folder=tmp_path / "fresh")
    compute_cell(fresh)
    assert (cell.folder / FAST.file).read_text() == (fresh.folder / FAST.file).read_text()


def test_other_test_walks_keep_the_fit_and_other_settings_do_not(cell: Cell, tmp_path: Path) -> None:
    other = synthetic_walk(40.0, 20.0, seed=2).write(tmp_path / "other")
    elsewhere = dataclasses.replace(cell, test=(other,))
    kept = finished(elsewhere)
    assert kept is not None
    assert not kept.rows
    longer = dataclasses.replace(cell, config=run_config([*SETTINGS, "training.epochs=3"]))
    assert finished(longer) is None
    matching = run_config([*SETTINGS, "matching.noise_ut2=2"])  # a network does not read it, matching does
    assert finished(dataclasses.replace(cell, config=matching)) is not None
    keys = {
        json.dumps(dataclasses.replace(cell, method="matching", config=each).fit_inputs())
        for each in (cell.config, matching)
    }
    assert len(keys) == 2
    compute_cell(elsewhere)
    assert finished(elsewhere) is not None
    assert epochs(cell) == 2
    compute_cell(longer)
    assert epochs(cell) == 3
    assert finished(cell) is None


def test_half_written_cells_are_computed_again_with_a_warning(cell: Cell, caplog: pytest.LogCaptureFixture) -> None:
    file = cell.folder / "cell.json"
    file.write_text(file.read_text()[:100])
    assert finished(cell) is None
    assert "cell.json is damaged" in caplog.text
    compute_cell(cell)
    (cell.folder / "estimates.csv").unlink()
    lost = finished(cell)
    assert lost is not None
    assert not lost.rows


def test_a_cell_stores_its_inputs(computed: Cell) -> None:
    (row,) = read_cell(computed.folder)[2]
    assert json.loads(json.dumps(computed.inputs(AS_WALKED))) == row.inputs
    assert [bag["bag"] for bag in row.inputs["test"]] == ["walk1"]
    assert computed.inputs(FAST)["condition"] == {"speed_m_s": 1.4}


def test_walks_of_one_name_are_two_walks(computed: Cell, tmp_path: Path) -> None:
    """As of two days, whose folders number them from one."""
    days = tuple(
        synthetic_walk(30.0, 20.0, seed=seed).write(tmp_path / day / "walk_1")
        for seed, day in enumerate(("mon", "tue"))
    )
    assert walk_names(days) == ["mon/walk_1", "tue/walk_1"]
    assert walk_names([*days, *days]) == ["mon/walk_1", "tue/walk_1"] * 2
    both = dataclasses.replace(computed, method="chance", test=days, folder=tmp_path / "floor_0" / "chance")
    compute_cell(both)
    rows = read_csv(both.folder / "estimates.csv")
    assert {one.bag for one in rows} == {bag["bag"] for bag in both.inputs(AS_WALKED)["test"]} == set(walk_names(days))
