"""The bags of a run, for training and for validation, and their walks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.platform.robot_file import Robot
from mail_ros.data.bag import Bag, read_track
from mail_ros.data.bag_topics import ANY_TOPICS, BagTopics
from mail_ros.data.hold_out import RouteWalk, latest_of_routes
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import Track
from mail_ros.data.truth import TRUTH_TOPICS


@dataclasses.dataclass(frozen=True)
class Survey:
    """The bags of a run, by their purpose, and the topics to read in them; each bag is read once."""

    train: Sequence[Path]
    validate: Sequence[Path] | None = None  # None: `split` chooses them
    topics: BagTopics = ANY_TOPICS
    robot: Robot | None = None  # the sensor's platform in all bags
    site: SiteFile | None = None  # the site of all bags
    _read: dict[Path, Track] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    def tracks(self, bags: Sequence[Path]) -> list[Track]:
        """Read and label some of its bags; errors as of `labelled_track`, and TrackError for one of another site."""
        for bag in bags:
            if bag not in self._read:
                self._read[bag] = self._track(bag)
        return [self._read[bag] for bag in bags]

    def split(self, *, needs_validation: bool) -> Survey:
        """The survey with validation walks chosen, if they were not given.

        If validation is needed, this holds out the latest walk of each route, or the latest of all bags without routes.

        Raises:
            MailError: as of `tracks`.
            TrackError: validation is needed, and no walk can be held out.
        """
        if self.validate is not None:
            return self
        walks = zip(self.train, self.tracks(self.train), strict=True) if needs_validation else ()
        held = latest_of_routes([RouteWalk.of(bag.name, Bag(bag).notes(), track) for bag, track in walks])
        if needs_validation and not held:
            raise TrackError(
                ", ".join(bag.name for bag in self.train),
                wanted="a walk to validate on: the second of a route or later, on a floor that another walk has too",
                found="none",
                fix="add walks, or name some with --validate",
            )
        train = [bag for index, bag in enumerate(self.train) if index not in held]
        chosen = dataclasses.replace(self, train=train, validate=[self.train[index] for index in held])
        chosen._read.update(self._read)
        return chosen

    def _track(self, bag: Path) -> Track:
        track = labelled_track(bag, self.topics, self.robot, self.site.map_frame if self.site else "")
        if self.site and (
            mismatch := self.site.mismatch(Bag(bag).notes(), np.unique(track.floor[track.valid]).tolist())
        ):
            raise TrackError(track.source, wanted=f"a walk at {self.site.name}", found=mismatch.found, fix=mismatch.fix)
        return track

    def record(self) -> dict[str, Any]:
        """Names and hashes of the bags, and the robot if known, for run folder and model card."""
        bags = {
            purpose: [Bag(path).identity() for path in paths or ()]
            for purpose, paths in (("train", self.train), ("validate", self.validate))
        }
        return {"bags": bags} | ({} if self.robot is None else {"robot": dataclasses.asdict(self.robot)})


def labelled_track(bag: Path, topics: BagTopics = ANY_TOPICS, robot: Robot | None = None, map_frame: str = "") -> Track:
    """A walk with known positions; arguments as of `read_recording`.

    Raises:
        BagError: a bag that cannot be read.
        TrackError: a bag without positions.
    """
    track = read_track(bag, topics, robot, map_frame)
    if not track.valid.any():
        raise TrackError(
            track.source,
            wanted=f"a walk with known positions: {topics.truth or TRUTH_TOPICS}",
            found="no labelled sample",
            fix="leave the bag out, or name their topic with --truth",
        )
    return track


def refuse_shared(train: Iterable[Path], held_out: Iterable[Path]) -> None:
    """Refuse a walk that is both in training and held out.

    Raises:
        TrackError: a bag is on both sides.
    """
    shared = {path.resolve() for path in train} & {path.resolve() for path in held_out}
    if shared:
        raise TrackError(
            ", ".join(sorted(path.name for path in shared)),
            wanted="walks that are either for training or held out",
            found="the same bag in both",
            fix="leave it out of one",
        )
