"""The localizer: what the robot publishes is what the evaluator scores."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk, tiny_config, tiny_mail
from hypothesis import given, settings
from hypothesis import strategies as st

from mail_ros.core.belief import normal
from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import ConfigError
from mail_ros.core.filter.single_window import SingleWindow
from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.mail.streaming import MailWindow
from mail_ros.core.models.mail_config import HeadKind
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.signal.window import Window
from mail_ros.core.types import Estimate, FloatArray, Posterior, Prediction, Sample, Status
from mail_ros.data.dataset import by_label_m, resample
from mail_ros.data.track import Track


def localizer_of(model: Mail, stride_s: float = STRIDE_S) -> Localizer:
    """Each window by itself."""
    return compose(model, "none", stride_s)


def localizer_over(
    config: ModelConfig, samples: int, locate: Callable[[FloatArray], Posterior], stride_s: float = STRIDE_S
) -> Localizer:
    """Each window by itself, by a function of it."""
    model = FunctionModel(config, samples, lambda window_ut: Prediction(None, locate(window_ut)))
    return Localizer(model, SingleWindow(None), stride_s)


def whole_pass(model: Mail, window_ut: FloatArray) -> Posterior:
    """The position by a pass over a window."""
    return model.head.posterior(model(window_ut[None].astype(np.float32)).raw[0])


def run(localizer: Localizer, track: Track) -> list[Estimate]:
    return [estimate for sample in track.samples() if (estimate := localizer.push(sample)) is not None]


@pytest.mark.parametrize("head", ["regression", "heatmap"])
def test_push_equals_the_window_cut_offline(head: HeadKind) -> None:
    """Training cuts its windows from `resample`; the robot's are bit-identical, and its positions equal to 1e-4 m."""
    model, track = tiny_mail(tiny_config(head)), synthetic_walk().track()
    offline, samples = resample(track, model.config.sampling), model.config.samples
    localizer, estimates = localizer_of(model, 0.1), 0
    assert isinstance(localizer.window, MailWindow)
    for sample in track.samples():
        estimate = localizer.push(sample)
        if estimate is None:
            continue
        estimates += 1
        end = int(np.flatnonzero(offline.stamp_ns <= estimate.stamp_ns)[-1]) + 1
        window_ut = offline.field_ut[end - samples : end]
        assert np.array_equal(localizer.window.values, window_ut)
        assert estimate.position_m == pytest.approx(whole_pass(model, window_ut).position_m, abs=1e-4)
    assert estimates == pytest.approx((10.0 - 2.2) / 0.1, abs=1)


def test_push_equals_the_window_cut_offline_by_distance_as_well() -> None:
    """Where odometry is exact: bit-identical rows, also after the walk stopped and went back."""
    track = synthetic_walk(30.0).track()
    back = np.concatenate([np.arange(1500), np.full(200, 1500), np.arange(1500, 500, -1)])  # indices of the walk
    index = np.arange(len(back))
    track = dataclasses.replace(
        track[: len(back)],
        field_ut=track.field_ut[back] + np.random.default_rng(0).normal(0.0, 0.01, (len(back), 3)),
        position_m=track.position_m[back],
        paused=(index >= 1500) & (index < 1700),
    )
    track = dataclasses.replace(track, moved_m=by_label_m(track))
    config = ModelConfig("matching", DistanceSampling(per_m=10.0))
    windows: list[FloatArray] = []

    def locate(window_ut: FloatArray) -> Posterior:
        windows.append(window_ut)
        return normal(np.zeros(2), np.eye(2), 0)

    localizer = localizer_over(config, 40, locate)
    ends, compared = [], 0
    for row, sample in enumerate(track.samples()):
        if localizer.push(sample) is not None and len(windows) > compared:
            compared = len(windows)
            ends.append(row)
    offline = resample(track, config.sampling)
    assert len(ends) > 100
    assert len(ends) == len(windows)
    assert ends[-1] > 1700 + 500  # after the path restarted in the other direction
    for end, window_ut in zip(ends, windows, strict=True):
        newest = int(np.flatnonzero(offline.stamp_ns <= track.stamp_ns[end])[-1]) + 1
        assert np.array_equal(window_ut, offline.field_ut[newest - 40 : newest])


