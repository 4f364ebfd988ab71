"""Model files: whole, checked against their card, and never code."""

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers import tiny_config, tiny_model
from safetensors import safe_open
from safetensors.numpy import save_file

from mail_ros.core.config import HeadKind
from mail_ros.core.errors import ModelError
from mail_ros.core.models.model_file import CARD_KEY, load_model


def contents(path: Path) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, Any]]:
    with safe_open(path, framework="np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()[CARD_KEY])


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
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    card["config"]["window"]["scales_s"] = [0.5, 0.7, 2.0]
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})
    with pytest.raises(
        ModelError, match=r"weight scales.1.fc.weight: wanted \(8, 24\) as the card's scales .*found \(8, 16\)"
    ):
        load_model(path)


def test_altered_weights_fail_the_golden_window(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    tensors["head.fc.weight"] = tensors["head.fc.weight"] * 1.1
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})
    with pytest.raises(ModelError, match="wanted the golden window at"):
        load_model(path)


def test_a_single_changed_bit_is_found_that_no_answer_shows(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    tensors["head.fc.bias"] = np.nextafter(tensors["head.fc.bias"], np.float32(np.inf))
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})
    with pytest.raises(ModelError, match=f"wanted arrays with the SHA-256 {card['arrays_sha256']}, found"):
        load_model(path)


def test_a_file_that_keeps_no_hash_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    del card["arrays_sha256"]
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})
    with pytest.raises(ModelError, match="wanted arrays with the SHA-256 that a card has"):
        load_model(path)


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    tensors["head.fc.bias"][0] = np.nan
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})
    with pytest.raises(ModelError, match=r"head.fc.bias: wanted finite numbers"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "mail_ros/9"}, "wanted format mail_ros/1, found mail_ros/9"),
        ({"surprise": 1}, "surprise: wanted one of"),
        ({"floors": "ground"}, "floors: wanted tuple, found 'ground'"),
        ({"config": {"features": {"rate_hz": -1.0}}}, "features.rate_hz: wanted 1 to 1000, found -1"),
    ],
)
def test_a_wrong_card_is_refused_by_field(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    save_file(tensors, path, {CARD_KEY: json.dumps(card | change)})
    with pytest.raises(ModelError, match=message):
        load_model(path)


def test_a_card_that_lacks_its_config_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "model.safetensors")
    tensors, card = contents(path)
    del card["config"]
    save_file(tensors, path, {CARD_KEY: json.dumps(card)})
    with pytest.raises(ModelError, match="config: wanted a value, found none"):
        load_model(path)


def test_the_card_is_readable_without_mail_ros(tmp_path: Path) -> None:
    _, card = contents(tiny_model(tmp_path / "model.safetensors"))
    assert card["config"] == json.loads(json.dumps(dataclasses.asdict(tiny_config())))
