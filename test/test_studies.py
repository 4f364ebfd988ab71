"""The paper's experiments: small ones end to end, every fit once, and tables that follow from the cells' files."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import chromium, needs_chromium
from simulated_tracks import steady_drive
from test_cli import mail_ros

from mail_ros.cli.benchmark import STUDIES as NAMED_IN_HELP
from mail_ros.core.errors import ConfigError, MailError
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.walk_writer import write_walk
from mail_ros.evaluation.accuracy import GUESSES, Bench, merge, settled
from mail_ros.evaluation.estimates import read_csv
from mail_ros.evaluation.protocol import read_walks, split
from mail_ros.evaluation.report.charts import FORMS, charts
from mail_ros.evaluation.report.page import write_page
from mail_ros.evaluation.report.runs import read_runs, read_studies
from mail_ros.evaluation.studies import MAIL, STUDIES, chosen
from mail_ros.evaluation.study_variants import INGREDIENTS, TRAINING
from mail_ros.evaluation.uncertainty import auroc
from mail_ros.training.run_config import run_config

pytestmark = pytest.mark.slow

SMALL = ["--set=mail.hidden=4", "--set=training.epochs=2", "--set=training.stride_s=4"]
METHODS = ("knn", "mail_heatmap", "mail_uniform")


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four rounds of a route through the demo building and two of another with no corridor of it, with two phones."""
    folder, building = tmp_path_factory.mktemp("building"), demo_building()
    for route, corners, phones in (("1", [7, 0, 1, 2, 3], "ABBA"), ("2", [4, 5, 6, 8, 9], "BA")):
        for number, phone in enumerate(phones):
            walk = steady_drive(building, corners, number, rate_hz=20.0)  # matching forgives a little
            notes = {"route": route, "device": phone}
            write_walk(folder / f"walk_{route}_{number}", walk.stamp_ns, walk.field_ut, walk.landmarks, custom=notes)
    return folder


