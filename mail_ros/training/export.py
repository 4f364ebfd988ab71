"""A trained network as one ONNX file, for localizers that run onnxruntime (see `core.models.onnx_engine`).

model file --> network in torch --> graph of the window pass --+--> OUT.onnx.partial --> checked --> OUT.onnx
           +-> card, what the numbers mean, golden window -----+
"""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mail_ros.core.belief import Float32Array
from mail_ros.core.errors import ModelError
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelFile, read_model
from mail_ros.core.models.onnx_engine import INPUT, OUTPUTS, load_onnx, metadata_of
from mail_ros.training.network import MailNetwork, restored_network

OPSET = 17  # the first with layer normalization: onnxruntime 1.14 and later read it
TOLERANCE = 1e-4  # m or logits, and shares of attention
BATCHES = (1, 2, 7)  # of windows that are compared: the graph was traced with a single one


class Exported(NamedTuple):
    """What was compared after writing."""

    windows: int
    apart: float  # the most that an answer differed from torch's, m or logits


def export_onnx(path: Path, out: Path) -> Exported:
    """Write a model file's network as an ONNX file, whole and checked or not at all.

    Args:
        path: a model file of `mail_ros train`.
        out: the file to write; parent folders are made.

    Raises:
        ModelError: a model that cannot be read, or is no network; packages that are missing; answers of the written
            file that are not torch's.
    """
    file = read_model(path)
    if importlib.util.find_spec("onnx") is None:
        raise ModelError(
            "mail_ros export", wanted="the package onnx", found="none", fix="pip install 'mail_ros[tools]'"
        )
    if file.card.config.kind != "mail":
        raise ModelError(
            path,
            wanted="a network, as trained with kind=mail",
            found=f"a model of kind {file.card.config.kind}",
            fix="give it to the localizer as it is: engine numpy runs it without torch and without a network",
        )
    network = restored_network(file.card.config, file.state)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    try:
        _write(partial, network)
        _describe(partial, file)
        exported = _check(partial, network, file)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return exported


class _Graph(nn.Module):
    """What is exported: torch's exporters take a module's forward."""

    def __init__(self, network: MailNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, field_ut: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n + lag, 3) µT -> raw (B, out), attention (B, K)."""
        return self.network.explained(field_ut)


def _write(path: Path, network: MailNetwork) -> None:
    """The graph, with any batch.

    By the exporter of TorchScript: a GRU is one node in it, as in that of `torch.export`, which takes a hundred
    times as long and needs onnxscript.
    """
    with warnings.catch_warnings(), torch.no_grad():  # with gradients the GRU is another (see `gru.last_state`)
        warnings.simplefilter("ignore")  # of age, and of batches: what is written is compared in several
        torch.onnx.export(
            _Graph(network).eval(),
            (torch.zeros(1, *network.config.window_shape),),
            path,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "batch"} for name in (INPUT, *OUTPUTS)},
            opset_version=OPSET,
            dynamo=False,
        )


def _describe(path: Path, file: ModelFile) -> None:
    """Put card, what the numbers mean and golden window to a graph."""
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, metadata_of(file.card, file.state, file.golden_field_ut))
    onnx.save(model, path, "protobuf")


def _check(partial: Path, network: MailNetwork, file: ModelFile) -> Exported:
    """Load it as a robot does, and compare with torch."""
    model, _ = load_onnx(partial)
    apart: list[float] = []
    batches = [file.golden_field_ut[None], *(_windows(network.config, batch) for batch in BATCHES)]
    for field_ut in batches:
        with torch.no_grad():
            wanted = [answer.numpy() for answer in network.explained(torch.from_numpy(field_ut))]
        found = model(field_ut)
        apart += [float(np.abs(a - b).max()) for a, b in zip(wanted, found[:2], strict=True)]
    most = float(np.max(apart))  # NaN, if one is
    if not most <= TOLERANCE:
        raise ModelError(
            partial.with_suffix(""),
            wanted=f"answers of onnxruntime within {TOLERANCE:g} of torch's",
            found=f"{most:g}",
            fix="nothing was written; try other versions of torch and onnxruntime",
        )
    return Exported(sum(map(len, batches)), most)


def _windows(config: ModelConfig, count: int) -> Float32Array:
    """Made-up windows (count, n + lag, 3) µT, that wander as a field does along a walk."""
    steps = np.random.default_rng(count).normal(0.0, 2.0, (count, *config.window_shape))
    return steps.cumsum(axis=1).astype(np.float32)
