"""How a method reads a signal: the last ten seconds at once, or carried from tick to tick."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple, Protocol

import numpy as np

from mail_ros.core.belief import Float32Array, Posterior
from mail_ros.core.models.mail.mail import Mail, Model, ModelOutput
from mail_ros.core.models.mail.streaming import StreamingMail
from mail_ros.core.signal.axes import AXES, AxesKind
from mail_ros.core.signal.resampling import FloatArray, SlidingWindow, Tick


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

    def ask(self, offset_ut: FloatArray) -> None:
        """An answer is due of the full window that ends here, without a constant field (3,) µT."""

    def answer(self) -> Answer:
        """What the window said that was last asked of."""


class WindowReader(SlidingWindow):
    """Keeps the window, and reads all of it each time."""

    def __init__(self, samples: int, locate: Callable[[FloatArray], Answer], axes: AxesKind = "device") -> None:
        super().__init__(samples, AXES[axes].width)
        self.locate, self._axes = locate, AXES[axes]

    def ask(self, offset_ut: FloatArray) -> None:
        """See `Reader`."""
        self._asked = self._axes.without(self.values, offset_ut)

    def answer(self) -> Answer:
        """See `Reader`."""
        return self.locate(self._asked)


class MailBatch:
    """MAIL at several signals: ticks wait until somebody needs an answer, and then go in one batch per tick."""

    def __init__(self, model: Mail, stride: int, signals: int = 1) -> None:
        """As `StreamingMail`."""
        self.model = model
        self.streaming = StreamingMail(model, stride, signals)
        self._ticks: dict[int, list[tuple[int, FloatArray]]] = {}  # by index: signals and their fields (1 + lag, 3)
        self._asked: dict[int, list[tuple[int, FloatArray]]] = {}  # likewise, and windows (samples, 3)
        self._answers: dict[int, Answer] = {}  # by signal

    def append(self, signal: int, index: int, field_ut: FloatArray) -> None:
        """Take a signal's next tick, and what of the field before it makes its gradient: (1 + lag, 3) µT."""
        self._ticks.setdefault(index, []).append((signal, field_ut))
        if len(self._ticks) > self.streaming.stride:  # nobody asks: windows fill
            self._flush()

    def forget(self, signal: int) -> None:
        """Leave out the ticks of a signal that wait: its window begins anew."""
        if self._asked:
            self._flush()
        for entries in self._ticks.values():
            entries[:] = [entry for entry in entries if entry[0] != signal]

    def ask(self, signal: int, index: int, window_ut: FloatArray) -> None:
        """An answer is due where this tick ends."""
        self._asked.setdefault(index, []).append((signal, window_ut))

    def answer(self, signal: int) -> Answer:
        """The last that a signal asked for."""
        self._flush()
        return self._answers.pop(signal)

    def _flush(self) -> None:
        """Advance by all ticks that wait, each index in one batch, and answer whoever asked at it."""
        for index in sorted(self._ticks.keys() | self._asked.keys()):
            if self._ticks.get(index):
                who, field_ut = _stacked(self._ticks[index])
                self.streaming.advance(index, self.model.gradient(field_ut)[:, 0], who)
            if index in self._asked:
                who, windows_ut = _stacked(self._asked[index])
                output = self.streaming.output(index, self.model.gradient(windows_ut), who)
                self._answers |= {signal: _answer(self.model, output, row) for row, signal in enumerate(who)}
        self._ticks.clear()
        self._asked.clear()


class MailReader(SlidingWindow):
    """MAIL at one signal of a batch, carried from tick to tick; a constant field cancels in its gradient."""

    def __init__(self, batch: MailBatch, signal: int = 0) -> None:
        """Read as the `signal`-th of a batch, which nobody else may be meanwhile."""
        self.batch, self.signal = batch, signal
        self._lag = batch.model.config.lag
        super().__init__(*batch.model.config.window_shape)

    def clear(self) -> None:
        """See `Reader`."""
        super().clear()
        self.batch.forget(self.signal)

    def append(self, tick: Tick) -> None:
        """See `Reader`."""
        super().append(tick)
        if self.filled > self._lag:
            self.batch.append(self.signal, tick.index, self.newest(1 + self._lag).copy())

    def ask(self, offset_ut: FloatArray) -> None:
        """See `Reader`."""
        assert self.last_index is not None
        self.batch.ask(self.signal, self.last_index, self.values.copy())

    def answer(self) -> Answer:
        """See `Reader`."""
        return self.batch.answer(self.signal)


def _stacked(entries: list[tuple[int, FloatArray]]) -> tuple[list[int], Float32Array]:
    """Signals (s), ascending, and what belongs to them (s, ...)."""
    entries.sort(key=itemgetter(0))
    return [signal for signal, _ in entries], np.array([value for _, value in entries], np.float32)


def window_answer(model: Model, window_ut: FloatArray) -> Answer:
    """A pass of a model over a window (samples, w)."""
    return _answer(model, model(window_ut[None].astype(np.float32)), 0)


def _answer(model: Model, output: ModelOutput, row: int) -> Answer:
    """Of one window of a batch."""
    raw, head = output.raw[row], model.head
    offset_ut = None if output.offset_ut is None else output.offset_ut[row].astype(np.float64)
    return Answer(head.posterior(raw), tuple(output.attention[row].tolist()), head.log_ratio(raw), offset_ut)
