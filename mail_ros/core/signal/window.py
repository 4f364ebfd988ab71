"""The window that a model reads, streaming and offline, and its gradient."""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from mail_ros.core.types import Float32Array, FloatArray, IntArray, Row

GradientKind = Literal["lag", "first", "mean"]
Arrays = TypeVar("Arrays", Float32Array, FloatArray)


class Window:
    """The last `length` consecutive rows up to a whole multiple of the stride, as one contiguous array.

    Windows end at indices that are multiples of `stride`, so that localizers that started at different times compare
    the same windows. Newer rows are kept for the next one.
    """

    def __init__(self, length: int, width: int = 3, stride: int = 1, enough: int | None = None) -> None:
        """Start empty; `enough` rows, by default all, make it full."""
        self.length, self.stride = length, stride
        self._enough = length if enough is None else enough
        self._buffer = np.zeros((2 * length + stride, width))
        self.clear()

    def clear(self) -> None:
        """Drop all rows."""
        self._end = self._window_end = 0
        self._filled = 0
        self.fill = 0.0  # fraction of the window that is filled
        self.full = False  # whether a whole window ended at a multiple of the stride since the last hole
        self.last_index: int | None = None  # index of the newest row
        self.end_index = 0  # index of the row that the window ends with

    def append(self, row: Row) -> None:
        """Add a row; one that does not follow the last restarts the window."""
        if self.last_index is not None and row.index != self.last_index + 1:
            self.clear()
        if self._end == len(self._buffer):
            kept = self.length + self.stride
            self._buffer[:kept] = self._buffer[-kept:]
            self._window_end -= self._end - kept
            self._end = kept
        self._buffer[self._end] = row.values
        self._end += 1
        self._filled = min(self._filled + 1, self.length)
        self.fill = min(1.0, self._filled / self._enough)
        self.last_index = row.index
        if row.index % self.stride == 0:
            self._window_end, self.end_index, self.full = self._end, row.index, self._filled >= self._enough

    @property
    def values(self) -> FloatArray:
        """(length, width) rows, oldest first; only meaningful when `full`."""
        return self._buffer[self._window_end - self.length : self._window_end]

    def newest(self, count: int) -> FloatArray:
        """(count, width) newest rows, oldest first; fewer where fewer followed each other since the last hole."""
        return self._buffer[self._end - min(count, self._filled) : self._end]


def gradient(field_ut: Arrays, kind: GradientKind, lag: int) -> Arrays:
    """The offset-free signal that all scales read.

    "lag" and "first": b[t] - b[t - lag]. "mean": b[t] minus the mean of the window (figure 4b of the paper).

    Args:
        field_ut: (..., n + lag, 3) µT; a torch tensor as well.
        kind: which gradient.
        lag: rows between the two values of a difference; 0 for "mean".

    Returns:
        (..., n, 3) µT.
    """
    if kind == "mean":
        mean: Arrays = field_ut.sum(-2)[..., None, :] / field_ut.shape[-2]
        return field_ut - mean
    difference: Arrays = field_ut[..., lag:, :] - field_ut[..., :-lag, :]
    return difference


def cut_windows(
    field_ut: Float32Array, end: IntArray, reach: IntArray, speed: FloatArray, samples: int
) -> npt.NDArray[np.float32]:
    """Windows of a resampled walk that end at given rows, at `speed` times the walk's, by linear interpolation.

    A speed that reaches back before the walk's start is lowered to what the walk holds.

    Args:
        field_ut: (m, w) rows.
        end: (B,) rows of the newest sample.
        reach: (B,) how many rows up to there have no hole.
        speed: (B,) factors.
        samples: in a window.

    Returns:
        (B, samples, w).
    """
    back = np.arange(samples - 1, -1, -1)
    fastest = (reach - 1) / (samples - 1)
    at = end[:, None] - np.minimum(speed, fastest)[:, None] * back  # (B, samples) fractional rows
    below = np.floor(at).astype(np.int64)
    weight = (at - below)[..., None].astype(np.float32)
    above = np.minimum(below + 1, end[:, None])
    windows_ut: npt.NDArray[np.float32] = field_ut[below] * (1 - weight) + field_ut[above] * weight
    return windows_ut
