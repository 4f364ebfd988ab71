"""A network as an ONNX file: onnxruntime answers as torch and numpy do, and the file holds all that a reader needs."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from helpers import synthetic_walk, tiny_config, tiny_model
from safetensors.numpy import load

pytest.importorskip("onnx", reason="needs onnx: an installation with the extra tools")
pytest.importorskip("onnxruntime", reason="needs onnxruntime: an installation with the extra test")

import onnxruntime
from simulated_tracks import surveys
from typer.testing import CliRunner

from mail_ros.cli.main import app
from mail_ros.core.errors import ModelError
from mail_ros.core.models.mail_config import AttentionKind, HeadKind
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import (
    CARD_KEY,
    GOLDEN_KEY,
    ModelCard,
    card_text,
    load_model,
    read_model,
    save_model,
)
from mail_ros.core.signal.window import GradientKind
from mail_ros.data.dataset import WindowSet
from mail_ros.training.export import ARRAYS_KEY, INPUT, OUTPUTS, export_onnx
from mail_ros.training.network import restored_network
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching


def config(
    head: HeadKind = "heatmap", attention: AttentionKind = "adaptive", gradient: GradientKind = "lag"
) -> ModelConfig:
    plain = tiny_config(head)
    return dataclasses.replace(plain, mail=dataclasses.replace(plain.mail, gradient=gradient, attention=attention))


def exported(folder: Path, of: ModelConfig) -> tuple[Path, Any]:
    """A model file, and a session of the ONNX file of it."""
    model = tiny_model(folder / "site.safetensors", of, map_frame="hall", floor=-2)
    export_onnx(model, folder / "site.onnx")
    return model, onnxruntime.InferenceSession(str(folder / "site.onnx"), providers=["CPUExecutionProvider"])


def windows_ut(of: ModelConfig, count: int) -> npt.NDArray[np.float32]:
    field_ut = synthetic_walk((of.samples + count) / 50.0, 50.0, seed=4).field_ut.astype(np.float32)
    return np.stack([field_ut[start : start + of.samples] for start in range(count)])


@pytest.mark.parametrize(
    "of",
    [
        *(config(head, attention) for head in ("heatmap", "regression") for attention in ("adaptive", "constant")),
        *(config("regression", "uniform", gradient) for gradient in ("first", "mean")),
        config("heatmap", "adaptive", "mean"),
    ],
    ids=lambda of: f"{of.mail.head}-{of.mail.attention}-{of.mail.gradient}",
)
def test_onnxruntime_answers_as_torch_and_as_numpy(tmp_path: Path, of: ModelConfig) -> None:
    model, session = exported(tmp_path, of)
    loaded, state = read_model(model)
    by_torch = restored_network(of, state)
    for count in (1, 5):
        field_ut = windows_ut(of, count)
        found = session.run(OUTPUTS, {INPUT: field_ut})
        with torch.no_grad():
            wanted = tuple(answer.numpy() for answer in by_torch.explained(torch.from_numpy(field_ut)))
        for raw, attention in (loaded.model(field_ut)[:2], wanted):
            np.testing.assert_allclose(found[0], raw, atol=1e-4, rtol=0.0)
            np.testing.assert_allclose(found[1], attention, atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("head", ["heatmap", "regression"])
def test_the_metadata_hold_card_golden_window_and_what_the_numbers_mean(tmp_path: Path, head: HeadKind) -> None:
    model, session = exported(tmp_path, config(head))
    texts = session.get_modelmeta().custom_metadata_map
    loaded, state = read_model(model)
    assert json.loads(texts[CARD_KEY]) == json.loads(card_text(loaded.card))
    arrays = load(base64.b64decode(texts[ARRAYS_KEY], validate=True))
    np.testing.assert_array_equal(arrays.pop(GOLDEN_KEY), loaded.golden_field_ut)
    assert arrays.keys() == {name for name in state if name.startswith("head.") and ".fc." not in name}
    for name, value in arrays.items():
        np.testing.assert_array_equal(value, state[name])


def test_matching_needs_no_export(tmp_path: Path) -> None:
    of = run_config(["kind=matching", "sampling.rate_hz=10", "matching.speeds=[1]"])
    windows, model = WindowSet(surveys(), of.model, 1.0), tmp_path / "site.safetensors"
    save_model(model, fit_matching(of, windows), ModelCard(config=of.model), windows.fields(windows.ends[:1])[0])
    with pytest.raises(ModelError, match="found a model of kind matching; give it to the localizer as it is"):
        export_onnx(model, tmp_path / "site.onnx")
    assert not (tmp_path / "site.onnx").exists()


def test_the_verb_prints_where_the_file_is_and_leaves_nothing_else(tmp_path: Path) -> None:
    model, out = tiny_model(tmp_path / "site.safetensors"), tmp_path / "deep" / "site.onnx"
    done = CliRunner().invoke(app, ["export", str(model), "--onnx", str(out)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"network: {out} (0.")
    assert [path.name for path in out.parent.iterdir()] == ["site.onnx"]


def test_a_localizer_refuses_an_exported_network(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "site.safetensors")
    export_onnx(model, tmp_path / "site.onnx")
    with pytest.raises(ModelError, match="wanted a safetensors file, found something else"):
        load_model(tmp_path / "site.onnx")
