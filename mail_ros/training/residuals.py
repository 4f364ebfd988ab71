"""Errors of a model over windows, each window by itself."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mail_ros.core.models.heads import Head
from mail_ros.core.types import Float32Array, FloatArray
from mail_ros.data.dataset import WindowSet


def residuals_m(
    predict: Callable[[Float32Array], Float32Array], head: Head, windows: WindowSet, rows: slice = slice(None)
) -> FloatArray:
    """Estimate minus label of every window, (n, 2) m.

    Args:
        predict: windows (B, n + lag, 3) µT to the head's numbers (B, out).
        head: interprets them.
        windows: validation windows.
        rows: which of them; one or more.
    """
    judged, estimates = windows.ends[rows], []
    for ends in np.array_split(judged, math.ceil(len(judged) / 512)):
        estimates += [head.posterior(raw).position_m for raw in predict(windows.fields(ends))]
    residual_m: FloatArray = np.array(estimates) - windows.position_m[judged]
    return residual_m
