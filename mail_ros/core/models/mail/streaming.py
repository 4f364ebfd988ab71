"""MAIL carried from sample to sample: equal to a pass over the window, at a fraction of its work.

    gradient of the newest sample --> one GRU step for all subsequences that are under way (hidden, rows, signals)
                                        | begins: a row is cleared     | ends: its state goes into a ring
                                        v                              v
    where an estimate is due: states of the window's subsequences --> projections, attention, head, as in `Mail`

A GRU starts every subsequence from nothing, so that a subsequence is the same whichever window it is in: each is read
once. Only those are begun that some window needs whose end is a multiple of the stride. A subsequence's row and its
place in the ring follow from the tick that it begins at, so nothing grows and nothing is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mail_ros.core.belief import Float32Array, IntArray
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.mail.gru import Grus, slices
from mail_ros.core.models.mail.mail import Mail, ModelOutput


class _Begins:
    """When subsequences of one scale begin: at some residues of the stride, numbered one after the other."""

    def __init__(self, scale: int, starts: Sequence[int], length: int, stride: int) -> None:
        offsets = [1 - length + start for start in starts]  # from the window's newest gradient, whose residue is 0
        residues = sorted({offset % stride for offset in offsets})
        self.scale, self.stride = scale, stride
        self.rank = {residue: rank for rank, residue in enumerate(residues)}
        self.each = len(residues)  # begin per stride
        self.rows = math.ceil(scale / stride) * self.each  # at most so many are under way
        self.kept = math.ceil(length / stride) * self.each  # at most so many begin within a window
        self.numbers = np.array([self.number(offset) for offset in offsets])

    def number(self, index: int) -> int | None:
        """Of the subsequence that begins with a tick; None where none does."""
        rank = self.rank.get(index % self.stride)
        return None if rank is None else index // self.stride * self.each + rank


class StreamingMail:
    """The ways of some signals through the network, each at its own tick.

    Memory: rows under way and ended, (window / stride) * hidden numbers per signal and scale each, however long it is.
    """

    def __init__(self, model: Mail, stride: int, signals: int = 1) -> None:
        """Begin with nothing read.

        Args:
            model: the network.
            stride: ticks between two estimates; those are due where a tick's index is a multiple of it.
            signals: how many there are.

        Raises:
            ConfigError: the gradient "mean", which is another one for every window.
        """
        config = model.config
        if config.mail.gradient == "mean":
            raise ConfigError(
                "mail.gradient",
                wanted='"lag" or "first", which can be carried from sample to sample',
                found='"mean"',
                fix="answer whole windows",
            )
        self.model, self.stride, self.signals = model, stride, signals
        scales = zip(config.scales, model.starts, strict=True)
        self._begins = [_Begins(scale, starts, config.sampling.rows, stride) for scale, starts in scales]
        self._grus = Grus(model.units, [each.rows for each in self._begins])
        self._state = self._grus.zeros(signals)
        self._kept = slices([each.kept for each in self._begins])
        self._ended = np.zeros((self._kept[-1].stop + 1, signals, self._grus.hidden), np.float32)  # the last stays zero
        rings = [(kept.start, b.kept, b.each) for kept, b in zip(self._kept, self._begins, strict=True)]
        self._ring_start, self._ring_size, self._each = np.array(rings).T[..., None]  # (scales, 1)
        most = max(len(starts) for starts in model.starts)
        self._numbers = np.array([np.pad(begins.numbers, (0, most - len(begins.numbers))) for begins in self._begins])
        self._beyond = np.arange(most) >= np.array([[len(begins.numbers)] for begins in self._begins])

    def advance(self, index: int, g: Float32Array, who: Sequence[int]) -> None:
        """Take a tick of some signals.

        Args:
            index: of the tick; those of a signal must follow each other, or its window begins anew.
            g: (s, 3) gradient that ends there.
            who: (s) which signals, ascending.
        """
        chosen = self._chosen(who)
        for begins, rows in zip(self._begins, self._grus.rows, strict=True):
            number = begins.number(index)
            if number is not None:
                self._state[:-1, rows.start + number % begins.rows, chosen] = 0.0
        if isinstance(chosen, slice):
            self._grus.step(self._state, g)
        else:
            state = np.ascontiguousarray(self._state[:, :, chosen])
            self._grus.step(state, g)
            self._state[:, :, chosen] = state
        for begins, rows, kept in zip(self._begins, self._grus.rows, self._kept, strict=True):
            number = begins.number(index - begins.scale + 1)
            if number is not None:
                ended = self._state[:-1, rows.start + number % begins.rows, chosen]
                self._ended[kept.start + number % begins.kept, chosen] = ended.T

    def output(self, index: int, g: Float32Array, who: Sequence[int]) -> ModelOutput:
        """What the windows of some signals give that end with a tick, the last that they advanced by.

        Args:
            index: of the tick, a multiple of the stride.
            g: (s, n, 3) gradients of the windows.
            who: (s) which signals.
        """
        places = self._places(index // self.stride)
        states = self._ended[places][:, :, self._chosen(who)]  # (scales, most, s, hidden)
        p = states.transpose(0, 2, 1, 3).reshape(len(places), len(who), -1)
        return self.model.fuse(self.model.project(p), self.model.attention(g))

    def _chosen(self, who: Sequence[int]) -> Sequence[int] | slice:
        """An index of some signals; a slice where it is all of them, which copies nothing."""
        return slice(None) if len(who) == self.signals else who

    def _places(self, stride_number: int) -> IntArray:
        """Where the states of a window's subsequences lie, (scales, most), oldest first; zeros beyond the last."""
        places: IntArray = self._ring_start + (stride_number * self._each + self._numbers) % self._ring_size
        places[self._beyond] = len(self._ended) - 1
        return places
