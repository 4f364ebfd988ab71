"""Gated recurrent units in numpy: one step of many rows at once, in the variant of `torch.nn.GRU` (equations 2 to 5).

    r, z = σ(W x + U h + b)     n = tanh(W_n x + b + r ∘ (U_n h + c))     h' = n + z ∘ (h - n)

Whole arrays are what numpy is fast at, so a state lies as (hidden + 1, rows, signals): one gate of all rows is
contiguous, and the last line of ones makes biases part of the product. σ(a) is (1 + tanh(a / 2)) / 2, whose halves
are in the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mail_ros.core.types import Float32Array


class Grus:
    """The units of several scales, which all read the same input."""

    def __init__(self, units: Sequence[Mapping[str, Float32Array]], rows: Sequence[int]) -> None:
        """Put weights as a step wants them.

        Args:
            units: one per scale, parameters by the names of `torch.nn.GRU`.
            rows: of each scale, which follow each other in a state.
        """
        self.hidden = units[0]["weight_hh_l0"].shape[1]
        self.rows = slices(rows)
        gates = 2 * self.hidden  # r and z
        half = np.full((3 * self.hidden, 1), 0.5, np.float32)
        of_input = half.copy()
        of_input[gates:] = 1.0
        self._input = np.concatenate([unit["weight_ih_l0"] * of_input for unit in units])  # (scales * 3 hidden, 3)
        bias = [unit["bias_ih_l0"][:, None] * of_input for unit in units]
        own = [unit["bias_hh_l0"][:, None] * half for unit in units]
        for outer, inner in zip(bias, own, strict=True):
            outer[:gates] += inner[:gates]
            inner[:gates] = 0.0
        self._bias = np.concatenate(bias)
        self._recurrent = [np.hstack([u["weight_hh_l0"] * half, b]) for u, b in zip(units, own, strict=True)]
        self._of_row = np.repeat(np.arange(len(units)), rows)
        self._of_scale = np.eye(len(units), dtype=np.float32)[:, self._of_row]  # (scales, rows)
        self._gates = np.zeros(0, np.float32)

    def zeros(self, signals: int) -> Float32Array:
        """States of all rows before the first step, (hidden + 1, rows, signals)."""
        state = np.zeros((self.hidden + 1, len(self._of_row), signals), np.float32)
        state[-1] = 1.0
        return state

    def step(self, state: Float32Array, x: Float32Array) -> None:
        """Take one input.

        Args:
            state: (hidden + 1, rows, s) contiguous, changed in place; the last line holds ones.
            x: (s, 3), which all rows of a signal read.
        """
        hidden, signals = self.hidden, state.shape[2]
        read = (self._input @ x.T + self._bias).reshape(len(self.rows), 3 * hidden, signals)
        gates = self._products(state.reshape(hidden + 1, -1), read)
        halves, new = gates[: 2 * hidden], gates[2 * hidden :]
        if signals > 1:
            halves += self._of_rows(read[:, : 2 * hidden])
        np.tanh(halves, out=halves)
        halves += np.float32(1.0)
        new *= halves[:hidden]
        new += self._of_rows(read[:, 2 * hidden :])
        np.tanh(new, out=new)
        h = state[:-1].reshape(hidden, -1)  # a view
        h -= new
        h *= halves[hidden:]
        h *= np.float32(0.5)
        h += new

    def _products(self, state: Float32Array, read: Float32Array) -> Float32Array:
        """U h (3 hidden, rows * s); of a single signal r and z get their input in the same product."""
        signals = read.shape[2]
        size = 3 * self.hidden * state.shape[1]
        if len(self._gates) < size:  # reused in every step: a new array of this size is slow
            self._gates = np.empty(size, np.float32)
        gates = self._gates[:size].reshape(3 * self.hidden, -1)
        for recurrent, rows, value in zip(self._recurrent, self.rows, read, strict=True):
            if signals == 1:
                recurrent[: 2 * self.hidden, -1] = value[: 2 * self.hidden, 0]
            else:
                recurrent[: 2 * self.hidden, -1] = 0.0
            at = slice(rows.start * signals, rows.stop * signals)
            np.matmul(recurrent, state[:, at], out=gates[:, at])
        return gates

    def _of_rows(self, read: Float32Array) -> Float32Array:
        """(scales, k, s), of every scale, as (k, rows * s), of every row."""
        if read.shape[2] == 1:
            per_row: Float32Array = read[..., 0].T @ self._of_scale
            return per_row
        return np.take(read.transpose(1, 0, 2), self._of_row, axis=1).reshape(read.shape[1], -1)


def slices(sizes: Sequence[int]) -> list[slice]:
    """Where parts of some sizes lie that follow each other."""
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
