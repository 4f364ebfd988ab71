"""Window by window: magnetometer samples in, position estimates out.

    Sample --> Intake --> Tick --> Reader --> Answer --> Estimate
    push()     rate_hz             10 s       once a stride, metres, map frame

No ROS here, on purpose. The node, the evaluator and the tests all drive the same `push`, so the
error we report is the error the robot has.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mail_ros.core.belief import Cells
from mail_ros.core.config import STRIDE_S, check_range
from mail_ros.core.errors import ConfigError
from mail_ros.core.filter.grid_filter import Hypothesis
from mail_ros.core.localizer.interface import Estimate, Sample, Status, report
from mail_ros.core.localizer.reader import Answer, MailBatch, MailReader, Reader, WindowReader, window_answer
from mail_ros.core.models.mail.mail import Mail, Model
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.neighbourhood import Grid
from mail_ros.core.signal.preprocessor import Intake
from mail_ros.core.signal.resampling import NS_PER_S, FloatArray, Tick
from mail_ros.core.signal.sampling import DistanceSampling, Sampling

NO_OFFSET_UT = np.zeros(3)


class WindowLocalizer:
    """A method that answers whole windows, behind the seam: one answer a stride.

    Ticks at whole multiples of the stride since the epoch answer, so that two localizers that hear the
    same sensor answer at the same stamps, whenever each was started.
    """

    def __init__(
        self,
        config: ModelConfig,
        reader: Callable[[], Reader],
        stride_s: float = STRIDE_S,
        cells: Cells | None = None,
    ) -> None:
        """Wire resampler and method.

        Args:
            config: sampling and axes of the windows.
            reader: makes an empty one, so that several can follow one method at once.
            stride_s: between two answers.
            cells: where the tracker may follow this method, those of its answers' log ratios; None for nowhere.
        """
        self.config, self.stride_s, self.cells, self.new_reader = config, stride_s, cells, reader
        self.stride = stride_ticks(config.sampling, stride_s)
        self.intake = Intake(config.sampling, config.axes)
        self.reader = reader()
        self.status = Status.FILLING  # now; that of the last estimate once the window is full
        self._stamp_ns = 0  # of the last sample
        self._stride_ns = round(stride_s * NS_PER_S)
        self._asked = self._new = False  # the reader, since its last answer; whether the way went on since it was asked
        self._last: Answer | None = None

    @classmethod
    def over_windows(
        cls,
        config: ModelConfig,
        samples: int,
        locate: Callable[[FloatArray], Answer],
        stride_s: float = STRIDE_S,
        cells: Cells | None = None,
    ) -> WindowLocalizer:
        """One that reads all of the window each time, (samples, w), oldest first."""
        return cls(config, lambda: WindowReader(samples, locate, config.axes), stride_s, cells)

    def reset(self) -> None:
        """Forget all samples."""
        self.intake.reset()
        self.reader.clear()
        self._asked = self._new = False
        self._last = None
        self.status = Status.FILLING

    @property
    def _goes_on(self) -> bool:
        """By the way: whether there is something to say although the window is not full."""
        return self.reader.fill == 1.0

    def forget(self) -> None:
        """Let what earlier windows said count no more; the window that is read stays."""

    def believe(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """Take somebody's word for where the device is, see `Tracker.believe`.

        Raises:
            MailError: it is of no use, or, as here, nothing is carried on from window to window.
        """
        raise ConfigError(
            "the place of the device",
            wanted="a tracker that carries it on",
            found="none: each window is by itself",
            fix="set tracker to walking",
        )

    def hypotheses(self) -> list[Hypothesis]:
        """The places where the device may be, see `Tracker.hypotheses`; none where nothing is carried on."""
        return []

    def grid(self, floor: int) -> Grid | None:
        """The belief on a floor, as a picture; None where nothing is carried on, or no cell is there."""
        return None

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; None while the window fills, between strides, and for unusable samples."""
        return self.say() if self.hear(sample) else None

    def hear(self, sample: Sample) -> bool:
        """The first half of `push`: whether an estimate is due, which `say` then gives.

        Whoever drives several localizers of one batch (see `reader.MailBatch`) hears all of them first.
        """
        self._stamp_ns = sample.stamp_ns
        return self._hear_field(sample, NO_OFFSET_UT)

    def say(self) -> Estimate:
        """The second half."""
        answer, _ = self._answer()
        return self._said(report(self._stamp_ns, answer))

    def _hear_field(self, sample: Sample, offset_ut: FloatArray) -> bool:
        """Take a sample's field, and ask for the newest answer that is due."""
        before_ns = self.intake.newest_ns
        ticks = self.intake.push(sample)
        self._notice_fault()
        if isinstance(self.config.sampling, DistanceSampling):
            return self._hear_way(ticks, before_ns, offset_ut)
        due = max((tick.index for tick in ticks if tick.index % self.stride == 0), default=None)
        for tick in ticks:
            self._append(tick)
            if tick.index == due and self.reader.fill == 1.0:
                self.reader.ask(offset_ut)
                self._asked = True
        return self._asked

    def _hear_way(self, ticks: list[Tick], before_ns: int | None, offset_ut: FloatArray) -> bool:
        """The same by the way: due with the first sample after each stride; asked only where the way went on."""
        for tick in ticks:
            self._append(tick)
        newest_ns = self.intake.newest_ns
        if before_ns is None or newest_ns is None:
            return False
        unheard = newest_ns - before_ns > self.intake.resampler.max_gap_ns  # it may have gone on from the window's end
        self._new = ((self._new and not unheard) or bool(ticks)) and self.reader.fill == 1.0
        if newest_ns // self._stride_ns <= before_ns // self._stride_ns:
            return False
        if self._new:
            self.reader.ask(offset_ut)
            self._new, self._asked = False, True
        return self._asked or (self._last is not None and self._goes_on)

    def _answer(self) -> tuple[Answer, bool]:
        """Of the window, and whether it is new; the last one where the way did not go on since."""
        if not self._asked and self._last is not None:
            return self._last, False
        self._asked, self._last = False, self.reader.answer()
        return self._last, True

    def refuse(self, stamp_ns: int, fault: str) -> None:
        """Leave a sample out, and count it under one of `SENSOR_FAULTS`."""
        self.intake.refuse(stamp_ns, fault)
        self._notice_fault()

    def _notice_fault(self) -> None:
        if self.intake.faulty:
            self.status = Status.SENSOR_FAULT
        elif self.status is Status.SENSOR_FAULT:
            self.status = Status.FILLING

    def _append(self, tick: Tick) -> None:
        self.reader.append(tick)
        if self.reader.fill < 1.0:
            self.status = Status.FILLING

    def _said(self, estimate: Estimate) -> Estimate:
        self.status = estimate.status
        return estimate


