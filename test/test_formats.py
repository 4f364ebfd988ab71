"""Files of other versions: what docs/formats.md promises of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import synthetic_walk, tiny_model
from safetensors import safe_open
from safetensors.numpy import save_file

from mail_ros.core.errors import BagError, ModelError
from mail_ros.core.models.model_file import CARD_KEY, load_model
from mail_ros.data.bag import read_track
from mail_ros.data.bag_metadata import METADATA_FILE, VERSION


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A model file whose card is another."""
    with safe_open(path, framework="np") as file:
        card, arrays = json.loads(file.metadata()[CARD_KEY]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(card)
    save_file(arrays, path, {CARD_KEY: json.dumps(card)})
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


@pytest.mark.parametrize("other", ["mail_ros/0", "mail_ros/3"])
def test_a_model_of_another_format_is_refused_with_both_numbers(model: Path, other: str) -> None:
    with pytest.raises(ModelError, match=f"wanted format mail_ros/2, found {other}; train it"):
        load_model(changed(model, lambda card: card.update(format=other)))


def test_an_older_model_without_a_field_that_has_a_default_is_read(model: Path) -> None:
    def older(card: dict[str, Any]) -> None:
        del card["metrics"], card["config"]["matching"]

    assert load_model(changed(model, older))[1].metrics == {}


def test_a_newer_model_is_refused_and_the_field_named(model: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.mail\.depth: wanted one of .*, found depth"):
        load_model(changed(model, lambda card: card["config"]["mail"].update(depth=2)))


def test_bags_of_all_versions_so_far_are_read_and_a_newer_one_is_refused(tmp_path: Path) -> None:
    bag = synthetic_walk(2.0).write(tmp_path / "walk")
    text, samples = (bag / METADATA_FILE).read_text(), len(read_track(bag))

    def as_version(version: int) -> None:
        (bag / METADATA_FILE).write_text(re.sub(rf"\bversion: {VERSION}\b", f"version: {version}", text))

    for version in range(1, VERSION + 1):
        as_version(version)
        assert len(read_track(bag)) == samples
    as_version(VERSION + 1)
    with pytest.raises(
        BagError, match=f"walk: wanted metadata up to version {VERSION}, found version {VERSION + 1}; update mail_ros"
    ):
        read_track(bag)
    assert len(read_track(next(bag.glob("*.mcap")))) == samples


def test_a_bag_whose_metadata_is_lost_is_read_from_its_file(tmp_path: Path) -> None:
    bag = synthetic_walk(2.0).write(tmp_path / "walk")
    samples = len(read_track(bag))
    (bag / METADATA_FILE).unlink()
    assert len(read_track(bag)) == samples
