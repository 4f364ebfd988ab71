"""Positions of a bag are in the map's frame, transformed to it, or refused: never taken for the map's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import steady_drive
from truth_bags import points, poses, transform, write_bag

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray
from mail_ros.data.bag import read_track
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.frame_tree import FramedPosition, FrameTree, Transform, decode_transforms, is_map
from mail_ros.data.messages import ODOMETRY_TYPE, Message
from mail_ros.data.simulator.corridor_plan import drive_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.site_file import MAP_NOTE
from mail_ros.data.track import Landmark, Track
from mail_ros.data.truth import CLICK_TOPIC, LANDMARK_TOPIC, REFERENCE_TOPIC

BUILDING = demo_building()
CORNERS = drive_route(BUILDING.plan, 25.0, 5)
WALK = steady_drive(BUILDING, CORNERS, 5, speed_m_s=0.9, speed_variation=0.0, wander_m=0.0, corner_length_m=0.1)
SEEN_NS, SEEN_M = WALK.stamp_ns[::5].tolist(), WALK.position_m[::5]
SHIFT_M, YAW_RAD = np.array([30.0, -4.0]), 0.7  # odom in the map


def in_odom(position_m: FloatArray) -> FloatArray:
    """Positions (..., 2) of the map in odometry's frame."""
    cos, sin = np.cos(YAW_RAD), np.sin(YAW_RAD)
    rotated_m: FloatArray = (position_m - SHIFT_M) @ np.array([[cos, -sin], [sin, cos]])
    return rotated_m


def odom_landmarks() -> list[Landmark]:
    return [
        dataclasses.replace(mark, position_m=tuple(in_odom(np.array(mark.position_m)).tolist()))
        for mark in WALK.landmarks
    ]


def map_to_odom(topic: str = "/tf", parent: str = "map") -> list[Message]:
    return [transform(topic, at_ns, parent, "odom", (*SHIFT_M, 0.0), YAW_RAD) for at_ns in SEEN_NS[::5]]


def error_m(track: Track) -> float:
    assert track.valid[:-5].all()
    return float(np.linalg.norm(track.position_m - WALK.position_m, axis=1)[track.valid].max())


@pytest.mark.parametrize("topic", [LANDMARK_TOPIC, CLICK_TOPIC])
def test_points_of_another_frame_are_refused_with_what_was_wanted(tmp_path: Path, topic: str) -> None:
    bag = write_bag(tmp_path / "walk", WALK, points(topic, odom_landmarks(), "odom"))
    text = f"wanted positions of {topic} in map, or map_floor_1 and so on, found 'odom' and no transforms; send or"
    with pytest.raises(BagError, match=text):
        read_track(bag)
    (finding,) = check_bag(bag).findings
    assert finding.name == "unreadable"
    with pytest.raises(BagError, match="found no frame and no transforms"):
        read_track(write_bag(tmp_path / "empty", WALK, points(topic, WALK.landmarks, "")))


@pytest.mark.parametrize("tf", ["/tf", "/tf_static", "/robot1/tf"])
def test_points_of_another_frame_follow_the_bags_transforms(tmp_path: Path, tf: str) -> None:
    messages = [*points(CLICK_TOPIC, odom_landmarks(), "odom"), *map_to_odom(tf)]
    assert error_m(read_track(write_bag(tmp_path / "walk", WALK, messages))) < 0.05
    upstairs = [*points(CLICK_TOPIC, odom_landmarks(), "odom"), *map_to_odom(tf, "map_floor_2")]
    track = read_track(write_bag(tmp_path / "upstairs", WALK, upstairs))
    assert set(track.floor[track.valid]) == {2}


def test_poses_of_another_frame_too(tmp_path: Path) -> None:
    reference = poses(REFERENCE_TOPIC, SEEN_NS, in_odom(SEEN_M), frame="odom")
    assert error_m(read_track(write_bag(tmp_path / "walk", WALK, [*reference, *map_to_odom()]))) < 0.05
    with pytest.raises(
        BagError, match=r"wanted positions of /reference_pose in map, .* found 'odom' and no transforms"
    ):
        read_track(write_bag(tmp_path / "none", WALK, reference))
    odometry = poses("/odom", SEEN_NS, in_odom(SEEN_M), ODOMETRY_TYPE, frame="odom")
    with pytest.raises(BagError, match="positions of /odom in map"):
        read_track(write_bag(tmp_path / "odom", WALK, odometry), BagTopics(truth="/odom"))


