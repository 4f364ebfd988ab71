"""Where a device was last, in a file: a localizer that is started again begins there.

Estimate --> SavedPlace --> JSON, whole or not at all --> Localizer.believe
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mail_ros.core.config import check_choice, check_range, from_dict
from mail_ros.core.errors import MailError
from mail_ros.core.localizer.interface import Estimate
from mail_ros.core.signal.resampling import FloatArray

FORMAT = "mail_ros.place/1"
MOVED_M2 = 1.0  # variance that is added: it may have been pushed aside meanwhile


@dataclass(frozen=True)
class SavedPlace:
    """One estimate, as far as it is of use later."""

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
    def where_m(self) -> FloatArray:
        """(2,) the position."""
        return np.array(self.position_m)

    @property
    def doubt_m2(self) -> FloatArray:
        """(2, 2): the covariance of one who was away."""
        xx, xy, yy = self.covariance_m2
        return np.array([[xx + MOVED_M2, xy], [xy, yy + MOVED_M2]])


def save_place(path: Path, estimate: Estimate, map_frame: str) -> None:
    """Write an estimate; what was there before stays until the new one is whole.

    Raises:
        MailError: no place to write.
    """
    (xx, xy), (_, yy) = estimate.covariance_m2.tolist()
    x_m, y_m = estimate.position_m.tolist()
    place = SavedPlace(map_frame, estimate.floor, estimate.stamp_ns, (x_m, y_m), (xx, xy, yy))
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(dataclasses.asdict(place)) + "\n")
        partial.replace(path)
    except OSError as error:
        raise MailError(
            path, wanted="a place to write", found=error.strerror or str(error), fix="name another state_file"
        ) from None


def read_place(path: Path, map_frame: str) -> SavedPlace:
    """What `save_place` wrote.

    Raises:
        MailError: the file cannot be read, is not such a file, or is of another map.
    """
    try:
        place = from_dict(SavedPlace, json.loads(path.read_text()), "")
    except (OSError, ValueError, MailError):
        raise MailError(
            path, wanted=f"a file of {FORMAT}", found="something else", fix="delete it, or name another state_file"
        ) from None
    if place.map_frame != map_frame:
        raise MailError(
            path, wanted=f"a place in {map_frame}", found=f"one in {place.map_frame}", fix="name another state_file"
        )
    return place
