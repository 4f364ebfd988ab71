"""From walks to windows: preprocessed as on the robot, cut at any end and any speed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mail_ros.core.errors import TrackError
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.axes import AXES, AxesKind
from mail_ros.core.signal.preprocessor import Preprocessor
from mail_ros.core.signal.resampling import TimeResampler
from mail_ros.core.signal.sampling import DistanceSampling, Sampling
from mail_ros.core.signal.window import cut_windows
from mail_ros.core.types import BoolArray, FloatArray, IntArray, Row
from mail_ros.data.gravity_alignment import device_offset_ut, odometry_yaw_offset_rad, rotated_rows
from mail_ros.data.track import Track, cached_by_track


@cached_by_track
def resample(track: Track, sampling: Sampling, axes: AxesKind = "device") -> Track:
    """The walk at the rows that the robot's preprocessing would give.

    A hole longer than `max_gap_s` becomes one row of NaN that is not valid, however long it is.
    A clock that was set back inside the walk keeps what came before. Gravity-aligned rows are in the map's axes.

    Raises:
        TrackError: see `Preprocessor.push` and `gravity_alignment.odometry_yaw_offset_rad`.
    """
    preprocessor = Preprocessor(sampling, axes)
    rows_by_index: dict[int, Row] = {}
    completed_by: dict[int, int] = {}  # row of the track that completed a resampled sample
    moved_m = by_label_m(track) if isinstance(sampling, DistanceSampling) else track.moved_m
    for row, sample in enumerate(dataclasses.replace(track, moved_m=moved_m).samples()):
        for resampled_row in preprocessor.push(sample):
            rows_by_index.setdefault(resampled_row.index, resampled_row)
            completed_by.setdefault(resampled_row.index, row)
    if not rows_by_index:
        return track[:0]
    if isinstance(preprocessor.resampler, TimeResampler):
        index = np.array(sorted(rows_by_index))
        begins = np.flatnonzero(np.diff(index) != 1) + 1
        rows = np.insert(np.array([rows_by_index[each].values for each in index.tolist()]), begins, np.nan, axis=0)
        index = np.insert(index, begins, index[begins] - 1)
        resampled = _relabel(track, index * preprocessor.resampler.period_ns, rows)
    else:
        resampled = _by_distance(track, rows_by_index, completed_by)
    return _in_map_axes(track, resampled) if axes == "gravity" else resampled


def walked_back(resampled: Track) -> Track:
    """The same path from its end to its start: in the map's axes the field does not depend on the direction of travel.

    A row is the mean up to its stamp: reversed, it ends at the position of the previous row.
    """
    back = resampled[::-1]
    ends = {name: np.roll(getattr(back, name), -1, axis=0) for name in ("position_m", "floor", "valid", "paused")}
    ends["valid"][-1] = False
    ends["position_m"][~ends["valid"]] = np.nan
    return dataclasses.replace(back, stamp_ns=resampled.stamp_ns, **ends)


def by_label_m(track: Track) -> FloatArray:
    """(n, 2) displacement since the previous row by the labels, smoother than a person's steps; zero where unknown."""
    step_m = np.diff(track.position_m, axis=0, prepend=track.position_m[:1])
    return np.nan_to_num(step_m)


def _by_distance(track: Track, rows_by_index: dict[int, Row], completed_by: dict[int, int]) -> Track:
    """Samples by distance as a track, with a row of NaN between two runs; stamps and labels of the completing rows."""
    index = np.array(list(rows_by_index))
    begins = np.flatnonzero(np.diff(index, prepend=index[0]) != (np.arange(len(index)) > 0))
    row = np.array([completed_by[number] for number in index])
    rows = np.insert(
        np.array([resampled_row.values for resampled_row in rows_by_index.values()]), begins, np.nan, axis=0
    )
    at = np.insert(row, begins, row[begins])
    valid = track.valid[at] & np.isfinite(rows).all(axis=1)
    position_m = np.where(valid[:, None], track.position_m[at], np.nan)
    paused = track.paused[at] & valid
    return Track(track.source, track.stamp_ns[at], rows, position_m, track.floor[at], valid, paused)


