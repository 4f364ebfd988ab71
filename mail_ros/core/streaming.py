"""MAIL carried from sample to sample: equal to a pass over the window, at a fraction of its work.

    gradient of the newest sample --> one GRU step for all subsequences that are under way (rows, signals, hidden)
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
            model: with the weights that it has now.
            stride: ticks between two estimates; those are due where a tick's index is a multiple of it.
            signals: how many there are.

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
        self.model, self.stride, self.signals = model, stride, signals
        units: list[ScaleFeatures] = list(model.scales)  # type: ignore[arg-type]
        self._begins = [_Begins(unit.scale, unit.starts, config.length, stride) for unit in units]
        self._rows = _slices([each.rows for each in self._begins])
        self._kept = _slices([each.kept for each in self._begins])
        hidden = config.network.hidden
        gru = [dict(unit.gru.named_parameters()) for unit in units]
        with torch.inference_mode():
            self._input = torch.cat([each["weight_ih_l0"] for each in gru]).T  # (3, scales * 3 hidden)
            bias = torch.stack([each["bias_hh_l0"] for each in gru])  # (scales, 3 hidden)
            self._recurrent = [each["weight_hh_l0"].T for each in gru]  # (hidden, 3 hidden)
            self._new_bias = bias[None, :, 2 * hidden :].clone()  # of the part that the reset gate scales
            bias[:, 2 * hidden :] = 0.0
            self._input_bias = torch.cat([each["bias_ih_l0"] for each in gru]) + bias.flatten()
            self._state = torch.zeros(self._rows[-1].stop, signals, hidden)
            self._ended = torch.zeros(self._kept[-1].stop + 1, signals, hidden)  # the last one stays zero
            self._gates = torch.zeros(3 * self._state.numel())  # written anew in every step: a new tensor is slow
            self._project = _Projections(units, hidden)
        self._of_row = torch.repeat_interleave(torch.tensor([each.rows for each in self._begins]))

    def advance(self, index: int, g: Tensor, who: Tensor) -> None:
        """Take a tick of some signals.

        Args:
            index: of the tick; those of a signal must follow each other, or its window begins anew.
            g: (s, 3) gradient that ends there.
            who: (s,) which signals, ascending.
        """
        chosen = self._chosen(who)
        for begins, rows in zip(self._begins, self._rows, strict=True):
            number = begins.number(index)
            if number is not None:
                self._state[rows.start + number % begins.rows, chosen] = 0.0
        state = self._state[:, chosen]  # a view of all, or a copy of some
        self._step(state, g)
        if isinstance(chosen, Tensor):
            self._state.index_copy_(1, chosen, state)
        for begins, rows, kept in zip(self._begins, self._rows, self._kept, strict=True):
            number = begins.number(index - begins.scale + 1)
            if number is not None:
                ended = self._state[rows.start + number % begins.rows, chosen]
                self._ended[kept.start + number % begins.kept, chosen] = ended

    def output(self, index: int, g: Tensor, who: Tensor) -> MailOutput:
        """What the windows of some signals give that end with a tick, the last that they advanced by.

        Args:
            index: of the tick, a multiple of the stride.
            g: (s, n, 3) gradients of the windows.
            who: (s,) which signals.
        """
        states = self._ended[self._places(index // self.stride)][:, :, self._chosen(who)]  # (scales, most, s, hidden)
        phi = self._project(states.permute(0, 2, 1, 3).flatten(2))
        return self.model.fuse(phi.transpose(0, 1), self.model.attention(g))

    def _chosen(self, who: Tensor) -> Tensor | slice:
        """An index of some signals; a slice where it is all of them, which copies nothing."""
        return slice(None) if len(who) == self.signals else who

    def _step(self, state: Tensor, g: Tensor) -> None:
        """One GRU step of all rows (rows, s, hidden), in place, in the variant of `torch.nn.GRU`."""
        signals, hidden = state.shape[1:]
        read = torch.addmm(self._input_bias, g, self._input).view(signals, -1, 3 * hidden)  # (s, scales, 3 hidden)
        bias = torch.cat([read[..., : 2 * hidden], self._new_bias.expand(signals, -1, -1)], dim=-1)
        gates = self._gates[: 3 * state.numel()].view(-1, signals, 3 * hidden)
        for index, rows in enumerate(self._rows):
            flat, out = state[rows].view(-1, hidden), gates[rows].view(-1, 3 * hidden)
            if signals == 1:
                torch.addmm(bias[0, index], flat, self._recurrent[index], out=out)
            else:
                torch.mm(flat, self._recurrent[index], out=out)
                gates[rows].add_(bias[:, index])
        reset, update = gates[..., : 2 * hidden].sigmoid_().chunk(2, dim=-1)
        rest = read[..., 2 * hidden :].transpose(0, 1)[self._of_row]  # (rows, s, hidden)
        new = torch.addcmul(rest, reset, gates[..., 2 * hidden :]).tanh_()
        torch.lerp(new, state, update, out=state)

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
        weights = [functional.pad(unit.fc.weight, (0, width - unit.fc.in_features)).T for unit in units]
        self.weight = torch.stack(weights)  # (scales, most * hidden, feature)
        self.bias = torch.stack([unit.fc.bias for unit in units])[:, None]  # (scales, 1, feature)
        self.slope = torch.stack([unit.prelu.weight for unit in units])[:, None]
        self.gain = torch.stack([unit.norm.weight for unit in units])[:, None]
        self.shift = torch.stack([unit.norm.bias for unit in units])[:, None]
        self.epsilon = units[0].norm.eps

    def __call__(self, states: Tensor) -> Tensor:
        """P (scales, s, most * hidden) -> Φ (scales, s, feature)."""
        linear = torch.baddbmm(self.bias, states, self.weight)
        rectified = linear.clamp_min(0.0) + self.slope * linear.clamp_max(0.0)
        normed = functional.layer_norm(rectified, rectified.shape[-1:], eps=self.epsilon)
        return torch.addcmul(self.shift, self.gain, normed)


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