def test_by_distance_a_stationary_robot_compares_no_window_and_estimates_go_on() -> None:
    """Without a filter the last position is repeated with the sample's stamp."""
    compared: list[FloatArray] = []

    def locate(window_ut: FloatArray) -> Posterior:
        compared.append(window_ut)
        return normal(window_ut.mean(axis=0)[:2], np.eye(2), 0)

    config = ModelConfig("matching", DistanceSampling(per_m=10.0))
    localizer, stamp_ns = localizer_over(config, 20, locate), START_NS
    rng = np.random.default_rng(0)

    def drive(steps: int, step_m: float) -> list[Estimate]:
        nonlocal stamp_ns
        estimates = []
        for _ in range(steps):
            stamp_ns += 20_000_000
            field_ut = np.array([20.0, 5.0, -43.0]) + rng.normal(0.0, 0.3, 3)
            estimate = localizer.push(Sample(stamp_ns, field_ut, np.array([step_m, 0.0])))
            if estimate is not None:
                assert estimate.stamp_ns == stamp_ns
                estimates.append(estimate)
        return estimates

    drive(150, 0.02)
    before = len(compared)
    stationary = drive(500, 0.0)
    assert len(stationary) == 100  # every tenth of a second
    assert len(compared) <= before + 1
    assert all(np.array_equal(one.position_m, stationary[-1].position_m) for one in stationary[1:])
    assert len(drive(50, 0.02)) == 10
    assert len(compared) > before + 5


def test_by_distance_a_window_that_ended_before_a_hole_is_not_compared_after_it() -> None:
    """The robot moved on during the hole: the window describes an earlier position."""
    compared_ns: list[int] = []
    stamp_ns = START_NS - START_NS % 10**9

    def locate(_: FloatArray) -> Posterior:
        compared_ns.append(stamp_ns)
        return normal(np.zeros(2), np.eye(2), 0)

    config = ModelConfig("matching", DistanceSampling(per_m=10.0))
    localizer, rng = localizer_over(config, 20, locate, stride_s=1.0), np.random.default_rng(0)
    for step in range(600):
        stamp_ns += 20_000_000
        field_ut = np.array([20.0, 5.0, -43.0]) + rng.normal(0.0, 0.3, 3)
        if 330 <= step < 470:  # in the middle of a stride
            field_ut = np.full(3, np.nan)
        localizer.push(Sample(stamp_ns, field_ut, np.array([0.02, 0.0])))
    hole_ns = START_NS - START_NS % 10**9 + 20_000_000 * 330
    refilled_ns = hole_ns + 20_000_000 * (470 - 330) + 2 * 10**9
    assert any(at_ns < hole_ns for at_ns in compared_ns)
    assert any(at_ns > refilled_ns for at_ns in compared_ns)
    assert not [at_ns for at_ns in compared_ns if hole_ns <= at_ns < refilled_ns]


def test_a_gradient_of_the_whole_window_is_not_streamed() -> None:
    mail = dataclasses.replace(tiny_config().mail, gradient="mean")
    model, track = tiny_mail(dataclasses.replace(tiny_config(), mail=mail)), synthetic_walk(5.0).track()
    localizer = localizer_of(model, 0.1)
    assert type(localizer.window) is Window
    last = run(localizer, track)[-1]
    assert np.array_equal(last.position_m, whole_pass(model, localizer.window.values).position_m)


def test_the_first_estimate_comes_with_a_full_window() -> None:
    walk = synthetic_walk(duration_s=4.0)
    first = run(localizer_of(tiny_mail(), 0.02), walk.track())[0]
    assert (first.stamp_ns - walk.stamp_ns[0]) / 1e9 == pytest.approx(2.2, abs=0.04)