def _in_map_axes(track: Track, resampled: Track) -> Track:
    """Gravity-aligned rows, rotated to the map and without the device offset."""
    if track.moved_m is None:
        raise TrackError(
            track.source,
            wanted="odometry, to rotate the field to the map",
            found="none",
            fix="record /odom or /imu/data, or train with --set axes=device",
        )
    order = np.argsort(track.stamp_ns, kind="stable")
    angle = odometry_yaw_offset_rad(track.source, track.moved_m[order], track.position_m[order])
    rows = rotated_rows(resampled.field_ut, np.interp(resampled.stamp_ns, track.stamp_ns[order], angle))
    own_ut = device_offset_ut(rows, resampled.position_m, resampled.floor)
    return dataclasses.replace(resampled, field_ut=AXES["gravity"].without(rows, own_ut))


def _relabel(track: Track, stamp_ns: IntArray, field_ut: FloatArray) -> Track:
    """The walk at other stamps, with interpolated labels."""
    order = np.argsort(track.stamp_ns, kind="stable")
    known_ns = track.stamp_ns[order]
    before = np.clip(np.searchsorted(known_ns, stamp_ns, side="right") - 1, 0, len(order) - 1)
    nearest = order[before]
    position_m = np.column_stack(
        [np.interp(stamp_ns - known_ns[0], known_ns - known_ns[0], track.position_m[order, axis]) for axis in (0, 1)]
    )
    valid = track.valid[nearest] & np.isfinite(field_ut).all(axis=1) & np.isfinite(position_m).all(axis=1)
    position_m[~valid] = np.nan
    return dataclasses.replace(
        track,
        stamp_ns=stamp_ns,
        field_ut=field_ut,
        position_m=position_m,
        floor=track.floor[nearest],
        valid=valid,
        paused=track.paused[nearest] & valid,
        moved_m=None,  # windows use rows only
        attitude_xyzw=None,
    )


class WindowSet:
    """All windows of some walks that end at labelled, moving samples; read in batches."""

    def __init__(self, tracks: Sequence[Track], config: ModelConfig, stride: float) -> None:
        """Find the windows.

        Args:
            tracks: walks as recorded, of any rate.
            config: the model that will read the windows.
            stride: between the ends of neighbouring windows of a walk, in the sampling's unit.

        Raises:
            TrackError: no walk has a labelled, moving window.
        """
        resampled = [resample(track, config.sampling, config.axes).labelled_span() for track in tracks]
        self.recorded = len(resampled)  # walks; the rest are the same walks backwards
        if config.axes == "gravity":
            resampled += [walked_back(track) for track in resampled if len(track)]
        self.samples = config.samples
        self.field_ut = np.concatenate([t.field_ut for t in resampled]).astype(np.float32)  # (n, w)
        self.position_m = np.concatenate([t.position_m for t in resampled])  # (n, 2)
        self.floor = np.concatenate([t.floor for t in resampled])  # (n,)
        self.reach = np.concatenate([_run_length(t.field_ut) for t in resampled])  # (n,) rows since the last gap
        self.walk = np.repeat(np.arange(len(resampled)), [len(t.field_ut) for t in resampled])  # (n,) index of the walk
        usable = np.concatenate([t.valid & ~t.paused for t in resampled]) & (self.reach >= self.samples)
        per_unit, unit = config.sampling.per_unit, config.sampling.unit
        self.ends = np.flatnonzero(usable)[:: max(1, round(stride * per_unit))]
        if not len(self.ends):
            longest = self.reach.max(initial=0)
            raise TrackError(
                ", ".join(track.source for track in tracks),
                wanted=f"labelled, moving windows of {self.samples / per_unit:g} {unit}",
                found=f"none (longest labelled part without a gap: {longest / per_unit:.1f} {unit})",
                fix="give walks with landmarks that are longer than the window",
            )

    def __len__(self) -> int:
        return len(self.ends)

    def fields(self, ends: IntArray, speed: FloatArray | None = None) -> npt.NDArray[np.float32]:
        """Windows that end at `ends` (see `self.ends`), `speed` times as fast (see `cut_windows`).

        Args:
            ends: (B,) indices of the newest sample.
            speed: (B,) factors; None is 1.

        Returns:
            (B, n + lag, w).
        """
        factor = np.ones(len(ends)) if speed is None else speed
        return cut_windows(self.field_ut, ends, self.reach[ends], factor, self.samples)


def _run_length(field_ut: FloatArray) -> IntArray:
    """(n,) length of the run of finite rows of (n, w) that ends at each row."""
    usable: BoolArray = np.isfinite(field_ut.sum(axis=1))
    index = np.arange(1, len(field_ut) + 1)
    last_break = np.maximum.accumulate(np.where(usable, 0, index))
    return np.where(usable, index - last_break, 0)
