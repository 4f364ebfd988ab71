"""A model file: one safetensors file, its metadata holds the model card as JSON.

Nothing in it can run code. The card says all that is needed to build the network and to judge it;
loading checks the weights against the card, and one stored window against its stored answer.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mail_ros.core.belief import Cells
from mail_ros.core.config import MailConfig, from_dict
from mail_ros.core.errors import ConfigError, ModelError
from mail_ros.core.heads import HeatmapHead, MapHead, RegressionHead
from mail_ros.core.matching import Matching
from mail_ros.core.model import Mail

FORMAT = "mail_ros/1"
CARD_KEY = "mail_ros_card"
GOLDEN_KEY = "golden.field_ut"  # (n + lag, 3) µT: one window of a training walk
GOLDEN_TOLERANCE_M = 1e-3

Model = Mail | Matching


@dataclass(frozen=True)
class ModelCard:
    """What a checkpoint says of itself."""

    config: MailConfig
    map_frame: str = "map"
    floors: tuple[int, ...] = (0,)
    cells: int = 0  # of the map; 0 for a regression head
    golden_position_m: tuple[float, ...] = ()  # (2,): the answer to the golden window
    training: dict[str, Any] = field(default_factory=dict)  # settings, bags with hashes, date, version
    metrics: dict[str, Any] = field(default_factory=dict)  # of the validation walks
    format: str = FORMAT


def build(config: MailConfig, state: dict[str, Tensor]) -> Model:
    """A model of a site, of the kind that its configuration names.

    Args:
        config: of the model.
        state: tensors by the names of `state_dict`, of which it reads the head's buffers (`training.maps` makes
            them) and, for matching, the survey (see `Matching`), but no weights.

    Raises:
        KeyError: one of them is missing.
    """
    return build_matching(config, state) if config.network.kind == "matching" else build_mail(config, state)


def build_matching(config: MailConfig, state: dict[str, Tensor]) -> Matching:
    """A matching model, whole; see `build`."""
    survey = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    return Matching(config, MapHead(*_map(state)), survey)


def build_mail(config: MailConfig, state: dict[str, Tensor]) -> Mail:
    """An untrained network; see `build`."""
    features = len(config.scales) * config.network.feature
    if config.network.head == "heatmap":
        return Mail(config, HeatmapHead(features, *_map(state)))
    center, extent, floor = (state[f"head.{name}"] for name in ("center_m", "extent_m", "floor"))
    return Mail(config, RegressionHead(features, (float(center[0]), float(center[1])), float(extent), int(floor)))


def _map(state: dict[str, Tensor]) -> tuple[Cells, float, float]:
    cells = Cells(state["head.cell_position_m"].numpy(), state["head.cell_floor"].numpy())
    return cells, float(state["head.label_sigma_m"]), float(state["head.radius_m"])


def save_model(path: Path, model: Model, card: ModelCard, golden_field_ut: Tensor) -> ModelCard:
    """Write the file whole or not at all; returns the card with the golden window's answer.

    Args:
        path: usually models/SITE.safetensors; parent folders are made.
        model: the trained network.
        card: its description.
        golden_field_ut: (n + lag, 3) µT, one window that every loader must answer alike.
    """
    answer = _answer(model, golden_field_ut)
    card = dataclasses.replace(card, golden_position_m=answer)
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    tensors[GOLDEN_KEY] = golden_field_ut.contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(save(tensors, {CARD_KEY: json.dumps(dataclasses.asdict(card))}))
    partial.replace(path)
    return card


def load_model(path: Path) -> tuple[Model, ModelCard]:
    """Read, build and check a model.

    Raises:
        ModelError: no such file, not a safetensors file, no or another card, weights that do not fit the
            card, weights that are not finite, or a golden window that is answered differently.
    """
    tensors, card = _read(path)
    golden = tensors.pop(GOLDEN_KEY, None)
    try:
        model = build(card.config, tensors)
    except KeyError as error:
        raise ModelError(
            path,
            wanted=f"what {card.config.network.kind} with a {card.config.network.head} head needs",
            found=f"no {error}",
            fix="the file is damaged: train or copy it again",
        ) from None
    _check_weights(path, model, tensors)
    model.load_state_dict(tensors)
    model.eval()
    if golden is None or tuple(golden.shape) != (card.config.samples, 3):
        raise ModelError(
            path,
            wanted=f"a golden window of ({card.config.samples}, 3)",
            found="none" if golden is None else str(tuple(golden.shape)),
            fix="train the model again",
        )
    answer = _answer(model, golden)
    if not torch.allclose(
        torch.tensor(answer), torch.tensor(card.golden_position_m), rtol=0.0, atol=GOLDEN_TOLERANCE_M
    ):
        raise ModelError(
            path,
            wanted=f"the golden window at {card.golden_position_m} m",
            found=f"{answer} m",
            fix="the weights were altered after training: copy the file again",
        )
    return model, card


def _read(path: Path) -> tuple[dict[str, Tensor], ModelCard]:
    if not path.is_file():
        raise ModelError(
            path,
            wanted="a model file",
            found="a folder" if path.is_dir() else "nothing",
            fix="train one with `mail_ros train`, or correct the path",
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(
            path,
            wanted="a safetensors file",
            found=f"something else ({error})",
            fix="copy it again or train it anew; pickled models are not accepted",
        ) from None
    if CARD_KEY not in metadata:
        raise ModelError(
            path,
            wanted="a mail_ros model card in its metadata",
            found=f"keys {sorted(metadata)}",
            fix="this file was not written by `mail_ros train`",
        )
    try:
        values = json.loads(metadata[CARD_KEY])
        if values.get("format") != FORMAT:
            raise ModelError(
                path, wanted=f"format {FORMAT}", found=str(values.get("format")), fix="train it with this version"
            )
        return tensors, from_dict(ModelCard, values)
    except (ConfigError, json.JSONDecodeError, AttributeError) as error:
        raise ModelError(path, wanted="a valid model card", found=str(error), fix="train the model again") from None


def _check_weights(path: Path, model: Model, tensors: dict[str, Tensor]) -> None:
    wanted = model.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        shapes = [str(tuple(where[name].shape)) if name in where else "nothing" for where in (wanted, tensors)]
        if shapes[0] != shapes[1]:
            raise ModelError(
                f"{path}: weight {name}",
                wanted=f"{shapes[0]} as the card's scales {list(model.config.window.scales_s)} s and widths say",
                found=shapes[1],
                fix="card and weights are of different models: train or copy it again",
            )
        if not tensors[name].isfinite().all():
            raise ModelError(
                f"{path}: weight {name}", wanted="finite numbers", found="NaN or infinity", fix="train it again"
            )


def _answer(model: Model, field_ut: Tensor) -> tuple[float, ...]:
    model.eval()
    with torch.inference_mode():
        posterior = model.head.posterior(model(field_ut[None].float()).raw[0])
    return tuple(float(value) for value in posterior.position_m)
