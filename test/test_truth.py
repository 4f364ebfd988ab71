"""Ground truth of a bag: equal from every source, found without a topic, and refused if it is inconsistent."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import steady_drive
from truth_bags import marks, points, poses, transform, write_bag

from mail_ros.core.errors import BagError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag import read_recording, read_track
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.dataset import WindowSet
from mail_ros.data.messages import ODOMETRY_TYPE, POSE_TYPES, Message
from mail_ros.data.route import NOTE, Route, RoutePoint, route_to_note
from mail_ros.data.simulator.corridor_plan import drive_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.track import Landmark, Track
from mail_ros.data.truth import CLICK_TOPIC, LANDMARK_TOPIC, REFERENCE_TOPIC, TruthSource

BUILDING = demo_building()
CORNERS = drive_route(BUILDING.plan, 40.0, 3)
WALK = steady_drive(BUILDING, CORNERS, 3, speed_m_s=0.9, speed_variation=0.0, wander_m=0.0, corner_length_m=0.1)
STAMPS = [mark.stamp_ns for mark in WALK.landmarks]
EVERY_100_MS = slice(None, None, 5)
SEEN_NS, SEEN_M = WALK.stamp_ns[EVERY_100_MS].tolist(), WALK.position_m[EVERY_100_MS]


def planned(unmarked: tuple[int, ...] = ()) -> dict[str, str]:
    """The notes of a bag whose route is the walk's, some of its landmarks being corners only."""
    places = [
        RoutePoint(mark.position_m, is_landmark=number not in unmarked) for number, mark in enumerate(WALK.landmarks)
    ]
    return {NOTE: route_to_note(Route("hall", tuple(places)))}


def marked(*which: int) -> list[Message]:
    return marks(*((STAMPS[at], number) for number, at in enumerate(which, 1)))


EVERY = tuple(range(len(STAMPS)))


def error_m(track: Track) -> float:
    """Largest distance of a label from where the walk truly was."""
    return float(np.linalg.norm(track.position_m - WALK.position_m, axis=1)[track.valid].max())


@pytest.mark.slow
def test_all_ways_give_the_same_labels_within_centimetres(tmp_path: Path) -> None:
    """A landmark at every corner, marks of a route with two corners unmarked, clicks, and ten poses a second."""
    bags = {
        TruthSource.LANDMARKS: write_bag(tmp_path / "landmarks", WALK, points(LANDMARK_TOPIC, WALK.landmarks)),
        TruthSource.ROUTE: write_bag(tmp_path / "route", WALK, marked(0, 2, 4), planned(unmarked=(1, 3))),
        TruthSource.CLICKS: write_bag(tmp_path / "clicks", WALK, points(CLICK_TOPIC, WALK.landmarks)),
        TruthSource.REFERENCE: write_bag(tmp_path / "poses", WALK, poses(REFERENCE_TOPIC, SEEN_NS, SEEN_M)),
    }
    assert len(STAMPS) == 5
    ends = set()
    for source, bag in bags.items():
        recording = read_recording(bag)
        assert recording.truth.source is source
        assert recording.track.valid[:-5].all()
        assert error_m(recording.track) < 0.05
        assert not recording.track.paused.any()
        ends.add(len(WindowSet([recording.track[:-5]], ModelConfig(), 0.1)))
        report = check_bag(bag)
        assert report.findings == (), report.findings
        assert report.as_json()["truth"] == source.value
    assert len(ends) == 1, "as many windows to train from"


@pytest.mark.slow
def test_the_first_source_of_a_bag_is_used(tmp_path: Path) -> None:
    every = {
        TruthSource.LANDMARKS: points(LANDMARK_TOPIC, WALK.landmarks),
        TruthSource.ROUTE: marked(*EVERY),
        TruthSource.CLICKS: points(CLICK_TOPIC, WALK.landmarks),
        TruthSource.REFERENCE: poses(REFERENCE_TOPIC, SEEN_NS, SEEN_M),
    }
    messages = list(every.values())
    for number, source in enumerate(every):
        there = [message for each in messages[number:] for message in each]
        assert read_recording(write_bag(tmp_path / source.value, WALK, there, planned())).truth.source is source
    bag = write_bag(tmp_path / "marks", WALK, [*every[TruthSource.ROUTE], *every[TruthSource.CLICKS]])
    assert read_recording(bag).truth.source is TruthSource.CLICKS, "waypoint events without a route have no positions"
    none = write_bag(tmp_path / "none", WALK)
    assert not read_track(none).valid.any()
    text = {finding.name: finding.message for finding in check_bag(none).findings}["labels"]
    assert text.startswith("no sample has a position: found none of landmarks on /landmark, marks of a planned route, ")
    assert text.endswith("or name a topic with --truth")


