"""Preset of a run and tracker of its model, chosen by what the bags of the survey hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mail_ros.core.config import OdometrySource
from mail_ros.core.localizer.compose import Tracking, default_tracking
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.data.track import Track
from mail_ros.training.run_config import RunConfig

AUTO = "auto"
RECORDED: Mapping[OdometrySource, str] = {"wheels": "wheel odometry on /odom", "steps": "steps from /imu/data"}


def chosen_preset(preset: str, tracks: Sequence[Track]) -> str:
    """Resolve `auto`: robot if all walks have wheel odometry, else person."""
    if preset != AUTO:
        return preset
    return "robot" if {track.odometry for track in tracks} == {"wheels"} else "person"


def tracking_for(config: ModelConfig, tracks: Sequence[Track]) -> Tracking:
    """The tracker for a model: odometry if all training walks have it from one source and the model can use it."""
    usual, sources = default_tracking(config), {track.odometry for track in tracks}
    source = sources.pop() if len(sources) == 1 else None
    by_pose = config.sampling.needs_odometry and not config.along_path
    if usual.tracker == "none" or source is None or by_pose:
        return usual
    return Tracking("odometry", source)


def reason(preset: str, config: RunConfig, tracks: Sequence[Track]) -> str:
    """One line about the choices of a run."""
    tracker, sampling = tracking_for(config.model, tracks).tracker, config.sampling
    axes = ", gravity-aligned" if config.axes == "gravity" else ""
    counts = Counter(track.odometry for track in tracks)
    found = [f"{counts[one]} of {len(tracks)} bags have {name}" for one, name in RECORDED.items() if counts[one]]
    return (
        f"preset {preset}: {config.model.title} at {sampling.per_unit:g} {sampling.rate_unit}{axes}; "
        f"{' and '.join(found) or 'no bag has odometry or steps'}, so the model card names tracker {tracker}"
    )
