"""MAIL carried from sample to sample: equal to a pass over the window, at a fraction of its work.

    gradient of the newest sample --> one GRU step for all subsequences that are under way (rows, hidden)
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
import torch
from torch import Tensor
from torch.nn import functional

from mail_ros.core.errors import ConfigError
from mail_ros.core.model import Mail, MailOutput, ScaleFeatures
from mail_ros.core.signals import SlidingWindow, Tick


class _Begins:
    """When subsequences of one scale begin: at some residues of the stride, numbered one after the other."""

    def __init__(self, scale: int, starts: Sequence[int], length: int, stride: int) -> None:
        offsets = [1 - length + start for start in starts]  # from the window's newest gradient, whose residue is 0
        residues = sorted({offset % stride for offset in offsets})
        self.scale = scale
        self.rank = {residue: rank for rank, residue in enumerate(residues)}
        self.each = len(residues)  # begin per stride
        self.rows = math.ceil(scale / stride) * self.each  # at most so many are under way
        self.kept = math.ceil(length / stride) * self.each  # at most so many begin within a window
        self.numbers = np.array([offset // stride * self.each + self.rank[offset % stride] for offset in offsets])


class StreamingMail:
    """The state of one signal's way through the network.

    Memory: rows under way and ended, (window / stride) * hidden numbers per scale each, whatever came before.
    """

    def __init__(self, model: Mail, stride: int) -> None:
        """Begin with an empty window.

        Args:
            model: with the weights that it has now.
            stride: ticks between two estimates; those are due where the tick's index is a multiple of it.

        Raises:
            ConfigError: the gradient "mean", which is another one for every window.
        """
        config = model.config
        if config.features.gradient == "mean":
            raise ConfigError(
                "features.gradient",
                wanted='"lag" or "first", which can be carried from sample to sample',
                found='"mean"',
                fix="answer whole windows",
            )
        self.model, self.stride = model, stride
        self.window = SlidingWindow(config.samples)
        units: list[ScaleFeatures] = list(model.scales)  # type: ignore[arg-type]
        self._begins = [_Begins(unit.scale, unit.starts, config.length, stride) for unit in units]
        self._rows = _slices([each.rows for each in self._begins])
        self._kept = _slices([each.kept for each in self._begins])
        hidden = config.network.hidden
        gru = [dict(unit.gru.named_parameters()) for unit in units]
        with torch.inference_mode():
            self._input = torch.cat([each["weight_ih_l0"] for each in gru])  # (scales * 3 hidden, 3)
            bias = torch.stack([each["bias_hh_l0"] for each in gru])  # (scales, 3 hidden)
            self._recurrent = [each["weight_hh_l0"].T for each in gru]  # (hidden, 3 hidden)
            self._new_bias = bias[:, 2 * hidden :].clone()  # of the part that the reset gate scales
            bias[:, 2 * hidden :] = 0.0
            self._input_bias = torch.cat([each["bias_ih_l0"] for each in gru]) + bias.flatten()
            self._state = torch.zeros(self._rows[-1].stop, hidden)
            self._gates = torch.zeros(self._rows[-1].stop, 3 * hidden)
            self._ended = torch.zeros(self._kept[-1].stop + 1, hidden)  # the last one stays zero
            self._project = _Projections(units, hidden)
        self._of_row = torch.repeat_interleave(torch.tensor([each.rows for each in self._begins]))

    @property
    def length(self) -> int:
        """Ticks in a full window."""
        return self.window.length

    @property
    def filled(self) -> int:
        """Ticks in the window now."""
        return self.window.filled

    @property
    def fill(self) -> float:
        """Share of the window that is filled, 0 to 1."""
        return self.window.fill

    def clear(self) -> None:
        """Forget all ticks; rows of before are cleared before they are used."""
        self.window.clear()

    def append(self, tick: Tick) -> None:
        """Take the next tick; one that does not follow the last begins the window anew."""
        self.window.append(tick)
        features = self.model.config.features
        if self.window.filled <= features.lag:
            return
        values_ut = self.window.newest(features.lag + 1)
        with torch.inference_mode():
            self._clear(self._state, self._rows, tick.index)
            self._step(torch.from_numpy((values_ut[-1] - values_ut[0]) / features.scale_ut).float())
            self._keep(tick.index)

    def output(self) -> MailOutput:
        """What the window that ends with the newest tick gives, whose index must be a multiple of the stride: B = 1."""
        last = self.window.last_index
        assert self.window.fill == 1.0 and last is not None and last % self.stride == 0, "no estimate is due"
        with torch.inference_mode():
            phi = self._project(self._ended[self._places(last // self.stride)])
            g = self.model.gradient(torch.from_numpy(self.window.values).float()[None])
            return self.model.fuse(phi[None], self.model.attention(g))

    def _step(self, g: Tensor) -> None:
        """One GRU step of all rows, cleared or under way, in the variant of `torch.nn.GRU`."""
        hidden = self._state.shape[1]
        read = torch.addmv(self._input_bias, self._input, g).view(-1, 3 * hidden)  # (scales, 3 hidden)
        bias = torch.cat([read[:, : 2 * hidden], self._new_bias], dim=1)
        for index, rows in enumerate(self._rows):
            torch.addmm(bias[index], self._state[rows], self._recurrent[index], out=self._gates[rows])
        reset, update = self._gates[:, : 2 * hidden].sigmoid_().chunk(2, dim=1)
        new = torch.addcmul(read[self._of_row, 2 * hidden :], reset, self._gates[:, 2 * hidden :]).tanh_()
        torch.lerp(new, self._state, update, out=self._state)

    def _clear(self, state: Tensor, rows: Sequence[slice], index: int) -> None:
        for begins, where in zip(self._begins, rows, strict=True):
            rank = begins.rank.get(index % self.stride)
            if rank is not None:
                state[where.start + (index // self.stride * begins.each + rank) % begins.rows] = 0.0

    def _keep(self, index: int) -> None:
        """Store the states of the subsequences that end with this tick."""
        for begins, rows, kept in zip(self._begins, self._rows, self._kept, strict=True):
            began = index - begins.scale + 1
            rank = begins.rank.get(began % self.stride)
            if rank is not None:
                number = began // self.stride * begins.each + rank
                self._ended[kept.start + number % begins.kept] = self._state[rows.start + number % begins.rows]

    def _places(self, stride_number: int) -> Tensor:
        """Where the states of a window's subsequences lie, (scales, most), oldest first; zeros beyond the last."""
        most = max(len(begins.numbers) for begins in self._begins)
        places = np.full((len(self._begins), most), len(self._ended) - 1)
        for row, begins, kept in zip(places, self._begins, self._kept, strict=True):
            numbers = stride_number * begins.each + begins.numbers
            row[: len(numbers)] = kept.start + numbers % begins.kept
        return torch.from_numpy(places)


class _Projections:
    """`ScaleFeatures.project` of all scales in few operations; those of fewer subsequences are filled up with zeros."""

    def __init__(self, units: Sequence[ScaleFeatures], hidden: int) -> None:
        width = hidden * max(len(unit.starts) for unit in units)
        self.weight = torch.stack([functional.pad(unit.fc.weight, (0, width - unit.fc.in_features)) for unit in units])
        self.bias = torch.stack([unit.fc.bias for unit in units])[..., None]
        self.slope = torch.stack([unit.prelu.weight for unit in units])
        self.gain = torch.stack([unit.norm.weight for unit in units])
        self.shift = torch.stack([unit.norm.bias for unit in units])
        self.epsilon = units[0].norm.eps

    def __call__(self, states: Tensor) -> Tensor:
        """(scales, most, hidden) -> Φ (scales, feature)."""
        linear = torch.baddbmm(self.bias, self.weight, states.flatten(1)[..., None])[..., 0]
        rectified = torch.maximum(linear, torch.zeros(())) + self.slope * torch.minimum(linear, torch.zeros(()))
        normed = functional.layer_norm(rectified, rectified.shape[-1:], eps=self.epsilon)
        return torch.addcmul(self.shift, self.gain, normed)


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