@pytest.mark.parametrize("change", ["gap", "backward"])
def test_no_estimate_from_a_window_with_a_hole(change: str) -> None:
    """After 3 s of silence, or a clock set back, the next estimate waits for a whole new window."""
    walk = synthetic_walk(duration_s=10.0)
    stamp_ns = walk.stamp_ns.copy()
    stamp_ns[500:] += 3_000_000_000 if change == "gap" else -4_000_000_000
    localizer = localizer_of(tiny_mail(), 0.02)
    estimated = [localizer.push(Sample(int(s), f)) is not None for s, f in zip(stamp_ns, walk.field_ut, strict=True)]
    silent = 500 + estimated[500:].index(True)
    assert all(estimated[480:500:10])
    assert (stamp_ns[silent] - stamp_ns[500]) / 1e9 == pytest.approx(2.2, abs=0.04)


def test_samples_that_are_not_numbers_are_bridged_or_end_the_window() -> None:
    walk = synthetic_walk(duration_s=10.0)
    walk.field_ut[400:410] = np.nan  # 0.1 s: bridged
    walk.field_ut[700:750, 1] = np.nan  # 0.5 s: a hole
    localizer = localizer_of(tiny_mail(), 0.02)
    stamps_s = np.array([e.stamp_ns - walk.stamp_ns[0] for e in run(localizer, walk.track())]) / 1e9
    assert localizer.preprocessor.counts["not_finite"] == 60
    assert ((stamps_s > 4.12) & (stamps_s < 6.9)).any()
    assert not ((stamps_s > 7.02) & (stamps_s < 9.65)).any()
    assert (stamps_s > 9.7).any()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 40), st.sampled_from([1.0, 1.0, 1.0, np.nan, np.inf, 1e9])), max_size=400))
def test_estimates_are_finite_and_their_stamps_rise_for_any_input(samples: list[tuple[int, float]]) -> None:
    localizer, stamp_ns, stamps = localizer_of(tiny_mail(), 0.02), 10**18, []
    for step_ms, factor in samples:
        stamp_ns += step_ms * 1_000_000
        estimate = localizer.push(Sample(stamp_ns, np.array([20.0, 5.0, -43.0]) * factor))
        if estimate is not None:
            assert np.isfinite(estimate.position_m).all()
            assert np.isfinite(estimate.covariance_m2).all()
            stamps.append(estimate.stamp_ns)
    assert stamps == sorted(set(stamps))


def test_an_estimate_uses_nothing_after_its_stamp() -> None:
    track, model = synthetic_walk().track(), tiny_mail()
    half = len(track) // 2
    track.field_ut[half:] += 30.0
    disturbed = {e.stamp_ns: e.position_m for e in run(localizer_of(model), track)}
    track.field_ut[half:] -= 30.0
    before = [e for e in run(localizer_of(model), track) if e.stamp_ns < track.stamp_ns[half]]
    assert len(before) > 10
    assert all(np.array_equal(disturbed[e.stamp_ns], e.position_m) for e in before)


def test_a_localizer_that_starts_later_gives_the_same_estimates() -> None:
    track, model = synthetic_walk().track(), tiny_mail()
    early = {e.stamp_ns: e.position_m for e in run(localizer_of(model), track)}
    late = run(localizer_of(model), track[137:])
    assert len(late) > 50
    assert all(np.array_equal(early[e.stamp_ns], e.position_m) for e in late)


def test_a_reset_drops_all_samples() -> None:
    localizer, track = localizer_of(tiny_mail()), synthetic_walk().track()
    first = run(localizer, track)
    localizer.reset()
    again = run(localizer, track)
    assert [e.stamp_ns for e in first] == [e.stamp_ns for e in again]
    assert all(np.array_equal(a.position_m, b.position_m) for a, b in zip(first, again, strict=True))


def test_a_wide_posterior_is_uncertain() -> None:
    estimate = run(localizer_of(tiny_mail()), synthetic_walk(3.0).track())[0]  # untrained: 10 m
    assert estimate.status is Status.UNCERTAIN
    assert sum(estimate.attention) == pytest.approx(1.0)


def test_a_stride_shorter_than_a_sample_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"stride_s: wanted 0.02 to 3600, found 0.001"):
        localizer_of(tiny_mail(), 0.001)
