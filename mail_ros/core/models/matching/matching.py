"""Matching: a window against the windows of the survey, at whatever pitch the device is held.

    window (B, n, 3) µT ------+
                              v
    survey's windows (T, n, 3) --> squared distances (B, T) --> best of each cell --> logits (B, cells)
    every walk at several speeds   pitch and offset forgiven    labels are uncertain

What two passes of one place differ by, on real walks with two phones: a pitch of up to 30°, held for the
whole walk, which trades the field along the device for the field across its face; an offset of a few µT, left
over by the device's own calibration, or a large one, of another device; and the speed. A nearest-neighbour search
pays for all of them. Here the pitch is solved for in closed form in every comparison, the offset counts a little and
never more than `offset_max_ut2`, and speeds are stored.

The logits are log likelihood ratios to a window from elsewhere (see `core.models.matching.cell_likelihood`).

Nothing is learned. Ours; in the paper's terms it is a feature extraction with one scale, the
whole window, under the heatmap's softmax. It is linear in the window but for two square roots, so all its
sums can be carried from sample to sample.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import Float32Array
from mail_ros.core.models.heads import MapHead
from mail_ros.core.models.mail.mail import ModelOutput, State
from mail_ros.core.models.matching.alignment import Alignment, PitchAlignment, YawAlignment
from mail_ros.core.models.matching.cell_likelihood import Nearest, log_ratio, uncertain
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.neighbourhood import label_neighbours
from mail_ros.core.signal.resampling import cut_windows

BLOCK = 64  # windows compared at a time: bounds the memory of a pass


class Matching:
    """The survey's windows, and how likely each map cell is where a new window ends."""

    def __init__(self, config: ModelConfig, head: MapHead, survey: State) -> None:
        """Cut the survey's windows.

        Args:
            config: of the model; `config.matching` is its own part.
            head: the map.
            survey: what a model file keeps (see `training.matching`): `field_ut` (m, 3) all resampled walks,
                `end` (T,) rows where a window ends, `reach` (T,) rows without a hole up to there, `speed` (T,) at
                which it is walked, `cell` (T,) index of the cell where it ends.

        Raises:
            ModelError: cells that do not lie on one grid.
            KeyError: a part of the survey is missing.
        """
        self.config = config
        self.head = head
        field_ut, end, reach = survey["field_ut"], survey["end"], survey["reach"]
        s = cut_windows(field_ut, end, reach, survey["speed"].astype(np.float64), config.samples)
        self._nearest = Nearest(survey["cell"], len(head.cells))
        self._neighbour, weight = label_neighbours(head.cells, head.label_sigma_m)  # (cells, k)
        with np.errstate(divide="ignore"):  # of those that are none
            self._log_weight = np.log(weight).astype(np.float32)
        aligned = PitchAlignment if config.axes == "device" else YawAlignment
        self.alignment: Alignment = aligned(config.matching, s)

    def __call__(self, field_ut: Float32Array) -> ModelOutput:
        """Windows (B, n, w) -> logits (B, cells), no attention (B, 0), offsets (B, 3)."""
        blocks = [self._answer(field_ut[at : at + BLOCK]) for at in range(0, len(field_ut), BLOCK)]
        logits, attention, offset = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return ModelOutput(logits, attention, offset)

    def _answer(self, field_ut: Float32Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Windows (B, n, w) -> logits, see `evidence.log_ratio`, no attention, and offsets."""
        matching = self.config.matching
        distance = self.alignment.compare(field_ut)
        flat_ut2 = field_ut[..., :3].var(axis=1).sum(axis=1, keepdims=True)  # a flat field has the window's mean
        ratio = log_ratio(self._nearest(distance), flat_ut2, matching.noise_ut2, matching.background_ut2)
        logits = uncertain(ratio, self._neighbour, self._log_weight)
        offset = self.alignment.offset(field_ut, distance.argmin(axis=1))
        return logits, np.zeros((len(field_ut), 0), np.float32), offset