def test_transforms_that_do_not_lead_to_the_map_then_are_refused(tmp_path: Path) -> None:
    landmarks = points(CLICK_TOPIC, odom_landmarks(), "odom")
    for name, other in {
        "early": map_to_odom()[:1],  # a localizer that stopped
        "away": [transform("/tf", at, "odom", "base_link", (0, 0, 0)) for at in SEEN_NS],
        "circle": [transform("/tf_static", 0, *ends, (0, 0, 0)) for ends in (("odom", "a"), ("a", "odom"))],
    }.items():
        bag = write_bag(tmp_path / name, WALK, [*landmarks, *other])
        with pytest.raises(BagError, match="'odom' and transforms that do not lead to it then"):
            read_track(bag)
    two = [*map_to_odom("/robot1/tf"), *map_to_odom("/robot2/tf")]
    with pytest.raises(BagError, match="'odom' and no transforms"):
        read_track(write_bag(tmp_path / "two", WALK, [*landmarks, *two]))


def test_a_slash_and_a_robots_prefix_change_no_map(tmp_path: Path) -> None:
    for number, frame in enumerate(("/map", "robot_1/map", "/robot_1/map")):
        messages = points(LANDMARK_TOPIC, WALK.landmarks, frame)
        assert error_m(read_track(write_bag(tmp_path / str(number), WALK, messages))) < 0.05
    first, *rest = WALK.landmarks
    mixed = [*points(LANDMARK_TOPIC, [first], "r1/map"), *points(LANDMARK_TOPIC, rest, "r2/map")]
    with pytest.raises(BagError, match="in one map frame, found 'r1/map' and 'r2/map'"):
        read_track(write_bag(tmp_path / "mixed", WALK, mixed))
    assert is_map("/museum_floor_-1", "museum")
    assert not is_map("map", "museum")
    assert not is_map("", "map")


def test_the_sites_map_frame_is_that_of_its_file_or_the_bags_notes(tmp_path: Path) -> None:
    messages = points(LANDMARK_TOPIC, WALK.landmarks, "museum")
    bag = write_bag(tmp_path / "walk", WALK, messages)
    with pytest.raises(BagError, match=r"in map, or .*, found 'museum' .*; .* name the map's frame in a site file"):
        read_track(bag)
    assert error_m(read_track(bag, map_frame="museum")) < 0.05
    assert error_m(read_track(write_bag(tmp_path / "noted", WALK, messages, {MAP_NOTE: "museum"}))) < 0.05
    with pytest.raises(BagError, match="in depot, or depot_floor_1 and so on, found 'museum'"):
        read_track(bag, map_frame="depot")


def test_the_transform_next_to_a_stamp_is_used() -> None:
    def link(stamp_ns: int, x_m: float, *, static: bool = False) -> Transform:
        return Transform(stamp_ns, "map", "odom", np.array([x_m, 0.0, 0.0]), np.eye(3), static)

    tree = FrameTree.of([link(2 * 10**9, 2.0), link(10**9, 1.0), link(0, 9.0, static=True)])
    for stamp_s, x_m in ((0.9, 1.0), (1.4, 1.0), (1.6, 2.0), (3.9, 2.0), (4.1, 9.0)):
        found = tree.in_map(FramedPosition(round(stamp_s * 1e9), np.zeros(3), "/odom"), "map")
        assert found is not None
        assert (found.frame, found.position_m[0]) == ("map", x_m)


def test_a_transform_whose_quaternion_is_zero_is_none() -> None:
    message = transform("/tf", 1, "map", "odom", (1, 0, 0))
    assert len(decode_transforms(message.cdr, static=False)) == 1
    broken = message.cdr[:-32] + bytes(32)
    assert decode_transforms(broken, static=False) == []
