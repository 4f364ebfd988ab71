"""Preset of a run and tracker of its model, chosen by what the bags of the survey hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mail_ros.core.belief import survey_cells
from mail_ros.core.config import OdometrySource
from mail_ros.core.localizer.compose import Tracking, default_tracking
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.data.clock_jumps import recorded_s
from mail_ros.data.track import Track
from mail_ros.training.run_config import RunConfig

AUTO, GIVEN = "auto", "as given"
OPEN = 1.5  # area between the lanes of a survey over that of the lanes, from which it covers open floor
SHORT = 1.5  # lengths of a window below which a walk hardly holds one
LANE_M = 0.25  # width of a lane
RECORDED: Mapping[OdometrySource, str] = {"wheels": "wheel odometry on /odom", "steps": "steps from /imu/data"}


class Choice(NamedTuple):
    """A preset, and what decided it."""

    preset: str
    why: str


def chosen_preset(preset: str, tracks: Sequence[Track]) -> Choice:
    """Resolve `auto`: area where the survey suits it, else robot if all walks have wheel odometry, else person."""
    if preset != AUTO:
        return Choice(preset, GIVEN)
    is_area, why = _suits_area(tracks)
    if is_area:
        return Choice("area", why)
    if {track.odometry for track in tracks} == {"wheels"}:
        return Choice("robot", f"all bags have wheel odometry; {why}")
    return Choice("person", f"not all bags have wheel odometry; {why}")


def _suits_area(tracks: Sequence[Track]) -> tuple[bool, str]:
    """Whether a survey is one of an area, and why: its walks cover open floor, or most hardly hold a window.

    Most walks have what a map of the field needs, from one kind of odometry. On long single lines matching is at least
    as accurate, see docs/field_map.md.
    """
    usable, limit_s = [track for track in tracks if not track.lacks], SHORT * TimeSampling.length_s
    if 2 * len(usable) <= len(tracks):
        return False, f"{len(tracks) - len(usable)} of {len(tracks)} lack what a map of the field needs"
    if len({track.odometry for track in usable}) != 1:
        return False, "some have steps, and a map of the field needs one kind of odometry"
    short = sum(_labelled_s(track) < limit_s for track in usable)
    if 2 * short > len(tracks):
        return True, f"{short} of {len(tracks)} walks are shorter than {limit_s:g} s, and have odometry"
    if covers_open_floor(usable):
        return True, "the walks enclose more floor than they cover, and have odometry"
    return False, f"the walks follow single lines, and most are longer than {limit_s:g} s"


def _labelled_s(track: Track) -> float:
    return recorded_s(track.labelled_span().stamp_ns)


def covers_open_floor(tracks: Sequence[Track]) -> bool:
    """Whether the labelled lanes of a survey enclose more floor than they cover."""
    from mail_ros.training.field_map.map_cells import map_cells

    position_m = np.concatenate([track.position_m[track.valid] for track in tracks])
    floor = np.concatenate([track.floor[track.valid] for track in tracks])
    if not len(floor):
        return False
    lanes, enclosed = survey_cells(position_m, floor, LANE_M), map_cells(position_m, floor, 0.0, LANE_M)
    return len(enclosed) >= OPEN * len(lanes)


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
    rows = f" at {sampling.per_unit:g} {sampling.rate_unit}" if config.kind != "field_map" else ""
    axes = ", gravity-aligned" if config.axes == "gravity" else ""
    counts = Counter(track.odometry for track in tracks)
    found = [f"{counts[one]} of {len(tracks)} bags have {name}" for one, name in RECORDED.items() if counts[one]]
    return (
        f"preset {preset}: {config.model.title}{rows}{axes}; "
        f"{' and '.join(found) or 'no bag has odometry or steps'}, so the model card names tracker {tracker}"
    )
