"""MAIL carried from sample to sample against passes over the window: the same answers, in memory that does not grow."""

import dataclasses
import gc
import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from helpers import tiny_config, tiny_mail
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_ros.core.localizer.reader import MailBatch, MailReader, window_answer
from shared_walks import LOGS, needs_logs

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.mail.mail_config import AttentionKind, HeadKind, MailConfig
from mail_ros.core.models.mail.streaming import StreamingMail
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.signal.window import GradientKind
from mail_ros.core.types import FloatArray, Prediction, Row
from mail_ros.data.bag import read_track
from mail_ros.data.importers import import_file


class Pair(NamedTuple):
    """Of one window: what was carried to its end, and what a pass over it gives."""

    carried: Prediction
    whole: Prediction


def drive(readers: Sequence[MailReader], first: int, count: int, seed: int = 0) -> list[Pair]:
    """Random walks at several signals at once; the pairs wherever answers are due, which all are asked for first."""
    field_ut = np.random.default_rng(seed).normal(0.0, 2.0, (count, len(readers), 3)).cumsum(axis=0)
    pairs = []
    for index, values_ut in enumerate(field_ut, start=first):
        due = []
        for reader, value_ut in zip(readers, values_ut, strict=True):
            reader.append(Row(index, value_ut))
            if reader.fill == 1.0 and index % reader.batch.streaming.stride == 0:
                reader.ask(np.zeros(3))
                due.append(reader)
        pairs += [Pair(reader.answer(), window_answer(reader.batch.model, reader.values.copy())) for reader in due]
    return pairs


def assert_alike(pairs: Sequence[Pair]) -> None:
    for carried, whole in pairs:
        assert carried.posterior.position_m == pytest.approx(whole.posterior.position_m, abs=1e-4)
        assert carried.attention == pytest.approx(whole.attention, abs=1e-5)
        if whole.log_ratio is not None:
            assert carried.log_ratio == pytest.approx(whole.log_ratio, abs=1e-4)


def reader_of(model: Mail, stride: int) -> MailReader:
    return MailReader(MailBatch(model, stride))


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
@given(networks(), st.integers(1, 17), st.integers(0, 10**9), st.integers(0, 60))
def test_any_network_carried_equals_the_window_pass(model: Mail, stride: int, first: int, hole: int) -> None:
    """Also after a hole, after `clear`, and where time is set back."""
    reader, ticks = reader_of(model, stride), model.config.samples + 3 * stride
    pairs = drive([reader], first, ticks)
    assert len(pairs) >= 3
    pairs += drive([reader], first + ticks + hole, ticks, seed=1)
    reader.clear()
    pairs += drive([reader], first, ticks, seed=2)
    assert len(pairs) >= 9
    assert_alike(pairs)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(networks(), st.integers(1, 9), st.lists(st.integers(0, 40), min_size=2, max_size=4))
def test_signals_of_a_batch_do_not_touch_each_other(model: Mail, stride: int, late: list[int]) -> None:
    """They begin one after the other, and one of them has a hole."""
    batch = MailBatch(model, stride, signals=len(late))
    readers = [MailReader(batch, signal) for signal in range(len(late))]
    samples, pairs = model.config.samples, []
    heard = [
        [Row(index, value_ut) for index, value_ut in enumerate(drawn(seed, samples + 60), start=begin)]
        for seed, begin in enumerate(late)
    ]
    heard[0] = [tick for tick in heard[0] if tick.index != late[0] + samples + 5]
    for index in range(samples + 100):
        due = []
        for reader, ticks in zip(readers, heard, strict=True):
            for tick in (tick for tick in ticks if tick.index == index):
                reader.append(tick)
                if reader.fill == 1.0 and index % stride == 0:
                    reader.ask(np.zeros(3))
                    due.append(reader)
        pairs += [Pair(reader.answer(), window_answer(model, reader.values.copy())) for reader in due]
    assert len(pairs) >= len(late)
    assert_alike(pairs)


def drawn(seed: int, count: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 2.0, (count, 3)).cumsum(axis=0)


@pytest.mark.slow
def test_the_papers_configuration_is_carried() -> None:
    model = tiny_mail(ModelConfig(mail=MailConfig(head="regression")))
    for stride in (1, 5):
        pairs = drive([reader_of(model, stride)], 10**12, 700)  # 14 s at 50 Hz
        assert len(pairs) > 30
        assert_alike(pairs)


@pytest.mark.slow
@needs_logs
@pytest.mark.parametrize(("head", "stride_s"), [("regression", 0.02), ("heatmap", 0.1)])
def test_a_real_walk_is_carried(head: HeadKind, stride_s: float, tmp_path: Path) -> None:
    """A phone's field through the localizer, in the paper's configuration; every twentieth answer is compared."""
    log = LOGS / "IPIN2023_T3_TrainingTrial23_repetition03.txt.gz"
    track = read_track(import_file("ipin", log, tmp_path))
    model = tiny_mail(MailConfig(network=NetworkConfig(head=head)))
    localizer = Localizer(model, stride_s)
    assert isinstance(localizer.reader, MailReader)
    answers = 0
    for sample in track.samples():
        estimate = localizer.push(sample)
        answers += estimate is not None
        if estimate is not None and answers % 20 == 0:
            whole = window_answer(model, localizer.reader.values)
            assert estimate.position_m == pytest.approx(whole.posterior.position_m, abs=1e-4)
    assert answers > 500


@pytest.mark.slow
def test_neither_memory_nor_error_grows() -> None:
    """Nothing is left behind by many ticks, with and without holes; `MAIL_ROS_TICKS=1000000` is the long form."""
    reader, ticks = reader_of(tiny_mail(), 5), int(os.environ.get("MAIL_ROS_TICKS", "20000"))
    drive([reader], 0, 2 * reader.length)
    field_ut = drawn(3, 1000)
    for every in (10**9, reader.length // 2):  # every so many ticks one is missing: no window fills
        tracemalloc.start()
        held = []
        for index in range(ticks):
            reader.append(Row(index + index // every, field_ut[index % 1000]))
            if reader.fill == 1.0 and index % 5 == 0:
                reader.ask(np.zeros(3))
                reader.answer()
            if index in (ticks // 2, ticks - 1):
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert held[1] - held[0] < 10_000  # bytes
    assert_alike(drive([reader], 2 * ticks, 2 * reader.length, seed=4))


def test_a_gradient_of_the_whole_window_is_refused() -> None:
    mail = dataclasses.replace(tiny_config().mail, gradient="mean")
    with pytest.raises(ConfigError, match=r'mail\.gradient: wanted "lag" or "first"'):
        StreamingMail(tiny_mail(dataclasses.replace(tiny_config(), mail=mail)), 1)
