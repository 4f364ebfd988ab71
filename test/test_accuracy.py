"""The accuracy benchmark: whole, resumable, the same for the same seed, and clear about what it cannot do."""

import copy
import csv
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers import synthetic_walk
from shared_walks import LOGS, needs_logs
from simulated_tracks import steady_drive
from test_cli import mail_ros

from mail_ros.core.errors import BagError
from mail_ros.data.simulator.corridor_plan import survey_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.walk_writer import write_walk
from mail_ros.evaluation.accuracy import not_worth_line, relation
from mail_ros.evaluation.cells import CellResult
from mail_ros.evaluation.estimates import read_csv, table
from mail_ros.evaluation.methods import COMPARED, METHODS
from mail_ros.evaluation.metrics import Metrics
from mail_ros.evaluation.workers import context

pytestmark = pytest.mark.slow


def survey_drive(seed: int, fraction: float = 1.0) -> SimulatedDrive:
    """Through every corridor both ways, or the first of them."""
    building = demo_building()
    route = survey_route(building.plan, seed)
    return steady_drive(building, route[: 1 + round(fraction * (len(route) - 1))], seed)


def write_walks(folder: Path, walks: Iterable[SimulatedDrive]) -> Path:
    for number, walk in enumerate(walks):
        notes = {"route": "all", "device": f"phone {number % 2}"}
        write_walk(folder / f"walk_{number}", walk.stamp_ns, walk.field_ut, walk.landmarks, custom=notes)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated walks of one route, the one to be judged on broken off: one filter takes 0.1 s a step."""
    return write_walks(tmp_path_factory.mktemp("site"), [survey_drive(0), survey_drive(1), survey_drive(2, 0.3)])


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short walks, for tests that do not ask how good anything is."""
    return write_walks(tmp_path_factory.mktemp("pieces"), (survey_drive(seed, 0.2) for seed in range(3)))


def accuracy(*arguments: object, code: int = 0) -> str:
    return mail_ros("benchmark", "accuracy", "--quick", *arguments, code=code)


def results(out: Path) -> dict[str, dict[str, Any]]:
    return {row["method"]: row for row in json.loads((out / "accuracy.json").read_text())}


def test_every_method_runs_on_a_simulated_site(site: Path, tmp_path: Path) -> None:
    printed = accuracy("--data", site, "--out", tmp_path)
    assert "floor 0: 2 walks for training, 1 for testing" in printed
    assert "mean error against the best baseline" in printed
    rows = results(tmp_path)
    needing = {name for name, method in METHODS.items() if method.needs_odometry}
    assert f"left out, since walks have no odometry or attitude: {', '.join(sorted(needing))}" in printed.replace(
        "\n", " "
    )
    assert set(rows) == set(COMPARED) - needing
    windowed = set(rows) - {"magicol", "maloc"}  # those answer by step
    assert len({rows[method]["metrics"]["estimates"] for method in windowed}) == 1
    assert rows["knn"]["metrics"]["mean_m"] < rows["chance"]["metrics"]["mean_m"]
    assert rows["knn"]["metrics"]["median_m"] < 0.5  # a map cell
    with (tmp_path / "accuracy.csv").open() as file:
        written = {row["method"]: float(row["p95_m"]) for row in csv.DictReader(file)}
    assert written == {method: row["metrics"]["p95_m"] for method, row in rows.items()}


def test_finished_cells_are_kept_damaged_and_changed_ones_computed_again(pieces: Path, tmp_path: Path) -> None:
    def run(*more: object) -> dict[str, int]:
        """The two rows that every table has, whatever is named."""
        accuracy("--data", pieces, "--out", tmp_path, "--methods", "knn", *more)
        return {m: (tmp_path / "cells" / "floor_0" / m / "cell.json").stat().st_mtime_ns for m in ("chance", "knn")}

    first = run()
    before = results(tmp_path)["knn"]["metrics"]
    assert run() == first
    damaged = tmp_path / "cells" / "floor_0" / "knn" / "cell.json"
    damaged.write_text(damaged.read_text()[:100])
    again = run()
    assert again["chance"] == first["chance"]
    assert again["knn"] > first["knn"]
    assert results(tmp_path)["knn"]["metrics"] == before
    assert min(run("--protocol", "cross-device").values()) > max(again.values())


