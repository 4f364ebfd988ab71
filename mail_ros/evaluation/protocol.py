"""Splits of walks into training and test: always whole walks, by the metadata of their bags.

`last-round`: the latest walk of every route is for testing, as in the paper. `cross-device`: the device with the most
walks is for training, all others are for testing.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.data.bag import Bag
from mail_ros.data.hold_out import RouteWalk, latest_of_routes
from mail_ros.data.track import Track
from mail_ros.training.survey_bags import labelled_track


@dataclass(frozen=True)
class Walk:
    """A labelled walk and its bag."""

    bag: Path
    track: Track = field(compare=False)
    notes: Mapping[str, str]  # the bag's custom metadata: route, device, ...

    @property
    def floor(self) -> int:
        """The floor of most of its samples."""
        return int(Counter(self.track.floor[self.track.valid].tolist()).most_common(1)[0][0])


@dataclass(frozen=True)
class Split:
    """Training walks and test walks."""

    train: Sequence[Walk]
    test: Sequence[Walk]

    def without(self, route: str) -> Split | None:
        """The split without training walks of a route, on that route's floors; None if none is left there."""
        floors = {walk.floor for walk in self.test if walk.notes.get("route") == route}
        train = [walk for walk in self.train if walk.notes.get("route") != route and walk.floor in floors]
        return Split(train, [walk for walk in self.test if walk.floor in floors]) if train else None

    def by_floor(self) -> dict[int, Split]:
        """One split per floor that has both.

        Raises:
            TrackError: no floor has walks in both.
        """
        floors = sorted({walk.floor for walk in self.train} & {walk.floor for walk in self.test})
        if not floors:
            raise TrackError(
                "the split",
                wanted="a floor with walks to train on and to test on",
                found=f"train on floors {sorted({w.floor for w in self.train})}, "
                f"test on {sorted({w.floor for w in self.test})}",
                fix="give walks of one floor to both",
            )
        return {
            floor: Split([w for w in self.train if w.floor == floor], [w for w in self.test if w.floor == floor])
            for floor in floors
        }


def read_walks(bags: Sequence[Path]) -> list[Walk]:
    """Read and label bags.

    Raises:
        BagError: a bag that cannot be read.
        TrackError: one without landmarks.
    """
    return [Walk(bag, labelled_track(bag), Bag(bag).notes()) for bag in bags]


def last_round(walks: Sequence[Walk]) -> Split:
    """Test on the latest walk of every route, see `latest_of_routes`."""
    routes: dict[str, list[Walk]] = defaultdict(list)
    for walk in walks:
        routes[_note(walk, "route")].append(walk)
    by_time = [sorted(route, key=lambda walk: (walk.track.stamp_ns[0], walk.bag.name)) for route in routes.values()]
    ordered = list(itertools.chain.from_iterable(by_time))
    held = latest_of_routes([RouteWalk.of(walk.bag.name, walk.notes, walk.track) for walk in ordered])
    return Split([walk for index, walk in enumerate(ordered) if index not in held], [ordered[index] for index in held])


def cross_device(walks: Sequence[Walk]) -> Split:
    """Train on the device with the most walks, test on all others."""
    devices = Counter(_note(walk, "device") for walk in walks)
    trained = devices.most_common(1)[0][0]
    return Split(
        [walk for walk in walks if walk.notes["device"] == trained],
        [walk for walk in walks if walk.notes["device"] != trained],
    )


PROTOCOLS: dict[str, Callable[[Sequence[Walk]], Split]] = {"last-round": last_round, "cross-device": cross_device}


def split(walks: Sequence[Walk], protocol: str) -> Split:
    """Split walks by a protocol's name.

    Raises:
        ConfigError: no such protocol.
        TrackError: metadata that the protocol needs is missing, or no walk is left to test on.
    """
    if protocol not in PROTOCOLS:
        raise ConfigError("--protocol", wanted=" or ".join(PROTOCOLS), found=protocol, fix="name one of them")
    parts = PROTOCOLS[protocol](walks)
    if not parts.test:
        raise TrackError(
            f"{len(walks)} walks",
            wanted=f"walks that {protocol} can test on",
            found="none",
            fix="add walks of other days or devices, or name them with --train and --test",
        )
    return parts


def _note(walk: Walk, key: str) -> str:
    if key not in walk.notes:
        raise TrackError(
            walk.bag,
            wanted=f"the walk's {key} in the bag's metadata",
            found=", ".join(sorted(walk.notes)) or "no notes",
            fix="import or record it with that label, or name walks with --train and --test",
        )
    return walk.notes[key]
