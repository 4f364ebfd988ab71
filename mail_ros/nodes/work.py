"""From parameters to a model at work."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from mail_ros.core.engine import load
from mail_ros.core.runtime import Runtime
from mail_ros.nodes.parameters import LocalizerParameters


def put_to_work(parameters: LocalizerParameters, now_ns: Callable[[], int]) -> Runtime:
    """Load and check the model that parameters name, and make all that it needs to localize; in whatever thread.

    Raises:
        MailError: the model cannot be used, or not so.
    """
    loaded = load(parameters.model_path, parameters.engine)
    map_frame = parameters.global_frame_id or loaded.card.map_frame
    about = {
        "model": parameters.model,
        "model sha256": sha256(parameters.model_path.read_bytes()).hexdigest(),
        "map frame": map_frame,
        "engine": parameters.engine,
        "tracker": parameters.tracker,
    }
    return Runtime(
        loaded,
        map_frame=map_frame,
        stride_s=parameters.stride_s,
        tracker=parameters.tracker,
        odometry=parameters.odometry,
        now_ns=now_ns,
        about=about,
    )
