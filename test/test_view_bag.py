"""A bag that is looked at goes through the same push as one that is evaluated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import offline_estimates, synthetic_walk, tiny_config, tiny_mail, tiny_model

pytest.importorskip("rerun.chunk", reason="needs rerun-sdk 0.39 or newer: pip install 'mail_ros[view]'")

from recordings import entities, rows, views
from warm_verbs import run_verb

from mail_ros.core.localizer.compose import compose
from mail_ros.data.bag import read_track
from mail_ros.view.bag_view import reference_paths, show_bag
from mail_ros.view.rerun_canvas import Layout, RerunCanvas
from mail_ros.view.scene import Setting, View

ALWAYS = {"field", "status", "rates", "log", "attention", "error", "map"}
ON_THE_FLOOR = {"pose", "region", "path", "hypotheses", "belief", "surveyed", "reference", "truth"}


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return synthetic_walk(10.0).write(tmp_path / "walk")


def shown(bag: Path, out: Path) -> int:
    track = read_track(bag)
    localizer = compose(tiny_mail(tiny_config("heatmap")), "walking", 0.1)
    canvas = RerunCanvas(Layout(error=True), out)
    view = View(canvas, Setting(scales=("0.5 s", "1 s", "2 s"), reference_m=reference_paths(track)))
    count = show_bag(track, localizer, view, {"model": "tiny"}, lambda done: None)
    canvas.close()
    return count


@pytest.mark.slow
def test_what_is_shown_is_what_push_returns(bag: Path, tmp_path: Path) -> None:
    out = tmp_path / "view.rrd"
    count = shown(bag, out)
    estimates = offline_estimates(compose(tiny_mail(tiny_config("heatmap")), "walking", 0.1), bag)
    poses, weights = rows(out, "map/pose"), rows(out, "attention")
    assert count == len(estimates) == len(poses) > 50
    assert [row["stamp"] for row in poses] == [estimate.stamp_ns for estimate in estimates]
    drawn_m = np.array([row["Points2D:positions"][0] for row in poses])
    np.testing.assert_allclose(drawn_m, [estimate.position_m for estimate in estimates], rtol=1e-6)
    np.testing.assert_allclose(
        [row["Scalars:scalars"] for row in weights], [estimate.attention for estimate in estimates]
    )


@pytest.mark.slow
def test_all_that_there_is_to_see_is_in_the_file(bag: Path, tmp_path: Path) -> None:
    out = tmp_path / "view.rrd"
    shown(bag, out)
    assert entities(out) == ALWAYS | {f"map/{name}" for name in ON_THE_FLOOR}
    pages = rows(out, "status")
    assert len(pages) == 9, "once a second"
    assert "| model | tiny |" in pages[-1]["TextDocument:text"][0]
    rates_hz = [row["Scalars:scalars"][0] for row in rows(out, "rates")]
    np.testing.assert_allclose(rates_hz, 100.0, atol=2.0)


@pytest.mark.slow
def test_the_error_is_the_distance_to_where_the_walk_was(bag: Path, tmp_path: Path) -> None:
    out = tmp_path / "view.rrd"
    shown(bag, out)
    truth = {row["stamp"]: np.array(row["Points2D:positions"][0]) for row in rows(out, "map/truth")}
    poses = {row["stamp"]: np.array(row["Points2D:positions"][0]) for row in rows(out, "map/pose")}
    errors = rows(out, "error")
    assert errors
    for row in errors:
        error_m = np.linalg.norm(truth[row["stamp"]] - poses[row["stamp"]])
        assert row["Scalars:scalars"][0] == pytest.approx(error_m, rel=1e-4)


def test_the_reference_is_the_walk_without_what_is_not_known(bag: Path) -> None:
    track = read_track(bag)
    ((floor, (way_m,)),) = reference_paths(track).items()
    assert floor == 0
    np.testing.assert_array_equal(way_m[[0, -1]], track.position_m[track.valid][[0, -1]])
    assert 40 < len(way_m) < 60
    track.valid[400:600] = False
    assert len(reference_paths(track)[0]) == 2
    track.valid[:] = False
    assert reference_paths(track) == {}


@pytest.mark.process
def test_the_verb_writes_a_file_and_prints_how_to_open_it(bag: Path, tmp_path: Path) -> None:
    model, out = tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap")), tmp_path / "view.rrd"
    (tmp_path / "ground.yaml").write_text(
        "image: ground.pgm\nresolution: 0.5\norigin: [-10.0, -10.0, 0.0]\noccupied_thresh: 0.65\nfree_thresh: 0.25"
    )
    (tmp_path / "mill.yaml").write_text("site: mill\nfloors: {0: {plan: ground.yaml}}")
    (tmp_path / "ground.pgm").write_bytes(b"P5 40 40 255\n" + bytes(1600))
    command = [sys.executable, "-m", "mail_ros.cli.main", "view", "--bag", bag, "--model", model, "--out", out]
    command += ["--site-file", tmp_path / "mill.yaml"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.splitlines()[-1] == f"view: {out}   open it: rerun {out}"
    assert views(out) >= {"map", "attention per scale", "error against the survey"}
    (plan,) = rows(out, "map/plan")
    assert plan["Transform3D:translation"] == [[-10.0, 10.0, 0.0]]


def test_a_bag_needs_a_model(bag: Path) -> None:
    done = run_verb("view", "--bag", bag)
    assert done.returncode == 1
    assert done.stderr == "mail_ros: the view: wanted a bag and a model, found --bag alone; give --model as well\n"
