"""A model file: one safetensors file, its metadata holds the model card as JSON.

Nothing in it can run code. The card has all that is needed to build the network and to judge it;
loading checks the weights against the card, one stored window against its stored position, and all arrays against
their hash.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mail_ros.core.config import OdometrySetting, Settings, TrackerSetting, from_dict, nested
from mail_ros.core.errors import ConfigError, ModelError
from mail_ros.core.models.field_map.field_map import FieldMap
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.mail.mail import Mail, mail_head, weight_shapes
from mail_ros.core.models.matching.matching import Matching
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.renamed import with_new_names
from mail_ros.core.types import Float32Array

SiteModel = Mail | Matching | FieldMap
FORMAT = "mail_ros/2"
OLD_FORMAT = "mail_ros/1"  # the same but for the names of its settings, see `renamed`
CARD_KEY = "mail_ros_card"
GOLDEN_KEY = "golden.field_ut"  # (n + lag, 3) µT: one window of a training walk
GOLDEN_TOLERANCE_M = 1e-3


@dataclass(frozen=True)
class ModelCard(Settings, prefix="model card, "):
    """The description of a model in its file."""

    config: ModelConfig
    tracker: TrackerSetting = "auto"  # tracker the model is meant for; auto, as in older cards: see `resolve_tracking`
    odometry: OdometrySetting = "auto"  # source of odometry that it is meant for; likewise
    map_frame: str = "map"
    floors: tuple[int, ...] = (0,)
    cells: int = 0  # cells of the map; 0 for a regression head
    golden_position_m: tuple[float, ...] = ()  # (2,): the position of the golden window
    arrays_sha256: str = ""  # hash of all arrays in the file, see `digest`
    training: dict[str, Any] = field(default_factory=dict)  # settings, bags with hashes, date, version
    metrics: dict[str, Any] = field(default_factory=dict)  # errors on the validation walks
    held_out: dict[str, Any] = field(default_factory=dict)  # by tracker, what `config.calibration` was learned from
    format: str = FORMAT


class LoadedModel(NamedTuple):
    """A model that was read and checked."""

    model: SiteModel
    card: ModelCard
    golden_field_ut: Float32Array  # (n + lag, 3): the window for `check_golden`


def build(config: ModelConfig, state: State) -> SiteModel:
    """A model of a site, of the kind that its configuration names.

    Args:
        config: of the model.
        state: arrays of a model file by their names.

    Raises:
        KeyError: one of them is missing.
    """
    if config.kind == "mail":
        return Mail(config, state)
    if config.kind == "field_map":
        return FieldMap(config, state)
    return Matching(config, state)


def save_model(
    path: Path, state: State, card: ModelCard, golden_field_ut: Float32Array, model: SiteModel | None = None
) -> ModelCard:
    """Write the file whole or not at all; returns the card with the golden window's position.

    Args:
        path: usually models/SITE.safetensors; parent folders are made.
        state: arrays of the trained model, see `build`.
        card: its description.
        golden_field_ut: (n + lag, 3) µT, one window whose position every loader checks.
        model: the model of these arrays; None builds it.
    """
    arrays = {name: np.array(value, order="C") for name, value in {**state, GOLDEN_KEY: golden_field_ut}.items()}
    position_m = _position(model or build(card.config, state), golden_field_ut)
    card = dataclasses.replace(card, golden_position_m=position_m, arrays_sha256=digest(arrays))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(save(arrays, {CARD_KEY: card_text(card)}))
    partial.replace(path)
    return card


def load_model(path: Path) -> LoadedModel:
    """Read, build and check a model to localize with.

    Raises:
        ModelError: no such file, not a safetensors file, no or another card, weights that do not fit the
            card, weights that are not finite, a golden window that is located differently, or arrays that are
            not those that were saved.
    """
    arrays, card = read_arrays(path)
    state = {name: value for name, value in arrays.items() if name != GOLDEN_KEY}
    try:
        _check_weights(path, card.config, state)
        model = build(card.config, state)
    except KeyError as error:
        raise ModelError(
            path,
            wanted=f"what {card.config.kind} with a {card.config.mail.head} head needs",
            found=f"no {error}",
            fix="the file is damaged: train or copy it again",
        ) from None
    golden = check_golden(path, model, card, arrays.get(GOLDEN_KEY))
    if (found := digest(arrays)) != card.arrays_sha256:
        raise ModelError(
            path,
            wanted=f"arrays with the SHA-256 {card.arrays_sha256 or 'that a card has'}",
            found=found,
            fix="the file was altered or damaged: copy it again, or train the model again",
        )
    return LoadedModel(model, card, golden)


def digest(arrays: Mapping[str, Any]) -> str:
    """SHA-256 of arrays, with their names, types and shapes."""
    sha = sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        sha.update(f"{name} {value.dtype.str} {value.shape}\n".encode())
        sha.update(value.data)
    return sha.hexdigest()


def check_golden(path: Path, model: SiteModel, card: ModelCard, golden_field_ut: Float32Array | None) -> Float32Array:
    """Check a model on the window that its file keeps; the window (n + lag, 3) µT.

    Raises:
        ModelError: there is none, it does not fit the card, or it is located differently than after training.
    """
    if golden_field_ut is None or tuple(golden_field_ut.shape) != card.config.window_shape:
        raise ModelError(
            path,
            wanted=f"a golden window of {card.config.window_shape}",
            found="none" if golden_field_ut is None else str(tuple(golden_field_ut.shape)),
            fix="train the model again",
        )
    position_m = _position(model, golden_field_ut)
    if not np.allclose(position_m, card.golden_position_m, rtol=0.0, atol=GOLDEN_TOLERANCE_M):
        raise ModelError(
            path,
            wanted=f"the golden window at {card.golden_position_m} m",
            found=f"{position_m} m",
            fix="the weights were altered after training: copy the file again",
        )
    return golden_field_ut


def read_arrays(path: Path) -> tuple[dict[str, Any], ModelCard]:
    """Arrays of a model file by their names, unchecked, and its card; errors as of `load_model`."""
    if not path.is_file():
        raise ModelError(
            path,
            wanted="a model file",
            found="a folder" if path.is_dir() else "nothing",
            fix="train one with `mail_ros train`, or correct the path",
        )
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(
            path,
            wanted="a safetensors file",
            found=f"something else ({error})",
            fix="copy it again or train it again; pickled models are not accepted",
        ) from None
    return arrays, read_card(path, metadata)


def card_text(card: ModelCard) -> str:
    """A card as files keep it."""
    return json.dumps(dataclasses.asdict(card))


def read_card(path: Path, metadata: Mapping[str, str]) -> ModelCard:
    """The card among the texts that a file keeps beside its numbers.

    Raises:
        ModelError: there is none, or another version's, or one that is not valid.
    """
    if CARD_KEY not in metadata:
        raise ModelError(
            path,
            wanted="a mail_ros model card in its metadata",
            found=f"keys {sorted(metadata)}",
            fix="this file was not written by `mail_ros train`",
        )
    try:
        values = json.loads(metadata[CARD_KEY])
        if values.get("format") not in (FORMAT, OLD_FORMAT):
            raise ModelError(
                path, wanted=f"format {FORMAT}", found=str(values.get("format")), fix="train it with this version"
            )
        return from_dict(ModelCard, values if values["format"] == FORMAT else _migrated(values))
    except (ConfigError, json.JSONDecodeError, AttributeError) as error:
        raise ModelError(path, wanted="a valid model card", found=str(error), fix="train the model again") from None


def _migrated(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card of `OLD_FORMAT` as one of `FORMAT`."""
    tables = card.get("config", {})
    old = {f"{section}.{name}": value for section, table in tables.items() for name, value in table.items()}
    now = {"config": nested(with_new_names(old))} if "config" in card else {}
    return {**card, **now, "format": FORMAT}


