"""`chance`: always the centre of the training positions. What a method must beat to have learned anything."""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import normal
from mail_ros.core.localizer.localizer import WindowLocalizer
from mail_ros.core.localizer.reader import Answer
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.data.dataset import WindowSet


def chance(windows: WindowSet, config: ModelConfig, stride_s: float) -> WindowLocalizer:
    """Answer the mean position of the windows' ends, with their spread, whatever the field."""
    position_m = windows.position_m[windows.ends]
    floors, counts = np.unique(windows.floor[windows.ends], return_counts=True)
    answer = Answer(normal(position_m.mean(axis=0), np.cov(position_m.T), int(floors[counts.argmax()])))
    return WindowLocalizer.over_windows(config, config.samples, lambda _: answer, stride_s)
