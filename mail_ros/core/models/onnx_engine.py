"""MAIL computed by onnxruntime, from a file of `mail_ros export`: whole windows, without torch.

    field_ut (B, n + lag, 3) µT --> graph of the window pass --> raw (B, out), attention (B, K)

What the graph cannot say lies in the file's metadata: the model card, and as one safetensors blob in base64 the arrays
that tell what the numbers mean, with the golden window. So one file is enough, and onnxruntime alone reads it.

The only module that imports onnxruntime, and not before a model is loaded: who runs the numpy engine needs none.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mail_ros.core.belief import Float32Array
from mail_ros.core.errors import ModelError
from mail_ros.core.models.heads import HeatmapHead, RegressionHead
from mail_ros.core.models.mail.mail import ModelOutput, State, mail_head
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import (
    CARD_KEY,
    GOLDEN_KEY,
    ModelCard,
    card_text,
    check_file,
    check_golden,
    incomplete,
    read_card,
)

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUT = "field_ut"
OUTPUTS = ("raw", "attention")
ARRAYS_KEY = "mail_ros_arrays"


class OnnxMail:
    """An exported network, as a `Model`."""

    def __init__(self, config: ModelConfig, head: RegressionHead | HeatmapHead, session: InferenceSession) -> None:
        self.config = config
        self.head = head
        self._session = session

    def __call__(self, field_ut: Float32Array) -> ModelOutput:
        """See `Model`."""
        raw, attention = self._session.run(OUTPUTS, {INPUT: field_ut})
        return ModelOutput(raw, attention)


def metadata_of(card: ModelCard, state: State, golden_field_ut: Float32Array) -> dict[str, str]:
    """The texts that go with a graph.

    Args:
        card: of the model.
        state: arrays of the model file; what the graph holds already is left out.
        golden_field_ut: (n + lag, 3) µT.
    """
    meaning = {name: value for name, value in state.items() if name.startswith("head.") and ".fc." not in name}
    arrays = {name: np.array(value, order="C") for name, value in {**meaning, GOLDEN_KEY: golden_field_ut}.items()}
    return {CARD_KEY: card_text(card), ARRAYS_KEY: base64.b64encode(save(arrays)).decode("ascii")}


def load_onnx(path: Path) -> tuple[OnnxMail, ModelCard]:
    """A model to localize with, and its card; errors as of `read_onnx`."""
    return read_onnx(path)[:2]


def read_onnx(path: Path) -> tuple[OnnxMail, ModelCard, Float32Array]:
    """Read, build and check an exported model; it, its card and its golden window (n + lag, 3) µT.

    Raises:
        ModelError: onnxruntime is missing, no such file, not an ONNX file, no or another card, a graph that does
            not fit the card, or a golden window that is answered differently.
    """
    session = _session(path)
    metadata = session.get_modelmeta().custom_metadata_map
    card = read_card(path, metadata)
    arrays = _arrays(path, metadata)
    try:
        head = mail_head(card.config, arrays)
    except KeyError as error:
        raise incomplete(path, card.config, error) from None
    model = OnnxMail(card.config, head, session)
    _check_graph(path, model, session)
    return model, card, check_golden(path, model, card, arrays.get(GOLDEN_KEY))


def _session(path: Path) -> InferenceSession:
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError as error:
        raise ModelError(
            path,
            wanted="the package onnxruntime, which engine onnx runs on",
            found=f"none ({error})",
            fix="pip install 'mail_ros[onnx]', or use engine numpy",
        ) from None
    check_file(path)
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # matrices are small: threads cost more than bring
    options.log_severity_level = 4  # errors are raised, and need not be printed too
    try:
        # From bytes, where a graph that names other files of the robot as its weights is refused.
        return InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common class
        raise ModelError(
            path,
            wanted="an ONNX file, as written by `mail_ros export`",
            found=f"something else ({' '.join(str(error).split())})",
            fix="copy it again or export it anew",
        ) from None


def _arrays(path: Path, metadata: Mapping[str, str]) -> State:
    try:
        return load(base64.b64decode(metadata.get(ARRAYS_KEY, ""), validate=True))
    except (binascii.Error, SafetensorError) as error:
        raise ModelError(
            path, wanted=f"arrays in its metadata {ARRAYS_KEY}", found=f"none ({error})", fix="export it anew"
        ) from None


def _check_graph(path: Path, model: OnnxMail, session: InferenceSession) -> None:
    """Names and shapes, but for the batch, as the card says."""
    cells = model.head.cells
    outputs = (2 if cells is None else len(cells),), (len(model.config.scales),)
    wanted = {INPUT: model.config.window_shape, **dict(zip(OUTPUTS, outputs, strict=True))}
    found = {node.name: tuple(node.shape[1:]) for node in [*session.get_inputs(), *session.get_outputs()]}
    if model.config.kind != "mail" or found != wanted:
        raise ModelError(
            path,
            wanted=f"a graph of {wanted} as the card of {model.config.kind} says",
            found=str(found),
            fix="card and graph are of different models: export it anew",
        )
