"""The report: whole, the same numbers as the table, nothing from outside, and clear about what it cannot read."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import chromium, needs_chromium
from helpers import START_NS, synthetic_walk
from small_benchmark import benchmarked
from test_cli import mail_ros

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.plan_image import OCCUPIED
from mail_ros.evaluation.metrics import Metrics, metric_columns, metric_row
from mail_ros.evaluation.protocol import Split, read_walks
from mail_ros.evaluation.report.page import write_page
from mail_ros.evaluation.report.runs import read_run
from mail_ros.evaluation.report.views import colours, confusions, short_names

pytestmark = pytest.mark.slow


METHODS = ("chance", "knn", "mail_heatmap")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark of two floors with two walks to be judged on each."""
    folder = tmp_path_factory.mktemp("report")
    for floor in (-1, 2):
        for number in range(3):
            walk = synthetic_walk(40.0, 50.0, floor=floor, seed=number, start_ns=START_NS + number * 3600 * NS_PER_S)
            walk.write(folder / "bags" / f"floor_{floor}_walk_{number}")
    bags = sorted((folder / "bags").iterdir())
    parts = Split(*(read_walks([bag for bag in bags if bag.name.endswith("_0") == taught]) for taught in (True, False)))
    return benchmarked(parts, METHODS, folder / "run <1>", "training.stride_s=4")


@pytest.fixture(scope="module")
def page(run: Path) -> Path:
    printed = mail_ros("report", run, "--out", run.parent / "out" / "report.html").splitlines()
    assert re.fullmatch(rf"report: {run.parent}/out/report.html \(\d\.\d MB\)", printed[-1])
    return run.parent / "out" / "report.html"


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """The run's folder, to be spoilt."""
    return shutil.copytree(run, tmp_path / "run")


