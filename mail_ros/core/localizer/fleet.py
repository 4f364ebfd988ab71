"""Several robots through one model: each with its own window, belief and status, all in one batch.

(robot, sample) --> hear, each by itself --> ticks of all robots, one batch per tick index --> say, each by itself
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.interface import Estimate, Sample
from mail_ros.core.localizer.localizer import WindowLocalizer, mail_batch
from mail_ros.core.localizer.reader import MailReader, Reader
from mail_ros.core.localizer.tracked import localizer_of
from mail_ros.core.models.mail.mail import Model


@dataclass(frozen=True)
class _Robot:
    localizer: WindowLocalizer
    signal: int  # its place in the batch


class Fleet:
    """Localizers by the names of their robots, which join and leave."""

    def __init__(self, model: Model, stride_s: float, tracker: TrackerChoice, most: int) -> None:
        """Begin without robots.

        Args:
            model: that of all.
            stride_s: between two estimates of one robot.
            tracker: as of `localizer_of`.
            most: so many robots at once; memory is taken for all of them now.

        Raises:
            ConfigError: a model that needs odometry.
        """
        if model.config.needs_odometry:
            raise ConfigError(
                "the model of a fleet",
                wanted="one that reads the field in the device's axes, sampled by time",
                found=f"axes {model.config.axes}, rows {model.config.sampling.rate_unit}: they need odometry",
                fix="start one mail_localizer for each robot",
            )
        self.model, self.stride_s, self.tracker = model, stride_s, tracker
        self._batch = mail_batch(model, stride_s, most)
        self._robots: dict[str, _Robot] = {}
        self._free = list(range(most))  # signals, a heap: the batch is dense where few are there

    def __contains__(self, name: str) -> bool:
        return name in self._robots

    def __len__(self) -> int:
        return len(self._robots)

    def join(self, name: str) -> WindowLocalizer:
        """A robot comes; its localizer, to look at.

        Raises:
            ConfigError: one of this name is there, or no place is left.
        """
        if name in self._robots or not self._free:
            raise ConfigError(
                f"robot {name}",
                wanted="a new name" if name in self._robots else "a free place",
                found="one of this name" if name in self._robots else f"{len(self)} robots",
                fix="let it leave first" if name in self._robots else "begin with room for more",
            )
        signal, batch = heapq.heappop(self._free), self._batch

        def reader() -> Reader:
            assert batch is not None
            return MailReader(batch, signal)

        localizer = localizer_of(self.model, self.stride_s, self.tracker, None if batch is None else reader)
        self._robots[name] = _Robot(localizer, signal)
        return localizer

    def leave(self, name: str) -> None:
        """A robot goes; KeyError where none of this name is there."""
        robot = self._robots.pop(name)
        robot.localizer.reset()
        heapq.heappush(self._free, robot.signal)

    def push(self, samples: Iterable[tuple[str, Sample]]) -> list[tuple[str, Estimate]]:
        """Take samples, those of one robot in their order; the estimates that they make due, likewise.

        All robots hear before the first says, so that what came together goes through the network together.

        Raises:
            KeyError: a robot that did not join.
            TrackError: as of `WindowLocalizer.push`; the other samples are lost then.
        """
        said: list[tuple[str, Estimate]] = []
        due: dict[str, WindowLocalizer] = {}
        for name, sample in samples:
            if name in due:
                said.append((name, due.pop(name).say()))
            localizer = self._robots[name].localizer
            if localizer.hear(sample):
                due[name] = localizer
        return [*said, *((name, localizer.say()) for name, localizer in due.items())]
