"""The last pose of a device, in a file: a restarted localizer starts from it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mail_ros.core.config import check_choice, check_range, from_dict
from mail_ros.core.errors import MailError
from mail_ros.core.types import Estimate, FloatArray

FORMAT = "mail_ros.place/1"
MOVED_M2 = 1.0  # variance that is added: the device may have been moved while it was off


@dataclass(frozen=True)
class SavedPose:
    """The part of an estimate that a later start uses."""

    map_frame: str
    floor: int
    stamp_ns: int
    position_m: tuple[float, ...]  # (2,)
    covariance_m2: tuple[float, ...]  # xx, xy, yy
    format: str = FORMAT

    def __post_init__(self) -> None:
        check_choice("format", self.format, Literal["mail_ros.place/1"])
        check_range("numbers of the position", len(self.position_m), 2, 2)
        check_range("numbers of the covariance", len(self.covariance_m2), 3, 3)

    @property
    def mean_m(self) -> FloatArray:
        """(2,) the position, as an array."""
        return np.array(self.position_m)

    @property
    def prior_covariance_m2(self) -> FloatArray:
        """(2, 2): wider than the saved one, see `MOVED_M2`."""
        xx, xy, yy = self.covariance_m2
        return np.array([[xx + MOVED_M2, xy], [xy, yy + MOVED_M2]])


def save_pose(path: Path, estimate: Estimate, map_frame: str) -> None:
    """Write an estimate; the previous file stays until the new one is complete.

    Raises:
        MailError: the file cannot be written.
    """
    (xx, xy), (_, yy) = estimate.covariance_m2.tolist()
    x_m, y_m = estimate.position_m.tolist()
    pose = SavedPose(map_frame, estimate.floor, estimate.stamp_ns, (x_m, y_m), (xx, xy, yy))
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(dataclasses.asdict(pose)) + "\n")
        partial.replace(path)
    except OSError as error:
        raise MailError(
            path, wanted="a place to write", found=error.strerror or str(error), fix="name another state_file"
        ) from None


def read_pose(path: Path, map_frame: str) -> SavedPose:
    """What `save_pose` wrote.

    Raises:
        MailError: the file cannot be read, is not such a file, or belongs to another map.
    """
    try:
        pose = from_dict(SavedPose, json.loads(path.read_text()), "")
    except (OSError, ValueError, MailError):
        raise MailError(
            path, wanted=f"a file of {FORMAT}", found="something else", fix="delete it, or name another state_file"
        ) from None
    if pose.map_frame != map_frame:
        raise MailError(
            path, wanted=f"a pose in {map_frame}", found=f"one in {pose.map_frame}", fix="name another state_file"
        )
    return pose