def test_the_same_seed_gives_the_same_table_also_to_who_only_has_a_simulator(tmp_path: Path) -> None:
    """`simulate`, then the paper's protocol, twice: equal to the last digit, but for times."""
    mail_ros("simulate", "--out", tmp_path / "bags", "--walks", 2, "--part", 0.4)
    tables, estimates = [], []
    for out in (tmp_path / "one", tmp_path / "two"):
        settings = ["--methods", "knn,maloc,mail", "--set", "mail.hidden=4", "--set", "training.epochs=1"]
        printed = accuracy("--data", tmp_path / "bags", "--protocol", "last-round", "--out", out, *settings)
        assert "floor 0: 1 walks for training, 1 for testing" in printed
        assert "not worth launching: mail" in printed
        tables.append({name: (row["metrics"], row["key"], row["inputs"]) for name, row in results(out).items()})
        estimates.append({file.parent.name: file.read_bytes() for file in out.rglob("estimates.csv")})
    assert tables[0] == tables[1]
    assert estimates[0] == estimates[1]
    assert [bag["bag"] for bag in tables[0]["knn"][2]["test"]] == ["walk_01"]


def test_the_table_can_be_recomputed_from_the_estimates(pieces: Path, tmp_path: Path) -> None:
    accuracy("--data", pieces, "--out", tmp_path, "--methods", "knn")
    scored = read_csv(tmp_path / "cells" / "floor_0" / "knn" / "estimates.csv")
    metrics = table(scored)["all, moving"]
    assert vars(metrics) == pytest.approx(results(tmp_path)["knn"]["metrics"], abs=1e-12)


def test_a_walk_shorter_than_a_window_fails_its_floor_and_keeps_the_other(pieces: Path, tmp_path: Path) -> None:
    upstairs = synthetic_walk(40.0, 20.0, floor=1).write(tmp_path / "upstairs")
    short = synthetic_walk(5.0, 20.0, floor=1).write(tmp_path / "short")
    arguments = ["--train", pieces / "walk_0", "--train", upstairs, "--test", pieces / "walk_1", "--test", short]
    error = accuracy(*arguments, "--out", tmp_path / "out", "--methods", "knn", code=1)
    assert "short: wanted walks that move for longer than the window, found no estimate" in error
    assert {cell.parent.parent.name for cell in (tmp_path / "out").rglob("cell.json")} == {"floor_0"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "magic"], "--methods: wanted some of chance"),
        (["--methods", ","], "--methods: wanted some of chance"),
        (["--protocol", "random"], "--protocol: wanted last-round or cross-device, found random"),
        (["--train", "x"], "wanted --data with --protocol, or --train with --test, found both"),
    ],
)
def test_wrong_usage_is_one_clear_line(pieces: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in accuracy("--data", pieces, "--out", tmp_path, *arguments, code=1)


def test_walks_must_be_given_once(pieces: Path, tmp_path: Path) -> None:
    assert "found neither" in accuracy("--out", tmp_path, code=1)
    assert "wanted a folder of bags, found no bag in it" in accuracy("--data", tmp_path, "--out", tmp_path, code=1)
    same = ["--train", pieces / "walk_0", "--test", pieces / "walk_0"]
    assert "walk_0: wanted walks that are either" in accuracy(*same, "--out", tmp_path, code=1)


def test_errors_travel_between_processes() -> None:
    error = BagError("walk", wanted="a", found="b", fix="c")
    with ProcessPoolExecutor(1, mp_context=context()) as pool:
        back = pool.submit(copy.copy, error).result()
    assert type(back) is BagError
    assert str(back) == "walk: wanted a, found b; c"


@needs_logs
def test_it_runs_on_two_real_routes(tmp_path: Path) -> None:
    logs = [*LOGS.glob("*Trial01_rep*.txt.gz"), *LOGS.glob("*Trial22_rep*.txt.gz")]
    mail_ros("import", "ipin", *sorted(logs), "--out", tmp_path / "bags")
    chosen = ["--methods", "chance,knn,matching,mail_heatmap,field_map", "--out", tmp_path / "out"]
    printed = accuracy("--data", tmp_path / "bags", "--protocol", "cross-device", *chosen)
    assert "floor -2: 2 walks for training, 1 for testing" in printed
    assert "floor 0: 2 walks for training, 1 for testing" in printed


def test_ours_are_compared_with_windows_and_with_filters_apart() -> None:
    def row(method: str, mean_m: float) -> CellResult:
        return CellResult(
            method, 0, "as walked", "", 0.0, 0.0, {}, Metrics(1, mean_m, mean_m, mean_m, mean_m, mean_m, 0.0, 0.0)
        )

    rows = [row("knn", 2.0), row("dtw", 3.0), row("maloc", 0.5), row("mail", 4.0), row("matching", 1.0)]
    assert relation(rows).splitlines() == [
        "mean error against the best baseline, knn: mail +100%, matching -50%",
        "mean error against the best filter, maloc: mail +700%, matching +100%",
    ]
    assert relation(rows[3:]) == ""
    rows = [row("chance", 9.0), *rows]
    assert not_worth_line(rows) == ""
    assert not_worth_line([*rows, row("mail_heatmap", 5.0), row("field_map", 8.0)]) == (
        "not worth launching: mail_heatmap, field_map"
    )