def _check_weights(path: Path, config: ModelConfig, state: State) -> None:
    """Names and shapes of the learned arrays as the card gives them, and finite numbers everywhere."""
    wanted: dict[str, tuple[int, ...]] = {}
    if config.kind == "mail":
        head = mail_head(config, state)
        wanted = weight_shapes(config, len(head.cells) if isinstance(head, SiteMap) else 2)
    for name in sorted(wanted.keys() | state.keys()):
        found = state[name].shape if name in state else None
        learned = name in wanted or (config.kind == "mail" and not name.startswith("head."))
        if learned and found != wanted.get(name):
            scales_s = list(config.mail.scales_s)
            raise ModelError(
                f"{path}: weight {name}",
                wanted=f"{wanted.get(name, 'nothing')} as the card's scales {scales_s} s and widths require",
                found="nothing" if found is None else str(found),
                fix="card and weights are of different models: train or copy it again",
            )
        if not np.isfinite(state[name]).all():
            raise ModelError(
                f"{path}: weight {name}", wanted="finite numbers", found="NaN or infinity", fix="train it again"
            )


def _position(model: SiteModel, field_ut: Float32Array) -> tuple[float, ...]:
    raw = model(field_ut[None]).raw[0]
    return tuple(float(axis) for axis in model.head.posterior(raw).position_m)
