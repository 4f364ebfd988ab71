"""How a method reads a signal: the last ten seconds at once, or carried from tick to tick."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch

from mail_ros.core.belief import Posterior
from mail_ros.core.checkpoint import Model
from mail_ros.core.model import MailOutput
from mail_ros.core.signals import FloatArray, SlidingWindow, Tick
from mail_ros.core.streaming import StreamingMail


class Answer(NamedTuple):
    """What a method says of one window."""

    posterior: Posterior
    attention: tuple[float, ...] = ()  # one weight per scale, sums to one; empty where there are no scales
    log_ratio: FloatArray | None = None  # (m,) in the method's cells, see `belief.ratio`; None: the posterior's own
    offset_ut: FloatArray | None = None  # (3,) of the device against the survey's; None where the method does not say

    @property
    def support(self) -> float:
        """How well the map explains the window; NaN where the method does not say."""
        return math.nan if self.log_ratio is None else float(self.log_ratio.max())


class Reader(Protocol):
    """A method at one signal: what it remembers, and what it says of the window that ends with the newest tick."""

    @property
    def length(self) -> int:
        """Ticks in a full window."""

    @property
    def filled(self) -> int:
        """Ticks in the window now."""

    @property
    def fill(self) -> float:
        """Share of the window that is filled, 0 to 1."""

    def clear(self) -> None:
        """Forget all ticks."""

    def append(self, tick: Tick) -> None:
        """Take the next tick; one that does not follow the last begins the window anew."""

    def answer(self, offset_ut: FloatArray) -> Answer:
        """What the full window says, without a constant field (3,) µT; asked where a stride ends."""


class WindowReader(SlidingWindow):
    """Keeps the window, and reads all of it each time."""

    def __init__(self, samples: int, locate: Callable[[FloatArray], Answer]) -> None:
        super().__init__(samples)
        self.locate = locate

    def answer(self, offset_ut: FloatArray) -> Answer:
        """See `Reader`."""
        return self.locate(self.values - offset_ut)


class MailReader(StreamingMail):
    """MAIL, carried from tick to tick; a constant field cancels in its gradient."""

    def answer(self, offset_ut: FloatArray) -> Answer:
        """See `Reader`."""
        return _answer(self.model, self.output())


def window_answer(model: Model, window_ut: FloatArray) -> Answer:
    """A pass of a model over a window (samples, 3) µT."""
    with torch.inference_mode():
        return _answer(model, model(torch.from_numpy(window_ut).float()[None]))


def _answer(model: Model, output: MailOutput) -> Answer:
    raw, head = output.raw[0], model.head
    offset_ut = None if output.offset_ut is None else output.offset_ut[0].double().numpy()
    return Answer(head.posterior(raw), tuple(output.attention[0].tolist()), head.log_ratio(raw), offset_ut)
