"""What a comparison of two windows solves for, in closed form: how the device is held, or which way its axes look.

    window (B, n, w) --> distances (B, T) to the survey's --> offset, angle of the nearest
                         pitch, or angle and offset solved for

In the device's axes a pitch trades the field along the device for the field across its face (`PitchAlignment`). In
gravity-aligned frame one yaw lies between window and map, and a constant field of the device rotates with its heading;
both are solved for (`YawAlignment`), so that neither costs anything.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.types import Float32Array, IntArray

Complex64Array = npt.NDArray[np.complex64]
TINY = np.float32(1e-9)


class PitchAlignment:
    """In the device's axes: the pitch is solved for, a turn by θ about the x axis costs 2 `tilt_ut2` (1 - cos θ)."""

    def __init__(self, config: MatchingConfig, stored_ut: Float32Array) -> None:
        """Take the stored windows (T, n, 3) µT."""
        self.config, s = config, stored_ut
        self._mean = s.mean(axis=1)  # (T, 3); what follows is without it
        s = s - self._mean[:, None]
        self._along = s[..., 0].T.copy()  # (n, T)
        self._across = s[..., 1:].reshape(len(s), -1).T.copy()  # (2 n, T)
        self._squared = np.square(s).sum(axis=(1, 2))  # (T,)
        self._squared_mean = np.square(self._mean).sum(axis=1)  # (T,)

    def compare(self, window_ut: Float32Array) -> Float32Array:
        """Windows (B, n, w) with all stored ones -> distances (B, T), µT², means over the samples.

        A von Mises prior of the pitch: the sum to be least, over θ, is |x|² + |s|² - 2 x_x·s_x - 2 (A cos θ + B sin θ)
        with A and B below, and the least of it is in closed form. A difference of the means counts by `offset_weight`,
        like a device's that was calibrated as the survey's was, or costs `offset_max_ut2`, like any other's:
        whichever is less.
        """
        n = window_ut.shape[1]
        kappa = self.config.tilt_ut2 * n
        mean = window_ut.mean(axis=1)
        x = window_ut - mean[:, None]
        along = x[..., 0] @ self._along  # (B, T), as what follows
        across = np.concatenate([x[..., 1:], _quarter_rotated(x[..., 1:])]).reshape(2 * len(x), -1)
        a, b = np.split(across @ self._across, 2)
        squared = np.square(x).sum(axis=(1, 2))[:, None] + self._squared
        any_offset = _minimum(squared, along, a, b, kappa) + np.float32(n * self.config.offset_max_ut2)
        weight = np.float32(self.config.offset_weight * n)
        calibrated = _minimum(
            squared + weight * (np.square(mean).sum(axis=1)[:, None] + self._squared_mean),
            along + weight * mean[:, :1] @ self._mean[:, :1].T,
            a + weight * mean[:, 1:] @ self._mean[:, 1:].T,
            b + weight * _quarter_rotated(mean[:, 1:]) @ self._mean[:, 1:].T,
            kappa,
        )
        distance: Float32Array = np.minimum(calibrated, any_offset) / n
        return distance

    def offset(self, window_ut: Float32Array, best: IntArray) -> Float32Array:
        """(B, 3) µT by which windows differ from one stored window each (B,), turned to the window's pitch."""
        mean = window_ut.mean(axis=1)
        across = (window_ut - mean[:, None])[..., 1:]
        stored = self._across[:, best].T
        a = (across.reshape(len(across), -1) * stored).sum(axis=1) + self.config.tilt_ut2 * window_ut.shape[1]
        b = (_quarter_rotated(across).reshape(len(across), -1) * stored).sum(axis=1)
        length = np.maximum(np.hypot(a, b), 1e-12)
        cos, sin = a / length, b / length
        x, y, z = self._mean[best].T
        offset: Float32Array = mean - np.stack([x, cos * y + sin * z, cos * z - sin * y], axis=1).astype(np.float32)
        return offset


