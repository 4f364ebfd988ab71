"""What a survey's bags decide: preset, tracker, and the words about it; and how the card is followed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk, tiny_config
from small_halls import Hall, drive, lane_corners
from small_site import wheels_of

from mail_ros.core.config import OdometrySetting, OdometrySource, TrackerSetting
from mail_ros.core.errors import ModelError, TrackError
from mail_ros.core.localizer.compose import Tracking, resolve_tracking
from mail_ros.core.models.model_file import CARD_KEY, ModelCard, card_text, read_card
from mail_ros.data.bag import IMU_TOPIC, ODOMETRY_TOPIC, read_track
from mail_ros.data.bag_odometry import BagOdometry
from mail_ros.data.messages import IMU_TYPE, ODOMETRY_TYPE, encode_imu, encode_odometry
from mail_ros.data.track import Track
from mail_ros.data.walk_writer import write_walk
from mail_ros.evaluation.estimates import refuse_without_odometry
from mail_ros.training.choose import chosen_preset, reason, tracking_for
from mail_ros.training.run_config import run_config


def walks(*sources: OdometrySource | None) -> list[Track]:
    return [dataclasses.replace(synthetic_walk(1.0).track(), odometry=source) for source in sources]


@pytest.mark.parametrize(
    ("sources", "preset", "expected", "words"),
    [
        (("wheels", "wheels"), "robot", ("odometry", "wheels"), "2 of 2 bags have wheel odometry on /odom, so"),
        (("steps", "steps"), "person", ("odometry", "steps"), "2 of 2 bags have steps from /imu/data, so"),
        (("steps", None), "person", ("walking", "wheels"), "1 of 2 bags have steps from /imu/data, so"),
        (
            ("wheels", "steps"),
            "person",
            ("walking", "wheels"),
            "on /odom and 1 of 2 bags have steps from /imu/data, so",
        ),
        ((None, None), "person", ("walking", "wheels"), "no bag has odometry or steps, so"),
    ],
)
def test_bags_decide_preset_and_tracker(
    sources: tuple[OdometrySource | None, ...], preset: str, expected: Tracking, words: str
) -> None:
    tracks = walks(*sources)
    assert chosen_preset("auto", tracks).preset == preset
    config = run_config([], preset)
    assert tracking_for(config.model, tracks) == expected
    sentence = reason(preset, config, tracks)
    assert words in sentence
    assert sentence.startswith(f"preset {preset}: matching at 10 ")
    assert sentence.endswith(f"so the model card names tracker {expected[0]}")


@pytest.mark.parametrize(
    ("spacing_m", "odometry", "preset"), [(0.6, "steps", "area"), (2.0, "wheels", "area"), (6.0, "wheels", "robot")]
)
def test_lanes_over_open_floor_are_an_area(spacing_m: float, odometry: OdometrySource, preset: str) -> None:
    hall = [drive(Hall(1), lane_corners(spacing_m), 0)]
    tracks = [dataclasses.replace(track, odometry=odometry) for track in hall]
    assert chosen_preset("auto", tracks).preset == preset
    without = [dataclasses.replace(track, odometry=None, moved_m=None) for track in tracks]
    assert chosen_preset("auto", without).preset == "person"
    sentence = reason("area", run_config([], "area"), tracks)
    assert sentence.startswith("preset area: a map of the field, gravity-aligned; 1 of 1 bags have ")


def test_a_preset_that_is_given_stays_and_its_tracker_follows_the_bags() -> None:
    tracks = walks("steps")
    assert chosen_preset("mail", tracks) == ("mail", "as given")
    assert tracking_for(run_config([], "mail").model, tracks) == ("odometry", "steps")
    assert tracking_for(run_config([], "paper").model, tracks).tracker == "none"
    assert tracking_for(run_config([], "robot").model, tracks) == ("odometry", "wheels"), "steps do not do"


def odometry_of(*, wheels: bool, steps: bool) -> OdometrySource | None:
    """The source of ten seconds with both topics, of which each moves or stays."""
    bag, upright = BagOdometry(ODOMETRY_TOPIC, IMU_TOPIC), np.array([0.0, 0.0, 0.0, 1.0])
    for index in range(500):
        stamp_ns, second = START_NS + index * 20_000_000, 0.02 * index
        pose = np.array([0.5 * second if wheels else 0.0, 0.0, 0.0])
        up_m_s2 = 9.8 + (3.0 * np.sin(2 * np.pi * 1.8 * second) if steps else 0.0)
        acceleration = np.array([0.0, 0.0, up_m_s2])
        bag.on_message(ODOMETRY_TOPIC, ODOMETRY_TYPE, encode_odometry(stamp_ns, pose, 0.0, 0.0, "odom", "base_link"))
        bag.on_message(IMU_TOPIC, IMU_TYPE, encode_imu(stamp_ns, upright, np.zeros(3), acceleration, "imu_link"))
        bag.add_field_sample(stamp_ns)
    assert bag.moved_m is not None
    assert bool(np.any(bag.moved_m)) is (wheels or steps)
    return bag.source


def test_odometry_counts_where_it_moves() -> None:
    """Wheels that always report the same pose do not hide steps, and an inertial unit without steps is no source."""
    assert odometry_of(wheels=True, steps=True) == "wheels"
    assert odometry_of(wheels=True, steps=False) == "wheels"
    assert odometry_of(wheels=False, steps=True) == "steps"
    assert odometry_of(wheels=False, steps=False) is None


def test_a_bag_names_the_source_of_its_odometry(tmp_path: Path) -> None:
    walk = synthetic_walk(10.0)
    write_walk(tmp_path / "robot", walk.stamp_ns, walk.field_ut, walk.landmarks, before=wheels_of(walk))
    assert read_track(tmp_path / "robot").labelled_span().odometry == "wheels"
    assert read_track(walk.write(tmp_path / "person")).odometry is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["mail.head=regression"], ("none", "wheels")),
        (["mail.head=heatmap"], ("walking", "wheels")),
        (["kind=matching"], ("walking", "wheels")),
        (["kind=matching", "axes=gravity"], ("odometry", "wheels")),
        (["kind=matching", "sampling.per_m=10"], ("odometry", "wheels")),
    ],
)
def test_an_older_card_is_followed_by_its_configuration(settings: list[str], expected: Tracking) -> None:
    values = json.loads(card_text(ModelCard(run_config(settings).model)))
    del values["tracker"], values["odometry"]
    assert resolve_tracking(read_card(Path("m"), {CARD_KEY: json.dumps(values)})) == expected


@pytest.mark.parametrize(
    ("tracker", "odometry", "expected"),
    [
        ("auto", "auto", ("odometry", "steps")),
        ("walking", "auto", ("walking", "steps")),
        ("none", "wheels", ("none", "wheels")),
        ("auto", "wheels", ("odometry", "wheels")),
    ],
)
def test_what_is_given_wins_over_the_card(
    tracker: TrackerSetting, odometry: OdometrySetting, expected: Tracking
) -> None:
    card = ModelCard(tiny_config("heatmap"), tracker="odometry", odometry="steps")
    assert resolve_tracking(card, tracker, odometry) == expected


def test_a_card_with_an_unknown_tracker_is_refused() -> None:
    values = json.loads(card_text(ModelCard(tiny_config()))) | {"tracker": "flying"}
    with pytest.raises(
        ModelError, match="m: wanted a valid model card, found model card, tracker: wanted auto or none"
    ):
        read_card(Path("m"), {CARD_KEY: json.dumps(values)})


def test_a_walk_without_the_odometry_that_a_tracker_needs_is_refused_with_the_fix() -> None:
    track, config = synthetic_walk(1.0).track(), tiny_config("heatmap")
    refuse_without_odometry(track, "walking", config)
    with pytest.raises(TrackError, match=r"walk: wanted odometry for tracker odometry.*use --tracker walking"):
        refuse_without_odometry(track, "odometry", config)
