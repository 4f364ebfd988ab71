"""The walks of a survey that a map of the field can use, and the reasons against the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.data.track import Track
from mail_ros.training.field_map.survey import SurveyRows, rotated_field, rotated_walks, walk_rows

logger = logging.getLogger(__name__)


class SurveyWalks(NamedTuple):
    """Walks and their rows."""

    rows: SurveyRows  # the field of no walk is rotated against that of its neighbours
    tracks: list[Track]  # the walks that are used
    refused: list[TrackError]  # one for each other walk, with its name and the fix


def survey_walks(tracks: Sequence[Track]) -> SurveyWalks:
    """Rows of the walks that have odometry, an attitude and labels; a warning names each of the others.

    Raises:
        TrackError: no walk can be used; that of the first one, after a warning about each other.
    """
    parts, used, refused = [], [], []
    for track in tracks:
        try:
            parts.append(walk_rows(track))
        except TrackError as error:
            refused.append(error)
        else:
            used.append(track)
    for reason in refused if used else refused[1:]:
        logger.warning("left out: %s", reason)
    if not used:
        raise refused[0]
    rows = SurveyRows(
        np.repeat(np.arange(len(parts)), [len(part.walk) for part in parts]),
        np.concatenate([part.position_m for part in parts]),
        np.concatenate([part.floor for part in parts]),
        np.concatenate([part.field_ut for part in parts]),
        np.concatenate([part.path for part in parts]),
        tuple(track.source for track in used),
    )
    upright = rotated_field(rows.field_ut, -rotated_walks(rows)[rows.walk])
    return SurveyWalks(rows._replace(field_ut=upright), used, refused)
