"""What many tests share: a synthetic walk, and an untrained network.

An untrained network predicts nonsense, but the same nonsense for the same window: enough for every claim about what
is read, sent, stored and refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from mail_ros.core.belief import survey_cells
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.mail_config import HeadKind, MailConfig
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelCard, save_model
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import Estimate, FloatArray, IntArray, SampleLocalizer
from mail_ros.data.bag import read_track
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.track import Landmark, Track
from mail_ros.data.walk_writer import write_walk
from mail_ros.training.network import MailNetwork, arrays, untrained_network

START_NS = 1_700_000_000_123_456_789  # not on a tick of any rate
EXTENT_M = 10.0  # walks of these tests stay within this of the origin


class SyntheticWalk(NamedTuple):
    """A walk along a circle through a smooth, made-up field."""

    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    landmarks: tuple[Landmark, ...]

    def track(self) -> Track:
        """As a track, without a bag in between."""
        labels = labels_from_landmarks(self.stamp_ns, self.landmarks)
        return Track("walk", self.stamp_ns, self.field_ut, labels.position_m, labels.floor, labels.valid, labels.paused)

    def write(self, path: Path) -> Path:
        """As a bag; returns its path."""
        write_walk(path, self.stamp_ns, self.field_ut, self.landmarks)
        return path


def field_at(position_m: FloatArray) -> FloatArray:
    """Field, (n, 3) µT, at positions (n, 2): the Earth's, bent every few metres as in a building."""
    x, y = position_m[:, 0], position_m[:, 1]
    bend = [8.0 * np.sin(1.3 * x + 0.4 * y), 6.0 * np.cos(0.9 * y - 0.5 * x), 7.0 * np.sin(0.7 * x) * np.cos(1.1 * y)]
    field_ut: FloatArray = np.array([20.0, 5.0, -43.0]) + np.column_stack(bend)
    return field_ut


def synthetic_walk(
    duration_s: float = 10.0,
    rate_hz: float = 100.0,
    *,
    speed_m_s: float = 1.2,
    floor: int = 0,
    start_ns: int = START_NS,
    seed: int = 0,
) -> SyntheticWalk:
    """A walk on a circle of 5 m radius, its stamps jittered by up to a tenth of a period, landmarks every 2 s."""
    random = np.random.default_rng(seed)
    at_s = (np.arange(round(duration_s * rate_hz)) + random.uniform(-0.1, 0.1, round(duration_s * rate_hz))) / rate_hz
    at_s -= at_s[0]

    def position_m(time_s: FloatArray) -> FloatArray:
        angle = speed_m_s * time_s / 5.0
        return np.column_stack([5.0 * np.cos(angle), 5.0 * np.sin(angle)])

    field_ut = field_at(position_m(at_s)) + random.normal(0.0, 0.3, (len(at_s), 3))
    mark_s = np.append(np.arange(0.0, at_s[-1], 2.0), at_s[-1])
    marks = zip(mark_s.tolist(), position_m(mark_s).tolist(), strict=True)
    landmarks = tuple(Landmark(start_ns + round(s * 1e9), (x, y), floor) for s, (x, y) in marks)
    return SyntheticWalk(start_ns + np.round(at_s * 1e9).astype(np.int64), field_ut, landmarks)


def tiny_config(
    head: HeadKind = "regression", *, rate_hz: float = 50.0, scales_s: Sequence[float] = (0.5, 1.0, 2.0)
) -> ModelConfig:
    """A network that predicts in under a millisecond, with a window of two seconds."""
    mail = MailConfig(lag_s=0.2, scales_s=tuple(scales_s), hidden=8, feature=8, attention_hidden=8, head=head)
    return ModelConfig(sampling=TimeSampling(rate_hz=rate_hz, length_s=2.0), mail=mail)


def tiny_network(config: ModelConfig | None = None, *, floor: int = 0, seed: int = 0) -> MailNetwork:
    """An untrained network; a seed always gives the same one."""
    config = config or tiny_config()
    torch.manual_seed(seed)
    if config.mail.head == "regression":
        extent_m = np.array(EXTENT_M, np.float32)
        site = {"head.center_m": np.zeros(2, np.float32), "head.extent_m": extent_m, "head.floor": np.array(floor)}
        return untrained_network(config, site).eval()
    grid = np.stack(np.meshgrid(np.arange(-6.0, 6.5, 0.5), np.arange(-6.0, 6.5, 0.5)), -1).reshape(-1, 2)
    cells = survey_cells(grid, np.full(len(grid), floor), 0.5)
    settings = {"head.label_sigma_m": np.array(0.5), "head.radius_m": np.array(1.0)}
    places = {"head.cell_position_m": cells.position_m, "head.cell_floor": cells.floor}
    return untrained_network(config, {**places, **settings}).eval()


def tiny_mail(config: ModelConfig | None = None, *, floor: int = 0, seed: int = 0) -> Mail:
    """The same as it runs on the robot."""
    network = tiny_network(config, floor=floor, seed=seed)
    return Mail(network.config, arrays(network))


def tiny_model(
    path: Path, config: ModelConfig | None = None, *, map_frame: str = "map", floor: int = 0, seed: int = 0
) -> Path:
    """A model file of an untrained network; returns its path."""
    config = config or tiny_config()
    field_ut = synthetic_walk(2.0 * config.samples / config.sampling.per_unit, config.sampling.per_unit).field_ut
    card = ModelCard(config=config, tracker="none", map_frame=map_frame, floors=(floor,))
    golden = field_ut[: config.samples].astype(np.float32)
    save_model(path, arrays(tiny_network(config, floor=floor, seed=seed)), card, golden)
    return path


def offline_estimates(localizer: SampleLocalizer, bag: Path) -> list[Estimate]:
    """The estimates of a bag, without ROS."""
    estimates = (localizer.push(sample) for sample in read_track(bag).samples())
    return [estimate for estimate in estimates if estimate is not None]
