"""The methods that `speed` times: every baseline, and a step of training."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.speed.models import surveys
from benchmarks.speed.parts import Part, Step
from mail_ros.data.dataset import WindowSet
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.simulator.drive import drive
from mail_ros.evaluation.methods import METHODS, Fit
from mail_ros.training.loop import Trainer
from mail_ros.training.network import untrained
from mail_ros.training.run_config import run_config
from mail_ros.training.run_folder import RunFolder

TIMED = ("knn", "dtw", "jang", "magicol", "maloc", "mail", "matching")  # methods that estimate without other methods
BRIEF = ("training.epochs=1", "training.stride_s=10")  # the cost of a network does not depend on its weights


def baselines() -> Iterator[Part]:
    """Every method of `TIMED`, fitted to two simulated surveys; ten estimates a second."""
    for name in TIMED:
        yield Part("methods", name, partial(_method, name), 10.0)


def trainings() -> Iterator[Part]:
    """A step of the heatmap network's training: a batch of windows cut, augmented, forward and back."""
    for rate_hz in (10, 50):
        yield Part("training", f"a step of 256 windows at {rate_hz} Hz", partial(_training, rate_hz), 1.0, "hidden 32")


def _method(name: str) -> Step:
    """A step to the next estimate of a long drive."""
    with tempfile.TemporaryDirectory() as folder:
        fit = Fit(surveys(), run_config(BRIEF), 0.1, Path(folder))
        localizer = METHODS[name].fit(fit).localizer("none", 0.1)
    samples = drive(demo_building(), seed=3, length_m=200.0).track("drive").samples()

    def step(_: int) -> object:
        while (estimate := localizer.push(next(samples))) is None:
            pass
        return estimate

    step(0)  # until the window is full
    return step


def _training(rate_hz: int) -> Step:
    config = run_config((f"sampling.rate_hz={rate_hz}", "training.stride_s=0.1"))
    windows = WindowSet(surveys(), config.model, config.stride)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(config, untrained(config, windows), windows, None, RunFolder(Path(folder)))
    batches = trainer.batches(0)[:-1]
    return lambda number: trainer.step(number, *batches[number % len(batches)])
