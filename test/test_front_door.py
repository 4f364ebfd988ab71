"""`Localizer.push` reads like an algorithm box: few calls in few files, one comparison and one decoding at most."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from simulated_tracks import drive, surveys

import mail_ros
from mail_ros.core import belief
from mail_ros.core.config import TrackerChoice
from mail_ros.core.filter import grid_filter, single_window
from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models import heads
from mail_ros.core.models.matching.matching import Matching
from mail_ros.core.models.model_file import build
from mail_ros.core.types import Estimate, Sample
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching

MAX_CALLS, MAX_FILES = 60, 12
PACKAGE = str(Path(mail_ros.__file__).parent)
STRIDE_S = 0.1
TRACKERS: tuple[TrackerChoice, ...] = ("none", "walking", "odometry")
FILTERED = TRACKERS[1:]


@pytest.fixture(scope="module")
def model() -> Matching:
    """A model in the device's axes."""
    config = run_config(["kind=matching", "sampling.rate_hz=10", "sampling.length_s=6"])
    matching = build(config.model, fit_matching(config, WindowSet(surveys(), config.model, config.stride)))
    assert isinstance(matching, Matching)
    return matching


@pytest.fixture(scope="module")
def walk() -> Track:
    return drive(length_m=30.0)


def calls_of(push: Callable[[Sample], Estimate | None], sample: Sample) -> Counter[tuple[str, str]]:
    """Calls of the package's functions while a sample is pushed, by file and function."""
    calls: Counter[tuple[str, str]] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            calls[code.co_filename[len(PACKAGE) + 1 :], code.co_name] += 1

    sys.setprofile(count)
    try:
        push(sample)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("tracker", FILTERED)
def test_a_push_of_a_filtered_model_is_few_calls_in_few_files(
    model: Matching, walk: Track, tracker: TrackerChoice
) -> None:
    localizer = compose(model, tracker, STRIDE_S)
    pushes = [calls_of(localizer.push, sample) for sample in walk.samples()]
    most_calls = max(pushes, key=Counter.total)
    most_files = max(len({file for file, _ in push}) for push in pushes)
    lines = [f"{count:3d} {file} {name}" for (file, name), count in sorted(most_calls.items())]
    measured = f"worst push: {most_calls.total()} calls, {most_files} files\n" + "\n".join(lines)
    print(measured)
    assert most_calls.total() > 30, "a push that updates was counted"
    assert most_calls.total() <= MAX_CALLS and most_files <= MAX_FILES, measured


@pytest.mark.slow
def test_single_windows_compare_every_stride_and_a_filter_only_when_an_update_is_due(
    model: Matching, walk: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walking person's belief moves every half second, five strides of a tenth."""
    predictions = [0]
    predict = Matching.predict

    def counted(*args: Any) -> Any:
        predictions[0] += 1
        return predict(*args)

    monkeypatch.setattr(Matching, "predict", counted)
    compared = {}
    for tracker in TRACKERS:
        localizer = compose(model, tracker, STRIDE_S)
        due, estimates = watch_updates(localizer, monkeypatch), 0
        predictions[0] = 0
        for sample in walk.samples():
            estimates += localizer.push(sample) is not None
        compared[tracker] = predictions[0]
        assert predictions[0] == due.count(True)
        assert len(due) == estimates > 100
    assert compared["none"] == estimates
    assert compared["walking"] == pytest.approx(estimates / 5, rel=0.05)
    assert 0 < compared["odometry"] < estimates / 3


def watch_updates(localizer: Localizer, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the filter's `update_due` returns from now on."""
    due: list[bool] = []
    update_due = localizer.filter.update_due

    def watched() -> bool:
        due.append(update_due())
        return due[-1]

    monkeypatch.setattr(localizer.filter, "update_due", watched)
    return due


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_belief_is_decoded_at_most_once_per_estimate(
    model: Matching, walk: Track, tracker: TrackerChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = [0]
    decode = belief.decode

    def counted(*args: Any) -> Any:
        decoded[0] += 1
        return decode(*args)

    for module in (belief, grid_filter, single_window, heads):
        monkeypatch.setattr(module, "decode", counted)
    localizer, worst, total = compose(model, tracker, STRIDE_S), 0, 0
    for sample in walk.samples():
        decoded[0] = 0
        estimate = localizer.push(sample)
        assert estimate is not None or decoded[0] == 0
        worst, total = max(worst, decoded[0]), total + decoded[0]
    assert worst == 1
    assert total > 30
