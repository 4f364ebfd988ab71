"""What every model kind looks like from outside: windows in, log likelihoods over cells or a position out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.axes import AXES
from mail_ros.core.signal.window import Window
from mail_ros.core.types import Float32Array, FloatArray, IntArray, Prediction


class ModelOutput(NamedTuple):
    """What one pass computes for each window of a batch."""

    raw: Float32Array  # (B, 2) metres, or (B, cells) logits
    attention: Float32Array  # (B, K), sums to one
    device_offset_ut: Float32Array | None = None  # (B, 3) of the device against the survey's, where it is estimated


@dataclass(frozen=True)
class PoseQuery:
    """Poses near the end of a path."""

    cells: IntArray  # (p,) numbers of cells
    yaw: IntArray  # (p,) index of the yaw of each
    yaw_rad: FloatArray  # (k,) yaws of odometry's frame
    new_rows: int  # rows of the window that were in no query before
    ahead_m: FloatArray  # (2,) from these poses to the end of the path, in odometry's frame


@dataclass(frozen=True)
class Query:
    """What a filter wants of a model, and what it has learned of the device."""

    device_offset_ut: FloatArray  # (3,) constant field of the device against the survey's
    poses: PoseQuery | None = None  # None: of all cells, whatever the yaw


class Model(Protocol):
    """What localizers, training and evaluation use of a model."""

    config: ModelConfig  # its settings: sampling and axes of its windows
    samples: int  # rows of a window
    site_map: SiteMap | None  # the map of its log likelihoods; None where it computes positions

    def window(self, stride: int) -> Window:
        """An empty window for one signal, which ends at multiples of `stride` rows."""

    def predict(self, window: Window, query: Query) -> Prediction:
        """Compare a full window, minus the constant field of the device, with the map."""


class FunctionModel:
    """A function of a window as a model: baselines, and tests."""

    def __init__(
        self,
        config: ModelConfig,
        samples: int,
        function: Callable[[FloatArray], Prediction],
        site_map: SiteMap | None = None,
    ) -> None:
        """Wrap a function of the window's rows (samples, w)."""
        self.config, self.samples, self.function, self.site_map = config, samples, function, site_map
        self._axes = AXES[config.axes]

    def window(self, stride: int) -> Window:
        """See `Model`."""
        return Window(self.samples, self._axes.width, stride)

    def predict(self, window: Window, query: Query) -> Prediction:
        """See `Model`."""
        return self.function(self._axes.without(window.values, query.device_offset_ut))