def test_another_topic_is_taken_by_its_name(tmp_path: Path) -> None:
    other = [dataclasses.replace(mark, floor=2) for mark in WALK.landmarks]
    messages = [*points(LANDMARK_TOPIC, WALK.landmarks), *points("/lab/landmark", other)]
    bag = write_bag(tmp_path / "walk", WALK, [*messages, *marked(0)])
    assert set(read_track(bag, BagTopics(truth="/lab/landmark")).floor) == {2}
    with pytest.raises(BagError, match=r"on /truth, found /imu/mag \(sensor_msgs.*, /lab/landmark .*; name the topic"):
        read_track(bag, BagTopics(truth="/truth"))
    with pytest.raises(BagError, match="wanted the route whose landmarks are marked on /mark, found none in the bag"):
        read_track(bag, BagTopics(truth="/mark"))
    with pytest.raises(BagError, match="poses, odometry or transforms on /imu/mag, found "):
        read_track(bag, BagTopics(truth="/imu/mag"))


def test_a_mark_that_was_taken_back_counts_no_more(tmp_path: Path) -> None:
    """A waypoint event on the first leg is cancelled and repeated at the landmark."""
    early_ns = STAMPS[0] + NS_PER_S
    messages = marks(
        (STAMPS[0], 1), (early_ns, 2), (early_ns + NS_PER_S, -2), *zip(STAMPS[1:], (2, 3, 4, 5), strict=True)
    )
    assert error_m(read_track(write_bag(tmp_path / "walk", WALK, messages, planned()))) < 0.05
    last = marks(*zip(STAMPS, range(1, 6), strict=True), (STAMPS[4] + 10**8, 6), (STAMPS[4] + 2 * 10**8, -6))
    assert error_m(read_track(write_bag(tmp_path / "last", WALK, last, planned()))) < 0.05


def test_more_marks_than_landmarks_are_refused(tmp_path: Path) -> None:
    messages = marks(*zip((*STAMPS, STAMPS[-1] + 1), range(1, 7), strict=True))
    bag = write_bag(tmp_path / "walk", WALK, messages, planned())
    with pytest.raises(
        BagError, match="a mark for each of the 5 landmarks of route hall, found 1 more; the wrong mark is unknown"
    ):
        read_track(bag)
    (finding,) = check_bag(bag).findings
    assert (finding.level, finding.name) == (Level.ERROR, "unreadable")


@pytest.mark.parametrize("msgtype", [*POSE_TYPES, ODOMETRY_TYPE])
def test_a_reference_is_any_kind_of_pose(tmp_path: Path, msgtype: str) -> None:
    bag = write_bag(tmp_path / "walk", WALK, poses("/slam", SEEN_NS, SEEN_M, msgtype, floor=[3] * len(SEEN_NS)))
    track = read_track(bag, BagTopics(truth="/slam"))
    assert error_m(track) < 0.05
    assert set(track.floor[track.valid]) == {3}


def test_holes_of_a_reference_are_not_labelled(tmp_path: Path) -> None:
    """One of four seconds, and one of one and a half, which is bridged."""
    at_s = (np.array(SEEN_NS) - SEEN_NS[0]) / NS_PER_S
    kept = ~((at_s > 10) & (at_s < 14)) & ~((at_s > 20) & (at_s < 21.5))
    seen_ns = np.array(SEEN_NS)[kept].tolist()
    track = read_track(write_bag(tmp_path / "walk", WALK, poses(REFERENCE_TOPIC, seen_ns, SEEN_M[kept])))
    sample_s = (track.stamp_ns - track.stamp_ns[0]) / NS_PER_S
    assert not track.valid[(sample_s > 10) & (sample_s < 14)].any()
    assert track.valid[(sample_s < 10) | ((sample_s >= 14) & (sample_s < 35))].all()


def test_a_stand_with_a_localizers_tremor_is_a_pause(tmp_path: Path) -> None:
    tremor_m = np.random.default_rng(0).normal(scale=0.03, size=SEEN_M.shape)
    place_m = np.where((np.arange(len(SEEN_M)) < 100)[:, None], SEEN_M[:1], SEEN_M - SEEN_M[100] + SEEN_M[0])
    track = read_track(write_bag(tmp_path / "walk", WALK, poses(REFERENCE_TOPIC, SEEN_NS, place_m + tremor_m)))
    at_s = (track.stamp_ns - track.stamp_ns[0]) / NS_PER_S
    assert track.paused[at_s < 9.0].all()
    assert not track.paused[at_s > 10.5].any()


