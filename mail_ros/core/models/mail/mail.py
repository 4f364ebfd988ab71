"""MAIL as it runs on the robot: the trained network of the paper in numpy, from leaf to root.

    field (B, n + lag, 3) µT
      | gradient                                                      signals.gradient
      v
    g (B, n, 3) --> of every scale: subsequences, GRU,                Φ (B, K, feature)
      |             concatenation P, FC + PReLU, layer norm               |
      +--> attention Ψ: FC + PReLU, FC, softmax --> w (B, K)              v
                                                          fusion f = [w_1 Φ_1, ..., w_K Φ_K]
                                                                          |
                                            head: position (eq. 14) or a softmax over map cells

`training.network` is the same in torch, where it learns; it says where the paper is left. A test holds both equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from mail_ros.core.belief import Cells, Float32Array
from mail_ros.core.models.heads import Head, HeatmapHead, RegressionHead
from mail_ros.core.models.mail.gru import Grus
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.resampling import gradient

NORM_EPSILON = 1e-5

State = Mapping[str, np.ndarray]  # a model file's arrays by their names


class ModelOutput(NamedTuple):
    """What one pass gives for each window of a batch."""

    raw: Float32Array  # numbers for the head: (B, 2) metres or (B, cells) logits
    attention: Float32Array  # (B, K), sums to one
    offset_ut: Float32Array | None = None  # (B, 3) of the device against the survey's, where the model compares with it


class Model(Protocol):
    """What answers windows."""

    @property
    def config(self) -> ModelConfig:
        """What it reads, and how."""

    @property
    def head(self) -> Head:
        """What its numbers mean."""

    def __call__(self, field_ut: Float32Array) -> ModelOutput:
        """(B, n + lag, w), resampled to the config's rate; µT, and what the config's axes keep beside it."""


def subsequence_starts(length: int, scale: int) -> list[int]:
    """Where the subsequences of one scale start in a window: as few as cover it (equation 1).

    Spread evenly, the first at the oldest gradient, the last ending at the newest; they overlap
    where the scale does not divide the window.

    >>> subsequence_starts(500, 150)
    [0, 117, 233, 350]
    """
    count = math.ceil(length / scale)
    return [round(i * (length - scale) / max(count - 1, 1)) if count > 1 else length - scale for i in range(count)]


class Mail:
    """The whole network."""

    def __init__(self, config: ModelConfig, state: State) -> None:
        """Take trained weights.

        Args:
            config: of the network.
            state: arrays of the shapes that `weight_shapes` says, and those of the head.

        Raises:
            KeyError: one of them is missing.
        """
        self.config = config
        self.head = mail_head(config, state)
        self.starts = [subsequence_starts(config.sampling.rows, scale) for scale in config.scales]
        self.units = [part(state, f"scales.{index}.gru.") for index in range(len(config.scales))]
        self._attention = part(state, "attention.")
        self._head = part(state, "head.")
        self._project = _Projections([part(state, f"scales.{index}.") for index in range(len(config.scales))])

    def __call__(self, field_ut: Float32Array) -> ModelOutput:
        """See `Model`."""
        g = self.gradient(field_ut)  # (B, n, 3)
        hidden = self.config.mail.hidden
        p = np.zeros((len(self.units), len(g), max(map(len, self.starts)) * hidden), np.float32)
        for last, unit, starts, scale in zip(p, self.units, self.starts, self.config.scales, strict=True):
            pieces = np.stack([g[:, start : start + scale] for start in starts], axis=1)  # (B, m, c, 3)
            gru = Grus([unit], [1])
            state = gru.zeros(len(g) * len(starts))
            for x in pieces.reshape(-1, scale, 3).swapaxes(0, 1):
                gru.step(state, x)
            last[:, : len(starts) * hidden] = state[:-1, 0].T.reshape(len(g), -1)
        return self.fuse(self.project(p), self.attention(g))

    def gradient(self, field_ut: Float32Array) -> Float32Array:
        """(B, n + lag, w) µT -> (B, n, 3), of order one."""
        mail = self.config.mail
        g: Float32Array = gradient(field_ut[..., :3], mail.gradient, self.config.lag) / np.float32(mail.scale_ut)
        return g

    def project(self, p: Float32Array) -> Float32Array:
        """Last states P (K, B, most * hidden) of the subsequences, oldest first, then zeros -> Φ (B, K, feature)."""
        phi: Float32Array = self._project(p).swapaxes(0, 1)
        return phi

    def attention(self, g: Float32Array) -> Float32Array:
        """How much each scale counts, (B, n, 3) -> w (B, K), sums to one."""
        shape, weights = (len(g), len(self.units)), self._attention
        if self.config.mail.attention == "uniform":
            return np.full(shape, 1.0 / shape[1], np.float32)
        if self.config.mail.attention == "constant":
            return np.broadcast_to(_softmax(weights["out"]), shape)
        psi = _prelu(g.reshape(len(g), -1) @ weights["fc.weight"].T + weights["fc.bias"], weights["prelu.weight"])
        return _softmax(psi @ weights["out.weight"].T + weights["out.bias"])

    def fuse(self, phi: Float32Array, w: Float32Array) -> ModelOutput:
        """Attention-weighted concatenation f of Φ (B, K, feature) by w (B, K), then the head's numbers."""
        f = (w[..., None] * phi).reshape(len(phi), -1)
        raw = f @ self._head["fc.weight"].T + self._head["fc.bias"]
        if self.config.mail.head == "regression":
            raw = self._head["center_m"] + self._head["extent_m"] * raw
        return ModelOutput(raw, w)


