"""Estimates of walks by a model, stored in one file each, so that an interrupted run continues."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray, SampleLocalizer
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.evaluation.metrics import Metrics, summarize


@dataclass(frozen=True)
class Followed:
    """Every estimate of some walks, one after the other."""

    walk: IntArray  # (n,) number of the walk
    time_s: FloatArray  # (n,) since its first sample
    position_m: FloatArray  # (n, 2)
    error_m: FloatArray  # (n,)
    deviation_m: FloatArray  # (n,) root of the trace of the covariance
    paused: BoolArray  # (n,) whether the walk was stationary

    def at(self, rows: IntArray | BoolArray) -> Followed:
        """Some of the estimates."""
        return Followed(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))

    def moving(self) -> Followed:
        """The estimates of moving walks."""
        return self.at(~self.paused)

    def metrics(self) -> Metrics:
        """Metrics of all estimates, from the first on; all on one floor."""
        return summarize(self.error_m, np.zeros(len(self.error_m), np.bool_))


def follow_all(localizer: SampleLocalizer, tracks: Iterable[Track]) -> Followed:
    """Follow walks, each from its start."""
    rows = []
    for number, track in enumerate(tracks):
        for one in follow(localizer, track):
            time_s = (one.estimate.stamp_ns - int(track.stamp_ns[0])) / NS_PER_S
            deviation_m = float(np.sqrt(np.trace(one.estimate.covariance_m2)))
            rows.append((number, time_s, *one.estimate.position_m.tolist(), one.error_m, deviation_m, one.paused))
    table = np.array(rows, dtype=np.float64).reshape(-1, 7)
    return Followed(
        table[:, 0].astype(np.int64), table[:, 1], table[:, 2:4], table[:, 4], table[:, 5], table[:, 6].astype(np.bool_)
    )


def joined(parts: Sequence[Followed]) -> Followed:
    """All parts together, with unique numbers of walks."""
    first = np.cumsum([0, *(int(part.walk.max(initial=-1)) + 1 for part in parts)])
    renumbered = [dataclasses.replace(part, walk=part.walk + more) for part, more in zip(parts, first, strict=False)]
    names = [field.name for field in dataclasses.fields(Followed)]
    return Followed(*(np.concatenate([getattr(part, name) for part in renumbered]) for name in names))


def write(path: Path, key: str, followed: Followed) -> None:
    """Write estimates with the key of all their inputs, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, key=np.array(key), **dataclasses.asdict(followed))
    partial.replace(path)


def read(path: Path, key: str) -> Followed | None:
    """The estimates written under the same key; None if there are none, or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as content:
            if str(content["key"]) != key:
                return None
            return Followed(*(content[field.name] for field in dataclasses.fields(Followed)))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
