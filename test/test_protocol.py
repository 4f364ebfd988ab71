"""Splits: whole walks, by the notes of their bags."""

from pathlib import Path

import pytest
from helpers import START_NS, synthetic_walk

from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.data.walk_writer import write_walk
from mail_ros.evaluation.protocol import Split, read_walks, split

DAY_NS = 86_400_000_000_000


def bag(folder: Path, name: str, day: int, floor: int = 0, **notes: str) -> Path:
    walk = synthetic_walk(5.0, 20.0, floor=floor, start_ns=START_NS + day * DAY_NS)
    write_walk(folder / name, walk.stamp_ns, walk.field_ut, walk.landmarks, custom=notes)
    return folder / name


@pytest.fixture
def bags(tmp_path: Path) -> list[Path]:
    """Two routes, three and two rounds, two phones."""
    return [
        bag(tmp_path, "a3", 3, route="a", device="one"),
        bag(tmp_path, "a1", 1, route="a", device="one"),
        bag(tmp_path, "a2", 2, route="a", device="two"),
        bag(tmp_path, "b1", 1, floor=1, route="b", device="one"),
        bag(tmp_path, "b2", 2, floor=1, route="b", device="two"),
    ]


def names(part: Split) -> tuple[list[str], list[str]]:
    return sorted(w.bag.name for w in part.train), sorted(w.bag.name for w in part.test)


def test_the_last_round_of_every_route_tests(bags: list[Path]) -> None:
    assert names(split(read_walks(bags), "last-round")) == (["a1", "a2", "b1"], ["a3", "b2"])


def test_of_rounds_that_began_at_once_the_last_by_name_tests(tmp_path: Path) -> None:
    """As of simulated walks."""
    walks = read_walks([bag(tmp_path, name, 1, route="a") for name in ("a2", "a3", "a1")])
    assert names(split(walks, "last-round")) == (["a1", "a2"], ["a3"])


def test_the_device_with_most_walks_teaches(bags: list[Path]) -> None:
    assert names(split(read_walks(bags), "cross-device")) == (["a1", "a3", "b1"], ["a2", "b2"])


def test_every_floor_is_a_split_of_its_own(bags: list[Path]) -> None:
    floors = split(read_walks(bags), "last-round").by_floor()
    assert {floor: names(part) for floor, part in floors.items()} == {
        0: (["a1", "a2"], ["a3"]),
        1: (["b1"], ["b2"]),
    }


def test_what_cannot_be_split_is_refused(bags: list[Path], tmp_path: Path) -> None:
    walks = read_walks(bags)
    with pytest.raises(ConfigError, match="--protocol: wanted last-round or cross-device, found random"):
        split(walks, "random")
    with pytest.raises(TrackError, match="wanted walks that last-round can test on, found none"):
        split([walks[0], walks[3]], "last-round")
    with pytest.raises(TrackError, match="wanted the walk's device in the bag's metadata, found route"):
        split(read_walks([bag(tmp_path, "c", 1, route="c")]), "cross-device")
    with pytest.raises(TrackError, match="wanted a floor with walks to train on and to test on"):
        Split([walks[0]], [walks[4]]).by_floor()
