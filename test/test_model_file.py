"""Model files: whole, checked against their card, and never code."""

import dataclasses
import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers import tiny_config, tiny_model
from safetensors import safe_open
from safetensors.numpy import save_file

from mail_ros.core.errors import ModelError
from mail_ros.core.models.mail_config import HeadKind, MailConfig
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import CARD_KEY, GOLDEN_KEY, load_model, read_card
from mail_ros.core.signal.sampling import DistanceSampling, TimeSampling


def contents(path: Path) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, Any]]:
    with safe_open(path, framework="np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()[CARD_KEY])


@contextmanager
def changed(path: Path) -> Iterator[tuple[dict[str, npt.NDArray[np.float32]], dict[str, Any]]]:
    """The arrays and the card of a tiny model, to be changed in place; the file then holds them."""
    tensors, card = contents(tiny_model(path))
    yield tensors, card
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})


@pytest.mark.parametrize("head", ["regression", "heatmap"])
def test_a_model_comes_back_as_it_was_saved(tmp_path: Path, head: HeadKind) -> None:
    path = tiny_model(tmp_path / "deep" / "model.safetensors", tiny_config(head), map_frame="hall", floor=-2)
    model, card, _ = load_model(path)
    assert (card.config, card.map_frame, card.floors) == (tiny_config(head), "hall", (-2,))
    assert len(card.golden_position_m) == 2
    assert model.config == card.config
    assert not list(path.parent.glob("*.partial"))


def test_no_file_a_folder_and_other_files_are_refused(tmp_path: Path) -> None:
    for name, content in {"text": b"hello", "pickle": pickle.dumps({"weight": 1}), "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError, match=r"wanted a safetensors file.*pickled models are not accepted"):
            load_model(tmp_path / name)
    with pytest.raises(ModelError, match="wanted a model file, found nothing"):
        load_model(tmp_path / "none")
    with pytest.raises(ModelError, match="wanted a model file, found a folder"):
        load_model(tmp_path)


def test_a_cut_off_model_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="wanted a safetensors file"):
        load_model(path)