class _Projections:
    """FC + PReLU and layer norm of all scales in few operations; those of fewer subsequences are filled with zeros."""

    def __init__(self, units: list[dict[str, Float32Array]]) -> None:
        width = max(unit["fc.weight"].shape[1] for unit in units)
        weights = [np.pad(unit["fc.weight"], ((0, 0), (0, width - unit["fc.weight"].shape[1]))).T for unit in units]
        self.weight = np.stack(weights)  # (K, most * hidden, feature); what follows (K, 1, feature or 1)
        self.bias, self.slope, self.gain, self.shift = (
            np.stack([unit[name] for unit in units])[:, None]
            for name in ("fc.bias", "prelu.weight", "norm.weight", "norm.bias")
        )

    def __call__(self, p: Float32Array) -> Float32Array:
        """P (K, B, most * hidden) -> Φ (K, B, feature)."""
        rectified = _prelu(p @ self.weight + self.bias, self.slope)
        share = np.float32(1.0 / rectified.shape[-1])
        centred = rectified - share * rectified.sum(axis=-1, keepdims=True)
        variance = share * np.square(centred).sum(axis=-1, keepdims=True)
        normed: Float32Array = centred / np.sqrt(variance + np.float32(NORM_EPSILON)) * self.gain + self.shift
        return normed


def map_of(state: State) -> tuple[Cells, float, float]:
    """What a head over map cells keeps (see `heads.MapHead`); KeyError where an array is missing."""
    cells = Cells(state["head.cell_position_m"], state["head.cell_floor"])
    return cells, float(state["head.label_sigma_m"]), float(state["head.radius_m"])


def mail_head(config: ModelConfig, state: State) -> RegressionHead | HeatmapHead:
    """What the network's numbers mean; KeyError where an array is missing."""
    if config.mail.head == "heatmap":
        return HeatmapHead(*map_of(state))
    return RegressionHead(state["head.covariance_m2"].astype(np.float64), int(state["head.floor"]))


def weight_shapes(config: ModelConfig, outputs: int) -> dict[str, tuple[int, ...]]:
    """The arrays that were learned, by their names; `outputs` are the numbers for the head."""
    mail, scales = config.mail, len(config.scales)
    shapes: dict[str, tuple[int, ...]] = {}
    for index, scale in enumerate(config.scales):
        width, subsequences = mail.hidden, len(subsequence_starts(config.sampling.rows, scale))
        shapes |= {f"scales.{index}.gru.weight_{of}_l0": (3 * width, n) for of, n in (("ih", 3), ("hh", width))}
        shapes |= {f"scales.{index}.gru.bias_{of}_l0": (3 * width,) for of in ("ih", "hh")}
        shapes |= _linear(f"scales.{index}.fc", subsequences * width, mail.feature)
        shapes[f"scales.{index}.prelu.weight"] = (1,)
        shapes |= {f"scales.{index}.norm.{name}": (mail.feature,) for name in ("weight", "bias")}
    if mail.attention == "adaptive":
        shapes |= _linear("attention.fc", 3 * config.sampling.rows, mail.attention_hidden)
        shapes |= {"attention.prelu.weight": (1,), **_linear("attention.out", mail.attention_hidden, scales)}
    if mail.attention == "constant":
        shapes["attention.out"] = (scales,)
    return shapes | _linear("head.fc", scales * mail.feature, outputs)


def part(state: State, prefix: str) -> dict[str, Float32Array]:
    """The arrays whose names begin so, without that."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _prelu(values: Float32Array, slope: Float32Array) -> Float32Array:
    rectified: Float32Array = np.maximum(values, 0.0) + slope * np.minimum(values, 0.0)
    return rectified


def _softmax(values: Float32Array) -> Float32Array:
    weight = np.exp(values - values.max(axis=-1, keepdims=True))
    share: Float32Array = weight / weight.sum(axis=-1, keepdims=True)
    return share
