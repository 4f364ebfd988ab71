"""Matching: a window against the windows of the survey, at whatever pitch the device is held.

    window (B, n, 3) µT ------+
                              v
    survey's windows (T, n, 3) --> squared distances (B, T) --> best of each cell --> logits (B, cells)
    every walk at several speeds   pitch and offset forgiven    labels are uncertain

What two passes of one place differ by, on real walks with two phones: a pitch of up to 30°, held for the
whole walk, which trades the field along the device for the field across its face; an offset of a few µT, left
over by the device's own calibration, or a large one, of another device; and the speed. A nearest-neighbour search
pays for all of them. Here the pitch is solved for in closed form in every comparison, the offset counts a little and
never more than `offset_most_ut2`, and speeds are stored.

The logits are log likelihood ratios to a window from elsewhere (see `core.evidence`).

Nothing is learned. Ours; in the paper's terms it is a feature extraction with one scale, the
whole window, under the heatmap's softmax. It is linear in the window but for two square roots, so all its
sums can be carried from sample to sample.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import Float32Array
from mail_ros.core.config import MailConfig
from mail_ros.core.evidence import Nearest, log_ratio, uncertain
from mail_ros.core.heads import MapHead
from mail_ros.core.lattice import label_neighbours
from mail_ros.core.model import ModelOutput, State
from mail_ros.core.signals import cut_windows

BLOCK = 64  # windows compared at a time: bounds the memory of a pass


class Matching:
    """The survey's windows, and how likely each map cell is where a new window ends."""

    def __init__(self, config: MailConfig, head: MapHead, survey: State) -> None:
        """Cut the survey's windows.

        Args:
            config: of the model; `config.matching` is its own part.
            head: the map.
            survey: what a model file keeps (see `training.matching`): `field_ut` (m, 3) all resampled walks,
                `end` (T,) rows where a window ends, `reach` (T,) rows without a hole up to there, `speed` (T,) at
                which it is walked, `cell` (T,) index of the cell where it ends.

        Raises:
            ModelError: cells that do not lie on one grid.
            KeyError: a part of the survey is missing.
        """
        self.config = config
        self.head = head
        field_ut, end, reach = survey["field_ut"], survey["end"], survey["reach"]
        s = cut_windows(field_ut, end, reach, survey["speed"].astype(np.float64), config.samples)
        self._nearest = Nearest(survey["cell"], len(head.cells))
        self._neighbour, weight = label_neighbours(head.cells, head.label_sigma_m)  # (cells, k)
        with np.errstate(divide="ignore"):  # of those that are none
            self._log_weight = np.log(weight).astype(np.float32)
        self._mean = s.mean(axis=1)  # (T, 3); what follows is without it
        s = s - self._mean[:, None]
        self._along = s[..., 0].T.copy()  # (n, T)
        self._across = s[..., 1:].reshape(len(s), -1).T.copy()  # (2 n, T)
        self._squared = np.square(s).sum(axis=(1, 2))  # (T,)
        self._squared_mean = np.square(self._mean).sum(axis=1)  # (T,)

    def __call__(self, field_ut: Float32Array) -> ModelOutput:
        """(B, n, 3) µT, resampled to the config's rate -> logits (B, cells), no attention (B, 0), offsets (B, 3)."""
        blocks = [self._answer(field_ut[at : at + BLOCK]) for at in range(0, len(field_ut), BLOCK)]
        logits, offsets = zip(*blocks, strict=True)
        return ModelOutput(np.concatenate(logits), np.zeros((len(field_ut), 0), np.float32), np.concatenate(offsets))

    def distances(self, field_ut: Float32Array) -> Float32Array:
        """Mean squared difference to every window of the survey, the pitch solved for.

        Turning by θ about the device's x axis costs 2 `tilt_ut2` (1 - cos θ), a von Mises prior. Then the
        sum to be least, over θ, is |x|² + |s|² - 2 x_x·s_x - 2 (A cos θ + B sin θ) with A and B below, and
        the least of it is in closed form. A difference of the means counts by `offset_share`, like a device's that was
        calibrated as the survey's was, or costs `offset_most_ut2`, like any other's: whichever is less.

        Args:
            field_ut: (B, n, 3) µT.

        Returns:
            (B, T) µT².
        """
        matching, n = self.config.matching, field_ut.shape[1]
        kappa = matching.tilt_ut2 * n
        mean = field_ut.mean(axis=1)
        x = field_ut - mean[:, None]
        along = x[..., 0] @ self._along  # (B, T), as what follows
        across = np.concatenate([x[..., 1:], _quarter_turned(x[..., 1:])]).reshape(2 * len(x), -1)
        a, b = np.split(across @ self._across, 2)
        squared = np.square(x).sum(axis=(1, 2))[:, None] + self._squared
        any_offset = _least(squared, along, a, b, kappa) + np.float32(n * matching.offset_most_ut2)
        share = np.float32(matching.offset_share * n)
        calibrated = _least(
            squared + share * (np.square(mean).sum(axis=1)[:, None] + self._squared_mean),
            along + share * mean[:, :1] @ self._mean[:, :1].T,
            a + share * mean[:, 1:] @ self._mean[:, 1:].T,
            b + share * _quarter_turned(mean[:, 1:]) @ self._mean[:, 1:].T,
            kappa,
        )
        least: Float32Array = np.minimum(calibrated, any_offset) / n
        return least

    def _answer(self, field_ut: Float32Array) -> tuple[Float32Array, Float32Array]:
        """(B, n, 3) µT -> logits (B, cells), see `evidence.log_ratio`, and offsets (B, 3) µT."""
        matching = self.config.matching
        distance = self.distances(field_ut)
        flat_ut2 = field_ut.var(axis=1).sum(axis=1, keepdims=True)  # a flat field has the window's mean
        ratio = log_ratio(self._nearest(distance), flat_ut2, matching.noise_ut2, matching.elsewhere_ut2)
        return uncertain(ratio, self._neighbour, self._log_weight), self._offset(field_ut, distance.argmin(axis=1))

    def _offset(self, field_ut: Float32Array, best: np.ndarray) -> Float32Array:
        """What the means (B, 3) µT differ by from those of stored windows (B,), turned to the window's pitch."""
        mean = field_ut.mean(axis=1)
        across = (field_ut - mean[:, None])[..., 1:]
        stored = self._across[:, best].T
        a = (across.reshape(len(across), -1) * stored).sum(axis=1) + self.config.matching.tilt_ut2 * field_ut.shape[1]
        b = (_quarter_turned(across).reshape(len(across), -1) * stored).sum(axis=1)
        cos, sin = (each / np.maximum(np.hypot(a, b), 1e-12) for each in (a, b))
        x, y, z = self._mean[best].T
        offset: Float32Array = mean - np.stack([x, cos * y + sin * z, cos * z - sin * y], axis=1).astype(np.float32)
        return offset


def _quarter_turned(across: Float32Array) -> Float32Array:
    """(..., 2) the parts y and z, turned about x."""
    return np.stack([-across[..., 1], across[..., 0]], axis=-1)


def _least(squared: Float32Array, along: Float32Array, a: Float32Array, b: Float32Array, kappa: float) -> Float32Array:
    """The sum of `Matching.distances` at the pitch that makes it least."""
    kappa = np.float32(kappa)
    most = np.sqrt(np.square(a + kappa) + np.square(b))
    least: Float32Array = np.maximum(squared + 2 * (kappa - along - most), np.float32(0.0))
    return least