def stride_ticks(sampling: Sampling, stride_s: float) -> int:
    """A stride in ticks.

    Raises:
        ConfigError: shorter than a tick, or longer than an hour.
    """
    check_range("stride_s", stride_s, 1.0 / sampling.per_unit, 3600.0)
    return round(stride_s * sampling.per_unit)


class MailLocalizer(WindowLocalizer):
    """MAIL behind the seam, or matching: carried from sample to sample where the model allows it."""

    def __init__(
        self,
        model: Model,
        stride_s: float = STRIDE_S,
        cells: Cells | None = None,
        reader: Callable[[], Reader] | None = None,
    ) -> None:
        """Put a model behind the seam.

        Args:
            model: of the site.
            stride_s: between two answers.
            cells: for the tracker, where the model's head has none.
            reader: of the model at this signal, where it is one of a batch; None: by itself.
        """
        self.model = model

        def alone() -> Reader:
            batch = mail_batch(model, stride_s)
            if batch is not None:
                return MailReader(batch)
            axes = model.config.axes
            return WindowReader(model.config.samples, lambda window_ut: window_answer(model, window_ut), axes)

        known = model.head.cells
        super().__init__(model.config, reader or alone, stride_s, cells if known is None else known)


def mail_batch(model: Model, stride_s: float, signals: int = 1) -> MailBatch | None:
    """What carries a model from sample to sample; None where it reads whole windows."""
    if not isinstance(model, Mail) or model.config.mail.gradient == "mean":
        return None
    return MailBatch(model, stride_ticks(model.config.sampling, stride_s), signals)