def accuracy(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((run / "accuracy.json").read_text())
    return rows


def own(page: Path) -> str:
    """The page without plotly.js."""
    text = page.read_text()
    start = text.index("<script>")
    return text[:start] + text[text.index("</script>", start) :]


def cells(table: str) -> list[list[str]]:
    rows = re.findall(r"<tr.*?</tr>", table)
    return [[unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_the_page_holds_every_method_and_every_floor(run: Path, page: Path) -> None:
    text = own(page)
    assert re.findall(r"<h2>(.*?) <small>", text) == ["Floor −1", "Floor 2"]
    assert text.count("1 walks for training, 2 for testing") == 2
    tables = re.findall(r'<table class="metrics">.*?</table>', text)
    assert [{row[0] for row in cells(table)[1:]} for table in tables] == [set(METHODS)] * 2
    assert text.count("mean error against the best baseline, knn: mail_heatmap") == 2
    assert "--set training.epochs=1" in text
    assert "run &lt;1&gt;" in text
    assert page.stat().st_size < 8e6


def test_the_best_method_may_be_one_that_reads_no_window(run: Path, tmp_path: Path) -> None:
    """A particle filter, for example, whose settings are its own."""
    floors = read_run(run)
    for floor in floors:
        floor.results[0].inputs["config"] = {}
    assert all(floor.scales_s == [1, 2, 3, 4, 5, 10] for floor in floors)
    write_page(tmp_path / "page.html", floors)


def test_the_tables_are_those_of_the_run(run: Path, page: Path) -> None:
    tables = re.findall(r'<table class="metrics">.*?</table>', page.read_text())
    for floor, table in zip((-1, 2), tables, strict=True):
        head, *shown = cells(table)
        assert head == ["", *metric_columns(), "ms"]
        wanted = [row for row in accuracy(run) if row["floor"] == floor]
        wanted.sort(key=lambda row: float(row["metrics"]["mean_m"]))
        assert shown == [
            [row["method"], *metric_row(Metrics(**row["metrics"])), f"{row['estimate_ms']:.2f}"] for row in wanted
        ]


def test_nothing_is_loaded_from_elsewhere(page: Path) -> None:
    text = own(page)
    assert "default-src 'none'" in text  # the browser holds plotly.js to it too
    assert not re.search(r"(src|href)=[\"'](?!#|data:)", text)
    assert "http" not in re.sub(r"http-equiv", "", text)


def numbers_of(page: Path) -> Any:
    return json.loads(re.findall(r'<script id="numbers".*?>(.*?)</script>', page.read_text())[0])


def test_the_curves_are_drawn_from_all_estimates(run: Path, page: Path) -> None:
    numbers = numbers_of(page)
    for row in accuracy(run):
        drawn = numbers["floor-0" if row["floor"] == -1 else "floor-1"]["methods"][row["method"]]["cdf_m"]
        assert drawn[100] == pytest.approx(row["metrics"]["median_m"], abs=1e-3)
        assert drawn[180] == pytest.approx(row["metrics"]["p90_m"], abs=1e-3)
    attention = numbers["floor-0"]["trajectories"]["mail_heatmap"]["floor_-1_walk_1"]["attention"]
    assert len(attention) == 6
    assert np.sum(attention, axis=0) == pytest.approx(1.0, abs=0.01)
    assert numbers["floor-0"]["trajectories"]["knn"]["floor_-1_walk_1"]["attention"] == []


def test_every_confusion_is_counted_once(run: Path) -> None:
    for floor in read_run(run):
        found = confusions(floor, "chance")
        error_m = floor.error_m("chance")
        assert found["estimates"].sum() == len(error_m)
        assert found["wrong"].sum() == (error_m > 5.0).sum() >= found["times"].sum() > 0
        assert (np.diff(found["times"]) <= 0).all()


def test_several_runs_share_a_page_and_colours(run: Path, copy: Path, tmp_path: Path) -> None:
    floors = [*read_run(run), *read_run(copy)]
    write_page(tmp_path / "both.html", floors)
    headings = re.findall(r"<h2>(.*?) <small>", own(tmp_path / "both.html"))
    assert headings == ["run &lt;1&gt;, floor −1", "run &lt;1&gt;, floor 2", "run, floor −1", "run, floor 2"]
    assert colours(["knn", "mail"])["knn"] == colours(["chance", "knn", "new"])["knn"]
    assert len(set(colours(["mail_a", "mail_b", "a", "b"]).values())) == 4


def test_a_walk_without_an_estimate_is_shown_as_one(copy: Path, tmp_path: Path) -> None:
    """One that is shorter than the window, beside a longer one."""
    for cell in (copy / "cells").glob("*/*"):
        head, *lines = (cell / "estimates.csv").read_text().splitlines(keepends=True)
        (cell / "estimates.csv").write_text("".join([head, *(line for line in lines if "walk_2" not in line)]))
    rows = accuracy(copy)
    for row in rows:
        kept = (copy / "cells" / f"floor_{row['floor']}" / row["method"] / "estimates.csv").read_text()
        row["metrics"]["estimates"] = len(kept.splitlines()) - 1
    (copy / "accuracy.json").write_text(json.dumps(rows))
    floors = read_run(copy)
    write_page(tmp_path / "page.html", floors)
    assert "no estimate in this walk" in own(tmp_path / "page.html")


def test_a_plan_lies_behind_the_maps_of_its_floor(run: Path, tmp_path: Path) -> None:
    plan = FloorPlan(np.full((40, 60), OCCUPIED, np.uint8), np.array([-15.0, -10.0]), np.array([15.0, 10.0]))
    floors = read_run(run)
    write_page(tmp_path / "page.html", floors, (), {2: plan})
    shown = {name: floor["plan"] for name, floor in numbers_of(tmp_path / "page.html").items() if name != "charts"}
    assert [len(images) for images in shown.values()] == [0, 1]
    (image,) = list(shown.values())[1]
    assert (image["x"], image["y"], image["sizex"], image["sizey"]) == (-15.0, 10.0, 30.0, 20.0)
    assert "default-src 'none'" in own(tmp_path / "page.html")


def test_names_are_shortened_to_what_differs() -> None:
    assert short_names(["a_Trial01_rep03", "a_Trial12_rep03"]) == ["01", "12"]
    assert short_names(["walk_1", "walk_11"]) == ["1", "11"]
    assert short_names(["same"]) == ["same"]


def refused(folder: Path) -> str:
    with pytest.raises(MailError) as error:
        read_run(folder)
    return str(error.value)


def test_a_folder_that_is_no_run_is_one_clear_line(tmp_path: Path) -> None:
    assert "wanted a folder of `mail_ros benchmark accuracy`, found no accuracy.json" in refused(tmp_path)


def test_an_unfinished_benchmark_is_reported_as_one(copy: Path) -> None:
    (copy / "accuracy.json").unlink()
    assert "found an unfinished benchmark; run it again, finished parts are kept" in refused(copy)


def test_half_written_results_are_refused(copy: Path) -> None:
    file = copy / "accuracy.json"
    file.write_text(file.read_text()[:500])
    assert "accuracy.json: wanted complete results of a benchmark, found" in refused(copy)
    file.write_text("[]")
    assert "found no results" in refused(copy)


@pytest.mark.parametrize("name", ["cell.json", "estimates.csv"])
def test_half_written_cells_are_refused(copy: Path, name: str) -> None:
    file = copy / "cells" / "floor_2" / "knn" / name
    text = file.read_text()
    file.write_text(text[: len(text) // 2])
    assert "floor_2/knn: wanted complete results of a benchmark, found" in refused(copy)
    file.unlink()
    assert "floor_2/knn: wanted complete results of a benchmark, found" in refused(copy)


def test_a_cell_of_another_run_is_refused(copy: Path) -> None:
    file = copy / "cells" / "floor_2" / "knn" / "cell.json"
    content = json.loads(file.read_text())
    content["rows"][0]["key"] = "other"
    file.write_text(json.dumps(content))
    assert "found another result than in accuracy.json" in refused(copy)


@pytest.mark.process
@needs_chromium
def test_it_draws_and_answers_the_mouse_in_a_browser(page: Path, tmp_path: Path) -> None:
    with chromium(tmp_path / "profile") as browser:
        browser.open(page)
        assert browser.wait("document.body && document.body.dataset.drawn") == "2"
        first = "document.querySelector('section')"
        plots = browser.run(f"[...{first}.querySelectorAll('.plot')].map(p => p.querySelectorAll('.trace').length)")
        assert len(plots) == 5
        assert min(plots) >= 3

        curve = browser.run(f"(({{x, y, width, height}}) => [x + width * 0.6, y + height * 0.5])"
                            f"({first}.querySelector('.cdf').getBoundingClientRect())")  # fmt: skip
        browser.hover(*curve)
        shown = browser.wait(f"{first}.querySelector('.cdf .hoverlayer').textContent")
        assert all(method in shown for method in METHODS)

        browser.run(f"{first}.querySelector('tr[data-method=chance] td[data-walk$=walk_2]').click()")
        chosen = f"[...{first}.querySelectorAll('select')].map(pick => pick.value)"
        assert browser.run(chosen) == ["chance", "floor_-1_walk_2"]
        assert browser.run(f"{first}.querySelector('.attender').textContent") == "mail_heatmap"
        assert browser.complaints() == []
        assert [url for url in browser.requested() if not url.startswith("data:")] == [page.resolve().as_uri()]
