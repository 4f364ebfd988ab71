"""What came of following walks with a model: kept as a file each, so that an interrupted run goes on."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray, SampleLocalizer
from mail_ros.data.track import Track
from mail_ros.evaluation.estimates import follow
from mail_ros.evaluation.metrics import Metrics, summarize


@dataclass(frozen=True)
class Followed:
    """Every estimate of some walks, one after the other."""

    walk: IntArray  # (n,) its number
    time_s: FloatArray  # (n,) since its first sample
    position_m: FloatArray  # (n, 2)
    error_m: FloatArray  # (n,)
    deviation_m: FloatArray  # (n,) root of the trace of the covariance
    paused: BoolArray  # (n,) whether the walk stood

    def at(self, rows: IntArray | BoolArray) -> Followed:
        """Some of them."""
        return Followed(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))

    def moving(self) -> Followed:
        """Without what was said while a walk stood."""
        return self.at(~self.paused)

    def metrics(self) -> Metrics:
        """All estimates from the first on; of one floor."""
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
    """All of them, whose walks keep numbers of their own."""
    first = np.cumsum([0, *(int(part.walk.max(initial=-1)) + 1 for part in parts)])
    renumbered = [dataclasses.replace(part, walk=part.walk + more) for part, more in zip(parts, first, strict=False)]
    names = [field.name for field in dataclasses.fields(Followed)]
    return Followed(*(np.concatenate([getattr(part, name) for part in renumbered]) for name in names))


def write(path: Path, key: str, followed: Followed) -> None:
    """Write estimates with the key of all that decided them; the file is there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, key=np.array(key), **dataclasses.asdict(followed))
    partial.replace(path)


def read(path: Path, key: str) -> Followed | None:
    """What `write` wrote under the same key; None where it did not, or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as content:
            if str(content["key"]) != key:
                return None
            return Followed(*(content[field.name] for field in dataclasses.fields(Followed)))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
