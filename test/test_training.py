"""Training: learns, repeats itself, goes on where it stopped, and refuses what it cannot use."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from helpers import START_NS, synthetic_walk
from safetensors.numpy import load_file

from mail_ros.cli.benchmark import BASE
from mail_ros.core.errors import ConfigError, MailError, TrackError
from mail_ros.core.models.heads import RegressionHead
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.model_file import load_model
from mail_ros.core.platform.robot_file import Robot
from mail_ros.data.dataset import WindowSet
from mail_ros.data.walk_writer import write_walk
from mail_ros.evaluation.methods import METHODS, Fit, WindowMethod
from mail_ros.training import loop
from mail_ros.training.loop import Progress
from mail_ros.training.run_config import PRESETS, RunConfig, run_config
from mail_ros.training.survey_bags import Survey, labelled_track
from mail_ros.training.train import train

SETTINGS = [
    "sampling.rate_hz=20",
    "mail.lag_s=0.2",
    "sampling.length_s=2",
    "mail.scales_s=[0.5, 2]",
    "mail.hidden=16",
    "training.batch=64",
    "training.stride_s=0.1",
    "training.learning_rate=0.01",
]


def config(*more: str) -> RunConfig:
    return run_config([*SETTINGS, *more])


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    """Two walks to learn from and one to validate on, along the same circle."""
    bags = [synthetic_walk(60.0, 50.0, seed=seed).write(tmp_path / f"walk{seed}") for seed in range(3)]
    return Survey(bags[:2], bags[2:])


def quiet(_: Progress) -> None:
    """No progress bar."""


@pytest.mark.slow
@pytest.mark.parametrize("head", ["regression", "heatmap"])
def test_a_network_learns_a_walk(survey: Survey, tmp_path: Path, head: str) -> None:
    """Chance, always answering the centre of the circle, is 5 m."""
    card = train(
        config(f"mail.head={head}", "training.epochs=40"),
        survey,
        tmp_path / "m.safetensors",
        tmp_path / "run",
        resume=False,
        report=quiet,
    )
    assert card.metrics["mean_m"] < 1.0
    model, loaded, _ = load_model(tmp_path / "m.safetensors")
    assert (loaded.config, loaded.metrics) == (card.config, card.metrics)
    assert [entry["bag"] for entry in loaded.training["bags"]["train"]] == ["walk0", "walk1"]
    if isinstance(model.head, RegressionHead):
        residual_m = float(np.trace(model.head.covariance_m2)) ** 0.5
        assert residual_m == pytest.approx(card.metrics["mean_m"], rel=1.0)


@pytest.mark.process
def test_training_a_matching_model_loads_no_torch(survey: Survey, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from mail_ros.cli.main import app\n"
        f"app({['train', *map(str, survey.train), '--out', str(tmp_path / 'm'), '--run', str(tmp_path / 'run')]},"
        " standalone_mode=False)\n"
        "assert 'mail_ros.training.train' in sys.modules\n"
        "assert 'torch' not in sys.modules, 'loaded'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "m").card.config.kind == "matching"


@pytest.mark.slow
def test_a_run_without_validation_walks_trains_on_all_or_holds_out_the_latest_of_each_route(tmp_path: Path) -> None:
    bags = []
    for number, route in enumerate(("a", "b", "a", "b", "c")):
        walk = synthetic_walk(30.0, 50.0, start_ns=START_NS + number * 100_000_000_000, seed=number)
        bags.append(tmp_path / f"walk{number}")
        write_walk(bags[-1], walk.stamp_ns, walk.field_ut, walk.landmarks, custom={"route": route})
    survey = Survey(bags)
    held = survey.split(needs_validation=True)
    assert (held.train, held.validate) == ([bags[0], bags[1], bags[4]], [bags[2], bags[3]])
    assert held.split(needs_validation=False) is held
    everything = survey.split(needs_validation=False)
    assert (everything.train, everything.validate) == (bags, [])
    with pytest.raises(TrackError, match="walk0: wanted a walk to validate on"):
        Survey(bags[:1]).split(needs_validation=True)
    assert [run_config([], preset).needs_validation for preset in PRESETS] == [False, False, False, True, False]

    settings = config("kind=matching")
    card = train(settings, survey, tmp_path / "m", tmp_path / "run", resume=False, report=quiet)
    assert (len(card.training["bags"]["train"]), card.training["bags"]["validate"], card.metrics) == (5, [], {})


def test_bags_without_routes_hold_out_the_latest(survey: Survey) -> None:
    held = Survey([*survey.train, *(survey.validate or [])]).split(needs_validation=True)
    assert [bag.name for bag in held.validate or []] == ["walk2"]


@pytest.mark.slow
def test_the_preset_paper_trains_the_row_mail_of_the_benchmark(survey: Survey, tmp_path: Path) -> None:
    quick = ["mail.hidden=4", "training.epochs=2", "training.stride_s=2"]
    tracks = [labelled_track(bag) for bag in survey.train]
    row = METHODS["mail"].fit(Fit(tracks, run_config([*BASE, *quick]), 0.2, tmp_path / "row"))
    assert isinstance(row, WindowMethod)
    for validate in (None, survey.validate):
        name = "alone" if validate is None else "validated"
        train(
            run_config(quick, "paper"),
            dataclasses.replace(survey, validate=validate),
            tmp_path / name,
            tmp_path / f"{name}_run",
            resume=False,
            report=quiet,
        )
        windows = WindowSet(tracks, row.model.config, 2.0)
        rows = windows.fields(windows.ends[:5])
        assert isinstance(row.model, Mail)
        assert np.array_equal(load_model(tmp_path / name).model(rows).raw, row.model(rows).raw)
    assert load_model(tmp_path / "alone").card.tracker == "none"


@pytest.mark.slow
def test_matching_stores_a_walk_instead_of_training(survey: Survey, tmp_path: Path) -> None:
    settings = config("kind=matching", "matching.stride_s=0.1")
    card = train(settings, survey, tmp_path / "m.safetensors", tmp_path / "run", resume=False, report=quiet)
    assert card.metrics["mean_m"] < 1.0
    loaded = load_model(tmp_path / "m.safetensors").card
    assert (loaded.config, loaded.cells, "best_epoch" in loaded.training) == (card.config, card.cells, False)


@pytest.mark.slow
def test_a_seed_gives_one_model_and_another_seed_another(survey: Survey, tmp_path: Path) -> None:
    def weights(name: str, *more: str) -> npt.NDArray[np.float32]:
        out = tmp_path / f"{name}.safetensors"
        train(config("training.epochs=2", *more), survey, out, tmp_path / name, resume=False, report=quiet)
        weight: npt.NDArray[np.float32] = load_file(out)["scales.0.gru.weight_hh_l0"]
        return weight

    assert np.array_equal(weights("a"), weights("b"))
    assert not np.array_equal(weights("a2"), weights("c", "training.seed=1"))


@pytest.mark.slow
def test_an_interrupted_run_resumes_to_the_same_model(survey: Survey, tmp_path: Path) -> None:
    settings = config("training.epochs=4")
    train(settings, survey, tmp_path / "whole.safetensors", tmp_path / "whole", resume=False, report=quiet)

    def interrupt(now: Progress) -> None:
        if now.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(settings, survey, tmp_path / "cut.safetensors", tmp_path / "cut", resume=False, report=interrupt)
    assert not (tmp_path / "cut.safetensors").exists()
    train(settings, survey, tmp_path / "cut.safetensors", tmp_path / "cut", resume=True, report=quiet)

    whole, cut = (load_file(tmp_path / f"{name}.safetensors") for name in ("whole", "cut"))
    assert all(np.array_equal(whole[name], cut[name]) for name in whole)
    epochs = [json.loads(line)["epoch"] for line in (tmp_path / "cut" / "metrics.jsonl").read_text().splitlines()]
    assert epochs == [0, 1, 2, 3]


@pytest.mark.slow
def test_it_stops_when_validation_no_longer_improves(
    survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_m = iter([3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 9.9, 9.9])
    monkeypatch.setattr(loop, "residuals_m", lambda *_: np.array([[next(measured_m), 0.0]]))
    settings = config("training.epochs=8", "training.patience=3")
    card = train(settings, survey, tmp_path / "m.safetensors", tmp_path / "run", resume=False, report=quiet)
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 5
    assert card.training["best_epoch"] == 1


@pytest.mark.slow
def test_a_run_folder_is_not_overwritten_nor_resumed_with_other_settings(survey: Survey, tmp_path: Path) -> None:
    def run(*more: str, resume: bool = False) -> None:
        train(config("training.epochs=1", *more), survey, tmp_path / "m", tmp_path / "run", resume=resume, report=quiet)

    with pytest.raises(MailError, match="wanted a run to resume, found none"):
        run(resume=True)
    run()
    with pytest.raises(MailError, match="wanted a folder without a run, found a run; add --resume"):
        run()
    with pytest.raises(
        ConfigError, match=r"settings.mail.scales_s: wanted \[0.5, 2.0\] as the run began, found \[1.0, 2.0\]"
    ):
        run("mail.scales_s=[1, 2]", resume=True)
    run(resume=True)


def test_walks_it_cannot_use_are_refused_before_anything_is_written(survey: Survey, tmp_path: Path) -> None:
    unlabelled = synthetic_walk()._replace(landmarks=()).write(tmp_path / "unlabelled")
    upstairs = synthetic_walk(30.0, floor=1).write(tmp_path / "upstairs")

    def run(bags: Survey) -> None:
        train(
            config("mail.head=regression", "training.epochs=1"),
            bags,
            tmp_path / "m",
            tmp_path / "run",
            resume=False,
            report=quiet,
        )

    with pytest.raises(TrackError, match="walk0: wanted walks that are either for training or held out"):
        run(Survey(survey.train, survey.train[:1]))
    with pytest.raises(TrackError, match="unlabelled: wanted a walk with known positions: landmarks on /landmark,"):
        run(Survey([unlabelled], survey.validate))
    with pytest.raises(TrackError, match=r"one floor for the regression head, found floors \[0, 1\]"):
        run(Survey([*survey.train, upstairs], survey.validate))
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_a_model_keeps_what_was_known_of_the_robot_that_carried_the_sensor(survey: Survey, tmp_path: Path) -> None:
    """And a run goes on with the same robot only: its field is another one."""
    carried = dataclasses.replace(survey, robot=Robot((1.0, 0.0, 0.0, 0.0)))
    settings, model, run = config("kind=matching", "training.epochs=1"), tmp_path / "m", tmp_path / "run"
    card = train(settings, carried, model, run, resume=False, report=quiet)
    assert card.training["robot"]["mount_xyzw"] == (1.0, 0.0, 0.0, 0.0)
    assert load_model(model)[1].training["robot"]["mount_xyzw"] == [1.0, 0.0, 0.0, 0.0]
    with pytest.raises(ConfigError, match="robot"):
        train(settings, survey, model, run, resume=True, report=quiet)


@pytest.mark.slow
def test_the_heatmap_has_several_floors(survey: Survey, tmp_path: Path) -> None:
    upstairs = synthetic_walk(30.0, floor=1).write(tmp_path / "upstairs")
    bags = Survey([*survey.train, upstairs], survey.validate)
    settings = config("mail.head=heatmap", "training.epochs=1")
    card = train(settings, bags, tmp_path / "m", tmp_path / "run", resume=False, report=quiet)
    assert card.floors == (0, 1)
    assert card.cells > 100
