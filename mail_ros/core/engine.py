"""What computes a model: ours, in numpy and from sample to sample, or onnxruntime, window by window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from mail_ros.core.checkpoint import ModelCard, load_model
from mail_ros.core.config import Engine
from mail_ros.core.errors import ModelError
from mail_ros.core.model import Model
from mail_ros.core.onnx_engine import load_onnx


class _Files(NamedTuple):
    """What an engine reads."""

    suffix: str
    verb: str  # of `mail_ros`, that writes them
    load: Callable[[Path], tuple[Model, ModelCard]]


ENGINES: Mapping[Engine, _Files] = {
    "numpy": _Files(".safetensors", "train", load_model),
    "onnx": _Files(".onnx", "export", load_onnx),
}


def load(path: Path, engine: Engine) -> tuple[Model, ModelCard]:
    """A model to localize with, and its card.

    Args:
        path: of the engine's kind of file.
        engine: what is to compute it.

    Raises:
        ModelError: a file of another engine, or one that cannot be used.
    """
    wanted = ENGINES[engine]
    for other, files in ENGINES.items():
        if other != engine and path.suffix == files.suffix:
            raise ModelError(
                path,
                wanted=f"a {wanted.suffix} file of `mail_ros {wanted.verb}` for engine {engine}",
                found=f"a {files.suffix} file, which is for engine {other}",
                fix=f"set engine to {other}, or give the {wanted.suffix} file",
            )
    return wanted.load(path)
