"""MAIL from row to row against passes over the window: the same predictions, in memory that does not grow."""

import gc
import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from helpers import tiny_mail
from hypothesis import given, settings
from hypothesis import strategies as st
from imported_bags import import_file
from shared_walks import LOGS, needs_logs

from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.mail.streaming import MailWindow
from mail_ros.core.models.mail_config import AttentionKind, HeadKind, MailConfig
from mail_ros.core.models.model import Query
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.signal.window import GradientKind, Window
from mail_ros.core.types import FloatArray, Prediction, Row
from mail_ros.data.bag import read_track


class Pair(NamedTuple):
    """Two predictions of one window."""

    streamed: Prediction
    whole: Prediction


class Windows:
    """One signal in a streamed window, and in a plain one that every prediction passes over."""

    def __init__(self, model: Mail, stride: int) -> None:
        self.model, self.stride = model, stride
        self.streamed, self.plain = model.window(stride), Window(model.samples, 3, stride)
        assert isinstance(self.streamed, MailWindow)

    def clear(self) -> None:
        for window in (self.streamed, self.plain):
            window.clear()

    def drive(self, first: int, count: int, *, seed: int = 0, late: int = 0) -> list[Pair]:
        """Append a random walk; the pairs of all windows, each predicted `late` rows after its end."""
        pairs = []
        for index, value_ut in enumerate(drawn(seed, count), start=first):
            for window in (self.streamed, self.plain):
                window.append(Row(index, value_ut))
            if self.streamed.full and index == self.streamed.end_index + late:
                pairs.append(
                    Pair(*(self.model.predict(each, Query(np.zeros(3))) for each in (self.streamed, self.plain)))
                )
        return pairs


def assert_alike(pairs: Sequence[Pair]) -> None:
    for streamed, whole in pairs:
        assert streamed.attention == pytest.approx(whole.attention, abs=1e-5)
        if whole.posterior is None:
            assert streamed.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-4)
        else:
            assert streamed.posterior is not None
            assert streamed.posterior.position_m == pytest.approx(whole.posterior.position_m, abs=1e-4)


@st.composite
def networks(draw: st.DrawFn) -> Mail:
    length = draw(st.integers(4, 40))
    scales = draw(st.lists(st.integers(2, length), min_size=1, max_size=4, unique=True))
    gradient: GradientKind = draw(st.sampled_from(("lag", "first")))
    attention: AttentionKind = draw(st.sampled_from(("adaptive", "uniform", "constant")))
    head: HeadKind = draw(st.sampled_from(("regression", "heatmap")))
    mail = MailConfig(
        gradient=gradient,
        lag_s=draw(st.integers(1, 8)) / 10.0,
        scales_s=tuple(scale / 10.0 for scale in sorted(scales)),
        hidden=draw(st.integers(1, 6)),
        feature=4,
        attention=attention,
        head=head,
    )
    config = ModelConfig(sampling=TimeSampling(rate_hz=10.0, length_s=length / 10.0), mail=mail)
    return tiny_mail(config)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 17), st.integers(0, 10**9), st.integers(0, 60), st.integers(0, 16))
def test_any_network_streamed_equals_the_window_pass(
    model: Mail, stride: int, first: int, hole: int, late: int
) -> None:
    """Also after a hole, after `clear`, where time is set back, and where rows came after the window's end."""
    windows, count, late = Windows(model, stride), model.samples + 3 * stride, late % stride
    pairs = windows.drive(first, count, late=late)
    assert len(pairs) >= 2 + (late == 0)
    pairs += windows.drive(first + count + hole, count, seed=1, late=late)
    windows.clear()
    pairs += windows.drive(first, count, seed=2, late=late)
    assert len(pairs) >= 6 + 3 * (late == 0)
    assert_alike(pairs)


def drawn(seed: int, count: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 2.0, (count, 3)).cumsum(axis=0)


@pytest.mark.slow
def test_the_papers_configuration_is_streamed() -> None:
    model = tiny_mail(ModelConfig(mail=MailConfig(head="regression")))
    for stride in (1, 5):
        pairs = Windows(model, stride).drive(10**12, 700)  # 14 s at 50 Hz
        assert len(pairs) > 30
        assert_alike(pairs)


@pytest.mark.slow
@needs_logs
@pytest.mark.parametrize(("head", "stride_s"), [("regression", 0.02), ("heatmap", 0.1)])
def test_a_real_walk_is_streamed(head: HeadKind, stride_s: float, tmp_path: Path) -> None:
    """A phone's field through the localizer, in the paper's configuration; every twentieth estimate is compared."""
    log = LOGS / "IPIN2023_T3_TrainingTrial23_repetition03.txt.gz"
    track = read_track(import_file("ipin", log, tmp_path))
    model = tiny_mail(ModelConfig(mail=MailConfig(head=head)))
    localizer = compose(model, "none", stride_s)
    assert isinstance(localizer.window, MailWindow)
    estimates = 0
    for sample in track.samples():
        estimate = localizer.push(sample)
        estimates += estimate is not None
        if estimate is not None and estimates % 20 == 0:
            whole = model.head.posterior(model(localizer.window.values[None].astype(np.float32)).raw[0])
            assert estimate.position_m == pytest.approx(whole.position_m, abs=1e-4)
    assert estimates > 500


@pytest.mark.slow
def test_neither_memory_nor_error_grows() -> None:
    """Nothing is left behind by many rows, with and without holes; `MAIL_ROS_ROWS=1000000` is the long form."""
    model = tiny_mail()
    windows, rows = Windows(model, 5), int(os.environ.get("MAIL_ROS_ROWS", "20000"))
    window = windows.streamed
    windows.drive(0, 2 * window.length)
    field_ut = drawn(3, 1000)
    for every in (10**9, window.length // 2):  # one row of so many is missing: no window fills
        tracemalloc.start()
        held = []
        for index in range(rows):
            window.append(Row(index + index // every, field_ut[index % 1000]))
            if window.full and index % 5 == 0:
                model.predict(window, Query(np.zeros(3)))
            if index in (rows // 2, rows - 1):
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert held[1] - held[0] < 10_000  # bytes
    assert_alike(windows.drive(2 * rows, 2 * window.length, seed=4))
