"""`chance`: the centre of the training positions, whatever the field. A method that learned anything is better."""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import normal
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import Prediction
from mail_ros.data.dataset import WindowSet


def chance(windows: WindowSet, config: ModelConfig) -> FunctionModel:
    """Predict the mean position of the windows' ends, with their covariance."""
    floors, counts = np.unique(windows.floor[windows.ends], return_counts=True)
    floor = int(floors[counts.argmax()])
    position_m = windows.position_m[windows.ends][windows.floor[windows.ends] == floor]
    centre = Prediction(None, normal(position_m.mean(axis=0), np.cov(position_m.T), floor))
    return FunctionModel(config, config.samples, lambda _: centre)
