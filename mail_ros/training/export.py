"""A trained network as one ONNX file, for phones and other runtimes.

model file --> network in torch --> graph of the window pass --+--> OUT.onnx.partial --> OUT.onnx
           +-> card, arrays of the head, golden window --------+

The graph: field_ut (B, n + lag, 3) µT --> raw (B, out), attention (B, K). Its metadata holds the model card as JSON,
and as one safetensors blob in base64 the arrays that turn raw numbers into positions, with the golden window.
"""

from __future__ import annotations

import base64
import importlib.util
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from mail_ros.core.errors import ModelError
from mail_ros.core.models.heads import State
from mail_ros.core.models.model_file import CARD_KEY, GOLDEN_KEY, LoadedModel, card_text, read_model
from mail_ros.training.network import MailNetwork, restored_network

INPUT = "field_ut"
OUTPUTS = ("raw", "attention")
ARRAYS_KEY = "mail_ros_arrays"
OPSET = 17  # the first with layer normalization: onnxruntime 1.14 and later read it


def export_onnx(path: Path, out: Path) -> None:
    """Write a model file's network as an ONNX file, whole or not at all.

    Args:
        path: a model file of `mail_ros train`.
        out: the file to write; parent folders are made.

    Raises:
        ModelError: a model that cannot be read, or that has no network; the package onnx is missing.
    """
    loaded, state = read_model(path)
    if importlib.util.find_spec("onnx") is None:
        raise ModelError(
            "mail_ros export", wanted="the package onnx", found="none", fix="pip install 'mail_ros[tools]'"
        )
    if loaded.card.config.kind != "mail":
        raise ModelError(
            path,
            wanted="a network, as trained with network.kind=mail",
            found=f"a model of kind {loaded.card.config.kind}",
            fix="give it to the localizer as it is",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    try:
        _write(partial, restored_network(loaded.card.config, state))
        _describe(partial, loaded, state)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


class _Graph(nn.Module):
    """The exported module: torch's exporters use its forward."""

    def __init__(self, network: MailNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, field_ut: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n + lag, 3) µT -> raw (B, out), attention (B, K)."""
        return self.network.explained(field_ut)


def _write(path: Path, network: MailNetwork) -> None:
    """The graph, for any batch size.

    The TorchScript exporter makes one node of a GRU, as `torch.export` does in a hundred times the time and with
    onnxscript.
    """
    with warnings.catch_warnings(), torch.no_grad():  # with gradients the GRU is another (see `torch_gru.last_state`)
        warnings.simplefilter("ignore")  # deprecation, and batch sizes: test_export.py compares several
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


def _describe(path: Path, loaded: LoadedModel, state: State) -> None:
    """Add card, arrays of the head that the graph does not hold, and golden window to the file's metadata."""
    import onnx

    head = {name: value for name, value in state.items() if name.startswith("head.") and ".fc." not in name}
    arrays = {name: np.array(v, order="C") for name, v in {**head, GOLDEN_KEY: loaded.golden_field_ut}.items()}
    texts = {CARD_KEY: card_text(loaded.card), ARRAYS_KEY: base64.b64encode(save(arrays)).decode("ascii")}
    model = onnx.load(path)
    onnx.helper.set_model_props(model, texts)
    onnx.save(model, path, "protobuf")
