"""MAIL carried from sample to sample against passes over the window: the same answers, in memory that does not grow."""

import dataclasses
import gc

import numpy as np
import pytest
import torch
from helpers import tiny_config, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from mail_ros.core.config import (
    AttentionKind,
    FeatureConfig,
    GradientKind,
    HeadKind,
    MailConfig,
    NetworkConfig,
    WindowConfig,
)
from mail_ros.core.errors import ConfigError
from mail_ros.core.model import Mail, MailOutput
from mail_ros.core.signals import Tick
from mail_ros.core.streaming import StreamingMail


def drive(streaming: StreamingMail, first: int, count: int, seed: int = 0) -> list[tuple[MailOutput, MailOutput]]:
    """Ticks of a random walk; what is carried and what the window gives, wherever an estimate is due."""
    field_ut = np.random.default_rng(seed).normal(0.0, 2.0, (count, 3)).cumsum(axis=0)
    pairs = []
    for index, value_ut in enumerate(field_ut, start=first):
        streaming.append(Tick(index, value_ut))
        if streaming.fill == 1.0 and index % streaming.stride == 0:
            with torch.inference_mode():
                whole = streaming.model(torch.from_numpy(streaming.window.values.copy()).float()[None])
            pairs.append((streaming.output(), whole))
    return pairs


def assert_alike(pairs: list[tuple[MailOutput, MailOutput]]) -> None:
    for carried, whole in pairs:
        assert torch.allclose(carried.raw, whole.raw, rtol=0.0, atol=1e-4)
        assert torch.allclose(carried.attention, whole.attention, rtol=0.0, atol=1e-5)


@st.composite
def networks(draw: st.DrawFn) -> Mail:
    length = draw(st.integers(4, 40))
    scales = draw(st.lists(st.integers(2, length), min_size=1, max_size=4, unique=True))
    gradient: GradientKind = draw(st.sampled_from(("lag", "first")))
    attention: AttentionKind = draw(st.sampled_from(("adaptive", "uniform", "constant")))
    head: HeadKind = draw(st.sampled_from(("regression", "heatmap")))
    config = MailConfig(
        FeatureConfig(rate_hz=10.0, gradient=gradient, lag_s=draw(st.integers(1, 8)) / 10.0),
        WindowConfig(length / 10.0, tuple(scale / 10.0 for scale in sorted(scales))),
        NetworkConfig(hidden=draw(st.integers(1, 6)), feature=4, attention=attention, head=head),
    )
    return tiny_network(config)


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 17), st.integers(0, 10**9), st.integers(0, 60))
def test_any_network_carried_equals_the_window_pass(model: Mail, stride: int, first: int, hole: int) -> None:
    """Also after a hole, and after `clear`."""
    streaming = StreamingMail(model, stride)
    ticks = model.config.samples + 3 * stride
    pairs = drive(streaming, first, ticks)
    assert len(pairs) >= 3
    pairs += drive(streaming, first + ticks + hole, ticks, seed=1)
    streaming.clear()
    pairs += drive(streaming, first, ticks, seed=2)
    assert len(pairs) >= 9
    assert_alike(pairs)


def test_the_papers_configuration_is_carried(seconds: float = 14.0) -> None:
    model = tiny_network(MailConfig(network=NetworkConfig(head="regression")))
    for stride in (1, 5):
        pairs = drive(StreamingMail(model, stride), 10**12, round(50 * seconds))
        assert len(pairs) > 30
        assert_alike(pairs)


def test_memory_does_not_grow() -> None:
    """The short form: no tensor or array of its own is larger after many ticks, and no object is left behind."""
    streaming = StreamingMail(tiny_network(), 3)

    def size() -> int:
        tensors = [value for value in vars(streaming).values() if isinstance(value, torch.Tensor)]
        return sum(tensor.untyped_storage().nbytes() for tensor in tensors) + streaming.window.values.base.nbytes  # type: ignore[union-attr]

    drive(streaming, 0, 2 * streaming.length)
    gc.collect()
    before, objects = size(), len(gc.get_objects())
    for index in range(20_000):
        streaming.append(Tick(index, np.array([20.0, -5.0, 40.0])))
    gc.collect()
    assert size() == before
    assert len(gc.get_objects()) - objects < 100


def test_a_gradient_of_the_whole_window_is_refused() -> None:
    features = dataclasses.replace(tiny_config().features, gradient="mean")
    with pytest.raises(ConfigError, match=r'features\.gradient: wanted "lag" or "first"'):
        StreamingMail(tiny_network(dataclasses.replace(tiny_config(), features=features)), 1)
