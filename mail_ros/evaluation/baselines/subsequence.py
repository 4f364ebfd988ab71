"""`subsequence`: where DTW finds the piece of a walk that one scale of MAIL looks at.

For the paper's table 2, which gives the share of local anomalies that DTW finds at each scale. How the paper
cut, matched and judged them is not known to us; all of this is ours. A walk is cut into pieces as long as the
scale, one after the other; each is the difference over `mail.lag_s` that the network reads, which cancels a phone's
offset. A piece is matched by subsequence DTW (see `peers.dtw`) against the training walks of the floor, and
answers where its best match ends. The study `anomalies` calls it found where that is within a metre.
"""

from __future__ import annotations

from collections.abc import Sequence

from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.dtw import DtwSettings, SubsequenceDtw


def subsequence(tracks: Sequence[Track], config: ModelConfig, lag_s: float) -> FunctionModel:
    """DTW of the newest `sampling.length_s` seconds of gradient.

    Args:
        tracks: training walks.
        config: of the search; its gradient is not used.
        lag_s: of the difference.
    """
    method = SubsequenceDtw(tracks, config, DtwSettings(lag_s=lag_s))
    return FunctionModel(config, config.sampling.rows + method.lag, method.locate)