def test_a_reference_that_jumps_is_refused_with_the_time(tmp_path: Path) -> None:
    jumped_m = SEEN_M + np.where(np.arange(len(SEEN_M)) >= 123, 4.0, 0.0)[:, None]
    bag = write_bag(tmp_path / "walk", WALK, poses(REFERENCE_TOPIC, SEEN_NS, jumped_m))
    with pytest.raises(BagError, match=r"found a jump of 5\.\d m in 0.10 s, 12.3 s after its first pose; start "):
        read_track(bag)
    upstairs = [int(at >= 123) for at in range(len(SEEN_M))]
    bag = write_bag(tmp_path / "lift", WALK, poses(REFERENCE_TOPIC, SEEN_NS, jumped_m, floor=upstairs))
    assert set(read_track(bag).floor) == {0, 1}, "in a lift, another floor's map may begin anywhere"


def test_poses_that_are_no_number_or_of_another_map_are_not_believed(tmp_path: Path) -> None:
    broken_m = SEEN_M.copy()
    broken_m[50] = np.nan
    assert error_m(read_track(write_bag(tmp_path / "nan", WALK, poses(REFERENCE_TOPIC, SEEN_NS, broken_m)))) < 0.1
    mixed = [*poses("/p", SEEN_NS[:9], SEEN_M[:9]), *poses("/p", SEEN_NS[9:], SEEN_M[9:], frame="r/map")]
    with pytest.raises(BagError, match="wanted poses in one map frame, found 'map' and 'r/map'"):
        read_track(write_bag(tmp_path / "mixed", WALK, mixed), BagTopics(truth="/p"))


def test_transforms_are_a_reference_where_they_are_named(tmp_path: Path) -> None:
    """map -> odom is rotated by 90°; the base, a third of a metre before the footprint, rotates with it."""
    shift_m = np.array([3.0, -2.0])
    in_odom_m = (SEEN_M - shift_m) @ np.array([[0.0, -1.0], [1.0, 0.0]])  # rotated back
    messages = [transform("/tf_static", SEEN_NS[0], "robot/base_footprint", "robot/base_link", (0, 0, 0.2))]
    for at_ns, (x, y) in zip(SEEN_NS, in_odom_m.tolist(), strict=True):
        messages.append(transform("/tf", at_ns - 1, "robot/map_floor_-1", "robot/odom", (*shift_m, 0), np.pi / 2))
        messages.append(transform("/tf", at_ns, "robot/odom", "robot/base_footprint", (x, y, 0)))
        messages.append(transform("/tf", at_ns, "robot/base_link", "robot/wheel", (x, y, 0)))
    bag = write_bag(tmp_path / "walk", WALK, messages)
    track = read_track(bag, BagTopics(truth="/tf"))
    assert error_m(track) < 0.05
    assert track.valid[:-5].all()
    assert set(track.floor[track.valid]) == {-1}
    assert not read_track(bag).valid.any(), "the localizer that is to be trained may have a part in it"


def test_a_localizer_that_stops_publishing_labels_nothing(tmp_path: Path) -> None:
    messages = []
    for number, (at_ns, (x, y)) in enumerate(zip(SEEN_NS, SEEN_M.tolist(), strict=True)):
        if number < 100:
            messages.append(transform("/tf", at_ns, "map", "odom", (0, 0, 0)))
        messages.append(transform("/tf", at_ns, "odom", "base_link", (x, y, 0)))
    track = read_track(write_bag(tmp_path / "walk", WALK, messages), BagTopics(truth="/tf"))
    at_s = (track.stamp_ns - track.stamp_ns[0]) / NS_PER_S
    assert track.valid[at_s < 11.5].all()
    assert not track.valid[at_s > 12.0].any()
    only = [transform("/tf", SEEN_NS[0], "odom", "base_link", (0, 0, 0))]
    with pytest.raises(BagError, match="from map to base_link or base_footprint, found odom -> base_link; record /tf"):
        read_track(write_bag(tmp_path / "odom", WALK, only), BagTopics(truth="/tf"))


def clicked(folder: Path, *clicks: Landmark) -> dict[str, str]:
    bag = write_bag(folder, WALK, points(CLICK_TOPIC, clicks))
    return {finding.name: finding.message for finding in check_bag(bag).findings}


def test_clicks_that_are_double_or_far_off_are_named(tmp_path: Path) -> None:
    first, second, third, *rest = WALK.landmarks
    at_s = (second.stamp_ns - first.stamp_ns) / NS_PER_S
    again = dataclasses.replace(second, stamp_ns=second.stamp_ns + NS_PER_S // 3)
    found = clicked(tmp_path / "double", first, second, again, third, *rest)
    assert found["clicks"].startswith(f"clicked twice at {at_s + 1 / 3:.0f} s, less than 1 s after the click before")
    x_m, y_m = third.position_m
    third_s = (third.stamp_ns - first.stamp_ns) / NS_PER_S
    off = dataclasses.replace(third, position_m=(x_m + 40.0, y_m))
    found = clicked(tmp_path / "far", first, second, off, *rest)
    assert (
        f"far off the path are the clicks at {third_s:.0f} s, ({x_m + 40:.1f}, {y_m:.1f}) m; click" in found["clicks"]
    )
