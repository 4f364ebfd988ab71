"""MAIL from sample to sample: equal to a pass over the window, at a fraction of its work.

    gradient of the newest row --> one GRU step for all subsequences under way (hidden, slots)
                                     | begins: a slot is cleared     | ends: its state goes into a ring
                                     v                               v
    where an estimate is due: states of the window's subsequences --> projections, attention, head, as in `Mail`

A GRU starts every subsequence from zeros, so a subsequence is the same in every window that contains it: each is read
once. Only those begin that belong to a window whose end is a multiple of the stride. A subsequence's slot and its
place in the ring follow from the row that it begins with, so nothing grows and nothing is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mail_ros.core.models.mail.gru import Grus, slices
from mail_ros.core.signal.window import Window
from mail_ros.core.types import Float32Array, IntArray, Row


class _Begins:
    """When subsequences of one scale begin: at some residues of the stride, numbered consecutively."""

    def __init__(self, scale: int, starts: Sequence[int], length: int, stride: int) -> None:
        offsets = [1 - length + start for start in starts]  # from the window's newest gradient, whose residue is 0
        residues = sorted({offset % stride for offset in offsets})
        self.scale, self.stride = scale, stride
        self.rank = {residue: rank for rank, residue in enumerate(residues)}
        self.each = len(residues)  # begin per stride
        self.slots = math.ceil(scale / stride) * self.each  # at most so many are under way
        # Rows that follow the window, fewer than a stride, must not overwrite it.
        self.kept = math.ceil((length + stride - 1) / stride) * self.each
        self.numbers = np.array([self.number(offset) for offset in offsets])

    def number(self, index: int) -> int | None:
        """Number of the subsequence that begins with a row; None where none does."""
        rank = self.rank.get(index % self.stride)
        return None if rank is None else index // self.stride * self.each + rank


class StreamingGrus:
    """The GRUs of all scales over one signal.

    Memory: slots under way and ended, (window / stride) * hidden numbers per scale each, however long the signal is.
    """

    def __init__(
        self,
        units: Sequence[Mapping[str, Float32Array]],
        scales: Sequence[int],
        starts: Sequence[Sequence[int]],
        length: int,
        stride: int,
    ) -> None:
        """Start with an empty signal.

        Args:
            units: weights of each scale's GRU.
            scales: rows of a subsequence, for each scale.
            starts: where the subsequences of each scale begin in a window.
            length: gradients in a window.
            stride: rows between two windows, which end at indices that are multiples of it.
        """
        self._begins = [_Begins(scale, begin, length, stride) for scale, begin in zip(scales, starts, strict=True)]
        self._stride = stride
        self._grus = Grus(units, [each.slots for each in self._begins])
        self._state = self._grus.zeros(1)
        self._kept = slices([each.kept for each in self._begins])
        self._ended = np.zeros((self._kept[-1].stop + 1, self._grus.hidden), np.float32)  # the last stays zero
        rings = [(kept.start, b.kept, b.each) for kept, b in zip(self._kept, self._begins, strict=True)]
        self._ring_start, self._ring_size, self._each = np.array(rings).T[..., None]  # (scales, 1)
        count = max(len(begin) for begin in starts)
        self._numbers = np.array([np.pad(begins.numbers, (0, count - len(begins.numbers))) for begins in self._begins])
        self._missing = np.arange(count) >= np.array([[len(begins.numbers)] for begins in self._begins])

    def advance(self, index: int, g: Float32Array) -> None:
        """Read the gradient (3,) that ends with a row; indices follow each other, or the window restarts."""
        for begins, slots in zip(self._begins, self._grus.rows, strict=True):
            number = begins.number(index)
            if number is not None:
                self._state[:-1, slots.start + number % begins.slots] = 0.0
        self._grus.step(self._state, g[None])
        for begins, slots, kept in zip(self._begins, self._grus.rows, self._kept, strict=True):
            number = begins.number(index - begins.scale + 1)
            if number is not None:
                ended = self._state[:-1, slots.start + number % begins.slots, 0]
                self._ended[kept.start + number % begins.kept] = ended

    def states(self, index: int) -> Float32Array:
        """Last states P (scales, 1, max subsequences * hidden) of the window that ends with a row, oldest first.

        Args:
            index: a multiple of the stride, among the newest `stride` rows.
        """
        slots: IntArray = self._ring_start + (index // self._stride * self._each + self._numbers) % self._ring_size
        slots[self._missing] = len(self._ended) - 1
        p: Float32Array = self._ended[slots].reshape(len(slots), 1, -1)
        return p


class MailWindow(Window):
    """A window whose subsequences are read row by row; a constant field cancels in its gradient."""

    def __init__(
        self, length: int, stride: int, lag: int, grus: StreamingGrus, gradient: Callable[[Float32Array], Float32Array]
    ) -> None:
        """Start empty.

        Args:
            length: rows, of which the first `lag` have no gradient.
            stride: rows between two windows.
            lag: rows that the gradient looks back.
            grus: which read the gradients.
            gradient: of rows (B, 1 + lag, 3), (B, 1, 3).
        """
        super().__init__(length, 3, stride)
        self.grus, self._lag, self._gradient = grus, lag, gradient

    def append(self, row: Row) -> None:
        """See `Window`."""
        super().append(row)
        rows = self.newest(1 + self._lag)
        if len(rows) > self._lag:
            self.grus.advance(row.index, self._gradient(rows[None].astype(np.float32))[0, 0])