class YawAlignment:
    """In a gravity-aligned frame: a window has a horizontal field y and a heading e, both complex, and a vertical z.

    It reads y = c s + o e of a stored window's s, with an unknown angle, |c| = 1, and an unknown offset o of the
    device, which turns with the heading e, |e| = 1. Weighing the offset by `offset_weight`, and by nothing, the least
    |y - c s - o e|² over c and o is in closed form: with λ = 1 - weight, and e*y for the sum of conj(e) y,

        |y|² + |s|² - λ (|e*y|² + |e*s|²) / |e|² - 2 |s*y - λ (s*e) (e*y) / |e|²|.

    The vertical field is compared likewise, with e = 1 and no angle.
    """

    def __init__(self, config: MatchingConfig, stored_ut: Float32Array) -> None:
        """Take the stored windows (T, n, 5), whose axes are the map's."""
        self.config = config
        self._horizontal = np.conj(_complex(stored_ut[..., 0], stored_ut[..., 1])).T.copy()  # (n, T)
        self._vertical = stored_ut[..., 2].T.copy()  # (n, T)
        self._squared = np.square(stored_ut[..., :3]).sum(axis=(1, 2))  # (T,)
        self._mean_vertical = self._vertical.mean(axis=0)  # (T,)

    def compare(self, window_ut: Float32Array) -> Float32Array:
        """See `PitchAlignment`."""
        n, count = window_ut.shape[1], len(window_ut)
        y, e = _complex(window_ut[..., 0], window_ut[..., 1]), _complex(window_ut[..., 3], window_ut[..., 4])
        length = np.square(np.abs(e)).sum(axis=1, keepdims=True) + TINY  # (B, 1), as what is one number per window
        ey = (np.conj(e) * y).sum(axis=1, keepdims=True)
        sy, se = np.split(np.concatenate([y, e]) @ self._horizontal, [count])  # (B, T)
        z = window_ut[..., 2]
        mean_z = z.mean(axis=1, keepdims=True)
        squared = np.square(window_ut[..., :3]).sum(axis=(1, 2))[:, None] + self._squared - 2 * (z @ self._vertical)
        own = (np.square(np.abs(ey)) + _squared(se)) / length + n * np.square(mean_z - self._mean_vertical)
        across = se * ey / length
        known = np.float32(1.0 - self.config.offset_weight)
        with_any, with_known = sy - across, sy - known * across
        any_offset = squared - own - 2 * np.abs(with_any) + np.float32(n * self.config.offset_max_ut2)
        calibrated = squared - known * own - 2 * np.abs(with_known)
        distance: Float32Array = np.maximum(np.minimum(any_offset, calibrated) / n, np.float32(0.0))
        return distance

    def offset(self, window_ut: Float32Array, best: IntArray) -> Float32Array:
        """See `PitchAlignment`; horizontal in axes that look where the device looks."""
        y, e = _complex(window_ut[..., 0], window_ut[..., 1]), _complex(window_ut[..., 3], window_ut[..., 4])
        s = np.conj(self._horizontal[:, best]).T
        length = np.square(np.abs(e)).sum(axis=1) + TINY
        es, ey = (np.conj(e) * s).sum(axis=1), (np.conj(e) * y).sum(axis=1)
        c = (np.conj(s) * y).sum(axis=1) - np.conj(es) * ey / length
        c = c / np.maximum(np.abs(c), TINY)
        horizontal = (ey - c * es) / length
        vertical = window_ut[..., 2].mean(axis=1) - self._mean_vertical[best]
        return np.stack([horizontal.real, horizontal.imag, vertical], axis=1).astype(np.float32)


def _complex(real: Float32Array, imaginary: Float32Array) -> Complex64Array:
    value = np.empty(real.shape, np.complex64)
    value.real, value.imag = real, imaginary
    return value


def _squared(values: Complex64Array) -> Float32Array:
    squared: Float32Array = np.square(values.real) + np.square(values.imag)
    return squared


def _quarter_rotated(across: Float32Array) -> Float32Array:
    """(..., 2) the parts y and z, rotated about x."""
    return np.stack([-across[..., 1], across[..., 0]], axis=-1)


def _minimum(
    squared: Float32Array, along: Float32Array, a: Float32Array, b: Float32Array, kappa: float
) -> Float32Array:
    """The sum of `PitchAlignment.compare` at the pitch that minimizes it."""
    kappa = np.float32(kappa)
    largest = np.sqrt(np.square(a + kappa) + np.square(b))
    minimum: Float32Array = np.maximum(squared + 2 * (kappa - along - largest), np.float32(0.0))
    return minimum
