"""The network against the paper, written out number by number."""

import dataclasses
import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from helpers import tiny_config, tiny_mail, tiny_network

from mail_ros.core.models.mail.mail import subsequence_starts
from mail_ros.core.models.mail_config import AttentionKind, HeadKind
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.window import GradientKind

Array = npt.NDArray[np.float64]
Weights = dict[str, Array]


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def dot(row: Array, vector: Array) -> float:
    return sum(float(a) * float(b) for a, b in zip(row, vector, strict=True))


def paper_gru(x: Array, w: Weights, hidden: int) -> Array:
    """Equations 2 to 5: reset gate r, update gate z, candidate with tanh, new state; h starts at 0."""
    w_ih, w_hh = w["gru.weight_ih_l0"], w["gru.weight_hh_l0"]
    b_ih, b_hh = w["gru.bias_ih_l0"], w["gru.bias_hh_l0"]
    h = np.zeros(hidden)
    for x_t in x:
        new = np.zeros(hidden)
        for k in range(hidden):
            r_row, z_row, n_row = k, hidden + k, 2 * hidden + k
            r = sigmoid(dot(w_ih[r_row], x_t) + b_ih[r_row] + dot(w_hh[r_row], h) + b_hh[r_row])
            z = sigmoid(dot(w_ih[z_row], x_t) + b_ih[z_row] + dot(w_hh[z_row], h) + b_hh[z_row])
            candidate = math.tanh(dot(w_ih[n_row], x_t) + b_ih[n_row] + r * (dot(w_hh[n_row], h) + b_hh[n_row]))
            new[k] = (1 - z) * candidate + z * h[k]
        h = new
    return h


def fully_connected(x: Array, w: Weights, name: str) -> Array:
    return np.array([dot(row, x) + b for row, b in zip(w[f"{name}.weight"], w[f"{name}.bias"], strict=True)])


def prelu(x: Array, slope: float) -> Array:
    return np.array([value if value > 0 else slope * value for value in x])


def layer_norm(x: Array, w: Weights) -> Array:
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    return np.array([(v - mean) / math.sqrt(variance + 1e-5) for v in x]) * w["norm.weight"] + w["norm.bias"]


def paper_scale(g: Array, scale: int, w: Weights, hidden: int) -> Array:
    """Equation 1 and 6 to 8: cut, read each piece, concatenate to P, FC + PReLU, layer normalisation: Φ."""
    count = math.ceil(len(g) / scale)
    starts = [round(i * (len(g) - scale) / (count - 1)) for i in range(count)] if count > 1 else [0]
    p = np.concatenate([paper_gru(g[start : start + scale], w, hidden) for start in starts])
    return layer_norm(prelu(fully_connected(p, w, "fc"), float(w["prelu.weight"][0])), w)


def paper_attention(g: Array, w: Weights) -> Array:
    """Equations 9 to 12: two layers over the gradient, softmax over the scales."""
    psi = fully_connected(prelu(fully_connected(g.ravel(), w, "fc"), float(w["prelu.weight"][0])), w, "out")
    total = sum(math.exp(value) for value in psi)
    return np.array([math.exp(value) / total for value in psi])


def paper_mail(field_ut: Array, config: ModelConfig, weights: Weights) -> Array:
    """The whole of it, to equation 13 (fusion) and 14 (regression; a linear layer for the heatmap)."""

    def part(prefix: str) -> Weights:
        return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}

    lag = config.lag
    if config.mail.gradient == "mean":
        g = field_ut - field_ut.mean(axis=0)
    else:
        g = np.array([field_ut[t] - field_ut[t - lag] for t in range(lag, len(field_ut))])
    g = g / config.mail.scale_ut
    phi = [paper_scale(g, c, part(f"scales.{i}."), config.mail.hidden) for i, c in enumerate(config.scales)]
    count = len(config.scales)
    if config.mail.attention == "adaptive":
        w = paper_attention(g, part("attention."))
    else:
        learned = weights.get("attention.out", np.zeros(count))
        w = np.exp(learned) / np.exp(learned).sum()
    f = np.concatenate([w_i * phi_i for w_i, phi_i in zip(w, phi, strict=True)])
    y = fully_connected(f, part("head."), "fc")
    if config.mail.head == "regression":
        y = weights["head.center_m"] + weights["head.extent_m"] * y
    return y


@pytest.mark.parametrize("scales_s", [(0.5, 1.0, 2.0), (0.3, 0.75, 1.1, 1.9)], ids=["dividing", "overlapping"])
@pytest.mark.parametrize("head", ["regression", "heatmap"])
def test_the_network_is_the_paper(scales_s: tuple[float, ...], head: HeadKind) -> None:
    check_against_paper(tiny_config(head, rate_hz=20.0, scales_s=scales_s))


@pytest.mark.parametrize("gradient", ["lag", "first", "mean"])
@pytest.mark.parametrize("attention", ["adaptive", "uniform", "constant"])
def test_its_variants_are_the_paper_too(gradient: GradientKind, attention: AttentionKind) -> None:
    tiny = tiny_config(rate_hz=20.0)
    mail = dataclasses.replace(tiny.mail, gradient=gradient, attention=attention, head="heatmap", hidden=5, feature=7)
    check_against_paper(dataclasses.replace(tiny, mail=mail))


def check_against_paper(config: ModelConfig) -> None:
    model = tiny_network(config).double()
    field_ut = np.random.default_rng(1).normal(0.0, 15.0, (config.samples, 3))
    with torch.inference_mode():
        ours = model(torch.from_numpy(field_ut)[None])[0].numpy()
    on_the_robot = tiny_mail(config)(field_ut[None].astype(np.float32)).raw[0]
    weights = {name: value.numpy().astype(np.float64) for name, value in model.state_dict().items()}
    paper = paper_mail(field_ut, config, weights)
    assert ours == pytest.approx(paper, abs=1e-5)
    assert on_the_robot == pytest.approx(paper, abs=1e-4)


def test_the_default_is_the_papers_configuration() -> None:
    config = ModelConfig()
    assert (config.sampling.rows, config.scales) == (500, (50, 100, 150, 200, 250, 500))
    assert [len(subsequence_starts(500, c)) for c in config.scales] == [10, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("scale", [50, 70, 150, 200, 333, 500])
def test_subsequences_cover_the_window_and_end_at_the_newest_sample(scale: int) -> None:
    starts = subsequence_starts(500, scale)
    assert starts[0] == 0
    assert starts[-1] + scale == 500
    assert all(0 < b - a <= scale for a, b in itertools.pairwise(starts))


def test_attention_is_a_share() -> None:
    field_ut = np.random.default_rng(0).normal(0.0, 10.0, (4, tiny_config().samples, 3))
    output = tiny_mail()(field_ut.astype(np.float32))
    assert (output.attention > 0).all()
    assert output.attention.sum(axis=1).tolist() == pytest.approx([1.0] * 4, abs=1e-6)
