"""MAIL as it runs on the robot: the trained network of the paper in numpy, from leaf to root.

    field (B, n + lag, 3) µT
      | gradient                                                      window.gradient
      v
    g (B, n, 3) --> of every scale: subsequences, GRU,                Φ (B, K, feature)
      |             concatenation P, FC + PReLU, layer norm               |
      +--> attention Ψ: FC + PReLU, FC, softmax --> w (B, K)              v
                                                          fusion f = [w_1 Φ_1, ..., w_K Φ_K]
                                                                          |
                                            head: position (eq. 14) or a softmax over map cells

`training.network` is the same in torch, for training; it lists deviations from the paper. A test holds both equal.
"""

from __future__ import annotations

import math

import numpy as np

from mail_ros.core.belief import log_ratio
from mail_ros.core.models.heads import RegressionHead, SiteMap, State
from mail_ros.core.models.mail.gru import Grus
from mail_ros.core.models.mail.streaming import MailWindow, StreamingGrus
from mail_ros.core.models.model import ModelOutput, Query
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.axes import AXES
from mail_ros.core.signal.window import Window, gradient
from mail_ros.core.types import Float32Array, Prediction

NORM_EPSILON = 1e-5


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
            state: arrays of the shapes of `weight_shapes`, and those of the head.

        Raises:
            KeyError: one of them is missing.
        """
        self.config, self.samples = config, config.samples
        self.head = mail_head(config, state)
        self.site_map = self.head if isinstance(self.head, SiteMap) else None
        self.starts = [subsequence_starts(config.sampling.rows, scale) for scale in config.scales]
        self.units = [part(state, f"scales.{index}.gru.") for index in range(len(config.scales))]
        self._attention = part(state, "attention.")
        self._head = part(state, "head.")
        self._project = _Projections([part(state, f"scales.{index}.") for index in range(len(config.scales))])

    def window(self, stride: int) -> Window:
        """See `Model`; a gradient against the window's mean is another one in every window, and is not streamed."""
        config = self.config
        if config.mail.gradient == "mean":
            return Window(config.samples, AXES[config.axes].width, stride)
        grus = StreamingGrus(self.units, config.scales, self.starts, config.sampling.rows, stride)
        return MailWindow(config.samples, stride, config.lag, grus, self.gradient)

    def predict(self, window: Window, query: Query) -> Prediction:
        """See `Model`; the gradient is free of a constant field."""
        values = window.values[None].astype(np.float32)
        if isinstance(window, MailWindow):
            phi = self._project(window.grus.states(window.end_index))
            output = self.fuse(phi, self.attention(self.gradient(values)))
        else:
            output = self(values)
        raw, attention = output.raw[0], tuple(output.attention[0].tolist())
        if self.site_map is None:
            return Prediction(None, self.head.posterior(raw), attention)
        return Prediction(log_ratio(raw.astype(np.float64)), attention=attention)

    def __call__(self, field_ut: Float32Array) -> ModelOutput:
        """Windows (B, n + lag, w) µT, oldest row first."""
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
        return self.fuse(self._project(p), self.attention(g))

    def gradient(self, field_ut: Float32Array) -> Float32Array:
        """(B, n + lag, w) µT -> (B, n, 3), of order one."""
        mail = self.config.mail
        g: Float32Array = gradient(field_ut[..., :3], mail.gradient, self.config.lag) / np.float32(mail.scale_ut)
        return g

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
        """Last states P (K, B, most * hidden) of the subsequences, oldest first, then zeros -> Φ (B, K, feature)."""
        rectified = _prelu(p @ self.weight + self.bias, self.slope)
        weight = np.float32(1.0 / rectified.shape[-1])
        centred = rectified - weight * rectified.sum(axis=-1, keepdims=True)
        variance = weight * np.square(centred).sum(axis=-1, keepdims=True)
        normed = centred / np.sqrt(variance + np.float32(NORM_EPSILON)) * self.gain + self.shift
        phi: Float32Array = normed.swapaxes(0, 1)
        return phi


def mail_head(config: ModelConfig, state: State) -> RegressionHead | SiteMap:
    """What the network's numbers mean; KeyError where an array is missing."""
    if config.mail.head == "heatmap":
        return SiteMap.of(state)
    covariance_m2, center_m = (state[f"head.{name}"].astype(np.float64) for name in ("covariance_m2", "center_m"))
    return RegressionHead(covariance_m2, int(state["head.floor"]), center_m)


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
    exponential = np.exp(values - values.max(axis=-1, keepdims=True))
    weight: Float32Array = exponential / exponential.sum(axis=-1, keepdims=True)
    return weight