def test_a_file_without_a_card_is_refused(tmp_path: Path) -> None:
    save_file({"a": np.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="wanted a mail_ros model card"):
        load_model(tmp_path / "other.safetensors")


def test_a_model_trained_for_other_scales_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (_, card):
        card["config"]["mail"]["scales_s"] = [0.5, 0.7, 2.0]
    with pytest.raises(
        ModelError, match=r"weight scales.1.fc.weight: wanted \(8, 24\) as the card's scales .*found \(8, 16\)"
    ):
        load_model(path)


def test_altered_weights_fail_the_golden_window(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (tensors, _):
        tensors["head.fc.weight"] = tensors["head.fc.weight"] * 1.1
    with pytest.raises(ModelError, match="wanted the golden window at"):
        load_model(path)


def test_a_single_changed_bit_is_found_that_changes_no_position(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (tensors, card):
        tensors["head.fc.bias"] = np.nextafter(tensors["head.fc.bias"], np.float32(np.inf))
    with pytest.raises(ModelError, match=f"wanted arrays with the SHA-256 {card['arrays_sha256']}, found"):
        load_model(path)


def test_a_file_that_keeps_no_hash_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (_, card):
        del card["arrays_sha256"]
    with pytest.raises(ModelError, match="wanted arrays with the SHA-256 that a card has"):
        load_model(path)


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (tensors, _):
        tensors["head.fc.bias"][0] = np.nan
    with pytest.raises(ModelError, match=r"head.fc.bias: wanted finite numbers"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "mail_ros/9"}, "wanted format mail_ros/2, found mail_ros/9"),
        ({"surprise": 1}, "surprise: wanted one of"),
        ({"floors": "ground"}, "floors: wanted tuple, found 'ground'"),
        ({"config": {"sampling": {"rate_hz": -1.0}}}, "sampling.rate_hz: wanted 1 to 1000, found -1"),
    ],
)
def test_a_wrong_card_is_refused_by_field(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (_, card):
        card |= change
    with pytest.raises(ModelError, match=message):
        load_model(path)


def test_a_card_that_lacks_its_config_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with changed(path) as (_, card):
        del card["config"]
    with pytest.raises(ModelError, match="config: wanted a value, found none"):
        load_model(path)


def test_the_card_is_readable_without_mail_ros(tmp_path: Path) -> None:
    _, card = contents(tiny_model(tmp_path / "model.safetensors"))
    assert card["config"] == json.loads(json.dumps(dataclasses.asdict(tiny_config())))


# --- cards of the format mail_ros/1 ------------------------------------------------------------------

NETWORK: dict[str, Any] = {
    "features": {
        "rate_hz": 10.0,
        "gradient": "first",
        "lag_s": 0.4,
        "max_gap_s": 0.5,
        "scale_ut": 4.0,
        "frame": "device",
        "along": "time",
    },
    "window": {"length_s": 6.0, "scales_s": [1.0, 2.0, 6.0]},
    "network": {
        "kind": "mail",
        "hidden": 16,
        "feature": 8,
        "attention": "uniform",
        "attention_hidden": 24,
        "head": "regression",
    },
    "matching": {
        "noise_ut2": 0.8,
        "elsewhere_ut2": 20.0,
        "offset_share": 0.05,
        "offset_most_ut2": 4.0,
        "tilt_ut2": 6.0,
        "speeds": [0.75, 0.87, 1.0, 1.15, 1.3],
        "stride_s": 0.2,
        "spread": 0.3,
    },
}
ROBOT: dict[str, Any] = {
    **NETWORK,
    "features": {**NETWORK["features"], "gradient": "lag", "lag_s": 0.5, "frame": "level", "along": "way"},
    "window": {"length_s": 4.0, "scales_s": [1.0, 2.0, 4.0]},
    "network": {**NETWORK["network"], "kind": "matching", "head": "heatmap"},
    "matching": {
        "noise_ut2": 2.0,
        "elsewhere_ut2": 10.0,
        "offset_share": 0.5,
        "offset_most_ut2": 3.0,
        "tilt_ut2": 5.0,
        "speeds": [1.0],
        "stride_s": 0.4,
        "spread": 0.6,
    },
}
PHONE: dict[str, Any] = {**ROBOT, "features": {**NETWORK["features"], "frame": "device"}}
MAIL = MailConfig("first", 0.4, 4.0, (1.0, 2.0, 6.0), 16, 8, "uniform", 24, "regression")


def read_old(config: dict[str, Any]) -> ModelConfig:
    card = {"config": config, "map_frame": "hall", "floors": [2], "cells": 7, "format": "mail_ros/1"}
    found = read_card(Path("old"), {CARD_KEY: json.dumps(card)})
    assert (found.map_frame, found.floors, found.cells, found.format) == ("hall", (2,), 7, "mail_ros/2")
    return found.config


def test_an_old_card_of_a_network_is_read() -> None:
    assert read_old(NETWORK) == ModelConfig("mail", TimeSampling(10.0, 6.0, 0.5), "device", MAIL)
    heatmap = {**NETWORK, "network": {**NETWORK["network"], "head": "heatmap"}}
    assert read_old(heatmap).mail == dataclasses.replace(MAIL, head="heatmap")


def test_old_cards_of_matching_are_read() -> None:
    phone, robot = read_old(PHONE), read_old(ROBOT)
    matching = MatchingConfig(2.0, 10.0, 0.5, 3.0, 5.0, (1.0,), covariance_scale=0.6)
    assert (phone.kind, phone.sampling, phone.axes) == ("matching", TimeSampling(10.0, 4.0, 0.5), "device")
    assert phone.matching == dataclasses.replace(matching, stride_s=0.4)
    assert (robot.kind, robot.sampling, robot.axes) == ("matching", DistanceSampling(10.0, 4.0, 0.5), "gravity")
    assert robot.matching == dataclasses.replace(matching, stride_m=0.4)


def test_an_old_card_without_axes_and_sampling_is_read() -> None:
    features = {name: value for name, value in NETWORK["features"].items() if name not in ("frame", "along")}
    assert read_old({**NETWORK, "features": features}) == read_old(NETWORK)


def test_an_old_network_sampled_by_distance_is_refused() -> None:
    """Its lag and scales were metres."""
    along = {**NETWORK["features"], "along": "way"}
    with pytest.raises(ModelError, match="wanted samples by time for kind mail"):
        read_old({**NETWORK, "features": along})


def test_an_old_card_changes_no_prediction(tmp_path: Path) -> None:
    config = ModelConfig("mail", TimeSampling(10.0, 6.0, 0.5), "device", MAIL)
    path = tiny_model(tmp_path / "model.safetensors", config)
    tensors, card = contents(path)
    now = load_model(path).model
    save_file(tensors, path, {CARD_KEY: json.dumps({**card, "config": NETWORK, "format": "mail_ros/1"})})
    before = load_model(path).model
    window_ut = tensors[GOLDEN_KEY][None]
    assert np.array_equal(before(window_ut).raw, now(window_ut).raw)