@pytest.fixture(scope="module")
def run(bags: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All studies."""
    out = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["--data", bags, "--out", out, "--methods", ",".join(METHODS), "--study", "all", *SMALL]
    printed = mail_ros("benchmark", "accuracy", "--quick", *arguments)
    for study in STUDIES.values():
        assert f"{study.name} ({study.source}), floor 0: {study.title}" in printed
    assert printed.splitlines()[-1] == f"studies: {out / 'studies'}"
    return out


def rows(run: Path, study: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run / "studies" / f"{study}.json").read_text())["rows"]
    return found


def test_a_second_run_computes_nothing_and_returns_the_same(bags: Path, run: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in run.glob("cells/*/*/cell.json")}
    arguments = ["--data", bags, "--out", run, "--methods", ",".join(METHODS), "--study", "all", "--json", *SMALL]
    printed = json.loads(mail_ros("benchmark", "accuracy", "--quick", *arguments))
    assert {file: file.stat().st_mtime_ns for file in run.glob("cells/*/*/cell.json")} == before
    assert printed[: len({*GUESSES, *METHODS})] == json.loads((run / "accuracy.json").read_text())
    for name in STUDIES:
        kept = [{"study": name} | row for row in rows(run, name)]
        plain = json.loads(json.dumps(kept), parse_constant=lambda _: None)  # JSON has no NaN
        assert [row for row in printed if row.get("study") == name] == plain


def test_every_study_writes_one_table_twice(run: Path) -> None:
    assert {file.stem for file in (run / "studies").glob("*.json")} == set(STUDIES) == set(FORMS) - {"cost", "node"}
    for name in STUDIES:
        with (run / "studies" / f"{name}.csv").open() as file:
            written = [dict(row) for row in csv.DictReader(file)]
        assert written == [{key: str(value) for key, value in row.items()} for row in rows(run, name)]


def test_every_fit_is_made_once(run: Path) -> None:
    """Two lengths of ten seconds, six scales of six, three methods of the plain run: those are the same cells."""
    folders = {cell.parent.name for cell in run.glob("cells/floor_0/*/cell.json")}
    lengths = {f"{m}_length_{s}s" for m in ("knn", "mail_heatmap") for s in (2, 4, 6, 8)}
    scales = {f"mail_heatmap_scales_{n}" for n in (1, 2, 3, 4, 5)}
    pieces = {f"subsequence_scale_{s}s" for s in (1, 2, 3, 4, 5, 10)}
    without = {f"matching_{name.replace(' ', '_')}" for name in INGREDIENTS if name != "all"}
    left_out = {f"matching_without_{route}" for route in "12"}
    trained = {f"mail_heatmap_{name.replace(' ', '_')}" for name in TRAINING if name != "as it is"}
    assert folders == {*GUESSES, *METHODS, *lengths, *scales, *pieces, "matching", *without, *left_out, *trained}
    plain = {row["method"]: row["metrics"] for row in json.loads((run / "accuracy.json").read_text())}
    for name, same in (
        ("length", {"length_s": 10.0}),
        ("scales", {"scales": 6}),
        ("speed", {"condition": "as walked"}),
    ):
        for row in rows(run, name):
            if same.items() <= row.items():
                assert {column: row[column] for column in plain["knn"]} == plain[row["method"]]


def test_the_rows_are_what_the_paper_varies(run: Path) -> None:
    assert {(row["method"], row["length_s"]) for row in rows(run, "length")} == {
        (method, length_s) for method in ("knn", "mail_heatmap") for length_s in (2.0, 4.0, 6.0, 8.0, 10.0)
    }
    assert len({row["estimates"] for row in rows(run, "length")}) == 1  # the same seconds of the walks
    assert [row["scales_s"] for row in rows(run, "scales")][::5] == ["10", "1 2 3 4 5 10"]
    assert {row["condition"] for row in rows(run, "speed")} == {"as walked", "1 m/s", "1.2 m/s", "1.4 m/s"}
    assert {(row["method"], row["epoch"]) for row in rows(run, "loss")} == {
        (method, epoch) for method in METHODS[1:] for epoch in (1, 2)
    }
    assert [(row["device"], row["in_training"]) for row in rows(run, "device")] == [("A", "yes")] * 3
    assert {row["method"] for row in rows(run, "time")} == set(METHODS)
    assert all(row["estimate_ms"] > 0.0 and row["fit_s"] > 0.0 for row in rows(run, "time"))


def test_tracked_rows_stand_beside_those_alone_and_count_the_same_seconds(run: Path) -> None:
    tracked = rows(run, "tracker")
    assert {(row["method"], row["condition"]) for row in tracked} == {
        (method, condition)
        for method in ("knn", "mail_heatmap")
        for condition in ("from 20 s on", "tracked, walking, from 20 s on")  # these walks have no odometry
    }
    assert len({row["estimates"] for row in tracked}) == 1


def test_matching_is_tried_without_each_ingredient(run: Path) -> None:
    assert [row["ingredients"] for row in rows(run, "matching")] == list(INGREDIENTS)


def test_training_is_tried_with_other_ingredients(run: Path) -> None:
    assert [row["training"] for row in rows(run, "training")] == list(TRAINING)


def test_left_out_routes_are_separated_from_learned_ones(run: Path) -> None:
    area = rows(run, "area")
    assert [row["left_out"] for row in area] == ["1"] * 2 + ["2"] * 2  # alone and walking
    assert all(row["outside"] > 0 and row["auroc"] > 0.9 for row in area)


def test_auroc_is_the_chance_that_a_positive_is_higher() -> None:
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 9, 200).astype(float), rng.integers(-3, 6, 300).astype(float)
    pairs = positive[:, None] - negative
    assert auroc(positive, negative) == pytest.approx((pairs > 0).mean() + 0.5 * (pairs == 0).mean())
    assert math.isnan(auroc(positive, np.array([np.nan])))


def test_walks_of_one_route_have_no_area_to_leave_out(bags: Path, tmp_path: Path) -> None:
    walks = [f"--{side}={bags / name}" for side, name in (("train", "walk_1_0"), ("test", "walk_1_1"))]
    printed = mail_ros(
        "benchmark", "accuracy", "--quick", *walks, "--out", tmp_path, "--methods", "chance", "--study=area"
    )
    assert "left out, since walks name no second route or floor: area" in printed


def test_attention_is_shared_out(run: Path) -> None:
    for method in METHODS[1:]:
        of_method = [row for row in rows(run, "attention") if row["method"] == method]
        assert [row["scale_s"] for row in of_method] == [1.0, 2.0, 3.0, 4.0, 5.0, 10.0]
        for column in ("mean_weight", "top_weight"):
            assert sum(row[column] for row in of_method) == pytest.approx(1.0)
    uniform = [row for row in rows(run, "attention") if row["method"] == "mail_uniform"]
    assert all(row["top_weight"] == pytest.approx(1 / 6) for row in uniform)


def test_pieces_neither_overlap_nor_leave_gaps_and_most_are_found(run: Path) -> None:
    found = {row["scale_s"]: row for row in rows(run, "anomalies")}
    assert found[1.0]["pieces"] == pytest.approx(2 * found[2.0]["pieces"], abs=2)
    assert found[5.0]["found_fraction"] > 0.5
    estimates = read_csv(run / "cells" / "floor_0" / "subsequence_scale_2s" / "estimates.csv")
    for bag in {one.bag for one in estimates}:
        assert set(np.diff([one.estimate.stamp_ns for one in estimates if one.bag == bag])) == {2_000_000_000}
    assert found[2.0]["found_fraction"] == np.mean([one.error_m <= 1.0 for one in estimates])


def test_an_unknown_study_is_one_clear_line(bags: Path, tmp_path: Path) -> None:
    error = mail_ros("benchmark", "accuracy", "--data", bags, "--out", tmp_path, "--study", "length,users", code=1)
    assert "--study: wanted some of length, scales, loss, attention, speed" in error
    assert "found users" in error
    assert NAMED_IN_HELP.startswith(", ".join(STUDIES))


def test_methods_restrict_a_study_to_what_makes_sense() -> None:
    plain = ["chance", "knn", "jang", *MAIL]
    assert STUDIES["length"].methods([], plain) == ["mail", "mail_heatmap", "knn"]
    assert STUDIES["length"].methods(["dtw", "knn"], plain) == ["knn"]
    assert STUDIES["length"].methods(["dtw"], plain) == ["dtw"]
    assert STUDIES["loss"].methods([], plain) == ["jang", *MAIL]
    assert STUDIES["speed"].methods([], plain) == plain
    assert STUDIES["anomalies"].methods(["knn"], plain) == ["subsequence"]
    with pytest.raises(ConfigError, match=r"wanted one of mail, .* for the study attention, found knn"):
        STUDIES["attention"].methods(["knn"], plain)
    assert [study.name for study in chosen(["speed, length", "speed"])] == ["length", "speed"]


def test_another_window_gives_other_lengths_cells_of_their_own(bags: Path, tmp_path: Path) -> None:
    """The plain run counts from 5 s on then, the study from 11 s: these may not share results."""
    config = run_config(["sampling.rate_hz=10", "sampling.length_s=4", "mail.scales_s=[1,4]"])
    bench = Bench(split(read_walks(sorted(bags.iterdir())), "last-round"), config, 1.0, tmp_path, settled(config))
    parts = STUDIES["length"].parts(bench, ["mail"])
    cells = merge([*bench.cells(["mail"]), *(part.cell for part in parts)])
    assert len(cells) == 1 + 5
    assert [part.cell.config.mail.scales_s for part in parts] == [(1, 2), (1, 4), (1, 4, 6), (1, 4, 8), (1, 4, 10)]


def test_the_report_shows_every_study(run: Path, tmp_path: Path) -> None:
    other = shutil.copytree(run, tmp_path / "other" / "run")
    floors, studies = read_runs([run, other])
    assert [study.name for study in studies] == [*STUDIES, *STUDIES]
    assert len({floor.run for floor in floors}) == len({study.run for study in studies}) == 2
    write_page(tmp_path / "page.html", floors, studies)
    text = (tmp_path / "page.html").read_text()
    text = text[text.index('<section class="study"') :]
    assert len(re.findall(r'<section class="study"', text)) == 2 * len(STUDIES)
    for row in rows(run, "length"):
        assert f"<td>{row['mean_m']:.2f}</td>" in text
    numbers = json.loads(unescape(re.findall(r'<script id="numbers".*?>(.*?)</script>', text)[0]))
    assert set(numbers["charts"]) == set(re.findall(r'class="plot chart" id="(.*?)"', text))


def test_the_tables_as_markdown_hold_what_the_run_found(run: Path, tmp_path: Path) -> None:
    mail_ros("report", run, "--out", tmp_path / "page.html", "--tables", tmp_path / "docs" / "tables.md")
    text = (tmp_path / "docs" / "tables.md").read_text()
    assert len(re.findall("^## ", text, flags=re.MULTILINE)) == 1 + len(STUDIES)
    assert "--set sampling.rate_hz=10" in text
    for row in rows(run, "length"):
        assert f"| 0 | {row['method']} | {row['length_s']:g} | {row['estimates']:,} | {row['mean_m']:.2f} |" in text
    for row in json.loads((run / "accuracy.json").read_text()):
        assert f"| {row['method']} | {row['metrics']['estimates']:,} | {row['metrics']['mean_m']:.2f} |" in text
    widths = [{line.count("|") for line in part.splitlines() if line.startswith("|")} for part in text.split("\n\n")]
    assert all(len(width) <= 1 for width in widths)


def test_a_chart_holds_the_numbers_of_its_table(run: Path) -> None:
    (study,) = (study for study in read_studies(run) if study.name == "speed")
    mean, _ = charts(study, 0)
    assert mean.x == ["as walked", "1 m/s", "1.2 m/s", "1.4 m/s"]
    for row in study.rows:
        value = mean.series[row["method"]][mean.x.index(row["condition"])]
        assert value is not None
        assert value == row["mean_m"]
        assert mean.range[0] < value < mean.range[1]


def test_a_study_of_other_results_is_refused(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    shutil.copy(copy / "cells/floor_0/knn/cell.json", copy / "cells/floor_0/mail_uniform/cell.json")
    with pytest.raises(MailError, match=r"loss\.json: wanted a table .*, found one of other results; .* --study loss"):
        read_studies(copy)
    (copy / "studies" / "length.json").write_text("{")
    with pytest.raises(MailError, match=r"length\.json: wanted complete results"):
        read_studies(copy)


@pytest.mark.process
@needs_chromium
def test_charts_are_drawn_in_a_browser(run: Path, tmp_path: Path) -> None:
    mail_ros("report", run, "--out", tmp_path / "page.html")
    with chromium(tmp_path / "profile") as browser:
        browser.open(tmp_path / "page.html")
        browser.wait("document.body && document.body.dataset.drawn")
        drawn = browser.run("[...document.querySelectorAll('.chart')].map(c => c.querySelectorAll('.trace').length)")
        assert len(drawn) == sum(len(charts(study, 0)) for study in read_studies(run))
        assert min(drawn) >= 1
        assert browser.complaints() == []
